"""Lines of a batch file: declared encodings, strictly decoded, and the cells of one physical line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

ENCODINGS: Final = ("utf-8", "gb18030", "gbk")
"""What a sender may declare.  UTF-8 may begin with a byte order mark."""

MAX_LINE: Final = 65536
"""Bytes of the longest line taken; a longer one is no row of people."""

BOM: Final = b"\xef\xbb\xbf"

_SUSPICIOUS: Final = 2
"""Wide UTF-8 characters, and nothing else, that cannot be chance in a GB text."""


class BadText(Exception):
    """Bytes that are not text of the declared encoding: ``rule`` and the ``offset`` in the line."""

    def __init__(self, rule: str, offset: int) -> None:
        super().__init__(rule)
        self.rule = rule
        self.offset = offset


def decode(raw: bytes, encoding: str) -> str:
    """The text of ``raw``.  Raises BadText where it does not decode, or decodes but encodes to other bytes."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadText("ENC-01", error.start) from None
    again = text.encode(encoding, "replace")
    if again != raw:
        same = next((i for i, (a, b) in enumerate(zip(again, raw, strict=False)) if a != b), min(len(again), len(raw)))
        raise BadText("ENC-02", same)
    return text


def other_encodings(path: Path, declared: str) -> list[str]:
    """The encodings other than ``declared`` that the whole file decodes in.  One pass each; OSError as from reading."""
    return [encoding for encoding in ENCODINGS if encoding != declared and _decodes(path, encoding)]


def _decodes(path: Path, encoding: str) -> bool:
    with path.open("rb") as file:
        try:
            while raw := file.readline(MAX_LINE):
                decode(raw, encoding)
        except BadText:
            return False
    return True


def blame(path: Path, declared: str, bad: BadText, *, look: bool) -> tuple[str, str]:
    """The rule that undecodable bytes break, and with ``look`` the encodings that the whole file does decode in."""
    if bad.rule != "ENC-01":
        return bad.rule, ""
    others = " / ".join(other_encodings(path, declared)) if look else ""
    return ("ENC-01" if others else "ENC-05"), others


class Utf8Watch:
    """Notices that a file declared as GB18030 or GBK is UTF-8 throughout: such a file decodes to wrong characters."""

    def __init__(self) -> None:
        self._possible = True
        self._wide = 0
        self.first_line = 0

    def look(self, raw: bytes, line: int) -> None:
        """Take one line into account."""
        if not self._possible or raw.isascii():
            return
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            self._possible = False
            return
        self._wide += sum(character >= "\u0800" for character in text)
        self.first_line = self.first_line or line

    @property
    def verdict(self) -> str | None:
        """``ENC-03`` where it is UTF-8 beyond doubt, ``ENC-04`` where it may be, None where it is not."""
        if not self._possible or not self.first_line:
            return None
        return "ENC-03" if self._wide >= _SUSPICIOUS else "ENC-04"


def without_end(raw: bytes) -> bytes:
    """``raw`` without its line end, LF or CRLF."""
    return raw.removesuffix(b"\n").removesuffix(b"\r")


def cells(text: str) -> list[str]:
    """The cells of one line of CSV.  Raises csv.Error where quotes do not close on the line."""
    return next(csv.reader([text], strict=True), [])
