"""Texts and numbers of the national terminal driver interface: addresses, error numbers, two-step strings.

Source: LD/T 33-2015 with the terminal interface rules of 2016; docs/driver.md has the grammar and the fields.  Nothing
here talks to a card or a platform: these are the words both sides use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sscard.apdu.command import Command
from sscard.errors import ProtocolError, UsageError
from sscard.keys.secret import Secret

_ITEM_END: Final = "|"
_FILE_END: Final = "$"
_PLACE: Final = re.compile(r"(SSSE|MF|DF[0-9A-F]{2})(EF[0-9A-F]{2})(?::([0-9]{1,3}))?")
_ITEM: Final = re.compile(r"([0-9A-F]{1,2})(?::([0-9]{1,3}))?")
_ANSWER_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class ItemAddress:
    """An item by its tag in hex, or a record of a cyclic file by its number; ``occurrence`` of a repeated item."""

    tag: str
    occurrence: int | None = None


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A file by directory and name, with the items wanted; none means all of it."""

    directory: str
    file: str
    items: tuple[ItemAddress, ...] = ()


def parse_address(text: str) -> tuple[FileAddress, ...]:
    """Read ``DF01EF15|2A|40:2|$…``.

    The last ``$`` may be missing, ``MF`` stands for SSSE, and ``DF02EF07:01`` for record 1 of that file.  Raises
    UsageError("driver-address") with the number of the file, from 1.
    """
    parts = text.split(_FILE_END)
    if parts[-1] == "":
        parts.pop()
    if not parts:
        raise UsageError("driver-address", number=1)
    return tuple(_file(part, number) for number, part in enumerate(parts, 1))


def _file(text: str, number: int) -> FileAddress:
    place, *items = text.split(_ITEM_END)
    if items and items[-1] == "":
        items.pop()
    found = _PLACE.fullmatch(place)
    matches = [_ITEM.fullmatch(item) for item in items]
    if found is None or not all(matches):
        raise UsageError("driver-address", number=number)
    directory, file, record = found.groups()
    wanted = [ItemAddress(match[1], int(match[2]) if match[2] else None) for match in matches if match]
    if record:
        wanted.insert(0, ItemAddress(record))
    return FileAddress("SSSE" if directory == "MF" else directory, file, tuple(wanted))


def address_text(files: tuple[FileAddress, ...]) -> str:
    """The text of :func:`parse_address` in its full form."""
    return "".join(
        f"{file.directory}{file.file}{_ITEM_END}" + "".join(_item_text(item) for item in file.items) + _FILE_END
        for file in files
    )


def _item_text(item: ItemAddress) -> str:
    return item.tag + (f":{item.occurrence}" if item.occurrence else "") + _ITEM_END


def error_number(sw: int) -> int:
    """The number the driver returns for a status word: its negative.  The tries left are those of the word."""
    return -sw


@dataclass(frozen=True, slots=True)
class Proof:
    """What one authentication is made from: random factor and original information, 8 bytes each."""

    factor: bytes
    original: bytes


@dataclass(frozen=True, slots=True)
class BasicRequest:
    """Step 1 of reading basic data: what goes to the key platform.

    ``region``: six digits; ``historical``: 13 bytes; ``algorithm``: its number in the FCI; ``card_id`` in hex as it
    stands on the card.  ``external`` is None on cards whose basic data are free.
    """

    region: str
    historical: bytes
    algorithm: int
    card_id: str
    internal: Proof
    external: Proof | None

    def text(self) -> str:
        """The fields, each closed by a bar; both of the external authentication empty where there is none."""
        pairs = (self.internal, self.external)
        fields = [self.region, self.historical.hex().upper(), f"{self.algorithm:02d}", self.card_id]
        for pair in pairs:
            fields += [pair.factor.hex().upper(), pair.original.hex().upper()] if pair else ["", ""]
        return "".join(f"{field}{_ITEM_END}" for field in fields)


@dataclass(frozen=True, slots=True)
class BasicAnswer:
    """Step 2: what the platform answered.  ``internal`` is what the card must have said."""

    internal: bytes
    external: Command | None

    @classmethod
    def parse(cls, text: str, key_id: int) -> BasicAnswer:
        """Read ``proof original|proof original|``; ``key_id`` is P2 of the external authentication.

        Raises ProtocolError("driver-answer") for anything else.
        """
        parts = text.removesuffix(_ITEM_END).split(_ITEM_END)
        try:
            internal, external = (bytes.fromhex(part) for part in (*parts, "")[:2])
        except ValueError:
            raise ProtocolError("driver-answer") from None
        if len(parts) > 2 or len(internal) != _ANSWER_SIZE or len(external) not in (0, _ANSWER_SIZE):
            raise ProtocolError("driver-answer")
        return cls(internal[:8], Command(0x00, 0x82, 0x00, key_id, external) if external else None)


def pin_request(algorithm: int, address: int, factor: bytes, header: bytes, pin: str = "") -> Secret:
    """Step 2 of PIN reload or unblock: what goes to the platform, the PIN in clear: a secret.

    ``address``: the key's logical address; ``header``: CLA INS P1 P2 Lc; ``pin``: 4–16 digits, empty to unblock.
    """
    fields = (f"{algorithm:02d}", f"{address:04X}", factor.hex().upper(), header.hex().upper(), pin)
    return Secret("".join(f"{field}{_ITEM_END}" for field in fields).encode("ascii"))


def pin_command(answer: str) -> Command:
    """Step 3: the command of ``header ‖ cipher ‖ MAC``, 34 or 50 digits for a reload, 18 to unblock.

    Raises ProtocolError("driver-answer") where header and length do not agree.
    """
    try:
        raw = bytes.fromhex(answer)
    except ValueError:
        raise ProtocolError("driver-answer") from None
    if len(raw) not in (9, 17, 25) or raw[:3] != b"\x84\x24\x00" or raw[4] != len(raw) - 5:
        raise ProtocolError("driver-answer")
    return Command(raw[0], raw[1], raw[2], raw[3], raw[5:])
