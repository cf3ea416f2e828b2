"""The key service: operations on keys by reference, never the keys.

A back end (vault file now; HSM, PKCS#11 and key platform have the same contract) answers with cryptograms, MACs,
enciphered key blocks and check values.  Master keys never leave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret


@dataclass(frozen=True, slots=True)
class KeyRef:
    """Names a key without holding it.

    ``region`` is the six-digit city code whose branch of the hierarchy is meant, empty for a key that is not
    regional.  ``card`` is the card factor (8 bytes), empty for the stored key itself.
    """

    name: str
    region: str = ""
    card: bytes = b""
    version: int = 1

    def for_card(self, factor: bytes) -> KeyRef:
        """The same key, diversified for one card."""
        return KeyRef(self.name, self.region, factor, self.version)

    def __str__(self) -> str:
        where = "/".join(part for part in (self.region, self.card.hex().upper()) if part)
        return f"{self.name}:v{self.version}" + (f"@{where}" if where else "")


class KeyService(Protocol):
    """What a custody back end does.  Every call raises CustodyError when the key is missing or not meant for that."""

    @property
    def demo(self) -> bool:
        """Whether the keys are demonstration keys, refused in production."""
        ...

    def algorithm(self, ref: KeyRef) -> Algorithm:
        """The algorithm the key is for."""
        ...

    def check_value(self, ref: KeyRef) -> bytes:
        """First 3 bytes of a zero block enciphered under the key."""
        ...

    def authentication_data(self, ref: KeyRef, challenge: bytes, original: bytes) -> bytes:
        """Authentication data (8 bytes) for EXTERNAL/INTERNAL AUTHENTICATE: session key from ``challenge``."""
        ...

    def session_mac(self, ref: KeyRef, challenge: bytes, message: bytes) -> bytes:
        """MAC (4 bytes) under the session key of ``challenge``: of a secure message, or of a purse transaction, where
        the session key is made from eight bytes both sides know."""
        ...

    def session_cipher(self, ref: KeyRef, challenge: bytes, plain: bytes) -> bytes:
        """``LD ‖ plain``, padded, in ECB under the session key of ``challenge``: a PIN on its way to the card.

        ``plain`` has 1 to 8 bytes.
        """
        ...

    def transaction_code(self, ref: KeyRef, fields: bytes) -> bytes:
        """TAC (4 bytes) of the fields of a purse transaction.  Only keys made for that (DTK)."""
        ...

    def direct_cryptogram(self, ref: KeyRef, challenge: bytes) -> bytes:
        """The challenge (4 or 8 bytes, right-filled with 00 to 8) enciphered under the key itself: EXTERNAL
        AUTHENTICATION of PBOC cards, which know no session keys.  Raises CustodyError for a 16-byte block."""
        ...

    def direct_cipher(self, ref: KeyRef, plain: bytes) -> bytes:
        """``LD ‖ plain``, padded, in ECB under the key itself: enciphered data of a PBOC card's line protection.

        ``plain`` has 1 to 239 bytes.
        """
        ...

    def folded_mac(self, ref: KeyRef, message: bytes) -> bytes:
        """MAC (4 bytes) by single DES under a DES key, a 16-byte one folded to left half ⊕ right half, zero
        initial value: PIN reload of PBOC cards.  Raises CustodyError for keys of a 16-byte block."""
        ...

    def key_mac(self, ref: KeyRef, initial: bytes, message: bytes) -> bytes:
        """MAC (4 bytes) under the key itself with an initial value, as key loading wants it."""
        ...

    def wrap_key(self, ref: KeyRef, under: KeyRef, prefix: bytes, fill: bytes = b"") -> bytes:
        """Card key ``ref`` enciphered under card key ``under``: ECB of LD ‖ ``prefix`` ‖ key ‖ ``fill``, padded.

        Both must name card-level keys (``card`` set): masters are never wrapped for a card.
        """
        ...

    def first_key(self, ref: KeyRef) -> Secret:
        """A card's own master key in clear, for the one load that nothing yet protects.  Card-level only."""
        ...

    def presentation(self, ref: KeyRef) -> Secret:
        """A value that is shown to the card as it is: transport code or PIN.  Only keys of that kind."""
        ...

    def forget(self, card: bytes) -> None:
        """Drop and wipe what is cached for one card factor."""
        ...
