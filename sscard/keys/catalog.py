"""The catalogue of the 55 keys: 39 made by the ministry, 16 made by the province.

Source: issuing management process of 2014 (annexes 6 and 7), LD/T 32 draft, terminal interface rules of 2016.
The rows stand in ``catalog.toml``, with the evidence of every key id beside it; docs/keys.md explains the columns.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from sscard.errors import CustodyError

ISSUER_MASTERS: Final = (
    "MKCARD",
    "MKSSSE",
    "MKDF01",
    "MKDF02",
    "MKDF03",
    "MKDF04",
    "MKDF07",
    "MKPSE",
    "MKDEBIT",
)
"""Master keys (主控密钥) of the card and its directories.  They are the issuer's own and in no national list."""

PIN: Final = "PIN"
TRANSPORT: Final = "TRANSPORT"
"""Names of the two values that are presented to a card as they are."""


class Level(Enum):
    """Who makes a key, which is where its branch of the hierarchy begins."""

    NATIONAL = "national"
    LOCAL = "local"
    ISSUER = "issuer"


class Kind(Enum):
    """What a key does on the card."""

    INTERNAL = "internal"
    MAINTENANCE = "maintenance"
    UPDATE = "update"
    READ = "read"
    PIN = "pin"
    BLOCK = "block"
    TRANSACTION = "transaction"
    TAC = "tac"


class Evidence(Enum):
    """Where a key id is known from, the strongest first."""

    LOG = "log"
    DRAFT = "draft"
    LIBRARY = "library"
    DERIVED = "derived"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PsamPlace:
    """How a PSAM knows the key.

    ``classes`` are values of the low five bits of the usage byte, current wording first; ``ids`` key ids, one for each
    version where there are several; ``usages`` whole usage bytes seen in the field.
    """

    classes: tuple[int, ...]
    ids: tuple[int, ...]
    usages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CatalogKey:
    """One row of the catalogue.

    ``key_id`` is P2 of EXTERNAL/INTERNAL AUTHENTICATE, None where none is published.  ``addresses`` are logical
    addresses of the first group in a back-office HSM; ``groups`` further groups follow at +1, +2.  ``zh`` is the
    function in the words of the list, ``zh_now`` a later wording (equal where it did not change).
    """

    number: str
    name: str
    aliases: tuple[str, ...]
    kind: Kind
    directory: str
    zh: str
    zh_now: str
    en: str
    key_id: int | None
    evidence: tuple[Evidence, ...]
    psam: PsamPlace
    addresses: tuple[int, ...]
    groups: int

    @property
    def level(self) -> Level:
        return Level.NATIONAL if self.number.startswith("N") else Level.LOCAL

    @property
    def versions(self) -> tuple[int, ...]:
        """Versions there are of the key, one for each group: three of IRK, reading, update and transaction keys."""
        return tuple(range(1, self.groups + 1))


@cache
def load() -> tuple[CatalogKey, ...]:
    """All 55 rows in the official order: N1–N39, then L1–L16."""
    source = files("sscard.keys").joinpath("catalog.toml").read_text(encoding="utf-8")
    return tuple(_row(row) for row in tomllib.loads(source)["key"])


def find(name: str) -> CatalogKey:
    """The row of a name, alias or number.  Raises CustodyError("key-unknown") where there is none."""
    row = _index().get(name)
    if row is None:
        raise CustodyError("key-unknown", name=name)
    return row


def canonical(name: str) -> str:
    """The catalogue's name for an alias; any other name as it is (issuer and local extension keys are not listed)."""
    row = _index().get(name)
    return row.name if row else name


def owner_of(name: str) -> Level | None:
    """Who makes the key of this name or alias; None for issuer and local extension keys, which are not listed."""
    row = _index().get(name)
    return row.level if row else None


def is_tac(name: str) -> bool:
    """Whether a key makes transaction authentication codes and nothing else."""
    row = _index().get(name)
    return row is not None and row.kind is Kind.TAC


@cache
def _index() -> Mapping[str, CatalogKey]:
    return MappingProxyType({label: row for row in load() for label in (row.name, row.number, *row.aliases)})


def _row(row: Mapping[str, Any]) -> CatalogKey:
    psam = row["psam"]
    return CatalogKey(
        number=row["number"],
        name=row["name"],
        aliases=tuple(row.get("aliases", ())),
        kind=Kind(row["kind"]),
        directory=row["directory"],
        zh=row["zh"],
        zh_now=row.get("zh_now", row["zh"]),
        en=row["en"],
        key_id=row.get("id"),
        evidence=tuple(Evidence(mark) for mark in row["id_from"]),
        psam=PsamPlace(tuple(psam["classes"]), tuple(psam["ids"]), tuple(psam["usages"])),
        addresses=tuple(row["addresses"]),
        groups=row["groups"],
    )
