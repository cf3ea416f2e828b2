"""The two crypto families of the field: an 8-byte block (DES, 3DES) and a 16-byte block (SM4).

Source: LD/T 32 draft, crypto rules of user card and PSAM; PBOC for the retail MAC; docs/crypto.md has the rules in
our words.  Keys here are plain bytes: only custody back ends and the software card may call these functions.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from sscard.errors import CustodyError

MAC_SIZE: Final = 4
AUTHENTICATION_SIZE: Final = 8

_ECB: Final = modes.ECB()  # noqa: S305 - the standard's mode
COMPLEMENT: Final = bytes(range(255, -1, -1))
"""Each byte's complement, for ``bytes.translate``."""


class Algorithm(Enum):
    """Ciphers named by the standards, with the identifier of the FCI (template 86); none is published for SM1.

    SSF33 and SM1 are not public: see :func:`register`.  AES is no cipher of cards: transport keys of TR-31 key blocks.
    """

    DES = 0x01
    SSF33 = 0x02
    SM4 = 0x03
    SM1 = -1
    AES = -2

    @property
    def fci_id(self) -> int | None:
        """The identifier of template 86."""
        return self.value if self.value > 0 else None


CARD_ALGORITHMS: Final = tuple(algorithm.name for algorithm in Algorithm if algorithm is not Algorithm.AES)
"""Names of the ciphers a card may have."""


def card_algorithm(name: str) -> Algorithm:
    """The cipher of a card by its name.  Raises KeyError for a name that is none of them."""
    return {known: Algorithm[known] for known in CARD_ALGORITHMS}[name]


class Keyed(Protocol):
    """One key ready for use: what :class:`Family` says of ``key``.  The key is gone when this is dropped."""

    def encrypt(self, blocks: bytes, /) -> bytes:
        """ECB over whole blocks."""
        ...

    def session_key(self, challenge: bytes) -> bytes:
        """Session key from a challenge."""
        ...

    def key_mac(self, message: bytes, initial: bytes) -> bytes:
        """Key-load MAC."""
        ...

    def diversify(self, factor: bytes) -> bytes:
        """Child key for an 8-byte factor."""
        ...


