"""One command's life on the wire, without any input or output of its own.

``start`` gives the bytes to send, ``feed`` takes what came back and gives either more bytes to send or the final
:class:`Response`.  Source: ISO 7816-3 (T=0 mapping of cases, 61xx, 6Cxx) and ISO 7816-4 (GET RESPONSE).

===========  =================================  ====================================================
answer       when                               next
===========  =================================  ====================================================
61xx         the caller wants data              GET RESPONSE for xx bytes (00 = 256), data collected
61xx         the caller wants none              final: the card did the work
6Cxx         first time, to an APDU sent        the same APDU with Le xx: the card has not executed it
             with an Le (GET RESPONSE too)
6Cxx         again, or no Le was sent           final: the caller sees it
other        –                                  final
===========  =================================  ====================================================
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from sscard.apdu.command import Command, Response
from sscard.errors import CardMute, ProtocolError

MAX_ROUNDS: Final = 64
"""GET RESPONSE rounds allowed for one command; a card that goes on for longer is broken."""


class Protocol(Enum):
    """Transmission protocol, from the ATR."""

    T0 = 0
    T1 = 1


class Exchange:
    """Drives one command at a time; reusable, one per channel."""

    __slots__ = ("_collected", "_command", "_corrected", "_drop_le", "_fresh", "_rounds")

    def __init__(self, protocol: Protocol) -> None:
        self._drop_le = protocol is Protocol.T0
        self._command: bytes = b""
        self._fresh = True
        self._collected: bytes = b""
        self._corrected = False
        self._rounds = 0

    def start(self, command: Command) -> bytes:
        """Begin a command.  Returns the bytes to send (under T=0 a case 4 command goes without its Le)."""
        self._command = command
        self._fresh = True
        if self._drop_le and len(command) > 5 and len(command) == command[4] + 6:
            return command[:-1]
        return command

    def feed(self, answer: bytes) -> bytes | Response:
        """Take the card's answer.  Returns more bytes to send, or the final response.

        Raises CardMute for an answer without a status word (PC/SC reports a card that died so) and ProtocolError
        when the card never stops announcing more data.
        """
        if len(answer) < 2:
            raise CardMute("card-mute")
        if self._fresh:
            self._fresh, self._collected, self._corrected, self._rounds = False, b"", False, 0
        sw1 = answer[-2]
        if sw1 == 0x61 and self._wants_data():
            self._rounds += 1
            if self._rounds > MAX_ROUNDS:
                raise ProtocolError("endless-answer", rounds=MAX_ROUNDS)
            self._collected += answer[:-2]
            self._corrected = False
            return self._get_response(answer[-1])
        if sw1 == 0x6C and not self._corrected and (self._rounds or self._sent_le()):
            self._corrected = True
            return self._get_response(answer[-1]) if self._rounds else self._command[:-1] + answer[-1:]
        if self._collected:
            return Response(self._collected + answer)
        return Response(answer)

    def _get_response(self, le: int) -> bytes:
        return bytes((self._command[0] & 0x03, 0xC0, 0, 0, le))

    def _wants_data(self) -> bool:
        size = len(self._command)
        return size == 5 or (size > 5 and size == self._command[4] + 6)

    def _sent_le(self) -> bool:
        return len(self._command) == 5 or (not self._drop_le and self._wants_data())
