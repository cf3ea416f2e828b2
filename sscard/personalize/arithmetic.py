"""How many exchanges a profile needs at the very least, counted from its data alone, and their time on the wire.

This does not look at the plan: the two are compared, so a plan that re-selects or re-authenticates is found.
Counting rules: one command a file, a record and the content of a transparent file that is filled; challenge and load
for each enciphered key; challenge and authentication each time a right has to be gained, since rights die with the
directory (and, where a COS keeps one state, with the next proof); the SELECTs that lead to a directory from anywhere to
begin a visit there, for a resumed card begins its open visit anew; one SELECT for each directory of the MF to see that
the card is blank; as few READ RECORDs as the COS allows; one more challenge for each command with line protection; GET
RESPONSE where a card proof comes back.  What differs between COS is data: :class:`sscard.cos.dialect.Costs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from sscard.cos.dialect import Dialect, Making, load_dialect
from sscard.cos.model import Access, Directory, File, Item, KeyKind, Profile, Protection, Structure
from sscard.keys.catalog import PIN

_RIGHT: Final = 2
"""GET CHALLENGE and EXTERNAL AUTHENTICATE."""
_KEY: Final = 2
"""GET CHALLENGE and WRITE KEY."""
_ANSWER: Final = 256
_ETU_A_BYTE: Final = 12
_PROCEDURE_BYTE: Final = 1
_PSE: Final = "PSE"
"""Its first ADF is made in the visit that fills the PSE itself."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Exchanges by purpose."""

    admission: int
    environments: int
    handover: int
    files: int
    keys: int
    records: int
    rights: int
    selects: int
    endings: int
    verify: int

    @property
    def total(self) -> int:
        return sum(int(getattr(self, field.name)) for field in fields(self))


def minimum(profile: Profile) -> Minimum:
    """The least number of exchanges that makes and proves one card of this profile on a blank one."""
    dialect = load_dialect(profile.dialect)
    costs = dialect.costs
    tops = profile.top
    below = [directory for directory in profile.directories if directory.parent]
    shared = any(directory.parent == _PSE for directory in below)
    visited = [profile.directory(directory.parent) for directory in below] + [*tops]
    if shared:
        visited.remove(profile.directory(_PSE))
    return Minimum(
        admission=len(tops) + costs.blank,
        environments=costs.begin + len(tops) * (_RIGHT + costs.make + costs.master) + (len(tops) - 1),
        handover=len(tops) * (1 + _RIGHT + 1 + 1 + _KEY) if "handover" in profile.stages else 0,
        files=costs.make * len(below) + sum(len(directory.files) for directory in profile.directories),
        keys=costs.master * len(below)
        + _KEY * sum(len(slot.versions) for directory in profile.directories for slot in directory.keys),
        records=sum(_writes(file) for directory in profile.directories for file in directory.files),
        rights=_RIGHT
        * (len(visited) + len(below) + sum(_updates(dialect, directory) for directory in profile.directories)),
        selects=sum(len(dialect.path(profile, directory)) for directory in visited),
        endings=sum(_endings(dialect, profile)),
        verify=costs.sealed + sum(_verify(dialect, profile)),
    )


def wire_seconds(exchanges: int, octets: int, bits_per_second: int) -> float:
    """Seconds on a T=0 wire for commands and answers of ``octets`` bytes: 12 etu a byte, one procedure byte each."""
    return (octets + exchanges * _PROCEDURE_BYTE) * _ETU_A_BYTE / bits_per_second


def _writes(file: File) -> int:
    if not file.filled:
        return 0
    records = len(list(file.records())) if file.structure.is_tlv else 1
    return records * (1 if file.protection is Protection.PLAIN else 2)


def _updates(dialect: Dialect, directory: Directory) -> int:
    """Update rights to gain beside the master key, and the master key again where it no longer counts."""
    held, count = dialect.rights.gain(frozenset(), directory.master.name), 0
    rules: dict[Access, None] = dict.fromkeys(file.update for file in directory.files if file.filled)
    pins = any(slot.kind is KeyKind.PIN for slot in directory.keys)
    wanted = [rule.rights for rule in rules if rule.rights] + [(directory.master.name,)] * pins
    for rights in wanted:
        if not held & set(rights):
            held, count = dialect.rights.gain(held, rights[0]), count + 1
    return count


def _endings(dialect: Dialect, profile: Profile) -> Iterator[int]:
    if "close" in profile.stages:
        yield from (len(dialect.path(profile, directory)) + 1 for directory in profile.directories)
    if "seal" in profile.stages:
        yield 1 + _RIGHT + 1


def _verify(dialect: Dialect, profile: Profile) -> Iterator[int]:
    """SELECTs, the card's proof, the PIN, each read key, the reads."""
    here, held = Making(profile, "").mf, frozenset[str]()
    for directory in profile.directories:
        yield len(dialect.path(profile, directory, here))
        here, held = directory, dialect.rights.leave(held)
        yield sum(dialect.costs.proof for slot in directory.keys if slot.kind is KeyKind.INTERNAL)
        proved: set[str] = set()
        if any(slot.kind is KeyKind.PIN for slot in directory.keys):
            yield 1
            held = dialect.rights.gain(held, PIN)
            proved.add(PIN)
        for file in (file for file in directory.files if not file.read.never):
            for right in dialect.rights.needed(file.read, held, proved):
                yield 1 if right == PIN else _RIGHT
                held = dialect.rights.gain(held, right)
                proved.add(right)
            yield _reads(dialect, file) * (2 if file.protected_reading else 1)


def _reads(dialect: Dialect, file: File) -> int:
    if file.structure in (Structure.CYCLIC, Structure.TRANSPARENT, Structure.PURSE):
        return 1
    if not dialect.costs.together:
        return len(list(file.records()))
    reads, room = 0, 0
    for _, _, item in file.records():
        size = _record_size(item)
        if size > room:
            reads, room = reads + 1, _ANSWER
        room -= size
    return reads


def _record_size(item: Item) -> int:
    return 2 + item.length
