"""Software cards that take their time, so that a person can watch a line at work."""

from __future__ import annotations

import time

from sscard.emulator.powered import AnyCard
from sscard.emulator.rack import Slot


class PacedCard:
    """A card (contract: :class:`sscard.apdu.transport.Transport`) that spends ``seconds`` on each command."""

    def __init__(self, card: AnyCard, seconds: float) -> None:
        self._card = card
        self._seconds = seconds

    @property
    def name(self) -> str:
        return self._card.name

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def transmit(self, apdu: bytes) -> bytes:
        time.sleep(self._seconds)
        return self._card.transmit(apdu)

    def reset(self) -> bytes:
        return self._card.reset()

    def close(self) -> None:
        self._card.close()


class PacedSlot:
    """A head of a rack whose cards are paced."""

    def __init__(self, slot: Slot, seconds: float) -> None:
        self._slot = slot
        self._seconds = seconds
        self.name = slot.name

    def next_card(self, timeout: float) -> PacedCard | None:
        """The next card, paced; as :meth:`sscard.emulator.rack.Slot.next_card`."""
        card = self._slot.next_card(timeout)
        return None if card is None else PacedCard(card, self._seconds)

    def release(self) -> None:
        self._slot.release()

    def close(self) -> None:
        self._slot.close()
