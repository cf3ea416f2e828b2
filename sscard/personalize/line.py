"""The line: one thread a head, one reader a head, events to the thread that started it.

A head takes whatever card comes, decides whether it may be written, carries the plan out and settles journal and
ledger.  It never shows or asks anything: it sends events, and the caller shows them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

from sscard._version import VERSION
from sscard.apdu.trace import Trace
from sscard.apdu.transport import Channel, Transport
from sscard.cos.dialect import Dialect
from sscard.errors import (
    CounterError,
    CustodyError,
    GuardRefused,
    JournalError,
    PlanError,
    ReaderLost,
    ReaderMissing,
    ServiceMissing,
    SscardError,
    TransportError,
)
from sscard.keys.service import KeyService
from sscard.personalize import journal as journals
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.journal import CardState, Journal, JournalledCard
from sscard.personalize.ledger import Ledger, State
from sscard.personalize.plan import Template
from sscard.personalize.record import Record
from sscard.personalize.runner import Runner
from sscard.personalize.steps import PresentCode, Step

RECONNECTS: Final = 3
"""How often a head goes on with a card that lost contact before it leaves it for later."""
ALIKE_FAILURES: Final = 3
"""So many failures of one kind in a row stop the line."""
CARDS_A_JOURNAL: Final = 100
_POLL: Final = 0.25
_IDLE_POLLS: Final = 4


class Slot(Protocol):
    """One head's reader."""

    @property
    def name(self) -> str: ...

    def next_card(self, timeout: float) -> Transport | None:
        """A powered card: another than the one last released, or the same one where it was not released."""
        ...

    def release(self) -> None:
        """Let the card go."""
        ...

    def close(self) -> None: ...


class Records(Protocol):
    """Random access to the rows of a batch."""

    def record(self, seq: int) -> Record: ...


Tracer = Callable[[int, bytes], Trace | None]
"""Opens the trace of one card from head number and ATR; None where nobody wants one."""


def no_trace(_head: int, _atr: bytes) -> Trace | None:
    """Nobody wants a trace."""
    return None


@dataclass(frozen=True, slots=True)
class Work:
    """All that the heads of one job share."""

    job: str
    template: Template
    dialect: Dialect
    service: KeyService
    ledger: Ledger
    records: Records
    folder: Path
    open_cards: dict[str, CardState]
    tracer: Tracer = no_trace


class Kind(Enum):
    """What an event tells."""

    WAITING = "waiting"
    STARTED = "started"
    STEP = "step"
    GOOD = "good"
    SPOILED = "spoiled"
    REFUSED = "refused"
    LOST = "lost"
    STOPPED = "stopped"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened at a head.  ``step`` counts from 1 to ``total``; ``seconds`` is the card's time so far."""

    kind: Kind
    head: int
    reader: str
    record: Record | None = None
    card: str = ""
    step: int = 0
    total: int = 0
    current: Step | None = None
    error: SscardError | None = None
    resumed: bool = False
    seconds: float = 0.0
    exchanges: int = 0


class _Halted(Exception):
    """The operator asked to stop at the next safe point."""


