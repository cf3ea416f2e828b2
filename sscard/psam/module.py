"""The PSAM as the security module of a purchase: it gives the terminal's number, counter and MAC1 and checks MAC2.

Source: LD/T 32 draft, INIT and CREDIT SAM FOR PURCHASE.  Factors go nearest level first.
"""

from __future__ import annotations

from typing import Final

from sscard.cos.purse import Purchase
from sscard.errors import CustodyError, GuardRefused, StatusError
from sscard.keys.family import Algorithm
from sscard.keys.psam import ALGORITHM_BYTES, MAX_LEVELS, factors_of
from sscard.keys.service import KeyRef
from sscard.psam.reader import Psam

_KEY_SIZE: Final = 16
_OTHER_LEVEL: Final = frozenset((0x6A80, 0x6A88))
_MAC_WRONG: Final = frozenset((0x9302, 0x63CF))
"""Wrong MAC2: the status table and the description of the command differ."""


class PsamModule:
    """:class:`sscard.terminal.purchase.PurchaseModule` of a PSAM.  Raises GuardRefused where it has no number yet."""

    def __init__(self, psam: Psam) -> None:
        terminal = psam.facts().terminal
        if not terminal:
            raise GuardRefused("psam-numberless")
        self.terminal = bytes.fromhex(terminal)
        self._psam = psam
        self._levels: int | None = None

    def start(self, ref: KeyRef, card_random: bytes, counter: int, order: Purchase, time: bytes) -> tuple[bytes, bytes]:
        """Terminal counter (4 bytes) and MAC1 (4 bytes).  Raises CustodyError where the PSAM has no such key."""
        levels = range(MAX_LEVELS, 0, -1) if self._levels is None else (self._levels,)
        for count in levels:
            body = purchase_body(self._psam.algorithm, ref, count, card_random, counter, order, time)
            try:
                started = self._psam.init_purchase(body)
            except StatusError as error:
                if error.sw not in _OTHER_LEVEL:
                    raise
            else:
                self._levels = count
                return started
        raise CustodyError("psam-no-key", ref=str(ref))

    def confirms(self, mac2: bytes) -> bool:
        """Whether the card's MAC2 is right.  Raises StatusError for any other refusal."""
        answer = self._psam.credit_purchase(mac2)
        if answer.sw in _MAC_WRONG:
            return False
        if not answer.ok:
            raise StatusError(answer.sw, "CREDIT SAM FOR PURCHASE")
        return True


def purchase_body(
    algorithm: Algorithm, ref: KeyRef, levels: int, card_random: bytes, counter: int, order: Purchase, time: bytes
) -> bytes:
    """Data of INIT SAM FOR PURCHASE for the card and version of ``ref`` and a root of so many levels."""
    return purchase_data(algorithm, ref.version, card_random, counter, order, time, factors_of(ref, levels))


def purchase_data(
    algorithm: Algorithm,
    version: int,
    card_random: bytes,
    counter: int,
    order: Purchase,
    time: bytes,
    factors: tuple[bytes, ...],
) -> bytes:
    """Data of INIT SAM FOR PURCHASE, 1C bytes and the factors, nearest level first."""
    key = bytes((version, ALGORITHM_BYTES[algorithm, _KEY_SIZE]))
    head = card_random + counter.to_bytes(2, "big") + order.amounts + bytes((order.code,)) + time
    return head + key + b"".join(factors)
