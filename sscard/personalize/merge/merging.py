"""Two parties' files on a key that both have: matched rows, rows of one side, conflicts, and totals that add up.

Nothing is guessed.  A key is refused that is a name, that a file does not have, or that stands twice in either file; a
file with an error is not merged, not even its good rows; two values for one field are a conflict, not a choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sscard.errors import BatchError, BatchUnusable, FormatError, GuardRefused
from sscard.personalize import lines, ssn
from sscard.personalize.columns import ALIASES, FIELDS, OPTIONAL, REQUIRED
from sscard.personalize.exchange.model import CANONICAL, Format, Sheet
from sscard.personalize.findings import Finding, Severity
from sscard.personalize.judge import UNIQUE, Notes, OnFinding
from sscard.personalize.masking import mask
from sscard.personalize.merge import statements
from sscard.personalize.merge.engine import DEFAULT_MEMORY, engine
from sscard.personalize.merge.ingest import ingest
from sscard.personalize.merge.outputs import Written, private_folder, publish, write
from sscard.personalize.merge.validate import validate
from sscard.personalize.rule import Setting

SIDES: Final = ("ss", "bank")
KEYS: Final = tuple(UNIQUE)
"""Columns that may be a key: each is meant to stand once in a file."""

_NAMES: Final = frozenset({"name", "guardian_name"})
_SHOWN_KEYS: Final = 20
_SHOWN_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Party:
    """One party's file.  ``encoding`` is the sender's word; by default that of the format."""

    path: Path
    layout: Format | None = None
    encoding: str | None = None

    def sheet(self) -> Sheet:
        """What the file looks like.  Raises FormatError for a format nobody sends, BatchUnusable for the encoding."""
        if self.layout is not None and self.layout.intake is None:
            raise FormatError("format-no-intake", name=self.layout.name)
        if self.encoding not in (None, *lines.ENCODINGS):
            raise BatchUnusable("batch-encoding", encoding=self.encoding, known=", ".join(lines.ENCODINGS))
        return self.layout.intake if self.layout and self.layout.intake else CANONICAL


@dataclass(frozen=True, slots=True)
class Side:
    """What a file turned out to hold."""

    file: str
    columns: tuple[str, ...]
    rows: int
    sha256: str
    findings: tuple[Finding, ...]
    counts: Mapping[Severity, int]

    @property
    def errors(self) -> int:
        """Number of error findings; a file with any is not merged."""
        return self.counts.get(Severity.ERROR, 0)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A key that stands twice in a file: masked, with lines of both files, the first few of each."""

    value: str
    ss_lines: tuple[int, ...]
    bank_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a merge.  Files were written where there are neither errors nor repeats."""

    key: str
    ss: Side
    bank: Side
    repeats: tuple[Repeat, ...] = ()
    files: tuple[Written, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict)

    @property
    def written(self) -> bool:
        """Whether the merge took place."""
        return bool(self.files)

    @property
    def clean(self) -> bool:
        """Whether every row of both files found its partner, and none contradicts it."""
        return self.written and set(self.kinds) <= {"merged"}

    def facts(self) -> dict[str, object]:
        """Totals with stable names."""
        kinds = {
            name.replace("-", "_"): self.kinds.get(name, 0) for name in ("merged", "conflict", "only-ss", "only-bank")
        }
        return {
            "on": self.key,
            "ss": {"file": self.ss.file, "rows": self.ss.rows, "sha256": self.ss.sha256},
            "bank": {"file": self.bank.file, "rows": self.bank.rows, "sha256": self.bank.sha256},
            **kinds,
            "files": [
                {"name": each.name, "rows": each.rows, "bytes": each.bytes, "sha256": each.sha256}
                for each in self.files
            ],
        }


def key_column(name: str) -> str:
    """The canonical column that ``name`` means.  Raises GuardRefused for what can be no key."""
    column = ALIASES.get(name.strip().lower())
    if column is None:
        raise GuardRefused("merge-key-unknown", name=name, known=", ".join(KEYS))
    if column in _NAMES:
        raise GuardRefused("merge-key-name", name=name)
    if column not in KEYS:
        raise GuardRefused("merge-key-kind", name=name, known=", ".join(KEYS))
    return column


def merge(
    ss: Party,
    bank: Party,
    *,
    on: str,
    out: Path,
    region: str,
    demo: bool,
    prefer: Mapping[str, str] | None = None,
    today: date | None = None,
    memory: str = DEFAULT_MEMORY,
    on_finding: OnFinding | None = None,
    on_row: Any = None,
) -> Outcome:
    """Merge two files into the new folder ``out``.

    ``on`` is the key, by any name of a column.  ``prefer`` tells for a column whose word counts, ``ss`` or ``bank``.
    ``memory`` limits the engine, such as 500MB.  Where the outcome has errors or repeats nothing is written.

    Raises GuardRefused for a key or a place that is refused, BatchUnusable for a file that cannot be read, BatchError
    where totals do not add up, the merged rows would be no batch, or the disk is full.
    """
    key = key_column(on)
    prefer = dict(prefer or {})
    for column, side in prefer.items():
        if column not in FIELDS or side not in SIDES:
            raise GuardRefused("merge-prefer", name=column, side=side)
    if region.startswith(ssn.DEMO_PREFIX) != demo:
        raise GuardRefused("batch-region-demo" if demo else "batch-region-production", region=region)
    setting = Setting(region, demo, today or date.today())
    with private_folder(out) as folder:
        work = folder / "work"
        work.mkdir(mode=0o700)
        result = folder / "result"
        result.mkdir(mode=0o700)
        with engine(work, memory) as connection:
            sides = {
                name: _take_in(connection, name, party, key, setting, work, on_finding, on_row)
                for name, party in zip(SIDES, (ss, bank), strict=True)
            }
            outcome = Outcome(key, sides["ss"], sides["bank"], _repeats(connection, key, sides))
            if outcome.repeats or outcome.ss.errors or outcome.bank.errors:
                return outcome
            outcome = _match(connection, result, outcome, prefer)
        publish(result, out, outcome.facts())
    return outcome


def _take_in(
    connection: Any,
    name: str,
    party: Party,
    key: str,
    setting: Setting,
    folder: Path,
    on_finding: OnFinding | None,
    on_row: Any,
) -> Side:
    notes = Notes(party.path.name, on_finding)
    sheet = party.sheet()
    columns, sha256 = ingest(
        connection,
        name,
        party.path,
        sheet,
        party.encoding or sheet.encoding,
        notes,
        folder,
        on_row or (lambda _rows: None),
    )
    rows = 0
    if columns:
        if key not in columns:
            raise GuardRefused("merge-key-missing", name=key, path=party.path.name)
        (rows,) = connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()
        validate(connection, name, columns, key, setting, notes)
    return Side(party.path.name, columns, rows, sha256, tuple(notes.findings), dict(notes.counts))


def _repeats(connection: Any, key: str, sides: Mapping[str, Side]) -> tuple[Repeat, ...]:
    rule = UNIQUE[key]
    if not all(side.columns for side in sides.values()):
        return ()
    if not any(finding.rule == rule for side in sides.values() for finding in side.findings):
        return ()
    found = connection.execute(statements.repeated_keys(key)).fetchmany(_SHOWN_KEYS * _SHOWN_LINES * 2)
    repeats = []
    for value, rows in groupby(found, key=lambda row: row[0]):
        by_side: dict[str, list[int]] = {name: [] for name in SIDES}
        for _, side, line in rows:
            by_side[side].append(line)
        shown = [tuple(by_side[side][:_SHOWN_LINES]) for side in SIDES]
        repeats.append(Repeat(mask(key, value), *shown))
    return tuple(repeats[:_SHOWN_KEYS])


def _match(connection: Any, folder: Path, outcome: Outcome, prefer: Mapping[str, str]) -> Outcome:
    key, ss, bank = outcome.key, outcome.ss.columns, outcome.bank.columns
    there = {"seq", *ss, *bank}
    missing = [column for column in REQUIRED if column not in there]
    if missing:
        raise BatchError("merge-columns", missing=", ".join(missing))
    columns = [column for column in (*REQUIRED, *OPTIONAL) if column in there - statements.OWN or column == "seq"]
    connection.execute(f"CREATE TABLE paired AS {statements.paired(key, ss, bank, prefer)}")
    kinds = dict(connection.execute(statements.totals()).fetchall())
    shared = [column for column in statements.shared_columns(key, ss, bank) if column not in prefer]
    files = (
        write(connection, folder, "merged.csv", statements.merged_rows(columns, ss, bank, prefer)),
        write(connection, folder, "only-ss.csv", statements.single_rows("ss", ss)),
        write(connection, folder, "only-bank.csv", statements.single_rows("bank", bank)),
        write(connection, folder, "conflicts.csv", statements.conflict_rows(key, shared)),
    )
    _add_up(outcome, files, kinds)
    return Outcome(key, outcome.ss, outcome.bank, (), files, kinds)


def _add_up(outcome: Outcome, files: Sequence[Written], kinds: Mapping[str, int]) -> None:
    """Rows of each file = merged + conflicts + those it alone has, by the lines in the files that were written."""
    merged, only_ss, only_bank, conflicts = (each.rows for each in files)
    counted = {"merged": merged, "only-ss": only_ss, "only-bank": only_bank, "conflict": conflicts}
    sums = (merged + conflicts + only_ss, merged + conflicts + only_bank)
    if sums != (outcome.ss.rows, outcome.bank.rows) or any(counted[kind] != kinds.get(kind, 0) for kind in counted):
        raise BatchError("merge-totals", ss=sums[0], ss_rows=outcome.ss.rows, bank=sums[1], bank_rows=outcome.bank.rows)
