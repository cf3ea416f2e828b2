"""What the standard has taken: names, numbers, tags and key ids of all generations, the informative annex included.

Local additions may use none of it: directories from DF0A and files from EF0C upward, no tag of the standard for
something else, no new items in the files of SSSE and in cyclic files (V2.0 notice, rules of extension).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from sscard.cos.model import Directory, File, Item, KeyKind, KeySlot, Profile
from sscard.cos.profile import load_profile

SSSE: Final = "SSSE"
FIRST_LOCAL_DIRECTORY: Final = 0xDF0A
FIRST_LOCAL_FILE: Final = 0xEF0C
_PROFILES: Final = ("ssc1-des", "ssc2-des", "ssc3-sm4", "ssc3-sm4+overlay-informative")


@dataclass(frozen=True, slots=True)
class National:
    """Tables of what is taken.  Values are all meanings that some generation gives a number."""

    directories: Mapping[str, Directory]
    files: Mapping[tuple[str, int], tuple[File, ...]]
    items: Mapping[tuple[str, int, int], tuple[Item, ...]]
    tags: Mapping[int, tuple[str, Item]]
    keys: Mapping[str, tuple[str, KeySlot]]
    ids: Mapping[tuple[str, KeyKind, int], KeySlot]


def under_standard(profile: Profile) -> tuple[Directory, ...]:
    """The directories that the standard rules: SSSE and those below it; payment is the bank's."""
    return tuple(directory for directory in profile.directories if SSSE in (directory.name, directory.parent))


def all_items(file: File) -> Iterator[Item]:
    """Items and members that have a tag."""
    for item in file.items:
        if item.tag:
            yield item
        yield from item.members


@cache
def national() -> National:
    """The tables, made once from the profiles that come with the toolkit."""
    directories: dict[str, Directory] = {}
    files: defaultdict[tuple[str, int], list[File]] = defaultdict(list)
    items: defaultdict[tuple[str, int, int], list[Item]] = defaultdict(list)
    tags: dict[int, tuple[str, Item]] = {}
    keys: dict[str, tuple[str, KeySlot]] = {}
    ids: dict[tuple[str, KeyKind, int], KeySlot] = {}
    for directory in (directory for name in _PROFILES for directory in under_standard(load_profile(name))):
        directories[directory.name] = directory
        for slot in (directory.master, *directory.keys):
            keys[slot.name] = directory.name, slot
            ids[directory.name, slot.kind, slot.id] = slot
        for file in directory.files:
            files[directory.name, file.fid].append(file)
            for item in all_items(file):
                items[directory.name, file.fid, item.tag].append(item)
                tags.setdefault(item.tag, (f"{directory.name}/{file.name}", item))
    return National(
        directories,
        {place: tuple(meanings) for place, meanings in files.items()},
        {place: tuple(meanings) for place, meanings in items.items()},
        tags,
        keys,
        ids,
    )
