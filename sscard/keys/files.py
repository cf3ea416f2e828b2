"""Private files: written whole or not at all, readable by their owner only, overwritten before they go."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from tempfile import mkstemp


def write_private(path: Path, data: bytes) -> None:
    """Replace ``path`` in one step by a file of mode 0600: written beside it, synced, renamed, folder synced.

    After a power cut the old or the new file is there, whole.  Raises OSError.
    """
    handle, name = mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def create_private(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600 and sync it; an existing one is never touched.  Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    _sync_folder(path.parent)


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
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
