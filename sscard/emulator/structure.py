"""How two software cards are built: what a look inside finds different, without a word about anybody's data.

Keys and PIN are compared and never shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from sscard.emulator.powered import AnyCard

ABSENT: Final = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the path of a node (``3F00/DDF1/EF05``, a key's with ``key …`` behind), and what differs."""

    path: str
    what: str
    left: str
    right: str


Facts = dict[tuple[str, str], str]

_SYSTEMS: Final = {
    "t514": "sscard.emulator.structure_t514",
    "fmcos": "sscard.emulator.fmcos.structure",
    "smartcos": "sscard.emulator.fmcos.structure",
}
"""Module of each card operating system: ``facts(chip, state)``."""


def changes(left: AnyCard, right: AnyCard, *, state: bool = True) -> Iterator[Change]:
    """What differs.  With ``state`` also what a card went through: chip, seal, locks, counters, values of keys.

    Of cards of two systems only that is told.  Keys of two chips differ by nature, so their values are compared only
    where the chip is the same.
    """
    if left.system != right.system:
        yield Change("3F00", "system", left.system, right.system)
        return
    one, other = facts(left, state=state), facts(right, state=state)
    nodes = {path for path, _ in one} ^ {path for path, _ in other}
    told: set[str] = set()
    one_chip = left.chip.historical == right.chip.historical
    for path, what in dict.fromkeys((*one, *other)):
        if path in nodes:
            if path not in told:
                told.add(path)
                yield Change(path, "there", *(("✓", ABSENT) if (path, what) in one else (ABSENT, "✓")))
            continue
        sides = one.get((path, what), ABSENT), other.get((path, what), ABSENT)
        if sides[0] != sides[1] and (one_chip or what != "value"):
            yield Change(path, what, *(("***", "***") if what == "value" else sides))


def facts(card: AnyCard, *, state: bool = True) -> Facts:
    """By node and property, all that :func:`changes` compares."""
    found: Facts = import_module(_SYSTEMS[card.system]).facts(card.chip, state=state)
    return found
