"""PINs and master keys of the PKI application: digest, VERIFY, change of PIN, authentication and change of master key.

Source: docs/pki.md, "PINs" and "master keys".  Every key is used directly over the challenge, there are no session
keys; a challenge shorter than a block is filled with 00.  Checked in this order: 6700, 6A86, 6A88, 6983 (the challenge
stays), 6982, 6984, then 63Cx or 6988.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.certificates.sm2 import sm3
from sscard.cos.pki import BLOCK, PinRole
from sscard.emulator.access import MASTER, number_of
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, Key, KeyType
from sscard.emulator.secure import decipher
from sscard.emulator.wire import data_of
from sscard.emulator.words import (
    LOCKED,
    MAC_WRONG,
    NO_KEY,
    NOT_ALLOWED,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    tries_left,
    waiting,
)
from sscard.keys.family import MAC_SIZE

_ROLES: Final = {role.p2: role for role in PinRole}
_DIGEST_TAG: Final = 0xC1
_MASTER_HEAD: Final = bytes(3)
_MASTER_CIPHER: Final = 2 * BLOCK


def digest(chip: Chip, apdu: bytes) -> bytes:
    """``80 C4 01 03``: SM3 of the value under C1.  The 32 bytes come with Le and without."""
    body = data_of(chip, apdu)
    if apdu[2:4] != b"\x01\x03":
        raise Refusal(WRONG_P1P2)
    if len(body) < 3 or body[0] != _DIGEST_TAG or body[1] != len(body) - 2:
        raise Refusal(WRONG_DATA)
    answer = sm3(body[2:])
    if chip.t0:
        chip.pending = answer
        return waiting(len(answer))
    return answer + OK


def verify(chip: Chip, apdu: bytes) -> bytes:
    """VERIFY ``00 20 01 81`` (user) or ``00 20 01 00`` (administrator): the challenge under the digest of the PIN.

    Without data a query that spends nothing: 63Cx.  Only the user's PIN opens something.
    """
    body = data_of(chip, apdu)
    if body and len(body) != BLOCK:
        raise Refusal(WRONG_LENGTH)
    role = _ROLES.get(apdu[3])
    if apdu[2] != 1 or role is None:
        raise Refusal(WRONG_P1P2)
    place, pin = _pin(chip, role)
    if not body:
        return tries_left(pin.tries)
    if not pin.tries:
        raise Refusal(LOCKED)
    if not compare_digest(chip.family.encrypt(_key_of(pin), _challenge_block(chip)), body):
        raise Refusal(tries_left(pin.fail()))
    pin.restore()
    if role is PinRole.USER:
        chip.security.pins.add(place)
    return OK


def change_pin(chip: Chip, apdu: bytes) -> bytes:
    """``84 5E 01``: the new PIN under the digest of the old one, MAC with the challenge as initial value.

    Grants no right.  A wrong MAC costs a try: it is the only proof of the old PIN.
    """
    body = data_of(chip, apdu)
    if len(body) != BLOCK + MAC_SIZE:
        raise Refusal(WRONG_LENGTH)
    role = _ROLES.get(apdu[3])
    if apdu[2] != 1 or role is None:
        raise Refusal(WRONG_P1P2)
    _, pin = _pin(chip, role)
    if not pin.tries:
        raise Refusal(LOCKED)
    try:
        new = _protected(chip, apdu, body, _key_of(pin))
    except Refusal as refusal:
        if refusal.word == MAC_WRONG:
            pin.fail()
        raise
    if len(new) * 2 != role.digits or not new.hex().isdigit():
        raise Refusal(WRONG_DATA)
    pin.value = new
    pin.restore()
    return OK


def authenticate(chip: Chip, apdu: bytes) -> bytes:
    """``00 82 00 00``: the challenge under the master key of the current directory."""
    body = data_of(chip, apdu)
    if len(body) != BLOCK:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    place, key = chip.current, _master(chip)
    if not key.tries:
        raise Refusal(LOCKED)
    if not compare_digest(chip.family.encrypt(key.value, _challenge_block(chip)), body):
        raise Refusal(tries_left(key.fail()))
    key.restore()
    chip.security.rights.add((place, MASTER))
    return OK


def write_master(chip: Chip, apdu: bytes) -> bytes:
    """``84 D4 01 00``: a new master key of the current directory under the old one, which was authenticated.

    The right ends with the old key.  A wrong MAC costs no try.
    """
    body = data_of(chip, apdu)
    if len(body) != _MASTER_CIPHER + MAC_SIZE:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] != 1 or apdu[3]:
        raise Refusal(WRONG_P1P2)
    place, key = chip.current, _master(chip)
    if not chip.security.master(place):
        raise Refusal(NOT_ALLOWED)
    block = _protected(chip, apdu, body, key.value)
    if len(block) != len(_MASTER_HEAD) + BLOCK or block[: len(_MASTER_HEAD)] != _MASTER_HEAD:
        raise Refusal(WRONG_DATA)
    key.value = block[len(_MASTER_HEAD) :]
    key.restore()
    chip.security.rights.discard((place, MASTER))
    return OK


def require_user(chip: Chip) -> None:
    """Raises Refusal 6982 unless the user's PIN was verified since power-on."""
    if chip.current.environment not in chip.security.pins:
        raise Refusal(NOT_ALLOWED)


def _pin(chip: Chip, role: PinRole) -> tuple[Directory, Key]:
    place = chip.current.environment
    pin = place.key(KeyType.PIN, number_of(role.p2))
    if pin is None:
        raise Refusal(NO_KEY)
    return place, pin


def _master(chip: Chip) -> Key:
    key = chip.current.master
    if key is None:
        raise Refusal(NO_KEY)
    return key


def _key_of(pin: Key) -> bytes:
    return sm3(pin.value)[:BLOCK]


def _challenge_block(chip: Chip) -> bytes:
    return chip.take_challenge().ljust(BLOCK, b"\0")


def _protected(chip: Chip, apdu: bytes, body: bytes, key: bytes) -> bytes:
    """Check the MAC of ``cipher ‖ MAC`` under ``key`` and decipher.  Raises Refusal 6984, 6988."""
    cipher, mac = body[:-MAC_SIZE], body[-MAC_SIZE:]
    initial = chip.take_challenge()
    if not compare_digest(chip.family.key_mac(key, apdu[:5] + cipher, initial), mac):
        raise Refusal(MAC_WRONG)
    return decipher(chip.family, key, cipher)
