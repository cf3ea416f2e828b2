"""Files of the key room: private ones, whole or not there (sscard.durable), and overwritten before they go."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sscard.durable import create_private, sync_folder, write_private

__all__ = ["create_private", "shred", "write_private"]


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
