"""The pass over a batch file: lines to rows, rows to findings, and what only shows across rows."""

from __future__ import annotations

import csv
import hashlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from sscard.errors import BatchUnusable
from sscard.personalize import lines
from sscard.personalize.columns import Header, read_header
from sscard.personalize.findings import Severity
from sscard.personalize.judge import Judge

OnRow = Callable[[int], None]

_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class Scan:
    """One pass over one file.  After :meth:`run` the attributes tell the outcome; ``sha256`` is of the whole file."""

    def __init__(self, path: Path, encoding: str, judge: Judge, on_row: OnRow | None) -> None:
        self.path = path
        self.encoding = encoding
        self._judge = judge
        self._on_row = on_row
        self._header_line = 0
        self._header_cells: list[str] | None = None
        self.header: Header | None = None
        self.offsets = array("Q")
        self.rows = 0
        self.sha256 = ""
        self._blank_line = 0
        self._bad_lines = 0
        self._watch = None if encoding == "utf-8" else lines.Utf8Watch()

    def run(self, file: BinaryIO) -> None:
        """Read ``file`` to its end.  Raises BatchUnusable where it cannot be read or is no text file."""
        digest, offset, number = hashlib.sha256(), 0, 0
        with reading(self.path):
            refuse_foreign(self.path, file)
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
            self._judge.add("ROW-04", number, limit=lines.MAX_LINE)
            return False
        if number == 1 and raw.startswith(lines.BOM) and self._watch:
            self._judge.add("ENC-03", number, encoding=self.encoding)
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
            self._judge.add("ROW-02", number)
            self._pass_row()
            return True
        if not any(cells):
            self._blank_line = self._blank_line or number
            return True
        if self._blank_line:
            self._judge.add("ROW-03", self._blank_line)
            self._blank_line = 0
        if self._header_cells is None:
            self._header_cells, self._header_line = cells, number
            return True
        return self._row(cells, number, offset)

    def _undecodable(self, bad: lines.BadText, number: int, offset: int) -> bool:
        """Name the byte; where another encoding reads the whole file, the rest would only repeat the finding."""
        self._bad_lines += 1
        self._pass_row()
        with reading(self.path):
            rule, others = lines.blame(self.path, self.encoding, bad, look=self._bad_lines == 1)
        self._judge.add(rule, number, encoding=self.encoding, offset=offset + bad.offset, others=others)
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
            self._judge.add("ROW-01", number, count=len(cells), expected=len(header.columns))
            self._judge.pass_row()
            return True
        self._judge.row(number, header.values(cells))
        return True

    def _pass_row(self) -> None:
        """A line that cannot be read was a row, unless it stood where the header should."""
        if self._header_cells is not None:
            self._judge.pass_row()

    def _read_header(self, sample: list[str]) -> Header:
        self.header = read_header(self._header_cells or [], sample)
        for problem in self.header.problems:
            self._judge.add(problem.rule, self._header_line, problem.column, **problem.fields)
        return self.header

    def _finish(self, number: int) -> None:
        """What can only be said at the end of the file."""
        if self.header is None and self._header_cells is not None:
            self._read_header([])
        if self._blank_line:
            self._judge.add("ROW-05", self._blank_line)
        if self._watch and (verdict := self._watch.verdict) and not self._bad_lines:
            self._judge.add(verdict, self._watch.first_line, encoding=self.encoding)
        if not self.rows and not self._judge.counts[Severity.ERROR]:
            self._judge.add("FIL-01", max(number, 1))


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


def refuse_foreign(path: Path, file: BinaryIO) -> None:
    """Refuse what is no text file before its bytes are judged as text.  Raises BatchUnusable."""
    head = file.read(4)
    file.seek(0)
    if not head:
        raise BatchUnusable("batch-empty", path=str(path))
    if head.startswith(_WORKBOOKS):
        raise BatchUnusable("batch-workbook", path=str(path))
    if head.startswith(_WIDE_MARKS):
        raise BatchUnusable("batch-utf16", path=str(path))
