"""What a card says when it gets power: the ATR of a contact card, the ATS of a contactless one.

Source: ISO 7816-3, ISO 14443-4; PC/SC part 3 for the ATR a reader makes of an ATS.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol

_ATS_INTERFACE: Final = b"\x78\x80\xa0\x02"
"""T0 (TA, TB, TC; frames of 256 bytes), TA 80 (106 kbit/s both ways), TB A0 (waiting time), TC 02 (CID)."""


def answer_to_select(historical: bytes) -> bytes:
    """The ATS: ``TL 78 80 A0 02`` + historical bytes (ISO 14443-4)."""
    return bytes((1 + len(_ATS_INTERFACE) + len(historical),)) + _ATS_INTERFACE + historical


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
