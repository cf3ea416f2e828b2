"""Key records of a PSAM: usage byte, key id, algorithm byte, and what custody lets into one.

The usage byte is ``levels left << 5 | class``: a key that still needs three factors is a root of the nation, two of a
province, one of a city.  Source: LD/T 32 draft, PSAM part; docs/psam.md, "key records".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from sscard.errors import CustodyError
from sscard.keys import catalog
from sscard.keys.diversify import FACTOR_SIZE, city_factor, province_factor
from sscard.keys.family import Algorithm
from sscard.keys.service import KeyRef

ENVIRONMENT_MASTER: Final = "PSAMDDF"
APPLICATION_MASTER: Final = "PSAMADF"
AUTHORITIES: Final = ("PSAMKID1", "PSAMKID2", "PSAMKID3")
"""Keys that open the national, provincial and city key file for writing: KID-01 to KID-03."""
OWN_KEYS: Final = (ENVIRONMENT_MASTER, APPLICATION_MASTER, *AUTHORITIES)
"""A PSAM's own keys.  Their masters are the issuer's, diversified with the PSAM's factor."""

MAX_LEVELS: Final = 3
CREATE_HEAD: Final = 8
CHANGE_HEAD: Final = 3
_OWN_IDS: Final = range(0x01, 0x08)
_RESERVED_IDS: Final = range(0xC0, 0x100)
_LEVELS_BY_PATH: Final = {0: 3, 2: 2, 6: 1}


class PsamClass(IntEnum):
    """Low five bits of the usage byte: what a key may do in a PSAM."""

    PURCHASE = 0x02
    MAC = 0x06
    CIPHER = 0x07
    BOTH = 0x08
    LOAD = 0x09
    TAC = 0x0C


ALGORITHM_BYTES: Final[Mapping[tuple[Algorithm, int], int]] = {
    (Algorithm.DES, 16): 0x00,
    (Algorithm.DES, 8): 0x01,
    (Algorithm.SSF33, 16): 0x02,
    (Algorithm.SM4, 16): 0x03,
}
"""Algorithm byte of a key record, by cipher and bytes of the key; that of SM4 is by analogy."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A usage byte: ``levels`` (0–3) factors still to come, and the class."""

    levels: int
    kind: PsamClass

    @classmethod
    def parse(cls, byte: int) -> Self:
        """Raises ValueError for a byte no rule knows."""
        levels, number = byte >> 5, byte & 0x1F
        if levels > MAX_LEVELS:
            raise ValueError("levels")
        return cls(levels, PsamClass(number))

    @property
    def byte(self) -> int:
        return self.levels << 5 | self.kind


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a PSAM keeps a key: usage and key id, which is the version for purchase keys."""

    usage: Usage
    id: int

    def __str__(self) -> str:
        return f"{self.usage.byte:02X}/{self.id:02X}"

    def create_head(self, algorithm: Algorithm, size: int) -> bytes:
        """What precedes the key in CREATE KEY, 8 bytes.  Raises KeyError for a size the algorithm has not."""
        return bytes((self.usage.byte, self.id, 0, ALGORITHM_BYTES[algorithm, size])) + bytes(4)

    def change_head(self) -> bytes:
        """What precedes the key in CHANGE KEY, 3 bytes."""
        return bytes((self.usage.byte, self.id, 0))


def levels_of(region: str) -> int:
    """Factors a root stored at a region path still needs: nation 3, province 2, city 1.  Raises CustodyError."""
    levels = _LEVELS_BY_PATH.get(len(region))
    if levels is None:
        raise CustodyError("key-region-path", key=region)
    return levels


def factors_of(ref: KeyRef, levels: int) -> tuple[bytes, ...]:
    """Factors of a card key in the order a PSAM takes them: card, city, province; the first ``levels`` of them."""
    return (ref.card, city_factor(ref.region), province_factor(ref.region))[:levels]


def catalog_place(name: str, levels: int, version: int = 1) -> KeyPlace:
    """The usual place of a key of the 55 at a level.  Raises CustodyError("key-unknown") for other names."""
    row = catalog.find(name)
    ids = row.psam.ids
    number = ids[version - 1] if version <= len(ids) else ids[0]
    return KeyPlace(Usage(levels, PsamClass(row.psam.classes[0])), number)


def is_application_id(number: int, kind: PsamClass) -> bool:
    """Whether a key of that class may have the id: 00–07 are the PSAM's own, but a purchase key's id is its version."""
    return number in _OWN_IDS if kind is PsamClass.PURCHASE else number > _OWN_IDS[-1] and number not in _RESERVED_IDS


def check_wrap(ref: KeyRef, under: KeyRef, head: bytes, algorithm: Algorithm, size: int) -> None:
    """What every custody back end asks before it wraps a root for a PSAM.

    ``ref`` must be a root without card factor that a PSAM may hold, ``under`` the application master of one PSAM, and
    ``head`` the head of a key record whose level, class, id and algorithm byte are that root's own: no key can be
    passed off as another one or as nearer to the card than it is.  Raises CustodyError.
    """
    if ref.card:
        raise CustodyError("psam-not-root", ref=str(ref))
    if under.name != APPLICATION_MASTER or len(under.card) != FACTOR_SIZE:
        raise CustodyError("psam-not-master", ref=str(under))
    if ref.name in (*catalog.ISSUER_MASTERS, *OWN_KEYS, catalog.PIN, catalog.TRANSPORT):
        raise CustodyError("psam-not-root", ref=str(ref))
    try:
        place = KeyPlace(Usage.parse(head[0]), head[1])
        right = place.change_head() if len(head) == CHANGE_HEAD else place.create_head(algorithm, size)
    except (IndexError, KeyError, ValueError):
        raise CustodyError("psam-head", ref=str(ref)) from None
    if head != right or place.usage.levels != levels_of(ref.region) or not _fits(ref, place):
        raise CustodyError("psam-head", ref=str(ref))


def _fits(ref: KeyRef, place: KeyPlace) -> bool:
    """Whether class and id are those of the key; one of no list takes any application id, never the purchase class."""
    rows = [row for row in catalog.load() if catalog.canonical(ref.name) == row.name]
    if not rows:
        return place.usage.kind is not PsamClass.PURCHASE and is_application_id(place.id, place.usage.kind)
    psam, kind = rows[0].psam, place.usage.kind
    if kind not in psam.classes:
        return False
    return place.id == ref.version if kind is PsamClass.PURCHASE else place.id in psam.ids
