"""The key service over a store in this process: the vault file, or a store in memory for tests and sample cards.

Rules of use: a stored key only derives; cryptograms, MACs and wrapping are made with card keys; only an issuer's
master key of one card leaves in clear, for the first load; only presented values are shown as they are.
docs/keys.md, "what the service refuses".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.catalog import PIN, Level, canonical, is_tac
from sscard.keys.diversify import FACTOR_SIZE, city_factor, province_factor
from sscard.keys.family import Algorithm, Family, Keyed, family_of, pad_length
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import CHECK_SIZE, Entry, KeyStore, State, Usage, is_region_path
from sscard.keys.transaction import transaction_code

PIN_FIELD_SIZE: Final = 16
"""Size of the key field a PIN is loaded in: packed digits, filled with FF."""

_CARDS_KEPT: Final = 256
_PREFIX_LIMIT: Final = 16
_PLAIN_SIZES: Final = range(1, 9)
_CHALLENGE_SIZES: Final = (4, 8, 16)
_DIRECT_CHALLENGES: Final = (4, 8)
_DIRECT_PLAINS: Final = range(1, 240)
_DES_BLOCK: Final = 8
_ORIGINAL_SIZE: Final = 8
_NO_ORIGINAL: Final = bytes(_ORIGINAL_SIZE)


@dataclass(slots=True)
class _CardKey:
    """A key of one card.  Its cipher is set up when it is first used: most keys are only wrapped."""

    family: Family
    level: Level
    value: Secret
    _keyed: Keyed | None = None

    @property
    def keyed(self) -> Keyed:
        if self._keyed is None:
            self._keyed = self.family.keyed(self.value.reveal())
        return self._keyed


@dataclass(frozen=True, slots=True)
class _Branch:
    """A stored key at the place a reference means, ready to make card keys."""

    entry: Entry
    family: Family
    keyed: Keyed


class VaultKeyService:
    """:class:`sscard.keys.service.KeyService` over a :class:`KeyStore`.

    Safe for several threads.  Card keys are kept until :meth:`forget`; of more than 256 cards the oldest are dropped.
    """

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._stored = {entry.place: entry for entry in store}
        self._branches: dict[tuple[str, str, int], _Branch] = {}
        self._cards: dict[bytes, dict[KeyRef, _CardKey]] = {}
        self._lock = threading.Lock()

    @property
    def demo(self) -> bool:
        return self._store.demo

    def algorithm(self, ref: KeyRef) -> Algorithm:
        return self._nearest(ref).algorithm

    def check_value(self, ref: KeyRef) -> bytes:
        with self._lock:
            key = self._card_key(ref) if ref.card else self._branch(ref)
            return key.keyed.encrypt(bytes(key.family.block))[:CHECK_SIZE]

    def authentication_data(self, ref: KeyRef, challenge: bytes, original: bytes) -> bytes:
        family, session_key = self._session(ref, challenge, original)
        return family.authentication_data(session_key, original)

    def session_mac(self, ref: KeyRef, challenge: bytes, message: bytes) -> bytes:
        family, session_key = self._session(ref, challenge)
        return family.session_mac(session_key, message)

    def session_cipher(self, ref: KeyRef, challenge: bytes, plain: bytes) -> bytes:
        if len(plain) not in _PLAIN_SIZES:
            raise CustodyError("key-plain", ref=str(ref), size=len(plain))
        family, session_key = self._session(ref, challenge)
        return family.encrypt(session_key, pad_length(plain, family.block))

    def transaction_code(self, ref: KeyRef, fields: bytes) -> bytes:
        if not is_tac(ref.name):
            raise CustodyError("key-not-tac", ref=str(ref))
        with self._lock:
            key = self._card_key(ref)
            return transaction_code(key.family, key.value.reveal(), fields)

    def direct_cryptogram(self, ref: KeyRef, challenge: bytes) -> bytes:
        if len(challenge) not in _DIRECT_CHALLENGES:
            raise CustodyError("key-input", ref=str(ref), challenge=len(challenge), original=0)
        with self._lock:
            key = self._card_key(ref)
            _require_des(ref, key)
            return key.keyed.encrypt(challenge.ljust(key.family.block, b"\0"))

    def direct_cipher(self, ref: KeyRef, plain: bytes) -> bytes:
        if len(plain) not in _DIRECT_PLAINS:
            raise CustodyError("key-plain-direct", ref=str(ref), size=len(plain))
        with self._lock:
            key = self._card_key(ref)
            return key.keyed.encrypt(pad_length(plain, key.family.block))

    def folded_mac(self, ref: KeyRef, message: bytes) -> bytes:
        with self._lock:
            key = self._card_key(ref)
            _require_des(ref, key)
            return transaction_code(key.family, key.value.reveal(), message)

    def key_mac(self, ref: KeyRef, initial: bytes, message: bytes) -> bytes:
        with self._lock:
            key = self._card_key(ref)
            _check_sizes(ref, key.family, initial)
            return key.keyed.key_mac(message, initial)

    def wrap_key(self, ref: KeyRef, under: KeyRef, prefix: bytes, fill: bytes = b"") -> bytes:
        if not ref.card:
            raise CustodyError("key-card-level", ref=str(ref))
        if (ref.card, ref.region) != (under.card, under.region):
            raise CustodyError("key-other-card", ref=str(ref), under=str(under))
        if max(len(prefix), len(fill)) > _PREFIX_LIMIT:
            raise CustodyError("key-prefix", ref=str(ref), size=max(len(prefix), len(fill)), limit=_PREFIX_LIMIT)
        with self._lock:
            wrapping = self._card_key(under, issuer_only=True)
            field = self._pin_field(ref) if ref.name == PIN else self._card_key(ref).value.reveal()
            return wrapping.keyed.encrypt(pad_length(prefix + field + fill, wrapping.family.block))

    def first_key(self, ref: KeyRef) -> Secret:
        with self._lock:
            return Secret(self._card_key(ref, issuer_only=True).value.reveal())

    def presentation(self, ref: KeyRef) -> Secret:
        entry = self._nearest(ref)
        if entry.usage is not Usage.PRESENT:
            raise CustodyError("key-not-presented", ref=str(ref))
        return Secret(self._store.value(entry).reveal())

    def forget(self, card: bytes) -> None:
        with self._lock:
            self._drop(card)

    def _pin_field(self, ref: KeyRef) -> bytes:
        return self.presentation(ref).reveal().ljust(PIN_FIELD_SIZE, b"\xff")

    def _session(self, ref: KeyRef, challenge: bytes, original: bytes = _NO_ORIGINAL) -> tuple[Family, bytes]:
        """Family and session key of a card key for one challenge."""
        with self._lock:
            key = self._card_key(ref)
            _check_sizes(ref, key.family, challenge, original)
            return key.family, key.keyed.session_key(challenge)

    def _card_key(self, ref: KeyRef, *, issuer_only: bool = False) -> _CardKey:
        """The card key of a reference, from the cache or derived now; the lock is held."""
        kept = self._cards.get(ref.card)
        key = kept.get(ref) if kept is not None else None
        if key is None:
            key = self._derive(ref)
        if issuer_only and key.level is not Level.ISSUER:
            raise CustodyError("key-not-master", ref=str(ref))
        return key

    def _derive(self, ref: KeyRef) -> _CardKey:
        if not ref.card:
            raise CustodyError("key-card-level", ref=str(ref))
        if len(ref.card) != FACTOR_SIZE:
            raise CustodyError("card-factor", ref=str(ref), size=FACTOR_SIZE)
        branch = self._branch(ref)
        if branch.entry.level is not Level.ISSUER and len(ref.region) != 6:
            raise CustodyError("key-city", ref=str(ref))
        key = _CardKey(branch.family, branch.entry.level, Secret(branch.keyed.diversify(ref.card)))
        if ref.card not in self._cards and len(self._cards) >= _CARDS_KEPT:
            self._drop(next(iter(self._cards)))
        self._cards.setdefault(ref.card, {})[ref] = key
        return key

    def _branch(self, ref: KeyRef) -> _Branch:
        """The key a reference means without its card factor; the lock is held."""
        name = canonical(ref.name)
        place = name, ref.region, ref.version
        branch = self._branches.get(place)
        if branch is None:
            entry = self._nearest(ref)
            if entry.usage is not Usage.DIVERSIFY:
                raise CustodyError("key-presented-only", ref=str(ref))
            family = family_of(entry.algorithm)
            value = self._store.value(entry).reveal()
            if entry.level is not Level.ISSUER:
                for factor in _steps(entry.region, ref.region):
                    value = family.diversify(value, factor)
            branch = _Branch(entry, family, family.keyed(value))
            self._branches[place] = branch
        return branch

    def _nearest(self, ref: KeyRef) -> Entry:
        """The stored entry nearest to the place a reference means: city, province, nation."""
        if not is_region_path(ref.region):
            raise CustodyError("key-region-path", key=str(ref))
        name = canonical(ref.name)
        for region in dict.fromkeys((ref.region, ref.region[:2], "")):
            entry = self._stored.get((name, region, ref.version))
            if entry is not None:
                if entry.state is not State.ACTIVE:
                    raise CustodyError("key-state", ref=str(ref), state=entry.state.value)
                return entry
        raise CustodyError("key-missing", ref=str(ref))

    def _drop(self, card: bytes) -> None:
        for key in self._cards.pop(card, {}).values():
            key.value.wipe()


def _check_sizes(ref: KeyRef, family: Family, challenge: bytes, original: bytes = _NO_ORIGINAL) -> None:
    """Refuse challenges that are not 4, 8 or 16 bytes (16 only with a 16-byte block) and originals that are not 8."""
    if len(challenge) not in _CHALLENGE_SIZES or len(challenge) > family.block or len(original) != _ORIGINAL_SIZE:
        raise CustodyError("key-input", ref=str(ref), challenge=len(challenge), original=len(original))


def _require_des(ref: KeyRef, key: _CardKey) -> None:
    """Refuse keys of a 16-byte block where a command knows DES only."""
    if key.family.block != _DES_BLOCK:
        raise CustodyError("key-not-des", ref=str(ref))


def _steps(stored: str, wanted: str) -> list[bytes]:
    """Factors that lead from the place a key is stored at to the place that is wanted."""
    steps = []
    if not stored and wanted:
        steps.append(province_factor(wanted.ljust(6, "0")))
    if len(stored) < 6 and len(wanted) == 6:
        steps.append(city_factor(wanted))
    return steps
