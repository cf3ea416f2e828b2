"""What the register of PSAMs holds: requests, PSAMs and their states, keys, history."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What became of a request."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


class State(StrEnum):
    """Life of a PSAM: number reserved, loaded, at a terminal, called back, lost, destroyed."""

    RESERVED = "reserved"
    LOADED = "loaded"
    ISSUED = "issued"
    RECALLED = "recalled"
    LOST = "lost"
    DESTROYED = "destroyed"


MAY: dict[str, frozenset[State]] = {
    "load": frozenset((State.RESERVED, State.LOADED, State.RECALLED)),
    "issue": frozenset((State.LOADED, State.RECALLED)),
    "recall": frozenset((State.ISSUED,)),
    "lose": frozenset((State.RESERVED, State.LOADED, State.ISSUED, State.RECALLED)),
    "replace": frozenset((State.RECALLED, State.LOST, State.DESTROYED)),
    "destroy": frozenset((State.RESERVED, State.LOADED, State.RECALLED)),
}
"""From which states a step may be made; a lost or destroyed PSAM never comes back."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request with its list (TOML text).  ``loaded`` counts the PSAMs made for it."""

    id: int
    authority: str
    city: str
    purpose: str
    count: int
    supplier: str
    list: str
    digest: str
    requester: str
    requested: str
    decision: Decision
    reviewer: str
    reviewed: str
    note: str
    loaded: int


@dataclass(frozen=True, slots=True)
class PsamEntry:
    """One PSAM.  ``device`` is the terminal it sits in, ``form`` its shape; days are YYYYMMDD, times ISO 8601, UTC."""

    terminal: str
    serial: str
    request: int
    algorithm: str
    debug: bool
    state: State
    loader: str
    loaded: str
    valid_until: str
    device: str
    address: str
    keeper: str
    form: str
    issued: str
    due: str
    recalled: str
    destroyed: str
    reason: str
    replaces: str


@dataclass(frozen=True, slots=True)
class HeldKey:
    """One root a PSAM holds: name, version, level, and its place such as 67/08."""

    name: str
    version: int
    level: str
    place: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """A terminal number bound to a serial for one request; ``resumed`` when the loading was begun before."""

    terminal: str
    resumed: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history, which is never changed."""

    at: str
    who: str
    what: str
    terminal: str
    note: str


def person(name: str) -> str:
    """A name as it is compared: one spelling of width, case and blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
