"""A component sheet as PDF, by the library ``reportlab``.

The value and every English word stand in Courier, which each PDF reader has; Chinese is set in STSong-Light, one of
the fonts a reader supplies and the file does not carry.  Where it lacks that, Chinese labels are missing, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.sheet import Sheet

_LATIN: Final = "Courier"
_CHINESE: Final = "STSong-Light"
_SIZE: Final = 11
_LEADING: Final = 18
_MARGIN: Final = 56


def render(sheet: Sheet) -> bytes:
    """The page.  Raises CustodyError("sheet-pdf") without the library."""
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise CustodyError("sheet-pdf") from None
    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    target = BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setTitle(sheet.file_name)
    down = A4[1] - _MARGIN
    for line in sheet.lines():
        across = float(_MARGIN)
        for font, piece in _runs(line):
            canvas.setFont(font, _SIZE)
            canvas.drawString(across, down, piece)
            across += canvas.stringWidth(piece, font, _SIZE)
        down -= _LEADING
    canvas.save()
    return target.getvalue()


def _runs(line: str) -> Iterator[tuple[str, str]]:
    """The line in pieces of one font."""
    for ascii_run, characters in groupby(line, str.isascii):
        yield (_LATIN if ascii_run else _CHINESE), "".join(characters)
