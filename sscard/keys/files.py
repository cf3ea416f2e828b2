"""Files of the key room: private ones, whole or not there (sscard.durable), one process at a time, overwritten before
they go."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sscard.durable import create_private, sync_folder, write_private

__all__ = ["alone", "create_private", "shred", "write_private"]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a folder to this thread: others that ask for it, in whatever process, wait.  Raises OSError.

    The system lets go of it when the process ends, however it ends; nothing is written.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def shred(path: Path) -> None:
    """Overwrite a regular file with random bytes, sync, and remove it.  Raises OSError.

    Disks that write elsewhere (flash, snapshots, copy-on-write file systems) may keep the old blocks: docs/keys.md.
    """
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "wb") as stream:
        stream.write(secrets.token_bytes(os.fstat(handle).st_size))
        stream.flush()
        os.fsync(handle)
    path.unlink()
    sync_folder(path.parent)
