"""The commands of FMCOS 2.0 and how one is carried out."""

from __future__ import annotations

from typing import Final

from sscard.emulator.fmcos import (
    access,
    authentication,
    binary,
    blocking,
    creation,
    keyload,
    pin,
    purse,
    records,
    request,
    selection,
)
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.request import Request
from sscard.emulator.fmcos.system import Handler, System
from sscard.emulator.words import UNKNOWN_INS, WRONG_CLA, WRONG_LENGTH, Refusal

Commands = tuple[tuple[str, int, Handler], ...]

_GET_RESPONSE: Final = b"\x00\xc0"
_RETRY: Final = 0x6C

COMMON: Final[Commands] = (
    ("00", 0xA4, selection.select),
    ("00", 0xC0, request.get_response),
    ("00", 0x84, authentication.get_challenge),
    ("00", 0x82, authentication.external_authenticate),
    ("00", 0x88, authentication.internal_authenticate),
    ("00", 0x20, pin.verify),
    ("80", 0x5E, pin.change_or_reload),
    ("84", 0x24, pin.unblock),
    ("00 04", 0xB0, binary.read_binary),
    ("00 04", 0xD6, binary.update_binary),
    ("00 04", 0xD0, binary.update_binary),
    ("00 04", 0xB2, records.read_record),
    ("00 04", 0xDC, records.update_record),
    ("00 04", 0xD2, records.update_record),
    ("00 04", 0xE2, records.append_record),
    ("84", 0x16, blocking.block_card),
    ("84", 0x1E, blocking.block_application),
    ("84", 0x18, blocking.unblock_application),
    ("80", 0x50, purse.initialize),
    ("80", 0x52, purse.credit),
    ("80", 0x54, purse.debit),
    ("80", 0x58, purse.change_overdraft),
    ("80", 0x5A, purse.proof),
    ("80", 0x5C, purse.balance),
    ("80", 0xDC, purse.hold_record),
)
"""What every PBOC card of this kind speaks."""
_ADMINISTRATION: Final[Commands] = (
    ("80", 0xE0, creation.create_file),
    ("80", 0x0E, creation.erase_directory),
    ("80 84", 0xD4, keyload.write_key),
)
_UNBARRED: Final = frozenset((0xA4, 0xC0, 0x84, 0x16, 0x1E, 0x18))
"""INS that a blocked application lets through."""


def table(*parts: Commands) -> dict[bytes, Handler]:
    """Handlers by CLA and INS."""
    return {
        bytes((cla, ins)): handler for part in parts for classes, ins, handler in part for cla in bytes.fromhex(classes)
    }


FMCOS: Final = System(
    name="fmcos",
    allows=access.fmcos,
    handlers=table(COMMON, _ADMINISTRATION),
    file_header=11,
    key_space=lambda size: size + 8,
    longest_record=248,
)


def respond(chip: FmcosChip, apdu: bytes) -> bytes:
    """Execute one command on a chip; one that is refused leaves current EF and record as they were."""
    chip.commands += 1
    head = apdu[:2]
    if head != _GET_RESPONSE:
        chip.pending = b""
        chip.challenge, chip.drawn = chip.drawn, None
        if chip.open is not None and not purse.continues(chip, head):
            chip.open = None
    challenge, ef, pointer = chip.challenge, chip.ef, chip.pointer
    chip.proven = None
    try:
        answer = _handled(chip, head, apdu)
    except Refusal as refusal:
        answer = refusal.word
        chip.ef, chip.pointer = ef, pointer
    if purse.ends(head, answer):
        chip.open = None
    if answer[-2] == _RETRY:
        chip.drawn = challenge
    return answer


def _handled(chip: FmcosChip, head: bytes, apdu: bytes) -> bytes:
    if len(apdu) < 4:
        return WRONG_LENGTH
    barred = chip.barred()
    if barred is not None and (chip.blocked or apdu[1] not in _UNBARRED):
        return barred
    handlers = chip.system.handlers
    handler = handlers.get(head)
    if handler is None:
        return WRONG_CLA if any(known[1] == apdu[1] for known in handlers) else UNKNOWN_INS
    answer = handler(chip, Request.parse(apdu))
    if chip.proven is not None:
        chip.proven.restore()
    return answer
