"""Rows made ready before their cards come: read from the batch, every block filled that needs nothing of the card.

Rows are claimed in order, so those after the last claimed one come next.  A row queued again is read when its turn
comes; so is one that nobody made ready.  One that another station takes was made ready for nothing.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from sscard.errors import SscardError
from sscard.personalize.batch import Batch
from sscard.personalize.order import BlankOrder
from sscard.personalize.plan import Filled, Template
from sscard.personalize.record import Record
from sscard.personalize.steps import Plan


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
