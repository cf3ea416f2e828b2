"""BER-TLV as cards use it: FCI templates, DIR entries, bank records.

Source: ISO 7816-4 annex on BER-TLV data objects.  Cards announce odd things, so :func:`find` never raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sscard.errors import ProtocolError

_MAX_LENGTH_BYTES: Final = 3
_MORE_TAG: Final = 0x1F
_PADDING: Final = (0x00, 0xFF)


def parse(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """The data objects of one level as ``(tag, value)``; 00 and FF between objects are padding.

    Raises ProtocolError where the bytes are no whole objects.
    """
    return tuple(_walk(data))


def find(data: bytes, *path: int) -> bytes | None:
    """The value of the first object on ``path``, such as ``find(fci, 0x6F, 0xA5, 0x88)``; None where there is none.

    What stands before damage is still found.
    """
    value = data
    for wanted in path:
        try:
            value = next(found for tag, found in _walk(value) if tag == wanted)
        except (StopIteration, ProtocolError):
            return None
    return value


def build(tag: int, *values: bytes) -> bytes:
    """One data object around ``values`` run together."""
    value = b"".join(values)
    size = len(value)
    width = 0 if size < 0x80 else (size.bit_length() + 7) // 8
    length = bytes((size,)) if not width else bytes((0x80 | width,)) + size.to_bytes(width, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length + value


def _walk(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        if data[position] in _PADDING:
            position += 1
            continue
        try:
            tag, position = _tag(data, position)
            size, position = _length(data, position)
        except IndexError:
            raise ProtocolError("tlv-form", offset=position) from None
        if position + size > len(data):
            raise ProtocolError("tlv-form", offset=position)
        yield tag, data[position : position + size]
        position += size


def _tag(data: bytes, position: int) -> tuple[int, int]:
    tag = data[position]
    position += 1
    if tag & _MORE_TAG == _MORE_TAG:
        while True:
            tag = tag << 8 | data[position]
            position += 1
            if not tag & 0x80:
                break
    return tag, position


def _length(data: bytes, position: int) -> tuple[int, int]:
    first = data[position]
    position += 1
    if first < 0x80:
        return first, position
    width = first & 0x7F
    if not 0 < width <= _MAX_LENGTH_BYTES:
        raise ProtocolError("tlv-form", offset=position - 1)
    if position + width > len(data):
        raise IndexError
    return int.from_bytes(data[position : position + width], "big"), position + width
