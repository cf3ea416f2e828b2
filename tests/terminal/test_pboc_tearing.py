"""Power cut before, inside and after every command of a load and a purchase: all or nothing, settled by proof."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sscard.cos.pboc import PurseKind
from sscard.emulator import Tear, image
from sscard.errors import CardRemoved, GuardRefused, TransportError
from sscard.terminal.booking import Booking
from sscard.terminal.pboc import PbocPurse, Pending
from tests.terminal.pboc_counter import OURS, TERMINAL, TIME, Watched, held, purse, purse_card, session

EP, ED = PurseKind.EP, PurseKind.ED
ORDERS: dict[str, tuple[int, Callable[[PbocPurse], Booking]]] = {
    "load": (0x52, lambda counter: counter.load(EP, 250, TERMINAL, TIME)),
    "purchase": (
        0x54,
        lambda counter: counter.purchase(ED, 250, terminal=TERMINAL, terminal_serial=9, time=TIME),
    ),
}
BYTES_OF_A_BOOKING = 90
"""More than a booking puts into the write log."""


def prepared() -> Watched:
    card = Watched(purse_card())
    counter = purse(card)
    counter.load(EP, 1000, TERMINAL, TIME)
    counter.load(ED, 1000, TERMINAL, TIME)
    return card


def commands(order: str) -> tuple[list[bytes], dict[str, object], dict[str, object]]:
    """What an untorn order sends, and the card before and after it."""
    card = prepared()
    before = held(card)
    counter = purse(card)
    ORDERS[order][1](counter)
    return list(card.sent), before, held(card)


def cuts(order: str) -> list[tuple[int, Tear, int]]:
    """Every command before and after; during at each byte for the one that books, at three for the others."""
    found = []
    for number, apdu in enumerate(commands(order)[0], 1):
        found += [(number, Tear.BEFORE, 0), (number, Tear.AFTER, 0)]
        books = apdu[1] == ORDERS[order][0]
        found += [(number, Tear.DURING, at) for at in (range(BYTES_OF_A_BOOKING) if books else (0, 1, 40))]
    return found


@pytest.mark.parametrize("order", ORDERS)
def test_power_cut_anywhere(order: str) -> None:
    sent, before, after = commands(order)
    booking_command = next(n for n, apdu in enumerate(sent, 1) if apdu[1] == ORDERS[order][0])
    pattern = prepared()
    ends = set()
    for number, when, at in cuts(order):
        card = Watched(image.load(image.dump(pattern.card)))  # type: ignore[arg-type]
        counter = purse(card)
        card.card.tear(number, when, at)
        with pytest.raises(TransportError) as caught:
            ORDERS[order][1](counter)
        torn = held(card)
        assert torn in (before, after)
        booked = torn == after
        if when is not Tear.DURING:
            assert booked is (when is Tear.AFTER and number == booking_command)
        if number != booking_command:
            assert (isinstance(caught.value, CardRemoved), counter.pending, booked) == (True, None, False)
            assert counter.settle() is None
            continue
        assert caught.value.key == "epurse-unknown"
        pending = counter.pending
        assert pending is not None
        with pytest.raises(GuardRefused) as refused:
            counter.load(EP, 1, TERMINAL, TIME)
        assert refused.value.key == "purse-pending"
        card.sent.clear()
        settled = counter.settle()
        assert (settled is not None) is booked
        assert settled in (None, pending.booking)
        assert card.headers().count("805a") == 1
        assert not {"8050", "8052", "8054"} & set(card.headers())
        assert held(card) == torn
        assert counter.pending is None
        ends.add(booked)
        if not booked:  # done again, now that the card says it was not
            card.reset()
            ORDERS[order][1](purse(card))
            assert held(card)["log"] == after["log"]
    assert ends == {True, False}


def torn_load() -> tuple[Watched, PbocPurse, Pending]:
    card = prepared()
    counter = purse(card)
    transmit = card.card.transmit

    def cut(apdu: bytes) -> bytes:
        if apdu[1] == 0x52:
            card.card.tear(1, Tear.AFTER)
        return transmit(apdu)

    card.card.transmit = cut  # type: ignore[method-assign]
    with pytest.raises(TransportError):
        counter.load(EP, 250, TERMINAL, TIME)
    assert counter.pending is not None
    return card, counter, counter.pending


def test_another_counter_settles_with_the_same_card() -> None:
    card, _, pending = torn_load()
    settled = PbocPurse(session(card, OURS, "")).settle(pending)
    assert settled == pending.booking
    assert settled is not None
    assert settled.account == 1250


def test_another_card_settles_nothing() -> None:
    from sscard.personalize.sample import personalized_card

    _, counter, pending = torn_load()
    other = Watched(personalized_card("pboc-purse", serial=0x99))  # type: ignore[arg-type]
    with pytest.raises(GuardRefused) as caught:
        PbocPurse(session(other, OURS, "")).settle(pending)
    assert caught.value.key == "card-other"
    swapped = counter._session.channel.transport
    assert isinstance(swapped, Watched)
    swapped.card = other.card
    with pytest.raises(GuardRefused) as caught:
        counter.settle()
    assert caught.value.key == "card-other"
    assert counter.pending == pending


def test_a_proof_that_is_not_that_of_the_booking_is_no_proof() -> None:
    from sscard.errors import SscardError

    card, counter, _ = torn_load()
    card.alter = lambda apdu, answer: answer[:4] + bytes(4) + answer[8:] if apdu[1] == 0x5A else answer
    with pytest.raises(SscardError) as caught:
        counter.settle()
    assert caught.value.key == "purse-answer"


def test_a_card_that_stays_away_stays_pending() -> None:
    card, counter, pending = torn_load()

    def gone() -> bytes:
        raise CardRemoved("card-removed")

    card.reset = gone  # type: ignore[method-assign]
    with pytest.raises(TransportError):
        counter.settle()
    assert counter.pending == pending
