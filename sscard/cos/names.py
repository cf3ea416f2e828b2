"""A holder's name on the card: GB18030 text over two items, 姓名 (tag 09) and 姓名扩展 (tag 4E).

Tag 09 holds 30 bytes, tag 4E takes the overflow, 20 bytes; both are filled on the right with 00.  Readers strip the
fill of each part (00, some cards 20, unset parts FF) and append (V2.0 notice, holder items).
"""

from __future__ import annotations

from typing import Final

ENCODING: Final = "gb18030"
FIRST_SIZE: Final = 30
"""Bytes of tag 09."""
REST_SIZE: Final = 20
"""Bytes of tag 4E."""
TOTAL_SIZE: Final = FIRST_SIZE + REST_SIZE

_FILL: Final = b"\x00\x20\xff"


def split_name(name: str) -> tuple[bytes, bytes]:
    """Split ``name`` into the unfilled contents of tags 09 and 4E.

    The first part takes as many whole characters as fit in 30 bytes and never ends with a blank, which a reader would
    take for fill; the rest is at most 20 bytes.  Raises ValueError when the name does not fit, cannot be encoded, or
    would not be read back as it is (blanks or NUL at its end).
    """
    sizes = [len(character.encode(ENCODING)) for character in name]
    taken = size = 0
    while taken < len(sizes) and size + sizes[taken] <= FIRST_SIZE:
        size += sizes[taken]
        taken += 1
    if taken < len(sizes):
        taken = len(name[:taken].rstrip(" \0"))
    first, rest = name[:taken].encode(ENCODING), name[taken:].encode(ENCODING)
    if len(rest) > REST_SIZE:
        raise ValueError(f"a name of {sum(sizes)} bytes does not fit in {FIRST_SIZE} + {REST_SIZE}")
    if join_name(first, rest) != name:
        raise ValueError("the name would not be read back as it is")
    return first, rest


def join_name(first: bytes, rest: bytes) -> str:
    """The name held by tags 09 and 4E, fill stripped from each.  Raises ValueError where it is not GB18030.

    No GB18030 character ends in a fill byte, so stripping never cuts one; a character that a careless writer split
    over both parts is put together again.
    """
    return (first.rstrip(_FILL) + rest.rstrip(_FILL)).decode(ENCODING)
