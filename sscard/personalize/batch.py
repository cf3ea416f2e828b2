"""A batch file of people: checked in one pass, then read row by row.

:func:`check` streams the file once and keeps only offsets and digests, so memory does not grow with what the rows
hold.  A :class:`Batch` exists only for a file without error findings; it reads single rows by seeking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sscard.errors import BatchError, BatchUnusable, FormatError, GuardRefused
from sscard.personalize import lines, ssn
from sscard.personalize.exchange.model import CANONICAL, Format, Sheet
from sscard.personalize.exchange.reading import open_rows
from sscard.personalize.findings import Finding, Severity
from sscard.personalize.judge import Judge, OnFinding
from sscard.personalize.record import Record
from sscard.personalize.rows import FileRows, Rows, SpooledRows, state_of
from sscard.personalize.rule import Setting
from sscard.personalize.scan import OnRow, Scan, reading

_OWN_FIELDS: Final = frozenset(Record.__dataclass_fields__)


class Batch:
    """A batch file that passed :func:`check`.  Rows are read from disk each time; any thread may ask.

    ``name`` is the file name, ``sha256`` the lower-case hex digest of the whole file, ``batch_id`` the sender's name of
    the batch, empty where neither file nor manifest tells one.
    """

    def __init__(self, path: Path, encoding: str, sha256: str, rows: Rows, batch_id: str = "") -> None:
        self.path = path
        self.name = path.name
        self.encoding = encoding
        self.sha256 = sha256
        self.batch_id = batch_id
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def under(self, batch_id: str) -> Batch:
        """The same batch under a name its sender gave it elsewhere."""
        return Batch(self.path, self.encoding, self.sha256, self._rows, batch_id)

    def record(self, seq: int) -> Record:
        """The row with sequence number ``seq`` (1…n).  Raises IndexError, and BatchError where the file changed."""
        if not 1 <= seq <= len(self):
            raise IndexError(seq)
        return _record(*self._rows.row(seq))

    def records(self) -> Iterator[Record]:
        """All rows in order.  Raises BatchError where the file changed."""
        return (_record(*row) for row in self._rows.all())


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
    path: Path | str,
    *,
    encoding: str | None = None,
    region: str,
    demo: bool,
    today: date | None = None,
    layout: Format | None = None,
) -> Batch:
    """Check ``path`` and return it ready for reading.  Raises BatchError where it has error findings."""
    return check(path, encoding=encoding, region=region, demo=demo, today=today, layout=layout).batch()


def check(
    path: Path | str,
    *,
    encoding: str | None = None,
    region: str,
    demo: bool,
    today: date | None = None,
    layout: Format | None = None,
    on_finding: OnFinding | None = None,
    on_row: OnRow | None = None,
) -> Report:
    """Check a batch file against every rule, in one pass.

    ``layout`` is the format of the file, the canonical one where it is None.  ``encoding`` is the sender's word (one of
    ``lines.ENCODINGS``), by default that of the format, never guessed.  ``region`` and ``demo`` are those
    of the workspace.  ``today`` (default: the clock) is the day against which validity is judged.  ``on_finding`` gets
    each finding as it is made, ``on_row`` the number of rows done so far.

    Raises BatchUnusable for a file that cannot be read or is not of its container, FormatError for a format nobody
    sends, GuardRefused where region and mode do not go together.
    """
    path = Path(path)
    sheet = _intake(layout)
    encoding = encoding or sheet.encoding
    if encoding not in lines.ENCODINGS:
        raise BatchUnusable("batch-encoding", encoding=encoding, known=", ".join(lines.ENCODINGS))
    if region.startswith(ssn.DEMO_PREFIX) != demo:
        raise GuardRefused("batch-region-demo" if demo else "batch-region-production", region=region)
    judge = Judge(path.name, Setting(region, demo, today or date.today()), on_finding)
    if sheet == CANONICAL:
        count, sha256, rows = _by_line(path, encoding, judge, on_row)
    else:
        count, sha256, rows = _by_format(path, encoding, sheet, judge, on_row)
    batch = None
    if rows is not None and not judge.errors:
        batch = Batch(path, encoding, sha256, rows, judge.envelope.get("batch", ("", 0))[0])
    return Report(path, encoding, count, sha256, tuple(judge.findings), dict(judge.counts), batch)


def _intake(layout: Format | None) -> Sheet:
    """What a party's files of a format look like.  Raises FormatError where nobody sends any."""
    if layout is None:
        return CANONICAL
    if layout.intake is None:
        raise FormatError("format-no-intake", name=layout.name)
    return layout.intake


def _by_line(path: Path, encoding: str, judge: Judge, on_row: OnRow | None) -> tuple[int, str, Rows | None]:
    """Number of rows, digest and rows of a canonical file."""
    scan = Scan(path, encoding, judge, on_row)
    with reading(path):
        file = path.open("rb")
    with file:
        state = state_of(file)
        scan.run(file)
    rows = None if scan.header is None else FileRows(path, encoding, scan.header, scan.offsets, state)
    return scan.rows, scan.sha256, rows


def _by_format(
    path: Path, encoding: str, sheet: Sheet, judge: Judge, on_row: OnRow | None
) -> tuple[int, str, Rows | None]:
    """Number of rows, digest and rows of a file of another format.  Raises BatchError where it changes meanwhile."""
    with reading(path), path.open("rb") as whole:
        state = state_of(whole)
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
    rows = SpooledRows()
    source, file = open_rows(path, sheet, encoding, judge)
    with file:
        for line, cells in source.rows():
            values = dict(zip(source.columns, cells, strict=True))
            judge.row(line, values)
            rows.append(line, values)
            if on_row:
                on_row(source.count)
        if state_of(file) != state:
            raise BatchError("batch-changed", path=str(path))
    rows.close()
    return source.count, sha256, rows if source.columns else None


def _record(line: int, values: dict[str, str]) -> Record:
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
