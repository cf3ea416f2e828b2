"""What an action works on and with: the vault, the people at the table, what was done before, who is exposed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sscard.keys.ceremony.carriers import SET_SIZE, Carrier, CarrierCard
from sscard.keys.ceremony.story import Story
from sscard.keys.ceremony.transcript import Facts
from sscard.keys.secret import Secret
from sscard.keys.store import Entry
from sscard.keys.vault import Vault

_CHECK_SIZE: Final = 4

KeyLine = tuple[str, str, str]
"""``NAME:vN@place``, check value in hex, its method: how a key stands in a transcript."""


class Desk(Protocol):
    """The people and readers at the station."""

    def carrier(self, carrier: Carrier, copy: int) -> CarrierCard:
        """The loaded card of this kind and copy, put into a reader; the caller closes it."""
        ...

    def blank(self, carrier: Carrier, copy: int) -> CarrierCard:
        """A card that is to become this kind and copy."""
        ...

    def pin(self, carrier: Carrier, *, new: bool) -> Secret:
        """The PIN of the set's cards of one kind, typed blind by its holder; twice when it is ``new``."""
        ...


class Exposure(Protocol):
    """Who stands under a key: asked after a loss."""

    def under(self, keys: Sequence[Entry], listing: Path) -> Mapping[str, object]:
        """What to write into the transcript: counts by kind, batches, and the SHA-256 of the ``listing`` it wrote."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """``story`` is the run so far, ``folder`` where it lives."""

    vault: Vault
    desk: Desk
    exposure: Exposure
    story: Story
    folder: Path

    @property
    def set_number(self) -> bytes:
        """Number of the set of carriers this run makes: the same however often it is interrupted."""
        return bytes.fromhex(self.story.entries[0].hash)[:SET_SIZE]


Action = Callable[[Bench, Mapping[str, str], bool], Facts]
"""Arguments of the step, and whether an earlier attempt may have done some of it → facts for the transcript."""


def key_line(label: object, check_value: bytes, method: str) -> KeyLine:
    """A key as the transcript shows it."""
    return str(label), check_value.hex().upper(), method


def keys_fact(lines: Iterable[KeyLine]) -> dict[str, object]:
    """The facts of a set of keys: each with its check value, how many, and one check value over all of them.

    The latter is what people read aloud: the first 4 bytes of SHA-256 over the sorted lines ``label check value``.
    """
    ordered = sorted(lines)
    text = "".join(f"{label} {check}\n" for label, check, _ in ordered)
    check = hashlib.sha256(text.encode("ascii")).digest()[:_CHECK_SIZE].hex().upper()
    return {"keys": [list(line) for line in ordered], "count": len(ordered), "set_check": check}


def carrier_fact(carrier: Carrier, copy: int, serial: str) -> dict[str, object]:
    """A carrier that was written or read."""
    return {"item": carrier.item, "copy": copy, "serial": serial}
