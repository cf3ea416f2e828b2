"""Before a job goes on: which card sits in which head, held against the ledger.  Nothing is written to any card."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sscard.apdu.transport import Channel, Transport
from sscard.errors import ReaderLost, SscardError
from sscard.personalize.admission import card_identity
from sscard.personalize.heads import Slot, Work
from sscard.personalize.ledger import State

TIME_LIMIT: Final = 10.0
"""Seconds for all heads together; a reader that takes longer is said to be silent and gets no work."""


class Sits(Enum):
    """What sits in a head."""

    EMPTY = "empty"
    IN_WORK = "in-work"
    UNKNOWN = "unknown"
    GOOD = "good"
    SPOILED = "spoiled"
    OTHER_JOB = "other-job"
    OTHER_STATION = "other-station"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Found:
    """One head.  ``card`` are historical bytes in hex, ``seq`` the row where the ledger knows one, else 0."""

    head: int
    reader: str
    sits: Sits
    card: str = ""
    seq: int = 0


class SilentSlot:
    """Stands for a reader that did not come back from the roll call: its head stops at once, under its own number."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self._seconds = seconds

    def next_card(self, timeout: float) -> Transport | None:
        """Raises ReaderLost("reader-hung")."""
        raise ReaderLost("reader-hung", reader=self.name, seconds=round(self._seconds))

    def release(self) -> None:
        """There is no card."""

    def close(self) -> None:
        """The reader is left alone."""


def call_roll(work: Work, slots: Sequence[Slot], *, limit: float = TIME_LIMIT) -> list[Found]:
    """Look into every head at once; a card stays where it is and is the head's next card."""
    found: dict[int, Found] = {}

    def look(head: int, slot: Slot) -> None:
        found[head] = _look(work, head, slot)

    threads = [threading.Thread(target=look, args=each, daemon=True) for each in enumerate(slots, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(limit)
        limit = limit if not thread.is_alive() else 0.0
    return [found.get(head, Found(head, slot.name, Sits.SILENT)) for head, slot in enumerate(slots, 1)]


def _look(work: Work, head: int, slot: Slot) -> Found:
    try:
        transport = slot.next_card(0)
    except SscardError:
        return Found(head, slot.name, Sits.UNREADABLE)
    if transport is None:
        return Found(head, slot.name, Sits.EMPTY)
    try:
        card = card_identity(Channel(transport), work.dialect).name
    except SscardError:
        return Found(head, slot.name, Sits.FOREIGN)
    finally:
        with suppress(SscardError):
            transport.close()
    entry = work.ledger.card(card)
    if entry is None:
        return Found(head, slot.name, Sits.UNKNOWN, card)
    if entry.job != work.job:
        return Found(head, slot.name, Sits.OTHER_JOB, card, entry.seq)
    if entry.state is State.WORK and not work.ledger.mine(entry):
        return Found(head, slot.name, Sits.OTHER_STATION, card, entry.seq)
    sits = {State.WORK: Sits.IN_WORK, State.GOOD: Sits.GOOD}.get(entry.state, Sits.SPOILED)
    return Found(head, slot.name, sits, card, entry.seq)
