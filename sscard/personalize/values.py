"""The bytes an item holds on one person's card: record fields, constants of the profile, and what is made here.

Source of the made values: V2.0 notice, card identification code and initializing institution (docs/card.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sscard.cos import coding
from sscard.cos.model import File, Item, Profile
from sscard.cos.names import split_name
from sscard.cos.profile import directory_entry
from sscard.personalize.record import Record

_RID: Final = "D156000005"
_NO_AUTHENTICATION_CODE: Final = "FFFFFFFF"
_DIRECTORY: Final = "directory:"
_OF_THE_CARD: Final = frozenset({"card_id", "application_serial"})


class NotMade(Exception):
    """A value that only the card can tell was asked for before there was one."""


def card_identification_code(region: str, serial: bytes) -> str:
    """Card identification code (卡识别码), 32 hex digits: area ‖ RID ‖ serial (4 bytes) ‖ unset authentication code."""
    return region + _RID + serial.hex().upper() + _NO_AUTHENTICATION_CODE


def varies(item: Item) -> bool:
    """Whether the item's bytes depend on the person or the card."""
    if item.members:
        return any(varies(member) for member in item.members)
    return bool(item.source) and not item.source.startswith(_DIRECTORY)


class CardValues:
    """Gives the value bytes of every item for one record on one card.

    ``made`` are the values that no record holds; those of the card are not in it as long as there is none.
    """

    __slots__ = ("_made", "_profile", "_record")

    def __init__(self, profile: Profile, record: Record | None, made: dict[str, str]) -> None:
        self._profile = profile
        self._record = record
        self._made = made

    def value(self, item: Item) -> bytes:
        """Value bytes of ``item`` without tag and length.  Raises ValueError where the text does not fit."""
        if item.members:
            return b"".join(bytes((member.tag, member.length)) + self.value(member) for member in item.members)
        source = item.source
        if not source:
            return coding.blank(item)
        if source.startswith(_DIRECTORY):
            return directory_entry(self._profile.directory(source.removeprefix(_DIRECTORY)))
        if source in _NAME_PARTS:
            part = _NAME_PARTS[source](self.text("name"))
            cut = source == "name" and len(part) == item.length and not self._whole_name()
            if cut or len(part) > item.length:
                raise ValueError(f"{item.tag:02X} {item.zh} {item.en}")
            return part.ljust(item.length, b"\0")
        written = self.text(source)
        return coding.encode(item, written) if written else coding.blank(item)

    def record_bytes(self, item: Item) -> bytes:
        """The record of ``item``: tag, length, value."""
        value = self.value(item)
        return bytes((item.tag, len(value))) + value

    def content(self, file: File) -> bytes:
        """The whole content of a transparent file.  Raises ValueError where a text does not fit."""
        return b"".join(self.value(item) for item in file.items)

    def _whole_name(self) -> bool:
        """Whether the card holds all of the name: its rest needs an item of its own, which older cards lack."""
        if not split_name(self.text("name"))[1]:
            return True
        items = (item for d in self._profile.directories for file in d.files for item in file.items)
        return any(item.source == "name_extension" for item in items)

    def text(self, source: str) -> str:
        """The text for a source: made here, of the profile, or of the record; empty where there is none."""
        if source in self._made:
            return self._made[source]
        if source in _OF_THE_CARD and self._record:
            raise NotMade(source)
        if source in self._profile.constants:
            return self._profile.constants[source]
        return self._record.value(source) if self._record else ""


_NAME_PARTS: Final[dict[str, Callable[[str], bytes]]] = {
    "name": lambda name: split_name(name)[0],
    "name_extension": lambda name: split_name(name)[1],
}
