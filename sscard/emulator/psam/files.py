"""SELECT, GET CHALLENGE, EXTERNAL AUTHENTICATION, INITIALIZE ENVIRONMENT, and reading and writing of the small files.

Source: LD/T 32 draft, PSAM part.  What it leaves open (docs/psam.md): files under the DDF master are written with a MAC
under that master itself, challenge as initial value; the information files after authentication with their KID key.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.cos.psam import DIRECTORY_FID
from sscard.emulator.psam.chip import Environment, PsamChip
from sscard.emulator.wire import data_of, deliver, expected
from sscard.emulator.words import (
    LOCKED,
    MAC_MISSING,
    MAC_WRONG,
    NO_CURRENT_EF,
    NO_FILE,
    NO_KEY,
    NO_RECORD,
    NO_ROOM,
    NOT_ALLOWED,
    NOT_NOW,
    OK,
    OUTSIDE_FILE,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    Refusal,
    right_length,
    tries_left,
)
from sscard.keys.family import AUTHENTICATION_SIZE, MAC_SIZE, Algorithm, served
from sscard.keys.psam import AUTHORITIES, ENVIRONMENT_MASTER

_BY_FID, _EF_BY_FID, _BY_NAME = 0x00, 0x02, 0x04
_SFI: Final = 0x80
_CHALLENGES: Final = (4, 8)
_LONG_CHALLENGE: Final = 16
_PAIR: Final = 16
_SECURE: Final = 0x04
_SSF33_AREA: Final = 0x11
_MF: Final = 0x3F00
_BY_NUMBER: Final = 4
_MAX_RECORD: Final = 0xFE


def select(chip: PsamChip, apdu: bytes) -> bytes:
    """SELECT an environment or the application (answer: FCI) or an EF (no data).  One that fails changes nothing."""
    p1, wanted = apdu[2], data_of(chip, apdu)
    if p1 not in (_BY_FID, _EF_BY_FID, _BY_NAME) or apdu[3]:
        raise Refusal(WRONG_P1P2)
    if p1 == _BY_NAME:
        return _enter(chip, apdu, *_named(chip, wanted))
    if len(wanted) not in (0, 2):
        raise Refusal(WRONG_LENGTH)
    fid = int.from_bytes(wanted, "big") if wanted else _MF
    if p1 == _BY_FID:
        if fid == chip.structure.application_fid:
            return _enter(chip, apdu, chip.current, True)
        for environment in chip.environments:
            if fid and environment.spec.fid == fid:
                return _enter(chip, apdu, environment, False)
    if not chip.visible(fid):
        raise Refusal(NO_FILE)
    chip.ef = fid
    chip.delivered = chip.purchase = None
    return OK


def _named(chip: PsamChip, name: bytes) -> tuple[Environment, bool]:
    if name == chip.structure.application:
        return chip.current, True
    for environment in chip.environments:
        if environment.spec.name == name:
            return environment, False
    raise Refusal(NO_FILE)


def _enter(chip: PsamChip, apdu: bytes, environment: Environment, inside: bool) -> bytes:
    answer = deliver(chip, apdu, _fci(chip, environment, inside))
    chip.enter(environment, inside=inside)
    return answer


def _fci(chip: PsamChip, environment: Environment, inside: bool) -> bytes:
    """``6F{84 name}``, in an environment with ``A5{88 SFI of the directory file, 9F0C{86 algorithm}}``."""
    if inside:
        return _tlv(b"\x6f", _tlv(b"\x84", chip.structure.application))
    number = environment.spec.algorithm.fci_id or 0
    own = _tlv(b"\x88", bytes((DIRECTORY_FID,))) + _tlv(b"\x9f\x0c", _tlv(b"\x86", bytes((number,))))
    return _tlv(b"\x6f", _tlv(b"\x84", environment.spec.name) + _tlv(b"\xa5", own))


def _tlv(tag: bytes, value: bytes) -> bytes:
    return tag + bytes((len(value),)) + value


def initialize_environment(chip: PsamChip, apdu: bytes) -> bytes:
    """INITIALIZE ENVIRONMENT: the world of a card by the first byte of its code, 11 (Beijing) SSF33, else DES.

    Raises Refusal 6A80 for a byte that is no area, 6985 where this PSAM cannot compute that cipher.
    """
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    code = data_of(chip, apdu)
    if len(code) != 1:
        raise Refusal(WRONG_LENGTH)
    if not code.hex().isdigit():
        raise Refusal(WRONG_DATA)
    algorithm = Algorithm.SSF33 if code[0] == _SSF33_AREA else Algorithm.DES
    meant = [environment for environment in chip.environments if environment.spec.algorithm is algorithm]
    if not meant or not served(algorithm):
        raise Refusal(NOT_NOW)
    chip.enter(meant[0], inside=False)
    return OK


def get_challenge(chip: PsamChip, apdu: bytes) -> bytes:
    """GET CHALLENGE of 4 or 8 bytes, 16 too where the cipher has that block; valid once, in this directory."""
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    count = expected(chip, apdu)
    long = chip.current.spec.algorithm is not Algorithm.DES
    if count not in _CHALLENGES and not (long and count == _LONG_CHALLENGE):
        raise Refusal(WRONG_LENGTH)
    chip.challenge = chip.randomness.take(count)
    return chip.challenge + OK


def external_authenticate(chip: PsamChip, apdu: bytes) -> bytes:
    """EXTERNAL AUTHENTICATION with KID-01 to KID-03: authentication data 8 ‖ original 8 [‖ key version].

    Checked in this order: 6700, 6A86, 6985, 6A88, 6983 (the challenge stays), 6984, then 63Cx.
    """
    body = data_of(chip, apdu)
    if len(body) not in (_PAIR, _PAIR + 1):
        raise Refusal(WRONG_LENGTH)
    if apdu[2]:
        raise Refusal(WRONG_P1P2)
    family = chip.application().family()
    if not 1 <= apdu[3] <= len(AUTHORITIES) or body[_PAIR:] not in (b"", b"\x01"):
        raise Refusal(NO_KEY)
    name = AUTHORITIES[apdu[3] - 1]
    key = chip.own(name)
    if not key.tries:
        raise Refusal(LOCKED)
    session = family.session_key(key.value, chip.take_challenge())
    right = family.authentication_data(session, body[AUTHENTICATION_SIZE:_PAIR])
    if not compare_digest(right, body[:AUTHENTICATION_SIZE]):
        raise Refusal(tries_left(key.fail()))
    key.restore()
    chip.rights.add(name)
    return OK


def read_binary(chip: PsamChip, apdu: bytes) -> bytes:
    """READ BINARY of any small file; reading is free."""
    count = expected(chip, apdu)
    fid, offset = _located(chip, apdu)
    content = chip.content(fid)
    if offset >= len(content):
        raise Refusal(OUTSIDE_FILE)
    rest = content[offset:]
    if count > len(rest) or (not count and chip.t0 and len(rest) < 256):
        raise Refusal(right_length(len(rest)))
    return rest[: count or 256] + OK


def update_binary(chip: PsamChip, apdu: bytes) -> bytes:
    """UPDATE BINARY, plain after a KID key, with a MAC under the DDF master itself."""
    body = data_of(chip, apdu)
    if not body:
        raise Refusal(WRONG_LENGTH)
    fid, offset = _located(chip, apdu)
    guard = chip.spec(fid).update
    if guard == ENVIRONMENT_MASTER:
        body = _authentic(chip, apdu, body)
    elif not guard or guard not in chip.rights:
        raise Refusal(NOT_ALLOWED)
    content = chip.content(fid)
    if offset >= len(content):
        raise Refusal(OUTSIDE_FILE)
    if offset + len(body) > len(content):
        raise Refusal(WRONG_LENGTH)
    chip.write(fid, content[:offset] + body + content[offset + len(body) :])
    return OK


def read_record(chip: PsamChip, apdu: bytes) -> bytes:
    """READ RECORD of the directory file, by number."""
    number = _record(chip, apdu)
    count = expected(chip, apdu)
    records = chip.current.records
    if number > len(records):
        raise Refusal(NO_RECORD)
    record = records[number - 1]
    if count != len(record) and (count > len(record) or count or chip.t0):
        raise Refusal(right_length(len(record)))
    return record + OK


def update_record(chip: PsamChip, apdu: bytes) -> bytes:
    """UPDATE RECORD of the directory file with a MAC under the DDF master; the next number appends."""
    number = _record(chip, apdu)
    record = _authentic(chip, apdu, data_of(chip, apdu))
    records = chip.current.records
    if number > len(records) + 1:
        raise Refusal(NO_RECORD)
    if number > chip.structure.records:
        raise Refusal(NO_ROOM)
    records[number - 1 : number] = [record]
    return OK


def _record(chip: PsamChip, apdu: bytes) -> int:
    """The record number a command means."""
    sfi = apdu[3] >> 3
    if apdu[3] & 7 != _BY_NUMBER or not 1 <= apdu[2] <= _MAX_RECORD:
        raise Refusal(WRONG_P1P2)
    if chip.inside or sfi not in (0, DIRECTORY_FID):
        raise Refusal(NO_FILE)
    if not sfi and chip.ef != DIRECTORY_FID:
        raise Refusal(NO_CURRENT_EF if chip.ef is None else WRONG_STRUCTURE)
    return apdu[2]


def _located(chip: PsamChip, apdu: bytes) -> tuple[int, int]:
    """FID and offset of a binary command: by short identifier in P1, else the current EF."""
    if apdu[2] & _SFI:
        fid, offset = apdu[2] & 0x1F, apdu[3]
        if apdu[2] & 0x60:
            raise Refusal(WRONG_P1P2)
        if not chip.visible(fid):
            raise Refusal(NO_FILE)
        chip.ef = fid
    elif chip.ef is None:
        raise Refusal(NO_CURRENT_EF)
    else:
        fid, offset = chip.ef, apdu[2] << 8 | apdu[3]
    if fid == DIRECTORY_FID:
        raise Refusal(WRONG_STRUCTURE)
    return fid, offset


def _authentic(chip: PsamChip, apdu: bytes, body: bytes) -> bytes:
    """The data before a MAC under the DDF master.  Raises Refusal 6987, 6A81, 6A88, 6984, 6988."""
    if apdu[0] != _SECURE or len(body) <= MAC_SIZE:
        raise Refusal(MAC_MISSING)
    family, master = chip.current.family(), chip.own(ENVIRONMENT_MASTER)
    payload, mac = body[:-MAC_SIZE], body[-MAC_SIZE:]
    if not compare_digest(family.key_mac(master.value, apdu[:5] + payload, chip.take_challenge()), mac):
        raise Refusal(MAC_WRONG)
    return payload
