"""Custody by a store in this process: the vault file, or a store in memory for tests and sample cards."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sscard.keys.checkvalue import CHECK_SIZE
from sscard.keys.custody import Batch
from sscard.keys.custody_service import CustodyService
from sscard.keys.family import Algorithm, Keyed, family_of
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore


@dataclass(frozen=True, slots=True)
class _StoreBranch:
    """A stored key at its place, its cipher set up."""

    entry: Entry
    keyed: Keyed
    block: int
    value: Secret

    def check_value(self) -> bytes:
        return self.keyed.encrypt(bytes(self.block))[:CHECK_SIZE]

    def diversify(self, batch: Batch) -> bytes:
        return self.keyed.encrypt(batch.blocks(len(self.value)))

    def root(self) -> Secret:
        return self.value


class StoreCustody:
    """:class:`sscard.keys.custody.Custody` over a :class:`KeyStore`: every level can be derived from the ones above."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._lock = threading.Lock()

    @property
    def demo(self) -> bool:
        return self._store.demo

    @property
    def revision(self) -> int:
        """Heeds what other processes have saved: a key frozen by a ceremony is refused from the next call on."""
        with self._lock:
            self._store.refresh()
            return self._store.revision

    def entries(self) -> Iterable[Entry]:
        with self._lock:
            return self._store.entries()

    def require(self, algorithm: Algorithm) -> None:
        family_of(algorithm)

    def branch(self, entry: Entry, steps: Sequence[bytes]) -> _StoreBranch:
        family = family_of(entry.algorithm)
        value = self._copy(entry)
        for factor in steps:
            value = family.diversify(value, factor)
        return _StoreBranch(entry, family.keyed(value), family.block, Secret(value))

    def presented(self, entry: Entry) -> Secret:
        return Secret(self._copy(entry))

    def _copy(self, entry: Entry) -> bytes:
        with self._lock:
            return self._store.value(entry).reveal()

    def close(self) -> None:
        """The store belongs to its opener."""


class VaultKeyService(CustodyService):
    """The key service over a :class:`KeyStore`, usually a vault."""

    def __init__(self, store: KeyStore) -> None:
        super().__init__(StoreCustody(store))
