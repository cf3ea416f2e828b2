"""APPLICATION BLOCK and CARD BLOCK, both for ever.

Source: LD/T 32 draft.  The key that opens the block (LK of the application, BK of SSSE) is authenticated first; the
command itself carries a MAC under the STK.
"""

from __future__ import annotations

from typing import Final

from sscard.emulator.access import number_of
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, DirectoryKind, KeyType
from sscard.emulator.secure import check_mac, maintenance_key
from sscard.emulator.wire import data_of
from sscard.emulator.words import LOCKED, MAC_WRONG, NO_KEY, NOT_ALLOWED, OK, WRONG_LENGTH, WRONG_P1P2, Refusal
from sscard.keys.family import MAC_SIZE

LOCK_NUMBER: Final = 0x03
CARD_LOCK_NUMBER: Final = 0x05


def block_application(chip: Chip, apdu: bytes) -> bytes:
    """APPLICATION BLOCK of the current ADF.  There is no such key for SSSE and MF: 6A88."""
    body = _body(chip, apdu, p2=1)
    application = chip.current
    if application.kind is not DirectoryKind.ADF:
        raise Refusal(NO_KEY)
    _authorize(chip, apdu, body, application, number_of(application.lock) or LOCK_NUMBER)
    application.blocked = True
    chip.settle()
    return OK


def block_card(chip: Chip, apdu: bytes) -> bytes:
    """CARD BLOCK; may be sent inside an ADF."""
    body = _body(chip, apdu, p2=0)
    _authorize(chip, apdu, body, chip.current.environment, CARD_LOCK_NUMBER)
    chip.blocked = True
    chip.settle()
    return OK


def _body(chip: Chip, apdu: bytes, p2: int) -> bytes:
    body = data_of(chip, apdu)
    if len(body) != MAC_SIZE:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] or apdu[3] != p2:
        raise Refusal(WRONG_P1P2)
    return body


def _authorize(chip: Chip, apdu: bytes, body: bytes, place: Directory, number: int) -> None:
    """Raises Refusal 6A88, 6982, 6983, 6984, 6988 in this order."""
    opener = place.key(KeyType.EXTERNAL, number)
    if opener is None:
        raise Refusal(NO_KEY)
    stk = maintenance_key(place)
    if (place, opener.number) not in chip.security.rights:
        raise Refusal(NOT_ALLOWED)
    if not opener.tries:
        raise Refusal(LOCKED)
    try:
        check_mac(chip, apdu, body, stk)
    except Refusal as refusal:
        if refusal.word == MAC_WRONG and chip.options.block_mac_costs_try:
            opener.fail()
        raise
