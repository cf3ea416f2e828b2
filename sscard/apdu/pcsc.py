"""Real readers: one exclusive connection per card, one slot per head.

Three habits of PC/SC stacks shape this module (docs/pcsc.md tells each in full): nothing has a timeout, a card that
dies while it answers comes back as *success with no bytes*, and a card exchanged between two polls of the service
looks like the card before.  So an empty answer is an error, the first failure of a connection is final, and an
absence is read from the service's event counter.  An APDU is never sent twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from sscard.apdu.atr import Atr
from sscard.apdu.exchange import Protocol
from sscard.apdu.pcsc_service import (
    PROTOCOL_MISMATCH,
    Context,
    ReaderState,
    check,
    failure,
    find_reader,
    list_readers,
)
from sscard.errors import (
    CardMissing,
    CardMute,
    CardRemoved,
    ProtocolError,
    ReaderLost,
    ServiceMissing,
    TransportError,
)

__all__ = ["PcscSlot", "PcscTransport", "ReaderState", "find_reader", "list_readers"]

_SHARE_EXCLUSIVE: Final = 1
_RESET: Final = 1
_UNPOWER: Final = 2
_T0: Final = 1
_T1: Final = 2

_STEP: Final = 0.05
"""Longest single wait, in seconds, so that a head can be asked to stop."""
_ABSENCE: Final = 0.5
"""Seconds the service may take to notice that a card is gone (it polls simple readers every 0.4 s)."""
_BUSY: Final = 2.0
_RETRY: Final = 1.0
"""Seconds after which a card that could not be used is tried again."""
"""Seconds another program may hold a card: many only look at each card that comes."""
_LONGEST_PAUSE: Final = 1.0
"""Longest time, in seconds, between two looks at a card that was let go and is still there."""


class PcscTransport:
    """The card in one reader, held exclusively (contract: :class:`sscard.apdu.transport.Transport`)."""

    __slots__ = ("_atr", "_broken", "_card", "_events", "_open", "_protocol", "_send", "_service", "name")

    def __init__(self, reader: str) -> None:
        """Connect to the card in ``reader`` (exact name).

        Raises CardMissing, CardMute, CardRemoved (exchanged just now), ReaderLost, ServiceMissing, and TransportError
        where another program holds the card or the protocol its ATR announces cannot be had.
        """
        self.name = reader
        self._broken: TransportError | None = None
        self._open = False
        self._service = Context()
        self._send = self._service.scard.SCardTransmit
        try:
            self._connect()
        except BaseException:
            self._service.close()
            raise

    @property
    def atr(self) -> bytes:
        """Answer to reset of the connected card."""
        return self._atr

    @property
    def events(self) -> int:
        """The reader's event counter at the connection: another value later tells that it has been empty."""
        return self._events

    @property
    def is_open(self) -> bool:
        """Whether the card is still held."""
        return self._open

    def transmit(self, apdu: bytes, /) -> bytes:
        """Send one command, once.

        Raises a TransportError, the same one ever after, and ProtocolError for under 4 bytes (a virtual reader takes
        a single byte for an order of its own).
        """
        if self._broken is not None:
            raise self._broken
        if len(apdu) < 4:
            raise ProtocolError("apdu-form", size=len(apdu))
        code, answer = self._send(self._card, self._protocol, list(apdu))
        if code or len(answer) < 2:
            raise self._fail(code, answer)
        return bytes(answer)

    def reset(self) -> bytes:
        """Reset the card.  Raises CardRemoved where the reader was empty meanwhile: the card may be another."""
        if self._broken is not None:
            raise self._broken
        code, _ = self._service.scard.SCardReconnect(self._card, _SHARE_EXCLUSIVE, self._protocol, _RESET)
        if code:
            raise self._fail(code)
        state = self._service.state(self.name)
        if state.events != self._events:
            self._broken = CardRemoved("card-removed")
            raise self._broken
        self._atr = state.atr
        return self._atr

    def close(self) -> None:
        """Let go of the card, leaving it reset; idempotent."""
        self.disconnect(_RESET)

    def power_off(self) -> None:
        """Let go of the card, leaving it switched off; idempotent."""
        self.disconnect(_UNPOWER)

    def disconnect(self, disposition: int) -> None:
        """Let go of the card with a PC/SC disposition; idempotent."""
        if not self._open:
            return
        self._open = False
        self._broken = self._broken or TransportError("card-closed")
        self._service.scard.SCardDisconnect(self._card, disposition)
        self._service.close()

    def _connect(self) -> None:
        for _ in range(2):  # before power is on, the service may still tell the ATR of the card before
            before = self._service.state(self.name)
            if not before.present:
                raise CardMissing("card-missing", reader=self.name)
            code, self._card, self._protocol = self._service.connect(self.name, _protocols(before.atr))
            if code == PROTOCOL_MISMATCH:
                continue
            check(code, self.name)
            state = self._service.state(self.name)
            if state.events != before.events:
                self._service.scard.SCardDisconnect(self._card, _RESET)
                raise CardRemoved("card-removed")
            if self._protocol & _protocols(state.atr):
                self._events, self._atr, self._open = state.events, state.atr, True
                return
            self._service.scard.SCardDisconnect(self._card, _RESET)
        raise TransportError("card-protocol", reader=self.name)

    def _fail(self, code: int, answer: Sequence[int] | None = None) -> TransportError:
        """The first cause, kept.  A silent card counts as removed when the service reports it gone soon after."""
        error = failure(code, answer, self.name) or CardMute("card-mute")
        if isinstance(error, CardMute) and self._absence_follows():
            error = CardRemoved("card-removed")
        self._broken = error
        return error

    def _absence_follows(self) -> bool:
        deadline = time.monotonic() + _ABSENCE
        try:
            while time.monotonic() < deadline:
                state = self._service.state(self.name)
                if state.events != self._events:
                    return True
                self._service.wait(state, _STEP)
        except TransportError:
            return False
        return False


