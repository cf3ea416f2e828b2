"""The card's file system as a model: directories, files, items, keys and who may do what.

Everything here is filled from a profile file; no file, key or length of any generation stands in code.
Terms follow LD/T 32: DF, EF, item (数据项), record kinds (变长, 定长, 循环, 透明).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sscard.cos.bound import Bound
from sscard.cos.passes import WHOLE, Pass
from sscard.cos.pki import FILE_BYTES
from sscard.keys.family import Algorithm

KEY_LENGTH: Final = 16
"""Bytes of a key where a profile says nothing else."""


class Structure(Enum):
    """EF kinds."""

    VARIABLE = "variable"
    FIXED = "fixed"
    CYCLIC = "cyclic"
    TRANSPARENT = "transparent"
    DIRECTORY = "directory"
    PURSE = "purse"

    @property
    def is_tlv(self) -> bool:
        """Whether each record carries its tag and length."""
        return self in (Structure.VARIABLE, Structure.FIXED, Structure.DIRECTORY)


class Coding(Enum):
    """Item types of the standard."""

    CN = "cn"
    AN = "an"
    B = "b"
    BTLV = "B-TLV"


class Protection(Enum):
    """How the commands that touch a file are protected on the line."""

    PLAIN = "plain"
    MAC = "mac"
    CIPHER = "cipher"


class Join(Enum):
    """How the rights of an access rule combine."""

    ANY = "|"
    ALL = "&"


@dataclass(frozen=True, slots=True)
class Access:
    """An access rule.  ``rights`` names keys of the profile, or PIN.

    Always allowed: no rights and ``never`` False.  Never allowed: ``never``.
    """

    rights: tuple[str, ...] = ()
    join: Join = Join.ANY
    never: bool = False

    @property
    def free(self) -> bool:
        return not self.rights and not self.never

    def __str__(self) -> str:
        if self.never:
            return "never"
        return self.join.value.join(self.rights) or "free"


@dataclass(frozen=True, slots=True)
class Item:
    """One data item.

    ``tag`` is 0 for a field of a cyclic record or a transparent file.  ``length`` is the stored length of the value
    in bytes.  ``count`` is how often the record is repeated.  ``source`` names the record field the value comes from;
    empty means the item is created with its fill.  ``person`` marks values that are masked when shown.  ``number``
    marks decimal numbers, stored right-aligned with leading zeros.  ``later`` is what the item may have become on a
    rewritten card, ``judged_by`` the tag that tells (0: itself); see :mod:`sscard.cos.renewal`.
    """

    tag: int
    zh: str
    en: str
    coding: Coding
    length: int
    count: int = 1
    source: str = ""
    person: bool = False
    members: tuple[Item, ...] = ()
    number: bool = False
    later: Item | None = None
    judged_by: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """One EF.  ``size`` is the whole size in bytes, ``record_length`` that of fixed and cyclic records, else 0.

    ``protection`` is asked for when the file is written, with ``protected_reading`` also when it is read, under the
    maintenance key ``line_key``.  A purse (``PURSE``: PBOC passbook or purse) names the cyclic file it writes, ``log``.
    """

    name: str
    fid: int
    sfi: int
    zh: str
    en: str
    structure: Structure
    size: int
    read: Access
    update: Access
    record_length: int = 0
    items: tuple[Item, ...] = ()
    protection: Protection = Protection.PLAIN
    protected_reading: bool = False
    line_key: str = ""
    log: str = ""

    @property
    def filled(self) -> bool:
        """Whether its content is written when a card is made: records, or a transparent file of which items tell."""
        if self.structure is Structure.TRANSPARENT:
            return any(item.source for item in self.items)
        return self.structure.is_tlv and bool(self.items)

    def records(self) -> Iterator[tuple[int, int, Item]]:
        """``(record number, occurrence, item)`` of every record of a TLV file, in the order of creation."""
        number = 0
        for item in self.items:
            for occurrence in range(1, item.count + 1):
                number += 1
                yield number, occurrence, item


class KeyKind(Enum):
    """What a key on the card is for."""

    MASTER = "master"
    PIN = "pin"
    INTERNAL = "internal"
    MAINTENANCE = "maintenance"
    EXTERNAL = "external"
    LOAD = "load"
    PURCHASE = "purchase"
    TAC = "tac"
    UNBLOCK = "unblock"
    RELOAD = "reload"
    UNLOAD = "unload"
    OVERDRAFT = "overdraft"


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One key of one directory: ``id`` is P2 of EXTERNAL AUTHENTICATE, ``tries`` its retry limit.

    ``versions`` lists the key versions loaded, one WRITE KEY each.
    """

    name: str
    kind: KeyKind
    id: int
    zh: str
    en: str
    tries: int
    versions: tuple[int, ...] = (1,)


