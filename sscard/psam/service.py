"""A PSAM as the key service of a counter: user-card authentication and secure messages, without any vault.

The PSAM is asked for the card key by 3, 2, then 1 factors; what it answered to is remembered.  It holds one version of
a key, named in the information file of who loaded it.  What a PSAM cannot do is refused (docs/psam.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

from sscard.cos.psam import Authority, PsamType
from sscard.errors import CustodyError, GuardRefused, NotServed
from sscard.keys import catalog
from sscard.keys.catalog import Level
from sscard.keys.diversify import FACTOR_SIZE
from sscard.keys.family import Algorithm, pad_length
from sscard.keys.psam import MAX_LEVELS, KeyPlace, PsamClass, Usage, factors_of
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.psam.reader import Psam

_WRONG_NUMBER: Final = frozenset((0x6A88, 0x6A80))
"""No key of that usage, or not that many factors: both mean another level is to be tried."""
_NOT_FOR_THAT: Final = 0x6985
_MAC: Final = frozenset((PsamClass.MAC, PsamClass.BOTH, PsamClass.LOAD, PsamClass.TAC))
_CIPHER: Final = frozenset((PsamClass.CIPHER, PsamClass.BOTH))


class PsamKeyService:
    """:class:`sscard.keys.service.KeyService` over a PSAM.

    ``day`` (YYYYMMDD) is today.  Raises GuardRefused("psam-expired") for a PSAM whose period does not hold it,
    ("psam-debug") for a full-key debug PSAM where ``production`` is set.
    """

    def __init__(self, psam: Psam, day: str, *, production: bool) -> None:
        self.psam = psam
        self.facts = psam.facts()
        if not self.facts.valid(day):
            raise GuardRefused("psam-expired", terminal=self.facts.terminal, day=day)
        if production and self.demo:
            raise GuardRefused("psam-debug", terminal=self.facts.terminal)
        self._places: dict[str, KeyPlace] = {}

    @property
    def demo(self) -> bool:
        """Whether this is a debug PSAM."""
        return self.facts.public.type == PsamType.DEBUG

    def algorithm(self, ref: KeyRef) -> Algorithm:
        return self.psam.algorithm

    def authentication_data(self, ref: KeyRef, challenge: bytes, original: bytes) -> bytes:
        self._deliver(ref, challenge, _CIPHER)
        return self.psam.authentication_data(original)

    def session_mac(self, ref: KeyRef, challenge: bytes, message: bytes) -> bytes:
        self._deliver(ref, challenge, _MAC)
        return self.psam.mac(message)

    def session_cipher(self, ref: KeyRef, challenge: bytes, plain: bytes) -> bytes:
        self._deliver(ref, challenge, _CIPHER)
        return self.psam.encipher(pad_length(plain, self.psam.block))

    def require(self, algorithm: Algorithm) -> None:
        """Return for the PSAM's own cipher.  Raises NotServed for another."""
        if algorithm is not self.psam.algorithm:
            raise NotServed("psam-cannot", operation=algorithm.name)

    def prepare(self, refs: Iterable[KeyRef], cards: Sequence[bytes]) -> None:
        """Nothing is made ahead: a PSAM holds one session key at a time."""

    def forget(self, card: bytes) -> None:
        """Nothing of a card is kept here."""

    def close(self) -> None:
        """The PSAM belongs to its opener."""

    def _deliver(self, ref: KeyRef, challenge: bytes, wanted: frozenset[PsamClass]) -> None:
        """Have the card key's session key in the PSAM.

        Raises CustodyError where the PSAM has no such key, or has it for other work only.
        """
        if len(ref.card) != FACTOR_SIZE:
            raise CustodyError("card-factor", ref=str(ref), size=FACTOR_SIZE)
        if len(ref.region) != 6:
            raise CustodyError("key-city", ref=str(ref))
        self._check_version(ref)
        refused = False
        for place in self._candidates(ref.name):
            answer = self.psam.deliver(place, factors_of(ref, place.usage.levels), challenge)
            if answer.ok:
                self._places[catalog.canonical(ref.name)] = place
                if place.usage.kind not in wanted:
                    raise NotServed("psam-class", ref=str(ref), place=str(place))
                return
            refused = refused or answer.sw == _NOT_FOR_THAT
            if answer.sw not in (*_WRONG_NUMBER, _NOT_FOR_THAT):
                raise CustodyError("psam-refused", ref=str(ref), sw=f"{answer.sw:04X}")
        raise NotServed("psam-class", ref=str(ref), place="–") if refused else CustodyError("psam-no-key", ref=str(ref))

    def _candidates(self, name: str) -> list[KeyPlace]:
        """Where the key may be: where it was last time, else every class and level the lists know."""
        known = self._places.get(catalog.canonical(name))
        if known is not None:
            return [known]
        try:
            row = catalog.find(name)
        except CustodyError:
            return []
        return [
            KeyPlace(Usage(levels, PsamClass(kind)), row.psam.ids[0])
            for kind in row.psam.classes
            for levels in range(MAX_LEVELS, 0, -1)
        ]

    def _check_version(self, ref: KeyRef) -> None:
        """The PSAM holds the version its information file names; one without such a file holds version 1."""
        local = any(row.name == catalog.canonical(ref.name) and row.level is Level.LOCAL for row in catalog.load())
        told = self.facts.information.get(Authority.PROVINCE if local else Authority.NATIONAL)
        if ref.version != (told.authentication_key_version if told else 1):
            raise CustodyError("psam-no-key", ref=str(ref))

    def _never(self, operation: str) -> NoReturn:
        raise NotServed("psam-cannot", operation=operation)

    def check_value(self, ref: KeyRef) -> bytes:
        self._never("check_value")

    def transaction_code(self, ref: KeyRef, fields: bytes) -> bytes:
        self._never("transaction_code")

    def direct_cryptogram(self, ref: KeyRef, challenge: bytes) -> bytes:
        self._never("direct_cryptogram")

    def direct_cipher(self, ref: KeyRef, plain: bytes) -> bytes:
        self._never("direct_cipher")

    def folded_mac(self, ref: KeyRef, message: bytes) -> bytes:
        self._never("folded_mac")

    def key_mac(self, ref: KeyRef, initial: bytes, message: bytes) -> bytes:
        self._never("key_mac")

    def wrap_key(self, ref: KeyRef, under: KeyRef, prefix: bytes, fill: bytes = b"") -> bytes:
        self._never("wrap_key")

    def wrap_for_psam(self, ref: KeyRef, under: KeyRef, head: bytes) -> bytes:
        self._never("wrap_for_psam")

    def first_key(self, ref: KeyRef) -> Secret:
        self._never("first_key")

    def presentation(self, ref: KeyRef) -> Secret:
        self._never("presentation")
