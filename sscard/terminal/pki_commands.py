"""The commands of the PKI application as a host builds them, from a challenge of the card and what the host knows.

Source: docs/pki.md.  Keys are used directly over the challenge, SM4 in ECB; MACs are those of key loading with the
challenge as initial value.  A challenge of 4 or 8 bytes is filled with 00.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.command import Command
from sscard.certificates import sm2
from sscard.certificates.envelope import Envelope
from sscard.cos.pki import BLOCK, PinRole, PkiFile
from sscard.keys.family import MAC_SIZE, Algorithm, family_of, pad_length

PUBLIC_SIZE: Final = 2 + sm2.POINT
GET_CHALLENGE: Final = Command(0x00, 0x84, 0x00, 0x00, le=BLOCK)
_SM4: Final = family_of(Algorithm.SM4)
_PUBLIC, _PRIVATE, _VALUE = 0xC0, 0xC2, 0xC1
_PUBLIC_VALUE, _PRIVATE_VALUE = 0xCA, 0xCB
_DIGEST_P2: Final = 0x03
_MASTER_HEAD: Final = bytes(3)


def digest(pin: bytes) -> Command:
    """Ask the card for SM3 of a packed PIN.  A host that can do SM3 need not: the PIN would go over the wire."""
    return Command(0x80, 0xC4, 0x01, _DIGEST_P2, bytes((_VALUE, len(pin))) + pin, le=256)


def pin_key(pin: bytes) -> bytes:
    """The key that stands for a packed PIN: the first half of its SM3 digest."""
    return sm2.sm3(pin)[:BLOCK]


def query(role: PinRole) -> Command:
    """VERIFY without data: how many tries are left."""
    return Command(0x00, 0x20, 0x01, role.p2)


def verify(role: PinRole, pin: bytes, challenge: bytes) -> Command:
    """Present a packed PIN."""
    return Command(0x00, 0x20, 0x01, role.p2, _SM4.encrypt(pin_key(pin), challenge.ljust(BLOCK, b"\0")))


def change_pin(role: PinRole, old: bytes, new: bytes, challenge: bytes) -> Command:
    """Change a packed PIN."""
    return _protected(0x5E, role.p2, pin_key(old), new, challenge)


def prove_master(master: bytes, challenge: bytes) -> Command:
    """Authenticate with the master key of the current directory."""
    return Command(0x00, 0x82, 0x00, 0x00, _SM4.encrypt(master, challenge.ljust(BLOCK, b"\0")))


def change_master(old: bytes, new: bytes, challenge: bytes) -> Command:
    """Change the master key of the current directory."""
    return _protected(0xD4, 0x00, old, _MASTER_HEAD + new, challenge)


def select(file: PkiFile) -> Command:
    return Command(0x00, 0xA4, 0x00, 0x00, file.to_bytes(2, "big"))


def read(offset: int, count: int) -> Command:
    """READ BINARY of the current file."""
    return Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=count)


def write(offset: int, piece: bytes) -> Command:
    """UPDATE BINARY of the current file."""
    return Command(0x00, 0xD6, offset >> 8, offset & 0xFF, piece)


def generate() -> Command:
    """Make the signature pair."""
    files = _named(_PUBLIC, PkiFile.SIGNATURE_PUBLIC) + _named(_PRIVATE, PkiFile.SIGNATURE_PRIVATE)
    return Command(0x80, 0x40, 0x00, 0x00, files)


def export(public: PkiFile, private: PkiFile) -> tuple[Command, Command]:
    """Choose a pair; then fetch its public key."""
    chosen = Command(0x80, 0xC9, 0x82, 0x00, _named(_PUBLIC, public) + _named(_PRIVATE, private))
    return chosen, Command(0x80, 0xC9, 0x82, 0x80, le=PUBLIC_SIZE)


def open_envelope(cipher: bytes) -> Command:
    """Decipher C1 ‖ C3 ‖ C2 with the signature key."""
    head = _named(_PRIVATE, PkiFile.SIGNATURE_PRIVATE) + bytes((_VALUE, 0x82)) + len(cipher).to_bytes(2, "big")
    return Command(0x80, 0x4E, 0x00, 0x01, head + cipher, le=BLOCK)


def load_session_key(session_key: bytes) -> Command:
    """The key under which the private key comes."""
    return Command(0x80, 0x4A, 0x02, 0x10, bytes((_VALUE, BLOCK)) + session_key)


def import_public(envelope: Envelope) -> Command:
    """The public key of the encryption pair."""
    head = _named(_PUBLIC, PkiFile.ENCRYPTION_PUBLIC) + bytes((_PUBLIC_VALUE, sm2.POINT))
    return Command(0x80, 0xC2, 0x40, 0x00, head + envelope.public)


def import_private(envelope: Envelope) -> Command:
    """The private key of the encryption pair, still enciphered."""
    head = _named(_PRIVATE, PkiFile.ENCRYPTION_PRIVATE) + bytes((_PRIVATE_VALUE, sm2.SCALAR))
    return Command(0x80, 0xC2, 0xC0, 0x01, head + envelope.private_cipher)


def _named(tag: int, file: PkiFile) -> bytes:
    return bytes((tag, 2)) + file.to_bytes(2, "big")


def _protected(ins: int, p2: int, key: bytes, plain: bytes, challenge: bytes) -> Command:
    """``84 ins 01 p2`` with cipher and MAC under ``key``."""
    cipher = _SM4.encrypt(key, pad_length(plain, BLOCK))
    message = bytes((0x84, ins, 0x01, p2, len(cipher) + MAC_SIZE)) + cipher
    return Command(0x84, ins, 0x01, p2, cipher + _SM4.key_mac(key, message, challenge))
