"""Items of first-generation cards that were given the meaning they have since V2.0 (V2.0 notice, annex C).

A rewritten value is filled on the right with E to the length the record had before: a last byte of EE says that the
item, and those judged by it, have their later meaning, of which only the later length counts.  Two items whose later
value is the longer one can only be rewritten on a card whose records grow; there the length itself says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sscard.cos.model import Item

_MARK: Final = 0xEE


def rewritten(item: Item, value: bytes) -> bytes:
    """A value of the later meaning as it is stored in the place of ``item``: filled with E to the length of before.

    A value that leaves no room for the mark is stored as it is, where the card lets records grow.
    """
    return value.ljust(item.length, bytes((_MARK,)))


def meaning(item: Item, raw: bytes, others: Mapping[int, bytes]) -> tuple[Item, bytes]:
    """The item a stored value really is, and its bytes without the filling E.

    ``others`` are the values of the file by tag.
    """
    later = item.later
    if later is None:
        return item, raw
    judged = others.get(item.judged_by, b"") if item.judged_by else raw
    renewed = judged[-1:] == bytes((_MARK,)) or (not item.judged_by and len(raw) == later.length > item.length)
    return (later, raw[: later.length]) if renewed else (item, raw)
