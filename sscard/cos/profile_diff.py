"""The change between two profiles, node by node, as a form for its approval lists it; and the room a profile takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sscard.cos.model import Directory, File, Item, KeySlot, Profile, Protection
from sscard.cos.room import directory_room


class ChangeKind(Enum):
    """What happened to a node."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Node:
    """A directory, file, item, key, constant or the head of a profile with everything that is said of it."""

    kind: str
    place: str
    zh: str
    en: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the form.  ``fact`` is what changed; for a whole node it is empty, before or after all its facts."""

    kind: ChangeKind
    node: Node
    fact: str
    before: str
    after: str

    @property
    def directory(self) -> str:
        """The directory it belongs to, empty for the profile itself."""
        return self.node.place.partition("/")[0] if self.node.kind not in _OF_THE_WHOLE else ""


_OF_THE_WHOLE: Final = ("profile", "bound", "pass", "constant")
"""Kinds of node that stand in no directory."""


@dataclass(frozen=True, slots=True)
class Room:
    """Space of one directory: ``bytes`` it takes, records its files are made for, and its keys."""

    directory: Directory
    files: int
    records: int
    keys: int
    bytes: int


def changes(before: Profile, after: Profile) -> tuple[Change, ...]:
    """What turns one profile into the other, in the order of the later one, removals where they stood before."""
    old, new = ({node.place: node for node in nodes(profile)} for profile in (before, after))
    found: list[Change] = []
    for place in _merged(list(old), list(new)):
        was, now = old.get(place), new.get(place)
        if was is None and now is not None:
            found.append(Change(ChangeKind.ADDED, now, "", "", _summary(now)))
        elif now is None and was is not None:
            found.append(Change(ChangeKind.REMOVED, was, "", _summary(was), ""))
        elif was is not None and now is not None:
            found += [
                Change(ChangeKind.CHANGED, now, fact, was.facts.get(fact, ""), now.facts.get(fact, ""))
                for fact in {**was.facts, **now.facts}
                if was.facts.get(fact, "") != now.facts.get(fact, "")
            ]
    return tuple(found)


def rooms(profile: Profile) -> tuple[Room, ...]:
    """The space of every directory, in the profile's order, as its COS counts it."""
    return tuple(
        Room(
            directory,
            len(directory.files),
            sum(_records(file) for file in directory.files),
            sum(len(slot.versions) for slot in (directory.master, *directory.keys)),
            directory_room(profile, directory),
        )
        for directory in profile.directories
    )


def nodes(profile: Profile) -> Iterator[Node]:
    """Every node of a profile, from the head down."""
    head = {
        "generation": profile.generation,
        "algorithm": profile.algorithm.name,
        "algorithm_in_fci": str(profile.algorithm_in_fci).lower(),
        "key_lengths": ", ".join(f"{kind.value} {size}" for kind, size in profile.key_lengths.items()),
        "dialect": profile.dialect,
        "transport_tries": str(profile.transport_tries),
        "chip_bytes": str(profile.chip_bytes),
        "pki_application": str(profile.pki_application).lower(),
        "stages": " ".join(profile.stages),
        "card_master": "  ".join(f"{fact} {value}" for fact, value in _key("", profile.card_master).facts.items()),
    }
    yield Node("profile", "", profile.title_zh, profile.title_en, head)
    for bound in profile.bounds:
        facts = {"only": bound.only.value, "evidence": bound.evidence}
        yield Node("bound", f"bound/{bound.at}/{bound.act.value}", bound.at, bound.at, facts)
    for each in profile.passes:
        facts = {
            "stages": " ".join(each.stages),
            "book": each.book.value,
            "after": each.after,
            "link": each.link,
            "must_be_set": " ".join(each.must_be_set),
            "must_be_empty": " ".join(each.must_be_empty),
        }
        yield Node("pass", f"pass/{each.name}", each.zh, each.en, facts)
    for name, value in profile.constants.items():
        yield Node("constant", f"constants/{name}", name, name, {"value": value})
    for directory in profile.directories:
        yield _directory(directory)
        for slot in (directory.master, *directory.keys):
            yield _key(f"{directory.name}/", slot)
        for file in directory.files:
            yield _file(directory, file)
            yield from _items(f"{directory.name}/{file.name}", file)


