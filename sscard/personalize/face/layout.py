"""Face layouts: what stands where on a card of 85.60 × 53.98 mm (ISO/IEC 7810 ID-1), read from TOML and checked.

A layout is the region's approved design as data.  docs/face.md tells how one is written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sscard.errors import FaceError
from sscard.personalize.columns import FIELDS
from sscard.personalize.record import Record

WIDTH: Final = 85.60
HEIGHT: Final = 53.98
"""Millimetres of an ID-1 card."""

DEFAULT: Final = "ssc3"
_FOLDER: Final = Path(__file__).parent / "layouts"
_TURNS: Final = (0, 90, 180, 270)


class Side(StrEnum):
    """A side of the card."""

    FRONT = "front"
    BACK = "back"


class Kind(StrEnum):
    """What an element is; a title and an issuer are texts that every face must have."""

    TEXT = "text"
    TITLE = "title"
    ISSUER = "issuer"
    PHOTO = "photo"


class Align(StrEnum):
    """Where a text stands in its box."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Shape(StrEnum):
    """How a value is written: as it is, or YYYYMMDD as 2026年6月1日."""

    PLAIN = "plain"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Element:
    """One thing on the card.  ``x y w h`` in mm from the upper left corner, turned by ``rotation`` degrees
    counter-clockwise about its middle; ``size`` and ``min_size`` in points, between them a long text shrinks."""

    side: Side
    kind: Kind
    x: float
    y: float
    w: float
    h: float
    rotation: int
    size: float
    min_size: float
    align: Align
    shape: Shape
    text: str
    source: str

    @property
    def inner(self) -> tuple[float, float]:
        """Width and height of the box before it is turned."""
        return (self.h, self.w) if self.rotation % 180 else (self.w, self.h)

    def words(self, record: Record) -> str:
        """What is written here for one person; empty for a photo and for a value the batch does not have."""
        value = record.value(self.source) if self.source else self.text
        if self.shape is Shape.DATE and len(value) == 8 and value.isdigit():
            return f"{value[:4]}年{int(value[4:6])}月{int(value[6:])}日"
        return value


@dataclass(frozen=True, slots=True)
class Layout:
    """A face: its elements, and the font files to look for, in order; ``FILE#INDEX`` for a font of a collection."""

    name: str
    title: tuple[str, str]
    fonts: tuple[str, ...]
    elements: tuple[Element, ...]

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides anything stands on."""
        return tuple(side for side in Side if any(element.side is side for element in self.elements))

    @property
    def person_side(self) -> Side:
        """The side with the name on it."""
        return next(element.side for element in self.elements if element.source == "name")


def layout_names() -> list[str]:
    """Layouts that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_layout(name: str = DEFAULT) -> Layout:
    """A layout by name, or by the path of its file.  Raises FaceError, naming file, place and what is expected."""
    known = layout_names()
    if name not in known and not name.endswith(".toml"):
        raise FaceError("face-unknown", name=name, known=", ".join(known))
    path = _FOLDER / f"{name}.toml" if name in known else Path(name)
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise FaceError("face-unreadable", path=str(path), cause=error.strerror or str(error)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FaceError("face-toml", path=str(path), cause=str(error)) from None
    return _layout(_Table(path, "layout", data))


class _Table:
    """A table of the file while it is read; what was not asked for is refused at the end."""

    def __init__(self, path: Path, place: str, data: Mapping[str, Any]) -> None:
        self.path, self.place = path, place
        self._data = dict(data)

    def wrong(self, name: str, expected: str) -> FaceError:
        return FaceError("face-layout", path=str(self.path), place=self.place, name=name, expected=expected)

    def take(self, name: str, default: object = None) -> Any:
        value = self._data.pop(name, default)
        if value is None:
            raise self.wrong(name, "given")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self.take(name, default)
        if not isinstance(value, str):
            raise self.wrong(name, "text")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "a number")
        return float(value)

    def one_of(self, name: str, choices: type[StrEnum], default: StrEnum | None = None) -> Any:
        value = self.take(name, default)
        if value not in list(choices):
            raise self.wrong(name, " | ".join(choices))
        return choices(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.take(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(name, "a list of texts")
        return tuple(value)

    def finish(self) -> None:
        for name in self._data:
            raise self.wrong(name, "left out (unknown)")


def _layout(table: _Table) -> Layout:
    name, title, fonts = table.text("name"), table.texts("title"), table.texts("fonts")
    if len(title) != 2:
        raise table.wrong("title", '["中文", "English"]')
    rows = table.take("element")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise table.wrong("element", "[[element]]")
    table.finish()
    elements = tuple(_element(_Table(table.path, f"element {n}", row)) for n, row in enumerate(rows, 1))
    kinds, sources = {element.kind for element in elements}, {element.source for element in elements}
    missing = [kind.value for kind in (Kind.TITLE, Kind.ISSUER, Kind.PHOTO) if kind not in kinds]
    missing += [source for source in ("name", "ssn") if source not in sources]
    if missing:
        raise FaceError("face-needs", path=str(table.path), missing=", ".join(missing))
    return Layout(name, (title[0], title[1]), fonts, elements)


def _element(table: _Table) -> Element:
    side, kind = table.one_of("side", Side), table.one_of("kind", Kind)
    x, y, w, h = (table.number(name) for name in "xywh")
    if not (w > 0 and h > 0 and x >= 0 and y >= 0 and x + w <= WIDTH and y + h <= HEIGHT):
        raise table.wrong("x, y, w, h", f"within {WIDTH:.2f} × {HEIGHT:.2f} mm")
    rotation = table.take("rotation", 0)
    if rotation not in _TURNS or isinstance(rotation, bool):
        raise table.wrong("rotation", "0 | 90 | 180 | 270")
    written = kind is not Kind.PHOTO
    size = table.number("size") if written else 0.0
    min_size = table.number("min_size", size)
    if written and not 0 < min_size <= size:
        raise table.wrong("min_size", f"0 … {size:g}")
    text, source = table.text("text", ""), table.text("source", "")
    if written and bool(text) == bool(source):
        raise table.wrong("text, source", "one of the two")
    if source and source not in FIELDS:
        raise table.wrong("source", "a column of a batch (docs/batch.md)")
    align, shape = table.one_of("align", Align, Align.LEFT), table.one_of("shape", Shape, Shape.PLAIN)
    table.finish()
    return Element(side, kind, x, y, w, h, int(rotation), size, min_size, align, shape, text, source)
