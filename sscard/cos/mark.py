"""Which COS a card speaks, told by its historical bytes, and what of them names the card and diversifies its keys.

Source: docs/card.md, "ATR" (thirteen bytes of social-security cards); FMCOS manuals (eleven bytes of the ATS).
"""

from __future__ import annotations

from dataclasses import dataclass

from sscard.apdu.atr import Atr
from sscard.keys.diversify import FACTOR_SIZE

_SERIAL_SIZE = 4


def factor_of(historical: bytes) -> bytes:
    """The card factor in historical bytes: their last eight."""
    return historical[-FACTOR_SIZE:]


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """One card: ``name`` is its historical bytes in hex, ``factor`` (8 bytes) diversifies keys, ``serial`` has 4."""

    name: str
    factor: bytes
    serial: bytes


@dataclass(frozen=True, slots=True)
class CardMark:
    """The historical bytes of a kind of card: how many there are, and fixed ones by position.

    The last eight are the card factor, the last four the serial.
    """

    length: int
    fixed: tuple[tuple[int, int], ...] = ()

    def identity(self, atr: Atr) -> CardIdentity | None:
        """The card of this ATR; None where it is of another kind."""
        told = atr.historical
        if atr.raw[0] != 0x3B or len(told) != self.length or any(told[at] != byte for at, byte in self.fixed):
            return None
        return CardIdentity(told.hex().upper(), factor_of(told), told[-_SERIAL_SIZE:])
