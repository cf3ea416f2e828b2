"""Vector files: worked examples as data, see docs/vectors.md for the form.

A file is a JSON array of vectors.  A vector of level ``rule`` has ``given`` and ``expect`` and is computed by the
library; one of level ``apdu`` has an ``exchange`` and is played to a card.  Loading checks the form of every vector and
names file, line and id of the first that is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.apdu.commands import Trait, describe
from sscard.conformance.pattern import AnswerPattern
from sscard.errors import SscardError, VectorFileError

_ORIGINS: Final = frozenset({"spec-derived", "published", "self"})
_EFFECTS: Final = {"writes": Trait.WRITES, "spends-try": Trait.SPENDS_TRY, "irreversible": Trait.IRREVERSIBLE}
_TEXTS: Final = ("id", "requires", "origin", "source")
_KNOWN: Final = frozenset(
    [
        *_TEXTS,
        "level",
        "rule",
        "note",
        "negative",
        "given",
        "expect",
        "steps",
        "alternates",
        "card",
        "effects",
        "exchange",
    ]
)
_SPACE: Final = re.compile(r"\s*")
_INSTALLED: Final = re.compile(r"share/sscard/vectors/[^/]+\.json")


class CardState(Enum):
    """The card an APDU vector is played to."""

    BLANK = "blank"
    PERSONALIZED = "personalized"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command sent and the answer it must get."""

    send: Command
    expect: AnswerPattern


@dataclass(frozen=True, slots=True)
class Vector:
    """One worked example.

    ``rule`` names the function that computes it, ``requires`` the capability it needs.  ``expect`` is compared whole,
    ``steps`` are values on the way, compared where the function gives them.  ``negative`` turns the judgement round:
    the expectation is wrong on purpose.  ``exchange`` is filled for level ``apdu`` only; ``effects`` then tells what
    the commands do to a card beyond reading.
    """

    id: str
    requires: str
    origin: str
    source: str
    file: str
    line: int
    rule: str = ""
    note: str = ""
    negative: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Any] = field(default_factory=dict)
    card: CardState = CardState.PERSONALIZED
    effects: frozenset[str] = frozenset()
    exchange: tuple[Exchange, ...] = ()


def default_files() -> tuple[Path, ...]:
    """The vector files of the source checkout, else those installed with the package; sorted by name."""
    above = Path(__file__).parents[2]
    if (above / "pyproject.toml").is_file():
        return tuple(sorted((above / "vectors").glob("*.json")))
    try:
        entries = files("sscard") or ()
    except PackageNotFoundError:
        entries = ()
    located = (Path(str(entry.locate())).resolve() for entry in entries if _INSTALLED.search(str(entry)))
    found = sorted(path for path in located if path.is_file())
    return tuple(found or sorted((above / "share" / "sscard" / "vectors").glob("*.json")))


def load(paths: tuple[Path, ...]) -> tuple[Vector, ...]:
    """All vectors of the files, in order.

    Raises VectorFileError for a file that cannot be read or is no array, for a vector of the wrong form, and for an id
    that stands twice.
    """
    vectors: dict[str, Vector] = {}
    for path in paths:
        for vector in _read(path):
            if vector.id in vectors:
                raise VectorFileError("vector-twice", file=vector.file, line=vector.line, id=vector.id)
            vectors[vector.id] = vector
    return tuple(vectors.values())


def _read(path: Path) -> Iterator[Vector]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise VectorFileError("vector-unreadable", file=str(path), reason=error.strerror or "") from None
    except UnicodeDecodeError as error:
        raise VectorFileError("vector-unreadable", file=str(path), reason=error.reason) from None
    try:
        for line, value in _elements(text):
            yield _vector(value, str(path), line)
    except json.JSONDecodeError as error:
        raise VectorFileError("vector-json", file=str(path), line=error.lineno, reason=error.msg) from None


