"""A set of stored keys: what is known about each, and, for custody back ends only, its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.catalog import Level, canonical, owner_of
from sscard.keys.checkvalue import CheckMethod, check_value, key_sizes, method_of
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret

_TRANSPORT: Final = (Algorithm.SM4, Algorithm.AES)
"""Ciphers there are key blocks for."""
_REGION_PATH: Final = re.compile(r"(?:[0-9]{2}(?:[0-9]{4})?)?")


class Usage(Enum):
    """What a stored value is for.

    Deriving children and card keys; being shown as it is (PIN, transport code); protecting key blocks on their way
    from one custodian to another (transport keys).
    """

    DIVERSIFY = "diversify"
    PRESENT = "present"
    WRAP = "wrap"


class State(Enum):
    """Life state of a stored key; only an active one is used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be shown of a stored key.

    ``region`` is the path in the hierarchy: empty for the nation, two digits a province, six a city.  ``check_value``
    has 3 bytes; it is empty for presented values, whose few possibilities a check value would give away.  What is not
    ``exportable`` never leaves its store again, not even wrapped.  ``incidents`` are the numbers of those it is frozen
    for.
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
    exportable: bool = True
    incidents: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the key is active and no incident holds it back."""
        return self.state is State.ACTIVE and not self.incidents

    @property
    def method(self) -> CheckMethod:
        """How the check value was made."""
        return method_of(self.algorithm)

    @property
    def place(self) -> tuple[str, str, int]:
        """The identity within a store: name, region path, version."""
        return self.name, self.region, self.version

    def __str__(self) -> str:
        return f"{self.name}:v{self.version}" + (f"@{self.region}" if self.region else "")


class KeyStore:
    """Stored keys in memory.  ``demo`` holds for all of them: demonstration and production keys never share a store.

    ``revision`` counts the changes of entries, for those who keep what they worked out from them.
    """

    def __init__(self, *, demo: bool) -> None:
        self._demo = demo
        self.revision = 0
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
        exportable: bool = True,
    ) -> Entry:
        """Store a key.  An alias becomes the catalogue's name.

        Raises CustodyError when the place is taken or impossible (:meth:`check_place`), or the length of the value is.
        """
        check = _check_value(name, value, algorithm, usage)
        name = canonical(name)
        entry = Entry(name, level, region, version, algorithm, usage, state, self._demo, check, exportable)
        self.check_free(entry.name, entry.level, entry.region, entry.version)
        self._entries[entry.place] = entry
        self._values[entry.place] = value
        return entry

    def check_place(self, name: str, level: Level, region: str, version: int) -> None:
        """Raise CustodyError for a place no key can have: "key-region-path", "key-version", and "key-owner" where a
        name of the official lists is given to a key of another owner."""
        label = f"{name}:v{version}" + (f"@{region}" if region else "")
        if not is_region_path(region):
            raise CustodyError("key-region-path", key=label)
        if not 1 <= version <= 255:
            raise CustodyError("key-version", key=label)
        owner = owner_of(name)
        if owner is not None and owner is not level:
            raise CustodyError("key-owner", key=label, owner=owner.value)

    def check_free(self, name: str, level: Level, region: str, version: int) -> None:
        """As :meth:`check_place`, and "key-twice" where a key stands there: said before anybody types or makes one."""
        self.check_place(name, level, region, version)
        held = self._entries.get((canonical(name), region, version))
        if held is not None:
            raise CustodyError("key-twice", key=str(held))

    def refresh(self) -> None:
        """Take up what others have changed; nobody else changes a store in memory."""

    def value(self, entry: Entry) -> Secret:
        """The value of an entry.  Only custody back ends call this: nothing that reaches a caller may hold it."""
        return self._values[entry.place]

    def nearest(self, name: str, region: str, version: int, ref: str = "") -> Entry:
        """The active entry nearest to a place; as :func:`nearest`."""
        return nearest(self._entries, name, region, version, ref)

    def change_state(self, entry: Entry, state: State) -> Entry:
        """Suspend, retire or wake a key; what derives from it above stays as it is.  The entry as it is now.

        Raises CustodyError: "key-frozen" while an incident holds it, "key-state" for a destroyed key.
        """
        if entry.incidents:
            raise CustodyError("key-frozen", ref=str(entry), incident=", ".join(entry.incidents))
        if entry.state is State.DESTROYED:
            raise CustodyError("key-state", ref=str(entry), state=entry.state.value)
        return self._put(replace(entry, state=state))

    def freeze(self, entry: Entry, incident: str) -> Entry:
        """Hold a key back for an incident, whatever its state; each of its incidents must be thawed."""
        incidents = tuple(dict.fromkeys((*entry.incidents, incident)))
        return self._put(replace(entry, incidents=incidents))

    def thaw(self, entry: Entry, incident: str) -> Entry:
        """Undo :meth:`freeze` for one incident."""
        incidents = tuple(number for number in entry.incidents if number != incident)
        return self._put(replace(entry, incidents=incidents))

    def destroy(self, entry: Entry) -> Entry:
        """Wipe the value for good.  Its place stays taken, so that nothing above it is used instead."""
        self._values[entry.place].wipe()
        self._values[entry.place] = Secret(b"")
        return self._put(replace(entry, state=State.DESTROYED))

    def restore(self, entry: Entry, value: Secret) -> None:
        """Put an entry back as it was stored, a destroyed one without value included; its check value is made anew.

        Raises CustodyError as :meth:`add` does.
        """
        if entry.state is not State.DESTROYED:
            check = _check_value(entry.name, value, entry.algorithm, entry.usage)
            entry = replace(entry, check_value=check)
        self.check_free(entry.name, entry.level, entry.region, entry.version)
        self._entries[entry.place] = entry
        self._values[entry.place] = value

    def _put(self, entry: Entry) -> Entry:
        self.revision += 1
        self._entries[entry.place] = entry
        return entry

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
    wraps = usage is Usage.WRAP
    if (wraps and algorithm not in _TRANSPORT) or (not wraps and algorithm is Algorithm.AES):
        raise CustodyError("key-transport-algorithm", key=name, algorithm=algorithm.name)
    if len(value) not in key_sizes(algorithm):
        raise CustodyError("key-length", key=name, algorithm=algorithm.name, size=len(value))
    return check_value(method_of(algorithm), value.reveal())


def nearest(
    entries: Mapping[tuple[str, str, int], Entry], name: str, region: str, version: int, ref: str = ""
) -> Entry:
    """The active entry nearest to a place: stored there, in its province, or for the nation.

    Keys go only downwards.  ``ref`` is what errors call the key.  Raises CustodyError: "key-region-path",
    "key-frozen", "key-state" (an entry that is not active stops the search), "key-above" (stored only further down or
    in another branch), "key-missing".
    """
    ref = ref or f"{name}:v{version}" + (f"@{region}" if region else "")
    if not is_region_path(region):
        raise CustodyError("key-region-path", key=ref)
    name = canonical(name)
    for place in dict.fromkeys((region, region[:2], "")):
        entry = entries.get((name, place, version))
        if entry is not None:
            if entry.incidents:
                raise CustodyError("key-frozen", ref=ref, incident=", ".join(entry.incidents))
            if entry.state is not State.ACTIVE:
                raise CustodyError("key-state", ref=ref, state=entry.state.value)
            return entry
    held = [place for known, place, number in entries if (known, number) == (name, version)]
    if held:
        raise CustodyError("key-above", ref=ref, held=", ".join(held))
    raise CustodyError("key-missing", ref=ref)