def _directory(directory: Directory) -> Node:
    facts = {
        "name": f"{directory.zh} {directory.en}",
        "kind": "DDF" if directory.is_ddf else "ADF",
        "fid": f"{directory.fid:04X}",
        "aid": directory.aid.hex().upper(),
        "label": directory.label,
        "parent": directory.parent,
        "lock_key": directory.lock_key,
        "shown": directory.shown,
    }
    return Node("directory", directory.name, directory.zh, directory.en, facts)


def _key(above: str, slot: KeySlot) -> Node:
    facts = {
        "name": f"{slot.zh} {slot.en}",
        "kind": slot.kind.value,
        "id": f"{slot.id:02X}",
        "tries": str(slot.tries),
        "versions": " ".join(map(str, slot.versions)),
    }
    return Node("key", f"{above}{slot.name}", slot.zh, slot.en, facts)


def _file(directory: Directory, file: File) -> Node:
    facts = {
        "name": f"{file.zh} {file.en}",
        "fid": f"{file.fid:04X}",
        "sfi": f"{file.sfi:02X}",
        "structure": file.structure.value,
        "size": str(file.size),
        "record_length": str(file.record_length or ""),
        "read": str(file.read),
        "update": str(file.update),
        "protection": _protection(file),
        "log": file.log,
    }
    return Node("file", f"{directory.name}/{file.name}", file.zh, file.en, facts)


def _protection(file: File) -> str:
    """Line protection in a few words, empty where there is none."""
    if file.protection is Protection.PLAIN:
        return ""
    return f"{file.protection.value} {file.line_key}" + (" +read" if file.protected_reading else "")


def _items(place: str, file: File) -> Iterator[Node]:
    numbers = {id(item): str(number) for number, occurrence, item in file.records() if occurrence == 1}
    for position, item in enumerate(file.items, 1):
        record = numbers.get(id(item), "") if file.structure.is_tlv else ""
        name = f"{item.tag:02X}" if item.tag else f"#{position}"
        if item.source.startswith("directory:") or (item.members and item.members[0].source.startswith("directory:")):
            name = (item.members[0] if item.members else item).source.removeprefix("directory:")
        yield _item(f"{place}/{name}", item, record)
        for member in item.members:
            yield _item(f"{place}/{name}/{member.tag:02X}", member, "")


def _item(place: str, item: Item, record: str) -> Node:
    facts = {
        "name": f"{item.zh} {item.en}",
        "type": item.coding.value,
        "length": f"{item.length:02X}",
        "count": str(item.count),
        "record": record,
        "number": str(item.number).lower(),
        "person": str(item.person).lower(),
        "source": item.source,
        "later": f"{item.later.zh} {item.later.coding.value} {item.later.length:02X}" if item.later else "",
    }
    return Node("item", place, item.zh, item.en, facts)


_IN_SUMMARY = {
    "directory": ("kind", "fid", "aid", "label"),
    "file": ("structure", "size", "read", "update"),
    "item": ("type", "length", "count"),
    "key": ("kind", "id", "tries"),
    "constant": ("value",),
    "bound": ("only",),
    "pass": ("stages", "after"),
}


def summary(node: Node) -> tuple[tuple[str, str], ...]:
    """What is told of a node that came or went whole: its facts with their values."""
    facts = ((fact, node.facts[fact]) for fact in _IN_SUMMARY[node.kind])
    return tuple((fact, value) for fact, value in facts if value)


def _summary(node: Node) -> str:
    return "  ".join(f"{fact} {value}" for fact, value in summary(node))


def _records(file: File) -> int:
    if file.structure.is_tlv:
        return sum(item.count for item in file.items)
    return file.size // file.record_length if file.record_length else 0


def _merged(old: list[str], new: list[str]) -> list[str]:
    """All places: the new order, each removed one behind the place it stood behind."""
    merged, present = list(new), set(new)
    for index, place in enumerate(old):
        if place not in present:
            merged.insert(merged.index(old[index - 1]) + 1 if index else 0, place)
            present.add(place)
    return merged
