"""A file of key blocks (密钥块文件): what one custodian writes and another takes in, line by line, never in clear.

Text of ASCII lines; those that begin with ``#`` say what the file is, each other line is one key block.
docs/keyblock.md, "the file".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sscard.errors import CustodyError, GuardRefused
from sscard.keys.derivation import Handed
from sscard.keys.keyblock import unwrap
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore

HEADER: Final = "# sscard key blocks"
_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """One key of a file: its entry in the store, and whether it is new there."""

    entry: Entry
    new: bool


def render(blocks: Iterable[str], under: Entry) -> bytes:
    """The file, naming the transport key with its check value and method."""
    check = under.check_value.hex().upper()
    head = f"{HEADER}\n# under {under.name}:v{under.version} {check} {under.method.value}\n"
    return (head + "".join(f"{block}\n" for block in blocks)).encode("ascii")


def receive(content: bytes, store: KeyStore, under: Entry) -> tuple[Received, ...]:
    """Put the keys of a file into ``store``; all of them or, where one is refused, none.

    A key that is there already with the same value is left alone.  Raises CustodyError: "block-file", "block-line"
    (naming the line and why), "key-conflict" (another value at the place), "block-card-key" (keys of single cards are
    not stored); GuardRefused("block-demo") for demonstration keys in a production store and the reverse.
    """
    handed = list(_unwrapped(content, store, under))
    try:
        known = [_known(key, store) for key in handed]
        twice = {(key.name, key.place.region, key.version) for key in handed}
        if len(twice) < len(handed):
            raise CustodyError("block-twice")
        return tuple(
            Received(entry, new=False) if entry else Received(add_handed(key, store), new=True)
            for key, entry in zip(handed, known, strict=True)
        )
    finally:
        for key in handed:
            key.value.wipe()


def _unwrapped(content: bytes, store: KeyStore, under: Entry) -> Iterator[Handed]:
    if len(content) > _LIMIT or not content.isascii() or not content.startswith(HEADER.encode()):
        raise CustodyError("block-file")
    for number, line in enumerate(content.decode("ascii").splitlines(), 1):
        if line.startswith("#") or not line:
            continue
        try:
            yield unwrap(line, store, under)
        except CustodyError as error:
            raise CustodyError("block-line", line=number, cause=error.parts()[0], under=str(under)) from None


def _known(key: Handed, store: KeyStore) -> Entry | None:
    """The entry that holds this very key, None where its place is free."""
    if key.demo is not store.demo:
        raise GuardRefused("block-demo", key=str(key))
    if key.place.card:
        raise CustodyError("block-card-key", key=str(key))
    store.check_place(key.name, key.level, key.place.region, key.version)
    for entry in store:
        if entry.place == (key.name, key.place.region, key.version):
            if store.value(entry) != key.value or entry.algorithm is not key.algorithm:
                raise CustodyError("key-conflict", key=str(entry))
            return entry
    return None


def add_handed(key: Handed, store: KeyStore) -> Entry:
    """Put a key that was handed down into a store.  Raises what :meth:`KeyStore.add` raises."""
    return store.add(
        key.name,
        Secret(key.value.reveal()),
        level=key.level,
        algorithm=key.algorithm,
        region=key.place.region,
        version=key.version,
        usage=key.usage,
        exportable=key.exportable,
    )
