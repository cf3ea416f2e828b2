"""The authentication code of a purse transaction (TAC, 交易认证码).

Source: LD/T 32 draft, medical purse; docs/crypto.md, "MACs".
"""

from __future__ import annotations

from sscard.keys.family import Family


def transaction_key(family: Family, key: bytes) -> bytes:
    """The key a TAC is made with: DTK; in the 8-byte family a 16-byte one is folded, left half ⊕ right half."""
    if family.block == 8 and len(key) == 16:
        return bytes(left ^ right for left, right in zip(key[:8], key[8:], strict=True))
    return key


def transaction_code(family: Family, key: bytes, fields: bytes) -> bytes:
    """TAC (4 bytes) of the listed fields under DTK: no session key, zero initial value, no header."""
    return family.session_mac(transaction_key(family, key), fields)
