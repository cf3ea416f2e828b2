"""A reader that hangs for ever: its head is parked, the others go on, its card is finished by the next run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from sscard.emulator import Rack
from sscard.errors import ReaderLost
from sscard.personalize.heads import Kind
from sscard.personalize.ledger import State
from sscard.personalize.line import Line

HUNG_AFTER = 0.6


class Hanging:
    """The card of a slot whose ``at``-th command is not answered before ``let_go``."""

    def __init__(self, slot: Any, at: int) -> None:
        self._slot = slot
        self._left = at
        self.name = slot.name
        self.let_go = threading.Event()
        self.hung = threading.Event()
        self.after = 0

    def next_card(self, timeout: float) -> Hanging | None:
        self._card = self._slot.next_card(timeout)
        return None if self._card is None else self

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def transmit(self, apdu: bytes) -> bytes:
        self._left -= 1
        self.after += self.hung.is_set()
        if self._left == 0:
            self.hung.set()
            assert self.let_go.wait(20)
        return self._card.transmit(apdu)

    def reset(self) -> bytes:
        return self._card.reset()

    def release(self) -> None:
        self._slot.release()

    def close(self) -> None:
        """As a transport and as a slot: the card stays where it is while the reader hangs."""


def hang(production: Any, rack: Rack, at: int, heads: int) -> tuple[Line, Hanging, list[Any]]:
    slot = Hanging(rack.slot(1), at)
    slots = [slot, *(rack.slot(number) for number in range(2, heads + 1))]
    line = Line(production.work, slots, patience=0.3, hung_after=HUNG_AFTER)
    return line, slot, list(line.run())


@pytest.mark.parametrize("at", [2, 60, 300, 480])
def test_a_hung_head_is_parked_and_the_others_go_on(make_bureau: Callable[[int], Any], at: int) -> None:
    bureau, rack = make_bureau(5), Rack()
    production = bureau.open()
    line, slot, events = hang(production, rack, at, 2)
    ledger, job = production.work.ledger, production.job.job
    assert slot.hung.is_set()
    stopped = [event for event in events if event.kind is Kind.STOPPED]
    assert [(event.head, event.error.key) for event in stopped] == [(1, "reader-hung")]
    assert isinstance(line.outcome, ReaderLost)
    balance = ledger.balance(job)
    claimed = at > 2
    assert (balance.good, balance.work, balance.ties) == (5 - claimed, int(claimed), True)
    slot.let_go.set()
    deadline = time.monotonic() + 5
    while any(thread.name == "head-1" for thread in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(thread.name == "head-1" for thread in threading.enumerate())
    assert slot.after == 0, "a parked head sends nothing more"
    assert ledger.balance(job) == balance, "and books nothing more"
    production.close()
    if claimed:
        production = bureau.run([rack.slot(3), rack.slot(1)])
        assert production.work.ledger.balance(job).good == 5
        assert not production.work.ledger.cards(job, State.SPOILED)
        production.close()


def test_with_every_head_hung_the_line_ends(make_bureau: Callable[[int], Any]) -> None:
    production = make_bureau(2).open()
    began = time.monotonic()
    line, slot, events = hang(production, Rack(), 100, 1)
    assert time.monotonic() - began < 10
    assert [event.kind for event in events][-1] is Kind.ENDED
    assert line.outcome is not None
    slot.let_go.set()
    production.close()


def test_a_slow_card_is_not_a_hung_one(make_bureau: Callable[[int], Any]) -> None:
    """A card of two seconds is longer than the limit, but each of its steps is a sign of life."""
    bureau, rack = make_bureau(1), Rack()
    production = bureau.open()

    class Slow(Hanging):
        def transmit(self, apdu: bytes) -> bytes:
            time.sleep(2 * HUNG_AFTER / 300)
            return self._card.transmit(apdu)

    line = Line(production.work, [Slow(rack.slot(1), 0)], patience=0.3, hung_after=HUNG_AFTER)
    kinds = [event.kind for event in line.run()]
    assert Kind.GOOD in kinds
    assert Kind.STOPPED not in kinds
    production.close()
