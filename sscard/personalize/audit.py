"""The evidence of a workspace: checked here, or packed with a checker that needs no sscard.

Evidence is the stations' chains, the journals, what the ledger says of cards, and digests of return files; nobody's
name, number or key is in it.  Of a shared ledger it is the part of the stations of this workspace: where a card was
claimed, there its journal lies.  What is looked for: docs/audit.md.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sscard.durable import replacing
from sscard.errors import GuardRefused, JournalError, UsageError
from sscard.keys.ceremony.run import Place as Ceremonies
from sscard.personalize import evidence_check, journal
from sscard.personalize.approval import broken
from sscard.personalize.chain import SUFFIX, Chain, Place
from sscard.personalize.evidence_check import Finding
from sscard.personalize.ledger import CardEntry, Ledger
from sscard.personalize.returns import return_files
from sscard.personalize.workspace import Workspace

_CHECKER: Final = "verify.py"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """The people of a job in the ledger: how many, their digest, and whether cards and rows tie."""

    count: int
    people: str
    ties: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the evidence of a workspace lies.  ``journals``: job → name without ending → file."""

    chains: dict[str, Path]
    journals: dict[str, dict[str, Path]]
    cards: tuple[dict[str, object], ...]
    pins: dict[str, str]
    returns: dict[str, str]
    people: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """What does not fit.  Raises JournalError where a file cannot be read."""
        try:
            yield from evidence_check.check(self.chains, self.journals, self.cards, self.pins, self.returns)
            for path in self.chains.values():
                entries, _ = evidence_check.read_chain(path, path.name, [])
                yield from (Finding("approval", path.name, number, "") for number in broken(entries, self.people))
                yield from self._counted(path.name, entries)
            yield from (Finding("totals", job, 0, "") for job, rows in sorted(self.rows.items()) if not rows.ties)
        except OSError as error:
            raise JournalError("journal-unreadable", path=str(error.filename), cause=error.strerror) from error

    def _counted(self, chain: str, entries: list[dict[str, Any]]) -> Iterator[Finding]:
        """Jobs that ran with more, fewer or other people than the ledger holds, or that it does not know.

        Entries of older versions do not tell who the people were.
        """
        for entry in entries:
            if entry["kind"] == "run" and entry["job"] in self.journals:
                rows = self.rows.get(entry["job"])
                if rows is None or rows.count != entry["rows"]:
                    yield Finding("totals", chain, entry["n"], entry["job"])
                elif rows.people != entry.get("people", rows.people):
                    yield Finding("people", chain, entry["n"], entry["job"])


def collect(workspace: Workspace, ledger: Ledger, job: str | None = None) -> Evidence:
    """The evidence of all jobs, or of one.  Raises GuardRefused for a job there is not."""
    jobs = [entry.job for entry in ledger.jobs() if job in (None, entry.job)]
    if job is not None and not jobs:
        raise GuardRefused("job-unknown", job=job)
    folders = {path.name: path for path in workspace.jobs_path.iterdir() if path.is_dir()}
    if job is None:
        jobs = sorted({*jobs, *folders})
    chains = {path.stem: path for path in sorted(workspace.chain_path.parent.glob(f"*{SUFFIX}"))}
    stations = ledger.own_stations() | chains.keys()
    return Evidence(
        chains,
        {name: _journals(folders.get(name)) for name in jobs},
        tuple(
            _card(card, ledger)
            for name in jobs
            for card in ledger.cards(name)
            if stations & {card.station, card.decided} or not ledger.shared
        ),
        {station: place for station, place in ledger.pins().items() if station in stations},
        {
            path.name: sha256(path.read_bytes()).hexdigest()
            for name in jobs
            for path in return_files(workspace.outbox_path, name)
        },
        {person.name: person.public for person in Ceremonies(workspace.root).register()},
        {name: _rows(ledger, name) for name in {entry.job for entry in ledger.jobs()} & {*jobs}},
    )


def _rows(ledger: Ledger, job: str) -> Rows:
    balance = ledger.balance(job)
    return Rows(balance.rows, ledger.people_digest(job), balance.ties)


def _card(card: CardEntry, ledger: Ledger) -> dict[str, object]:
    """A card as evidence; where the ledger is not shared nobody elsewhere can have decided about it."""
    return asdict(card if ledger.shared else replace(card, decided=""))


def _journals(folder: Path | None) -> dict[str, Path]:
    endings = (journal.SUFFIX, journal.CLOSED_SUFFIX)
    paths = sorted(folder.iterdir()) if folder is not None else ()
    return {path.stem: path for path in paths if path.suffix in endings}


def noted(evidence: Evidence, station: str, place: str) -> Evidence:
    """The evidence held against a place of a station's chain that was written down outside.

    Raises UsageError for anything but ``N:HASH``.
    """
    try:
        known = Place.parse(place)
    except ValueError:
        raise UsageError("chain-place", place=place) from None
    return replace(evidence, pins=evidence.pins | {station: str(known)})


def head(workspace: Workspace) -> Place:
    """Where this station's chain ends: what to write down where nobody at the station can change it."""
    return Chain(workspace.chain_path).last()


def export(evidence: Evidence, out: Path) -> int:
    """Pack the evidence and its checker into a ZIP; same evidence, same bytes.  Returns the number of files.

    Raises GuardRefused where ``out`` exists, JournalError where it cannot be written.
    """
    parts = dict(_parts(evidence))
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(parts.items()))
    parts["SHA256SUMS"] = sums.encode()
    if out.exists():
        raise GuardRefused("evidence-exists", path=str(out))
    try:
        with replacing(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in sorted(parts.items()):
                bundle.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise JournalError("file-failed", path=str(out), cause=error.strerror) from error
    return len(parts)


def _parts(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    yield _CHECKER, files("sscard.personalize").joinpath("evidence_check.py").read_bytes()
    for path in evidence.chains.values():
        yield f"chain/{path.name}", path.read_bytes()
    for job, held in evidence.journals.items():
        for path in held.values():
            yield f"journals/{job}/{path.name}", path.read_bytes()
    lines = (json.dumps(card, ensure_ascii=False, sort_keys=True) + "\n" for card in evidence.cards)
    yield "cards.jsonl", "".join(lines).encode()
    yield "pins.json", json.dumps(evidence.pins, indent=1, sort_keys=True).encode()
    yield "returns.json", json.dumps(evidence.returns, indent=1, sort_keys=True).encode()
