"""READ BINARY and UPDATE BINARY: P1 = 80 | SFI with an offset in P2, or a 15-bit offset into the current EF.

Source: LD/T 32 draft, binary commands.
"""

from __future__ import annotations

from typing import Final

from sscard.cos.bound import Act
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Ef, EfType
from sscard.emulator.secure import locate, plain_update
from sscard.emulator.wire import data_of, expected
from sscard.emulator.words import (
    NOT_ALLOWED,
    OK,
    OUTSIDE_FILE,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    Refusal,
    right_length,
)

_BY_SFI: Final = 0x80
_UNUSED_BITS: Final = 0x60
_SFI: Final = 0x1F
_MAX_ANSWER: Final = 256


def read_binary(chip: Chip, apdu: bytes) -> bytes:
    """READ BINARY.  Le 00 asks for up to 256 bytes or the rest; a Le beyond the end is answered 6Cxx."""
    le = expected(chip, apdu)
    before = chip.ef, chip.pointer
    ef, offset = _address(chip, apdu)
    if chip.shut:
        chip.require_open(Act.READ, chip.current, ef)
    if not chip.security.allows(ef.read, chip.current):
        raise Refusal(NOT_ALLOWED)
    rest = len(ef.content) - offset
    if rest <= 0:
        raise Refusal(OUTSIDE_FILE)
    count = le or min(rest, _MAX_ANSWER)
    if count > rest:
        chip.ef, chip.pointer = before
        raise Refusal(right_length(rest))
    return ef.content[offset : offset + count] + OK


def update_binary(chip: Chip, apdu: bytes) -> bytes:
    """UPDATE BINARY; a write that would run past the end writes nothing."""
    body = data_of(chip, apdu)
    if not body:
        raise Refusal(WRONG_LENGTH)
    ef, offset = _address(chip, apdu)
    if chip.shut:
        chip.require_open(Act.UPDATE, chip.current, ef)
    if not chip.security.allows(ef.update, chip.current):
        raise Refusal(NOT_ALLOWED)
    data = plain_update(chip, apdu, body)
    if offset >= len(ef.content):
        raise Refusal(OUTSIDE_FILE)
    end = offset + len(data)
    if end > len(ef.content):
        raise Refusal(WRONG_LENGTH)
    ef.content = ef.content[:offset] + data + ef.content[end:]
    return OK


def _address(chip: Chip, apdu: bytes) -> tuple[Ef, int]:
    p1, p2 = apdu[2], apdu[3]
    if p1 & _BY_SFI:
        if p1 & _UNUSED_BITS or not p1 & _SFI:
            raise Refusal(WRONG_P1P2)
        ef, offset = locate(chip, p1 & _SFI), p2
    else:
        ef, offset = locate(chip, 0), p1 << 8 | p2
    if ef.type is not EfType.TRANSPARENT:
        raise Refusal(WRONG_STRUCTURE)
    return ef, offset
