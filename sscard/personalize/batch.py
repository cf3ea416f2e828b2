"""A batch file of people: checked in one pass, then read row by row.

:func:`check` streams the file once and keeps only offsets and digests, so memory does not grow with what the rows
hold.  A :class:`Batch` exists only for a file without error findings; it reads single rows by seeking.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from sscard.errors import BatchError, BatchUnusable, GuardRefused
from sscard.personalize import lines, ssn
from sscard.personalize.columns import Header
from sscard.personalize.findings import Finding, Severity
from sscard.personalize.record import Record
from sscard.personalize.rules import Setting
from sscard.personalize.judge import Judge, OnFinding
from sscard.personalize.scan import OnRow, Scan, reading

_OWN_FIELDS: Final = frozenset(Record.__dataclass_fields__)


class Batch:
    """A batch file that passed :func:`check`.  Rows are read from the file each time; any thread may ask.

    ``name`` is the file name, ``sha256`` the lower-case hex digest of the whole file.
    """

    def __init__(
        self, path: Path, encoding: str, sha256: str, header: Header, offsets: array[int], state: tuple[int, int]
    ) -> None:
        self.path = path
        self.name = path.name
        self.encoding = encoding
        self.sha256 = sha256
        self._header = header
        self._offsets = offsets
        self._state = state

    def __len__(self) -> int:
        return len(self._offsets)

    def record(self, seq: int) -> Record:
        """The row with sequence number ``seq`` (1…n).  Raises IndexError, and BatchError where the file changed."""
        if not 1 <= seq <= len(self):
            raise IndexError(seq)
        with self._open() as file:
            return self._read(file, seq)

    def records(self) -> Iterator[Record]:
        """All rows in order.  Raises BatchError where the file changed."""
        with self._open() as file:
            for seq in range(1, len(self) + 1):
                yield self._read(file, seq)

    def _open(self) -> BinaryIO:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise BatchError("batch-changed", path=str(self.path)) from error
        if _state(file) != self._state:
            file.close()
            raise BatchError("batch-changed", path=str(self.path))
        return file

    def _read(self, file: BinaryIO, seq: int) -> Record:
        """Row ``seq``; the header stands on line 1 and no line is blank, else there were findings."""
        file.seek(self._offsets[seq - 1])
        text = lines.without_end(file.readline(lines.MAX_LINE)).decode(self.encoding)
        return _record(self._header.values(lines.cells(text)), seq + 1)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of :func:`check`.  ``findings`` holds the first ``judge.KEEP_FINDINGS``; ``counts`` counts all.

    ``sha256`` is of the whole file, lower-case hex.
    """

    path: Path
    encoding: str
    rows: int
    sha256: str
    findings: tuple[Finding, ...]
    counts: Mapping[Severity, int]
    _batch: Batch | None

    @property
    def errors(self) -> int:
        """Number of error findings; a batch with any is not used."""
        return self.counts.get(Severity.ERROR, 0)

    def batch(self) -> Batch:
        """The batch.  Raises BatchError where there are error findings."""
        if self._batch is None:
            first = next(finding for finding in self.findings if finding.severity is Severity.ERROR)
            raise BatchError(
                "batch-findings", path=self.path.name, errors=self.errors, line=first.line, rule=first.rule
            )
        return self._batch


def open_batch(
    path: Path | str, *, encoding: str = "utf-8", region: str, demo: bool, today: date | None = None
) -> Batch:
    """Check ``path`` and return it ready for reading.  Raises BatchError where it has error findings."""
    return check(path, encoding=encoding, region=region, demo=demo, today=today).batch()


def check(
    path: Path | str,
    *,
    encoding: str = "utf-8",
    region: str,
    demo: bool,
    today: date | None = None,
    on_finding: OnFinding | None = None,
    on_row: OnRow | None = None,
) -> Report:
    """Check a batch file against every rule, in one pass.

    ``encoding`` is the sender's word (one of ``lines.ENCODINGS``), never guessed.  ``region`` and ``demo`` are those
    of the workspace.  ``today`` (default: the clock) is the day against which validity is judged.  ``on_finding`` gets
    each finding as it is made, ``on_row`` the number of rows done so far.

    Raises BatchUnusable for a file that cannot be read or is no text file, GuardRefused where region and mode do not
    go together.
    """
    path = Path(path)
    if encoding not in lines.ENCODINGS:
        raise BatchUnusable("batch-encoding", encoding=encoding, known=", ".join(lines.ENCODINGS))
    if region.startswith(ssn.DEMO_PREFIX) != demo:
        raise GuardRefused("batch-region-demo" if demo else "batch-region-production", region=region)
    judge = Judge(path.name, Setting(region, demo, today or date.today()), on_finding)
    scan = Scan(path, encoding, judge, on_row)
    with reading(path):
        file = path.open("rb")
    with file:
        state = _state(file)
        scan.run(file)
    batch = None
    if scan.header is not None and not judge.counts[Severity.ERROR]:
        batch = Batch(path, encoding, scan.sha256, scan.header, scan.offsets, state)
    return Report(path, encoding, scan.rows, scan.sha256, tuple(judge.findings), dict(judge.counts), batch)


def _state(file: BinaryIO) -> tuple[int, int]:
    """Size and time of last change: what tells that a file is still the one that was checked."""
    stat = os.fstat(file.fileno())
    return stat.st_size, stat.st_mtime_ns


def _record(values: dict[str, str], line: int) -> Record:
    return Record(
        seq=int(values["seq"]),
        line=line,
        ssn=values["ssn"].upper(),
        name=values["name"],
        sex=values["sex"],
        ethnic=values["ethnic"],
        birth=values["birth"],
        card_no=values["card_no"],
        region=values["region"],
        issue_date=values["issue_date"],
        expire_date=values["expire_date"],
        birthplace=values.get("birthplace", ""),
        bank_code=values.get("bank_code", ""),
        bank_pan=values.get("bank_pan", ""),
        apply_kind=values.get("apply_kind") or "new",
        extra={column: value for column, value in values.items() if column not in _OWN_FIELDS},
    )
