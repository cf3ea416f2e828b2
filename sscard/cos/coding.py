"""Item values: text to the bytes a card stores, and back.

========  =======================================  ==========================================
type      stored                                   unset
========  =======================================  ==========================================
cn        packed digits, left, filled with F       FF…
an        GB18030 text, left, filled with 00       00…
b         bytes as they are (text form: hex)       00…
B-TLV     members as tag, length, value in order   each member unset
========  =======================================  ==========================================

Items marked ``number`` hold decimal numbers: cn and an right-aligned with leading zeros, b big-endian.  Writers refuse
what does not fit; readers take whatever a card holds.  Source: V2.0 notice, types and padding; docs/card.md, "coding".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn

from sscard.cos.model import Coding, File, Item, Structure
from sscard.cos.names import ENCODING

Value = str | Mapping[int, str]
"""Text of an item; of a B-TLV item the texts of its members by tag."""

DIRECTORY_SOURCE: Final = "directory:"
"""How the source of a DIR entry begins; the directory's name follows."""

_CN_FILL: Final = 0xFF
_TEXT_FILL: Final = b"\x00\x20\xff"
_TAG_NAME: Final = 0x4F
_TAG_LABEL: Final = 0x50
_CN_DIGITS: Final = frozenset("0123456789ABCDEF")


def blank(item: Item) -> bytes:
    """The value of an item that is not set, ``item.length`` bytes."""
    if item.members:
        return b"".join(record(member, blank(member)) for member in item.members)
    return bytes((_CN_FILL if item.coding is Coding.CN else 0,)) * item.length


def encode(item: Item, value: Value) -> bytes:
    """The ``item.length`` bytes that store ``value``; the empty text gives :func:`blank`.

    Raises ValueError, naming the item and never the value, where the text is too long or of the wrong kind.
    """
    if not value:
        return blank(item)
    if not isinstance(value, str):
        return _encode_members(item, value)
    encoder = _ENCODERS.get(item.coding)
    return encoder(item, value) if encoder else _refuse(item, "takes the texts of its members")


def decode(item: Item, value: bytes) -> str:
    """The text stored in ``value``; empty where the item is not set.  Takes any bytes, also of another length.

    A B-TLV value reads ``tag=text`` for each member, separated by blanks; an entry of a DIR file ``name label``.
    """
    if item.source.startswith(DIRECTORY_SOURCE):
        return _decode_entry(value)
    match item.coding:
        case Coding.BTLV:
            return " ".join(f"{tag:02X}={text}" for tag, text in decode_members(item, value).items() if text)
        case Coding.CN:
            text = value.hex().upper().rstrip("F")
        case Coding.AN:
            text = value.rstrip(_TEXT_FILL).decode(ENCODING, "replace")
        case Coding.B:
            return str(int.from_bytes(value, "big")) if item.number else value.hex().upper()
    return text.lstrip("0") or text[:1] if item.number else text


def decode_members(item: Item, value: bytes) -> dict[int, str]:
    """The texts of a B-TLV value by tag, in stored order; members the profile does not know come as hex."""
    known = {member.tag: member for member in item.members}
    texts = {}
    for tag, part in split_tlv(value):
        texts[tag] = decode(known[tag], part) if tag in known else part.hex().upper()
    return texts


def record(item: Item, value: bytes) -> bytes:
    """The stored record: tag, length, ``value``.  Raises ValueError where the value is longer than the item."""
    if len(value) > item.length:
        _refuse(item, f"has {item.length} bytes, not {len(value)}")
    return bytes((item.tag, len(value))) + value


def cyclic_record(file: File, values: Mapping[str, str]) -> bytes:
    """A record of a cyclic file from texts by the fields' English names; fields not named are unset.

    Raises ValueError for a name that is no field, and as :func:`encode` does.
    """
    unknown = values.keys() - {item.en for item in file.items}
    if unknown:
        raise ValueError(f"{file.name}: {', '.join(sorted(unknown))}")
    return b"".join(encode(item, values.get(item.en, "")) for item in file.items)


def split_record(file: File, data: bytes) -> Iterator[tuple[Item | None, int, bytes]]:
    """``(item, tag, value)`` of what READ RECORD gave: the fields of a cyclic record, else the TLVs in ``data``.

    The item is None where the profile does not know the tag.  Data that end early end the iteration.
    """
    if file.structure is Structure.CYCLIC:
        start = 0
        for item in file.items:
            yield item, 0, data[start : start + item.length]
            start += item.length
        return
    known = {item.tag: item for item in file.items}
    for tag, value in split_tlv(data):
        yield known.get(tag), tag, value


def split_tlv(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Simple TLVs (one byte each for tag and length) run together; ends where the data do not make a whole one."""
    start = 0
    while start + 2 <= len(data):
        end = start + 2 + data[start + 1]
        if end > len(data):
            return
        yield data[start], data[start + 2 : end]
        start = end


def _decode_entry(value: bytes) -> str:
    """``4F L name ‖ 50 L label`` as the name in hex and the label."""
    parts = dict(split_tlv(value))
    label = parts.get(_TAG_LABEL, b"").rstrip(_TEXT_FILL).decode(ENCODING, "replace")
    return f"{parts.get(_TAG_NAME, b'').hex().upper()} {label}".strip()


def _encode_members(item: Item, values: Mapping[int, str]) -> bytes:
    tags = {member.tag for member in item.members}
    if values.keys() - tags:
        _refuse(item, "has no member " + ", ".join(f"{tag:02X}" for tag in sorted(values.keys() - tags)))
    return b"".join(record(member, encode(member, values.get(member.tag, ""))) for member in item.members)


def _encode_cn(item: Item, text: str) -> bytes:
    digits = text.upper()
    if not _CN_DIGITS.issuperset(digits) or (item.number and not _is_number(digits)):
        _refuse(item, "takes digits only")
    room = item.length * 2
    if len(digits) > room:
        _refuse(item, f"has room for {room} digits, not {len(digits)}")
    return bytes.fromhex(digits.rjust(room, "0") if item.number else digits.ljust(room, "F"))


def _encode_an(item: Item, text: str) -> bytes:
    if item.number and not _is_number(text):
        _refuse(item, "takes a number")
    try:
        stored = text.encode(ENCODING)
    except UnicodeEncodeError:
        _refuse(item, "takes text of GB18030 only")
    if len(stored) > item.length:
        _refuse(item, f"has room for {item.length} bytes, not {len(stored)}")
    return stored.rjust(item.length, b"0") if item.number else stored.ljust(item.length, b"\0")


def _encode_b(item: Item, text: str) -> bytes:
    try:
        if item.number:
            return int(text).to_bytes(item.length, "big")
        stored = bytes.fromhex(text)
    except (ValueError, OverflowError):
        _refuse(item, f"takes {'a number' if item.number else 'hex'} of {item.length} bytes")
    if len(stored) > item.length:
        _refuse(item, f"has room for {item.length} bytes, not {len(stored)}")
    return stored.ljust(item.length, b"\0")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _refuse(item: Item, reason: str) -> NoReturn:
    raise ValueError(f"{item.tag:02X} {item.zh} {item.en}: {reason}")


_ENCODERS: Final[dict[Coding, Callable[[Item, str], bytes]]] = {
    Coding.CN: _encode_cn,
    Coding.AN: _encode_an,
    Coding.B: _encode_b,
}
