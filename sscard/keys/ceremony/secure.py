"""How a station and a carrier card prove to know the same PIN, and talk so that nobody on the wire reads along.

The command set is this project's own: no public text gives one for these cards (docs/ceremony.md, "carrier commands").
The PIN never crosses the wire: both sides make a key from it and prove that they have it over each other's random
numbers.  What follows is sealed with AES-256-GCM under a key of this one session, header included, numbered each way.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sscard.keys.secret import Secret

CHALLENGE_SIZE: Final = 16
PROOF_SIZE: Final = 16
TAG_SIZE: Final = 16
PIN_KEY_SIZE: Final = 32
FACTORY_PIN: Final = b"00000000"
"""PIN of a blank carrier: it protects nothing, for nothing is on the card yet."""

_TO_CARD, _FROM_CARD = b"\0", b"\1"


def pin_key(serial: bytes, pin: bytes) -> bytes:
    """What a card keeps of its PIN, 32 bytes: SHA-256 over a name, the serial number (8 bytes) and the PIN."""
    return hashlib.sha256(b"sscard carrier PIN" + serial + pin).digest()


def station_proof(key: bytes, card_challenge: bytes, station_challenge: bytes) -> bytes:
    """What VERIFY brings after the station's challenge, 16 bytes."""
    return _derived(key, b"station", card_challenge, station_challenge)[:PROOF_SIZE]


def card_proof(key: bytes, card_challenge: bytes, station_challenge: bytes) -> bytes:
    """What the card answers to a right VERIFY, 16 bytes."""
    return _derived(key, b"card", card_challenge, station_challenge)[:PROOF_SIZE]


class Session:
    """One side's view of the secure channel after a right VERIFY."""

    def __init__(self, key: bytes, card_challenge: bytes, station_challenge: bytes) -> None:
        self._cipher = AESGCM(_derived(key, b"session", card_challenge, station_challenge))
        self._number = 0

    def seal_command(self, header: bytes, plain: bytes) -> bytes:
        """Station: data of a command with this 4-byte header, ``len(plain) + 16`` bytes."""
        self._number += 1
        return self._cipher.encrypt(self._nonce(_TO_CARD), plain, header)

    def open_command(self, header: bytes, sealed: bytes) -> bytes:
        """Card: the plain data of a command.  Raises ValueError when it is not the next one of this session."""
        self._number += 1
        return self._open(_TO_CARD, header, sealed)

    def seal_answer(self, header: bytes, plain: bytes) -> bytes:
        """Card: the answer to the command last opened."""
        return self._cipher.encrypt(self._nonce(_FROM_CARD), plain, header)

    def open_answer(self, header: bytes, sealed: bytes) -> bytes:
        """Station: the plain answer to the command last sealed.  Raises ValueError."""
        return self._open(_FROM_CARD, header, sealed)

    def _open(self, direction: bytes, header: bytes, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(direction), sealed, header)
        except InvalidTag:
            raise ValueError("not of this session") from None

    def _nonce(self, direction: bytes) -> bytes:
        return direction + bytes(7) + self._number.to_bytes(4, "big")

    def __deepcopy__(self, _memo: object) -> Session:
        twin = object.__new__(Session)
        twin._cipher, twin._number = self._cipher, self._number
        return twin


def carrier_key(secret: Secret, set_number: bytes, size: int) -> Secret:
    """The key that opens a set's key blocks, from the 32 bytes of its transport cards (HKDF, RFC 5869, SHA-256)."""
    extracted = hmac.digest(set_number, secret.reveal(), hashlib.sha256)
    return Secret(hmac.digest(extracted, b"sscard carrier key blocks\x01", hashlib.sha256)[:size])


def _derived(key: bytes, purpose: bytes, card_challenge: bytes, station_challenge: bytes) -> bytes:
    return hmac.digest(key, purpose + card_challenge + station_challenge, hashlib.sha256)