class Family(Protocol):
    """Rules of one block size.  All inputs and outputs are bytes; MACs have 4, authentication data 8."""

    block: int

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        """ECB over whole blocks under ``key``."""
        ...

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Undo :meth:`encrypt`."""
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

    def keyed(self, key: bytes) -> Keyed:
        """The same rules under one key whose cipher is set up once, for a key that is used again and again."""
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


def _fold(last: bytes) -> bytes:
    """The exclusive or of the four words of a block."""
    number = int.from_bytes(last, "big")
    number ^= number >> 64
    return ((number ^ number >> 32) & 0xFFFFFFFF).to_bytes(MAC_SIZE, "big")


class _Sm4Key:
    __slots__ = ("encrypt",)

    def __init__(self, key: bytes) -> None:
        self.encrypt = _encryptor(SM4(key))

    def session_key(self, challenge: bytes) -> bytes:
        return self.encrypt(challenge.ljust(16, b"\0"))

    def key_mac(self, message: bytes, initial: bytes) -> bytes:
        return _fold(_chain(self.encrypt, 16, message, initial))

    def diversify(self, factor: bytes) -> bytes:
        return self.encrypt(factor + factor.translate(COMPLEMENT))


class Sm4Family:
    """16-byte block with SM4 (GB/T 32907)."""

    block = 16

    def keyed(self, key: bytes) -> Keyed:
        return _Sm4Key(key)

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        return _encryptor(SM4(key))(blocks)

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        return Cipher(SM4(key), _ECB).decryptor().update(blocks)

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        return _Sm4Key(key).session_key(challenge)

    def authentication_data(self, session_key: bytes, original: bytes) -> bytes:
        block = self.encrypt(session_key, original + bytes(8))
        return _xor(block[:8], block[8:])

    def session_mac(self, session_key: bytes, message: bytes) -> bytes:
        return self.key_mac(session_key, message, b"")

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        return _fold(_last(SM4(key), 16, message, initial))

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return _Sm4Key(key).diversify(factor)


class _DesKey:
    """The cipher is set up at once, those of the two halves with the first MAC: most keys never make one."""

    __slots__ = ("_halves", "_key", "encrypt")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._halves: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]] | None = None
        self.encrypt = _encryptor(_triple(key))

    def session_key(self, challenge: bytes) -> bytes:
        return self.encrypt(challenge[:8].ljust(8, b"\0"))

    def key_mac(self, message: bytes, initial: bytes) -> bytes:
        if len(self._key) == 8:
            return _chain(self.encrypt, 8, message, initial)[:MAC_SIZE]
        if self._halves is None:
            self._halves = _encryptor(_triple(self._key[:8])), _decryptor(_triple(self._key[8:]))
        left, right = self._halves
        return left(right(_chain(left, 8, message, initial)))[:MAC_SIZE]

    def diversify(self, factor: bytes) -> bytes:
        return self.encrypt(factor if len(self._key) == 8 else factor + factor.translate(COMPLEMENT))


class DesFamily:
    """8-byte block: single DES with an 8-byte key, two-key 3DES with a 16-byte key."""

    block = 8

    def keyed(self, key: bytes) -> Keyed:
        return _DesKey(key)

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        return _encryptor(_triple(key))(blocks)

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        return Cipher(_triple(key), _ECB).decryptor().update(blocks)

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        return _DesKey(key).session_key(challenge)

    def authentication_data(self, session_key: bytes, original: bytes) -> bytes:
        return self.encrypt(session_key, original)

    def session_mac(self, session_key: bytes, message: bytes) -> bytes:
        return _last(_triple(session_key), 8, message, b"")[:MAC_SIZE]

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        last = _last(_triple(key[:8]), 8, message, initial)
        if len(key) == 16:
            last = self.encrypt(key[:8], self.decrypt(key[8:], last))
        return last[:MAC_SIZE]

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return _DesKey(key).diversify(factor)


def _encryptor(cipher: BlockCipherAlgorithm) -> Callable[[bytes], bytes]:
    return Cipher(cipher, _ECB).encryptor().update


def _decryptor(cipher: BlockCipherAlgorithm) -> Callable[[bytes], bytes]:
    return Cipher(cipher, _ECB).decryptor().update


def _last(cipher: BlockCipherAlgorithm, block: int, message: bytes, initial: bytes) -> bytes:
    """Last block of CBC over the padded message under a key that is used this once."""
    mode = modes.CBC(initial.ljust(block, b"\0"))
    return Cipher(cipher, mode).encryptor().update(pad80(message, block))[-block:]


def _chain(encrypt: Callable[[bytes], bytes], block: int, message: bytes, initial: bytes) -> bytes:
    """The same under a key whose cipher is kept: few blocks each time, so no cipher object of their own."""
    padded = pad80(message, block)
    number = int.from_bytes
    last = initial.ljust(block, b"\0")
    for start in range(0, len(padded), block):
        mixed = number(last, "big") ^ number(padded[start : start + block], "big")
        last = encrypt(mixed.to_bytes(block, "big"))
    return last


def _triple(key: bytes) -> TripleDES:
    """Any DES key as the 24-byte form the library wants (8: K‖K‖K, 16: L‖R‖L)."""
    return TripleDES(key * 3 if len(key) == 8 else key + key[:8])


_PUBLISHED: Final[dict[Algorithm, Family]] = {Algorithm.DES: DesFamily(), Algorithm.SM4: Sm4Family()}
_registered: Final[dict[Algorithm, Family]] = {}


def family_of(algorithm: Algorithm) -> Family:
    """The family of an algorithm.

    Raises CustodyError("algorithm-unpublished") for SSF33 and SM1 while no back end is registered for them,
    CustodyError("algorithm-transport") for AES.
    """
    if algorithm is Algorithm.AES:
        raise CustodyError("algorithm-transport")
    family = _PUBLISHED.get(algorithm) or _registered.get(algorithm)
    if family is None:
        raise CustodyError("algorithm-unpublished", algorithm=algorithm.name)
    return family


def served(algorithm: Algorithm) -> bool:
    """Whether the algorithm needs no back end: published, registered, or for transport keys only."""
    return algorithm in _PUBLISHED or algorithm in _registered or algorithm is Algorithm.AES


def register(algorithm: Algorithm, family: Family) -> Callable[[], None]:
    """Let ``family`` serve an unpublished algorithm in this process: the place where an HSM is connected.

    The keys handed to it are whatever the custody back end stores: for an HSM, names of keys inside it.  Returns a
    function that takes the registration back.  Raises CustodyError("algorithm-served") where the algorithm is
    published or has a back end already.
    """
    if served(algorithm):
        raise CustodyError("algorithm-served", algorithm=algorithm.name)
    _registered[algorithm] = family

    def withdraw() -> None:
        _registered.pop(algorithm, None)

    return withdraw
