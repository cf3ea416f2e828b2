"""A counter: one card that stays in every reader, and somebody who types."""

from __future__ import annotations

import sys

import click
import pytest

from sscard.commands import counter, readers_open
from sscard.emulator import SoftwareCard
from sscard.keys.hierarchy import memory_service
from sscard.personalize.sample import personalized_card


class Kept:
    """The card behind the command, which stays what it is from one command to the next."""

    def __init__(self) -> None:
        self.card = personalized_card()
        self.atr, self.name = self.card.atr, "Virtual PCD 0 00 00"

    def transmit(self, apdu: bytes, /) -> bytes:
        return self.card.transmit(apdu)

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        self.card.reset()


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> SoftwareCard:
    """The card in every reader, and the keys it was made with."""
    kept = Kept()
    monkeypatch.setattr(readers_open, "open_transport", lambda *_names: kept)
    monkeypatch.setattr(counter, "keys_for", lambda *_places: memory_service())
    return kept.card


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed unseen, in order; a prompt without an answer is an error."""
    answers: list[str] = []

    def prompt(text: str, *, hide_input: bool, err: bool, confirmation_prompt: bool) -> str:
        assert hide_input
        assert err
        return answers.pop(0)

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "prompt", prompt)
    return answers
