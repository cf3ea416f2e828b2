"""How a social-security card is built, as facts to compare by :mod:`sscard.emulator.structure`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sscard.emulator.access import Rule
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, Ef, Key

Facts = dict[tuple[str, str], str]


def facts(chip: Chip, *, state: bool) -> Facts:
    """By node and property, all that tells two cards apart."""
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
