"""What a counter does with a finished card: identify it, prove it, gain rights, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.terminal.identify import Identity
    from sscard.terminal.read import FileResult, ItemValue, Outcome, profile_for, read_files, targets
    from sscard.terminal.session import CardSession

_NAMES = {
    "CardSession": "session",
    "FileResult": "read",
    "Identity": "identify",
    "ItemValue": "read",
    "Outcome": "read",
    "profile_for": "read",
    "read_files": "read",
    "targets": "read",
}

__all__ = [
    "CardSession",
    "FileResult",
    "Identity",
    "ItemValue",
    "Outcome",
    "profile_for",
    "read_files",
    "targets",
]

__getattr__ = attach(__name__, _NAMES)
