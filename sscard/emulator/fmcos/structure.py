"""How an FMCOS card is built, as facts to compare by :mod:`sscard.emulator.structure`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.nodes import Block, Directory, Ef, Key

Facts = dict[tuple[str, str], str]


def facts(chip: FmcosChip, *, state: bool) -> Facts:
    """By node and property, all that tells two cards apart."""
    found: Facts = {}
    if state:
        found |= {
            ("3F00", "chip"): chip.historical.hex().upper(),
            ("3F00", "card blocked"): str(chip.blocked),
            ("3F00/transport code", "value"): chip.transport_code.hex(),
        }
    for directory in chip.directories():
        found |= _directory(directory, state=state)
        for ef in directory.files.values():
            place = f"{directory.path}/{ef.fid:04X}"
            found |= {(place, what): told(ef) for what, told in _FILE.items()}
    return found


def _directory(directory: Directory, *, state: bool) -> Facts:
    place = directory.path
    found = {
        (place, "name"): directory.name.hex().upper(),
        (place, "size"): str(directory.size),
        (place, "create"): f"{directory.create:02X}",
        (place, "erase"): f"{directory.erase:02X}",
        (place, "application file"): f"{directory.app_file:02X}",
    }
    if state:
        found[place, "blocked"] = str(directory.block is not Block.NONE)
    if directory.key_file is not None:
        found |= {
            (f"{place}/key file", "size"): str(directory.key_file.size),
            (f"{place}/key file", "create"): f"{directory.key_file.add:02X}",
        }
    for key in directory.keys:
        found |= _key(place, key, state=state)
    return found


def _key(above: str, key: Key, *, state: bool) -> Facts:
    place = f"{above}/key {key.use.name} {key.id:02X}"
    found = {
        (place, "protection"): key.protection.name,
        (place, "usage"): f"{key.usage:02X}",
        (place, "change"): f"{key.change:02X}",
        (place, "follow-up"): f"{key.follow_up:02X}",
        (place, "limit"): str(key.limit),
        (place, "option"): f"{key.version:02X} {key.algorithm:02X}",
    }
    return found | ({(place, "tries"): f"{key.tries}/{key.limit}", (place, "value"): key.value.hex()} if state else {})


_FILE: Final[dict[str, Callable[[Ef], str]]] = {
    "type": lambda ef: ef.kind.name,
    "protection": lambda ef: f"{ef.protection.name} {ef.line:02X}",
    "size": lambda ef: str(ef.size),
    "record length": lambda ef: f"{ef.count} × {ef.record_length}",
    "read": lambda ef: f"{ef.read:02X}",
    "update": lambda ef: f"{ef.write:02X}",
}
