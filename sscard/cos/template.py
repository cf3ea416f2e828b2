"""Commands of a COS as lines of a table: ``80 E0 fid / 28 size read update FF line``.

Words of hex digits stand for themselves, names in small letters for fields; what stands behind the stroke is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sscard.apdu.command import MAX_ANSWER, Command

Fields = Mapping[str, bytes]

_STROKE: Final = "/"


def render(words: str, fields: Fields) -> bytes:
    """The bytes of a line without stroke.  Raises KeyError for a field that nobody gives."""
    return b"".join(fields[word] if word.islower() else bytes.fromhex(word) for word in words.split())


def command(line: str, fields: Fields) -> Command:
    """The command of a line; one without data ends with 00, as cards of this kind want it.

    Raises KeyError for a field that nobody gives, ValueError where the header has not four bytes.
    """
    head, _, data = line.partition(_STROKE)
    body = render(data, fields)
    cla, ins, p1, p2 = render(head, fields)
    return Command(cla, ins, p1, p2, body, None if body else MAX_ANSWER)


def header(line: str, fields: Fields) -> bytes:
    """CLA INS P1 P2 of a line without data."""
    return bytes(command(line, fields)[:4])
