"""Answer to reset: its parts, and the thirteen historical bytes of a social-security card.

Source: ISO 7816-3 clause 8; PC/SC part 3 (ATR of a contactless card); LD/T 32 draft (historical bytes T1–TD); see
docs/card.md, "ATR".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from sscard.apdu.exchange import Protocol
from sscard.errors import ProtocolError

_CLOCK_HZ: Final = 4_000_000
_FI: Final = {
    0: 372,
    1: 372,
    2: 558,
    3: 744,
    4: 1116,
    5: 1488,
    6: 1860,
    9: 512,
    10: 768,
    11: 1024,
    12: 1536,
    13: 2048,
}
_DI: Final = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 64, 8: 12, 9: 20}
_DEFAULT_TA1: Final = 0x11
HISTORICAL_SIZE: Final = 13
MAX_SIZE: Final = 33
_CONTACTLESS_BITS_PER_SECOND: Final = 106_000


class Interface(Enum):
    """How a reader reaches a card."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"


@dataclass(frozen=True, slots=True)
class Atr:
    """A parsed ATR.  ``ta1`` is None where the card offers only the default rate."""

    raw: bytes
    historical: bytes
    protocols: tuple[int, ...]
    ta1: int | None

    @staticmethod
    def parse(raw: bytes) -> Atr:
        """Split an ATR.  Raises ProtocolError when the bytes do not form one.

        The check byte TCK must be there where a protocol other than T=0 is announced; its value is the reader's affair.
        """
        return _parse(bytes(raw))

    @property
    def interface(self) -> Interface:
        """Contactless for the form readers make of an ATS: ``3B 8n 80 01``, historical bytes, check byte.

        A contact card may send the same bytes; it then offers T=1 too, so that taking it for contactless does no harm.
        """
        made = self.raw[0] == 0x3B and self.raw[1] & 0xF0 == 0x80 and self.raw[2:4] == b"\x80\x01"
        return Interface.CONTACTLESS if made else Interface.CONTACT

    @property
    def protocol(self) -> Protocol:
        """The protocol to speak: what the first TD announces (T=0 where there is none), T=1 to a contactless card."""
        if self.interface is Interface.CONTACTLESS:
            return Protocol.T1
        return Protocol.T1 if self.protocols[0] == 1 else Protocol.T0

    @property
    def bits_per_second(self) -> int:
        """Default wire speed in bit/s: at a 4 MHz clock, over the air 106 kbit/s."""
        return _rate(_DEFAULT_TA1) if self.interface is Interface.CONTACT else _CONTACTLESS_BITS_PER_SECOND

    @property
    def negotiable_bits_per_second(self) -> int:
        """Fastest wire speed the card offers at a 4 MHz clock, in bit/s; over the air an ATR does not tell it."""
        if self.interface is Interface.CONTACTLESS:
            return self.bits_per_second
        return _rate(self.ta1 if self.ta1 is not None else _DEFAULT_TA1)

    @property
    def is_social_security(self) -> bool:
        """Whether the ATR has the shape of a social-security card's: direct convention, thirteen historical bytes."""
        return len(self.historical) == HISTORICAL_SIZE and self.raw[0] == 0x3B

    @property
    def card_factor(self) -> bytes:
        """T6–TD, the eight bytes that diversify this card's keys.  Raises ProtocolError for other cards."""
        if not self.is_social_security:
            raise ProtocolError("atr-foreign", atr=self.raw.hex().upper())
        return self.historical[5:]

    @property
    def area(self) -> str:
        """First four digits of the issuing area (T8–T9)."""
        return self.historical[7:9].hex()

    @property
    def serial(self) -> bytes:
        """TA–TD, the serial inside the area, 4 bytes."""
        return self.historical[9:13]


@lru_cache(maxsize=256)
def _parse(raw: bytes) -> Atr:
    if not 2 <= len(raw) <= MAX_SIZE or raw[0] not in (0x3B, 0x3F):
        raise ProtocolError("atr-form", atr=raw.hex().upper())
    protocols: list[int] = []
    ta1: int | None = None
    position, level, present, count = 2, 1, raw[1] >> 4, raw[1] & 0x0F
    try:
        while True:
            if present & 1:
                if level == 1:
                    ta1 = raw[position]
                position += 1
            position += (present >> 1 & 1) + (present >> 2 & 1)
            if not present & 8:
                break
            protocols.append(raw[position] & 0x0F)
            present = raw[position] >> 4
            position += 1
            level += 1
    except IndexError:
        raise ProtocolError("atr-form", atr=raw.hex().upper()) from None
    historical = raw[position : position + count]
    check = 1 if any(protocols) else 0
    if len(historical) != count or len(raw) != position + count + check:
        raise ProtocolError("atr-form", atr=raw.hex().upper())
    return Atr(raw, historical, tuple(protocols) or (0,), ta1)


def historical_of_ats(ats: bytes) -> bytes:
    """The historical bytes of an answer to select (ISO 14443-4): ``TL [T0 [TA] [TB] [TC]] T1…Tk``.

    Raises ProtocolError("ats-form") where the bytes do not form one.
    """
    if not ats or ats[0] != len(ats):
        raise ProtocolError("ats-form", ats=ats.hex().upper())
    if len(ats) == 1:
        return b""
    interface_bytes = (ats[1] >> 4 & 0x07).bit_count()
    if len(ats) < 2 + interface_bytes:
        raise ProtocolError("ats-form", ats=ats.hex().upper())
    return ats[2 + interface_bytes :]


def _rate(ta1: int) -> int:
    fi, di = _FI.get(ta1 >> 4), _DI.get(ta1 & 0x0F)
    if fi is None or di is None:
        fi, di = _FI[1], _DI[1]
    return _CLOCK_HZ * di // fi