class Line:
    """Runs the heads of one job until no row waits, no card comes, or someone says stop."""

    def __init__(self, work: Work, slots: Sequence[Slot], *, patience: float) -> None:
        self._work = work
        self._patience = patience
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._drain = threading.Event()
        self._halt = threading.Event()
        self._failures: list[str] = []
        self._active = 0
        self._lock = threading.Lock()
        self._quiet_since = time.monotonic()
        self._heads = [_Head(self, number, slot) for number, slot in enumerate(slots, 1)]
        self._defect: Exception | None = None
        self.fatal: SscardError | None = None
        self.reader_error: TransportError | None = None
        self.drained_by_hand = False

    def run(self) -> Iterator[Event]:
        """Start the heads and yield their events until all have ended; the caller's thread is the only one to show."""
        threads = [threading.Thread(target=head.run, name=f"head-{head.number}", daemon=True) for head in self._heads]
        for thread in threads:
            thread.start()
        ended = 0
        while ended < len(threads):
            try:
                event = self._events.get(timeout=_POLL)
            except queue.Empty:
                continue
            ended += event.kind is Kind.ENDED
            yield event
        for thread in threads:
            thread.join()
        if self._defect is not None:
            raise self._defect

    def drain(self) -> None:
        """Finish the cards in work, start no other."""
        self.drained_by_hand = True
        self._drain.set()

    def halt(self) -> None:
        """Stop each head at its next safe point; cards in work are resumed by the next run."""
        self._drain.set()
        self._halt.set()

    @property
    def outcome(self) -> SscardError | None:
        """Why the line ended before the job was done, as far as an error was the reason."""
        return self.fatal or self.reader_error

    def stop(self, error: SscardError) -> None:
        """End the line because going on would only repeat ``error``."""
        with self._lock:
            self.fatal = self.fatal or error
        self._drain.set()

    def crash(self, error: Exception) -> None:
        """A defect of the toolkit ended a head: end the line, raise it in the caller's thread."""
        self._defect = error
        self._drain.set()

    def tell(self, event: Event) -> None:
        if event.kind is not Kind.WAITING:
            self._quiet_since = time.monotonic()
        self._events.put(event)

    def count(self, error: SscardError | None) -> None:
        """Keep count of failures in a row; stop the line after :data:`ALIKE_FAILURES` of one kind."""
        with self._lock:
            if error is None:
                self._failures.clear()
                return
            self._failures.append(error.key)
            alike = self._failures[-ALIKE_FAILURES:]
        if len(alike) == ALIKE_FAILURES and len(set(alike)) == 1:
            self.stop(error)

    def busy(self, working: bool) -> None:
        """A head says that it begins or ends with a card."""
        with self._lock:
            self._active += 1 if working else -1

    @property
    def halted(self) -> bool:
        return self._halt.is_set()

    @property
    def over(self) -> bool:
        """Whether a free head should end."""
        if self._drain.is_set():
            return True
        if not self._work.ledger.pending(self._work.job):
            return True
        with self._lock:
            return self._active == 0 and time.monotonic() - self._quiet_since > self._patience


