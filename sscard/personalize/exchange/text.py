"""Text files: bytes to numbered lines of the declared encoding, lines to cells."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from sscard.personalize import lines
from sscard.personalize.exchange.model import Column, Container, Sheet, envelope_pattern
from sscard.personalize.judge import Notes
from sscard.personalize.scan import reading, refuse_foreign

Numbered = Iterator[tuple[int, str]]
Cells = Iterator[tuple[int, list[str]]]

BAR: Final = "|"
_BLOCK: Final = 1 << 20


def text_rows(path: Path, file: BinaryIO, sheet: Sheet, encoding: str, notes: Notes) -> Cells:
    """The lines of a text file as cells; a line that cannot be read is noted and left out.  Raises BatchUnusable."""
    with reading(path):
        refuse_foreign(path, file)
    content = _unwrapped(_decoded(path, file, encoding, notes), sheet, notes)
    if sheet.container is Container.CSV:
        return _comma(content, notes)
    if sheet.container is Container.BAR:
        return ((number, text.split(BAR)) for number, text in content)
    if sheet.container is Container.FIXED:
        return _fixed(content, sheet.columns, encoding, notes)
    return _objects(content, notes)


def _decoded(path: Path, file: BinaryIO, encoding: str, notes: Notes) -> Numbered:
    """Lines with their numbers, without their ends; strictly decoded, block by block while all is well."""
    watch = None if encoding == "utf-8" else lines.Utf8Watch()
    number, offset, bad_lines = 0, 0, 0
    for block in _blocks(path, file):
        if not number and watch and block.startswith(lines.BOM):
            notes.add("ENC-03", 1, encoding=encoding)
            return
        if watch:
            watch.look(block, number + 1)
        text = _whole(block, encoding)
        if text is None or max(map(len, pieces := text.split("\n"))) > lines.MAX_LINE // 4:
            for raw in _physical(block):
                number += 1
                if len(raw) > lines.MAX_LINE:
                    notes.add("ROW-04", number, limit=lines.MAX_LINE)
                    return
                try:
                    line = lines.decode(lines.without_end(raw), encoding)
                except lines.BadText as bad:
                    bad_lines += 1
                    with reading(path):
                        rule, others = lines.blame(path, encoding, bad, look=bad_lines == 1)
                    notes.add(rule, number, encoding=encoding, offset=offset + bad.offset, others=others)
                    notes.pass_row()
                    if others:
                        return
                else:
                    yield number, line.removeprefix("\ufeff") if number == 1 else line
                offset += len(raw)
            continue
        if pieces[-1] == "":
            pieces.pop()
        for line in pieces:
            number += 1
            yield number, line.removesuffix("\r") if number > 1 else line.removesuffix("\r").removeprefix("\ufeff")
        offset += len(block)
    if watch and (verdict := watch.verdict) and not bad_lines:
        notes.add(verdict, watch.first_line, encoding=encoding)


def _blocks(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces that end with a line end, but for the last."""
    rest = b""
    while True:
        with reading(path):
            data = file.read(_BLOCK)
        if not data:
            break
        data = rest + data
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) <= lines.MAX_LINE:
            rest = data
            continue
        cut = cut or len(data)
        rest = data[cut:]
        yield data[:cut]
    if rest:
        yield rest


def _whole(block: bytes, encoding: str) -> str | None:
    """The text of a block; None where any of its lines has to be looked at by itself."""
    try:
        text = block.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if text.encode(encoding, "replace") == block else None


def _physical(block: bytes) -> list[bytes]:
    pieces = [piece + b"\n" for piece in block.split(b"\n")]
    pieces[-1] = pieces[-1][:-1]
    return pieces if pieces[-1] else pieces[:-1]


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


def _comma(numbered: Numbered, notes: Notes) -> Cells:
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
