"""Rules on the characters of a row: what only the text itself can tell, one finding for each value or character.

They are settled once, in Python, when a row is read: no two engines agree on Unicode classes, blanks and GB18030.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from sscard.cos import names

Remark = tuple[str, str, dict[str, str | int]]
"""Rule, column, fields of the message."""

NO_TAIL: Final = 99
"""Bytes of extension of a name that cannot be split at all: more than any that fits."""

_PLAIN_NAME: Final = re.compile(r"[\u4e00-\u9fa5A-Za-z·' .-]+")
LOOK_ALIKES: Final = "\u2022\u2027\u2219\u22c5\u30fb\uff0e\uff65"
_LOST: Final = "?？"
ODD_IN_NAMES: Final = LOOK_ALIKES + _LOST + "\ufffd"
"""Printable characters that some rule on characters asks about."""


def text_remarks(values: Mapping[str, str]) -> Iterator[Remark]:
    """What is wrong with the characters of a row: blanks around, invisible, lost, decomposed, odd ones in a name."""
    for column, value in values.items():
        if value.isascii() and value.isprintable() and value == value.strip():
            continue
        if value != value.strip():
            yield "TXT-03", column, {}
        if not value.isprintable():
            for character in value.strip():
                if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
                    yield "TXT-02", column, {"code": f"U+{ord(character):04X}"}
                    break
        if "\ufffd" in value:
            yield "TXT-04", column, {}
        elif not unicodedata.is_normalized("NFC", value):
            yield "TXT-01", column, {"code": _first_denormal(value)}
    name = values.get("name", "")
    if name and not _PLAIN_NAME.fullmatch(name):
        for position, character in enumerate(name, 1):
            if rule := _name_rule(character):
                yield rule, "name", {"code": f"U+{ord(character):04X}", "position": position}


@lru_cache(maxsize=65536)
def name_sizes(name: str) -> tuple[int, int]:
    """GB18030 bytes of a name, and how many of them go to the extension; ``NO_TAIL`` where it cannot be split."""
    size = len(name.encode(names.ENCODING, "replace"))
    if size <= names.FIRST_SIZE and name.isprintable() and name == name.strip():
        return size, 0
    try:
        return size, len(names.split_name(name.strip(" \0"))[1])
    except ValueError:
        return size, NO_TAIL


def _first_denormal(value: str) -> str:
    """Code point of the first character that NFC changes by itself, else of the first combining mark."""
    for character in value:
        if not unicodedata.is_normalized("NFC", character):
            return f"U+{ord(character):04X}"
    return next((f"U+{ord(c):04X}" for c in value if unicodedata.combining(c)), f"U+{ord(value[0]):04X}")


def _name_rule(character: str) -> str | None:
    code = ord(character)
    if unicodedata.category(character) == "Co":
        return "NAM-01"
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return "NAM-02"
    if character in _LOST:
        return "NAM-03"
    return "NAM-04" if character in LOOK_ALIKES else None
