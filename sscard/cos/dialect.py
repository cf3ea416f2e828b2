"""How one vendor's COS wants to be told things: a table of numbers and a small strategy that puts them in order.

The table is a TOML file of ``sscard/cos/dialects``; the strategy is a class registered in :data:`STRATEGIES`.  What a
dialect wants done it says in moves (:mod:`sscard.cos.actions`): a plan asks in the order of its stages and knows no
command of any COS.  docs/dialects.md tells how to declare another one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, Final, Protocol

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command
from sscard.cos.actions import LineGuard, LoadKey, LoadPin, Move
from sscard.cos.authentication import Authentication
from sscard.cos.mark import CardMark
from sscard.cos.model import Directory, File, KeySlot, Profile
from sscard.cos.rights import Rights
from sscard.errors import ProfileError
from sscard.keys.service import KeyRef


@dataclass(frozen=True, slots=True)
class Making:
    """What is being made: a profile with the keys of a region."""

    profile: Profile
    region: str

    def ref(self, name: str, version: int | None = None) -> KeyRef:
        """A key of the region, not yet bound to a card; in the version the profile gives first where none is named."""
        return KeyRef(name, self.region, b"", version or self.profile.first_version(name))

    @property
    def mf(self) -> Directory:
        """The MF as a directory: it has the card master key and nothing else."""
        return Directory("MF", 0x3F00, b"", "", "主文件", "master file", "", True, self.profile.card_master)

    def above(self, directory: Directory) -> KeySlot:
        """The master key of the directory above."""
        profile = self.profile
        return profile.directory(directory.parent).master if directory.parent else profile.card_master


@dataclass(frozen=True, slots=True)
class BlankCheck:
    """What a blank card answers: to SELECT of an environment, and to commands that would find keys in its MF."""

    absent: frozenset[int]
    keyless: tuple[tuple[Command, frozenset[int]], ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """Exchanges that a COS takes, from its rules alone: what a plan is measured against.

    ``blank`` asks a card whether it has keys, ``begin`` leads from a blank card to its master key, ``make`` makes a
    directory and ``master`` brings its master key in, ``proof`` lets the card prove itself, ``sealed`` shows that
    issuing is over.  ``together``: one READ RECORD fetches as many records as an answer holds.
    """

    blank: int
    begin: int
    make: int
    master: int
    proof: int
    sealed: int
    together: bool


class Dialect(Protocol):
    """One COS.  Everything that makes moves raises PlanError for what the COS cannot express."""

    name: str
    title_zh: str
    title_en: str
    mark: CardMark
    """Which cards speak it."""
    blank: BlankCheck
    mf_name: bytes
    """The name every MF of the COS has; empty where it has none."""
    authentication: Authentication
    rights: Rights
    keys_reach_below: bool
    """Whether keys of an environment serve inside its applications too."""
    tells_pin_tries: bool
    """Whether VERIFY without data tells the tries left, and so whether there is a PIN."""
    exists: frozenset[int]
    """Status words that say a file is already there."""
    costs: Costs
    unwritten: frozenset[int]
    """What reading a transparent file that was never written may end with."""

    def key_id(self, slot: KeySlot) -> int:
        """P2 of EXTERNAL AUTHENTICATE, INTERNAL AUTHENTICATE and VERIFY for a key."""
        ...

    def path(self, profile: Profile, directory: Directory, here: Directory | None = None) -> tuple[Command, ...]:
        """The SELECTs that lead to a directory from ``here``; without it from anywhere."""
        ...

    def present_transport_code(self, code: bytes) -> Command:
        """Show the transport code of a blank card."""
        ...

    def opening(self, making: Making) -> Iterator[Move]:
        """Gain the power to issue a blank card."""
        ...

    def first_key(self, making: Making) -> Iterator[Move]:
        """Bring in the card's own master key, the first there is."""
        ...

    def make_directory(self, making: Making, directory: Directory) -> Iterator[Move]:
        """Make a directory with its master key, the master key above proved; it is the current one afterwards."""
        ...

    def overtake(self, making: Making, directory: Directory) -> LoadKey | LoadPin:
        """The load by which the card master key would put a master key into a finished environment."""
        ...

    def file_id(self, file: File) -> int:
        """The id under which the card has an EF of the profile."""
        ...

    def create_file(self, making: Making, directory: Directory, file: File) -> Command:
        """Make an EF in the current directory."""
        ...

    def create_probe(self, making: Making, directory: Directory) -> Command:
        """Make an EF that no profile has, for a card that must refuse it."""
        ...

    def load_key(self, making: Making, directory: Directory, slot: KeySlot) -> Iterator[Move]:
        """Put a key, or the PIN, into the current directory, its master key proved; one move for each version."""
        ...

    def write_record(self, making: Making, directory: Directory, file: File, number: int, record: bytes) -> Move:
        """Write one record of a new file; target and purpose are the plan's."""
        ...

    def rewrite_record(self, making: Making, directory: Directory, file: File, number: int, record: bytes) -> Move:
        """Write one record that is there already; target and purpose are the plan's."""
        ...

    def write_content(self, making: Making, directory: Directory, file: File, content: bytes) -> Move:
        """Write the whole content of a new transparent file; target and purpose are the plan's."""
        ...

    def read_runs(self, file: File, lengths: tuple[int, ...]) -> Iterator[tuple[Command, int]]:
        """READ RECORDs that fetch records of these lengths, each with the number of records in its answer."""
        ...

    def read_guard(self, making: Making, file: File) -> LineGuard | None:
        """Line protection of reading a file."""
        ...

    def close(self, making: Making, directory: Directory) -> Iterator[Move]:
        """End the making of the current directory, where the COS wants that said."""
        ...

    def seal(self, making: Making) -> Iterator[Move]:
        """End the issuing phase of the card; cannot be undone."""
        ...

    def prove_sealed(self, making: Making) -> Iterator[Move]:
        """Show on a card just reset that the issuing phase is over."""
        ...

    def file_room(self, file: File) -> int:
        """Bytes of the chip that a file takes."""
        ...

    def directory_room(self, profile: Profile, directory: Directory) -> int:
        """Bytes of the chip that a directory takes beside its files and the directories in it: head, keys."""
        ...


STRATEGIES: Final[dict[str, str]] = {"t514": "sscard.cos.t514:T514", "interval": "sscard.cos.interval:IntervalCos"}
_SUFFIX: Final = ".toml"


@cache
def load_dialect(name: str) -> Dialect:
    """The dialect of that name.  Raises ProfileError when there is none."""
    resource = files("sscard.cos") / "dialects" / f"{name}{_SUFFIX}"
    if not resource.is_file():
        raise ProfileError("dialect-unknown", name=name)
    table: Mapping[str, Any] = tomllib.loads(resource.read_text(encoding="utf-8"))
    module, _, attribute = STRATEGIES[table["strategy"]].partition(":")
    dialect: Dialect = getattr(import_module(module), attribute)(table)
    return dialect


def speaking(atr: Atr) -> Dialect | None:
    """The dialect of a card, told by its historical bytes; None for cards of other kinds."""
    return next((dialect for dialect in map(load_dialect, dialect_names()) if dialect.mark.identity(atr)), None)


def dialect_names() -> tuple[str, ...]:
    """Names of the dialects there are, sorted."""
    folder = files("sscard.cos") / "dialects"
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)))
