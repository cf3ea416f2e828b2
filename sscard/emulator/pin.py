"""VERIFY, CHANGE PIN and PIN CHANGE/UNBLOCK.

Source: LD/T 32 draft, PIN commands.  The PIN lives in SSSE and serves all its ADFs; its right lasts until power-off.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, Key, KeyType
from sscard.emulator.secure import check_mac, decipher, maintenance_key
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
)
from sscard.keys.family import MAC_SIZE

VERIFY_SIZES: Final = range(2, 9)
CHANGE_SIZES: Final = range(3, 18)
PIN_BYTES: Final = 8
PUK_NUMBER: Final = 0x06
_SEPARATOR: Final = b"\xff"
_FEWEST_DIGITS: Final = 4
_UNBLOCK, _RELOAD = 0, 1


def _pin_of(chip: Chip) -> tuple[Directory, Key]:
    place = chip.current.environment
    pin = place.pin
    if pin is None:
        raise Refusal(NO_KEY)
    return place, pin


def verify(chip: Chip, apdu: bytes) -> bytes:
    """VERIFY; without data a query that spends nothing: 63Cx, or 9000 where the stored PIN is empty."""
    given = data_of(chip, apdu)
    if given and len(given) not in VERIFY_SIZES:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    place, pin = _pin_of(chip)
    if not given:
        return tries_left(pin.tries) if pin.value else OK
    if not pin.tries:
        raise Refusal(LOCKED)
    if not compare_digest(given, pin.value):
        raise Refusal(tries_left(pin.fail()))
    pin.restore()
    chip.security.pins.add(place)
    return OK


def change_pin(chip: Chip, apdu: bytes) -> bytes:
    """CHANGE PIN: old ‖ FF ‖ new, either may be empty.  Grants no right.

    The form of the new PIN is checked first (6A80) and costs no try.
    """
    body = data_of(chip, apdu)
    if len(body) not in CHANGE_SIZES:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] != 1 or apdu[3]:
        raise Refusal(WRONG_P1P2)
    _, pin = _pin_of(chip)
    old, separator, new = body.partition(_SEPARATOR)
    if not separator or len(old) > PIN_BYTES or not is_pin(new):
        raise Refusal(WRONG_DATA)
    if not pin.tries:
        raise Refusal(LOCKED)
    if not compare_digest(old, pin.value):
        raise Refusal(tries_left(pin.fail()))
    pin.value = new
    pin.restore()
    return OK


def is_pin(value: bytes) -> bool:
    """Whether a PIN is empty or 4–16 digits, packed, an odd count filled with one F."""
    digits = value.hex()
    if digits.endswith("f"):
        digits = digits[:-1]
    return not value or (len(value) <= PIN_BYTES and len(digits) >= _FEWEST_DIGITS and digits.isdigit())


def change_or_unblock(chip: Chip, apdu: bytes) -> bytes:
    """PIN CHANGE/UNBLOCK under the STK of SSSE, after authentication with the PUK; may be sent inside an ADF.

    P2 00 restores the counter, P2 01 also loads a new PIN.  Checked in this order: 6700, 6A86, 6A88, 6982, 6983, 6984,
    6988.  A wrong MAC costs one try of the PUK; the right stays.
    """
    body = data_of(chip, apdu)
    p2 = apdu[3]
    if apdu[2] or p2 not in (_UNBLOCK, _RELOAD):
        raise Refusal(WRONG_P1P2)
    if len(body) not in _reload_sizes(chip, p2):
        raise Refusal(WRONG_LENGTH)
    place, pin = _pin_of(chip)
    puk = place.key(KeyType.EXTERNAL, pin.option or PUK_NUMBER)
    if puk is None:
        raise Refusal(NO_KEY)
    stk = maintenance_key(place)
    if (place, puk.number) not in chip.security.rights:
        raise Refusal(NOT_ALLOWED)
    if not puk.tries:
        raise Refusal(LOCKED)
    try:
        cipher, session_key = check_mac(chip, apdu, body, stk)
    except Refusal as refusal:
        if refusal.word == MAC_WRONG:
            puk.fail()
        raise
    if p2 == _RELOAD:
        new = decipher(chip.family, session_key, cipher) if cipher else b""
        if not is_pin(new):
            raise Refusal(WRONG_DATA)
        pin.value = new
    pin.restore()
    return OK


def _reload_sizes(chip: Chip, p2: int) -> tuple[int, ...]:
    """Lc allowed: the MAC alone, or with the cipher of a PIN of up to eight bytes."""
    if p2 == _UNBLOCK:
        return (MAC_SIZE,)
    block = chip.family.block
    return tuple(MAC_SIZE + size for size in range(0, PIN_BYTES + 1 + block, block))
