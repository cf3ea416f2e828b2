"""Least keys: what of a load list the terminal's declared services do not need, and what they lack.

A PSAM in a pharmacy that can change insurance data is a loss waiting to happen; the advice names such keys before they
are loaded.  It also writes a first list with exactly the keys needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sscard.cos.psam import Authority
from sscard.keys.family import Algorithm
from sscard.psam.loadlist import FORMAT, LoadList, official_keys
from sscard.psam.uses import needed

_LEVELS: Final = {Authority.NATIONAL: "nation", Authority.PROVINCE: "province"}


@dataclass(frozen=True, slots=True)
class Advice:
    """``surplus``: listed, needed by none of the services.  ``lacking``: needed, made by the authority, not listed."""

    surplus: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the list holds exactly what is needed."""
        return not self.surplus and not self.lacking


def advise(order: LoadList) -> Advice:
    """Compare a list with its services.  Keys of no official list are the city's own affair and left out."""
    wanted, chosen = needed(order.services), {row.name for row in order.chosen()}
    official = [row.name for row in official_keys(order.authority)]
    return Advice(
        tuple(name for name in official if name in chosen and name not in wanted),
        tuple(name for name in official if name in wanted and name not in chosen),
    )


def least_list(
    authority: Authority,
    services: Sequence[str],
    *,
    city: str,
    algorithm: Algorithm,
    start: str,
    end: str,
    count: int = 1,
    debug: bool = False,
) -> str:
    """A load list in TOML: every key of the authority's list, yes for those the services need, with ``debug`` for all.

    Raises ValueError for a city, which has no list of its own, and KeyError for an unknown service.
    """
    if authority not in _LEVELS:
        raise ValueError("authority")
    wanted = needed(services)
    names = ", ".join(f'"{name}"' for name in services)
    head = [
        "# PSAM 密钥加载清单 / PSAM load list (annex 11): say yes or no for every key",
        f"format = {FORMAT}",
        f'authority = "{authority.name.lower()}"',
        f'city = "{city}"',
        f'algorithm = "{algorithm.name}"',
        'purpose = "终端"',
        f"count = {count}",
        'supplier = "测试供应商"',
        f"services = [{names}]",
        f"debug = {str(debug).lower()}",
        f'start = "{start}"',
        f'end = "{end}"',
    ]
    for row in official_keys(authority):
        for version in row.psam_versions:
            load = debug or (row.name in wanted and version == 1)
            head += [
                "",
                f"[[key]]                       # {row.number} {row.zh_now}",
                f'name = "{row.name}"',
                *([f"version = {version}"] if len(row.psam_versions) > 1 else []),
                f'level = "{_LEVELS[authority]}"',
                f"load = {str(load).lower()}",
            ]
    return "\n".join(head) + "\n"
