"""Writes rows in a format: codes mapped back, shapes and widths kept, envelope with its count."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sscard.errors import FormatError
from sscard.personalize.exchange.model import Column, Container, Sheet
from sscard.personalize.exchange.tables import write_parquet, write_workbook
from sscard.personalize.exchange.text import BAR, csv_line

Row = Mapping[str, str]


def write_rows(path: Path, sheet: Sheet, rows: Iterable[Row], *, count: int, batch: str = "") -> None:
    """Write ``rows`` to ``path``, which is made or emptied; ``count`` and ``batch`` are for the envelope.

    Raises FormatError, naming row and column, for a value that the format cannot hold, and OSError.
    """
    cells = _cells(sheet, rows)
    names = [column.header for column in sheet.columns]
    if sheet.container is Container.XLSX:
        write_workbook(path, _headed(names, cells))
        return
    if sheet.container is Container.PARQUET:
        write_parquet(path, _headed(names, cells))
        return
    with path.open("wb") as file:
        for number, line in enumerate(_lines(sheet, cells, {"count": str(count), "batch": batch})):
            try:
                file.write((line + sheet.line_end).encode(sheet.encoding))
            except UnicodeEncodeError as error:
                code = f"U+{ord(line[error.start]):04X}"
                raise FormatError("format-encode", line=number + 1, code=code, encoding=sheet.encoding) from None


def _headed(names: list[str], cells: Iterator[list[str]]) -> Iterator[Sequence[str]]:
    yield names
    yield from cells


def _lines(sheet: Sheet, cells: Iterator[list[str]], told: Mapping[str, str]) -> Iterator[str]:
    names = [column.header for column in sheet.columns]
    line: Callable[[Sequence[str]], str] = {
        Container.CSV: csv_line,
        Container.BAR: BAR.join,
        Container.FIXED: "".join,
    }.get(sheet.container, lambda row: json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
    if sheet.first:
        yield _told(sheet.first, told)
    if sheet.header and not sheet.container.named:
        yield line(names)
    for row in cells:
        yield line(row)
    if sheet.last:
        yield _told(sheet.last, told)


def _told(line: str, told: Mapping[str, str]) -> str:
    for place, value in told.items():
        line = line.replace(f"{{{place}}}", value)
    return line


def _cells(sheet: Sheet, rows: Iterable[Row]) -> Iterator[list[str]]:
    codes = [{code: value for value, code in column.values.items()} for column in sheet.columns]
    shapes = [re.compile(column.shape) if column.shape else None for column in sheet.columns]
    for number, row in enumerate(rows, 1):
        cells = []
        for column, code, shape in zip(sheet.columns, codes, shapes, strict=True):
            value = row.get(column.field, "") or sheet.constant.get(column.field, "")
            if value and code:
                if value not in code:
                    raise _unfit(number, column)
                value = code[value]
            if value and shape and not shape.fullmatch(value):
                raise _unfit(number, column)
            if column.limit:
                value = _limited(value, column.limit, sheet.encoding)
            if sheet.container is Container.BAR and BAR in value:
                raise _unfit(number, column)
            cells.append(_filled(value, column, sheet.encoding, number) if column.width else value)
        yield cells


def _limited(value: str, limit: int, encoding: str) -> str:
    """As many whole characters as fit in ``limit`` bytes."""
    return value.encode(encoding, "replace")[:limit].decode(encoding, "ignore")


def _filled(value: str, column: Column, encoding: str, number: int) -> str:
    size = len(value.encode(encoding, "replace"))
    if size > column.width:
        raise _unfit(number, column)
    return value + " " * (column.width - size)


def _unfit(number: int, column: Column) -> FormatError:
    return FormatError("format-unfit", row=number, column=column.header)
