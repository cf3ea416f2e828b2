"""Key blocks (密钥块): a key on its way from one custodian to another, enciphered under a transport key.

Name, usage, level, place, algorithm, version, exportability and the DEMO mark are bound to the value: a block with any
changed character is refused.  Under an SM4 transport key the block is SSKB1, the project's own (docs/keyblock.md, byte
by byte); under an AES transport key it is a TR-31 block of version D (sscard.keys.tr31), for DES keys.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.cmac import CMAC

from sscard.errors import CustodyError
from sscard.keys import tr31
from sscard.keys.catalog import Level
from sscard.keys.checkvalue import key_sizes
from sscard.keys.derivation import Handed, Place
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore, Usage

MAGIC: Final = "SSKB1"
FIELD_SIZE: Final = 48
"""Bytes enciphered in every SSKB1 block: length, key, random fill; longer than any key, so that no length shows."""

_BLOCK: Final = 16
_HEAD: Final = re.compile(
    r"SSKB1(?P<size>[0-9]{4})(?P<usage>[A-Z])(?P<algorithm>[A-Z])(?P<level>[A-Z])(?P<export>[EN])(?P<mark>[DP])"
    r"(?P<version>[0-9A-F]{2})(?P<region>[0-9]{6}|[0-9]{2}----|------)(?P<card>[0-9A-F]{16}|-{16})"
    r"(?P<length>[0-9]{2})(?P<rest>[!-~]*)",
    re.ASCII,
)
_TAIL: Final = re.compile(rf"[0-9A-F]{{{2 * (_BLOCK + FIELD_SIZE + _BLOCK)}}}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_USAGES: Final = {Usage.DIVERSIFY: "D", Usage.PRESENT: "P", Usage.WRAP: "W"}
_LEVELS: Final = {Level.NATIONAL: "N", Level.LOCAL: "L", Level.ISSUER: "I"}
_ALGORITHMS: Final = {Algorithm.SM4: "S", Algorithm.SSF33: "F", Algorithm.SM1: "M", Algorithm.DES: "T"}

E = TypeVar("E", bound=Enum)


def transport_key(store: KeyStore, name: str, version: int | None = None) -> Entry:
    """The transport key of a name, its newest active version where none is given.  Raises CustodyError."""
    found = [entry for entry in store if entry.name == name and version in (None, entry.version)]
    active = [entry for entry in found if entry.usable]
    if not active:
        raise CustodyError(
            "key-state" if found else "key-missing", ref=name, state=found[0].state.value if found else ""
        )
    entry = max(active, key=lambda entry: entry.version)
    if entry.usage is not Usage.WRAP:
        raise CustodyError("key-not-transport", ref=str(entry))
    return entry


def wrap(key: Handed, store: KeyStore, under: Entry) -> str:
    """The key as one line of text under a transport key of ``store``.

    Raises CustodyError: "block-name", "block-algorithm" where the transport key does not carry such keys.
    """
    if not _NAME.fullmatch(key.name):
        raise CustodyError("block-name", name=key.name)
    if under.algorithm is Algorithm.AES and key.algorithm is Algorithm.DES:
        return tr31.wrap(key, store.value(under).reveal())
    if under.algorithm is not Algorithm.SM4 or key.algorithm not in _ALGORITHMS:
        raise CustodyError("block-algorithm", ref=str(key), algorithm=key.algorithm.name, under=str(under))
    return seal(key, store.value(under).reveal(), secrets.token_bytes(_BLOCK), secrets.token_bytes(FIELD_SIZE))


def unwrap(text: str, store: KeyStore, under: Entry) -> Handed:
    """The key of a block; the caller wipes its value.

    Raises CustodyError: "block-form" (no block, or one of the other kind), "block-mac" (changed, or under another
    transport key).
    """
    if under.algorithm is Algorithm.AES:
        return tr31.unwrap(text, store.value(under).reveal())
    return open_block(text, store.value(under).reveal())


def seal(key: Handed, transport: bytes, nonce: bytes, fill: bytes) -> str:
    """An SSKB1 block with the nonce (16 bytes) and the fill (FIELD_SIZE bytes, cut to length) given."""
    value = key.value.reveal()
    head = "".join(
        (
            _USAGES[key.usage],
            _ALGORITHMS[key.algorithm],
            _LEVELS[key.level],
            "E" if key.exportable else "N",
            "D" if key.demo else "P",
            f"{key.version:02X}",
            key.place.region.ljust(6, "-"),
            key.place.card.hex().upper() or "-" * 16,
            f"{len(key.name):02}",
            key.name,
        )
    )
    size = len(MAGIC) + 4 + len(head) + 2 * (_BLOCK + FIELD_SIZE + _BLOCK)
    plain = ((8 * len(value)).to_bytes(2, "big") + value + fill)[:FIELD_SIZE]
    body = nonce + _counter(_derived(transport, b"SSKB1-ENC"), nonce, plain)
    text = f"{MAGIC}{size:04}{head}{body.hex().upper()}"
    return text + _cmac(_derived(transport, b"SSKB1-MAC"), text.encode("ascii")).hex().upper()


def open_block(text: str, transport: bytes) -> Handed:
    """The key of an SSKB1 block.  Raises CustodyError("block-form", "block-mac")."""
    found = _HEAD.fullmatch(text)
    if found is None or int(found["size"]) != len(text):
        raise CustodyError("block-form")
    name, tail = found["rest"][: int(found["length"])], found["rest"][int(found["length"]) :]
    if not (_NAME.fullmatch(name) and _TAIL.fullmatch(tail)):
        raise CustodyError("block-form")
    mac = _cmac(_derived(transport, b"SSKB1-MAC"), text[: -2 * _BLOCK].encode("ascii"))
    if not hmac.compare_digest(mac, bytes.fromhex(tail[-2 * _BLOCK :])):
        raise CustodyError("block-mac")
    body = bytes.fromhex(tail)
    plain = _counter(_derived(transport, b"SSKB1-ENC"), body[:_BLOCK], body[_BLOCK:-_BLOCK])
    size = int.from_bytes(plain[:2], "big") // 8
    algorithm = meaning(_ALGORITHMS, found["algorithm"])
    if size not in key_sizes(algorithm):
        raise CustodyError("block-form")
    return Handed(
        name=name,
        level=meaning(_LEVELS, found["level"]),
        place=Place(found["region"].rstrip("-"), bytes.fromhex(found["card"].replace("-", ""))),
        version=int(found["version"], 16),
        algorithm=algorithm,
        usage=meaning(_USAGES, found["usage"]),
        demo=found["mark"] == "D",
        exportable=found["export"] == "E",
        value=Secret(plain[2 : 2 + size]),
    )


def meaning(codes: Mapping[E, str], code: str) -> E:
    """The member a code stands for.  Raises CustodyError("block-form")."""
    for member, known in codes.items():
        if known == code:
            return member
    raise CustodyError("block-form")


def _derived(transport: bytes, label: bytes) -> bytes:
    """One 16-byte key of the transport key: KDF in counter mode over SM4-CMAC (SP 800-108), a single block."""
    return _cmac(transport, b"\x01" + label + b"\x00\x00\x80")


def _cmac(key: bytes, message: bytes) -> bytes:
    cmac = CMAC(SM4(key))
    cmac.update(message)
    return cmac.finalize()


def _counter(key: bytes, nonce: bytes, data: bytes) -> bytes:
    return Cipher(SM4(key), modes.CTR(nonce)).encryptor().update(data)
