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
from sscard.cos.commands import select_name
from sscard.cos.dialect import Dialect, load_dialect, speaking
from sscard.cos.mark import CardIdentity
from sscard.cos.model import Profile
from sscard.errors import CounterError, GuardRefused, ProtocolError, SscardError, StatusError
from sscard.messages import current

WRONG_CODE: Final = "transport-wrong"
"""Error key of a transport code that every further card would refuse at the price of a try."""
_LOCKED: Final = "locked"
_CARD_BLOCKED: Final = 0x6A81
_READ_VERSION: Final = Command(0x00, 0xB2, 0x03, 0x28, le=6)
_READ_CARD_NUMBER: Final = Command(0x00, 0xB2, 0x07, 0x28, le=11)


def card_identity(channel: Channel, dialect: Dialect) -> CardIdentity:
    """Which card this is.  Raises GuardRefused for one whose COS does not speak ``dialect``, naming what it speaks."""
    raw = channel.transport.atr.hex().upper()
    try:
        atr = channel.atr
    except ProtocolError:
        raise GuardRefused("card-foreign", atr=raw) from None
    identity = dialect.mark.identity(atr)
    if identity is not None:
        return identity
    other = speaking(atr)
    if other is not None:
        raise GuardRefused("card-dialect", found=_title(other), wanted=_title(dialect))
    raise GuardRefused("card-foreign", atr=raw)


def require_blank(channel: Channel, profile: Profile) -> None:
    """Pass only a card without environments.  Raises GuardRefused that says what the card is instead."""
    _require_contact(channel, profile)
    blank = load_dialect(profile.dialect).blank
    home, *others = profile.top
    first = channel.send(select_name(home.aid))
    if first.ok:
        raise _used(channel, profile)
    if first.sw not in blank.absent:
        raise GuardRefused("card-blocked") if first.sw == _CARD_BLOCKED else _not_blank(first.sw)
    for directory in others:
        other = channel.send(select_name(directory.aid))
        if other.ok:
            raise GuardRefused("card-bank")
        if other.sw not in blank.absent:
            raise _not_blank(other.sw)
    for command, statuses in blank.keyless:
        found = channel.send(command)
        if found.sw not in statuses:
            raise GuardRefused("card-has-keys", sw=f"{found.sw:04X}")


def _not_blank(sw: int) -> GuardRefused:
    return GuardRefused("card-not-blank", sw=f"{sw:04X}")


def _title(dialect: Dialect) -> str:
    return dialect.title_zh if current() == "zh" else dialect.title_en


def _require_contact(channel: Channel, profile: Profile) -> None:
    """Cards that bind what is personalized to their contacts are made over these."""
    bound = [rule for rule in profile.bounds if rule.only is Interface.CONTACT and rule.act is not Act.PURSE]
    if bound and channel.atr.interface is not Interface.CONTACT:
        raise GuardRefused("card-contactless", rules=", ".join(f"{rule.at} {rule}" for rule in bound))


def _used(channel: Channel, profile: Profile) -> GuardRefused:
    """What stands on a card that already has the home directory of the profile, which is selected."""
    home = profile.home
    if not any(item.source == "card_no" for file in home.files for item in file.items):
        return GuardRefused("card-application", directory=home.name)
    version = channel.send(_READ_VERSION)
    text = version.data[2:].rstrip(b"\x00\xff ").decode("ascii", "replace") if version.ok else ""
    if version.ok and (text or "1.0")[:3] != profile.generation[:3]:
        return GuardRefused("card-generation", found=text or "1.0", wanted=profile.generation)
    number = channel.send(_READ_CARD_NUMBER)
    holder = number.data[2:].rstrip(b"\x00\xff ").decode("ascii", "replace") if number.ok else ""
    return GuardRefused("card-used", card_no=holder) if holder else GuardRefused("card-initialised")


def refused_code(error: SscardError) -> SscardError | None:
    """What a card's refusal of the transport code means; None for errors of another kind."""
    match error:
        case CounterError():
            return CounterError("transport-locked" if error.key == _LOCKED else WRONG_CODE, error.tries)
        case StatusError():
            return GuardRefused("transport-refused", sw=f"{error.sw:04X}")
    return None
