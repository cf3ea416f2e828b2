"""READ BINARY and UPDATE BINARY.

Source: FMCOS 2.0 manual, binary commands; docs/fmcos.md.
"""

from __future__ import annotations

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import reading, written
from sscard.emulator.fmcos.nodes import Ef, Kind
from sscard.emulator.fmcos.request import LONGEST, Request, reply
from sscard.emulator.words import (
    OK,
    OUTSIDE_FILE,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    Refusal,
    right_length,
)

UNWRITTEN = b"\x62\x81"
_BY_SFI = 0x80


def _target(chip: FmcosChip, request: Request) -> tuple[Ef, int]:
    """File and offset: P1 ``100sssss`` with offset P2, else a 15-bit offset in the current EF."""
    p1, p2 = request.p1, request.p2
    if p1 & _BY_SFI:
        if p1 & 0x60 or not p1 & 0x1F:
            raise Refusal(WRONG_P1P2)
        ef, offset = chip.locate(p1 & 0x1F), p2
    else:
        ef, offset = chip.locate(0), p1 << 8 | p2
    if ef.kind is not Kind.TRANSPARENT:
        raise Refusal(WRONG_STRUCTURE)
    return ef, offset


def read_binary(chip: FmcosChip, request: Request) -> bytes:
    """READ BINARY; a file never written answers its zeros with 6281."""
    ef, offset = _target(chip, request)
    chip.need(ef.read, building=True)
    if offset >= ef.size:
        raise Refusal(OUTSIDE_FILE)
    how = reading(chip, request, ef)
    left = ef.size - offset
    if how.le > LONGEST:
        raise Refusal(WRONG_LENGTH)
    if how.le > left:
        raise Refusal(right_length(left))
    data = ef.content[offset : offset + (how.le or min(left, LONGEST))]
    unwritten = chip.options.unwritten_warns and not ef.written
    return reply(chip, request, how.seal(data), UNWRITTEN if unwritten else OK)


def update_binary(chip: FmcosChip, request: Request) -> bytes:
    """UPDATE BINARY, whole or not at all."""
    ef, offset = _target(chip, request)
    if not request.data:
        raise Refusal(WRONG_LENGTH)
    chip.need(ef.write, building=True)
    if offset >= ef.size:
        raise Refusal(OUTSIDE_FILE)
    data = written(chip, request, ef)
    end = offset + len(data)
    if not data or end > ef.size:
        raise Refusal(WRONG_LENGTH)
    ef.content = ef.content[:offset] + data + ef.content[end:]
    ef.written = True
    return OK
