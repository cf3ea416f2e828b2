"""What carries bytes to a card, and the channel that speaks commands over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, runtime_checkable
from typing import Protocol as Interface

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command, Response
from sscard.apdu.commands import describe
from sscard.apdu.exchange import Exchange, Protocol
from sscard.apdu.status import tries_left
from sscard.errors import CounterError, StatusError

_SUCCESS: Final = b"\x90\x00"


class Transport(Interface):
    """The contract of every carrier: a PC/SC reader, a software card in process, a replayed trace.

    ``transmit`` takes and gives whole byte strings and never retries.  After a TransportError the object is dead
    except for ``close``.
    """

    @property
    def atr(self) -> bytes:
        """Answer to reset of the card that is connected now."""
        ...

    @property
    def name(self) -> str:
        """What a person calls this carrier: the reader's name."""
        ...

    def transmit(self, apdu: bytes, /) -> bytes:
        """Send one command, return data and status word."""
        ...

    def reset(self) -> bytes:
        """Reset the card (its security state is lost) and return its ATR."""
        ...

    def close(self) -> None:
        """Let go of the card; idempotent."""
        ...


class Tap(Interface):
    """A listener of each pair of bytes sent and bytes received."""

    def __call__(self, sent: bytes, received: bytes, /) -> None: ...


@runtime_checkable
class ResetTap(Interface):
    """A tap that also wants to know of resets."""

    def reset(self, atr: bytes, /) -> None:
        """The card was reset and answered with ``atr``."""
        ...


class Channel:
    """Commands over a transport: trace, then exchange, then transport.

    >>> channel = Channel(transport)                            # doctest: +SKIP
    >>> channel.send(Command(0x00, 0x84, 0, 0, le=8)).data      # doctest: +SKIP
    """

    __slots__ = ("_exchange", "_reset_taps", "_transmit", "exchanges", "transport")

    def __init__(self, transport: Transport, taps: Iterable[Tap] = ()) -> None:
        self.transport = transport
        self.exchanges = 0
        self._exchange = Exchange(Atr.parse(transport.atr).protocol)
        listeners = tuple(taps)
        self._reset_taps: list[ResetTap] = []
        for tap in listeners:
            if isinstance(tap, ResetTap):
                self._reset_taps.append(tap)
        self._transmit = _tapped(transport.transmit, listeners)

    @property
    def atr(self) -> Atr:
        """The card's parsed answer to reset.  Raises ProtocolError when it is not an ATR."""
        return Atr.parse(self.transport.atr)

    @property
    def protocol(self) -> Protocol:
        """The protocol in use."""
        return self.atr.protocol

    def send(self, command: Command) -> Response:
        """Send a command and return the final response whatever its status.  Raises TransportError."""
        self.exchanges += 1
        return self._finish(self._transmit(self._exchange.start(command)))

    def call(self, command: Command) -> bytes:
        """Send a command that must succeed and return its data.

        Raises StatusError for any status but success, CounterError for 63Cx and 6983.
        """
        self.exchanges += 1
        answer = self._transmit(self._exchange.start(command))
        if answer[-2:] == _SUCCESS:
            return answer[:-2]
        response = self._finish(answer)
        if response.ok:
            return response.data
        raise refusal(response.sw, command)

    def _finish(self, answer: bytes) -> Response:
        feed = self._exchange.feed
        while True:
            step = feed(answer)
            if isinstance(step, Response):
                return step
            self.exchanges += 1
            answer = self._transmit(step)

    def reset(self) -> Atr:
        """Reset the card and return its parsed ATR."""
        raw = self.transport.reset()
        for tap in self._reset_taps:
            tap.reset(raw)
        return Atr.parse(raw)

    def close(self) -> None:
        """Let go of the card."""
        self.transport.close()


def refusal(sw: int, command: bytes) -> StatusError | CounterError:
    """The error that fits a status word: CounterError where a try was spent or none is left."""
    name = describe(command).name
    tries = tries_left(sw)
    if tries is not None:
        return CounterError("wrong-secret", tries, command=name, sw=f"{sw:04X}")
    if sw == 0x6983:
        return CounterError("locked", 0, command=name, sw=f"{sw:04X}")
    return StatusError(sw, name)


def _tapped(transmit: Callable[[bytes], bytes], taps: tuple[Tap, ...]) -> Callable[[bytes], bytes]:
    if not taps:
        return transmit

    def observed(apdu: bytes) -> bytes:
        answer = transmit(apdu)
        for tap in taps:
            tap(apdu, answer)
        return answer

    return observed
