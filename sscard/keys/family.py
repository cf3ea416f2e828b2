"""The two crypto families of the field: an 8-byte block (DES, 3DES) and a 16-byte block (SM4).

Source: LD/T 32 draft, crypto rules of user card and PSAM; PBOC for the retail MAC; docs/crypto.md has the rules in
our words.  Keys here are plain bytes: only custody back ends and the software card may call these functions.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from sscard.errors import CustodyError

MAC_SIZE: Final = 4
AUTHENTICATION_SIZE: Final = 8


class Algorithm(Enum):
    """Ciphers named by the standards, with the identifier of the FCI (template 86)."""

    DES = 0x01
    SSF33 = 0x02
    SM4 = 0x03


class Family(Protocol):
    """Rules of one block size.  All inputs and outputs are bytes; MACs have 4, authentication data 8."""

    block: int

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        """ECB over whole blocks under ``key``."""
        ...

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        """Session key (过程密钥) from a challenge, right-filled with 00 to one block."""
        ...

    def authentication_data(self, session_key: bytes, original: bytes) -> bytes:
        """Authentication data (鉴别数据), 8 bytes, of the 8-byte original information."""
        ...

    def session_mac(self, session_key: bytes, message: bytes) -> bytes:
        """Secure-messaging MAC under a session key, zero initial value."""
        ...

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        """Key-load MAC under the key itself; the initial value is right-filled with 00 to one block."""
        ...

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        """Child key (密钥分散) of ``key`` for an 8-byte factor; same length as ``key``."""
        ...

    def diversifier(self, key: bytes) -> Callable[[bytes], bytes]:
        """Factor → child key with one cipher object, for many children of one key."""
        ...

    def ecb(self, key: bytes) -> Callable[[bytes], bytes]:
        """A reusable ECB encryptor of whole blocks, for many blocks under one key."""
        ...


def pad80(message: bytes, block: int) -> bytes:
    """``message ‖ 80 ‖ 00…`` to a whole block, always at least one byte."""
    return message + b"\x80" + bytes(-(len(message) + 1) % block)


def pad_length(plain: bytes, block: int) -> bytes:
    """``LD ‖ plain``, then ``80 00…`` only where that is no whole block.  At most 255 bytes."""
    framed = bytes((len(plain),)) + plain
    return framed if len(framed) % block == 0 else pad80(framed, block)


def unpad_length(padded: bytes) -> bytes:
    """Undo :func:`pad_length`.  Raises ValueError when the length byte points past the end."""
    size = padded[0] if padded else 255
    if size > len(padded) - 1:
        raise ValueError("length byte beyond the data")
    return padded[1 : 1 + size]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


class Sm4Family:
    """16-byte block with SM4 (GB/T 32907)."""

    block = 16

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        return Cipher(SM4(key), modes.ECB()).encryptor().update(blocks)  # noqa: S305 - the standard's mode

    def ecb(self, key: bytes) -> Callable[[bytes], bytes]:
        return Cipher(SM4(key), modes.ECB()).encryptor().update  # noqa: S305 - the standard's mode

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        return self.encrypt(key, challenge.ljust(16, b"\0"))

    def authentication_data(self, session_key: bytes, original: bytes) -> bytes:
        block = self.encrypt(session_key, original + bytes(8))
        return _xor(block[:8], block[8:])

    def session_mac(self, session_key: bytes, message: bytes) -> bytes:
        return self.key_mac(session_key, message, b"")

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        chain = Cipher(SM4(key), modes.CBC(initial.ljust(16, b"\0"))).encryptor()
        last = chain.update(pad80(message, 16))[-16:]
        return _xor(_xor(last[0:4], last[4:8]), _xor(last[8:12], last[12:16]))

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return self.diversifier(key)(factor)

    def diversifier(self, key: bytes) -> Callable[[bytes], bytes]:
        encipher = self.ecb(key)
        return lambda factor: encipher(factor + _complement(factor))


class DesFamily:
    """8-byte block: single DES with an 8-byte key, two-key 3DES with a 16-byte key."""

    block = 8

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        return Cipher(_triple(key), modes.ECB()).encryptor().update(blocks)  # noqa: S305 - the standard's mode

    def ecb(self, key: bytes) -> Callable[[bytes], bytes]:
        return Cipher(_triple(key), modes.ECB()).encryptor().update  # noqa: S305 - the standard's mode

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        return self.encrypt(key, challenge[:8].ljust(8, b"\0"))

    def authentication_data(self, session_key: bytes, original: bytes) -> bytes:
        return self.encrypt(session_key, original)

    def session_mac(self, session_key: bytes, message: bytes) -> bytes:
        return self._chain(session_key, message, b"")[:MAC_SIZE]

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        last = self._chain(key[:8], message, initial)
        if len(key) == 16:
            opened = Cipher(_triple(key[8:]), modes.ECB()).decryptor().update(last)  # noqa: S305
            last = self.encrypt(key[:8], opened)
        return last[:MAC_SIZE]

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return self.diversifier(key)(factor)

    def diversifier(self, key: bytes) -> Callable[[bytes], bytes]:
        encipher = self.ecb(key)
        return encipher if len(key) == 8 else lambda factor: encipher(factor + _complement(factor))

    @staticmethod
    def _chain(key: bytes, message: bytes, initial: bytes) -> bytes:
        chain = Cipher(_triple(key), modes.CBC(initial.ljust(8, b"\0"))).encryptor()
        return chain.update(pad80(message, 8))[-8:]


def _complement(factor: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in factor)


def _triple(key: bytes) -> TripleDES:
    """Any DES key as the 24-byte form the library wants (8: K‖K‖K, 16: L‖R‖L)."""
    return TripleDES(key * 3 if len(key) == 8 else key + key[:8])


_FAMILIES: Final[dict[Algorithm, Family]] = {Algorithm.DES: DesFamily(), Algorithm.SM4: Sm4Family()}


def family_of(algorithm: Algorithm) -> Family:
    """The family of an algorithm.  Raises CustodyError for SSF33, which is unpublished: only an HSM has it."""
    try:
        return _FAMILIES[algorithm]
    except KeyError:
        raise CustodyError("algorithm-unpublished", algorithm=algorithm.name) from None
