"""Mother card (密钥母卡) and transport card (传输密钥卡): what they hold, whatever they are made of.

A set is two mother cards and two transport cards under one set number.  Mother cards hold key blocks, transport cards
the 32-byte secret from which the key that opens those blocks is made; the copies of a kind hold the same.  Either kind
alone is useless.  docs/ceremony.md, "carriers".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, Self

from sscard.errors import CustodyError
from sscard.keys.secret import Secret

APPLICATION: Final = b"SSCARD.CARRIER"
"""Name under which the cards are selected."""
LABEL_PLACE: Final = 0x8100
"""P1 P2 of the label: short file 01, offset 0; any value below 8000 is an offset in the content."""
LABEL_SIZE: Final = 42
SERIAL_SIZE: Final = 8
SET_SIZE: Final = 8
TRANSPORT_SIZE: Final = 32
COPIES: Final = (1, 2)
PIN_LENGTHS: Final = range(8, 17)


class Carrier(Enum):
    """The two kinds of carriers, with their byte on the card."""

    MOTHER = 0x4D
    TRANSPORT = 0x54

    @property
    def item(self) -> str:
        """The name in the handover memo."""
        return "mother-card" if self is Carrier.MOTHER else "transport-card"


@dataclass(frozen=True, slots=True)
class Label:
    """What everybody may read of a loaded carrier.

    On the card: kind (1 byte), copy (1: 1 or 2), set number (8), SHA-256 of the content (32).
    """

    carrier: Carrier
    copy: int
    set_number: bytes
    digest: bytes

    @classmethod
    def of(cls, carrier: Carrier, copy: int, set_number: bytes, content: bytes) -> Self:
        """The label of a content."""
        return cls(carrier, copy, set_number, hashlib.sha256(content).digest())

    @classmethod
    def parse(cls, raw: bytes) -> Self | None:
        """Read a label; None on a blank card (all zeros).  Raises CustodyError("carrier-label")."""
        if raw == bytes(LABEL_SIZE):
            return None
        if len(raw) != LABEL_SIZE or raw[0] not in (each.value for each in Carrier) or raw[1] not in COPIES:
            raise CustodyError("carrier-label")
        return cls(Carrier(raw[0]), raw[1], raw[2 : 2 + SET_SIZE], raw[2 + SET_SIZE :])

    def __bytes__(self) -> bytes:
        return bytes((self.carrier.value, self.copy)) + self.set_number + self.digest

    def fits(self, content: bytes) -> bool:
        """Whether ``content`` is what the label was made for."""
        return hashlib.sha256(content).digest() == self.digest


class CarrierCard(Protocol):
    """One carrier in a reader.  Every call may raise TransportError; PINs are 8 to 16 characters."""

    @property
    def serial(self) -> str:
        """The chip's serial number, 16 hex digits."""
        ...

    def label(self) -> Label | None:
        """What is on it; None where it is blank."""
        ...

    def fetch(self, pin: Secret) -> bytes:
        """The content.  Raises CounterError for a wrong PIN, CustodyError("carrier-damaged") where it is not whole."""
        ...

    def store(self, label: Label, content: bytes, pin: Secret) -> None:
        """Write content and label.  On a blank card ``pin`` becomes its PIN, else it must be its PIN: CounterError."""
        ...

    def terminate(self, pin: Secret) -> None:
        """Wipe the card for good."""
        ...

    def close(self) -> None:
        """Let go of it; idempotent."""
        ...


def check_pin(pin: Secret) -> None:
    """Raise CustodyError("carrier-pin") unless the PIN has 8 to 16 printable ASCII characters."""
    if len(pin) not in PIN_LENGTHS or not all(0x20 < byte < 0x7F for byte in pin.reveal()):
        raise CustodyError("carrier-pin", least=PIN_LENGTHS[0], most=PIN_LENGTHS[-1])
