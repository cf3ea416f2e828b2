"""SmartCOS of Minghua: the same states, files and purse as FMCOS, told what to build in another way.

CREATE FILE names the kind in P1, a directory is free from its creation to its CREATE END (after a reset too), keys
carry version, algorithm, rights and counter all alike, and a sealed key file takes them enciphered only.
Source: public notes on the card; docs/fmcos.md, "SmartCOS", for what they leave open.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from sscard.apdu.atr import Interface
from sscard.emulator.fmcos import access
from sscard.emulator.fmcos.building import EXISTS, add_directory, add_file, add_key, add_key_file
from sscard.emulator.fmcos.card import FmcosCard
from sscard.emulator.fmcos.chip import ALL, FmcosChip
from sscard.emulator.fmcos.commands import COMMON, Commands, table
from sscard.emulator.fmcos.line import check, decipher
from sscard.emulator.fmcos.nodes import Directory, Ef, Key, KeyFile, Kind, Protection, Purse, Use
from sscard.emulator.fmcos.request import Request
from sscard.emulator.fmcos.system import System
from sscard.emulator.nodes import MF_FID
from sscard.emulator.words import (
    LOCKED,
    MAC_MISSING,
    NO_FILE,
    NO_KEY,
    NOT_ALLOWED,
    NOT_NOW,
    OK,
    PURSE_MAC_WRONG,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)

_MF, _DF, _EF = 0x00, 0x01, 0x02
_END: Final = 0x01
_CODE: Final = 8
_KEY_FILE: Final = 0x05
_SECURE: Final = 0x08
_EF_SIZE: Final = 7
_SEALED: Final = 0x80
_HEAD: Final = 8
_KEY_RECORD: Final = 25
_PARENT_KEY_ID: Final = 0x01
_LOG: Final = 0x18
_NAMES: Final = range(1, 17)
_VALUE_SIZES: Final = {Use.PIN: range(2, 9)}
_KEY_SIZES: Final = range(8, 17, 8)
_USES: Final = {
    0x00: Use.PURCHASE,
    0x01: Use.LOAD,
    0x02: Use.TAC,
    0x05: Use.LINE,
    0x07: Use.TAC,
    0x08: Use.EXTERNAL,
    0x0B: Use.PIN,
}


def create(chip: FmcosChip, request: Request) -> bytes:
    """CREATE FILE: P1 00 MF, 01 DF, 02 EF; with P2 01 CREATE END of the current MF or DF."""
    if request.p2 == _END and request.p1 in (_MF, _DF):
        return _end(chip, request)
    maker = {_MF: _create_mf, _DF: _create_df, _EF: _create_ef}.get(request.p1)
    if maker is None or request.p2:
        raise Refusal(WRONG_P1P2)
    maker(chip, request.data)
    return OK


def _end(chip: FmcosChip, request: Request) -> bytes:
    here = chip.here
    if int.from_bytes(request.body(2), "big") != here.fid or (request.p1 == _MF) != (here is chip.root):
        raise Refusal(NO_FILE)
    if here.ended:
        raise Refusal(NOT_NOW)
    here.ended, chip.free = True, False
    return OK


def _create_mf(chip: FmcosChip, data: bytes) -> None:
    """Transport code 8, right to create, SFI of the DIR file, name."""
    if chip.root is not None:
        raise Refusal(EXISTS)
    name = data[_CODE + 2 :]
    if len(name) not in _NAMES:
        raise Refusal(WRONG_LENGTH)
    if not compare_digest(data[:_CODE], chip.transport_code):
        raise Refusal(NOT_ALLOWED)
    chip.root = Directory(MF_FID, name, None, ALL, data[_CODE], access.NEVER_IN_SMARTCOS, data[_CODE + 1])
    chip.enter(chip.root)


def _create_df(chip: FmcosChip, data: bytes) -> None:
    """Id 2, right to create, 00, name; the new DF is the current one."""
    name = data[4:]
    if len(name) not in _NAMES:
        raise Refusal(WRONG_LENGTH)
    if data[3]:
        raise Refusal(WRONG_DATA)
    fid = int.from_bytes(data[:2], "big")
    directory = Directory(fid, name, chip.here, 0, data[2], access.NEVER_IN_SMARTCOS, 0x95)
    add_directory(chip, directory)
    chip.enter(directory)


def _create_ef(chip: FmcosChip, data: bytes) -> None:
    """Id 2, type, two rights, two lengths."""
    if len(data) != _EF_SIZE:
        raise Refusal(WRONG_LENGTH)
    fid, kind = int.from_bytes(data[:2], "big"), data[2]
    if kind == _KEY_FILE:
        add_key_file(chip, KeyFile(fid, data[5] * data[6], 0, data[3], sealed=data[4] == _SEALED))
        return
    maker = _MAKERS.get(kind & ~_SECURE)
    if maker is None:
        raise Refusal(WRONG_DATA)
    ef = maker(fid, data)
    ef.protection = Protection.MAC if kind & _SECURE else Protection.PLAIN
    add_file(chip, ef)


def _transparent(fid: int, data: bytes) -> Ef:
    size = int.from_bytes(data[5:], "big")
    return Ef(fid, Kind.TRANSPARENT, Protection.PLAIN, size, data[3], data[4], content=bytes(size))


def _variable(fid: int, data: bytes) -> Ef:
    """Derived: PBOC cards of the time count their types so."""
    return Ef(fid, Kind.VARIABLE, Protection.PLAIN, int.from_bytes(data[5:], "big"), data[3], data[4])


def _cyclic(fid: int, data: bytes) -> Ef:
    count, length = data[5:]
    size = count * length
    return Ef(fid, Kind.CYCLIC, Protection.PLAIN, size, data[3], data[4], count=count, record_length=length)


def _purse(fid: int, data: bytes) -> Ef:
    if fid not in (1, 2) or data[2] & _SECURE:
        raise Refusal(WRONG_DATA)
    return Ef(fid, Kind.PURSE, Protection.PLAIN, 0, data[3], data[4], log=_LOG, purse=Purse())


_MAKERS: Final[dict[int, Callable[[int, bytes], Ef]]] = {
    0x00: _transparent,
    0x02: _variable,
    0x03: _cyclic,
    0x06: _purse,
}


def write_key(chip: FmcosChip, request: Request) -> bytes:
    """WRITE KEY: ``id version algorithm type usage follow-up change counter key``, plain or enciphered with MAC.

    A key that is there is replaced under its own right to change, else one is added under that of the key file.
    """
    request.parameters(0, 0)
    here = chip.here
    if here.key_file is None:
        raise Refusal(NO_FILE)
    if here.key_file.sealed and not request.secure:
        raise Refusal(MAC_MISSING)
    key = _parse(_opened(chip, request) if request.secure else request.data)
    old = here.key(key.use, key.id)
    if old is None:
        chip.need(here.key_file.add, building=True)
        add_key(chip, key)
        return OK
    chip.need(old.change, building=True)
    if old.locked:
        raise Refusal(LOCKED)
    if len(old.value) != len(key.value):
        raise Refusal(WRONG_LENGTH)
    here.keys[here.keys.index(old)] = key
    return OK


def _opened(chip: FmcosChip, request: Request) -> bytes:
    """The record under the external key 01 of the directory above, in the MF under the transport code."""
    above = chip.here.parent
    if above is None:
        code = Key(chip.transport_code, 0, 0, Use.EXTERNAL, 0, Protection.PLAIN, 0, 0)
        return decipher(code, check(chip, request, code, PURSE_MAC_WRONG, costs_try=False), PURSE_MAC_WRONG)
    key = above.key(Use.EXTERNAL, _PARENT_KEY_ID)
    if key is None:
        raise Refusal(NO_KEY)
    if key.locked:
        raise Refusal(LOCKED)
    return decipher(key, check(chip, request, key, PURSE_MAC_WRONG), PURSE_MAC_WRONG)


def _parse(record: bytes) -> Key:
    """Raises Refusal 6700, 6A80 for an unknown type."""
    value = record[_HEAD:]
    if not value:
        raise Refusal(WRONG_LENGTH)
    ident, version, algorithm, kind, usage, follow_up, change, counter = record[:_HEAD]
    use = _USES.get(kind)
    if use is None:
        raise Refusal(WRONG_DATA)
    if len(value) not in _VALUE_SIZES.get(use, _KEY_SIZES):
        raise Refusal(WRONG_LENGTH)
    limit, tries = counter >> 4, counter & 0x0F
    return Key(value, limit, tries, use, ident, Protection.PLAIN, usage, change, follow_up, version, algorithm)


_ADMINISTRATION: Final[Commands] = (("80", 0xE0, create), ("80 84", 0xE8, write_key))

SMARTCOS: Final = System(
    name="smartcos",
    allows=access.smartcos,
    handlers=table(COMMON, _ADMINISTRATION),
    file_header=10,
    key_space=lambda _: _KEY_RECORD,
    longest_record=110,
    contact_interface=b"\x00\x02",
    fresh=lambda directory: not directory.ended,
)


class SmartCosCard(FmcosCard):
    """One SmartCOS card: :class:`FmcosCard` with the other administration."""

    system = "smartcos"
    table = SMARTCOS
    usual_interface = Interface.CONTACT
    head = b"\x00\x00\x86\x00"

    @property
    def sealed(self) -> bool:
        """Whether the making of the MF was ended."""
        return self.chip.root is not None and self.chip.root.ended

    @property
    def finished(self) -> bool:
        return self.sealed
