"""Secure messages to the card: MAC, and cipher where there is data, under the maintenance key of a directory.

Source: LD/T 32 draft, secure messaging of the user card; docs/crypto.md.
"""

from __future__ import annotations

from sscard.apdu.command import Command
from sscard.cos.model import Directory, KeyKind
from sscard.errors import GuardRefused
from sscard.keys.family import MAC_SIZE
from sscard.terminal.session import CardSession


def send_secure(session: CardSession, directory: Directory, ins: int, p2: int, plain: bytes = b"") -> None:
    """Send ``84 ins 00 p2`` with a MAC over a fresh challenge; ``plain`` (1–8 bytes) travels enciphered.

    Raises GuardRefused where the directory has no maintenance key (STK), CustodyError, StatusError, CounterError.
    """
    slot = next((slot for slot in directory.keys if slot.kind is KeyKind.MAINTENANCE), None)
    if slot is None:
        raise GuardRefused("no-maintenance-key", directory=directory.name)
    keys, ref, challenge = session.keys, session.ref(slot), session.challenge()
    cipher = keys.session_cipher(ref, challenge, plain) if plain else b""
    message = bytes((0x84, ins, 0x00, p2, len(cipher) + MAC_SIZE)) + cipher
    mac = keys.session_mac(ref, challenge, message)
    session.channel.call(Command(0x84, ins, 0x00, p2, cipher + mac))
