"""What is stored on the card: directories, EFs, keys, the PIN and the transport code.

Source: LD/T 32 (files, keys); docs/t514.md (type bytes, key block, internal files).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

from sscard.cos.purse import ACCOUNT_ONLY_LENGTH, LOG_LENGTH
from sscard.emulator.access import Rule, number_of
from sscard.emulator.amounts import Purse

MF_FID: Final = 0x3F00
INTERNAL_FIDS: Final = frozenset((0xEF80, 0xEF81, 0xEF23))
"""Key, transaction and FCI file: they come with every directory and cannot be selected."""


MEDICAL_FID: Final = 0xDF04
PURSE_LOG: Final = 0xEF08
"""The medical application and the file whose creation brings the purse along."""


class KeyType(IntEnum):
    """Type byte of WRITE KEY."""

    MASTER = 0x00
    PIN = 0x01
    MAINTENANCE = 0x07
    LOAD = 0x08
    PURCHASE = 0x09
    TAC = 0x0A
    EXTERNAL = 0x0D
    INTERNAL = 0x0E


class EfType(IntEnum):
    """Type byte of CREATE EF."""

    INTERNAL = 0xC3
    TRANSPARENT = 0xC4
    FIXED = 0xC5
    VARIABLE = 0xC6
    CYCLIC = 0xC7
    DIR = 0xD6


RECORD_TYPES: Final = frozenset((EfType.FIXED, EfType.VARIABLE, EfType.CYCLIC, EfType.DIR))


class DirectoryKind(Enum):
    """Kinds of directory."""

    MF = "MF"
    DDF = "DDF"
    ADF = "ADF"


@dataclass(slots=True, eq=False)
class Counted:
    """A secret with a retry counter.  ``tries`` runs from ``limit`` down to 0, which is locked."""

    value: bytes
    limit: int
    tries: int

    def fail(self) -> int:
        """Spend a try; the tries left."""
        self.tries = max(0, self.tries - 1)
        return self.tries

    def restore(self) -> None:
        self.tries = self.limit


@dataclass(slots=True, eq=False)
class Key(Counted):
    """A key or PIN.  ``option`` is the algorithm byte, for the PIN the level of its PUK (0 = the usual number)."""

    type: KeyType
    id: int
    version: int
    level: int
    option: int

    @property
    def number(self) -> int:
        """What access rules and P2 call it inside its directory."""
        return number_of(self.level or self.id)


@dataclass(slots=True, eq=False)
class Ef:
    """One EF.  Record files use ``records`` (cyclic: newest first), transparent ones ``content``; sizes in bytes."""

    fid: int
    sfi: int
    type: EfType
    size: int
    record_length: int
    read: Rule
    update: Rule
    records: list[bytes] = field(default_factory=list)
    content: bytes = b""

    @property
    def used(self) -> int:
        """Bytes taken by the records."""
        return sum(map(len, self.records))


@dataclass(slots=True, eq=False)
class Directory:
    """MF, DDF or ADF.  ``lock`` is the number of the key that opens APPLICATION BLOCK (0 = the usual one).

    ``fci`` keeps the answer to SELECT and is empty until it is asked for.  ``purse`` is there while DF04 has EF08.
    ``pki``: part of the PKI application, where that application's commands answer instead of the others.
    """

    fid: int
    kind: DirectoryKind
    name: bytes
    parent: Directory | None
    lock: int = 0
    blocked: bool = False
    keys: list[Key] = field(default_factory=list)
    files: dict[int, Ef] = field(default_factory=dict)
    by_sfi: dict[int, Ef] = field(default_factory=dict)
    directories: dict[int, Directory] = field(default_factory=dict)
    fci: bytes = b""
    purse: Purse | None = None
    pki: bool = False

    @property
    def environment(self) -> Directory:
        """The directory itself where it is a DDF or the MF, else the one above: where shared keys and the PIN live."""
        return self if self.kind is not DirectoryKind.ADF or self.parent is None else self.parent

    @property
    def master(self) -> Key | None:
        return self.key(KeyType.MASTER)

    @property
    def pin(self) -> Key | None:
        return self.key(KeyType.PIN)

    @property
    def path(self) -> str:
        """FIDs from the MF down, such as ``3F00/DDF1/DF01``."""
        above = f"{self.parent.path}/" if self.parent else ""
        return f"{above}{self.fid:04X}"

    def key(self, kind: KeyType, number: int | None = None, version: int | None = None) -> Key | None:
        """The first loaded key that fits, or None."""
        for key in self.keys:
            if (
                key.type is kind
                and (number is None or key.number == number)
                and (version is None or key.version == version)
            ):
                return key
        return None

    def add_file(self, ef: Ef) -> None:
        self.files[ef.fid] = ef
        if ef.sfi:
            self.by_sfi[ef.sfi] = ef
        self.fci = b""
        if self._logs_purse(ef):
            self.purse = Purse(start_day=0) if ef.record_length == ACCOUNT_ONLY_LENGTH else Purse()

    def remove_file(self, ef: Ef) -> None:
        del self.files[ef.fid]
        self.by_sfi.pop(ef.sfi, None)
        self.fci = b""
        if self._logs_purse(ef):
            self.purse = None

    def _logs_purse(self, ef: Ef) -> bool:
        return (self.fid, ef.fid, ef.type) == (MEDICAL_FID, PURSE_LOG, EfType.CYCLIC) and ef.record_length in (
            LOG_LENGTH,
            ACCOUNT_ONLY_LENGTH,
        )

    def walk(self) -> Iterator[Directory]:
        """This directory and all below, in the order of creation."""
        yield self
        for below in self.directories.values():
            yield from below.walk()
