"""How values read from a card are shown: people masked unless asked for, dates with dashes, large contents by size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from sscard.cos import coding
from sscard.cos.masking import mask_date, mask_name, mask_pan, mask_private, mask_ssn, printable
from sscard.cos.model import Coding, Item
from sscard.terminal.read import FileResult, ItemValue

_DATE_BYTES: Final = 4
_HIDDEN: Final = "***"
_LARGE: Final = 64
"""Bytes from which a value is shown by its size and digest."""

_BY_SOURCE: Final[dict[str, Callable[[str], str]]] = {
    "ssn": mask_ssn,
    "name": mask_name,
    "bank_pan": mask_pan,
    "birth": mask_date,
}


def shown(result: FileResult, value: ItemValue, *, person: bool) -> str:
    """The text of ``value`` for a screen; empty where it is not set.  With ``person`` nothing is masked.

    The holder's name stands whole at its first part; its second part is then only marked.
    """
    item = value.item
    if not value.text:
        return ""
    if item is None:
        return printable(value.text) if person else f"{len(value.raw)} B"
    if item.coding is Coding.B and len(value.raw) >= _LARGE:
        return _large(value.raw, item.person and not person)
    if item.source == "name_extension" and not person:
        return _HIDDEN
    if item.members:
        return _members(item, value.raw, person=person)
    return _one(item, result.holder if item.source == "name" and not person else value.text, person=person)


def _members(item: Item, raw: bytes, *, person: bool) -> str:
    known = {member.tag: member for member in item.members}
    parts = []
    for tag, text in coding.decode_members(item, raw).items():
        if not text:
            continue
        member = known.get(tag)
        unknown = printable(text) if person else _HIDDEN
        parts.append(f"{tag:02X} {_one(member, text, person=person) if member else unknown}")
    return "  ".join(parts)


def _one(item: Item, text: str, *, person: bool) -> str:
    if item.person and not person:
        return _BY_SOURCE.get(item.source, mask_private)(text)
    if item.coding is Coding.CN and item.length == _DATE_BYTES and not item.number and len(text) == 2 * _DATE_BYTES:
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return printable(text)


def _large(raw: bytes, hidden: bool) -> str:
    """Size, and a digest unless that too would identify a person."""
    size = f"{len(raw)} B"
    return size if hidden else f"{size} sha256 {hashlib.sha256(raw).hexdigest()[:16]}"
