"""One stay of one card at a head: its plan is carried out, journal and ledger are settled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sscard.apdu.transport import Channel
from sscard.cos.actions import PresentCode
from sscard.cos.mark import CardIdentity
from sscard.cos.passes import plain
from sscard.errors import CustodyError, GuardRefused, JournalError, PlanError, SscardError, TransportError
from sscard.personalize import journal as journals
from sscard.personalize.admission import WRONG_CODE, refused_code
from sscard.personalize.heads import Event, Kind, Work
from sscard.personalize.journal import JournalledCard
from sscard.personalize.record import Record
from sscard.personalize.runner import Runner
from sscard.personalize.steps import Step

_TELL_EVERY: Final = 0.1


class Halted(Exception):
    """The operator asked to stop at the next safe point."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stay ended: good, spoiled, refused (given back as it came, or given up elsewhere meanwhile), lost or
    stopped (both still in work).

    ``hopeless``: every further card would meet ``error`` too.
    """

    kind: Kind
    error: SscardError | None = None
    exchanges: int = 0
    hopeless: bool = False


@dataclass(slots=True)
class Stay:
    """Where the card stands, and how that is told: ``send`` takes the events, ``go_on`` says whether to take a step."""

    work: Work
    head: int
    reader: str
    card: str
    log: JournalledCard
    send: Callable[[Event], None]
    go_on: Callable[[], bool]
    record: Record = field(init=False)
    resumed: bool = field(init=False)
    total: int = 0
    index: int = -1
    current: Step | None = None
    seconds: float = 0.0
    _next_tell: float = 0.0

    def __post_init__(self) -> None:
        self.record = self.work.records.record(self.log.state.row)
        self.resumed = self.log.state.touched

    def make(self, channel: Channel, identity: CardIdentity) -> Outcome:
        """Carry the plan out and settle journal and ledger.

        Raises JournalError, CustodyError and PlanError, after which no card must be begun; the card of the first two
        stays in work.
        """
        started, before = time.perf_counter(), channel.exchanges
        self.tell(Kind.STARTED)
        try:
            plan = self.work.records.plan(self.record, identity.serial)
            self.total = len(plan.steps)
            runner = Runner(channel, self.work.dialect, self.work.service, identity.factor, self.work.certifier)
            runner.run(plan, self.log, self._progress)
        except Halted:
            return Outcome(Kind.STOPPED)
        except TransportError as error:
            return Outcome(Kind.LOST, error)
        except (JournalError, CustodyError):
            raise
        except PlanError:
            self._return("plan")
            raise
        except SscardError as error:
            return self._failed(error)
        finally:
            self.work.service.forget(identity.factor)
        self.log.end(journals.GOOD)
        try:
            self.work.ledger.finish(self.card)
        except GuardRefused as error:
            return Outcome(Kind.REFUSED, error)
        self.seconds = time.perf_counter() - started
        return Outcome(Kind.GOOD, exchanges=channel.exchanges - before)

    def _failed(self, error: SscardError) -> Outcome:
        """The card answered wrongly: quarantine it, or give it back where nothing can have been written.

        A wrong transport code is hopeless where it would cost every card a try; one that was locked before, and one
        refused without a count of tries, is that card's own trouble.
        """
        state = self.log.state
        action = self.current.action if self.current else None
        untouched = state.last_step < 0 and not state.left
        refusal = refused_code(error) if isinstance(action, PresentCode) and untouched else None
        if refusal is not None:
            self._return(error.key)
            return Outcome(Kind.REFUSED, refusal, hopeless=refusal.key == WRONG_CODE)
        self.log.end(journals.SPOILED, error.key)
        self.work.ledger.spoil(self.card, error.key)
        return Outcome(Kind.SPOILED, error)

    def _return(self, reason: str) -> None:
        """The card is as it came; its row is queued again."""
        self.log.end(journals.RETURNED, reason)
        self.work.ledger.release(self.card)

    def _progress(self, index: int, step: Step) -> None:
        """Called by the runner before each step; tells it now and then.  Raises Halted at the operator's word."""
        if not self.go_on():
            raise Halted
        self.index, self.current = index, step
        now = time.monotonic()
        if now >= self._next_tell:
            self._next_tell = now + _TELL_EVERY
            self.tell(Kind.STEP)

    def tell(self, kind: Kind, *, error: SscardError | None = None, exchanges: int = 0) -> None:
        """Send an event about this card."""
        event = Event(
            kind,
            self.head,
            self.reader,
            self.record,
            plain(self.card),
            self.index + 1,
            self.total,
            self.current,
            error,
            self.resumed,
            self.seconds,
            exchanges,
        )
        self.send(event)
