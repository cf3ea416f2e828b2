"""SM2 keys, signatures and encryption, and the SM3 digest, in the byte forms that cards and certificates use.

Source: GB/T 32905 (SM3), GB/T 32918 (SM2), GB/T 35276 (default user id).  The curve arithmetic is gmalg's, the digest
OpenSSL's; docs/pki.md says why.  A public key is X ‖ Y (64 bytes), a private key its number (32 bytes), a cipher
C1 ‖ C3 ‖ C2 without a point byte, as cards take it.  The arithmetic is not constant in time: it serves software cards,
demonstration authorities and the checking of what is public.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import gmalg
from cryptography.hazmat.primitives.hashes import SM3, Hash
from gmalg.errors import GMError

POINT: Final = 64
SCALAR: Final = 32
DIGEST: Final = 32
USER_ID: Final = b"1234567812345678"
"""The user id of a signature where nothing else is agreed."""
_RAW: Final = b"\x04"
_PRIME: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123

RandomBits = Callable[[int], int]
"""Gives a number of that many random bits."""


def sm3(data: bytes) -> bytes:
    """SM3 digest, 32 bytes."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def generate(random_bits: RandomBits | None = None) -> tuple[bytes, bytes]:
    """``(private key, public key)``; ``random_bits`` replaces the system's randomness."""
    private, public = gmalg.SM2(rnd_fn=random_bits).generate_keypair()
    return bytes(private.rjust(SCALAR, b"\0")), bytes(public[1:])


def public_of(private: bytes) -> bytes:
    """The public key of a private one.  Raises ValueError for a number outside 1 … n−2."""
    if len(private) != SCALAR or not 1 <= int.from_bytes(private, "big") <= _ORDER - 2:
        raise ValueError("not a private key of SM2")
    return bytes(gmalg.SM2().generate_pk(private)[1:])


def is_public(point: bytes) -> bool:
    """Whether ``point`` is a public key: a point of the curve other than infinity, written the one right way."""
    written = (int.from_bytes(point[:SCALAR], "big"), int.from_bytes(point[SCALAR:], "big"))
    return len(point) == POINT and max(written) < _PRIME and bool(gmalg.SM2().verify_pk(_RAW + point))


def encrypt(public: bytes, plain: bytes, random_bits: RandomBits | None = None) -> bytes:
    """C1 ‖ C3 ‖ C2.  Raises ValueError for a public key that is none."""
    _require(public)
    return bytes(gmalg.SM2(pk=_RAW + public, rnd_fn=random_bits).encrypt(plain)[1:])


def decrypt(private: bytes, cipher: bytes) -> bytes:
    """Undo :func:`encrypt`.  Raises ValueError where C1 is no point of the curve or C3 does not fit."""
    if len(cipher) <= POINT + DIGEST:
        raise ValueError("too short for a cipher of SM2")
    try:
        return bytes(gmalg.SM2(private).decrypt(_RAW + cipher))
    except GMError as error:
        raise ValueError(str(error)) from None


def sign(private: bytes, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """r ‖ s (64 bytes) over SM3 of user, key and message."""
    r, s = gmalg.SM2(private, user_id).sign(message)
    return bytes(r.rjust(SCALAR, b"\0") + s.rjust(SCALAR, b"\0"))


def verify(public: bytes, message: bytes, signature: bytes, user_id: bytes = USER_ID) -> bool:
    """Whether ``signature`` (r ‖ s) is that of ``message``; False also for a public key that is none."""
    if len(signature) != 2 * SCALAR or not is_public(public):
        return False
    return bool(gmalg.SM2(None, user_id, _RAW + public).verify(message, signature[:SCALAR], signature[SCALAR:]))


def _require(public: bytes) -> None:
    if not is_public(public):
        raise ValueError("not a public key of SM2")
