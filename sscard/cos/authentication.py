"""How a COS wants keys proved: by a session key from the challenge, or directly under the key.

Source: LD/T 32 draft (session key and original information); PBOC and the FMCOS manuals (the challenge itself,
enciphered under the key); docs/fmcos.md, "authentication".
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final, Protocol

from sscard.apdu.command import Command
from sscard.keys.service import KeyRef, KeyService

CHALLENGE_SIZE: Final = 8
_ORIGINAL: Final = bytes.fromhex("0102030405060708")


class Authentication(Protocol):
    """Both directions of proof.  All raise CustodyError where the key service does not serve the key."""

    def proof(self, service: KeyService, ref: KeyRef, challenge: bytes) -> bytes:
        """The data of EXTERNAL AUTHENTICATE for a challenge of 8 bytes."""
        ...

    def counter_proof(self, service: KeyService, ref: KeyRef, ask: Callable[[], bytes]) -> bytes:
        """The same at a counter, where nothing is fixed; ``ask`` fetches a challenge each time it is called."""
        ...

    def question(self, service: KeyService, ref: KeyRef, key_id: int) -> tuple[Command, bytes]:
        """INTERNAL AUTHENTICATE with random data, and the answer that only the right card gives."""
        ...


class SessionProof:
    """Social-security cards: authentication data under a session key; IRK is used implicitly."""

    def proof(self, service: KeyService, ref: KeyRef, challenge: bytes) -> bytes:
        return service.authentication_data(ref, challenge, _ORIGINAL) + _ORIGINAL

    def counter_proof(self, service: KeyService, ref: KeyRef, ask: Callable[[], bytes]) -> bytes:
        original, challenge = ask(), ask()
        return service.authentication_data(ref, challenge, original) + original

    def question(self, service: KeyService, ref: KeyRef, key_id: int) -> tuple[Command, bytes]:
        factor, original = secrets.token_bytes(CHALLENGE_SIZE), secrets.token_bytes(CHALLENGE_SIZE)
        expected = service.authentication_data(ref, factor, original)
        return Command(0x00, 0x88, 0x00, key_id, factor + original, le=len(expected)), expected


class DirectProof:
    """PBOC-like cards: the challenge enciphered under the key itself; P1 00 of INTERNAL AUTHENTICATE enciphers."""

    def proof(self, service: KeyService, ref: KeyRef, challenge: bytes) -> bytes:
        return service.direct_cryptogram(ref, challenge)

    def counter_proof(self, service: KeyService, ref: KeyRef, ask: Callable[[], bytes]) -> bytes:
        return self.proof(service, ref, ask())

    def question(self, service: KeyService, ref: KeyRef, key_id: int) -> tuple[Command, bytes]:
        data = secrets.token_bytes(CHALLENGE_SIZE)
        expected = service.direct_cryptogram(ref, data)
        return Command(0x00, 0x88, 0x00, key_id, data, le=len(expected)), expected
