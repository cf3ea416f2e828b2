"""The terminal's security module in a purchase, as the counter needs it, and the one made of a key service.

A PSAM gives its own terminal number and counter (``sscard.psam.module``); with a key service both are the caller's.
"""

from __future__ import annotations

import hmac
from typing import Protocol

from sscard.cos.purse import Purchase, purchase_seed
from sscard.keys.service import KeyRef, KeyService


class PurchaseModule(Protocol):
    """``terminal`` is the terminal number, 6 bytes of packed digits."""

    terminal: bytes

    def start(self, ref: KeyRef, card_random: bytes, counter: int, order: Purchase, time: bytes) -> tuple[bytes, bytes]:
        """Terminal counter (4 bytes), used up by this, and MAC1 (4 bytes) for the card's answer to INITIALIZE.

        ``counter`` is the card's.  Raises CustodyError without the key.
        """
        ...

    def confirms(self, mac2: bytes) -> bool:
        """Whether the MAC2 of the card's answer to DEBIT is right; asked once a purchase."""
        ...


class KeyServiceModule:
    """:class:`PurchaseModule` with the key service playing the module: laboratories and back offices."""

    def __init__(self, keys: KeyService, terminal: bytes, terminal_counter: int) -> None:
        self.terminal = terminal
        self._keys = keys
        self._counter = terminal_counter.to_bytes(4, "big")
        self._mac2 = b""

    def start(self, ref: KeyRef, card_random: bytes, counter: int, order: Purchase, time: bytes) -> tuple[bytes, bytes]:
        seed = purchase_seed(card_random, counter, self._counter)
        self._mac2 = self._keys.session_mac(ref, seed, order.amounts)
        return self._counter, self._keys.session_mac(ref, seed, order.mac1(time))

    def confirms(self, mac2: bytes) -> bool:
        return hmac.compare_digest(self._mac2, mac2)
