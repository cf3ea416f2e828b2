"""The facts of a report, gathered from what production wrote down itself.

Free text that found its way into those records (the name of a batch file, a reason) is shown with every run of digits
that could be a person's or a bank's number masked; a reason that is no code of the toolkit is not shown at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

from sscard import messages
from sscard._version import VERSION
from sscard.cos.masking import mask_pan, mask_ssn, printable
from sscard.errors import GuardRefused
from sscard.personalize.audit import Evidence, collect
from sscard.personalize.evidence_check import read_chain
from sscard.personalize.ledger import Balance, CardEntry, Job, Ledger, State
from sscard.personalize.report.clock import of_iso, of_seconds
from sscard.personalize.report.pace import Pace, pace, timings
from sscard.personalize.workspace import Workspace

OTHER: Final = "other"
"""A reason that is no code and that nobody gave to ``sscard jobs spoil``."""

_BOOKKEEPING: Final = frozenset({"journal", "closed"})
"""Entries of a chain that say where journals begin and end."""
_OWN: Final = frozenset({"n", "t", "kind", "job", "prev", "hash"})
_SSN: Final = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_LONG: Final = re.compile(r"(?<!\d)\d{11,19}(?!\d)")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}|[0-9A-Fa-f]{26}")
"""A SHA-256, or a card's thirteen historical bytes."""


@dataclass(frozen=True, slots=True)
class Head:
    """What one head made; ``median`` is None where it finished no card."""

    head: str
    good: int
    spoiled: int
    lost: int
    median: float | None


@dataclass(frozen=True, slots=True)
class Spoilage:
    """Cards of one head that went the same way; ``reason`` is an error code, a given word, or ``other``."""

    head: str
    state: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where a station's chain ends, and where the ledger says so; ``pinned`` is empty where it says nothing."""

    station: str
    number: int
    hash: str
    pinned: str


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """An entry of a chain that tells of this job."""

    time: str
    station: str
    kind: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """One job.  Times as text in China Standard Time; no field holds a person."""

    job: Job
    demo: bool
    region: str
    balance: Balance
    lost: int
    begun: str
    ended: str
    heads: tuple[Head, ...]
    spoilage: tuple[Spoilage, ...]
    pace: Pace | None
    slowest_row: int
    slowest_head: str
    entries: tuple[ChainEntry, ...]
    chains: tuple[ChainEnd, ...]
    findings: tuple[str, ...]
    journals: int
    tools: tuple[str, ...]
    tool: str = VERSION

    def as_json(self) -> dict[str, Any]:
        """The same facts with stable names, ready for ``json.dumps``."""
        balance, pace = self.balance, self.pace
        return {
            "job": shown(self.job.job),
            "batch": shown(self.job.batch),
            "batch_sha256": self.job.digest,
            "created": of_iso(self.job.created),
            "begun": self.begun,
            "ended": self.ended,
            "demo": self.demo,
            "region": self.region,
            "profile": self.job.profile,
            "profile_digest": self.job.profile_digest,
            "rows": balance.rows,
            "blanks": balance.blanks,
            "good": balance.good,
            "spoiled": balance.spoiled,
            "lost": self.lost,
            "work": balance.work,
            "left": balance.left,
            "ties": balance.ties,
            "heads": [
                {
                    "head": head.head,
                    "good": head.good,
                    "spoiled": head.spoiled,
                    "lost": head.lost,
                    "median_seconds": None if head.median is None else round(head.median, 3),
                }
                for head in self.heads
            ],
            "spoilage": [
                {"head": part.head, "state": part.state, "reason": part.reason, "count": part.count}
                for part in self.spoilage
            ],
            "times": pace
            and {
                "cards": pace.cards,
                "median_seconds": round(pace.median, 3),
                "slowest_seconds": round(pace.most, 3),
                "slowest_seq": self.slowest_row,
                "slowest_head": self.slowest_head,
                "slowest_reset_info": pace.slowest,
            },
            "cards_per_minute": pace
            and {
                "start": of_seconds(pace.start),
                "minutes": pace.minutes,
                "bars": [round(bar, 3) for bar in pace.bars],
            },
            "entries": [
                {"time": entry.time, "station": entry.station, "kind": entry.kind, "facts": entry.facts}
                for entry in self.entries
            ],
            "chains": [
                {"station": end.station, "number": end.number, "hash": end.hash, "pinned": end.pinned}
                for end in self.chains
            ],
            "findings": list(self.findings),
            "journals": self.journals,
            "tools": list(self.tools),
            "tool": self.tool,
        }


