"""The SmartCOS software card (明华): the commands of a PBOC card with another administration and other rights bytes.

A directory is free to build in until its making is ended by a command, also after a reset.  Keys come enciphered under
the master key of the directory above (external key 01) where their key file says so.
Source: public notes on parsing such cards; docs/fmcos.md, "SmartCOS", for what those leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sscard.apdu.atr import Interface
from sscard.emulator.fmcos import access
from sscard.emulator.fmcos.building import add_directory, add_file, add_key_file, key_room
from sscard.emulator.fmcos.card import FmcosCard
from sscard.emulator.fmcos.chip import ALL, FmcosChip
from sscard.emulator.fmcos.commands import COMMON, table
from sscard.emulator.fmcos.line import check, decipher
from sscard.emulator.fmcos.nodes import Directory, Ef, Key, KeyFile, Kind, Protection, Use
from sscard.emulator.fmcos.request import Request
from sscard.emulator.fmcos.system import System
from sscard.emulator.nodes import MF_FID
from sscard.emulator.words import (
    MAC_MISSING,
    NO_FILE,
    NO_KEY,
    NOT_ALLOWED,
    OK,
    PURSE_MAC_WRONG,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)

HEAD: Final = bytes.fromhex("00008610")
"""Historical bytes before the serial; the third is the vendor."""
MASTER_ID: Final = 0x01
KEY_RECORD: Final = 25
ENCIPHERED: Final = 0x80
_MF, _DF, _EF = 0x00, 0x01, 0x02
_END: Final = 0x01
_NEVER: Final = 0xF0
_CODE_SIZE: Final = 8
_MF_HEAD: Final = 10
_DF_HEAD: Final = 4
_EF_SIZE: Final = 7
_KEY_HEAD: Final = 8
_KEY_FILE: Final = 0x05
_SECURE: Final = 0x08
_NAMES: Final = range(5, 17)
_KINDS: Final = {0x00: Kind.TRANSPARENT, 0x02: Kind.VARIABLE, 0x03: Kind.CYCLIC}
_USES: Final = {
    0x00: Use.PURCHASE,
    0x01: Use.LOAD,
    0x02: Use.TAC,
    0x05: Use.LINE,
    0x08: Use.EXTERNAL,
    0x0B: Use.PIN,
}


def create(chip: FmcosChip, request: Request) -> bytes:
    """CREATE FILE of an MF, DF or EF by P1; with P2 01 the making of an MF or DF ends."""
    what = (request.p1, request.p2)
    work = _WORKS.get(what)
    if work is None:
        raise Refusal(WRONG_P1P2)
    return work(chip, request.data)


def _create_mf(chip: FmcosChip, data: bytes) -> bytes:
    if chip.root is not None:
        raise Refusal(WRONG_P1P2)
    if len(data) - _MF_HEAD not in _NAMES:
        raise Refusal(WRONG_LENGTH)
    if data[:_CODE_SIZE] != chip.transport_code:
        raise Refusal(NOT_ALLOWED)
    right, sfi = data[_CODE_SIZE:_MF_HEAD]
    chip.root = Directory(MF_FID, data[_MF_HEAD:], None, ALL, right, _NEVER, sfi)
    chip.enter(chip.root)
    return OK


def _create_df(chip: FmcosChip, data: bytes) -> bytes:
    name = data[_DF_HEAD:]
    if len(name) not in _NAMES:
        raise Refusal(WRONG_LENGTH)
    add_directory(chip, Directory(_fid(data), name, chip.here, ALL, data[2], _NEVER, 0))
    return OK


def _create_ef(chip: FmcosChip, data: bytes) -> bytes:
    if len(data) != _EF_SIZE:
        raise Refusal(WRONG_LENGTH)
    kind, first, second, high, low = data[2:]
    if kind == _KEY_FILE:
        add_key_file(chip, KeyFile(_fid(data), high * low, second, first))
        return OK
    made = _KINDS.get(kind & ~_SECURE)
    if made is None:
        raise Refusal(WRONG_DATA)
    protection = Protection.MAC if kind & _SECURE else Protection.PLAIN
    size, count = high << 8 | low, 0
    if made is Kind.CYCLIC:
        size, count = high * low, high
    ef = Ef(_fid(data), made, protection, size, first, second, count=count, record_length=low if count else 0)
    if made is Kind.TRANSPARENT:
        ef.content = bytes(size)
    add_file(chip, ef)
    return OK


def _end(mf: bool) -> Callable[[FmcosChip, bytes], bytes]:
    def end(chip: FmcosChip, data: bytes) -> bytes:
        here = chip.here
        if len(data) != 2:
            raise Refusal(WRONG_LENGTH)
        if _fid(data) != here.fid or mf is not (here is chip.root):
            raise Refusal(NO_FILE)
        here.ended, chip.free = True, False
        return OK

    return end


def _fid(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


_WORKS: Final[Mapping[tuple[int, int], Callable[[FmcosChip, bytes], bytes]]] = {
    (_MF, 0): _create_mf,
    (_DF, 0): _create_df,
    (_EF, 0): _create_ef,
    (_MF, _END): _end(mf=True),
    (_DF, _END): _end(mf=False),
}


def write_key(chip: FmcosChip, request: Request) -> bytes:
    """WRITE KEY: adds a key, or puts it in the place of one of the same use and id."""
    request.parameters(0, 0)
    key_file = chip.here.key_file
    if key_file is None:
        raise Refusal(NO_FILE)
    chip.need(key_file.add, building=True)
    key = _parse(_opened(chip, request, key_file))
    present = chip.here.key(key.use, key.id)
    if present is None:
        key_room(chip, key.value)
        key_file.keys.append(key)
    else:
        key_file.keys[key_file.keys.index(present)] = key
    return OK


def _opened(chip: FmcosChip, request: Request, key_file: KeyFile) -> bytes:
    """The record in clear.  Raises Refusal 6987 for a plain one where it must be enciphered, 6A88, 9302."""
    if not request.secure:
        if key_file.sfi & ENCIPHERED:
            raise Refusal(MAC_MISSING)
        return request.data
    above = chip.here.parent
    key = above.key(Use.EXTERNAL, MASTER_ID) if above is not None else _transport(chip)
    if key is None:
        raise Refusal(NO_KEY)
    return decipher(key, check(chip, request, key, PURSE_MAC_WRONG, costs_try=False), PURSE_MAC_WRONG)


def _transport(chip: FmcosChip) -> Key:
    """What enciphers the keys of the MF itself: the transport code."""
    return Key(chip.transport_code, 1, 1, Use.EXTERNAL, MASTER_ID, Protection.PLAIN, 0, 0)


def _parse(record: bytes) -> Key:
    """``id version algorithm type usage follow-up change counter`` and the value.  Raises Refusal 6700, 6A80."""
    value = record[_KEY_HEAD:]
    if not 2 <= len(value) <= KEY_RECORD - _KEY_HEAD - 1:
        raise Refusal(WRONG_LENGTH)
    ident, version, algorithm, kind, usage, follow_up, change, counter = record[:_KEY_HEAD]
    use = _USES.get(kind)
    if use is None or (use is not Use.PIN and len(value) not in (8, 16)):
        raise Refusal(WRONG_DATA)
    return Key(
        value, counter >> 4, counter & 0x0F, use, ident, Protection.PLAIN, usage, change, follow_up, version, algorithm
    )


SMARTCOS: Final = System(
    name="smartcos",
    allows=access.smartcos,
    fresh=lambda directory: not directory.ended,
    handlers=table(COMMON, (("80", 0xE0, create), ("80 84", 0xE8, write_key))),
    file_header=10,
    key_header=KEY_RECORD - 16,
    longest_record=110,
)


class SmartcosCard(FmcosCard):
    """One SmartCOS card, a contact card."""

    system = SMARTCOS.name
    table = SMARTCOS
    usual_interface = Interface.CONTACT

    head = HEAD
    atr_head = b"\x3b\x6c\x00\x02"

    @property
    def sealed(self) -> bool:
        """Whether the making of the MF was ended."""
        return self.chip.root is not None and self.chip.root.ended

    @property
    def finished(self) -> bool:
        return self.sealed
