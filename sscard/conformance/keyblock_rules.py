"""Rules of key blocks that vectors name: SSKB1 made and read, TR-31 blocks read (docs/keyblock.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.errors import CustodyError
from sscard.keys import keyblock, tr31
from sscard.keys.catalog import Level
from sscard.keys.derivation import Handed, Place
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.store import Usage

Given = Mapping[str, Any]
Values = dict[str, object]


def sskb1_make(given: Given) -> Values:
    """The block of a key under an SM4 transport key, with nonce and fill given."""
    key = Handed(
        name=given["name"],
        level=Level(given["level"]),
        place=Place.parse(given["path"]),
        version=given["version"],
        algorithm=Algorithm[given["algorithm"]],
        usage=Usage(given["usage"]),
        demo=given["demo"],
        exportable=given["exportable"],
        value=Secret(bytes.fromhex(given["key"])),
    )
    nonce, fill = bytes.fromhex(given["nonce"]), bytes.fromhex(given["fill"])
    return {"block": keyblock.seal(key, bytes.fromhex(given["transport_key"]), nonce, fill)}


def sskb1_read(given: Given) -> Values:
    """What an SSKB1 block holds, or that it is refused."""
    return _read(keyblock.open_block, given)


def tr31_read(given: Given) -> Values:
    """What a TR-31 block of version D holds, or that it is refused."""
    return _read(tr31.unwrap, given)


def _read(unwrap: Callable[[str, bytes], Handed], given: Given) -> Values:
    try:
        key = unwrap(given["block"], bytes.fromhex(given["transport_key"]))
    except CustodyError as error:
        return {"refused": error.code}
    return {
        "name": key.name,
        "level": key.level.value,
        "path": str(key.place),
        "version": key.version,
        "algorithm": key.algorithm.name,
        "usage": key.usage.value,
        "demo": key.demo,
        "exportable": key.exportable,
        "key": key.value.reveal().hex().upper(),
    }


RULES: Final = {"sskb1-make": sskb1_make, "sskb1-read": sskb1_read, "tr31-read": tr31_read}
