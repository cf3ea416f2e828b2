"""How two software cards are built: what a look inside finds different, without a word about anybody's data.

Keys and PIN are compared and never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sscard.emulator.access import Rule
from sscard.emulator.card import SoftwareCard
from sscard.emulator.nodes import Directory, Ef, Key

ABSENT: Final = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the path of a node (``3F00/DDF1/EF05``, a key's with ``key …`` behind), and what differs."""

    path: str
    what: str
    left: str
    right: str


Facts = dict[tuple[str, str], str]


def changes(left: SoftwareCard, right: SoftwareCard, *, state: bool = True) -> Iterator[Change]:
    """What differs.  With ``state`` also what a card went through: chip, seal, locks, counters, values of keys.

    Keys of two chips differ by nature, so their values are compared only where the chip is the same.
    """
    one, other = facts(left, state=state), facts(right, state=state)
    nodes = {path for path, _ in one} ^ {path for path, _ in other}
    told: set[str] = set()
    one_chip = left.chip.historical == right.chip.historical
    for path, what in dict.fromkeys((*one, *other)):
        if path in nodes:
            if path not in told:
                told.add(path)
                yield Change(path, "there", *(("✓", ABSENT) if (path, what) in one else (ABSENT, "✓")))
        elif one[path, what] != other[path, what] and (one_chip or what != "value"):
            sides = one[path, what], other[path, what]
            yield Change(path, what, *(("***", "***") if what == "value" else sides))


def facts(card: SoftwareCard, *, state: bool = True) -> Facts:
    """By node and property, all that :func:`changes` compares."""
    chip = card.chip
    found: Facts = {("3F00", "algorithm"): chip.algorithm.name}
    if state:
        code = chip.transport_code
        found |= {
            ("3F00", "chip"): chip.historical.hex().upper(),
            ("3F00", "sealed"): str(chip.sealed),
            ("3F00", "card blocked"): str(chip.blocked),
            ("3F00/transport code", "tries"): f"{code.tries}/{code.limit}",
            ("3F00/transport code", "value"): code.value.hex(),
        }
    for directory in chip.root.walk():
        found |= _directory(directory, state=state)
        for key in directory.keys:
            found |= _key(directory, key, state=state)
        for ef in directory.files.values():
            place = f"{directory.path}/{ef.fid:04X}"
            found |= {(place, what): told(ef) for what, told in _FILE.items()}
    return found


def _directory(directory: Directory, *, state: bool) -> Facts:
    place = directory.path
    found = {
        (place, "kind"): directory.kind.name,
        (place, "name"): directory.name.hex().upper(),
        (place, "lock"): f"{directory.lock:02X}",
    }
    return found | ({(place, "blocked"): str(directory.blocked)} if state else {})


def _key(directory: Directory, key: Key, *, state: bool) -> Facts:
    place = f"{directory.path}/key {key.type.name} {key.id:02X} v{key.version}"
    found = {
        (place, "limit"): str(key.limit),
        (place, "level"): f"{key.level:02X}",
        (place, "option"): f"{key.option:02X}",
    }
    return found | ({(place, "tries"): f"{key.tries}/{key.limit}", (place, "value"): key.value.hex()} if state else {})


def _rule(rule: Rule) -> str:
    return f"{rule.parent:02X} {'and' if rule.both else 'or'} {rule.own:02X}"


_FILE: Final[dict[str, Callable[[Ef], str]]] = {
    "type": lambda ef: ef.type.name,
    "sfi": lambda ef: f"{ef.sfi:02X}",
    "size": lambda ef: str(ef.size),
    "record length": lambda ef: str(ef.record_length),
    "read": lambda ef: _rule(ef.read),
    "update": lambda ef: _rule(ef.update),
}
