"""Files that commands write for people to take away: whole or not at all, and never over another by accident."""

from __future__ import annotations

import os
from pathlib import Path

from sscard.errors import GuardRefused


def ensure_new(path: Path, *, force: bool) -> None:
    """Refuse a file that exists, before any work is done: GuardRefused("file-exists") without ``force``."""
    if path.exists() and not force:
        raise GuardRefused("file-exists", path=str(path))


def write_new(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file of mode 0600, flushed and then named.  Raises GuardRefused("file-exists") without ``force``."""
    ensure_new(path, force=force)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
