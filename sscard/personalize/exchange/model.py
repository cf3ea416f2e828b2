"""What a format of exchange says of a file: container, encoding, envelope, columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as having
from enum import StrEnum
from typing import Final

_PLACE: Final = re.compile(r"\{(\w+)\}")
_FORMS: Final = {"count": "[0-9]{1,9}", "batch": "[0-9A-Za-z_.-]{1,40}"}
PLACES: Final = frozenset(_FORMS)
"""What an envelope may tell: the number of rows, and the sender's name of the batch."""


class Container(StrEnum):
    """What holds the rows."""

    CSV = "csv"
    BAR = "bar"
    FIXED = "fixed"
    XLSX = "xlsx"
    JSONL = "jsonl"
    PARQUET = "parquet"

    @property
    def text(self) -> bool:
        """Whether it is lines of text in a declared encoding."""
        return self not in (Container.XLSX, Container.PARQUET)

    @property
    def named(self) -> bool:
        """Whether every file names its columns, whatever the format says."""
        return self in (Container.XLSX, Container.JSONL, Container.PARQUET)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    ``header`` is its name in the file, ``field`` the canonical name.  ``shape`` is a pattern that the whole of a value
    has that is not empty.  ``values`` maps the file's codes to canonical ones, ``replace`` characters to characters;
    both are used only where the format says so.  ``width`` is in bytes (fixed width); ``limit`` the most bytes written.
    """

    header: str
    field: str
    shape: str = ""
    width: int = 0
    limit: int = 0
    values: Mapping[str, str] = having(default_factory=dict)
    replace: Mapping[str, str] = having(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Whether values are taken as they stand."""
        return not (self.shape or self.values or self.replace)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of file.  ``columns`` is empty where the file's own header tells, by the names of ``docs/batch.md``.

    ``first`` and ``last`` are the lines of the envelope, with ``{count}`` and ``{batch}`` in them; empty for none.
    ``number`` lets the reader count the rows where the file has no sequence.  ``constant`` holds fields that are the
    same in every row and stand in no column.
    """

    container: Container
    encoding: str = "utf-8"
    line_end: str = "\n"
    header: bool = True
    first: str = ""
    last: str = ""
    columns: tuple[Column, ...] = ()
    number: bool = False
    constant: Mapping[str, str] = having(default_factory=dict)


CANONICAL: Final = Sheet(Container.CSV)
"""A file of ``docs/batch.md``: comma separated, its header telling its columns."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the files a party sends (``intake``) and those it gets back (``returns``); either may be missing.

    ``title`` and ``origin`` are pairs, Chinese and English: what it is, and where its fields are known from.
    """

    name: str
    title: tuple[str, str]
    origin: tuple[str, str]
    intake: Sheet | None
    returns: Sheet | None


def envelope_pattern(line: str) -> re.Pattern[str]:
    """A line of an envelope as a pattern with a group for each place."""
    parts = _PLACE.split(line)
    return re.compile(
        "".join(
            re.escape(part) if number % 2 == 0 else f"(?P<{part}>{_FORMS[part]})" for number, part in enumerate(parts)
        )
    )


def places(line: str) -> list[str]:
    """The places of an envelope line."""
    return _PLACE.findall(line)