class _Head:
    """One thread: card after card."""

    def __init__(self, line: Line, number: int, slot: Slot) -> None:
        self.number = number
        self._line = line
        self._slot = slot
        self._work = line._work
        self._journal: Journal | None = None
        self._cards = 0
        self._losses: dict[str, int] = {}

    def run(self) -> None:
        """The thread's life; ends with an ENDED event whatever happens."""
        try:
            self._serve_all()
        except TransportError as error:
            self._line.reader_error = error
            self._tell(Kind.STOPPED, error=error)
        except SscardError as error:
            self._line.stop(error)
            self._tell(Kind.STOPPED, error=error)
        except Exception as error:
            self._line.crash(error)
        finally:
            self._slot.close()
            if self._journal is not None:
                self._journal.close()
            self._tell(Kind.ENDED)

    def _serve_all(self) -> None:
        waiting = False
        while not self._line.over:
            transport = self._next_card()
            if transport is None:
                if not waiting:
                    self._tell(Kind.WAITING)
                waiting = True
                continue
            waiting = False
            try:
                self._serve(transport)
            finally:
                transport.close()

    def _next_card(self) -> Transport | None:
        """The card in the slot; one that cannot be powered now counts as none.  Raises when the reader is gone."""
        try:
            return self._slot.next_card(_POLL)
        except (ReaderLost, ReaderMissing, ServiceMissing):
            raise
        except TransportError:
            time.sleep(_POLL)
            return None

    def _serve(self, transport: Transport) -> None:
        """One card, whatever becomes of it."""
        trace = None
        try:
            trace = self._work.tracer(self.number, transport.atr)
            channel = Channel(transport, () if trace is None else (trace,))
            card = card_identity(channel)
            log = self._admit(channel, card)
            if log is None:
                self._idle()
            else:
                self._line.busy(True)
                try:
                    self._make(channel, card, log)
                finally:
                    self._line.busy(False)
        except GuardRefused as error:
            self._slot.release()
            self._line.count(error)
            self._tell(Kind.REFUSED, error=error)
        except TransportError as error:
            self._tell(Kind.LOST, error=error)
        finally:
            if trace is not None:
                trace.close()

    def _admit(self, channel: Channel, card: str) -> JournalledCard | None:
        """Decide which row the card is for; None when no row waits for a blank one."""
        ledger = self._work.ledger
        entry = ledger.card(card)
        if entry is None:
            require_blank(channel, self._work.template.profile)
            seq = ledger.claim(self._work.job, card, f"{self.number}")
            if seq is None:
                return None
            state = CardState(card, seq, self._work.template.profile.digest)
            self._work.open_cards[card] = state
            log = self._open_journal().card(state)
            log.open(self._work.job, VERSION)
            return log
        if entry.job != self._work.job:
            raise GuardRefused("card-other-job", job=entry.job, seq=entry.seq)
        if entry.state is not State.WORK:
            raise GuardRefused(f"card-is-{entry.state}", seq=entry.seq)
        state = self._work.open_cards[card]
        if state.profile != self._work.template.profile.digest:
            raise GuardRefused("card-other-profile", seq=entry.seq)
        log = self._open_journal().card(state)
        log.open(self._work.job, VERSION)
        return log

    def _idle(self) -> None:
        """A blank card, but every row is made or in work elsewhere: wait a little for one to be queued again."""
        for _ in range(_IDLE_POLLS):
            if self._line.over or self._work.ledger.queued(self._work.job):
                return
            time.sleep(_POLL)

    def _make(self, channel: Channel, card: str, log: JournalledCard) -> None:
        seq = log.state.row
        record = self._work.records.record(seq)
        factor = channel.atr.card_factor
        started = time.perf_counter()
        resumed = log.state.touched
        first_exchange = channel.exchanges
        self._tell(Kind.STARTED, record=record, card=card, resumed=resumed)
        step_at: list[Step] = []
        try:
            plan = self._work.template.plan(record, channel.atr.serial)
            total = len(plan.steps)

            def progress(index: int, step: Step) -> None:
                if self._line.halted:
                    raise _Halted
                step_at[:] = [step]
                if step.stage != last_stage[0] or index % 8 == 0:
                    last_stage[0] = step.stage
                    self._tell(Kind.STEP, record=record, card=card, step=index + 1, total=total, current=step)

            last_stage = [""]
            Runner(channel, self._work.dialect, self._work.service, factor).run(plan, log, progress)
        except _Halted:
            self._tell(Kind.STOPPED, record=record, card=card)
        except TransportError as error:
            self._lost(card, record, error)
        except (JournalError, CustodyError):
            raise
        except PlanError:
            log.end(journals.RETURNED, "plan")
            self._work.ledger.release(card)
            raise
        except SscardError as error:
            self._failed(card, record, log, error, step_at)
        else:
            log.end(journals.GOOD)
            self._work.ledger.finish(card)
            self._settled(card)
            self._line.count(None)
            self._tell(
                Kind.GOOD,
                record=record,
                card=card,
                step=total,
                total=total,
                resumed=resumed,
                seconds=time.perf_counter() - started,
                exchanges=channel.exchanges - first_exchange,
            )
        finally:
            self._work.service.forget(factor)

    def _lost(self, card: str, record: Record, error: TransportError) -> None:
        """Contact was lost: the same card goes on when it is back, until patience with it ends."""
        self._losses[card] = self._losses.get(card, 0) + 1
        if self._losses[card] >= RECONNECTS:
            self._slot.release()
        self._tell(Kind.LOST, record=record, card=card, error=error)

    def _failed(self, card: str, record: Record, log: JournalledCard, error: SscardError, step_at: list[Step]) -> None:
        """The card answered wrongly: quarantine it, or give it back where nothing can have been written."""
        wrong_code = isinstance(error, CounterError) and bool(step_at) and isinstance(step_at[0].action, PresentCode)
        if wrong_code and log.state.last_step < 0 and not log.state.left:
            log.end(journals.RETURNED, error.key)
            self._work.ledger.release(card)
            self._settled(card)
            self._slot.release()
            self._line.stop(error)
            self._tell(Kind.REFUSED, record=record, card=card, error=error)
            return
        log.end(journals.SPOILED, error.key)
        self._work.ledger.spoil(card, error.key)
        self._settled(card)
        self._line.count(error)
        self._tell(Kind.SPOILED, record=record, card=card, error=error, current=step_at[0] if step_at else None)

    def _settled(self, card: str) -> None:
        """The card's story has ended: let it go and forget it."""
        self._work.open_cards.pop(card, None)
        self._losses.pop(card, None)
        self._slot.release()
        self._cards += 1
        if self._cards % CARDS_A_JOURNAL == 0 and self._journal is not None and not self._losses:
            self._journal.retire()
            self._journal = None

    def _open_journal(self) -> Journal:
        if self._journal is None:
            name = f"{time.time_ns():020d}-{self.number}{journals.SUFFIX}"
            self._journal = Journal(self._work.folder / name)
        return self._journal

    def _tell(self, kind: Kind, **fields: object) -> None:
        self._line.tell(Event(kind, self.number, self._slot.name, **fields))  # type: ignore[arg-type]
