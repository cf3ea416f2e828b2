"""Text files: numbered lines to cells, by container; the envelope taken off."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from sscard.personalize import lines
from sscard.personalize.exchange.decode import Lines, Numbered
from sscard.personalize.exchange.model import Column, Container, Sheet, envelope_pattern
from sscard.personalize.judge import Notes
from sscard.personalize.scan import reading, refuse_foreign

Cells = Iterator[tuple[int, list[str]]]

BAR: Final = "|"


def text_rows(path: Path, file: BinaryIO, sheet: Sheet, encoding: str, notes: Notes) -> Cells:
    """The lines of a text file as cells; a line that cannot be read is noted and left out.  Raises BatchUnusable."""
    with reading(path):
        refuse_foreign(path, file)
    content = _unwrapped(iter(Lines(path, file, encoding, notes)), sheet, notes)
    if sheet.container is Container.CSV:
        return comma_cells(content, notes)
    if sheet.container is Container.BAR:
        return ((number, text.split(BAR)) for number, text in content)
    if sheet.container is Container.FIXED:
        return _fixed(content, sheet.columns, encoding, notes)
    return _objects(content, notes)


def _unwrapped(numbered: Numbered, sheet: Sheet, notes: Notes) -> Numbered:
    """The lines inside the envelope; what the envelope tells goes to ``notes.envelope``."""
    if sheet.first:
        number, text = next(numbered, (1, ""))
        if not _envelope(sheet.first, number, text, notes):
            return
    if not sheet.last:
        yield from numbered
        return
    held: tuple[int, str] | None = None
    for line in numbered:
        if held:
            yield held
        held = line
    _envelope(sheet.last, *(held or (1, "")), notes)


def _envelope(pattern: str, number: int, text: str, notes: Notes) -> bool:
    found = envelope_pattern(pattern).fullmatch(text)
    if found is None:
        notes.add("ENV-01", number, form=pattern)
        return False
    for name, value in found.groupdict().items():
        if notes.envelope.setdefault(name, (value, number))[0] != value:
            notes.add("ENV-03", number, name=name)
    return True


def csv_line(cells: Sequence[str]) -> str:
    """Cells as a line of CSV without its end."""
    text = ",".join(cells)
    if '"' not in text and text.count(",") == len(cells) - 1 and text.isprintable() and text:
        return text
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def comma_cells(numbered: Numbered, notes: Notes) -> Cells:
    for number, text in numbered:
        if '"' not in text:
            yield number, text.split(",")
            continue
        try:
            yield number, lines.cells(text)
        except csv.Error:
            notes.add("ROW-02", number)
            notes.pass_row()


def _fixed(numbered: Numbered, columns: Iterable[Column], encoding: str, notes: Notes) -> Cells:
    """Cells cut at byte offsets; the blanks that fill a cell on the right are taken off."""
    widths = [column.width for column in columns]
    expected = sum(widths)
    for number, text in numbered:
        raw = text.encode(encoding)
        if not raw:
            yield number, []
            continue
        try:
            if len(raw) != expected:
                raise ValueError
            cells, start = [], 0
            for width in widths:
                cells.append(raw[start : start + width].decode(encoding).rstrip(" "))
                start += width
        except ValueError:
            notes.add("ROW-06", number, count=len(raw), expected=expected)
            notes.pass_row()
        else:
            yield number, cells


def _objects(numbered: Numbered, notes: Notes) -> Cells:
    """JSON objects, one a line: the names of the first as a header, then values in its order, missing ones empty."""
    names: list[str] = []
    for number, text in numbered:
        if not text.strip():
            yield number, []
            continue
        try:
            found = json.loads(text, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            notes.add("ROW-07", number)
            notes.pass_row()
            continue
        if not names:
            names = list(found)
            yield number, names
        odd = [name for name, value in found.items() if not isinstance(value, str)]
        for name in odd:
            notes.add("CEL-01", number, address=f"{number}:{name[:20]}", kind=type(found[name]).__name__)
        strange = next((name for name in found if name not in names), None)
        if strange is not None:
            notes.add("COL-01", number, header=strange[:20], position=list(found).index(strange) + 1)
        if odd or strange is not None:
            notes.pass_row()
            continue
        yield number, [found.get(name, "") for name in names]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)
