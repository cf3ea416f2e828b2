"""Power cut before, inside and after commands of a personalization: the finished card is the one never torn."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from sscard.apdu.atr import Interface
from sscard.emulator import Cut, Rack, SoftwareCard, Tear, image
from sscard.personalize.line import Kind

MAY_DIFFER = frozenset({"commands", "random_position"})
"""How often the card was asked and how much of its random stream is used: a resumed card is asked more."""
SAMPLES = 48
COMMANDS = 300
"""Commands of the making that are torn; a card needs more, the last ones prove it only."""
POSITIONS = (0, 1, 2, 15, 40, 9999)
"""Bytes of the write log: its first ones, inside a key or record, and behind every commit mark."""

Make = Callable[..., Any]


def lasting(card: SoftwareCard) -> dict[str, Any]:
    return {name: value for name, value in image.tree(card).items() if name not in MAY_DIFFER}


def made(make_bureau: Make, name: str, cuts: list[Cut | None], interface: Interface) -> tuple[Any, list[SoftwareCard]]:
    """A job with a card for each cut, and its finished cards by serial."""
    bureau = make_bureau(len(cuts), name)
    tears = {number: (cut.after, cut.when, cut.at) for number, cut in enumerate(cuts) if cut}
    rack = Rack(tear=tears, interface=interface)
    production = bureau.run([rack.slot(1)], patience=0.2)
    try:
        bureau.totals = production.work.ledger.balance(production.job.job)
    finally:
        production.close()
    return bureau, sorted(rack.drawer, key=lambda card: card.serial)


def sampled(seed: int) -> list[Cut | None]:
    chosen = random.Random(seed)
    cuts: list[Cut | None] = []
    for number in range(SAMPLES):
        when = list(Tear)[number % len(Tear)]
        cuts.append(Cut(chosen.randrange(1, COMMANDS), when, chosen.choice(POSITIONS) if when is Tear.DURING else 0))
    return cuts


@pytest.mark.parametrize("interface", list(Interface), ids=lambda interface: interface.value)
def test_a_torn_card_ends_as_one_never_torn(make_bureau: Make, interface: Interface) -> None:
    cuts = sampled(list(Interface).index(interface))
    torn_job, torn = made(make_bureau, "torn", cuts, interface)
    calm_job, calm = made(make_bureau, "calm", [None] * len(cuts), interface)
    totals = torn_job.totals
    assert (totals.good, totals.spoiled, totals.work, totals.left, totals.ties) == (len(cuts), 0, 0, 0, True)
    assert calm_job.totals.good == len(cuts)
    for cut, card, twin in zip(cuts, torn, calm, strict=True):
        assert lasting(card) == lasting(twin), cut
    lost = [event for event in torn_job.events if event.kind is Kind.LOST]
    assert len(lost) == len(cuts)
    assert any(card.commands > twin.commands for card, twin in zip(torn, calm, strict=True))


class TornAgain(SoftwareCard):
    """A card that is torn anew each time it is put back, as long as there are cuts."""

    cuts: list[Cut]

    def reset(self) -> bytes:
        answer = super().reset()
        if self._cut is None and self.cuts:
            cut = self.cuts.pop(0)
            self.tear(cut.after, cut.when, cut.at)
        return answer


class Head:
    """A reader with one card."""

    name = "head"

    def __init__(self, card: SoftwareCard) -> None:
        self.card: SoftwareCard | None = card

    def next_card(self, timeout: float) -> SoftwareCard | None:
        if self.card is not None:
            self.card.reset()
        return self.card

    def release(self) -> None:
        self.card = None

    def close(self) -> None:
        pass


@pytest.mark.parametrize("seed", range(12))
def test_two_cuts_in_one_card(make_bureau: Make, seed: int) -> None:
    """The card is torn again while it is resumed; it still ends as its twin."""
    chosen = random.Random(seed)
    bureau = make_bureau(1, "torn")
    card = TornAgain.blank(1)
    moments = [chosen.choice(list(Tear)) for _ in range(2)]
    card.cuts = [
        Cut(chosen.randrange(2, high), when, chosen.choice(POSITIONS) if when is Tear.DURING else 0)
        for high, when in zip((COMMANDS, 12), moments, strict=True)
    ]
    bureau.run([Head(card)], patience=1).close()
    _, (twin,) = made(make_bureau, "calm", [None], Interface.CONTACT)
    assert len([event for event in bureau.events if event.kind is Kind.LOST]) == 2
    assert lasting(card) == lasting(twin)


def test_what_must_not_differ_is_seen(make_bureau: Make) -> None:
    """The comparison notices a single byte and a single try."""
    _, (card,) = made(make_bureau, "calm", [None], Interface.CONTACT)
    before = lasting(card)
    card.reset()
    card.transmit(bytes.fromhex("00A40000" + "02DDF1"))
    card.transmit(bytes.fromhex("0020000003111111"))
    assert lasting(card) != before
