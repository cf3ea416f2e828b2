"""Keys on their way down: what a vault at any level may hand to the level below, and nothing above it.

A path is written ``99``, ``99/990101`` or ``99/990101/8699990100000017``: province, city, card factor.  LD/T 32 draft,
diversification; docs/keys.md, "levels".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.catalog import Level
from sscard.keys.checkvalue import CheckMethod, check_value, method_of
from sscard.keys.diversify import factors
from sscard.keys.family import Algorithm, family_of
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore, Usage

_PATH: Final = re.compile(r"([0-9]{2})(?:/([0-9]{6})(?:/([0-9A-Fa-f]{16}))?)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the hierarchy: region path (two or six digits) and card factor (8 bytes, or empty)."""

    region: str
    card: bytes = b""

    @classmethod
    def parse(cls, path: str) -> Place:
        """The place a path names.  Raises CustodyError("key-path")."""
        found = _PATH.fullmatch(path)
        if found is None or (found[2] and not found[2].startswith(found[1])):
            raise CustodyError("key-path", path=path)
        return cls(found[2] or found[1], bytes.fromhex(found[3] or ""))

    def __str__(self) -> str:
        parts = (self.region[:2], self.region if len(self.region) == 6 else "", self.card.hex().upper())
        return "/".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Handed:
    """A key at a place, ready to be wrapped: what is known of it, and its value, which does not show itself."""

    name: str
    level: Level
    place: Place
    version: int
    algorithm: Algorithm
    usage: Usage
    demo: bool
    exportable: bool
    value: Secret

    @property
    def method(self) -> CheckMethod:
        return method_of(self.algorithm)

    @property
    def check_value(self) -> bytes:
        """3 bytes, by :attr:`method`."""
        return check_value(self.method, self.value.reveal())

    def __str__(self) -> str:
        return f"{self.name}:v{self.version}@{self.place}"


def hand_down(store: KeyStore, name: str, version: int, place: Place, *, exportable: bool = True) -> Handed:
    """The key ``name`` at ``place``, derived from the nearest stored one; the caller wipes its value.

    Raises CustodyError: what :meth:`KeyStore.nearest` raises, "key-not-derived" for transport keys and presented
    values, "key-city" for a card without its city, "key-not-exportable" where the stored key itself would leave.
    """
    entry = store.nearest(name, place.region, version)
    if entry.usage is not Usage.DIVERSIFY:
        raise CustodyError("key-not-derived", ref=str(entry))
    if place.card and entry.level is not Level.ISSUER and len(place.region) != 6:
        raise CustodyError("key-city", ref=str(entry))
    steps = [] if entry.level is Level.ISSUER else factors(entry.region, place.region)
    if place.card:
        steps.append(place.card)
    if not steps and not entry.exportable:
        raise CustodyError("key-not-exportable", ref=str(entry))
    family = family_of(entry.algorithm)
    value = store.value(entry).reveal()
    for factor in steps:
        value = family.diversify(value, factor)
    return Handed(
        entry.name,
        entry.level,
        place,
        version,
        entry.algorithm,
        entry.usage,
        entry.demo,
        exportable,
        Secret(value),
    )


def candidates(store: KeyStore, place: Place, names: Iterable[str] = (), version: int | None = None) -> Iterator[Entry]:
    """The stored keys that reach down to ``place``, each name and version once, in the order of the store.

    ``names`` (canonical) and ``version`` narrow them.  Keys that are not active are left out, and so are an issuer's
    own keys of another place, which nobody hands down, unless they are named.
    """
    wanted = set(names)
    seen = set()
    for entry in store:
        label = entry.name, entry.version
        if (
            entry.usage is Usage.DIVERSIFY
            and entry.usable
            and place.region.startswith(entry.region)
            and (entry.level is not Level.ISSUER or entry.region == place.region or entry.name in wanted)
            and label not in seen
            and (not wanted or entry.name in wanted)
            and version in (None, entry.version)
        ):
            seen.add(label)
            yield entry
