"""What the stations' chains tell of return files: every revision written, what was sent, what was acknowledged.

A job has return files of two kinds.  Each file written with other bytes, or under another name, than the one before it
of its job and kind is a new revision, counted from 1 over all stations that share the job: the ledger counts.  The last
one is current; it supersedes all before it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sscard.errors import JournalError
from sscard.personalize.chain import SUFFIX
from sscard.personalize.evidence_check import Finding, read_chain
from sscard.personalize.ledger import Written
from sscard.personalize.returns import spoiled_path

if TYPE_CHECKING:
    from sscard.personalize.ledger import Balance, Ledger


class Kind(StrEnum):
    """What a file of the outbox tells of: people, or spoiled plastics."""

    RETURN = "return"
    SPOILED = "spoiled"


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of one job's file.  ``rows``, ``good`` and ``spoiled`` are totals of the job when it was written;
    ``supersedes`` is the key of the revision before it, empty for the first."""

    job: str
    kind: Kind
    number: int
    name: str
    sha256: str
    rows: int
    good: int
    spoiled: int
    supersedes: str = ""

    @property
    def key(self) -> str:
        """The same for ever for this file, and no other's: 32 hex digits over job, kind, revision and digest."""
        return _key(self.job, self.kind, self.number, self.sha256)

    @property
    def records(self) -> int:
        """Records in the file: a person each, or a spoiled plastic each."""
        return self.rows if self.kind is Kind.RETURN else self.spoiled


@dataclass(slots=True)
class Register:
    """The chains, read.  ``revisions``: oldest first; ``sent``: (key, target); ``acknowledged``: name of an
    acknowledgement → SHA-256; ``settled``: (key, target) → name of the acknowledgement; ``erased``: job → digests."""

    revisions: dict[tuple[str, Kind], list[Revision]] = field(default_factory=dict)
    sent: set[tuple[str, str]] = field(default_factory=set)
    acknowledged: dict[str, str] = field(default_factory=dict)
    settled: dict[tuple[str, str], str] = field(default_factory=dict)
    erased: dict[str, set[str]] = field(default_factory=dict)

    def current(self) -> list[Revision]:
        """The last revision of each job and kind, but for what was erased."""
        last = (revisions[-1] for revisions in self.revisions.values())
        return [revision for revision in last if revision.sha256 not in self.erased.get(revision.job, ())]

    def stands(self, outbox: Path, job: str, balance: Balance) -> bool:
        """Whether all files of a job lie in the outbox as last written and tell the totals of now.  Raises OSError."""
        now = (balance.rows, balance.good, balance.spoiled)
        mine = [revision for revision in self.current() if revision.job == job]
        told = len(mine) == len(Kind) and all((each.rows, each.good, each.spoiled) == now for each in mine)
        return told and all(digest_of(outbox / each.name) == each.sha256 for each in mine)

    def number(self, ledger: Ledger, job: str, files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """What a chain says of files (name → SHA-256) about to be written: ``revisions``, name → number, and
        ``supersedes``, name → key of the revision before it, where there is one."""
        revisions: dict[str, Any] = {}
        supersedes: dict[str, Any] = {}
        for name, digest in files.items():
            kind = _kind(name, job)
            known = next((Written(last.number, last.name, last.sha256) for last in self._last(job, kind)), None)
            revisions[name], before = ledger.revision(job, kind, name, digest, known)
            if before is not None:
                supersedes[name] = _key(job, kind, before.number, before.sha256)
        return {"revisions": revisions, "supersedes": supersedes}

    def _last(self, job: str, kind: Kind) -> list[Revision]:
        return self.revisions.get((job, kind), [])[-1:]

    def older(self, revision: Revision, digest: str) -> bool:
        """Whether these bytes are of an earlier revision."""
        return any(each.sha256 == digest for each in self.revisions[revision.job, revision.kind][:-1])


def digest_of(path: Path) -> str:
    """SHA-256 of a file in hex, empty where there is none.  Raises OSError."""
    try:
        with path.open("rb") as file:
            digest = sha256()
            while block := file.read(1 << 20):
                digest.update(block)
            return digest.hexdigest()
    except FileNotFoundError:
        return ""


def read_register(chains: Path) -> Register:
    """Read all chains of a folder.  Raises JournalError for one that was changed or cannot be read."""
    register = Register()
    stations = [_entries(path) for path in sorted(chains.glob(f"*{SUFFIX}"))]
    for entry in heapq.merge(*stations, key=lambda entry: float(entry["t"])):
        match entry["kind"]:
            case "returns":
                for name, digest in entry["files"].items():
                    _add(register, name, digest, entry)
            case "sent":
                register.sent.add((entry["key"], entry["target"]))
            case "acknowledged":
                register.acknowledged[entry["file"]] = entry["sha256"]
                register.settled[entry["key"], entry["target"]] = entry["file"]
            case "erased":
                register.erased.setdefault(entry["job"], set()).update(file["sha256"] for file in entry["files"])
    return register


def _add(register: Register, name: str, digest: str, entry: dict[str, Any]) -> None:
    job = entry["job"]
    kind = _kind(name, job)
    known = register.revisions.setdefault((job, kind), [])
    totals = (entry["rows"], entry["good"], entry["spoiled"])
    before = known[-1] if known else None
    if before and (before.name, before.sha256) == (name, digest):
        number, supersedes = before.number, before.supersedes
        known.pop()
    else:
        number, supersedes = (before.number + 1, before.key) if before else (1, "")
    number = entry.get("revisions", {}).get(name, number)
    supersedes = entry.get("supersedes", {}).get(name, supersedes)
    known.append(Revision(job, kind, number, name, digest, *totals, supersedes))


def _kind(name: str, job: str) -> Kind:
    return Kind.SPOILED if name == spoiled_path(Path(), job).name else Kind.RETURN


def _key(job: str, kind: Kind, number: int, digest: str) -> str:
    return sha256("\n".join((job, kind, str(number), digest)).encode()).hexdigest()[:32]


def _entries(path: Path) -> Iterable[dict[str, Any]]:
    found: list[Finding] = []
    try:
        entries, _ = read_chain(path, path.name, found)
    except OSError as error:
        raise JournalError("chain-write", path=str(path), cause=error.strerror) from error
    if any(finding.kind != "torn" for finding in found):
        raise JournalError("chain-damaged", path=str(path))
    return entries
