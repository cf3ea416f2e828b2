"""Which card may be written: everything here only reads.

A card goes on only when it is blank, or when the ledger says that this job has it in work.
Source: docs/card.md (recognition of generations); a card's identity is its thirteen historical bytes.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.bound import Act
from sscard.cos.model import Profile
from sscard.errors import GuardRefused, ProtocolError
from sscard.personalize.plan import select_name

_NOT_FOUND: Final = 0x6A82
_CARD_BLOCKED: Final = 0x6A81
_READ_VERSION: Final = Command(0x00, 0xB2, 0x03, 0x28, le=6)
_READ_CARD_NUMBER: Final = Command(0x00, 0xB2, 0x07, 0x28, le=11)


def card_identity(channel: Channel) -> str:
    """Historical bytes of the card in hex.  Raises GuardRefused for a card of another kind."""
    try:
        atr = channel.atr
        if atr.is_social_security:
            return atr.historical.hex().upper()
    except ProtocolError:
        pass
    raise GuardRefused("card-foreign", atr=channel.transport.atr.hex().upper())


def require_blank(channel: Channel, profile: Profile) -> None:
    """Pass only a card without environments.  Raises GuardRefused that says what the card is instead."""
    _require_contact(channel, profile)
    names = {directory.name: directory.aid for directory in profile.directories if directory.is_ddf}
    ssse = channel.send(select_name(names.pop("SSSE")))
    if ssse.ok:
        raise _used(channel, profile)
    if ssse.sw == _CARD_BLOCKED:
        raise GuardRefused("card-blocked")
    if ssse.sw != _NOT_FOUND:
        raise GuardRefused("card-not-blank", sw=f"{ssse.sw:04X}")
    for name in names.values():
        other = channel.send(select_name(name))
        if other.ok:
            raise GuardRefused("card-bank")
        if other.sw != _NOT_FOUND:
            raise GuardRefused("card-not-blank", sw=f"{other.sw:04X}")


def _require_contact(channel: Channel, profile: Profile) -> None:
    """Cards that bind what is personalized to their contacts are made over these."""
    bound = [rule for rule in profile.bounds if rule.only is Interface.CONTACT and rule.act is not Act.PURSE]
    if bound and channel.atr.interface is not Interface.CONTACT:
        raise GuardRefused("card-contactless", rules=", ".join(f"{rule.at} {rule}" for rule in bound))


def _used(channel: Channel, profile: Profile) -> GuardRefused:
    """What stands on a card that already has the social-security environment; SSSE is selected."""
    version = channel.send(_READ_VERSION)
    text = version.data[2:].rstrip(b"\x00\xff ").decode("ascii", "replace") if version.ok else ""
    if version.ok and (text or "1.0")[:3] != profile.generation[:3]:
        return GuardRefused("card-generation", found=text or "1.0", wanted=profile.generation)
    number = channel.send(_READ_CARD_NUMBER)
    holder = number.data[2:].rstrip(b"\x00\xff ").decode("ascii", "replace") if number.ok else ""
    return GuardRefused("card-used", card_no=holder) if holder else GuardRefused("card-initialised")
