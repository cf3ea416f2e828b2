"""Reads one TOML table value by value, knowing its place in the file, and refuses what nobody asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from sscard.errors import ProfileError


class Table:
    """A table of a profile file.  ``place`` is where it stands, such as ``DF01/EF15/40``; empty for the whole file.

    Every reader raises ProfileError for a missing value (where it has no default) and for one of the wrong kind.
    """

    __slots__ = ("_content", "_seen", "file", "place")

    def __init__(self, content: Mapping[str, Any], file: str, place: str) -> None:
        self._content = content
        self._seen: set[str] = set()
        self.file = file
        self.place = place

    def fail(self, rule: str, key: str = "", /, **fields: object) -> NoReturn:
        """Refuse the profile: ``rule`` is an error key, the place is this table (and ``key`` in it)."""
        place = "/".join(part for part in (self.place, key) if part)
        raise ProfileError(rule, file=self.file, place=place, **fields)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            self.fail("profile-kind", key, wanted="text")
        return value

    def number(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail("profile-kind", key, wanted="number")
        if not low <= value <= high:
            self.fail("profile-range", key, low=f"{low:X}", high=f"{high:X}", value=f"{value:X}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """A truth value, ``default`` where it does not stand."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            self.fail("profile-kind", key, wanted="true/false")
        return value

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str:
        """One of ``choices``."""
        value = self.text(key, default)
        if value not in choices:
            self.fail("profile-choice", key, value=value, known=", ".join(choices))
        return value

    def octets(self, key: str, default: bytes | None = None) -> bytes:
        """Bytes written as hex."""
        try:
            return bytes.fromhex(self.text(key, None if default is None else default.hex()))
        except ValueError:
            self.fail("profile-kind", key, wanted="hex")

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(key, None if default is None else list(default))
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            self.fail("profile-kind", key, wanted="list of texts")
        return tuple(value)

    def text_or_texts(self, key: str) -> tuple[str, ...]:
        """A text, or a list of texts."""
        return (self.text(key),) if isinstance(self._content.get(key), str) else self.texts(key)

    def numbers(self, key: str, low: int, high: int, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers from ``low`` to ``high``."""
        value = self._take(key, list(default))
        if not isinstance(value, list) or not all(isinstance(entry, int) and low <= entry <= high for entry in value):
            self.fail("profile-kind", key, wanted=f"list of numbers {low}-{high}")
        return tuple(value)

    def table(self, key: str) -> Table:
        """A table in this one."""
        value = self._take(key, None)
        if not isinstance(value, dict):
            self.fail("profile-kind", key, wanted="table")
        return Table(value, self.file, self._inside(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """The list of tables under ``key`` (empty where it does not stand), each placed by its name or tag."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.fail("profile-kind", key, wanted="list of tables")
        return tuple(
            Table(entry, self.file, self._inside(label(entry, f"{key}[{index}]")))
            for index, entry in enumerate(value, 1)
        )

    def sizes(self, key: str, names: Collection[str], low: int, high: int) -> dict[str, int]:
        """A table of ``names`` with whole numbers from ``low`` to ``high``; empty where it does not stand."""
        if key not in self._content:
            return {}
        table = self.table(key)
        for name in table._content:
            if name not in names:
                table.fail("profile-choice", name, value=name, known=", ".join(names))
        return {name: table.number(name, low, high) for name in table._content}

    def strings(self) -> dict[str, str]:
        """The whole table as names and texts."""
        return {key: self.text(key) for key in self._content}

    def finish(self) -> None:
        """Refuse values that nothing has read: a misspelt name must not pass as a default."""
        for key in self._content:
            if key not in self._seen:
                self.fail("profile-unknown-value", key)

    def _take(self, key: str, default: object) -> Any:
        self._seen.add(key)
        value = self._content.get(key, default)
        if value is None:
            self.fail("profile-missing", key)
        return value

    def _inside(self, label: str) -> str:
        return f"{self.place}/{label}" if self.place else label


def label(content: Mapping[str, Any], fallback: str) -> str:
    """What a table is called in a place: its name, its tag as two hex digits, else ``fallback``."""
    name, tag = content.get("name"), content.get("tag")
    if isinstance(name, str):
        return name
    if isinstance(tag, int) and tag:
        return f"{tag:02X}"
    return fallback
