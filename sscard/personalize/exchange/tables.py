"""Workbooks and Parquet files: rows whose cells are text and nothing else.

A spreadsheet keeps fifteen digits of a number, drops leading zeros and rewrites dates; so a cell that is not text is
refused with its address, whatever stands in it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sscard.errors import BatchUnusable
from sscard.personalize.exchange.text import Cells
from sscard.personalize.judge import Notes
from sscard.personalize.needed import duckdb, openpyxl

_KINDS: Final[dict[type, str]] = {int: "number", float: "number"}
_FETCH: Final = 10_000
_MOST_BYTES: Final = 1 << 30
"""A workbook that unpacks to more is no list of people."""


def workbook_rows(path: Path, notes: Notes) -> Cells:
    """The rows of the first sheet, header first, with the sheet's own row numbers.  Raises BatchUnusable."""
    library = openpyxl()
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MOST_BYTES:
                raise BatchUnusable("batch-container", path=str(path), container="XLSX")
        file = path.open("rb")  # by handle: the name's ending says nothing
        book = library.load_workbook(file, read_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, library.utils.exceptions.InvalidFileException) as error:
        raise BatchUnusable("batch-container", path=str(path), container="XLSX") from error
    with file, closing(book):
        width = 0
        for number, cells in enumerate(book.worksheets[0].iter_rows(), 1):
            row, good = _texts(cells, number, notes)
            while len(row) > width and row[-1] == "":
                row.pop()
            width = width or len(row)
            if good:
                yield number, row + [""] * (width - len(row))
            else:
                notes.pass_row()


def _texts(cells: Sequence[Any], number: int, notes: Notes) -> tuple[list[str], bool]:
    row, good = [], True
    for cell in cells:
        value = cell.value
        if value is not None and (not isinstance(value, str) or cell.data_type == "f"):
            kind = "formula" if cell.data_type == "f" else _KINDS.get(type(value), type(value).__name__)
            notes.add("CEL-01", number, address=cell.coordinate, kind=kind)
            good = False
        row.append(value if isinstance(value, str) else "")
    return row, good


def parquet_rows(path: Path, notes: Notes) -> Cells:
    """The rows of a Parquet file whose columns are all text, header first as line 1.  Raises BatchUnusable."""
    library = duckdb()
    connection = library.connect()
    try:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        header = [(str(column[0]), str(column[1])) for column in found.description]
        yield 1, [name for name, _ in header]
        for position, (name, kind) in enumerate(header, 1):
            if kind not in ("VARCHAR", "STRING"):
                notes.add("CEL-01", 1, address=f"{position}:{name[:20]}", kind=kind)
        if not notes.errors:
            number = 1
            while batch := found.fetchmany(_FETCH):
                for row in batch:
                    number += 1
                    yield number, ["" if value is None else value for value in row]
    except library.Error as error:
        raise BatchUnusable("batch-container", path=str(path), container="Parquet") from error
    finally:
        connection.close()


def write_workbook(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows as text cells of one sheet."""
    library = openpyxl()
    book = library.Workbook(write_only=True)
    sheet = book.create_sheet("1")
    for row in rows:
        cells = []
        for value in row:
            cell = library.cell.WriteOnlyCell(sheet, value=value or None)
            cell.number_format = "@"
            if value:
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def write_parquet(path: Path, rows: Iterator[Sequence[str]]) -> None:
    """Write rows, the first of them the names of the columns, as columns of text."""
    library = duckdb()
    connection = library.connect()
    try:
        header = next(rows)
        columns = ", ".join(f"{_quoted(name)} VARCHAR" for name in header)
        connection.execute(f"CREATE TABLE rows ({columns})")
        marks = ", ".join("?" * len(header))
        connection.begin()
        for row in rows:
            connection.execute(f"INSERT INTO rows VALUES ({marks})", list(row))  # noqa: S608 - marks are ours
        connection.commit()
        connection.execute(f"COPY rows TO '{_escaped(path)}' (FORMAT parquet)")
    finally:
        connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
