"""Linkage two: the first party's return file joined with the second party's batch, before any card moves.

Both must know the key (社会保障号码 or card number) and have it once.  What is missing, double or contradictory is told
with the lines of both files; nothing is guessed.  Source: overall plan of the social-security card with financial
functions, linkage two; docs/modes.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from sscard.errors import BatchError, GuardRefused
from sscard.messages import text
from sscard.personalize.batch import Batch
from sscard.personalize.exchange.model import Format
from sscard.personalize.exchange.reading import open_rows
from sscard.personalize.judge import Notes
from sscard.personalize.order import BlankOrder
from sscard.personalize.record import Record
from sscard.personalize.returns import return_sheet

GOOD: Final = "good"
_COMPARED: Final = ("ssn", "card_no", "name")
_CARD: Final = re.compile(r"[0-9A-F]{26}")


class Trouble(StrEnum):
    """What is wrong with a pair of rows; the first two may be let pass."""

    NO_CARD = "no-card"
    NO_ROW = "no-row"
    KEY_EMPTY = "key-empty"
    KEY_TWICE = "key-twice"
    CARD_TWICE = "card-twice"
    CARD_FORM = "card-form"
    DIFFERS = "differs"

    @property
    def missing(self) -> bool:
        """Whether one side merely lacks what the other has."""
        return self in (Trouble.NO_CARD, Trouble.NO_ROW)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One trouble, with its line in batch and return file (0: stands in neither of them) and an earlier line."""

    trouble: Trouble
    batch_line: int = 0
    feedback_line: int = 0
    other: int = 0
    columns: tuple[str, ...] = ()

    def message(self) -> str:
        """In words."""
        return text(f"modes.trouble-{self.trouble}", other=self.other, columns=", ".join(self.columns))


@dataclass(slots=True)
class Joined:
    """``rows``: historical bytes to rows of the batch.  ``troubles`` in the order of the files."""

    rows: dict[str, int] = field(default_factory=dict)
    troubles: list[Mismatch] = field(default_factory=list)

    def require(self, path: Path, *, allow_missing: bool) -> dict[str, int]:
        """The rows, where no trouble forbids it.  Raises GuardRefused("feedback-troubles")."""
        grave = [each for each in self.troubles if not (allow_missing and each.trouble.missing)]
        if grave:
            raise GuardRefused("feedback-troubles", path=path.name, count=len(grave))
        return self.rows


@dataclass(frozen=True, slots=True)
class _Returned:
    line: int
    card: str
    values: dict[str, str]


def join(batch: Batch | BlankOrder, path: Path, *, on: str, layout: Format | None = None) -> Joined:
    """Match the good cards of a return file with the rows of a batch on the column ``on``.

    Raises BatchUnusable for a file that cannot be read, BatchError("feedback-unreadable") with its first finding.
    """
    joined = Joined()
    by_key = _returned(path, on, layout, joined)
    seen: set[str] = set()
    for record in batch.records():
        key = record.value(on)
        row = by_key.get(key)
        if not key or row is None:
            trouble = Trouble.NO_CARD if key else Trouble.KEY_EMPTY
            joined.troubles.append(Mismatch(trouble, record.line))
            continue
        seen.add(key)
        wrong = _contradictions(record, row)
        if wrong:
            joined.troubles.append(Mismatch(Trouble.DIFFERS, record.line, row.line, columns=wrong))
        else:
            joined.rows[row.card] = record.seq
    for key, row in by_key.items():
        if key not in seen:
            joined.troubles.append(Mismatch(Trouble.NO_ROW, 0, row.line))
    return joined


def _returned(path: Path, on: str, layout: Format | None, joined: Joined) -> dict[str, _Returned]:
    """The good cards of a return file by key; what is double or has no sense is noted."""
    by_key: dict[str, _Returned] = {}
    cards: dict[str, int] = {}
    for row in _good_rows(path, on, layout):
        key = row.values[on]
        if not key:
            joined.troubles.append(Mismatch(Trouble.KEY_EMPTY, 0, row.line))
        elif not _CARD.fullmatch(row.card):
            joined.troubles.append(Mismatch(Trouble.CARD_FORM, 0, row.line))
        elif key in by_key:
            joined.troubles.append(Mismatch(Trouble.KEY_TWICE, 0, row.line, by_key[key].line))
        elif row.card in cards:
            joined.troubles.append(Mismatch(Trouble.CARD_TWICE, 0, row.line, cards[row.card]))
        else:
            by_key[key] = row
            cards[row.card] = row.line
    return by_key


def _good_rows(path: Path, on: str, layout: Format | None) -> Iterator[_Returned]:
    sheet = return_sheet(layout)
    notes = Notes(path.name)
    needed = ("reset_info", on)
    source, file = open_rows(path, sheet, sheet.encoding, notes, needed)
    with file:
        for line, cells in source.rows():
            values = dict(zip(source.columns, cells, strict=True))
            if values.get("result", GOOD) == GOOD and values.get("success", "1") == "1":
                yield _Returned(line, values.get("reset_info", "").upper(), values)
    if notes.errors:
        first = notes.findings[0]
        raise BatchError("feedback-unreadable", path=path.name, line=first.line, what=first.message())


def _contradictions(record: Record, row: _Returned) -> tuple[str, ...]:
    """Columns that both files have and that say different things of one person."""
    pairs = ((name, record.value(name), row.values.get(name, "")) for name in _COMPARED)
    return tuple(name for name, own, told in pairs if own and told and own != told)
