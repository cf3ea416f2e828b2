"""Promise D11: a card exchanged in the middle, in the line and over a real pcscd, faster than its poll can see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from sscard.apdu.pcsc import PcscSlot
from sscard.emulator import SoftwareCard
from sscard.emulator.vpcd import Bridge, Feeder
from sscard.personalize.heads import Kind
from tests.pcsc.conftest import watchdog
from tests.personalize.test_bad_cards import Exchanged, Tray, balance, state, told

__all__ = ["watchdog"]
Make = Callable[[int], Any]


@pytest.mark.parametrize("at", [3, 99], ids=["exchanged", "left alone"])
def test_d11_identity_is_asked_at_every_reset(make_bureau: Make, at: int) -> None:
    """At the reset before the proof another card stands in the reader: stopped, and that card is not written to."""
    bureau, card = make_bureau(1), Exchanged.blank(1)
    card.other, card.at = SoftwareCard.blank(66), at
    before = state(card.other)
    bureau.run([Tray("tray", [card, SoftwareCard.blank(2)])]).close()
    assert [event.error.key for event in told(bureau, Kind.SPOILED)] == ["quarantine-swapped"] * (at == 3)
    assert state(card.other) == before
    assert (balance(bureau).good, balance(bureau).spoiled) == (1, int(at == 3))


class Swapping(Feeder):
    """Exchanges its card for another at the first loss of power after its making, and back at the next."""

    def __init__(self, card: SoftwareCard, other: SoftwareCard) -> None:
        super().__init__([card], replace=False)
        self._hands = [other, card]

    def _turn(self) -> None:
        if self._hands and (len(self._hands) == 1 or (self.card is not None and self.card.finished)):
            self.card = self._hands.pop(0)

    def power_off(self) -> None:
        super().power_off()
        self._turn()

    def reset(self) -> None:
        self._turn()
        super().reset()


@pytest.mark.pcsc
def test_d11_exchanged_inside_the_poll_of_pcscd(make_bureau: Make, pcscd: Any) -> None:
    """The exchange happens while the power is off, so the service reports no removal: the answer to reset tells."""
    card, other = SoftwareCard.blank(1), SoftwareCard.blank(66)
    before, bureau = state(other), make_bureau(1)
    bridge = Bridge(Swapping(card, other), "127.0.0.1", pcscd.ports[0], lambda _event, _card: None)
    serving = threading.Thread(target=bridge.run, daemon=True)
    serving.start()
    try:
        bureau.run([PcscSlot(pcscd.readers[0])], patience=1).close()
    finally:
        bridge.stop()
        serving.join(10)
    (event,) = told(bureau, Kind.SPOILED)
    assert (event.error.key, event.card) == ("quarantine-swapped", card.chip.historical.hex().upper())
    assert state(other) == before
    assert (balance(bureau).good, balance(bureau).spoiled, balance(bureau).left) == (0, 1, 1)
