"""Takes a file into the engine: rows of text with their lines, characters judged and GB18030 sizes counted on the way.

Everything engines disagree on is settled here, once: encoding, physical lines, Unicode, byte lengths of names.  A table
has ``line`` (of the sender's file), ``row_no``, every column of the file as text and never NULL, ``name_gb`` (GB18030
bytes of the name) and ``name_tail`` (bytes of them that go to the extension).
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TextIO

from sscard.errors import BatchError
from sscard.personalize.exchange.model import Sheet
from sscard.personalize.exchange.reading import Chunk, open_rows
from sscard.personalize.exchange.text import csv_line
from sscard.personalize.judge import Notes
from sscard.personalize.masking import mask
from sscard.personalize.rows import state_of
from sscard.personalize.rules_text import ODD_IN_NAMES, name_sizes, text_remarks
from sscard.personalize.scan import OnRow, reading

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_BLANKS: Final = (", ", " ,", "\n ", " \n", '" ', ' "')


def ingest(
    connection: Any, table: str, path: Path, sheet: Sheet, encoding: str, notes: Notes, folder: Path, on_row: OnRow
) -> tuple[tuple[str, ...], str]:
    """Make ``table`` of a file; returns its columns and the file's SHA-256.  No table where there are no columns.

    Raises BatchUnusable for a file that cannot be read, BatchError where it changes meanwhile.
    """
    with reading(path), path.open("rb") as whole:
        state = state_of(whole)
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
    source, file = open_rows(path, sheet, encoding, notes, required=())
    spool = folder / f"{table}.spool"
    with file:
        with spool.open("w", encoding="utf-8", newline="") as copy:
            for chunk in source.chunks():
                _copy(copy, chunk, source.columns, notes)
                on_row(chunk.lines[-1])
        if state_of(file) != state:
            raise BatchError("batch-changed", path=str(path))
    if source.columns:
        _load(connection, table, source.columns, spool)
    spool.unlink()
    return source.columns, sha256


def _copy(copy: TextIO, chunk: Chunk, columns: Sequence[str], notes: Notes) -> None:
    """Write rows to the spool; characters are looked at all together, and one by one only where something is odd."""
    texts = chunk.texts
    whole = "\n".join(texts)
    names = _column("name", texts, columns, quoted='"' in whole)
    if not _clean(whole, "".join(names)):
        texts = [
            text if _clean(text, name) else _judged(line, text, columns, notes)
            for line, text, name in zip(chunk.lines, texts, names, strict=True)
        ]
    rows = zip(chunk.lines, chunk.numbers, map(_sizes, names), texts, strict=True)
    copy.write("".join([f"{line},{number},{sizes},{text}\n" for line, number, sizes, text in rows]))


@lru_cache(maxsize=65536)
def _sizes(name: str) -> str:
    return ",".join(map(str, name_sizes(name)))


def _column(name: str, texts: list[str], columns: Sequence[str], *, quoted: bool) -> list[str]:
    """The values of a column in lines of CSV; empty ones where there is no such column."""
    if name not in columns:
        return [""] * len(texts)
    place = columns.index(name)
    if quoted:
        return [next(csv.reader([text]))[place] for text in texts]
    return [text.split(",", place + 1)[place] for text in texts]


def _clean(text: str, names: str) -> bool:
    """Whether no character of many rows can be a matter of any rule on characters; ``names`` are the names in them."""
    if " " in text and (any(mark in text for mark in _BLANKS) or text.strip(" ") != text):
        return False
    if not text.replace("\n", "").isprintable():
        return False
    return (text.isascii() and "?" not in names) or (
        "\ufffd" not in text
        and not any(mark in names for mark in ODD_IN_NAMES)
        and unicodedata.is_normalized("NFC", text)
    )


def _judged(line: int, text: str, columns: Sequence[str], notes: Notes) -> str:
    """Judge the characters of one row; control characters become U+FFFD: no rule takes them, no engine should."""
    row = dict(zip(columns, next(csv.reader([text])), strict=True))
    for rule, column, fields in text_remarks(row):
        notes.add(rule, line, column, mask(column, row[column]), **fields)
    return csv_line([_CONTROLS.sub("\ufffd", value) for value in row.values()])


def _load(connection: Any, table: str, columns: Sequence[str], spool: Path) -> None:
    kinds = {"line": "BIGINT", "row_no": "BIGINT", "name_gb": "INTEGER", "name_tail": "INTEGER"}
    kinds |= dict.fromkeys(columns, "VARCHAR")
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    texts = ", ".join(f"'{name}'" for name in columns)
    connection.execute(
        f"CREATE TABLE {table} AS SELECT * FROM read_csv(?, header=false, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', columns={{{listed}}}, force_not_null=[{texts}])",
        [str(spool)],
    )
