"""Takes a file into the engine: rows of text with their lines, characters judged and GB18030 sizes counted on the way.

Everything engines disagree on is settled here, once: encoding, physical lines, Unicode, byte lengths of names.  A table
has ``line`` (of the sender's file), ``row_no``, and every column of the file as text and never NULL.  A second one,
``…_sizes``, has ``line``, ``name_gb`` (GB18030 bytes of the name) and ``name_tail`` (bytes of them that go to the
extension) for each row whose name may be too long; seven characters never are.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from sscard.cos import names
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
_REPLACED: Final = "\ufffd"
_SURELY_SHORT: Final = names.FIRST_SIZE // 4
"""Characters that fit the first item of the name whatever they are: none takes more than four bytes."""

_FETCHED: Final = 10000
_PLACES: Final = {"line": "BIGINT", "row_no": "BIGINT"}
_SIZES: Final = {"line": "BIGINT", "name_gb": "INTEGER", "name_tail": "INTEGER"}
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
    spool, sizes = folder / f"{table}.spool", folder / f"{table}.sizes"
    with file:
        with spool.open("w", encoding="utf-8", newline="") as copy, sizes.open("w", encoding="utf-8") as sized:
            for chunk in source.chunks():
                _copy(copy, sized, chunk, source.columns, notes)
                on_row(chunk.lines[-1])
        if state_of(file) != state:
            raise BatchError("batch-changed", path=str(path))
    if source.columns:
        _load(connection, table, _PLACES | dict.fromkeys(source.columns, "VARCHAR"), spool)
        _measure(connection, table, source.columns, sizes)
        _load(connection, f"{table}_sizes", _SIZES, sizes)
    spool.unlink()
    sizes.unlink()
    return source.columns, sha256


def _copy(copy: TextIO, sized: TextIO, chunk: Chunk, columns: Sequence[str], notes: Notes) -> None:
    """Write rows to the spool; characters are looked at all together, and one by one only where something is odd."""
    texts = chunk.texts
    if not _clean("\n".join(texts)):
        texts = [
            text if _clean(text) else _judged(line, text, columns, notes, sized)
            for line, text in zip(chunk.lines, texts, strict=True)
        ]
    rows = zip(chunk.lines, chunk.numbers, texts, strict=True)
    copy.write("".join([f"{line},{number},{text}\n" for line, number, text in rows]))


def _clean(text: str) -> bool:
    """Whether no character of some rows can be a matter of any rule on characters."""
    if " " in text and (any(mark in text for mark in _BLANKS) or text.strip(" ") != text):
        return False
    return (
        text.replace("\n", "").isprintable()
        and not any(mark in text for mark in ODD_IN_NAMES)
        and unicodedata.is_normalized("NFC", text)
    )


def _judged(line: int, text: str, columns: Sequence[str], notes: Notes, sized: TextIO) -> str:
    """Judge the characters of one row; control characters become U+FFFD: no rule takes them, no engine should."""
    row = dict(zip(columns, next(csv.reader([text])), strict=True))
    for rule, column, fields in text_remarks(row):
        notes.add(rule, line, column, mask(column, row[column]), **fields)
    kept = {column: _CONTROLS.sub(_REPLACED, value) for column, value in row.items()}
    if _REPLACED in kept.get("name", ""):
        _size(sized, line, row["name"])
    return csv_line(list(kept.values()))


def _size(sized: TextIO, line: int, name: str) -> None:
    size, tail = name_sizes(name)
    sized.write(f"{line},{size},{tail}\n")


def _measure(connection: Any, table: str, columns: Sequence[str], sizes: Path) -> None:
    """Add the sizes of names that may be too long; those in which something was replaced are there already."""
    if "name" not in columns:
        return
    connection.execute(
        f"SELECT line, name FROM {table} WHERE LENGTH(name) > {_SURELY_SHORT} AND STRPOS(name, '{_REPLACED}') = 0"
    )
    with sizes.open("a", encoding="utf-8") as sized:
        while found := connection.fetchmany(_FETCHED):
            for line, name in found:
                _size(sized, line, name)


def _load(connection: Any, table: str, kinds: Mapping[str, str], spool: Path) -> None:
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    texts = ", ".join(f"'{name}'" for name, kind in kinds.items() if kind == "VARCHAR")
    kept = f", force_not_null=[{texts}]" if texts else ""
    connection.execute(
        f"CREATE TABLE {table} AS SELECT * FROM read_csv(?, header=false, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', columns={{{listed}}}{kept})",
        [str(spool)],
    )
