"""Where profile files are found: among those that come with the toolkit, by name, or anywhere, by path.

Files whose name begins with ``overlay-`` are no whole profile: they hold additions to one (docs/card.md, "overlays").
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from sscard.errors import ProfileError

SUFFIX: Final = ".toml"
OVERLAY: Final = "overlay-"
JOINT: Final = "+"
"""Between a profile and the overlays put on it: ``ssc2-des+overlay-informative``."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its bytes, what errors call it, and the folder that paths inside it start from (None: packaged)."""

    raw: bytes
    file: str
    folder: Path | None = None

    def sibling(self, name_or_path: str) -> Source:
        """Another file named in this one.  Raises ProfileError as :func:`locate` does."""
        return locate(name_or_path, self.folder)


def packaged() -> tuple[str, ...]:
    """Names of all profile and overlay files of the toolkit, sorted."""
    folder = files("sscard.cos") / "profiles"
    return tuple(sorted(entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX)))


def locate(name_or_path: str, folder: Path | None = None) -> Source:
    """The packaged file of that name, or the file at that path, which starts from ``folder``.

    Raises ProfileError("profile-unknown" or "profile-file").
    """
    path = Path(name_or_path)
    if _is_name(path):
        if name_or_path not in packaged():
            raise ProfileError("profile-unknown", name=name_or_path, known=", ".join(packaged()))
        resource = files("sscard.cos") / "profiles" / f"{name_or_path}{SUFFIX}"
        return Source(resource.read_bytes(), f"{name_or_path}{SUFFIX}")
    path = folder / path if folder is not None else path
    try:
        return Source(path.read_bytes(), str(path), path.parent)
    except OSError as error:
        raise ProfileError("profile-file", file=str(path), reason=error.strerror or "") from None


def absolute(words: str) -> str:
    """A profile with its overlays, paths made whole so that they mean the same from any folder; names stay."""
    if Path(words).is_file():
        return str(Path(words).resolve())
    return JOINT.join(word if _is_name(Path(word)) else str(Path(word).resolve()) for word in words.split(JOINT))


def _is_name(path: Path) -> bool:
    return path.suffix != SUFFIX and len(path.parts) == 1
