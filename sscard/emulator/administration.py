"""The administration commands of COS_T514: how this card is built.

Source: docs/t514.md (bytes, rights, status words).
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.access import BOTH, Rule
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import INTERNAL_FIDS, MF_FID, Directory, DirectoryKind, Ef, EfType
from sscard.emulator.selection import NAME_SIZES
from sscard.emulator.wire import data_of, no_data
from sscard.emulator.words import (
    EXISTS,
    LOCKED,
    NO_CURRENT_EF,
    NO_ROOM,
    NOT_ALLOWED,
    NOT_NOW,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    tries_left,
)

_CREATE, _END, _TRANSPORT = 1, 2, 3
_BODY: Final = 16
_KIND_OFFSET: Final = 7
_KINDS: Final = {0x01: DirectoryKind.DDF, 0x02: DirectoryKind.ADF}
_EF_TYPES: Final = {kind.value: kind for kind in EfType}
_LAST_SFI: Final = 0x1E
_RESERVED_FIDS: Final = frozenset((0x0000, 0xFFFF))
_DELETE_DF, _DELETE_ADF, _DELETE_EF = 1, 2, 3


def administer(chip: Chip, apdu: bytes) -> bytes:
    """``80 E0``: P1 01 create, 02 end of pre-issue, 03 verify transport code."""
    p1 = apdu[2]
    if apdu[3]:
        raise Refusal(WRONG_P1P2)
    if p1 == _CREATE:
        return _create(chip, data_of(chip, apdu))
    if p1 == _END:
        no_data(chip, apdu)
        return _end_pre_issue(chip)
    if p1 == _TRANSPORT:
        return _verify_transport(chip, data_of(chip, apdu))
    raise Refusal(WRONG_P1P2)


def _verify_transport(chip: Chip, given: bytes) -> bytes:
    code = chip.transport_code
    if len(given) != len(code.value):
        raise Refusal(WRONG_LENGTH)
    if chip.sealed:
        raise Refusal(NOT_NOW)
    if not code.tries:
        raise Refusal(LOCKED)
    if not compare_digest(given, code.value):
        raise Refusal(tries_left(code.fail()))
    code.restore()
    chip.security.transport = True
    return OK


def _end_pre_issue(chip: Chip) -> bytes:
    if chip.sealed:
        raise Refusal(NOT_NOW)
    if not (chip.security.transport or chip.security.master(chip.root)):
        raise Refusal(NOT_ALLOWED)
    chip.sealed = True
    chip.security.transport = False
    return OK


def _create(chip: Chip, body: bytes) -> bytes:
    if len(body) < _BODY:
        raise Refusal(WRONG_LENGTH)
    kind = _KINDS.get(body[_KIND_OFFSET])
    if kind is not None:
        return _create_directory(chip, body, kind)
    ef_type = _EF_TYPES.get(body[_KIND_OFFSET])
    if ef_type is None:
        raise Refusal(WRONG_DATA)
    return _create_file(chip, body, ef_type)


def _create_directory(chip: Chip, body: bytes, kind: DirectoryKind) -> bytes:
    """A DDF goes into the MF, an ADF into the current DDF or, from an ADF, into the DDF above; it becomes current."""
    current = chip.current
    right_here = DirectoryKind.MF if kind is DirectoryKind.DDF else DirectoryKind.DDF
    if not (chip.security.transport or (current.kind is right_here and chip.security.master(current))):
        raise Refusal(NOT_ALLOWED)
    name = body[_BODY:]
    fixed = body[0:1] + body[2:5] + body[8:9] + body[10:_BODY]
    if fixed != b"\x00\x00\xff\x01\x00\x23\x00\x00\x80\x00\x81" or (name and len(name) not in NAME_SIZES):
        raise Refusal(WRONG_DATA)
    parent = chip.root if kind is DirectoryKind.DDF else current.environment
    fid = _new_fid(body, parent)
    if name in chip.names:
        raise Refusal(EXISTS)
    directory = Directory(fid, kind, name, parent, lock=body[1])
    parent.directories[fid] = directory
    chip.index_names()
    chip.enter(directory)
    return OK


def _create_file(chip: Chip, body: bytes, ef_type: EfType) -> bytes:
    if len(body) != _BODY:
        raise Refusal(WRONG_LENGTH)
    current = chip.current
    if not (chip.security.transport or chip.security.master(current)):
        raise Refusal(NOT_ALLOWED)
    size, sfi, which, record_length = int.from_bytes(body[3:5], "big"), body[9], body[10], body[11]
    in_records = ef_type in (EfType.FIXED, EfType.CYCLIC)
    if body[:3] != bytes(3) or body[8] or not size or sfi > _LAST_SFI or (in_records and not record_length):
        raise Refusal(WRONG_DATA)
    if in_records and record_length > size:
        raise Refusal(WRONG_DATA)
    fid = _new_fid(body, current)
    if sfi and sfi in current.by_sfi:
        raise Refusal(EXISTS)
    if size > chip.room():
        raise Refusal(NO_ROOM)
    current.add_file(
        Ef(
            fid,
            sfi,
            ef_type,
            size,
            record_length,
            read=Rule(body[12], body[13], which >> 4 == BOTH),
            update=Rule(body[14], body[15], which & 0x0F == BOTH),
            content=bytes(size) if ef_type is EfType.TRANSPARENT else b"",
        )
    )
    return OK


def _new_fid(body: bytes, place: Directory) -> int:
    fid = int.from_bytes(body[5:7], "big")
    if fid in _RESERVED_FIDS:
        raise Refusal(WRONG_DATA)
    if fid in (MF_FID, place.fid) or fid in INTERNAL_FIDS or fid in place.files or fid in place.directories:
        raise Refusal(EXISTS)
    return fid


def delete(chip: Chip, apdu: bytes) -> bytes:
    """``80 E1``: delete the current EF, or the current directory with all in it; the MF is emptied and opened again."""
    body = data_of(chip, apdu)
    if len(body) != 1:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    current = chip.current
    if not (chip.security.transport or chip.security.master(current)):
        raise Refusal(NOT_ALLOWED)
    if body[0] == _DELETE_EF:
        if chip.ef is None:
            raise Refusal(NO_CURRENT_EF)
        current.remove_file(chip.ef)
        chip.ef = None
        chip.pointer = 0
        return OK
    wanted = _DELETE_ADF if current.kind is DirectoryKind.ADF else _DELETE_DF
    if body[0] != wanted:
        raise Refusal(WRONG_DATA)
    _remove(chip, current)
    return OK


def _remove(chip: Chip, directory: Directory) -> None:
    parent = directory.parent
    if parent is None:
        chip.root = Directory(MF_FID, DirectoryKind.MF, b"", None)
        chip.sealed = False
        chip.enter(chip.root)
    else:
        del parent.directories[directory.fid]
        chip.enter(parent)
    chip.security.pins.discard(directory)
    chip.index_names()