def gather(workspace: Workspace, ledger: Ledger, name: str) -> Report:
    """The report of a job, by its name or that of its batch.

    Raises GuardRefused("job-unknown"), JournalError where ledger, chain or journals cannot be read.
    """
    job = next((job for job in ledger.jobs() if name in (job.job, job.batch)), None)
    if job is None:
        raise GuardRefused("job-unknown", job=name)
    evidence = collect(workspace, ledger, job.job)
    cards = _by_station(ledger.cards(job.job))
    times = timings(evidence.journals[job.job].values())
    made = {card.card: card for card in cards if card.state is State.GOOD}
    speed = pace({card: timing for card, timing in times.items() if card in made})
    slowest = made.get(speed.slowest) if speed else None
    entries = tuple(_entries(evidence, job.job))
    states: dict[str, Counter[State]] = {}
    for card in cards:
        states.setdefault(card.head, Counter())[card.state] += 1
    given = {entry.facts.get("reason", "") for entry in entries if entry.kind == "spoiled"}
    lost_ways = Counter(
        (card.head, card.state, _reason(card.reason, given))
        for card in cards
        if card.state in (State.SPOILED, State.LOST)
    )
    return Report(
        job=job,
        demo=workspace.demo,
        region=workspace.region,
        balance=ledger.balance(job.job),
        lost=sum(counted[State.LOST] for counted in states.values()),
        begun=of_iso(min((card.started for card in cards), default="")),
        ended=of_iso(max((card.ended for card in cards), default="")),
        heads=tuple(
            Head(
                shown(head),
                counted[State.GOOD],
                counted[State.SPOILED],
                counted[State.LOST],
                _median(
                    [times[card.card].seconds for card in made.values() if card.head == head and card.card in times]
                ),
            )
            for head, counted in sorted(states.items(), key=lambda item: (len(item[0]), item[0]))
        ),
        spoilage=tuple(
            Spoilage(shown(head), state.value, reason, count)
            for (head, state, reason), count in sorted(lost_ways.items(), key=lambda item: (-item[1], item[0]))
        ),
        pace=speed,
        slowest_row=slowest.seq if slowest else 0,
        slowest_head=shown(slowest.head) if slowest else "",
        entries=entries,
        chains=tuple(_ends(evidence)),
        findings=tuple(sorted({shown(f"{found.kind} {found.place}") for found in evidence.findings()})),
        journals=len(evidence.journals[job.job]),
        tools=tuple(sorted({entry.facts["tool"] for entry in entries if "tool" in entry.facts})),
    )


def shown(text: str) -> str:
    """Free text with the middle of every number that could be a person's, a telephone's or a bank card's hidden."""
    if _DIGEST.fullmatch(text):
        return text
    hidden = _SSN.sub(lambda found: mask_ssn(found[0]), printable(text))
    return _LONG.sub(lambda found: mask_pan(found[0]), hidden)


def _by_station(cards: list[CardEntry]) -> list[CardEntry]:
    """Cards of several stations with heads that tell them apart."""
    if len({card.station for card in cards}) < 2:
        return cards
    return [replace(card, head=f"{card.station}/{card.head}") for card in cards]


def _reason(reason: str, given: Set[str]) -> str:
    """A code, or a word ``given`` to the chain by a person; what stands in the ledger alone is held back."""
    return reason if reason in messages.keys_in("errors") or reason in given else OTHER


def _median(seconds: list[float]) -> float | None:
    return median(seconds) if seconds else None


def _entries(evidence: Evidence, job: str) -> Iterator[ChainEntry]:
    for station, path in evidence.chains.items():
        for entry in read_chain(path, path.name, [])[0]:
            if entry.get("job") == job and entry["kind"] not in _BOOKKEEPING:
                facts = {name: _flat(value) for name, value in entry.items() if name not in _OWN}
                yield ChainEntry(of_seconds(entry["t"]), shown(station), shown(entry["kind"]), facts)


def _flat(value: object) -> str:
    """A field of an entry as text: names and values of an object one after the other."""
    if isinstance(value, dict):
        return "  ".join(f"{shown(str(name))} {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "  ".join(map(_flat, value))
    return shown(str(value))


def _ends(evidence: Evidence) -> Iterator[ChainEnd]:
    for station, path in evidence.chains.items():
        entries, _ = read_chain(path, path.name, [])
        if entries:
            last = entries[-1]
            yield ChainEnd(shown(station), last["n"], last["hash"], evidence.pins.get(station, ""))
