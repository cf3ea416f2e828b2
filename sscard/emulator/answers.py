"""What a card says when it gets power: the ATR of a contact card, the ATS of a contactless one.

Source: ISO 7816-3, ISO 14443-4; PC/SC part 3 for the ATR a reader makes of an ATS.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol

_WAITING: Final = 0xA0
_ATS_HEAD: Final = 5


def answer_to_select(historical: bytes, waiting: int = _WAITING) -> bytes:
    """The ATS: TL, 78 (TA, TB, TC; frames of 256 bytes), 80 (106 kbit/s both ways), ``waiting``, 02 (CID), historical
    bytes (ISO 14443-4).  ``waiting`` is TB: waiting time and guard time.
    """
    return bytes((_ATS_HEAD + len(historical), 0x78, 0x80, waiting, 0x02)) + historical


def answer_to_reset(historical: bytes, protocol: Protocol, interface: Interface = Interface.CONTACT) -> bytes:
    """The ATR: ``3B 6D 00 00`` + historical bytes for T=0; with TD1 01 and check byte for T=1.

    A contactless card has none: ``3B 8D 80 01`` + historical bytes + check byte is what its reader makes of the ATS
    (PC/SC part 3).
    """
    count = len(historical)
    if interface is Interface.CONTACTLESS:
        return _checked(bytes((0x80 | count, 0x80, 0x01)) + historical)
    if protocol is Protocol.T0:
        return bytes((0x3B, 0x60 | count, 0, 0)) + historical
    return _checked(bytes((0xE0 | count, 0, 0, 0x01)) + historical)


def _checked(body: bytes) -> bytes:
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))
