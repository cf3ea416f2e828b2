"""Custody: where stored keys live, seen from the key service that works with them.

A custody never gives a stored key away.  It says what it holds and what it can calculate, and makes card keys, many
cards at a time.  docs/keys.md, "back ends".
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, Protocol

from sscard.keys.diversify import FACTOR_SIZE
from sscard.keys.family import COMPLEMENT, Algorithm
from sscard.keys.secret import Secret
from sscard.keys.store import Entry

SINGLE_DES_SIZE: Final = 8


class Batch:
    """Card factors (8 bytes each) laid out once for all keys that are diversified with them."""

    def __init__(self, cards: Sequence[bytes]) -> None:
        self.cards = cards
        self.plain = b"".join(cards)

    @cached_property
    def pairs(self) -> bytes:
        """Each factor followed by its complement."""
        words = array("Q", bytes(2 * len(self.plain)))
        words[0::2] = array("Q", self.plain)
        words[1::2] = array("Q", self.plain.translate(COMPLEMENT))
        return words.tobytes()

    def blocks(self, key_size: int) -> bytes:
        """What a key of that size (8 or 16 bytes) enciphers to make its children."""
        return self.plain if key_size == SINGLE_DES_SIZE else self.pairs

    def __len__(self) -> int:
        return len(self.plain) // FACTOR_SIZE


class Branch(Protocol):
    """A stored key at the place of the hierarchy where card keys are made from it."""

    @property
    def entry(self) -> Entry:
        """The stored key the branch grows from."""
        ...

    def check_value(self) -> bytes:
        """First 3 bytes of a zero block enciphered under the key."""
        ...

    def diversify(self, batch: Batch) -> bytes:
        """The card keys of a batch, joined in its order: one call of the device."""
        ...

    def root(self) -> Secret:
        """The key itself, to be wrapped for a PSAM.  Raises NotServed where it cannot leave a device."""
        ...


class Custody(Protocol):
    """A place where keys are kept."""

    @property
    def demo(self) -> bool:
        """Whether the keys are demonstration keys."""
        ...

    @property
    def revision(self) -> int:
        """Counts the changes of :meth:`entries`, for those who keep what they worked out from them."""
        ...

    def entries(self) -> Iterable[Entry]:
        """What may be told of the keys held."""
        ...

    def require(self, algorithm: Algorithm) -> None:
        """Return when the custody can calculate with an algorithm, else raise CustodyError."""
        ...

    def branch(self, entry: Entry, steps: Sequence[bytes]) -> Branch:
        """The key of an entry taken down by the region factors ``steps``.

        Raises CustodyError("custody-level") where that would bring a master key out of a device.
        """
        ...

    def presented(self, entry: Entry) -> Secret:
        """A value that is shown to cards as it is: PIN, transport code."""
        ...

    def close(self) -> None:
        """Let go of device and connection; idempotent."""
        ...
