"""Reads format files: those of the package by name, others by path; everything in them is checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sscard.errors import FormatError
from sscard.personalize import lines
from sscard.personalize.columns import FIELDS
from sscard.personalize.exchange.model import PLACES, Column, Container, Format, Sheet, places
from sscard.personalize.exchange.returned import RETURNED

_FOLDER: Final = Path(__file__).parent
_LINE_ENDS: Final = {"lf": "\n", "crlf": "\r\n"}
_TEXTS: Final[dict[str, type]] = {"name": str, "title": list, "origin": list, "intake": dict, "returns": dict}
_SHEET: Final[dict[str, type]] = {
    "container": str,
    "encoding": str,
    "line_end": str,
    "header": bool,
    "first": str,
    "last": str,
    "columns": list,
    "number": bool,
    "constant": dict,
}
_COLUMN: Final[dict[str, type]] = {
    "header": str,
    "field": str,
    "shape": str,
    "width": int,
    "limit": int,
    "values": dict,
    "replace": dict,
}


def format_names() -> list[str]:
    """Names of the formats that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_format(name: str) -> Format:
    """A format by name, or by the path of its file.  Raises FormatError, naming file, place and what is expected."""
    known = format_names()
    if name in known:
        return _read(_FOLDER / f"{name}.toml")
    if not name.endswith(".toml"):
        raise FormatError("format-unknown", name=name, known=", ".join(known))
    return _read(Path(name))


def _read(path: Path) -> Format:
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise FormatError("format-unreadable", path=str(path), reason=error.strerror or str(error)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormatError("format-unreadable", path=str(path), reason=str(error)) from None
    place = _Place(path.name, "")
    place.known(data, _TEXTS)
    name = place.need(data, "name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name):
        raise place.wrong("name", "a-z 0-9 -")
    sheets = {kind: _sheet(data[kind], place.below(kind), kind) for kind in ("intake", "returns") if kind in data}
    if not sheets:
        raise place.wrong("intake", "[intake] / [returns]")
    return Format(
        name, place.pair(data, "title"), place.pair(data, "origin"), sheets.get("intake"), sheets.get("returns")
    )


def _sheet(data: Mapping[str, Any], place: _Place, kind: str) -> Sheet:
    place.known(data, _SHEET)
    if place.need(data, "container") not in list(Container):
        raise place.wrong("container", ", ".join(Container))
    container = Container(data["container"])
    if data.get("encoding", "utf-8") not in lines.ENCODINGS:
        raise place.wrong("encoding", ", ".join(lines.ENCODINGS))
    if data.get("line_end", "lf") not in _LINE_ENDS:
        raise place.wrong("line_end", ", ".join(_LINE_ENDS))
    fields = FIELDS if kind == "intake" else RETURNED
    columns = tuple(
        _column(each, place.below(f"columns[{number}]"), fields, container)
        for number, each in enumerate(data.get("columns", ()), 1)
    )
    for what in ("header", "field") if kind == "intake" else ("header",):
        values = [getattr(column, what) for column in columns]
        if len(set(values)) < len(values):
            raise place.wrong("columns", f"{what}: 1 × {next(value for value in values if values.count(value) > 1)}")
    if not columns and (kind == "returns" or container is Container.FIXED or data.get("header") is False):
        raise place.wrong("columns", "[[columns]]")
    for line in ("first", "last"):
        if data.get(line) and (container not in (Container.CSV, Container.BAR, Container.FIXED)):
            raise place.wrong(line, "csv, bar, fixed")
        if not set(places(data.get(line, ""))) <= PLACES:
            raise place.wrong(line, ", ".join(sorted(f"{{{name}}}" for name in PLACES)))
    constant = place.texts(data, "constant")
    if not set(constant) <= fields:
        raise place.wrong("constant", ", ".join(sorted(fields)))
    header = data.get("header", container is not Container.FIXED)
    return Sheet(
        container,
        data.get("encoding", "utf-8"),
        _LINE_ENDS[data.get("line_end", "lf")],
        header or container.named,
        data.get("first", ""),
        data.get("last", ""),
        columns,
        data.get("number", False),
        constant,
    )


def _column(data: Any, place: _Place, fields: frozenset[str], container: Container) -> Column:
    if not isinstance(data, dict):
        raise place.wrong("columns", "[[columns]]")
    place.known(data, _COLUMN)
    if place.need(data, "field") not in fields:
        raise place.wrong("field", ", ".join(sorted(fields)))
    try:
        re.compile(data.get("shape", ""))
    except re.error as error:
        raise place.wrong("shape", str(error)) from None
    width = data.get("width", 0)
    if (container is Container.FIXED) != (width > 0):
        raise place.wrong("width", "1 …" if container is Container.FIXED else "-")
    return Column(
        place.need(data, "header"),
        data["field"],
        data.get("shape", ""),
        width,
        data.get("limit", 0),
        place.texts(data, "values"),
        place.texts(data, "replace"),
    )


class _Place:
    """Where in which file something stands, for errors."""

    def __init__(self, file: str, path: str) -> None:
        self._file = file
        self._path = path

    def below(self, name: str) -> _Place:
        return _Place(self._file, f"{self._path}{name}.")

    def wrong(self, name: str, expected: str) -> FormatError:
        return FormatError("format-value", path=self._file, name=f"{self._path}{name}", expected=expected)

    def known(self, data: Mapping[str, Any], types: Mapping[str, type]) -> None:
        """Raises FormatError for a name that is not known, or a value of another type."""
        for name, value in data.items():
            if name not in types:
                raise FormatError("format-key", path=self._file, name=f"{self._path}{name}", known=", ".join(types))
            if type(value) is not types[name]:
                raise self.wrong(name, types[name].__name__)

    def need(self, data: Mapping[str, Any], name: str) -> str:
        if not data.get(name):
            raise self.wrong(name, "str")
        return str(data[name])

    def pair(self, data: Mapping[str, Any], name: str) -> tuple[str, str]:
        pair = data.get(name, ())
        if len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise self.wrong(name, '["中文", "English"]')
        return pair[0], pair[1]

    def texts(self, data: Mapping[str, Any], name: str) -> dict[str, str]:
        """A table of texts; empty where there is none."""
        table = data.get(name, {})
        if not all(isinstance(value, str) for value in table.values()):
            raise self.wrong(name, '{ "…" = "…" }')
        return dict(table)
