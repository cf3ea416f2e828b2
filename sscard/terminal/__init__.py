"""What a counter does with a finished card: identify it, prove it, gain rights, read, serve its PIN and purse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.terminal.block import block_application, block_card
    from sscard.terminal.identify import Identity
    from sscard.terminal.pboc import PbocPurse
    from sscard.terminal.pin import change_pin, reload_pin, unblock_pin, verify_pin
    from sscard.terminal.purse import CardPurse
    from sscard.terminal.read import FileResult, ItemValue, Outcome, profile_for, read_files, targets
    from sscard.terminal.session import CardSession

_NAMES = {
    "CardPurse": "purse",
    "CardSession": "session",
    "FileResult": "read",
    "Identity": "identify",
    "ItemValue": "read",
    "Outcome": "read",
    "PbocPurse": "pboc",
    "block_application": "block",
    "block_card": "block",
    "change_pin": "pin",
    "profile_for": "read",
    "read_files": "read",
    "reload_pin": "pin",
    "targets": "read",
    "unblock_pin": "pin",
    "verify_pin": "pin",
}

__all__ = [
    "CardPurse",
    "CardSession",
    "FileResult",
    "Identity",
    "ItemValue",
    "Outcome",
    "PbocPurse",
    "block_application",
    "block_card",
    "change_pin",
    "profile_for",
    "read_files",
    "reload_pin",
    "targets",
    "unblock_pin",
    "verify_pin",
]

__getattr__ = attach(__name__, _NAMES)
