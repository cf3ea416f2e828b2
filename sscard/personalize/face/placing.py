"""One person's face as places: every character with its font, size and position, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sscard.personalize.face.fonts import POINT, Font, Fonts
from sscard.personalize.face.layout import HEIGHT, WIDTH, Align, Element, Kind, Layout, Side
from sscard.personalize.record import Record

_STEP: Final = 0.25
"""Points a text shrinks by at a time."""
_BASELINE: Final = 0.36
"""How far the baseline stands below the middle of a box, in ems: Chinese characters and figures look centred."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character; ``x`` and ``y`` of the start of its baseline in mm from the upper left corner of the card, as long
    as the element is not turned."""

    character: str
    font: Font
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Piece:
    """An element filled for one person; ``size`` in points, ``fits`` is whether it stands within its box."""

    element: Element
    text: str
    size: float
    fits: bool
    glyphs: tuple[Glyph, ...]


def pieces(layout: Layout, side: Side, record: Record, fonts: Fonts) -> Iterator[Piece]:
    """The elements of one side.  Characters no font has are left out: the survey of the batch names them."""
    for element in layout.elements:
        if element.side is side:
            yield _photo(element) if element.kind is Kind.PHOTO else place(element, element.words(record), fonts)


def place(element: Element, text: str, fonts: Fonts) -> Piece:
    """Set one line of text in its box, smaller where it would not fit."""
    width, height = element.inner
    ems, size = fonts.width(text), element.size
    while ems * size * POINT > width and size - _STEP >= element.min_size:
        size -= _STEP
    em = size * POINT
    room = width - ems * em
    start = {Align.LEFT: 0.0, Align.CENTER: room / 2, Align.RIGHT: room}[element.align]
    left = element.x + element.w / 2 - width / 2 + start
    baseline = element.y + element.h / 2 + _BASELINE * em
    glyphs = []
    for character in text:
        font = fonts.of(character)
        if font is None:
            left += em
            continue
        glyphs.append(Glyph(character, font, left, baseline))
        left += font.advance(character) * em
    return Piece(element, text, size, room >= 0 and em <= height, tuple(glyphs))


def _photo(element: Element) -> Piece:
    return Piece(element, "", 0.0, True, ())


def print_job(layout: Layout, sides: tuple[Side, ...], record: Record, fonts: Fonts, photo: str) -> dict[str, Any]:
    """What a card printer's driver needs: each element with its box in mm, its text, size and fonts."""
    return {
        "layout": layout.name,
        "width_mm": WIDTH,
        "height_mm": HEIGHT,
        "seq": record.seq,
        "elements": [
            {
                "side": side.value,
                "kind": piece.element.kind.value,
                "x": piece.element.x,
                "y": piece.element.y,
                "w": piece.element.w,
                "h": piece.element.h,
                "rotation": piece.element.rotation,
                "align": piece.element.align.value,
                "size_pt": piece.size,
                "text": piece.text,
                "photo": photo if piece.element.kind is Kind.PHOTO else "",
                "fonts": sorted({f"{glyph.font.path}#{glyph.font.index}" for glyph in piece.glyphs}),
            }
            for side in sides
            for piece in pieces(layout, side, record, fonts)
        ],
    }
