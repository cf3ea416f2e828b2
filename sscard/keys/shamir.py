"""Shamir's scheme over GF(2^8): any k of n shares give the secret back, k − 1 say nothing about it.

The field is that of AES (x^8 + x^4 + x^3 + x + 1, FIPS 197 section 4); every byte of the secret has a polynomial of
its own, the secret at x = 0, share i at x = i.  docs/keys.md, "components", tells why no library does this here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

SHARES_LIMIT: Final = 255
"""x is a byte that is not 0."""

_GENERATOR_STEP: Final = 0x11B


def _tables() -> tuple[bytes, bytes]:
    """Powers of the generator 03, twice over so that sums of logarithms need no reduction, and logarithms."""
    powers, logarithms = bytearray(510), bytearray(256)
    value = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logarithms[value] = exponent
        doubled = value << 1
        value ^= doubled ^ (_GENERATOR_STEP if doubled & 0x100 else 0)
    return bytes(powers), bytes(logarithms)


_POWERS, _LOGARITHMS = _tables()


def multiply(left: int, right: int) -> int:
    """Product of two field elements (0–255)."""
    if not left or not right:
        return 0
    return _POWERS[_LOGARITHMS[left] + _LOGARITHMS[right]]


def divide(left: int, right: int) -> int:
    """Quotient of two field elements; ``right`` is not 0."""
    if not left:
        return 0
    return _POWERS[_LOGARITHMS[left] + 255 - _LOGARITHMS[right]]


def split(secret: bytes, threshold: int, count: int) -> dict[int, bytes]:
    """Shares of ``secret`` by x = 1 … ``count``, each as long as the secret; 2 ≤ threshold ≤ count ≤ 255.

    Every coefficient is fresh randomness of the operating system.
    """
    polynomials = [bytes((byte,)) + secrets.token_bytes(threshold - 1) for byte in secret]
    return {x: bytes(_evaluate(polynomial, x) for polynomial in polynomials) for x in range(1, count + 1)}


def interpolate(shares: Mapping[int, bytes], x: int = 0) -> bytes:
    """Value at ``x`` of the polynomials of lowest degree through ``shares`` (x → bytes, all of one length)."""
    weights = {place: _weight(place, tuple(shares), x) for place in shares}
    size = len(next(iter(shares.values())))
    total = bytearray(size)
    for place, share in shares.items():
        for position, byte in enumerate(share):
            total[position] ^= multiply(byte, weights[place])
    return bytes(total)


def _evaluate(polynomial: bytes, x: int) -> int:
    """Horner's rule; coefficients from the constant upwards."""
    value = 0
    for coefficient in reversed(polynomial):
        value = multiply(value, x) ^ coefficient
    return value


def _weight(place: int, places: Sequence[int], x: int) -> int:
    """Lagrange's factor of the share at ``place``."""
    weight = 1
    for other in places:
        if other != place:
            weight = divide(multiply(weight, x ^ other), place ^ other)
    return weight
