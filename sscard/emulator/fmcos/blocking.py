"""CARD BLOCK, APPLICATION BLOCK and APPLICATION UNBLOCK, all under line key 00.

Source: FMCOS 2.0 manual, blocking commands; docs/fmcos.md.
"""

from __future__ import annotations

from typing import Final

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import check, line_key
from sscard.emulator.fmcos.nodes import Block
from sscard.emulator.fmcos.request import Request
from sscard.emulator.words import APPLICATION_BLOCKED, MAC_WRONG, OK, WRONG_P1P2, Refusal
from sscard.keys.family import MAC_SIZE

_FAILURES: Final = 3
_KINDS: Final = {0: Block.TEMPORARY, 1: Block.PERMANENT}


def block_card(chip: FmcosChip, request: Request) -> bytes:
    """CARD BLOCK: whatever comes afterwards is answered 6A81."""
    request.parameters(0, 0)
    request.body(MAC_SIZE)
    check(chip, request, line_key(chip, 0))
    chip.blocked = True
    return OK


def block_application(chip: FmcosChip, request: Request) -> bytes:
    """APPLICATION BLOCK of the current DF, for a time or for good; what is blocked for good stays so."""
    kind = _KINDS.get(request.p2)
    if request.p1 or kind is None:
        raise Refusal(WRONG_P1P2)
    request.body(MAC_SIZE)
    check(chip, request, line_key(chip, 0))
    if chip.here.block is not Block.PERMANENT:
        chip.here.block = kind
    return OK


def unblock_application(chip: FmcosChip, request: Request) -> bytes:
    """APPLICATION UNBLOCK; three wrong MACs in a row block the application for good."""
    request.parameters(0, 0)
    request.body(MAC_SIZE)
    here = chip.here
    if here.block is Block.PERMANENT:
        raise Refusal(APPLICATION_BLOCKED)
    try:
        check(chip, request, line_key(chip, 0))
    except Refusal as refusal:
        if refusal.word == MAC_WRONG:
            here.unblock_failures += 1
            if here.unblock_failures >= _FAILURES:
                here.block = Block.PERMANENT
                raise Refusal(APPLICATION_BLOCKED) from None
        raise
    here.unblock_failures = 0
    here.block = Block.NONE
    return OK
