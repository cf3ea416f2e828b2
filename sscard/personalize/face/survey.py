"""The check of a whole batch before its first card is printed: characters, lengths, photos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sscard.errors import FaceError
from sscard.personalize.batch import Batch
from sscard.personalize.face.fonts import Fonts
from sscard.personalize.face.layout import Element, Kind, Layout
from sscard.personalize.face.photos import Photos, open_picture
from sscard.personalize.face.placing import place

KEEP_ROWS: Final = 50
"""Rows named for one character."""
_LEEWAY: Final = 0.15
"""How far a photo's proportions may be from those of its box."""


class Trouble(StrEnum):
    """What would be wrong on the card."""

    CHARACTER = "character"
    TOO_LONG = "too-long"
    NO_PHOTO = "no-photo"
    BAD_PHOTO = "bad-photo"
    PHOTO_SHAPE = "photo-shape"
    SAME_PHOTO = "same-photo"


@dataclass(frozen=True, slots=True)
class FaceFinding:
    """A finding.  ``column`` is the value it is about; ``seqs`` and ``lines`` name rows, ``count`` counts all of them.

    ``character`` is the one no font has; ``detail`` says more, never a person's data.
    """

    trouble: Trouble
    column: str
    seqs: tuple[int, ...]
    lines: tuple[int, ...]
    count: int
    character: str = ""
    detail: str = ""

    @property
    def code_point(self) -> str:
        """``U+20089``; empty where it is not about a character."""
        return f"U+{ord(self.character):04X}" if self.character else ""


@dataclass(slots=True)
class _Missing:
    """A character no font has, and where it stands."""

    column: str
    seqs: list[int]
    lines: list[int]
    count: int = 0


def survey(batch: Batch, layout: Layout, fonts: Fonts, photos: Photos) -> Iterator[FaceFinding]:
    """All that would be wrong on the cards of a batch: lengths and photos row by row, then each missing character.

    Raises BatchError where the file changed.
    """
    missing: dict[str, _Missing] = {}
    seen: dict[bytes, int] = {}
    written = [element for element in layout.elements if element.kind is not Kind.PHOTO]
    photo_boxes = [element for element in layout.elements if element.kind is Kind.PHOTO]
    for record in batch.records():
        at = ((record.seq,), (record.line,), 1)
        for element in written:
            words, column = element.words(record), element.source or "text"
            for character in dict.fromkeys(words):
                if fonts.of(character) is None:
                    _note(missing.setdefault(character, _Missing(column, [], [])), record.seq, record.line)
            if not place(element, words, fonts).fits:
                yield FaceFinding(Trouble.TOO_LONG, column, *at, detail=f"{element.w:g} mm")
        path = photos.find(record)
        if photos.folder is not None and path is None:
            yield FaceFinding(Trouble.NO_PHOTO, "photo", *at)
        if path is None:
            continue
        try:
            picture = open_picture(path, record.seq)
        except FaceError as error:
            yield FaceFinding(Trouble.BAD_PHOTO, "photo", *at, detail=str(error.fields.get("cause", "")))
            continue
        if not all(_fits(element, picture.size) for element in photo_boxes):
            yield FaceFinding(Trouble.PHOTO_SHAPE, "photo", *at, detail=f"{picture.width} × {picture.height}")
        first = seen.setdefault(hashlib.sha256(picture.tobytes()).digest(), record.seq)
        if first != record.seq:
            yield FaceFinding(Trouble.SAME_PHOTO, "photo", *at, detail=str(first))
    for character, where in sorted(missing.items()):
        places = tuple(where.seqs), tuple(where.lines), where.count
        yield FaceFinding(Trouble.CHARACTER, where.column, *places, character=character)


def _note(where: _Missing, seq: int, line: int) -> None:
    if where.seqs[-1:] == [seq]:
        return
    where.count += 1
    if len(where.seqs) < KEEP_ROWS:
        where.seqs.append(seq)
        where.lines.append(line)


def _fits(element: Element, size: tuple[int, int]) -> bool:
    width, height = element.inner
    return abs((size[0] / size[1]) / (width / height) - 1) <= _LEEWAY
