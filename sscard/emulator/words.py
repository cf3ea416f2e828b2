"""Status words as the card sends them, and the one way a command is refused.

Source: ISO 7816-4 and the command chapters of the LD/T 32 drafts; docs/t514.md for the administration commands.
"""

from __future__ import annotations

from typing import Final

OK: Final = b"\x90\x00"
MEMORY: Final = b"\x65\x81"
WRONG_LENGTH: Final = b"\x67\x00"
NOT_IN_STATE: Final = b"\x69\x01"
WRONG_STRUCTURE: Final = b"\x69\x81"
NOT_ALLOWED: Final = b"\x69\x82"
LOCKED: Final = b"\x69\x83"
NO_CHALLENGE: Final = b"\x69\x84"
NOT_NOW: Final = b"\x69\x85"
NO_CURRENT_EF: Final = b"\x69\x86"
MAC_MISSING: Final = b"\x69\x87"
MAC_WRONG: Final = b"\x69\x88"
WRONG_DATA: Final = b"\x6a\x80"
UNSUPPORTED: Final = b"\x6a\x81"
NO_FILE: Final = b"\x6a\x82"
NO_RECORD: Final = b"\x6a\x83"
NO_ROOM: Final = b"\x6a\x84"
WRONG_TLV: Final = b"\x6a\x85"
WRONG_P1P2: Final = b"\x6a\x86"
NO_KEY: Final = b"\x6a\x88"
EXISTS: Final = b"\x6a\x89"
OUTSIDE_FILE: Final = b"\x6b\x00"
UNKNOWN_INS: Final = b"\x6d\x00"
WRONG_CLA: Final = b"\x6e\x00"
NO_DATA: Final = b"\x6f\x00"
PURSE_MAC_WRONG: Final = b"\x93\x02"
APPLICATION_BLOCKED: Final = b"\x93\x03"
NO_MONEY: Final = b"\x94\x01"
COUNTER_FULL: Final = b"\x94\x02"
NO_KEY_INDEX: Final = b"\x94\x03"
NO_PROOF: Final = b"\x94\x06"


class Refusal(Exception):
    """Ends a command with a status word; nothing of the command has been written."""

    def __init__(self, word: bytes) -> None:
        super().__init__(word)
        self.word = word


def waiting(count: int) -> bytes:
    """``61xx``: ``count`` bytes (1–256) wait for GET RESPONSE."""
    return bytes((0x61, count & 0xFF))


def right_length(count: int) -> bytes:
    """``6Cxx``: the command was not executed, the right Le is ``count`` (1–256)."""
    return bytes((0x6C, count & 0xFF))


def tries_left(count: int) -> bytes:
    """``63Cx``: wrong secret, ``count`` tries left (0–15)."""
    return bytes((0x63, 0xC0 | count))