@dataclass(frozen=True, slots=True)
class Directory:
    """A DDF or ADF.

    ``aid`` is the name it is selected by, empty for an ADF that has only its label and is selected by FID; ``parent``
    is the DDF above, empty for the MF.  ``lock_key`` names the key that opens APPLICATION BLOCK (in SSSE: CARD BLOCK),
    empty where there is none.  ``shown`` names the file whose content SELECT returns (9F0C), empty where none is.
    """

    name: str
    fid: int
    aid: bytes
    label: str
    zh: str
    en: str
    parent: str
    is_ddf: bool
    master: KeySlot
    files: tuple[File, ...] = ()
    keys: tuple[KeySlot, ...] = ()
    lock_key: str = ""
    shown: str = ""

    def file(self, name: str) -> File:
        """The EF of that name.  Raises KeyError."""
        for candidate in self.files:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole card: what is on it and in which order it is made.

    ``algorithm_in_fci``: whether the FCI of SSSE names the algorithm (9F0C); first-generation cards often do not.
    ``key_lengths`` holds the kinds of key that have not :data:`KEY_LENGTH` bytes.
    ``pki_application``: whether the vendor delivers these cards with the PKI application (docs/pki.md).
    ``bounds``: what is done at one interface only.  ``stages`` are those of the whole card; ``passes`` are other ways.
    """

    name: str
    version: int
    title_zh: str
    title_en: str
    generation: str
    algorithm: Algorithm
    dialect: str
    card_master: KeySlot
    transport_tries: int
    chip_bytes: int
    stages: tuple[str, ...]
    directories: tuple[Directory, ...]
    constants: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    algorithm_in_fci: bool = True
    key_lengths: Mapping[KeyKind, int] = field(default_factory=dict)
    pki_application: bool = False
    bounds: tuple[Bound, ...] = ()
    passes: tuple[Pass, ...] = ()

    @property
    def whole(self) -> Pass:
        """The pass that makes a card in one go."""
        return Pass(WHOLE, "一次制成", "in one go", self.stages)

    def pass_named(self, name: str) -> Pass:
        """The pass of that name.  Raises KeyError."""
        for candidate in (self.whole, *self.passes):
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def item(self, place: str) -> tuple[Directory, File, int, Item]:
        """What stands at ``DIRECTORY/FILE/TAG``, with the number of its record.  Raises KeyError."""
        try:
            directory_name, file_name, tag = place.split("/")
        except ValueError:
            raise KeyError(place) from None
        directory = self.directory(directory_name)
        file = directory.file(file_name)
        for number, _, item in file.records() if file.structure.is_tlv else ():
            if f"{item.tag:02X}" == tag:
                return directory, file, number, item
        raise KeyError(place)

    def place_of(self, source: str) -> str | None:
        """Where the home directory keeps the item of that source."""
        return next(
            (
                f"{self.home.name}/{file.name}/{item.tag:02X}"
                for file in self.home.files
                for item in file.items
                if item.source == source
            ),
            None,
        )

    @property
    def delivered_bytes(self) -> int:
        """Room on the chip that the vendor's own applications take."""
        return FILE_BYTES if self.pki_application else 0

    @property
    def top(self) -> tuple[Directory, ...]:
        """The directories that stand in the MF, in the profile's order."""
        return tuple(directory for directory in self.directories if not directory.parent)

    @property
    def home(self) -> Directory:
        """The first directory of the MF, which makes the card what it is: SSSE, or the application of a purse card."""
        return self.top[0]

    def key_length(self, slot: KeySlot) -> int:
        """Bytes of a key's value."""
        return self.key_lengths.get(slot.kind, KEY_LENGTH)

    def directory(self, name: str) -> Directory:
        """The directory of that name.  Raises KeyError."""
        for candidate in self.directories:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def key(self, name: str) -> tuple[Directory, KeySlot]:
        """The key of that name and the directory it lives in.  Raises KeyError."""
        for directory in self.directories:
            for slot in (directory.master, *directory.keys):
                if slot.name == name:
                    return directory, slot
        raise KeyError(name)

    def first_version(self, name: str) -> int:
        """The version of a key that the profile gives first; 1 for what no directory holds, as transport codes."""
        slots = (slot for directory in self.directories for slot in (directory.master, *directory.keys))
        return next((slot.versions[0] for slot in (self.card_master, *slots) if slot.name == name), 1)
