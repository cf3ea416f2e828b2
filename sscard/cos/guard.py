"""Line protection of PBOC-like cards: a command, and an answer, with a MAC or with cipher and MAC under a line key.

MAC: initial value = challenge, over CLA INS P1 P2 Lc and the data as sent; Lc counts the four bytes of the MAC.
Cipher: ECB of LD ‖ data, padded only where that is no whole block.  The answer's MAC covers the bytes returned.
Source: FMCOS manuals, secure messaging; docs/fmcos.md, "line protection".
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.command import Command
from sscard.cos.actions import LineGuard
from sscard.keys.service import KeyService

_PROTECTED_CLASS: Final = 0x04
_MAC_SIZE: Final = 4


def protect(service: KeyService, guard: LineGuard, challenge: bytes, command: Command) -> Command:
    """The protected form of a plain command; the key of ``guard`` is bound to the card.

    Raises CustodyError where the key service does not serve the key, ProtocolError for data too long for it.
    """
    data = _body(service, guard, command.data) if command.data else b""
    cla = command.cla | _PROTECTED_CLASS
    header = bytes((cla, command.ins, command.p1, command.p2, len(data) + _MAC_SIZE))
    mac = service.key_mac(guard.key, challenge, header + data)
    return Command(cla, command.ins, command.p1, command.p2, data + mac, command.le)


def protected_answer(service: KeyService, guard: LineGuard, challenge: bytes, plain: bytes) -> bytes:
    """What the card returns for ``plain`` where reading is protected."""
    body = _body(service, guard, plain)
    return body + service.key_mac(guard.key, challenge, body)


def _body(service: KeyService, guard: LineGuard, plain: bytes) -> bytes:
    return service.direct_cipher(guard.key, plain) if guard.enciphered else plain
