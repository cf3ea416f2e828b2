"""A set of stored keys: what is known about each, and, for custody back ends only, its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.catalog import Level, canonical
from sscard.keys.checkvalue import check_value, key_sizes, method_of
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret

_REGION_PATH: Final = re.compile(r"(?:[0-9]{2}(?:[0-9]{4})?)?")


class Usage(Enum):
    """What a stored value is for: deriving children and card keys, or being shown as it is (PIN, transport code)."""

    DIVERSIFY = "diversify"
    PRESENT = "present"


class State(Enum):
    """Life state of a stored key; only an active one is used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be shown of a stored key.

    ``region`` is the path in the hierarchy: empty for the nation, two digits a province, six a city.  ``check_value``
    has 3 bytes; it is empty for presented values, whose few possibilities a check value would give away.
    """

    name: str
    level: Level
    region: str
    version: int
    algorithm: Algorithm
    usage: Usage
    state: State
    demo: bool
    check_value: bytes

    @property
    def place(self) -> tuple[str, str, int]:
        """The identity within a store: name, region path, version."""
        return self.name, self.region, self.version

    def __str__(self) -> str:
        return f"{self.name}:v{self.version}" + (f"@{self.region}" if self.region else "")


class KeyStore:
    """Stored keys in memory.  ``demo`` holds for all of them: demonstration and production keys never share a store."""

    def __init__(self, *, demo: bool) -> None:
        self._demo = demo
        self._entries: dict[tuple[str, str, int], Entry] = {}
        self._values: dict[tuple[str, str, int], Secret] = {}

    @property
    def demo(self) -> bool:
        return self._demo

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def entries(self) -> tuple[Entry, ...]:
        """All entries, without values, in the order they were added."""
        return tuple(self._entries.values())

    def add(
        self,
        name: str,
        value: Secret,
        *,
        level: Level,
        algorithm: Algorithm,
        region: str = "",
        version: int = 1,
        usage: Usage = Usage.DIVERSIFY,
        state: State = State.ACTIVE,
    ) -> Entry:
        """Store a key.  An alias becomes the catalogue's name.

        Raises CustodyError when the place is taken, or the region path, version or length of the value is impossible.
        """
        check = _check_value(name, value, algorithm, usage)
        entry = Entry(canonical(name), level, region, version, algorithm, usage, state, self._demo, check)
        if not is_region_path(region):
            raise CustodyError("key-region-path", key=str(entry))
        if not 1 <= version <= 255:
            raise CustodyError("key-version", key=str(entry))
        if entry.place in self._entries:
            raise CustodyError("key-twice", key=str(entry))
        self._entries[entry.place] = entry
        self._values[entry.place] = value
        return entry

    def value(self, entry: Entry) -> Secret:
        """The value of an entry.  Only custody back ends call this: nothing that reaches a caller may hold it."""
        return self._values[entry.place]

    def wipe(self) -> None:
        """Overwrite all values and forget the entries."""
        for value in self._values.values():
            value.wipe()
        self._values.clear()
        self._entries.clear()


def is_region_path(region: str) -> bool:
    """Whether ``region`` names a place of the hierarchy: nothing, two digits or six."""
    return _REGION_PATH.fullmatch(region) is not None


def _check_value(name: str, value: Secret, algorithm: Algorithm, usage: Usage) -> bytes:
    if usage is Usage.PRESENT:
        if not 1 <= len(value) <= 16:
            raise CustodyError("key-length", key=name, algorithm=usage.value, size=len(value))
        return b""
    if len(value) not in key_sizes(algorithm):
        raise CustodyError("key-length", key=name, algorithm=algorithm.name, size=len(value))
    return check_value(method_of(algorithm), value.reveal())