def _elements(text: str) -> Iterator[tuple[int, object]]:
    """``(line, value)`` of every element of the array ``text``.  Raises JSONDecodeError."""
    decoder = json.JSONDecoder()

    def at(position: int) -> int:
        space = _SPACE.match(text, position)
        return space.end() if space else position

    def want(position: int, characters: str) -> str:
        found = text[position : position + 1]
        if not found or found not in characters:
            raise json.JSONDecodeError(f"Expecting {' or '.join(characters)}", text, position)
        return found

    want(position := at(0), "[")
    position = at(position + 1)
    closed = text[position : position + 1] == "]"
    while not closed:
        line = text.count("\n", 0, position) + 1
        value, position = decoder.raw_decode(text, position)
        yield line, value
        closed = want(position := at(position), ",]") == "]"
        if not closed:
            position = at(position + 1)
    if (position := at(position + 1)) != len(text):
        raise json.JSONDecodeError("Extra data", text, position)


class _Malformed(ValueError):
    """A vector is of the wrong form; the argument is the field."""


def _vector(value: object, file: str, line: int) -> Vector:
    name = value.get("id") if isinstance(value, dict) else None
    try:
        return _parse(value, file, line)
    except (_Malformed, SscardError, ValueError) as error:
        raise VectorFileError("vector-form", file=file, line=line, id=name or "?", reason=str(error)) from None


def _parse(value: object, file: str, line: int) -> Vector:
    if not isinstance(value, dict):
        raise _Malformed("not an object")
    for key in value:
        _check(key in _KNOWN, key)
    texts = {key: value.get(key) for key in _TEXTS}
    for key, content in texts.items():
        _check(isinstance(content, str) and content != "", key)
    _check(texts["origin"] in _ORIGINS, "origin")
    for key in ("given", "expect", "steps", "alternates"):
        _check(isinstance(value.get(key, {}), dict), key)
    _check(isinstance(value.get("negative", False), bool), "negative")
    _check(isinstance(value.get("note", ""), str), "note")
    level = value.get("level", "rule")
    _check(level in ("rule", "apdu"), "level")
    common = {
        **texts,
        "file": file,
        "line": line,
        "note": value.get("note", ""),
        "negative": value.get("negative", False),
    }
    if level == "apdu":
        return _apdu_vector(value, common)
    _check(isinstance(value.get("rule"), str), "rule")
    _check(bool(value.get("expect")), "expect")
    _check(not value.keys() & {"exchange", "card", "effects"}, "level")
    return Vector(
        **common,
        rule=value["rule"],
        given=value.get("given", {}),
        expect=value["expect"],
        steps=value.get("steps", {}),
    )


def _apdu_vector(value: Mapping[str, Any], common: Mapping[str, Any]) -> Vector:
    _check(not value.keys() & {"rule", "given", "expect", "steps", "alternates"}, "level")
    rows = value.get("exchange")
    _check(isinstance(rows, list) and rows != [], "exchange")
    exchange = tuple(_exchange(row) for row in rows or ())
    effects = value.get("effects", [])
    _check(isinstance(effects, list) and all(effect in _EFFECTS for effect in effects), "effects")
    for step in exchange:
        for name, trait in _EFFECTS.items():
            _check(trait not in describe(step.send).traits or name in effects, f"effects: {name}")
    try:
        card = CardState(value.get("card", CardState.PERSONALIZED.value))
    except ValueError:
        raise _Malformed("card") from None
    return Vector(**common, card=card, effects=frozenset(effects), exchange=exchange)


def _exchange(row: object) -> Exchange:
    if not isinstance(row, dict) or set(row) - {"note"} != {"send", "expect"}:
        raise _Malformed("exchange")
    _check(isinstance(row["send"], str) and isinstance(row["expect"], str), "exchange")
    return Exchange(Command.parse(bytes.fromhex(row["send"])), AnswerPattern.parse(row["expect"]))


def _check(lawful: bool, name: str) -> None:
    if not lawful:
        raise _Malformed(name)
