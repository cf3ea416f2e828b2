"""Key blocks of ASC X9 TR-31 (ANSI X9.143), version D: DES keys under an AES transport key, by the library ``psec``.

The fields of the standard say usage, algorithm, mode, version and exportability; the optional block ``LB`` holds the
name, the proprietary block ``10`` what only this hierarchy knows: ``level/mark/region/card``.  docs/keyblock.md.
"""

from __future__ import annotations

import re
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.catalog import Level
from sscard.keys.derivation import Handed, Place
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.store import Usage

_USAGE: Final = "10"
"""Proprietary usage: master key of a diversification; the standard has none."""
_MODE: Final = "X"
_CIPHERS: Final = {8: "D", 16: "T"}
_LEVELS: Final = {"N": Level.NATIONAL, "L": Level.LOCAL, "I": Level.ISSUER}
_PLACE: Final = re.compile(r"([NLI])/([DP])/((?:[0-9]{2}(?:[0-9]{4})?)?)/((?:[0-9A-F]{16})?)", re.ASCII)
_MASK: Final = 32
"""Every key is masked to the longest size of DES keys and beyond, so that no length shows."""
_CANONICAL: Final = re.compile(r"[\x20-\x7e]*[0-9A-F]{128}", re.ASCII)
"""Key data (48 bytes) and MAC (16) are upper-case hex: no second spelling of the same block."""


def wrap(key: Handed, transport: bytes) -> str:
    """A TR-31 block.  ``transport`` has 32 bytes."""
    from psec import tr31

    value = key.value.reveal()
    export = "E" if key.exportable else "N"
    header = tr31.Header("D", _USAGE, _CIPHERS[len(value)], _MODE, f"{key.version:02X}", export)
    level = next(code for code, level in _LEVELS.items() if level is key.level)
    header.blocks["LB"] = key.name
    header.blocks["10"] = f"{level}/{'D' if key.demo else 'P'}/{key.place.region}/{key.place.card.hex().upper()}"
    return tr31.wrap(transport, header, value, _MASK)


def unwrap(text: str, transport: bytes) -> Handed:
    """The key of a TR-31 block.  Raises CustodyError("block-form", "block-mac")."""
    from psec import tr31

    if not text.startswith("D") or not _CANONICAL.fullmatch(text):
        raise CustodyError("block-form")
    try:
        header, value = tr31.unwrap(transport, text)
    except tr31.KeyBlockError:
        raise CustodyError("block-mac") from None
    except ValueError:
        raise CustodyError("block-form") from None
    place = _PLACE.fullmatch(header.blocks.get("10", ""))
    name = header.blocks.get("LB", "")
    kind = header.key_usage, header.mode_of_use, header.algorithm
    if place is None or not name or kind != (_USAGE, _MODE, _CIPHERS.get(len(value))):
        raise CustodyError("block-form")
    return Handed(
        name=name,
        level=_LEVELS[place[1]],
        place=Place(place[3], bytes.fromhex(place[4])),
        version=int(header.version_num, 16),
        algorithm=Algorithm.DES,
        usage=Usage.DIVERSIFY,
        demo=place[2] == "D",
        exportable=header.exportability == "E",
        value=Secret(value),
    )
