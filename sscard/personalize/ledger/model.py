"""What stands in a ledger: jobs, cards, stations and totals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEASE: Final = 300
"""Seconds within which a running station gives a sign of life, where the settings do not say."""


class State(StrEnum):
    """States of a row (queued, work, good) and of a card (work, good, spoiled, lost)."""

    QUEUED = "queued"
    WORK = "work"
    GOOD = "good"
    SPOILED = "spoiled"
    LOST = "lost"


class Standing(StrEnum):
    """What people decided about a job; a paused or closed one takes no card."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Job:
    """One batch being made."""

    job: str
    batch: str
    digest: str
    profile: str
    profile_digest: str
    rows: int
    created: str


@dataclass(frozen=True, slots=True)
class CardEntry:
    """One piece of plastic the ledger knows, by its historical bytes.

    ``station`` is where it was claimed and its journal lies, ``decided`` the station where people gave it up or struck
    it off, empty where nobody did.
    """

    card: str
    job: str
    seq: int
    station: str
    head: str
    state: State
    reason: str
    started: str
    ended: str
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """Who opens a ledger.

    ``identity`` is a word that only this workspace has, so that no other works under its name; empty for a ledger that
    lies in the workspace itself.  ``lease``: the seconds within which the station promises a sign of life.
    """

    station: str
    identity: str = ""
    lease: float = LEASE


@dataclass(frozen=True, slots=True)
class Station:
    """A station the ledger knows.  ``silent``: seconds since its last sign of life, by the database's clock."""

    station: str
    identity: str
    lease: float
    silent: float

    @property
    def lives(self) -> bool:
        """Whether it may be working: its cards in work are nobody else's."""
        return self.silent <= self.lease


@dataclass(frozen=True, slots=True)
class Written:
    """A return file as it was written: its number among those of its job and kind, its name, its SHA-256 in hex."""

    number: int
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Totals of a job: ``rows`` people, of whom ``left`` still wait; the rest counts cards.

    ``ties`` is whether people and cards agree: every good row has its good card, every row in work its card.
    """

    rows: int
    good: int
    spoiled: int
    work: int
    left: int
    ties: bool

    @property
    def complete(self) -> bool:
        """Whether every person has a good card."""
        return self.good == self.rows and self.ties

    @property
    def blanks(self) -> int:
        """Blanks in = good + spoiled + in work + left."""
        return self.good + self.spoiled + self.work + self.left


@dataclass(frozen=True, slots=True)
class Account:
    """Totals and cards of a job at one moment, whoever works on it meanwhile; cards by row, oldest first."""

    balance: Balance
    cards: tuple[CardEntry, ...]
