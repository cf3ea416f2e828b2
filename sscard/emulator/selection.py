"""SELECT and the file control information (FCI).

Source: LD/T 32 draft, SELECT; docs/t514.md, "FCI".  By FID the order is: the current DF, those below it, beside it,
the one above, then the EFs of the current DF.  A SELECT that fails changes nothing.
"""

from __future__ import annotations

from typing import Final

from sscard.cos.bound import Act
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import MF_FID, Directory, DirectoryKind, Ef, EfType
from sscard.emulator.wire import data_of, deliver
from sscard.emulator.words import APPLICATION_BLOCKED, NO_FILE, OK, WRONG_LENGTH, WRONG_P1P2, Refusal

_BY_FID: Final = 0x00
_EF_BY_FID: Final = 0x02
_BY_NAME: Final = 0x04
_FIRST: Final = 0x00
_NEXT: Final = 0x02
NAME_SIZES: Final = range(5, 17)
_ENVIRONMENT_NAME: Final = b"sx"
_PKI_TEMPLATE: Final = bytes.fromhex("7304 9202 3330")
"""``73{92 "30"}``, as the PKI application answers; its meaning is not published."""


def select(chip: Chip, apdu: bytes) -> bytes:
    """SELECT a directory (answer: its FCI) or an EF (no data)."""
    p1, p2 = apdu[2], apdu[3]
    wanted = data_of(chip, apdu)
    if p1 == _BY_NAME:
        if p2 not in (_FIRST, _NEXT):
            raise Refusal(WRONG_P1P2)
        if len(wanted) not in NAME_SIZES:
            raise Refusal(WRONG_LENGTH)
        return _enter(chip, apdu, _by_name(chip, wanted, after_current=p2 == _NEXT))
    if p1 not in (_BY_FID, _EF_BY_FID) or p2 != _FIRST:
        raise Refusal(WRONG_P1P2)
    if p1 == _EF_BY_FID:
        if len(wanted) != 2:
            raise Refusal(WRONG_LENGTH)
        return _open(chip, chip.current.files.get(int.from_bytes(wanted, "big")))
    if len(wanted) not in (0, 2):
        raise Refusal(WRONG_LENGTH)
    fid = int.from_bytes(wanted, "big") if wanted else MF_FID
    directory = _by_fid(chip, fid)
    if directory is not None:
        return _enter(chip, apdu, directory)
    return _open(chip, chip.current.files.get(fid))


def _by_name(chip: Chip, name: bytes, *, after_current: bool) -> Directory:
    directory = chip.names.get(name)
    if directory is None or (after_current and directory is chip.current):
        raise Refusal(NO_FILE)
    return directory


def _by_fid(chip: Chip, fid: int) -> Directory | None:
    if fid == MF_FID:
        return chip.root
    current = chip.current
    if current.fid == fid:
        return current
    found = current.directories.get(fid)
    parent = current.parent
    if found is None and parent is not None:
        found = parent.directories.get(fid) or (parent if parent.fid == fid else None)
    return found


def _enter(chip: Chip, apdu: bytes, directory: Directory) -> bytes:
    if directory.blocked:
        raise Refusal(APPLICATION_BLOCKED)
    if chip.shut:
        chip.require_open(Act.SELECT, directory)
    answer = deliver(chip, apdu, directory.fci or fci(chip, directory))
    chip.enter(directory)
    return answer


def _open(chip: Chip, ef: Ef | None) -> bytes:
    if chip.current.blocked:
        raise Refusal(APPLICATION_BLOCKED)
    if ef is None:
        raise Refusal(NO_FILE)
    chip.ef = ef
    chip.pointer = 0
    return OK


def fci(chip: Chip, directory: Directory) -> bytes:
    """Build and keep ``6F{84 name [A5{88 SFI of DIR, 9F0C{86 algorithm}}]}``: no A5 for ADFs, 9F0C for ``sx…`` only."""
    body = _tlv(b"\x84", directory.name or directory.fid.to_bytes(2, "big"))
    if directory.kind is not DirectoryKind.ADF:
        sfi = next((ef.sfi for ef in directory.files.values() if ef.type is EfType.DIR), 0)
        own = _tlv(b"\x88", bytes((sfi,))) if sfi else b""
        number = chip.algorithm.fci_id if chip.options.algorithm_in_fci else None
        if number is not None and directory.name.startswith(_ENVIRONMENT_NAME):
            own += _tlv(b"\x9f\x0c", _tlv(b"\x86", bytes((number,))))
        if own:
            body += _tlv(b"\xa5", own)
        if directory.pki:
            body += _PKI_TEMPLATE
    directory.fci = _tlv(b"\x6f", body)
    return directory.fci


def _tlv(tag: bytes, value: bytes) -> bytes:
    return tag + bytes((len(value),)) + value
