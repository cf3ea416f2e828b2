"""Private files that are whole or not there: written beside their name, synced, renamed, the folder synced.

Whatever must survive a power cut, a killed process or a full disk goes to disk through here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

OWNER: Final = 0o600
_ENDING: Final = ".part"


@contextmanager
def replacing(path: Path, *, mode: int = OWNER, durable: bool = True) -> Iterator[Path]:
    """A new file to write, which takes the name ``path`` when the block ends and vanishes when the block fails.

    After a crash the old or the new file stands there, whole; ``durable`` means after a power cut too, and then the
    new one is there for good once the block is left.  A killed process leaves the new file behind: :func:`sweep`.
    Raises OSError.
    """
    handle, name = mkstemp(prefix=f".{path.name}.", suffix=_ENDING, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(mode)
        if durable:
            _sync_file(part)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def write_private(path: Path, data: bytes, *, mode: int = OWNER, durable: bool = True) -> None:
    """Replace ``path`` in one step by a file that holds ``data``, as :func:`replacing`.  Raises OSError."""
    with replacing(path, mode=mode, durable=durable) as part:
        part.write_bytes(data)


def create_private(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600 and sync it; an existing one is never touched.  Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def sweep(path: Path) -> None:
    """Remove what killed writers left beside ``path``.  Only for who alone writes it at that time.  Raises OSError."""
    if not path.parent.is_dir():
        return
    mine = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]+{re.escape(_ENDING)}")
    for left in path.parent.iterdir():
        if mine.fullmatch(left.name):
            left.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring names made, changed and removed in a folder to disk.  Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
