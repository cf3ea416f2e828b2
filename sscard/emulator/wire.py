"""How a command's lengths are read and its answer leaves, under T=0 and T=1.

Source: ISO 7816-3 (P3, 61xx, 6Cxx) and ISO 7816-4 (short Lc and Le); LD/T 32 draft, GET RESPONSE.
Under T=0 the answer of a command that brings data waits for GET RESPONSE; a Le after the data is ignored.
"""

from __future__ import annotations

from sscard.emulator.chip import Chip
from sscard.emulator.words import NO_DATA, OK, WRONG_LENGTH, WRONG_P1P2, Refusal, right_length, waiting


def data_of(chip: Chip, apdu: bytes) -> bytes:
    """The data of a command that brings some, empty where it brings none.  Raises Refusal 6700."""
    size = len(apdu)
    if size > 5:
        count = apdu[4]
        if count and size - count in (5, 6):
            return apdu[5 : 5 + count]
        raise Refusal(WRONG_LENGTH)
    if size == 5 and chip.t0 and apdu[4]:
        raise Refusal(WRONG_LENGTH)
    return b""


def expected(chip: Chip, apdu: bytes) -> int:
    """Le of a command without data, 0 for 00.  Raises Refusal 6700 where data come, or T=1 brings no Le."""
    if len(apdu) == 5:
        return apdu[4]
    if len(apdu) == 4 and chip.t0:
        return 0
    raise Refusal(WRONG_LENGTH)


def no_data(chip: Chip, apdu: bytes) -> None:
    """Check that a command neither brings nor wants data: four bytes, or a fifth of 00.  Raises Refusal 6700."""
    if len(apdu) != 4 and expected(chip, apdu):
        raise Refusal(WRONG_LENGTH)


def deliver(chip: Chip, apdu: bytes, data: bytes) -> bytes:
    """The answer of a command that brings data and wants some (1–256 bytes)."""
    if chip.t0:
        chip.pending = data
        return waiting(len(data))
    if len(apdu) == 5 or (len(apdu) > 5 and len(apdu) == apdu[4] + 6):
        if (apdu[-1] or 256) < len(data):
            raise Refusal(right_length(len(data)))
        return data + OK
    return OK


def get_response(chip: Chip, apdu: bytes) -> bytes:
    """GET RESPONSE: the waiting data, in one or several pieces."""
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    count = expected(chip, apdu) or 256
    held = chip.pending
    if not held:
        raise Refusal(NO_DATA)
    if count > len(held):
        raise Refusal(right_length(len(held)))
    chip.pending = held[count:]
    return held[:count] + (waiting(len(chip.pending)) if chip.pending else OK)
