"""SELECT and what it answers.

By id the order is: the MF (3F00), the current DF itself, an EF or DF in it, then, as real chips do, a DF beside it.
Source: FMCOS 2.0 manual, SELECT; notes on an FM1208 for the search order; docs/fmcos.md.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.tlv import build
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.nodes import Block, Directory, Ef, Kind
from sscard.emulator.fmcos.request import LONGEST, Request, reply
from sscard.emulator.nodes import MF_FID
from sscard.emulator.words import NO_FILE, OK, UNSUPPORTED, WRONG_LENGTH, WRONG_P1P2, Refusal

_BY_ID, _BY_NAME = 0x00, 0x04
_OF_ADF: Final = 0x80
"""Upper bits of the application file byte: the content of that file is told, else its SFI."""
_SFI: Final = 0x1F
_LONGEST_NAME: Final = 16


def select(chip: FmcosChip, request: Request) -> bytes:
    """SELECT a directory (answer: its FCI) or an EF (no data).  A SELECT that fails changes nothing."""
    root = chip.root
    if request.p1 not in (_BY_ID, _BY_NAME) or request.p2:
        raise Refusal(WRONG_P1P2)
    wanted = request.data
    if request.p1 == _BY_NAME:
        if not 1 <= len(wanted) <= _LONGEST_NAME:
            raise Refusal(WRONG_LENGTH)
    elif len(wanted) != 2:
        raise Refusal(WRONG_LENGTH)
    if root is None:
        raise Refusal(UNSUPPORTED)
    if request.p1 == _BY_NAME:
        return _enter(chip, request, _by_name(chip.here, root, wanted))
    found = _by_id(chip, root, int.from_bytes(wanted, "big"))
    return _enter(chip, request, found) if isinstance(found, Directory) else _open(chip, found)


def _by_name(current: Directory, root: Directory, name: bytes) -> Directory:
    beside = current.parent.directories if current.parent else {}
    for directory in (root, current, *current.directories.values(), *beside.values()):
        if directory.name == name:
            return directory
    raise Refusal(NO_FILE)


def _by_id(chip: FmcosChip, root: Directory, fid: int) -> Directory | Ef:
    current = chip.here
    if fid == MF_FID:
        return root
    if fid == current.fid:
        return current
    found = current.directories.get(fid) or current.files.get(fid)
    if found is None and chip.options.siblings_by_id and current.parent is not None:
        found = current.parent.directories.get(fid)
    if found is None:
        raise Refusal(NO_FILE)
    return found


def _enter(chip: FmcosChip, request: Request, directory: Directory) -> bytes:
    """Make a directory current, a blocked one too, and answer its FCI."""
    answer = fci(chip, directory)
    blocked = directory.block is not Block.NONE
    if not blocked:
        request.room_for(len(answer))
    chip.enter(directory)
    if not blocked:
        return reply(chip, request, answer)
    return reply(chip, request, answer, UNSUPPORTED) if chip.options.blocked_select_gives_fci else UNSUPPORTED


def _open(chip: FmcosChip, ef: Ef) -> bytes:
    barred = chip.barred()
    if barred is not None:
        raise Refusal(barred)
    chip.ef, chip.pointer = ef, 0
    return OK


def fci(chip: FmcosChip, directory: Directory) -> bytes:
    """``6F{84 name, A5{88 01 SFI}}`` or ``6F{84 name, A5{9F0C file}}``; A5 only once the file named is there."""
    body = build(0x84, directory.name)
    sfi = directory.app_file & _SFI
    ef = directory.files.get(sfi)
    if ef is not None:
        own = b""
        if not directory.app_file & _OF_ADF:
            own = build(0x88, bytes((sfi,)))
        elif ef.kind is Kind.TRANSPARENT and len(body) + ef.size + 7 <= LONGEST:
            own = build(0x9F0C, ef.content)
        if own:
            body += build(0xA5, own)
    return build(0x6F, body)
