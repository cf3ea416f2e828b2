"""A counter with a PBOC purse card: the card of the profile, a transport that can be watched, its session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from sscard.apdu.transport import Channel
from sscard.cos.profile import load_profile
from sscard.emulator import image
from sscard.emulator.fmcos import FmcosCard
from sscard.keys.service import KeyService
from sscard.personalize.sample import personalized_card, sample_keys
from sscard.terminal.identify import identify
from sscard.terminal.pboc import PbocPurse
from sscard.terminal.read import profile_for
from sscard.terminal.session import CardSession, pin_block

PROFILE = load_profile("pboc-purse")
PIN = "123456"
TERMINAL = bytes.fromhex("990101000042")
TIME = datetime(2026, 1, 15, 9, 30, 45)
OURS, FOREIGN = sample_keys(PROFILE), sample_keys(PROFILE, 5)


@cache
def _pattern() -> str:
    card = personalized_card(PROFILE.name)
    assert isinstance(card, FmcosCard)
    return image.dump(card)


def purse_card() -> FmcosCard:
    """A fresh card of the profile."""
    card = image.load(_pattern())
    assert isinstance(card, FmcosCard)
    return card


class Watched:
    """The card, all that was sent to it, and a hand that may change what it answers."""

    def __init__(self, card: FmcosCard | None = None) -> None:
        self.card = card or purse_card()
        self.sent: list[bytes] = []
        self.name = self.card.name
        self.alter: Callable[[bytes, bytes], bytes] = lambda _apdu, answer: answer

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, apdu: bytes, /) -> bytes:
        self.sent.append(apdu)
        return self.alter(apdu, self.card.transmit(apdu))

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        self.card.close()

    def headers(self) -> list[str]:
        return [apdu[:2].hex() for apdu in self.sent]


def session(card: Watched, keys: KeyService | None = OURS, pin: str = PIN) -> CardSession:
    """The card just identified, nothing proved."""
    card.reset()
    channel = Channel(card)
    identity = identify(channel)
    card.sent.clear()
    return CardSession(channel, profile_for(identity), identity, keys, pin_block(pin) if pin else None)


def purse(card: Watched, keys: KeyService | None = OURS, pin: str = PIN) -> PbocPurse:
    return PbocPurse(session(card, keys, pin))


def held(card: Watched) -> dict[str, object]:
    """Purses and log as the card keeps them."""
    place = card.card.directory("3F01").files
    return {"ED": place[1].purse, "EP": place[2].purse, "log": list(place[0x18].records)}
