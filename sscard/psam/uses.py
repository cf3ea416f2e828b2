"""What terminals are used for, and the keys each use needs (``uses.toml``).

The rows follow from the access rules of the card: the keys of the files a use reads or writes, and IRK.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Use:
    """One service a terminal may declare; ``keys`` are names of the catalogue."""

    name: str
    zh: str
    en: str
    keys: tuple[str, ...]


@cache
def declared() -> tuple[Use, ...]:
    """All services, in the order of the file."""
    text = files("sscard.psam").joinpath("uses.toml").read_text(encoding="utf-8")
    return tuple(Use(row["name"], row["zh"], row["en"], tuple(row["keys"])) for row in tomllib.loads(text)["service"])


def needed(services: Iterable[str]) -> frozenset[str]:
    """Keys that the services together need.  Raises KeyError for an unknown one."""
    known = {use.name: use.keys for use in declared()}
    return frozenset(key for name in services for key in known[name])
