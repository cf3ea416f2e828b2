"""A card on disk: a readable JSON file that loads back to the same card, byte for byte.

Bytes are hex, sizes decimal.  Security state is not in it: a loaded card is a card just reset.  The image holds keys
and PIN in clear, as the chip does: it is for demonstration keys, and its file is readable by its owner alone.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sscard.durable import write_private
from sscard.emulator.powered import AnyCard
from sscard.errors import WorkspaceError

FORMAT: Final = "sscard-card-image"
VERSION: Final = 2
"""Version 2 added ``interface``; an image of version 1 is a contact card."""
_IN_MEMORY: Final = "-"
_T514: Final = "t514"
_INTERVAL: Final = "sscard.emulator.fmcos.image"
_SYSTEMS: Final = {
    _T514: "sscard.emulator.image_t514",
    "fmcos": _INTERVAL,
    "smartcos": _INTERVAL,
    "carrier": "sscard.emulator.mother.image",
    "psam": "sscard.emulator.psam.image",
}
"""Module of each card operating system: ``tree_of(chip)`` and ``card_of(tree)``.  Images of T514 do not name it."""


def dump(card: AnyCard) -> str:
    """The card as text, ending with a newline."""
    return json.dumps(tree(card), indent=1, ensure_ascii=True) + "\n"


def tree(card: AnyCard) -> dict[str, Any]:
    """What :func:`dump` writes, to compare cards without the time that text takes."""
    whole: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if card.system != _T514:
        whole["system"] = card.system
    whole |= import_module(_SYSTEMS[card.system]).tree_of(card.chip)
    return whole


def load(text: str, *, path: str = _IN_MEMORY) -> AnyCard:
    """The card of a text; ``path`` is named in errors.

    Raises WorkspaceError: image-damaged for anything but a whole image, image-newer for a later version, image-system
    for a card operating system that is not known.
    """
    try:
        read = json.loads(text)
    except ValueError:
        raise WorkspaceError("image-damaged", path=path, detail="not JSON") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise WorkspaceError("image-damaged", path=path, detail="not a card image")
    version = read.get("version")
    if type(version) is not int or version < 1:
        raise WorkspaceError("image-damaged", path=path, detail="version")
    if version > VERSION:
        raise WorkspaceError("image-newer", path=path, version=version, known=VERSION)
    system = read.get("system", _T514)
    if not isinstance(system, str) or system not in _SYSTEMS:
        raise WorkspaceError("image-system", path=path, system=str(system))
    try:
        card: AnyCard = import_module(_SYSTEMS[system]).card_of(read)
    except KeyError as error:
        raise WorkspaceError("image-damaged", path=path, detail=f"{error.args[0]}") from None
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError):
        raise WorkspaceError("image-damaged", path=path, detail="wrong value") from None
    return card


def save(card: AnyCard, path: Path, *, durable: bool = True) -> None:
    """Write the image so that the file is always the old or the new one; ``durable`` also outlives a power cut."""
    write_private(path, dump(card).encode("ascii"), durable=durable)


def read(path: Path) -> AnyCard:
    """The card of a file.  Raises WorkspaceError: image-missing, image-damaged, image-newer."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise WorkspaceError("image-missing", path=str(path)) from None
    except UnicodeDecodeError:
        raise WorkspaceError("image-damaged", path=str(path), detail="not ASCII") from None
    return load(text, path=str(path))
