"""What lies on the table: counted, numbered, sealed, and held against what the station really did."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from sscard.errors import GuardRefused, ScriptError
from sscard.keys.ceremony.carriers import Carrier
from sscard.keys.ceremony.script import Item, Step
from sscard.keys.ceremony.story import Story

_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{2,39}")
_OWN: Final = frozenset(carrier.item for carrier in Carrier)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that gets a seal: the item and its serial number, where it was told."""

    item: str
    serial: str


def expected(item: Item, story: Story) -> int:
    """How many there must be."""
    return item.expected * (int(story.fact(item.per)) if item.per else 1)


def carriers_done(story: Story) -> dict[str, tuple[str, ...]]:
    """Serial numbers of the carriers that actions of this run wrote or read, by item, each once."""
    done: dict[str, list[str]] = {name: [] for name in sorted(_OWN)}
    for entry in story.done.values():
        for carrier in entry.facts.get("carriers", ()):
            if carrier["serial"] not in done[carrier["item"]]:
                done[carrier["item"]].append(carrier["serial"])
    return {name: tuple(serials) for name, serials in done.items()}


def count(item: Item, story: Story, typed: str, before: AbstractSet[str]) -> dict[str, Any]:
    """What the transcript holds of one item counted: its words, count and serial numbers.

    ``typed`` are the serial numbers, parted by commas or spaces, ``before`` those of items counted already.  Mother
    and transport cards must be those the station wrote or read in this run.  Raises ScriptError("ceremony-serial"),
    GuardRefused: "ceremony-count" (too many or too few), "ceremony-serial-twice", "ceremony-serial-other" (a carrier
    the station has not seen).
    """
    given = [word.upper() for word in re.split(r"[\s,，、]+", typed.strip()) if word]
    for number, serial in enumerate(given):
        if _NUMBER.fullmatch(serial) is None:
            raise ScriptError("ceremony-serial", item=str(item.words))
        if serial in before or serial in given[:number]:
            raise GuardRefused("ceremony-serial-twice", serial=serial)
    wanted, done = expected(item, story), carriers_done(story)
    if len(given) != wanted:
        raise GuardRefused("ceremony-count", item=str(item.words), counted=len(given), expected=wanted)
    if item.name in _OWN and done[item.name] and set(given) != set(done[item.name]):
        raise GuardRefused("ceremony-serial-other", item=str(item.words))
    return {"words": [item.words.zh, item.words.en], "count": len(given), "serials": given}


def pieces(step: Step, story: Story) -> list[Piece]:
    """What gets a seal in a sealing step, one after the other."""
    done = carriers_done(story)
    found = []
    for item in step.items:
        serials = [*counted(story).get(item.name, {}).get("serials", done.get(item.name, ()))]
        serials += [""] * (expected(item, story) - len(serials))
        found += [Piece(item.name, serial) for serial in serials]
    return found


def seals_used(story: Story) -> set[str]:
    """Numbers of the bags of earlier steps."""
    return {each["seal"] for entry in story.done.values() for each in entry.facts.get("seals", ())}


def seal(piece: Piece, typed: str, used: AbstractSet[str]) -> dict[str, str]:
    """What the transcript holds of one piece in its bag.

    Raises ScriptError("ceremony-seal"), GuardRefused("ceremony-seal-twice") for a number among those ``used``.
    """
    number = typed.strip().upper()
    if _NUMBER.fullmatch(number) is None:
        raise ScriptError("ceremony-seal", item=piece.item)
    if number in used:
        raise GuardRefused("ceremony-seal-twice", seal=number)
    return {"item": piece.item, "serial": piece.serial, "seal": number}


def counted(story: Story) -> dict[str, Any]:
    """Everything that was counted in a run, by item."""
    found: dict[str, Any] = {}
    for entry in story.done.values():
        found |= entry.facts.get("counted", {})
    return found
