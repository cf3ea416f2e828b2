"""What is made ready before cards come: rows, and the keys of cards whose serial numbers are known.

Rows are read from the batch and every block filled that needs nothing of the card.  They are claimed in order, so those
after the last claimed one come next.  A row queued again is read when its turn comes; so is one that nobody made ready.
One that another station takes was made ready for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Final

from sscard.errors import SscardError
from sscard.keys.service import KeyRef, KeyService
from sscard.personalize.batch import Batch
from sscard.personalize.order import BlankOrder
from sscard.personalize.plan import Filled, Template
from sscard.personalize.record import Record
from sscard.personalize.steps import Plan

CARDS_AT_ONCE: Final = 48


class KeysAhead:
    """Keys of the cards that are to come, in the order they were told of; any thread may ask.

    They are made :data:`CARDS_AT_ONCE` cards at a time: one call of a device a key, whatever the number of cards.
    Those that come in another order, or that nobody told of, have their keys made when they are there.
    """

    def __init__(self, service: KeyService, refs: Iterable[KeyRef] = (), cards: Iterable[bytes] = ()) -> None:
        """``cards`` are card factors (8 bytes); ``refs`` the stored keys that each card's are made of."""
        self._service = service
        self._refs = tuple(refs)
        self._coming = iter(cards)
        self._making = threading.Lock()
        self._lock = threading.Lock()
        self._ready: set[bytes] = set()

    def get_ready(self, heads: int) -> None:
        """Make the keys of the next cards once fewer than one card for each head is ready.

        What is wrong with a key is said when a card asks for it.
        """
        if not self._making.acquire(blocking=False):
            return
        try:
            if len(self._ready) < heads and (cards := tuple(islice(self._coming, CARDS_AT_ONCE))):
                with self._lock:
                    self._ready.update(cards)
                with suppress(SscardError):
                    self._service.prepare(self._refs, cards)
        finally:
            self._making.release()

    def came(self, card: bytes) -> None:
        """A card with this factor is there."""
        with self._lock:
            self._ready.discard(card)


class Ahead:
    """The rows of a batch and their plans; any thread may ask."""

    def __init__(self, batch: Batch | BlankOrder, template: Template) -> None:
        self._batch = batch
        self._template = template
        self._lock = threading.Lock()
        self._next = 1
        self._ready: dict[int, Filled] = {}

    def get_ready(self, heads: int) -> None:
        """Make one more row ready unless there is one for each head.  What is wrong with it is said at its turn."""
        with self._lock:
            seq = next(seq for seq in range(self._next, self._next + heads + 1) if seq not in self._ready)
            if len(self._ready) >= heads or seq > len(self._batch):
                return
        with suppress(SscardError):
            filled = self._template.fill(self._batch.record(seq))
            with self._lock:
                self._ready[seq] = filled

    def record(self, seq: int) -> Record:
        """The row ``seq``.  Raises BatchError where the file changed."""
        with self._lock:
            self._next = max(self._next, seq + 1)
            for passed in [ready for ready in self._ready if ready < seq]:
                del self._ready[passed]
            filled = self._ready.get(seq)
        return filled.record if filled else self._batch.record(seq)

    def plan(self, record: Record, serial: bytes) -> Plan:
        """The plan of a row for the card with this serial.  Raises PlanError where a value does not fit."""
        with self._lock:
            filled = self._ready.pop(record.seq, None)
        return (filled or self._template.fill(record)).plan(serial)
