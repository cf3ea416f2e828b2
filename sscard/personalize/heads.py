"""What a line is given and what it tells: the readers of its heads, the work they share, the events they send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from sscard.apdu.trace import Trace
from sscard.apdu.transport import Channel, Transport
from sscard.cos.dialect import Dialect
from sscard.cos.mark import CardIdentity
from sscard.errors import GuardRefused, SscardError
from sscard.keys.service import KeyService
from sscard.personalize.ahead import Ahead, KeysAhead
from sscard.personalize.journal import CardState, Note
from sscard.personalize.ledger import CardEntry, Ledger, Standing, State
from sscard.personalize.plan import Template
from sscard.personalize.record import Record
from sscard.personalize.runner import Certifier
from sscard.personalize.steps import Step


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


class Admitting(Protocol):
    """Decides over a card that the ledger does not know."""

    def admit(self, channel: Channel, identity: CardIdentity) -> int | None:
        """The row of a card that may be written, None for the next one.  Raises GuardRefused; only reads."""
        ...


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
    records: Ahead
    keys: KeysAhead
    admission: Admitting
    folder: Path
    open_cards: dict[str, CardState]
    note: Note
    tracer: Tracer = no_trace
    certifier: Certifier | None = None

    def entry_of(self, identity: CardIdentity) -> CardEntry | None:
        """What the ledger knows of a card in the book of this job's pass."""
        return self.ledger.card(self.name_of(identity))

    def name_of(self, identity: CardIdentity) -> str:
        """What a card is called in ledger and journal of this job."""
        return self.template.pass_.book.entry(identity.name)

    def known(self, card: str) -> CardState | None:
        """Where a card stands that the ledger knows; None for a new one.

        Raises GuardRefused for a card of another job or station, and for one whose fate is settled.
        """
        entry = self.ledger.card(card)
        if entry is None:
            return None
        if entry.job != self.job:
            raise GuardRefused("card-other-job", job=entry.job, seq=entry.seq)
        if entry.state is not State.WORK:
            raise GuardRefused(f"card-is-{entry.state}", seq=entry.seq)
        if not self.ledger.mine(entry):
            raise GuardRefused("card-other-station", station=entry.station, seq=entry.seq)
        return self.open_cards[card]

    @property
    def paused(self) -> bool:
        """Whether free heads must wait for ``sscard jobs continue``."""
        return self.ledger.standing(self.job) is Standing.PAUSED


class Kind(Enum):
    """What an event tells."""

    WAITING = "waiting"
    PAUSED = "paused"
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
