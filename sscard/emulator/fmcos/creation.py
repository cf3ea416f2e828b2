"""CREATE FILE (80 E0) and ERASE DF (80 0E): how FMCOS describes what is to be made.

Source: FMCOS 2.0 manual, CREATE FILE and ERASE DF; docs/fmcos.md.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from sscard.emulator.fmcos.building import EXISTS, add_directory, add_file, add_key_file
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.nodes import Directory, Ef, KeyFile, Kind, Protection, Purse, master_file
from sscard.emulator.fmcos.request import Request
from sscard.emulator.nodes import MF_FID
from sscard.emulator.words import NOT_ALLOWED, OK, WRONG_DATA, WRONG_LENGTH, Refusal

DIRECTORY, KEY_FILE = 0x38, 0x3F
MAC_FLAG, CIPHER_FLAG = 0x80, 0x40
_PLAIN_DIRECTORY: Final = 6
"""Bytes before reserved word and name: type, size 2, create, erase, application file."""
_RESERVED_WORDS: Final = (b"\xff\xff", b"\x7f\xff")
_LONGEST_NAME: Final = 16
_PURSE_SHAPE: Final = b"\x02\x08"
_PURSE_IDS: Final = (0x01, 0x02)
_EF_SIZE: Final = 7


def create_file(chip: FmcosChip, request: Request) -> bytes:
    """CREATE FILE.  Only the MF becomes current by being created."""
    fid = request.p1 << 8 | request.p2
    data = request.data
    if not data:
        raise Refusal(WRONG_LENGTH)
    kind = data[0]
    if kind == DIRECTORY:
        return _create_mf(chip, data) if fid == MF_FID else _create_directory(chip, fid, data)
    if len(data) != _EF_SIZE:
        raise Refusal(WRONG_LENGTH)
    if kind == KEY_FILE:
        add_key_file(chip, KeyFile(fid, _size(data), data[3], data[4]))
        return OK
    make = _MAKERS.get(kind & ~(MAC_FLAG | CIPHER_FLAG))
    if make is None:
        raise Refusal(WRONG_DATA)
    add_file(chip, make(fid, data))
    return OK


def _create_mf(chip: FmcosChip, data: bytes) -> bytes:
    if chip.root is not None:
        raise Refusal(EXISTS)
    code, given = chip.transport_code, data[_PLAIN_DIRECTORY:]
    short = len(code) - 1 if chip.options.short_transport_code else len(code)
    if not short <= len(given) <= len(code):
        raise Refusal(WRONG_LENGTH)
    if not compare_digest(given, code[: len(given)]):
        raise Refusal(NOT_ALLOWED)
    chip.root = master_file(_size(data), *data[3:_PLAIN_DIRECTORY])
    chip.enter(chip.root)
    return OK


def _create_directory(chip: FmcosChip, fid: int, data: bytes) -> bytes:
    reserved, name = data[_PLAIN_DIRECTORY : _PLAIN_DIRECTORY + 2], data[_PLAIN_DIRECTORY + 2 :]
    if not chip.options.shortest_name <= len(name) <= _LONGEST_NAME:
        raise Refusal(WRONG_LENGTH)
    if reserved not in _RESERVED_WORDS:
        raise Refusal(WRONG_DATA)
    add_directory(chip, Directory(fid, name, chip.here, _size(data), *data[3:_PLAIN_DIRECTORY]))
    return OK


def _size(data: bytes) -> int:
    return int.from_bytes(data[1:3], "big")


def _protection(kind: int) -> Protection:
    """By the flags of a type byte; a file with the cipher flag alone is taken for cipher and MAC."""
    if kind & CIPHER_FLAG:
        return Protection.CIPHER
    return Protection.MAC if kind & MAC_FLAG else Protection.PLAIN


def _transparent(fid: int, data: bytes) -> Ef:
    size = _size(data)
    return Ef(fid, Kind.TRANSPARENT, _protection(data[0]), size, data[3], data[4], data[6], content=bytes(size))


def _records(kind: Kind) -> Callable[[int, bytes], Ef]:
    def make(fid: int, data: bytes) -> Ef:
        count, length = data[1], data[2]
        protection = _protection(data[0])
        return Ef(fid, kind, protection, count * length, data[3], data[4], data[6], count, length)

    return make


def _variable(fid: int, data: bytes) -> Ef:
    return Ef(fid, Kind.VARIABLE, _protection(data[0]), _size(data), data[3], data[4], data[6])


def _purse(fid: int, data: bytes) -> Ef:
    """``2F 02 08``, right of use, reserved (by option: right of reading the balance), reserved, SFI of the log."""
    if data[0] != Kind.PURSE or fid not in _PURSE_IDS or data[1:3] != _PURSE_SHAPE:
        raise Refusal(WRONG_DATA)
    return Ef(fid, Kind.PURSE, Protection.PLAIN, 0, data[3], data[4], log=data[6] & 0x1F, purse=Purse())


_MAKERS: Final[dict[int, Callable[[int, bytes], Ef]]] = {
    Kind.TRANSPARENT: _transparent,
    Kind.FIXED: _records(Kind.FIXED),
    Kind.VARIABLE: _variable,
    Kind.CYCLIC: _records(Kind.CYCLIC),
    Kind.PURSE: _purse,
}


def erase_directory(chip: FmcosChip, request: Request) -> bytes:
    """ERASE DF: the current directory loses all its content; it stays, with rights and state, and is free again."""
    request.parameters(0, 0)
    request.no_data()
    here = chip.here
    chip.need(here.erase)
    here.key_file = None
    here.files.clear()
    here.directories.clear()
    here.basic_failures = here.unblock_failures = 0
    chip.free, chip.ef, chip.pointer = True, None, 0
    return OK