def _protocols(atr: bytes) -> int:
    """The protocol this ATR asks for; both where it is no ATR, so that the card can still be looked at."""
    try:
        return _T1 if Atr.parse(atr).protocol is Protocol.T1 else _T0
    except ProtocolError:
        return _T0 | _T1


class PcscSlot:
    """One head of a line: cards come into one reader one after the other.  Belongs to one thread."""

    __slots__ = ("_busy_since", "_look_at", "_pause", "_released", "_transport", "_unusable", "name")

    def __init__(self, reader: str) -> None:
        self.name = reader
        self._transport: PcscTransport | None = None
        self._released: tuple[int, bytes] | None = None
        self._unusable: tuple[int, float] | None = None
        self._busy_since: float | None = None
        self._look_at, self._pause = 0.0, _STEP

    def next_card(self, timeout: float) -> PcscTransport | None:
        """Wait up to ``timeout`` seconds for a card that is not the one last released; None when none came.

        A card is another one when the reader has been empty since the last connection, or when its ATR differs (a
        feeder can exchange cards while they are switched off).  Without a release the same card counts again.
        Raises ServiceMissing, ReaderLost; for a card that cannot be used CardMute (no answer to reset) or
        TransportError (no common protocol), and looks at it again after a second, for the service misses a quick
        exchange; and
        TransportError where another program has held the card for two seconds, this call and those before together.
        """
        deadline = time.monotonic() + timeout
        self.close()
        with Context() as service:
            while True:
                state = service.state(self.name)
                self._transport = self._try(state)
                if self._transport is not None:
                    return self._transport
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                service.wait(state, min(left, _STEP))

    def release(self) -> None:
        """Switch the card off and let it go: :meth:`next_card` then waits for another."""
        transport = self._transport
        if transport is None:
            return
        self._transport = None
        self._released = (transport.events, transport.atr)
        self._look_at, self._pause = 0.0, _STEP
        if not transport.is_open:
            try:
                transport = PcscTransport(self.name)
            except TransportError:
                return
        transport.power_off()

    def close(self) -> None:
        """Let go of card and reader; idempotent."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _try(self, state: ReaderState) -> PcscTransport | None:
        """The card that is there now, if it counts as new."""
        now = time.monotonic()
        unusable = self._unusable and self._unusable[0] == state.events and now < self._unusable[1]
        if not state.present or unusable:
            self._busy_since = None
            return None
        released = self._released if self._released and self._released[0] == state.events else None
        if released and now < self._look_at:
            return None
        try:
            transport = PcscTransport(self.name)
        except (CardMissing, CardRemoved):
            return None
        except (ServiceMissing, ReaderLost):
            raise
        except TransportError as error:
            if error.key != "reader-busy":
                self._unusable = (state.events, now + _RETRY)
                raise
            self._busy_since = self._busy_since or now
            if now - self._busy_since < _BUSY:
                return None
            self._busy_since = None
            raise
        self._busy_since = None
        if released and transport.atr == released[1]:
            transport.power_off()
            self._look_at, self._pause = now + self._pause, min(2 * self._pause, _LONGEST_PAUSE)
            return None
        self._released = self._unusable = None
        return transport
