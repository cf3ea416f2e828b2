"""The key service over any custody that makes card keys: the rules of use, and the keys of the cards in work.

Rules of use: a stored key only derives; cryptograms, MACs and wrapping are made with card keys; only an issuer's
master key of one card leaves in clear, for the first load; only presented values are shown as they are.
docs/keys.md, "what the service refuses".
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sscard.errors import CustodyError
from sscard.keys.catalog import PIN, Level, canonical, is_tac
from sscard.keys.checkvalue import CHECK_SIZE
from sscard.keys.custody import Batch, Branch, Custody
from sscard.keys.diversify import FACTOR_SIZE, factors
from sscard.keys.family import Algorithm, Family, Keyed, family_of, pad_length
from sscard.keys.psam import OWN_KEYS, check_wrap
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import Entry, Usage, nearest
from sscard.keys.transaction import transaction_code

PIN_FIELD_SIZE: Final = 16
"""Size of the key field a PIN is loaded in: packed digits, filled with FF."""

CARDS_KEPT: Final = 256
"""So many cards' keys are kept at a time, and prepared at once."""

_PREFIX_LIMIT: Final = 16
_PLAIN_SIZES: Final = range(1, 9)
_CHALLENGE_SIZES: Final = (4, 8, 16)
_DIRECT_CHALLENGES: Final = (4, 8)
_DIRECT_PLAINS: Final = range(1, 240)
_DES_BLOCK: Final = 8
_ORIGINAL_SIZE: Final = 8
_NOT_DERIVED: Final = {Usage.PRESENT: "key-presented-only", Usage.WRAP: "key-wraps-only"}
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

    def check_value(self) -> bytes:
        return self.keyed.encrypt(bytes(self.family.block))[:CHECK_SIZE]


