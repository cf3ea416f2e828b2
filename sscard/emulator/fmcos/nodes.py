"""What is stored on an FMCOS card: directories, key files and keys, elementary files, purses.

Source: FMCOS 2.0 manual, file system and key types; docs/fmcos.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

from sscard.emulator.nodes import MF_FID, Counted

MF_NAME: Final = b"1PAY.SYS.DDF01"
FIRST_SFI: Final = range(1, 0x20)


class Kind(IntEnum):
    """Type byte of an EF, without the flags of line protection."""

    TRANSPARENT = 0x28
    FIXED = 0x2A
    VARIABLE = 0x2C
    CYCLIC = 0x2E
    PURSE = 0x2F


class Protection(IntEnum):
    """Line protection of a file or key."""

    PLAIN = 0
    MAC = 1
    CIPHER = 2


class Use(IntEnum):
    """Type byte of a key, without the flags of protection."""

    ENCRYPT = 0x30
    DECRYPT = 0x31
    MAC = 0x32
    TAC = 0x34
    LINE = 0x36
    UNBLOCK = 0x37
    RELOAD = 0x38
    EXTERNAL = 0x39
    PIN = 0x3A
    OVERDRAFT = 0x3C
    UNLOAD = 0x3D
    PURCHASE = 0x3E
    LOAD = 0x3F


COUNTED: Final = frozenset((Use.LINE, Use.UNBLOCK, Use.RELOAD, Use.EXTERNAL, Use.PIN))
"""Keys with a retry counter; the others have version and algorithm in its place."""


class Block(Enum):
    """Whether an application answers."""

    NONE = "none"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(slots=True, eq=False)
class Key(Counted):
    """A key or PIN.  ``usage`` and ``change`` are access bytes; ``limit`` and ``tries`` count for COUNTED uses only."""

    use: Use
    id: int
    protection: Protection
    usage: int
    change: int
    follow_up: int = 0
    version: int = 0
    algorithm: int = 0

    @property
    def locked(self) -> bool:
        return self.use in COUNTED and not self.tries


@dataclass(slots=True, eq=False)
class KeyFile:
    """The key file of a directory.  ``size`` is what its keys may take, ``add`` the access byte for adding one.

    Into a ``sealed`` one keys come enciphered only (SmartCOS).
    """

    fid: int
    size: int
    sfi: int
    add: int
    keys: list[Key] = field(default_factory=list)
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What PROOF gives for the last transaction; ``serial`` is that before it was raised."""

    type: int
    serial: int
    mac: bytes
    tac: bytes


@dataclass(frozen=True, slots=True)
class Purse:
    """A passbook (ED) or purse (EP) at rest.  It never changes in part: a transaction puts a new one in its place.

    ``balance`` is what may be spent, so it holds the overdraft limit ``overdraft``.
    """

    balance: int = 0
    online: int = 0
    offline: int = 0
    overdraft: int = 0
    proof: Proof | None = None


@dataclass(slots=True, eq=False)
class Ef:
    """One EF.  ``read`` and ``write`` are access bytes (of a purse: ``read`` the right to use it).

    ``size`` counts the bytes of the body, ``count`` and ``record_length`` are there for fixed and cyclic files (cyclic:
    newest first).  ``line`` is the last byte of CREATE FILE: line keys, and whether reading must be protected.
    """

    fid: int
    kind: Kind
    protection: Protection
    size: int
    read: int
    write: int
    line: int = 0xFF
    count: int = 0
    record_length: int = 0
    log: int = 0
    content: bytes = b""
    written: bool = False
    records: list[bytes] = field(default_factory=list)
    purse: Purse | None = None

    @property
    def used(self) -> int:
        """Bytes taken by the records."""
        return sum(map(len, self.records))

    @property
    def protected_reading(self) -> bool:
        """Whether reading without line protection is refused."""
        return self.protection is not Protection.PLAIN and not self.line & 0x80

    @property
    def reading_key(self) -> int:
        """Id of the line key for reading."""
        return 3 - (self.line >> 2 & 3)

    @property
    def writing_key(self) -> int:
        """Id of the line key for writing."""
        return 3 - (self.line & 3)


@dataclass(slots=True, eq=False)
class Directory:
    """MF or DF.  ``create`` and ``erase`` are access bytes, ``app_file`` the byte that SELECT answers from.

    ``ended``: its making was ended by a command, where the operating system has one.
    ``basic_failures`` and ``unblock_failures`` count wrong MACs in a row on the files 0015 and 0016, and in
    APPLICATION UNBLOCK.
    """

    fid: int
    name: bytes
    parent: Directory | None
    size: int
    create: int
    erase: int
    app_file: int
    block: Block = Block.NONE
    basic_failures: int = 0
    unblock_failures: int = 0
    key_file: KeyFile | None = None
    ended: bool = False
    files: dict[int, Ef] = field(default_factory=dict)
    directories: dict[int, Directory] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.key_file or self.files or self.directories)

    @property
    def level(self) -> int:
        """1 for the MF, 2 for a DF in it, 3 below that."""
        return 1 if self.parent is None else 1 + self.parent.level

    @property
    def path(self) -> str:
        """FIDs from the MF down, such as ``3F00/3F01``."""
        above = f"{self.parent.path}/" if self.parent else ""
        return f"{above}{self.fid:04X}"

    @property
    def keys(self) -> list[Key]:
        return self.key_file.keys if self.key_file else []

    def key(self, use: Use, ident: int) -> Key | None:
        """The key of that use and id, or None."""
        return next((key for key in self.keys if key.use is use and key.id == ident), None)

    def walk(self) -> Iterator[Directory]:
        """This directory and all below, in the order of creation."""
        yield self
        for below in self.directories.values():
            yield from below.walk()


def master_file(size: int, create: int, erase: int, app_file: int) -> Directory:
    """An MF with its usual name."""
    return Directory(MF_FID, MF_NAME, None, size, create, erase, app_file)
