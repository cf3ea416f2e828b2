"""INIT SAM FOR PURCHASE and CREDIT SAM FOR PURCHASE: the terminal's side of a medical purchase.

Source: LD/T 32 draft, PSAM part and medical purse.  The terminal counter goes up at INIT, so that no number is used
twice whatever becomes of the purchase; the answer shows the number used.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.cos.psam import TERMINAL_FID
from sscard.cos.purse import Purchase, purchase_seed
from sscard.emulator.psam.chip import Environment, OpenPurchase, PsamChip, StoredKey
from sscard.emulator.psam.session import diversified
from sscard.emulator.wire import data_of, deliver
from sscard.emulator.words import (
    NO_KEY,
    NOT_IN_STATE,
    NOT_NOW,
    OK,
    PURSE_MAC_WRONG,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)
from sscard.keys.diversify import FACTOR_SIZE
from sscard.keys.family import MAC_SIZE
from sscard.keys.psam import MAX_LEVELS, PsamClass

_FIXED: Final = 0x1C


def init_purchase(chip: PsamChip, apdu: bytes) -> bytes:
    """Random 4 ‖ counter 2 ‖ amounts 12 ‖ type 1 ‖ time 7 ‖ version 1 ‖ algorithm 1 ‖ factors → counter 4 ‖ MAC1 4.

    Raises Refusal 6A86, 6700, 6985 (application or terminal number missing, counter used up), 6A88 where no purchase
    key of that version and algorithm is, 6A80 where none takes that number of factors.
    """
    body = data_of(chip, apdu)
    if apdu[2:4] != b"\x01\x00":
        raise Refusal(WRONG_P1P2)
    environment = chip.application()
    levels, rest = divmod(len(body) - _FIXED, FACTOR_SIZE)
    if rest or not 1 <= levels <= MAX_LEVELS:
        raise Refusal(WRONG_LENGTH)
    terminal = chip.shared[TERMINAL_FID]
    if not terminal.hex().isdigit():
        raise Refusal(NOT_NOW)
    key, family = _key(environment, body[26], body[27], levels), environment.family()
    number = chip.draw_counter()
    amounts = [int.from_bytes(body[start : start + 4], "big") for start in (6, 10, 14)]
    order = Purchase(amounts[0], amounts[1], amounts[2], terminal, body[18])
    seed = purchase_seed(body[:4], int.from_bytes(body[4:6], "big"), number)
    session = family.session_key(diversified(family, key.value, body[_FIXED:]), seed)
    chip.purchase = OpenPurchase(family.session_mac(session, order.amounts))
    return deliver(chip, apdu, number + family.session_mac(session, order.mac1(body[19:26])))


def _key(environment: Environment, version: int, algorithm: int, levels: int) -> StoredKey:
    keys = [
        key
        for stored in environment.keys.values()
        for key in stored
        if key.usage.kind is PsamClass.PURCHASE and (key.id, key.algorithm) == (version, algorithm)
    ]
    if not keys:
        raise Refusal(NO_KEY)
    for key in keys:
        if key.usage.levels == levels:
            return key
    raise Refusal(WRONG_DATA)


def credit_purchase(chip: PsamChip, apdu: bytes) -> bytes:
    """Compare the card's MAC2, once: right or wrong the purchase is closed.  Raises Refusal 6901, 9302."""
    mac2 = data_of(chip, apdu)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    if len(mac2) != MAC_SIZE:
        raise Refusal(WRONG_LENGTH)
    purchase, chip.purchase = chip.purchase, None
    if purchase is None:
        raise Refusal(NOT_IN_STATE)
    if not compare_digest(purchase.mac2, mac2):
        raise Refusal(PURSE_MAC_WRONG)
    return OK
