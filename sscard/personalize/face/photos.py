"""Photos: a folder with one picture a person, by the batch's ``photo`` column or by number.

A picture is decoded and drawn anew, so nothing that a camera wrote into it (EXIF) reaches a preview.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sscard.errors import FaceError
from sscard.personalize.record import Record

if TYPE_CHECKING:
    from PIL.Image import Image

_ENDINGS: Final = (".jpg", ".jpeg", ".png")
_MOST_PIXELS: Final = 40_000_000


class Photos:
    """A folder of photos; None is no folder."""

    def __init__(self, folder: Path | None) -> None:
        """Raises FaceError where the folder is none."""
        if folder is not None and not folder.is_dir():
            raise FaceError("face-unreadable", path=str(folder), cause="not a folder")
        self.folder = folder

    def find(self, record: Record) -> Path | None:
        """The picture of a person: the file its row names, else one called after social-security or card number."""
        if self.folder is None:
            return None
        folder = self.folder.resolve()
        named = record.value("photo")
        names = [named] if named else [f"{key}{end}" for key in (record.ssn, record.card_no) for end in _ENDINGS]
        for path in ((folder / name).resolve() for name in names):
            if path.is_relative_to(folder) and path.is_file():
                return path
        return None

    def picture(self, record: Record) -> Image | None:
        """The decoded picture, in RGB; None where there is none.  Raises FaceError("face-photo")."""
        path = self.find(record)
        return None if path is None else open_picture(path, record.seq)


def open_picture(path: Path, seq: int) -> Image:
    """Decode a JPEG or PNG.  Raises FaceError("face-photo"), which names the row and never the file."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise FaceError("face-library", name=error.name) from None
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise FaceError("face-photo", seq=seq, cause=f"{image.width} × {image.height}")
            return image.convert("RGB")
    except UnidentifiedImageError:
        raise FaceError("face-photo", seq=seq, cause="not JPEG or PNG") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise FaceError("face-photo", seq=seq, cause=cause) from None
