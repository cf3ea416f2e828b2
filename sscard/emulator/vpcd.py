"""The bridge to vpcd, pcscd's virtual reader: a software card behind a real PC/SC stack.

The card is the TCP client.  Every message is a two-byte length and a body; a body of one byte is control (0 off, 1 on,
2 reset, 4 ask for the ATR), anything longer a command.  vpcd sends length and body in two writes, so without
TCP_QUICKACK before each ``recv`` every command waits for a delayed ACK (44 ms).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Final

from sscard.emulator.powered import AnyCard
from sscard.emulator.words import WRONG_LENGTH
from sscard.errors import CardRemoved

_OFF, _ON, _RESET, _ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
RETRY_SECONDS: Final = 0.25
ABSENCE_SECONDS: Final = 1.0
"""How long a torn card stays out: longer than pcscd's 0.4 s poll, so that the removal is seen."""

Notify = Callable[[str, AnyCard | None], None]
"""Called with an event (waiting, connected, lost, torn, card, ended) and the card in the reader."""


class Feeder:
    """The cards offered in one reader, one after another.

    With ``replace`` a card that has ended pre-issue makes room for the next one when its power goes off.  A reset
    exchanges it only if it has been reset once since: the first reset after the last write is the host's proof of the
    card.  Without ``replace`` the first card stays for ever.
    """

    def __init__(self, cards: Iterable[AnyCard], *, replace: bool) -> None:
        self._cards = iter(cards)
        self._replace = replace
        self._proven = False
        self.card: AnyCard | None = next(self._cards, None)

    def power_off(self) -> None:
        if self.card is not None:
            self.card.power_off()
            if self._replace and self.card.sealed:
                self._next()

    def power_on(self) -> None:
        if self.card is not None:
            self.card.reset()

    def reset(self) -> None:
        if self._replace and self.card is not None and self.card.sealed:
            if self._proven:
                self._next()
            else:
                self._proven = True
        self.power_on()

    def _next(self) -> None:
        if self.card is not None:
            self.card.close()
        self.card = next(self._cards, None)
        self._proven = False


class Bridge:
    """Serves one reader until :meth:`stop`, or until the last card of the feeder is done."""

    def __init__(self, feeder: Feeder, host: str, port: int, notify: Notify) -> None:
        self._feeder = feeder
        self._address = (host, port)
        self._notify = notify
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None

    def stop(self) -> None:
        """End :meth:`run` after the command in work; safe from a signal handler and from other threads."""
        self._stopping.set()
        connection = self._socket
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def run(self) -> None:
        """Connect, serve, and connect again whenever pcscd has gone; returns when there is nothing left to serve."""
        told = False
        while not self._stopping.is_set() and self._feeder.card is not None:
            try:
                connection = socket.create_connection(self._address, timeout=5)
            except OSError:
                if not told:
                    self._notify("waiting", self._feeder.card)
                    told = True
                self._stopping.wait(RETRY_SECONDS)
                continue
            told = False
            with connection:
                self._socket = connection
                event = self._session(connection)
                self._socket = None
            self._notify(event, self._feeder.card)
            if event != "ended":
                self._stopping.wait(ABSENCE_SECONDS if event == "torn" else RETRY_SECONDS)

    def _session(self, connection: socket.socket) -> str:
        """One TCP connection; returns why it ended: lost, torn or ended."""
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._stopping.is_set():
            return "ended"
        self._feeder.power_on()
        self._notify("connected", self._feeder.card)
        try:
            while (card := self._feeder.card) is not None:
                message = _receive(connection)
                if message is None:
                    card.power_off()
                    return "ended" if self._stopping.is_set() else "lost"
                answer = self._answer(card, message)
                if answer is not None:
                    connection.sendall(len(answer).to_bytes(2, "big") + answer)
        except CardRemoved:
            return "torn"
        except OSError:
            return "ended" if self._stopping.is_set() else "lost"
        return "ended"

    def _answer(self, card: AnyCard, message: bytes) -> bytes | None:
        if message == _ATR:
            return card.atr
        if message in (_OFF, _ON, _RESET):
            action = {_OFF: self._feeder.power_off, _ON: self._feeder.power_on, _RESET: self._feeder.reset}[message]
            action()
            if self._feeder.card is not None and self._feeder.card is not card:
                self._notify("card", self._feeder.card)
            return None
        if len(message) < 4:
            return WRONG_LENGTH
        if not card.powered:
            card.reset()
        return card.transmit(message)


def _receive(connection: socket.socket) -> bytes | None:
    """One message, None at the end of the connection."""
    head = _exactly(connection, 2)
    return None if head is None else _exactly(connection, int.from_bytes(head, "big"))


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        if _QUICKACK is not None:
            connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        piece = connection.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return data


def serve(feeder: Feeder, host: str, port: int, notify: Notify = lambda _event, _card: None) -> None:
    """Serve a feeder's cards to the vpcd at ``host:port`` until the last one is done."""
    Bridge(feeder, host, port, notify).run()
