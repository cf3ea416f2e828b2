"""The envelope in which an encryption pair travels from the CA to a card: SKF_ENVELOPEDKEYBLOB of GM/T 0016.

The private key is enciphered with SM4 under a session key, the session key with SM2 under the card's signature key.
Numbers are little-endian, values of 32 bytes stand right in slots of 64.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import struct
from dataclasses import dataclass
from typing import Final, Self

from sscard.certificates import sm2
from sscard.errors import CertificateError
from sscard.keys.family import Algorithm, family_of

_HEAD: Final = struct.Struct("<III")
_NUMBER: Final = struct.Struct("<I")
_VERSION: Final = 1
_SM4_ECB: Final = 0x00000401
_BITS: Final = 256
_SLOT: Final = 64
_GAP: Final = _SLOT - sm2.SCALAR
_SESSION_KEY: Final = 16
SIZE: Final = _HEAD.size + _SLOT + _NUMBER.size + 2 * _SLOT + 2 * _SLOT + sm2.DIGEST + _NUMBER.size + _SESSION_KEY


@dataclass(frozen=True, slots=True)
class Envelope:
    """``private_cipher`` 32 bytes, ``public`` X ‖ Y, ``session_cipher`` C1 ‖ C3 ‖ C2 (112 bytes)."""

    private_cipher: bytes
    public: bytes
    session_cipher: bytes

    @classmethod
    def parse(cls, blob: bytes) -> Self:
        """Read 388 bytes.  Raises CertificateError("envelope-form") that names the first field that is wrong."""
        if len(blob) != SIZE:
            raise _wrong("length")
        reader = _Reader(blob)
        if reader.take(_HEAD.size) != _HEAD.pack(_VERSION, _SM4_ECB, _BITS):
            raise _wrong("head")
        private_cipher = reader.slot("private key")
        if reader.take(_NUMBER.size) != _NUMBER.pack(_BITS):
            raise _wrong("public key")
        public = reader.slot("public key") + reader.slot("public key")
        point = reader.slot("C1") + reader.slot("C1")
        digest = reader.take(sm2.DIGEST)
        if reader.take(_NUMBER.size) != _NUMBER.pack(_SESSION_KEY):
            raise _wrong("C2")
        if not sm2.is_public(public):
            raise _wrong("public key")
        if not sm2.is_public(point):
            raise _wrong("C1")
        return cls(private_cipher, public, point + digest + reader.take(_SESSION_KEY))

    @classmethod
    def parse_text(cls, text: str) -> Self:
        """Read base64, as the platform's field JMMY has it.  Raises CertificateError."""
        try:
            blob = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise _wrong("base64") from None
        return cls.parse(blob)

    def pack(self) -> bytes:
        """The 388 bytes."""
        point, rest = self.session_cipher[: sm2.POINT], self.session_cipher[sm2.POINT :]
        slots = [_slot(value) for half in (self.public, point) for value in (half[: sm2.SCALAR], half[sm2.SCALAR :])]
        return b"".join(
            (
                _HEAD.pack(_VERSION, _SM4_ECB, _BITS),
                _slot(self.private_cipher),
                _NUMBER.pack(_BITS),
                *slots,
                rest[: sm2.DIGEST],
                _NUMBER.pack(_SESSION_KEY),
                rest[sm2.DIGEST :],
            )
        )

    def text(self) -> str:
        """Base64 on one line."""
        return base64.b64encode(self.pack()).decode("ascii")


def seal(private: bytes, receiver: bytes) -> Envelope:
    """Put a private key into an envelope for the holder of the public key ``receiver``.

    Raises ValueError for keys that are none.
    """
    session_key = secrets.token_bytes(_SESSION_KEY)
    return Envelope(
        family_of(Algorithm.SM4).encrypt(session_key, private),
        sm2.public_of(private),
        sm2.encrypt(receiver, session_key),
    )


def unseal(envelope: Envelope, private: bytes) -> bytes:
    """The private key in an envelope, with that of its receiver.  Raises CertificateError("envelope-form")."""
    try:
        session_key = sm2.decrypt(private, envelope.session_cipher)
    except ValueError:
        raise _wrong("C3") from None
    return family_of(Algorithm.SM4).decrypt(session_key, envelope.private_cipher)


class _Reader:
    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._at = 0

    def take(self, count: int) -> bytes:
        self._at += count
        return self._blob[self._at - count : self._at]

    def slot(self, name: str) -> bytes:
        if any(self.take(_GAP)):
            raise _wrong(name)
        return self.take(sm2.SCALAR)


def _slot(value: bytes) -> bytes:
    return value.rjust(_SLOT, b"\0")


def _wrong(part: str) -> CertificateError:
    return CertificateError("envelope-form", part=part)
