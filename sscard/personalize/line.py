"""The line: one thread a head, one reader a head, events to the thread that started it.

A head takes whatever card comes, decides whether it may be written, and lets it stay until its story here has ended.
It never shows or asks anything: it sends events, and the caller shows them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from typing import Final

from sscard._version import VERSION
from sscard.apdu.transport import Channel, Transport
from sscard.cos.mark import CardIdentity
from sscard.errors import (
    GuardRefused,
    JournalError,
    ProtocolError,
    ReaderLost,
    ReaderMissing,
    ServiceMissing,
    SscardError,
    TransportError,
)
from sscard.personalize import journal as journals
from sscard.personalize.admission import card_identity
from sscard.personalize.heads import Event, Kind, Slot, Work
from sscard.personalize.journal import CardState, Journal, JournalledCard
from sscard.personalize.stay import Halted, Stay

HUNG_AFTER: Final = 60.0
"""Seconds without a sign of life after which a head is parked: the reader stack has no time limit of its own."""
RECONNECTS: Final = 3
"""How often a head goes on with a card that lost contact before it leaves it for later."""
ALIKE_FAILURES: Final = 3
"""So many failures of one kind in a row stop the line."""
CARDS_A_JOURNAL: Final = 100
_POLL: Final = 0.25
_IDLE_POLLS: Final = 4


class Line:
    """Runs the heads of one job until no row waits, no card comes, or someone says stop."""

    def __init__(self, work: Work, slots: Sequence[Slot], *, patience: float, hung_after: float = HUNG_AFTER) -> None:
        self._work = work
        self._patience = patience
        self._hung_after = hung_after
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._drain = threading.Event()
        self._halt = threading.Event()
        self._failures: deque[str] = deque(maxlen=ALIKE_FAILURES)
        self._active = 0
        self._lock = threading.Lock()
        self._quiet_since: float | None = None
        self._heads = [_Head(self, number, slot) for number, slot in enumerate(slots, 1)]
        self._defect: Exception | None = None
        self.fatal: SscardError | None = None
        self.reader_error: TransportError | None = None
        self.drained_by_hand = False

    def run(self) -> Generator[Event]:
        """Start the heads and yield their events until all have ended; the caller's thread is the only one to show.

        Closed before its end it halts the heads and waits for them: none outlives the caller's ledger.
        """
        threads = [threading.Thread(target=head.run, name=f"head-{head.number}", daemon=True) for head in self._heads]
        for thread in threads:
            thread.start()
        ended = 0
        try:
            while ended < len(threads):
                self._park_the_hung()
                self._sign_of_life()
                try:
                    event = self._events.get(timeout=_POLL)
                except queue.Empty:
                    continue
                ended += event.kind is Kind.ENDED
                yield event
        finally:
            if ended < len(threads):
                self.halt()
            while any(thread.is_alive() for thread in self._attended(threads)):
                self._park_the_hung()
                for thread in self._attended(threads):
                    thread.join(_POLL)
        if self._defect is not None:
            raise self._defect

    def _attended(self, threads: Sequence[threading.Thread]) -> list[threading.Thread]:
        """Threads of the heads that are not parked."""
        return [thread for head, thread in zip(self._heads, threads, strict=True) if not head.parked]

    def _park_the_hung(self) -> None:
        """Give up heads that show no sign of life; the others go on."""
        now = time.monotonic()
        for head in self._heads:
            if not head.ended and now - head.alive > self._hung_after:
                head.park(ReaderLost("reader-hung", reader=head.slot.name, seconds=round(now - head.alive)))

    def _sign_of_life(self) -> None:
        """Tell the ledger, when it is time, that this station works; the line ends where the ledger cannot be told."""
        if self.fatal is None:
            try:
                self._work.ledger.sign()
            except SscardError as error:
                self.stop(error)

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
            self._quiet_since = None
        self._events.put(event)

    def count(self, error: SscardError | None) -> None:
        """Keep count of failures in a row; stop the line after :data:`ALIKE_FAILURES` of one kind."""
        with self._lock:
            if error is None:
                self._failures.clear()
                return
            self._failures.append(error.key)
            hopeless = self._failures.count(error.key) == ALIKE_FAILURES
        if hopeless:
            self.stop(error)

    def busy(self, working: bool) -> None:
        """A head says that it begins or ends with a card."""
        with self._lock:
            self._active += 1 if working else -1

    def quiet(self, *, paused: bool = False) -> None:
        """A head found no card: patience is counted from the first that did since anything happened or a pause."""
        if paused:
            self._quiet_since = None
            time.sleep(_POLL)
        elif self._quiet_since is None:
            self._quiet_since = time.monotonic()

    @property
    def heads(self) -> int:
        """How many heads there are."""
        return len(self._heads)

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
        since = self._quiet_since
        return since is not None and self._active == 0 and time.monotonic() - since > self._patience


class _Head:
    """One thread: card after card."""

    def __init__(self, line: Line, number: int, slot: Slot) -> None:
        self.number = number
        self.line = line
        self.slot = slot
        self._work = line._work
        self._journal: Journal | None = None
        self._cards = 0
        self._losses: dict[str, int] = {}
        self._unusable = ""
        self._working = False
        self._end = threading.Lock()
        self.alive = time.monotonic()
        self.parked = False
        self.ended = False

    def park(self, error: ReaderLost) -> None:
        """Give this head up: its thread may hang for ever, and writes nothing more should it come back.

        A card it had in work stays in work for the next run.
        """
        with self._end:
            if self.ended:
                return
            self.parked = self.ended = True
        self._working_on(False)
        self.line.reader_error = error
        self._tell(Kind.STOPPED, error=error)
        self._tell(Kind.ENDED)

    def _working_on(self, working: bool) -> None:
        with self._end:
            if working is not self._working:
                self._working = working
                self.line.busy(working)

    def run(self) -> None:
        """The thread's life; ends with an ENDED event whatever happens."""
        try:
            self._serve_all()
        except Exception as error:
            if not self.parked:
                self._stopped_by(error)
        finally:
            self.slot.close()
            if self._journal is not None:
                self._journal.close()
            with self._end:
                already, self.ended = self.ended, True
            if not already:
                self._tell(Kind.ENDED)

    def _stopped_by(self, error: Exception) -> None:
        """Tell what ended this head: its reader is gone, the whole line must stop, or the toolkit has a defect."""
        if isinstance(error, TransportError):
            self.line.reader_error = error
            self._tell(Kind.STOPPED, error=error)
        elif isinstance(error, SscardError | OSError):
            if isinstance(error, OSError):
                cause = error.strerror or str(error)
                error = JournalError("file-failed", path=str(error.filename or ""), cause=cause)
            self.line.stop(error)
            self._tell(Kind.STOPPED, error=error)
        else:
            self.line.crash(error)

    def _serve_all(self) -> None:
        told: Kind | None = None
        while not (self.parked or self.line.over):
            self.alive = time.monotonic()
            self._work.records.get_ready(self.line.heads)
            self._work.keys.get_ready(self.line.heads)
            paused = self._work.paused
            transport = None if paused else self._next_card()
            if transport is None:
                self.line.quiet(paused=paused)
                if told is not (kind := Kind.PAUSED if paused else Kind.WAITING):
                    self._tell(kind)
                told = kind
                continue
            told, self._unusable = None, ""
            try:
                self._serve(transport)
            finally:
                transport.close()

    def _next_card(self) -> Transport | None:
        """The card in the slot; one that cannot be powered counts as none and is told of once.

        Raises when the reader is gone.
        """
        try:
            return self.slot.next_card(_POLL)
        except (ReaderLost, ReaderMissing, ServiceMissing):
            raise
        except TransportError as error:
            if error.key != self._unusable:
                self._unusable = error.key
                self._tell(Kind.LOST, error=error)
            time.sleep(_POLL)
            return None

    def _serve(self, transport: Transport) -> None:
        """One card, whatever becomes of it."""
        trace = None
        try:
            trace = self._work.tracer(self.number, transport.atr)
            channel = Channel(transport, (self._beat,) if trace is None else (self._beat, trace))
            identity = card_identity(channel, self._work.dialect)
            self._work.keys.came(identity.factor)
            log = self._admit(channel, identity)
            if log is None:
                self._idle()
            else:
                self._working_on(True)
                try:
                    self._make(channel, identity, log)
                finally:
                    self._working_on(False)
        except GuardRefused as error:
            self._refuse(error)
        except ProtocolError:
            self._refuse(GuardRefused("card-foreign", atr=transport.atr.hex().upper()))
        except TransportError as error:
            self._tell(Kind.LOST, error=error)
        except Halted:
            return
        finally:
            if trace is not None:
                trace.close()

    def _beat(self, _sent: bytes, _received: bytes) -> None:
        """The card answered.  Raises Halted in a head that was given up meanwhile."""
        self.alive = time.monotonic()
        if self.parked:
            raise Halted

    def _refuse(self, error: GuardRefused) -> None:
        """Nothing was written to the card, and nothing will be."""
        self.slot.release()
        self.line.count(error)
        self._tell(Kind.REFUSED, error=error)

    def _admit(self, channel: Channel, identity: CardIdentity) -> JournalledCard | None:
        """Decide which row the card is for; None when no row waits for one."""
        card = self._work.name_of(identity)
        state = self._work.known(card)
        if state is None:
            own = self._work.admission.admit(channel, identity)
            seq = self._work.ledger.claim(self._work.job, card, f"{self.number}", own)
            if seq is None:
                return None
            state = self._work.open_cards[card] = CardState(card, seq, self._work.template.profile.digest)
        if state.profile != self._work.template.profile.digest:
            raise GuardRefused("card-other-profile", seq=state.row)
        log = self._open_journal().card(state)
        log.open(self._work.job, VERSION)
        return log

    def _idle(self) -> None:
        """A blank card, but every row is made or in work elsewhere: wait a little for one to be queued again."""
        self.line.quiet()
        for _ in range(_IDLE_POLLS):
            self.alive = time.monotonic()
            if self.line.over or self._work.ledger.queued(self._work.job):
                return
            time.sleep(_POLL)

    def _make(self, channel: Channel, identity: CardIdentity, log: JournalledCard) -> None:
        card = self._work.name_of(identity)
        stay = Stay(self._work, self.number, self.slot.name, card, log, self.line.tell, self._go_on)
        outcome = stay.make(channel, identity)
        match outcome.kind:
            case Kind.LOST:
                losses = self._losses[card] = self._losses.get(card, 0) + 1
                if losses >= RECONNECTS:
                    self.slot.release()
            case Kind.STOPPED:
                if self.parked:
                    return
            case _:
                self._settled(card)
                if outcome.hopeless and outcome.error is not None:
                    self.line.stop(outcome.error)
                else:
                    self.line.count(outcome.error)
        stay.tell(outcome.kind, error=outcome.error, exchanges=outcome.exchanges)

    def _go_on(self) -> bool:
        """Whether the card in work may take its next step."""
        return not self.line.halted

    def _settled(self, card: str) -> None:
        """The card's story has ended: let it go and forget it."""
        self._work.open_cards.pop(card, None)
        self._losses.pop(card, None)
        self.slot.release()
        self._cards += 1
        if self._cards % CARDS_A_JOURNAL == 0 and self._journal is not None and not self._losses:
            self._journal.retire(self._work.note)
            self._journal = None

    def _open_journal(self) -> Journal:
        if self._journal is None:
            name = journals.next_name(self._work.folder, self.number)
            self._journal = Journal(self._work.folder / f"{name}{journals.SUFFIX}")  # there before the chain names it
            self._work.note("journal", file=name, head=self.number)
        return self._journal

    def _tell(self, kind: Kind, **fields: object) -> None:
        self.line.tell(Event(kind, self.number, self.slot.name, **fields))  # type: ignore[arg-type]
