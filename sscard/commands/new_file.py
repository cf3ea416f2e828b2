"""Files that commands write for people to take away: whole or not at all, and never over another by accident."""

from __future__ import annotations

from pathlib import Path

from sscard.durable import write_private
from sscard.errors import GuardRefused


def ensure_new(path: Path, *, force: bool) -> None:
    """Refuse a file that exists, before any work is done: GuardRefused("file-exists") without ``force``."""
    if path.exists() and not force:
        raise GuardRefused("file-exists", path=str(path))


def write_new(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file of mode 0600, flushed and then named.  Raises GuardRefused("file-exists") without ``force``."""
    ensure_new(path, force=force)
    write_private(path, content)
