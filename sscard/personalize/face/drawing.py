"""Draws a placed face: a picture (PNG) with Pillow, a page a side (PDF) with reportlab; both from the same places.

In the PDF characters are outlines, so any font serves and none is embedded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from sscard.errors import FaceError
from sscard.personalize.face.fonts import POINT
from sscard.personalize.face.layout import HEIGHT, WIDTH, Element, Kind
from sscard.personalize.face.placing import Glyph, Piece

if TYPE_CHECKING:
    from PIL.Image import Image

INCH: Final = 25.4
_GREY: Final = (205, 205, 205)
_DARK: Final = (140, 140, 140)


def png(side: Iterable[Piece], photo: Image | None, dpi: int) -> bytes:
    """One side as a PNG of ``dpi`` dots an inch.  Raises FaceError("face-library")."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise FaceError("face-library", name=error.name) from None
    dots = dpi / INCH
    card = Image.new("RGB", (round(WIDTH * dots), round(HEIGHT * dots)), "white")
    font_at = lru_cache(lambda path, index, size: ImageFont.truetype(str(path), size, index=index))
    for piece in side:
        element = piece.element
        layer = Image.new("RGBA", card.size, (255, 255, 255, 0))
        pen = ImageDraw.Draw(layer)
        if element.kind is Kind.PHOTO:
            left, top, width, height = _box(element, photo)
            corner = (round(left * dots), round(top * dots))
            far = (round((left + width) * dots), round((top + height) * dots))
            if photo is None:
                pen.rectangle((corner, far), fill=_GREY, outline=_DARK)
                pen.line((corner, far), fill=_DARK)
                pen.line(((corner[0], far[1]), (far[0], corner[1])), fill=_DARK)
            else:
                layer.paste(photo.resize((far[0] - corner[0], far[1] - corner[1])), corner)
        for glyph in piece.glyphs:
            font = font_at(glyph.font.path, glyph.font.index, piece.size * POINT * dots)
            pen.text((glyph.x * dots, glyph.y * dots), glyph.character, fill="black", font=font, anchor="ls")
        if element.rotation:
            middle = (element.x + element.w / 2) * dots, (element.y + element.h / 2) * dots
            layer = layer.rotate(element.rotation, Image.Resampling.BICUBIC, center=middle)
        card.paste(layer, mask=layer)
    target = BytesIO()
    card.save(target, "PNG", dpi=(dpi, dpi))
    return target.getvalue()


def pdf(sides: Sequence[Iterable[Piece]], photo: Image | None) -> bytes:
    """A page of the card's own size for each side.  Raises FaceError("face-library")."""
    try:
        from reportlab.lib.utils import ImageReader
        from reportlab.pdfgen.canvas import Canvas
    except ImportError as error:
        raise FaceError("face-library", name=error.name) from None
    target = BytesIO()
    canvas = Canvas(target, pagesize=(WIDTH / POINT, HEIGHT / POINT), invariant=1)
    canvas.setTitle("sscard face")
    for side in sides:
        for piece in side:
            element = piece.element
            canvas.saveState()
            canvas.translate((element.x + element.w / 2) / POINT, (HEIGHT - element.y - element.h / 2) / POINT)
            canvas.rotate(element.rotation)
            canvas.translate(-(element.x + element.w / 2) / POINT, -(HEIGHT - element.y - element.h / 2) / POINT)
            if element.kind is Kind.PHOTO:
                left, top, width, height = (length / POINT for length in _box(element, photo))
                low = HEIGHT / POINT - top - height
                if photo is None:
                    canvas.setFillColorRGB(*(part / 255 for part in _GREY))
                    canvas.setStrokeColorRGB(*(part / 255 for part in _DARK))
                    canvas.setLineWidth(0.25)
                    canvas.rect(left, low, width, height, fill=1)
                    canvas.line(left, low, left + width, low + height)
                    canvas.line(left, low + height, left + width, low)
                else:
                    canvas.drawImage(ImageReader(photo), left, low, width, height)
            for glyph in piece.glyphs:
                _outline(canvas, glyph, piece.size)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _box(element: Element, photo: Image | None) -> tuple[float, float, float, float]:
    """Left, top, width and height of a photo in mm: as large as its box allows, its proportions kept."""
    width, height = element.inner
    if photo is not None:
        scale = min(width / photo.width, height / photo.height)
        width, height = photo.width * scale, photo.height * scale
    return element.x + element.w / 2 - width / 2, element.y + element.h / 2 - height / 2, width, height


def _outline(canvas: Any, glyph: Glyph, size: float) -> None:
    from fontTools.pens.basePen import BasePen

    path = canvas.beginPath()
    scale = size / glyph.font.units
    left, low = glyph.x / POINT, (HEIGHT - glyph.y) / POINT

    class Pen(BasePen):  # type: ignore[misc]
        def _moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802
            path.moveTo(*_at(point))

        def _lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
            path.lineTo(*_at(point))

        def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802
            path.curveTo(*(part for point in points for part in _at(point)))

        def _closePath(self) -> None:  # noqa: N802
            path.close()

    def _at(point: tuple[float, float]) -> tuple[float, float]:
        return left + point[0] * scale, low + point[1] * scale

    glyph.font.draw(glyph.character, Pen(glyph.font.table.getGlyphSet()))
    canvas.setFillColorRGB(0, 0, 0)
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)
