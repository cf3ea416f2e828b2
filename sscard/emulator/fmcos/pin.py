"""VERIFY, CHANGE PIN, RELOAD PIN and PIN UNBLOCK.

Source: FMCOS 2.0 manual, PIN commands; docs/fmcos.md.  A PIN may be exhausted and come back; the keys that bring it
back may not.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import DES, check, decipher
from sscard.emulator.fmcos.nodes import Key, Use
from sscard.emulator.fmcos.request import Request
from sscard.emulator.words import (
    NO_FILE,
    NO_KEY,
    NO_KEY_INDEX,
    OK,
    PURSE_MAC_WRONG,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    tries_left,
)
from sscard.keys.family import MAC_SIZE
from sscard.keys.transaction import transaction_key

FILL: Final = b"\xff"
SHORTEST: Final = 2
_CHANGE_SIZES: Final = range(5, 14)
_RELOAD, _CHANGE = 0, 1
_SERVICE_ID: Final = 0x00
"""Id of the one reload and the one unblocking key of an application."""


def verify(chip: FmcosChip, request: Request) -> bytes:
    """VERIFY; the FF at the end of the stored PIN may be left out."""
    if request.p1:
        raise Refusal(WRONG_P1P2)
    given = request.data
    if not SHORTEST <= len(given) <= chip.options.longest_pin and given != FILL:
        raise Refusal(WRONG_LENGTH)
    pin = chip.key(Use.PIN, request.p2)
    if not compare_digest(given.ljust(len(pin.value), FILL), pin.value):
        raise Refusal(tries_left(pin.fail()))
    pin.restore()
    chip.reach(pin.follow_up)
    chip.pin_passed = True
    return OK


def change_or_reload(chip: FmcosChip, request: Request) -> bytes:
    """CHANGE PIN (P1 01: old ‖ FF ‖ new) and RELOAD PIN (P1 00: new ‖ MAC)."""
    if request.p1 == _CHANGE:
        return _change(chip, request)
    if request.p1 == _RELOAD:
        return _reload(chip, request)
    raise Refusal(WRONG_P1P2)


def _change(chip: FmcosChip, request: Request) -> bytes:
    body = request.body(*_CHANGE_SIZES)
    pin = chip.key(Use.PIN, request.p2)
    old, separator, new = body.partition(FILL)
    if not separator:
        raise Refusal(WRONG_DATA)
    value = _stored(pin, new)
    if not compare_digest(old.ljust(len(pin.value), FILL), pin.value):
        raise Refusal(tries_left(pin.fail()))
    pin.value = value
    pin.restore()
    return OK


def _stored(pin: Key, new: bytes) -> bytes:
    """A new PIN as it is kept, in the room of the old one.  Raises Refusal 6700 where it does not fit."""
    if not SHORTEST <= len(new) <= len(pin.value):
        raise Refusal(WRONG_LENGTH)
    return new.ljust(len(pin.value), FILL)


def _pin(chip: FmcosChip, ident: int) -> Key:
    """A PIN, locked or not.  Raises Refusal 6A82, 6A88."""
    if chip.here.key_file is None:
        raise Refusal(NO_FILE)
    pin = chip.here.key(Use.PIN, ident)
    if pin is None:
        raise Refusal(NO_KEY)
    return pin


def _reload(chip: FmcosChip, request: Request) -> bytes:
    """The MAC covers the new PIN alone, with zero initial value and the halves of the reload key folded."""
    pin = _pin(chip, request.p2)
    body = request.body(*range(SHORTEST + MAC_SIZE, 9 + MAC_SIZE))
    new, mac = body[:-MAC_SIZE], body[-MAC_SIZE:]
    value = _stored(pin, new)
    if chip.here.key(Use.RELOAD, _SERVICE_ID) is None:
        raise Refusal(NO_KEY_INDEX)
    key = chip.key(Use.RELOAD, _SERVICE_ID)
    if not compare_digest(DES.session_mac(transaction_key(DES, key.value), new), mac):
        key.fail()
        raise Refusal(PURSE_MAC_WRONG)
    key.restore()
    pin.value = value
    pin.restore()
    return OK


def unblock(chip: FmcosChip, request: Request) -> bytes:
    """PIN UNBLOCK: the new PIN enciphered with MAC under the unblocking key; all tries come back."""
    if request.p2 and not (chip.options.unblock_p2_one and request.p2 == 1):
        raise Refusal(WRONG_P1P2)
    request.body(12, 20)
    pin = _pin(chip, request.p1)
    key = chip.key(Use(chip.options.unblock_key), _SERVICE_ID)
    payload = check(chip, request, key, PURSE_MAC_WRONG)
    value = _stored(pin, decipher(key, payload, PURSE_MAC_WRONG))
    pin.value = value
    pin.restore()
    return OK
