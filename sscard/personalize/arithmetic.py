"""How many exchanges a profile needs at the very least, counted from its data alone, and their time on the wire.

This does not look at the plan: the two are compared, so a plan that re-selects or re-authenticates is found.
Counting rules (T=0): one command a file and a record; challenge and load for each enciphered key; challenge and
authentication each time a right has to be gained, since rights die with the directory; one SELECT to enter a
directory, one for each environment to see that the card is blank; as few READ RECORDs as 256-byte answers allow;
GET RESPONSE where a card proof comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sscard.cos.model import Directory, File, Item, KeyKind, Profile, Structure

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
    verify: int

    @property
    def total(self) -> int:
        return (
            self.admission
            + self.environments
            + self.handover
            + self.files
            + self.keys
            + self.records
            + self.rights
            + self.selects
            + self.verify
        )


def minimum(profile: Profile) -> Minimum:
    """The least number of exchanges that makes and proves one card of this profile on a blank one."""
    ddfs = [directory for directory in profile.directories if directory.is_ddf]
    adfs = [directory for directory in profile.directories if not directory.is_ddf]
    shared = any(directory.parent == _PSE for directory in adfs)
    entries = len(ddfs) + len(adfs) - shared
    transport_and_first_key = 2
    return Minimum(
        admission=len(ddfs),
        environments=transport_and_first_key + len(ddfs) * (_RIGHT + 1 + _KEY) + (len(ddfs) - 1),
        handover=len(ddfs) * (1 + _RIGHT + 1 + 1 + _KEY),
        files=len(adfs) + sum(len(directory.files) for directory in profile.directories),
        keys=_KEY * (len(adfs) + sum(len(slot.versions) for d in profile.directories for slot in d.keys)),
        records=sum(len(list(file.records())) for d in profile.directories for file in d.files if _has_records(file)),
        rights=_RIGHT * (entries + len(adfs) + sum(_update_keys(directory) for directory in profile.directories))
        + (1 + _RIGHT + 1),
        selects=entries,
        verify=1 + sum(_verify(directory) for directory in profile.directories),
    )


def wire_seconds(exchanges: int, octets: int, bits_per_second: int) -> float:
    """Seconds on a T=0 wire for commands and answers of ``octets`` bytes: 12 etu a byte, one procedure byte each."""
    return (octets + exchanges * _PROCEDURE_BYTE) * _ETU_A_BYTE / bits_per_second


def _has_records(file: File) -> bool:
    return file.structure.is_tlv and bool(file.items)


def _update_keys(directory: Directory) -> int:
    """Update rights to gain beside the directory's own master key."""
    rules = {file.update for file in directory.files if _has_records(file)}
    return sum(1 for rule in rules if rule.rights and directory.master.name not in rule.rights)


def _verify(directory: Directory) -> int:
    """SELECT, the card's proof with its GET RESPONSE, the PIN, each read key once, the reads."""
    proofs = sum(2 for slot in directory.keys if slot.kind is KeyKind.INTERNAL)
    pins = sum(1 for slot in directory.keys if slot.kind is KeyKind.PIN)
    readable = [file for file in directory.files if not file.read.never]
    keys = {right for file in readable for right in file.read.rights if right != "PIN"}
    return 1 + proofs + pins + _RIGHT * len(keys) + sum(_reads(file) for file in readable)


def _reads(file: File) -> int:
    if file.structure in (Structure.CYCLIC, Structure.TRANSPARENT):
        return 1
    reads, room = 0, 0
    for _, _, item in file.records():
        size = _record_size(item)
        if size > room:
            reads, room = reads + 1, _ANSWER
        room -= size
    return reads


def _record_size(item: Item) -> int:
    return 2 + item.length
