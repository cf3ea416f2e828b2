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
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Final, TextIO

from sscard.errors import BatchError
from sscard.personalize.exchange.model import Sheet
from sscard.personalize.exchange.reading import Reading, open_rows
from sscard.personalize.judge import Notes
from sscard.personalize.masking import mask
from sscard.personalize.rows import state_of
from sscard.personalize.rules_text import ODD_IN_NAMES, name_sizes, text_remarks
from sscard.personalize.scan import OnRow, reading

_CHUNK: Final = 2000
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_BLANKS: Final = (", ", " ,", "\n ", " \n")

Rows = list[tuple[int, list[str]]]


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
            for chunk in _chunks(source):
                _copy(copy, chunk, source.columns, notes)
                on_row(chunk[-1][0])
        if state_of(file) != state:
            raise BatchError("batch-changed", path=str(path))
    if source.columns:
        _load(connection, table, source.columns, spool)
    spool.unlink()
    return source.columns, sha256


def _chunks(source: Reading) -> Iterator[Rows]:
    chunk: Rows = []
    for row in source.rows():
        row[1].append(str(source.count))
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _copy(copy: TextIO, chunk: Rows, columns: Sequence[str], notes: Notes) -> None:
    """Write rows to the spool; characters are looked at all together, and one by one only where something is odd."""
    name = columns.index("name") if "name" in columns else -1
    width = len(columns)
    joined = [",".join(values) for _, values in chunk]
    if not _clean("\n".join(joined)):
        joined = [_odd(line, values, columns, notes) for line, values in chunk]
    texts = []
    for (line, values), text in zip(chunk, joined, strict=True):
        size, tail = name_sizes(values[name]) if name >= 0 else (0, 0)
        safe = text if text.count(",") == width and '"' not in text else _quoted(values)
        texts.append(f"{line},{size},{tail},{safe}\n")
    copy.write("".join(texts))


def _clean(text: str) -> bool:
    """Whether no character of many rows can be a matter of any rule on characters."""
    return (
        text.replace("\n", "").isprintable()
        and not any(mark in text for mark in (*_BLANKS, *ODD_IN_NAMES))
        and not text.startswith(" ")
        and not text.endswith(" ")
        and unicodedata.is_normalized("NFC", text)
    )


def _odd(line: int, values: list[str], columns: Sequence[str], notes: Notes) -> str:
    """Judge the characters of one row; control characters become U+FFFD, for no rule takes them and no engine should."""
    row = dict(zip(columns, values, strict=False))
    for rule, column, fields in text_remarks(row):
        notes.add(rule, line, column, mask(column, row[column]), **fields)
    values[:] = [_CONTROLS.sub("\ufffd", value) for value in values]
    return ",".join(values)


def _quoted(values: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _load(connection: Any, table: str, columns: Sequence[str], spool: Path) -> None:
    kinds = {"line": "BIGINT", "name_gb": "INTEGER", "name_tail": "INTEGER", **dict.fromkeys(columns, "VARCHAR")}
    kinds["row_no"] = "BIGINT"
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    texts = ", ".join(f"'{name}'" for name in columns)
    connection.execute(
        f"CREATE TABLE {table} AS SELECT * FROM read_csv(?, header=false, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', columns={{{listed}}}, force_not_null=[{texts}])",
        [str(spool)],
    )
