"""How one vendor's COS wants to be told things: a table of numbers and a small strategy that puts them in order.

The table is a TOML file of ``sscard/cos/dialects``; the strategy is a class registered in :data:`STRATEGIES`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, Final, Protocol

from sscard.apdu.command import Command
from sscard.cos.model import Directory, File, KeySlot, Profile
from sscard.errors import ProfileError


class Dialect(Protocol):
    """The administration commands of a COS.  Commands that need a challenge come as header and plain block."""

    name: str

    @property
    def master_key_id(self) -> int:
        """P2 of EXTERNAL AUTHENTICATE for the master key of the current directory."""
        ...

    def present_transport_code(self, code: bytes) -> Command:
        """Show the transport code of a blank card."""
        ...

    def create_directory(self, directory: Directory) -> Command:
        """Make a DDF or ADF; it is the current directory afterwards."""
        ...

    def create_file(self, profile: Profile, directory: Directory, file: File) -> Command:
        """Make an EF in the current directory.  Raises PlanError for a rule the COS cannot express."""
        ...

    def key_prefix(self, profile: Profile, slot: KeySlot, version: int) -> bytes:
        """The bytes before the key value in a key block.  Raises PlanError for a key the COS cannot hold."""
        ...

    def key_fill(self, profile: Profile, slot: KeySlot) -> bytes:
        """The bytes that stand behind a key value shorter than the field of the key block; the PIN's are not told."""
        ...

    def write_key_header(self, slot: KeySlot) -> bytes:
        """CLA INS P1 P2 of the enciphered WRITE KEY."""
        ...

    def write_first_key(self, slot: KeySlot, block: bytes) -> Command:
        """Plain WRITE KEY of the very first master key, under the transport right."""
        ...

    def seal(self) -> Command:
        """End the issuing phase; cannot be undone."""
        ...

    @property
    def exists(self) -> frozenset[int]:
        """Status words that say a file is already there."""
        ...

    @property
    def sealed_already(self) -> frozenset[int]:
        """Status words that say the issuing phase has already ended."""
        ...


STRATEGIES: Final[dict[str, str]] = {"t514": "sscard.cos.t514:T514"}


@cache
def load_dialect(name: str) -> Dialect:
    """The dialect of that name.  Raises ProfileError when there is none."""
    resource = files("sscard.cos") / "dialects" / f"{name}.toml"
    if not resource.is_file():
        raise ProfileError("dialect-unknown", name=name)
    table: Mapping[str, Any] = tomllib.loads(resource.read_text(encoding="utf-8"))
    module, _, attribute = STRATEGIES[table["strategy"]].partition(":")
    dialect: Dialect = getattr(import_module(module), attribute)(table)
    return dialect
