"""A file of some format as rows in canonical columns: header matched, codes mapped, shapes and envelope checked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import BinaryIO, Final

from sscard.personalize.columns import REQUIRED, Problem, read_header
from sscard.personalize.exchange.decode import Lines
from sscard.personalize.exchange.model import Column, Container, Sheet
from sscard.personalize.exchange.tables import parquet_rows, workbook_rows
from sscard.personalize.exchange.text import Cells, comma_cells, csv_line, text_rows
from sscard.personalize.judge import Notes
from sscard.personalize.masking import mask, printable
from sscard.personalize.scan import reading, refuse_foreign


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that follow each other: line, number of the row, and the values as a line of CSV in canonical columns."""

    lines: Sequence[int]
    numbers: Sequence[int]
    texts: list[str]


Change = Callable[[str, int], str | None]
_KNOWN_SHOWN: Final = 12
_CHUNK: Final = 1000


class Reading:
    """One open file.  ``columns`` are the canonical columns of each row, empty where the file cannot be read by rows.

    Whatever is wrong with the file goes to ``notes``; rows that cannot be read are left out.
    """

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        sheet: Sheet,
        encoding: str,
        notes: Notes,
        required: Collection[str] = REQUIRED,
    ) -> None:
        self.path = path
        self._sheet = sheet
        self._notes = notes
        self._lines: Lines | None = None
        self._cells = self._open(path, file, encoding)
        self._waiting: list[tuple[int, list[str]]] = []
        self._blank = 0
        self._line = 1
        self._good = 0
        self._layout = self._match(required)
        known = [column.field for column in self._layout if column is not None]
        self.columns: tuple[str, ...] = (*known, *sheet.constant, *(["seq"] if sheet.number and known else []))
        if not known:
            self.columns = ()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line and values of each row, in the order of ``columns``."""
        if self.columns:
            yield from self._rows(self._filled())
            self._close()

    def chunks(self) -> Iterator[Chunk]:
        """The same rows many at a time, the lines of a plain CSV file as they stand.  Use this or :meth:`rows`."""
        if not self.columns:
            return
        if self._lines is None or not self._straight:
            yield from self._packed(self._filled())
        else:
            yield from self._packed(self._rest())
            while run := self._lines.run():
                yield from self._run(*run)
        self._close()

    @property
    def _straight(self) -> bool:
        """Whether a row's values are the cells of the file, in their order and unchanged."""
        columns = self._layout
        return all(column and column.plain for column in columns) and len(columns) == len(self.columns)

    def _run(self, first: int, texts: list[str]) -> Iterator[Chunk]:
        """Lines as rows: as they stand where they are plain, else cell by cell."""
        commas = len(self.columns) - 1
        plain = (
            not self._blank
            and '"' not in "".join(texts)
            and set(map(str.count, texts, repeat(","))) == {commas}
            and "," * commas not in texts
        )
        if not plain:
            yield from self._packed(self._filled_of(comma_cells(enumerate(texts, first), self._notes)))
            return
        number = self.count + 1
        self._good += len(texts)
        self._line = first + len(texts) - 1
        yield Chunk(range(first, first + len(texts)), range(number, number + len(texts)), texts)

    def _packed(self, filled: Iterator[tuple[int, list[str]]]) -> Iterator[Chunk]:
        packed = ((line, self.count, csv_line(values)) for line, values in self._rows(filled))
        while rows := list(islice(packed, _CHUNK)):
            lines, numbers, texts = zip(*rows, strict=True)
            yield Chunk(lines, numbers, list(texts))

    def _rows(self, filled: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        layout, notes = self._layout, self._notes
        width = len(layout)
        taken = [place for place, column in enumerate(layout) if column is not None]
        straight = taken == list(range(width))
        changes = {place: _change(column, notes) for place, column in enumerate(layout) if column and not column.plain}
        constant = list(self._sheet.constant.values())
        for line, cells in filled:
            if len(cells) != width:
                notes.add("ROW-01", line, count=len(cells), expected=width)
                notes.pass_row()
                continue
            self._good += 1
            for place, change in changes.items():
                cells[place] = change(cells[place], line) or ""
            values = cells if straight else [cells[place] for place in taken]
            values += constant
            if self._sheet.number:
                values.append(str(self.count))
            yield line, values

    @property
    def count(self) -> int:
        """Rows met so far, those that could not be read among them."""
        return self._good + self._notes.passed

    def _open(self, path: Path, file: BinaryIO, encoding: str) -> Cells:
        if self._sheet.container is Container.XLSX:
            return workbook_rows(path, self._notes)
        if self._sheet.container is Container.PARQUET:
            return parquet_rows(path, self._notes)
        sheet = self._sheet
        if sheet.container is Container.CSV and not (sheet.first or sheet.last):
            with reading(path):
                refuse_foreign(path, file)
            self._lines = Lines(path, file, encoding, self._notes)
            return comma_cells(iter(self._lines), self._notes)
        return text_rows(path, file, sheet, encoding, self._notes)

    def _filled(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of cells; blank ones only at the end."""
        yield from self._rest()
        yield from self._filled_of(self._cells)

    def _rest(self) -> Iterator[tuple[int, list[str]]]:
        """The row that was looked at beside the header."""
        while self._waiting:
            yield self._waiting.pop(0)

    def _filled_of(self, rows: Cells) -> Iterator[tuple[int, list[str]]]:
        for line, cells in rows:
            self._line = line
            if not any(cells):
                self._blank = self._blank or line
                continue
            if self._blank:
                self._notes.add("ROW-03", self._blank)
                self._blank = 0
            yield line, cells

    def _match(self, required: Collection[str]) -> list[Column | None]:
        """Which column of the file is which field; empty where rows cannot be read."""
        rows = self._filled()
        if not self._sheet.header:
            return self._lacking(list(self._sheet.columns), 1, required)
        line, header = next(rows, (0, []))
        if not header:
            return []
        sample = next(rows, None)
        if sample is not None:
            self._waiting.append(sample)
        if self._sheet.columns:
            return self._lacking(self._by_name(header, line), line, required)
        found = read_header(header, sample[1] if sample else ())
        problems = [each for each in found.problems if each.rule != "COL-02"]
        self._tell(problems, line)
        if any(problem.rule != "COL-01" for problem in problems):
            return []
        layout = [None if name is None else Column(name, name) for name in found.columns]
        return self._lacking(layout, line, required)

    def _by_name(self, header: list[str], line: int) -> list[Column | None]:
        by_name = {column.header: column for column in self._sheet.columns}
        layout: list[Column | None] = []
        for position, cell in enumerate(header, 1):
            column = by_name.get(unicodedata.normalize("NFC", cell.strip()))
            if column is None:
                self._tell([Problem("COL-01", "", {"header": printable(cell[:20]), "position": position})], line)
            elif column in layout:
                fields: dict[str, str | int] = {"first": layout.index(column) + 1, "second": position}
                self._tell([Problem("COL-03", column.field, fields)], line)
                return []
            layout.append(column)
        if not any(layout):
            self._tell([Problem("COL-05", "", {})], line)
            return []
        return layout

    def _lacking(self, layout: list[Column | None], line: int, required: Collection[str]) -> list[Column | None]:
        there = {column.field for column in layout if column} | set(self._sheet.constant)
        there |= {"seq"} if self._sheet.number else set()
        missing = [Problem("COL-02", name, {"name": name}) for name in required if name not in there]
        self._tell(missing if layout else [], line)
        return [] if missing else layout

    def _tell(self, problems: list[Problem], line: int) -> None:
        for problem in problems:
            self._notes.add(problem.rule, line, problem.column, **problem.fields)

    def _close(self) -> None:
        """What can only be said at the end of the file."""
        if self._blank:
            self._notes.add("ROW-05", self._blank)
        told = self._notes.envelope.get("count")
        if told and int(told[0]) != self.count:
            self._notes.add("ENV-02", told[1], count=int(told[0]), rows=self.count)
        if not self.count and not self._notes.errors:
            self._notes.add("FIL-01", self._line)


def open_rows(
    path: Path, sheet: Sheet, encoding: str, notes: Notes, required: Collection[str] = REQUIRED
) -> tuple[Reading, BinaryIO]:
    """Open a file of a format; the caller closes the second part.  Raises BatchUnusable."""
    with reading(path):
        file = path.open("rb")
    try:
        return Reading(path, file, sheet, encoding, notes, required), file
    except BaseException:
        file.close()
        raise


def _change(column: Column, notes: Notes) -> Change:
    """What is done to each value of a column that is not taken as it stands; what the format does not know is noted."""
    shape = re.compile(column.shape)

    def change(value: str, line: int) -> str | None:
        for old, new in column.replace.items():
            value = value.replace(old, new)
        if value and column.shape and not shape.fullmatch(value):
            notes.add("SHP-01", line, column.field, mask(column.field, value), shape=column.shape)
        if not column.values or not value:
            return value
        if value not in column.values:
            known = ", ".join(list(column.values)[:_KNOWN_SHOWN])
            notes.add("MAP-01", line, column.field, mask(column.field, value), known=known)
        return column.values.get(value)

    return change
