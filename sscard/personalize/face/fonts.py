"""Fonts: which characters they have, how wide these are, their outlines.  Read with fontTools.

Several fonts make a chain: each character is drawn with the first font that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from sscard.errors import FaceError

POINT: Final = 25.4 / 72
"""Millimetres of a typographic point."""


@dataclass(frozen=True, slots=True)
class Font:
    """An opened font file; ``index`` counts the fonts of a collection from 0."""

    path: Path
    index: int
    units: int
    glyphs: dict[int, str]
    table: Any

    def has(self, character: str) -> bool:
        """Whether the font can draw a character."""
        return ord(character) in self.glyphs

    def advance(self, character: str) -> float:
        """Width of a character in ems."""
        width: int = self.table["hmtx"][self.glyphs[ord(character)]][0]
        return width / self.units

    def draw(self, character: str, pen: object) -> None:
        """Draw a character's outline, in units of the font, with a fontTools pen."""
        self.table.getGlyphSet()[self.glyphs[ord(character)]].draw(pen)


class Fonts:
    """A chain of fonts."""

    def __init__(self, fonts: Sequence[Font]) -> None:
        self.fonts = tuple(fonts)

    def of(self, character: str) -> Font | None:
        """The first font that has a character."""
        return next((font for font in self.fonts if font.has(character)), None)

    def width(self, text: str) -> float:
        """Width of a text in ems; a character no font has counts as a square."""
        return sum(font.advance(character) if (font := self.of(character)) else 1.0 for character in text)


def open_fonts(places: Sequence[str], *, named: bool) -> Fonts:
    """Open font files, each ``FILE`` or ``FILE#INDEX``.

    ``named`` is whether a person asked for just these: then all must be there; of a layout's own list, those that
    are installed are taken.  Raises FaceError: "face-no-font", "face-font", "face-library".
    """
    found = []
    for place in places:
        name, _, number = place.partition("#")
        if named or Path(name).exists():
            found.append(_open(Path(name), int(number) if number.isdigit() else 0))
    if not found:
        raise FaceError("face-no-font", paths=", ".join(places))
    return Fonts(found)


def _open(path: Path, index: int) -> Font:
    try:
        from fontTools.ttLib import TTFont, TTLibError
    except ImportError as error:
        raise FaceError("face-library", name=error.name) from None
    try:
        table = TTFont(BytesIO(path.read_bytes()), fontNumber=index, lazy=True)
        glyphs = {code: name for code, name in (table.getBestCmap() or {}).items() if name != ".notdef"}
        units = table["head"].unitsPerEm
        table["hmtx"]
    except (OSError, TTLibError, KeyError, ValueError, AssertionError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise FaceError("face-font", path=str(path), cause=cause) from None
    return Font(path, index, units, glyphs, table)
