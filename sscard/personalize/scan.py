"""The pass over a batch file: lines to rows, rows to findings, and what only shows across rows."""

from __future__ import annotations

import csv
import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from sscard.errors import BatchUnusable
from sscard.personalize import lines
from sscard.personalize.columns import Header, read_header
from sscard.personalize.duplicates import Seen
from sscard.personalize.findings import Finding, Severity
from sscard.personalize.rules import Row, Setting, check_row

KEEP_FINDINGS: Final = 1000
"""Findings a scan holds; all are counted, and all go to ``on_finding``."""

OnFinding = Callable[[Finding], None]
OnRow = Callable[[int], None]

_UNIQUE: Final = {"ssn": "DUP-01", "card_no": "DUP-02", "bank_pan": "DUP-03"}
_SEQ: Final = re.compile(r"[1-9][0-9]{0,8}")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class Scan:
    """One pass over one file.  After :meth:`run` the attributes tell the outcome; ``sha256`` is of the whole file."""

    def __init__(
        self, path: Path, encoding: str, setting: Setting, on_finding: OnFinding | None, on_row: OnRow | None
    ) -> None:
        self.path = path
        self.encoding = encoding
        self._setting = setting
        self._on_finding = on_finding
        self._on_row = on_row
        self._header_line = 0
        self._header_cells: list[str] | None = None
        self.header: Header | None = None
        self.findings: list[Finding] = []
        self.counts: Counter[Severity] = Counter()
        self.offsets = array("Q")
        self.rows = 0
        self.sha256 = ""
        self._next_seq = 1
        self._blank_line = 0
        self._bad_lines = 0
        self._seen = {column: Seen() for column in _UNIQUE}
        self._watch = None if encoding == "utf-8" else lines.Utf8Watch()

    def run(self, file: BinaryIO) -> None:
        """Read ``file`` to its end.  Raises BatchUnusable where it cannot be read or is no text file."""
        digest, offset, number = hashlib.sha256(), 0, 0
        with reading(self.path):
            _refuse_foreign(self.path, file)
        while raw := _read_line(self.path, file):
            number += 1
            digest.update(raw)
            if not self._line(raw, number, offset):
                break
            offset += len(raw)
        with reading(self.path):
            while rest := file.read(lines.MAX_LINE):
                digest.update(rest)
        self.sha256 = digest.hexdigest()
        self._finish(number)

    def _line(self, raw: bytes, number: int, offset: int) -> bool:
        """Take one physical line; False where reading on would say nothing true."""
        if len(raw) > lines.MAX_LINE:
            self._add("ROW-04", number, limit=lines.MAX_LINE)
            return False
        if number == 1 and raw.startswith(lines.BOM) and self._watch:
            self._add("ENC-03", number, encoding=self.encoding)
            return False
        if self._watch:
            self._watch.look(raw, number)
        try:
            text = lines.decode(lines.without_end(raw), self.encoding)
        except lines.BadText as bad:
            return self._undecodable(bad, number, offset)
        if number == 1:
            text = text.removeprefix("\ufeff")
        try:
            cells = lines.cells(text)
        except csv.Error:
            self._add("ROW-02", number)
            self._next_seq += self._header_cells is not None
            return True
        if not any(cells):
            self._blank_line = self._blank_line or number
            return True
        if self._blank_line:
            self._add("ROW-03", self._blank_line)
            self._blank_line = 0
        if self._header_cells is None:
            self._header_cells, self._header_line = cells, number
            return True
        return self._row(cells, number, offset)

    def _undecodable(self, bad: lines.BadText, number: int, offset: int) -> bool:
        """Name the byte; where another encoding reads the whole file, the rest would only repeat the finding."""
        self._bad_lines += 1
        self._next_seq += self._header_cells is not None
        rule, others = bad.rule, ""
        if rule == "ENC-01":
            with reading(self.path):
                known = lines.other_encodings(self.path, self.encoding) if self._bad_lines == 1 else []
            others = " / ".join(known)
            rule = rule if others else "ENC-05"
        self._add(rule, number, encoding=self.encoding, offset=offset + bad.offset, others=others)
        return not others

    def _row(self, cells: list[str], number: int, offset: int) -> bool:
        """Take one row of data; False where the header makes rows unreadable."""
        header = self.header or self._read_header(cells)
        if not header.usable:
            return False
        self.rows += 1
        if self._on_row:
            self._on_row(self.rows)
        self.offsets.append(offset)
        if len(cells) != len(header.columns):
            self._add("ROW-01", number, count=len(cells), expected=len(header.columns))
            self._next_seq += 1
            return True
        row = Row(self.path.name, number, header.values(cells))
        self._sequence(row)
        check_row(row, self._setting)
        self._duplicates(row)
        for finding in row.findings:
            self._note(finding)
        return True

    def _read_header(self, sample: list[str]) -> Header:
        self.header = read_header(self._header_cells or [], sample)
        for problem in self.header.problems:
            self._add(problem.rule, self._header_line, problem.column, **problem.fields)
        return self.header

    def _sequence(self, row: Row) -> None:
        """1…n without gap or repeat; after a break counting goes on from what stands there."""
        value = row["seq"]
        if not _SEQ.fullmatch(value):
            if value:
                row.add("SEQ-01", "seq")
            self._next_seq += 1
            return
        if int(value) != self._next_seq:
            row.add("SEQ-02" if int(value) > self._next_seq else "SEQ-03", "seq", expected=self._next_seq)
        self._next_seq = int(value) + 1

    def _duplicates(self, row: Row) -> None:
        for column, rule in _UNIQUE.items():
            if (value := row[column]) and (first := self._seen[column].first_line(value.upper(), row.line)):
                row.add(rule, column, first=first)

    def _finish(self, number: int) -> None:
        """What can only be said at the end of the file."""
        if self.header is None and self._header_cells is not None:
            self._read_header([])
        if self._blank_line:
            self._add("ROW-05", self._blank_line)
        if self._watch and (verdict := self._watch.verdict) and not self._bad_lines:
            self._add(verdict, self._watch.first_line, encoding=self.encoding)
        if not self.rows and not self.counts[Severity.ERROR]:
            self._add("FIL-01", max(number, 1))

    def _add(self, rule: str, line: int, column: str = "", **fields: str | int) -> None:
        self._note(Finding(self.path.name, line, column, rule, "", fields))

    def _note(self, finding: Finding) -> None:
        self.counts[finding.severity] += 1
        errors_kept = self.counts[Severity.ERROR] > 1 or finding.severity is not Severity.ERROR
        if len(self.findings) < KEEP_FINDINGS or not errors_kept:
            self.findings.append(finding)
        if self._on_finding:
            self._on_finding(finding)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an OSError inside into BatchUnusable."""
    try:
        yield
    except OSError as error:
        raise BatchUnusable("batch-unreadable", path=str(path), reason=error.strerror or str(error)) from error


def _read_line(path: Path, file: BinaryIO) -> bytes:
    with reading(path):
        return file.readline(lines.MAX_LINE + 1)


def _refuse_foreign(path: Path, file: BinaryIO) -> None:
    """Refuse what is no text file before its bytes are judged as text.  Raises BatchUnusable."""
    head = file.read(4)
    file.seek(0)
    if not head:
        raise BatchUnusable("batch-empty", path=str(path))
    if head.startswith(_WORKBOOKS):
        raise BatchUnusable("batch-workbook", path=str(path))
    if head.startswith(_WIDE_MARKS):
        raise BatchUnusable("batch-utf16", path=str(path))
