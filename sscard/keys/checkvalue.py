"""Check values (校验值) of keys and components: what is read aloud so that nobody has to read a key.

Vendors differ in the method, so the method stands beside every value.  Source: PBOC and HSM practice for the
enciphered zero block; GB/T 32905 for the digest.  docs/keys.md, "check values".
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from sscard.keys.family import Algorithm, family_of

CHECK_SIZE: Final = 3
"""Bytes of a check value."""


class CheckMethod(Enum):
    """How a check value is made.

    ``ZERO`` methods encipher one block of zeros under the key and keep its first bytes; ``AES_CMAC`` keeps those of a
    CMAC over such a block (X9.24-1).  ``SM3`` keeps the first bytes of a digest: for values that are no key by
    themselves.
    """

    DES_ZERO = "DES-ECB(0)"
    SM4_ZERO = "SM4-ECB(0)"
    SSF33_ZERO = "SSF33-ECB(0)"
    SM1_ZERO = "SM1-ECB(0)"
    AES_CMAC = "AES-CMAC(0)"
    SM3 = "SM3"


_CIPHERS: Final = {
    CheckMethod.DES_ZERO: Algorithm.DES,
    CheckMethod.SM4_ZERO: Algorithm.SM4,
    CheckMethod.SSF33_ZERO: Algorithm.SSF33,
    CheckMethod.SM1_ZERO: Algorithm.SM1,
}
_METHODS: Final = {algorithm: method for method, algorithm in _CIPHERS.items()} | {Algorithm.AES: CheckMethod.AES_CMAC}
_KEY_SIZES: Final = {Algorithm.DES: (8, 16), Algorithm.AES: (32,)}
_DOMAIN: Final = b"sscard check value"


def key_sizes(algorithm: Algorithm) -> tuple[int, ...]:
    """Bytes a key of the cipher may have: 8 or 16 for DES, 32 for AES, 16 for all others."""
    return _KEY_SIZES.get(algorithm, (16,))


def method_of(algorithm: Algorithm) -> CheckMethod:
    """The method for keys of a cipher."""
    return _METHODS[algorithm]


def check_value(method: CheckMethod, value: bytes) -> bytes:
    """Check value (3 bytes) of a key or component.

    Raises CustodyError("algorithm-unpublished") where the cipher has no back end.
    """
    if method is CheckMethod.AES_CMAC:
        cmac = CMAC(AES(value))
        cmac.update(bytes(16))
        return cmac.finalize()[:CHECK_SIZE]
    algorithm = _CIPHERS.get(method)
    if algorithm is None:
        return hashlib.new("sm3", _DOMAIN + value).digest()[:CHECK_SIZE]
    family = family_of(algorithm)
    return family.encrypt(value, bytes(family.block))[:CHECK_SIZE]