class CustodyService:
    """:class:`sscard.keys.service.KeyService` over a :class:`Custody`.

    Safe for several threads.  Card keys are kept until :meth:`forget`; of more than 256 cards the oldest are dropped.
    """

    def __init__(self, custody: Custody) -> None:
        self._custody = custody
        self._revision = custody.revision
        self._stored = {entry.place: entry for entry in custody.entries()}
        self._branches: dict[tuple[str, str, int], Branch] = {}
        self._cards: dict[bytes, dict[KeyRef, _CardKey]] = {}
        self._lock = threading.Lock()

    @property
    def demo(self) -> bool:
        return self._custody.demo

    def require(self, algorithm: Algorithm) -> None:
        self._custody.require(algorithm)

    def algorithm(self, ref: KeyRef) -> Algorithm:
        entry = self._nearest(ref)
        if entry.usage is Usage.DIVERSIFY:
            with self._lock:
                self._branch(ref)
        return entry.algorithm

    def check_value(self, ref: KeyRef) -> bytes:
        with self._lock:
            return self._card_key(ref).check_value() if ref.card else self._branch(ref).check_value()

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

    def wrap_for_psam(self, ref: KeyRef, under: KeyRef, head: bytes) -> bytes:
        with self._lock:
            branch = self._branch(replace(ref, card=b""))
            root = branch.root()
            check_wrap(ref, under, head, branch.entry.algorithm, len(root))
            if branch.entry.level is Level.ISSUER:
                raise CustodyError("psam-not-root", ref=str(ref))
            if self._nearest(under).algorithm is not branch.entry.algorithm:
                raise CustodyError("psam-algorithm", ref=str(ref), under=str(under))
            wrapping = self._card_key(under, issuer_only=True)
            return wrapping.keyed.encrypt(pad_length(head + root.reveal(), wrapping.family.block))

    def first_key(self, ref: KeyRef) -> Secret:
        if ref.name in OWN_KEYS and not self.demo:
            raise CustodyError("psam-own-clear", ref=str(ref))
        with self._lock:
            return Secret(self._card_key(ref, issuer_only=True).value.reveal())

    def presentation(self, ref: KeyRef) -> Secret:
        with self._lock:
            return self._presented(ref)

    def prepare(self, refs: Iterable[KeyRef], cards: Sequence[bytes]) -> None:
        if len(cards) > CARDS_KEPT:
            raise CustodyError("key-batch", count=len(cards), limit=CARDS_KEPT)
        for ref in refs:
            if ref.card:
                raise CustodyError("key-stored-level", ref=str(ref))
            for card in cards:
                self._check_card(ref.for_card(card))
            if self._nearest(ref).usage is Usage.DIVERSIFY:
                with self._lock:
                    self._derive(ref, cards)

    def forget(self, card: bytes) -> None:
        with self._lock:
            self._drop(card)

    def close(self) -> None:
        with self._lock:
            for card in list(self._cards):
                self._drop(card)
            self._branches.clear()
        self._custody.close()

    def _presented(self, ref: KeyRef) -> Secret:
        """A value that is shown as it is; the lock is held."""
        entry = self._nearest(ref)
        if entry.usage is not Usage.PRESENT:
            raise CustodyError("key-not-presented", ref=str(ref))
        return self._custody.presented(entry)

    def _pin_field(self, ref: KeyRef) -> bytes:
        return self._presented(ref).reveal().ljust(PIN_FIELD_SIZE, b"\xff")

    def _session(self, ref: KeyRef, challenge: bytes, original: bytes = _NO_ORIGINAL) -> tuple[Family, bytes]:
        """Family and session key of a card key for one challenge."""
        with self._lock:
            key = self._card_key(ref)
            _check_sizes(ref, key.family, challenge, original)
            return key.family, key.keyed.session_key(challenge)

    def _card_key(self, ref: KeyRef, *, issuer_only: bool = False) -> _CardKey:
        """The card key of a reference, from the cache or derived now; the lock is held."""
        self._heed_changes()
        kept = self._cards.get(ref.card)
        key = kept.get(ref) if kept is not None else None
        if key is None:
            self._check_card(ref)
            self._derive(ref, (ref.card,))
            key = self._cards[ref.card][ref]
        if issuer_only and key.level is not Level.ISSUER:
            raise CustodyError("key-not-master", ref=str(ref))
        return key

    def _check_card(self, ref: KeyRef) -> None:
        """Refuse a reference that names no card key."""
        if not ref.card:
            raise CustodyError("key-card-level", ref=str(ref))
        if len(ref.card) != FACTOR_SIZE:
            raise CustodyError("card-factor", ref=str(ref), size=FACTOR_SIZE)
        if len(ref.region) != 6 and self._nearest(ref).level is not Level.ISSUER:
            raise CustodyError("key-city", ref=str(ref))

    def _derive(self, ref: KeyRef, cards: Sequence[bytes]) -> None:
        """Make one key of several cards and keep it; the lock is held."""
        branch = self._branch(ref)
        family, level = family_of(branch.entry.algorithm), branch.entry.level
        values = branch.diversify(Batch(cards))
        size = len(values) // len(cards) if cards else 0
        for number, card in enumerate(cards):
            keys = self._cards.get(card)
            if keys is None:
                if len(self._cards) >= CARDS_KEPT:
                    self._drop(next(iter(self._cards)))
                keys = self._cards[card] = {}
            keys[ref.for_card(card)] = _CardKey(family, level, Secret(values[number * size : (number + 1) * size]))

    def _branch(self, ref: KeyRef) -> Branch:
        """The key a reference means without its card factor; the lock is held."""
        self._heed_changes()
        place = canonical(ref.name), ref.region, ref.version
        branch = self._branches.get(place)
        if branch is None:
            entry = self._nearest(ref)
            if entry.usage is not Usage.DIVERSIFY:
                raise CustodyError(_NOT_DERIVED[entry.usage], ref=str(ref))
            steps = [] if entry.level is Level.ISSUER else factors(entry.region, ref.region)
            branch = self._branches[place] = self._custody.branch(entry, steps)
        return branch

    def _nearest(self, ref: KeyRef) -> Entry:
        """The stored entry nearest to the place a reference means: city, province, nation."""
        if self._revision != self._custody.revision:
            self._stored = {entry.place: entry for entry in self._custody.entries()}
        return nearest(self._stored, ref.name, ref.region, ref.version, str(ref))

    def _heed_changes(self) -> None:
        """Drop what was derived before a key was frozen, thawed or destroyed; the lock is held."""
        revision = self._custody.revision
        if self._revision != revision:
            self._stored = {entry.place: entry for entry in self._custody.entries()}
            self._revision = revision
            self._branches.clear()
            for card in tuple(self._cards):
                self._drop(card)

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
