"""The PSAM's file structure and the contents of its small files, shared by the software PSAM and the host.

The structure stands in ``psam.toml`` (docs/psam.md tells why it is no card profile: a PSAM has no items, no tags and
no rights but its own five keys).  Source: LD/T 32 draft, PSAM part.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum
from functools import cache
from importlib.resources import files
from typing import Final, Self

from sscard.cos.profile_table import Table
from sscard.keys.family import Algorithm
from sscard.keys.psam import OWN_KEYS

DIRECTORY_FID: Final = 0x0001
PUBLIC_FID: Final = 0x0015
TERMINAL_FID: Final = 0x0016
COUNTER_FID: Final = 0x0019
SERIAL_SIZE: Final = 10
TERMINAL_SIZE: Final = 6
PUBLIC_SIZE: Final = 15
INFORMATION_SIZE: Final = 10
_FORMAT: Final = 1
_BLANK: Final = 0xFF


class Place(Enum):
    """Where an EF stands."""

    ENVIRONMENT = "environment"
    APPLICATION = "application"


class Authority(IntEnum):
    """Who loads: the number of its key file, of its KID key (low digit) and of its information file."""

    NATIONAL = 1
    PROVINCE = 2
    CITY = 3

    @property
    def key_file(self) -> int:
        return 0x10 + self

    @property
    def information_fid(self) -> int:
        return 0x0019 + self


class PsamType(IntEnum):
    """Key-card type of the public information; the two values are this project's own."""

    ORDINARY = 0x01
    DEBUG = 0x0D


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """One algorithm's world: its DF name and, where it can be selected so, its FID (0: by name only)."""

    name: bytes
    fid: int
    algorithm: Algorithm


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One transparent EF.  ``update`` names the PSAM's own key that opens it, empty for never."""

    fid: int
    place: Place
    size: int
    shared: bool
    update: str


@dataclass(frozen=True, slots=True)
class PsamStructure:
    """The whole of ``psam.toml``.  ``key_files`` maps the number of a key file to the own key that opens it."""

    application: bytes
    application_fid: int
    label: str
    mac_answer: int
    key_slots: int
    records: int
    authority_tries: int
    environments: tuple[EnvironmentSpec, ...]
    files: tuple[FileSpec, ...]
    key_files: dict[int, str]

    def file(self, fid: int) -> FileSpec:
        """Raises KeyError."""
        for file in self.files:
            if file.fid == fid:
                return file
        raise KeyError(fid)

    def environment(self, algorithm: Algorithm) -> EnvironmentSpec:
        """Raises KeyError for an algorithm no environment has."""
        for environment in self.environments:
            if environment.algorithm is algorithm:
                return environment
        raise KeyError(algorithm)


@cache
def structure() -> PsamStructure:
    """The standard's structure.  Raises ProfileError where the file is wrong."""
    text = files("sscard.cos").joinpath("psam.toml").read_text(encoding="utf-8")
    return parse_structure(text, "psam.toml")


def parse_structure(text: str, file: str) -> PsamStructure:
    """The structure of a TOML text; ``file`` is named in errors.  Raises ProfileError."""
    top = Table(tomllib.loads(text), file, "")
    top.number("format", _FORMAT, _FORMAT)
    found = PsamStructure(
        application=top.octets("application"),
        application_fid=top.number("application_fid", 1, 0xFFFF),
        label=top.text("label"),
        mac_answer=top.number("mac_answer", 4, 16),
        key_slots=top.number("key_slots", 1, 254),
        records=top.number("records", 1, 254),
        authority_tries=top.number("authority_tries", 1, 15),
        environments=tuple(_environment(table) for table in top.tables("environment")),
        files=tuple(_file(table) for table in top.tables("file")),
        key_files=dict(_key_file(table) for table in top.tables("key_file")),
    )
    top.finish()
    return found


def _environment(table: Table) -> EnvironmentSpec:
    algorithm = Algorithm[table.choice("algorithm", [algorithm.name for algorithm in Algorithm])]
    found = EnvironmentSpec(table.octets("name"), table.number("fid", 0, 0xFFFF), algorithm)
    table.finish()
    return found


def _file(table: Table) -> FileSpec:
    found = FileSpec(
        fid=table.number("fid", 1, 0xFFFF),
        place=Place(table.choice("place", [place.value for place in Place])),
        size=table.number("size", 1, 255),
        shared=table.flag("shared"),
        update=table.choice("update", ("", *OWN_KEYS)),
    )
    table.finish()
    return found


def _key_file(table: Table) -> tuple[int, str]:
    found = table.number("number", 1, 0xFF), table.choice("write", OWN_KEYS)
    table.finish()
    return found


@dataclass(frozen=True, slots=True)
class PublicInfo:
    """EF 0015.  ``serial`` has 10 bytes of packed digits; its last 8 are the PSAM's diversification factor."""

    issuer: int
    serial: bytes
    version: int
    type: int
    fci: bytes = b"\0\0"

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises ValueError for another length."""
        if len(content) != PUBLIC_SIZE:
            raise ValueError("public information")
        return cls(content[0], content[1:11], content[11], content[12], content[13:])

    def content(self) -> bytes:
        return bytes((self.issuer,)) + self.serial + bytes((self.version, self.type)) + self.fci

    @property
    def factor(self) -> bytes:
        """What the PSAM's own keys are diversified with, 8 bytes (the project's own choice)."""
        return self.serial[-8:]


@dataclass(frozen=True, slots=True)
class ApplicationInfo:
    """EF 001A to 001C: what one authority says of its keys; dates as YYYYMMDD."""

    purchase_key_index: int
    authentication_key_version: int
    start: str
    end: str

    @classmethod
    def parse(cls, content: bytes) -> Self | None:
        """None while the file is blank.  Raises ValueError for another length or a day that is none."""
        if len(content) != INFORMATION_SIZE:
            raise ValueError("application information")
        if content[2:] == bytes((_BLANK,)) * 8:
            return None
        found = cls(content[0], content[1], content[2:6].hex(), content[6:].hex())
        for day in (found.start, found.end):
            date(int(day[:4]), int(day[4:6]), int(day[6:]))
        return found

    def content(self) -> bytes:
        return bytes((self.purchase_key_index, self.authentication_key_version)) + bytes.fromhex(self.start + self.end)

    def holds(self, day: str) -> bool:
        """Whether a day (YYYYMMDD) lies within."""
        return self.start <= day <= self.end
