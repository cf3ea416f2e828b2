"""The PC/SC service: readers, their state, and what its result codes mean.

``smartcard`` is imported when a reader is first needed, so that everything else works without it.
Source: PC/SC part 5, pcsc-lite's winscard; docs/pcsc.md tells what was measured.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from sscard.errors import (
    CardMissing,
    CardMute,
    CardRemoved,
    CardReset,
    ReaderLost,
    ReaderMissing,
    ServiceMissing,
    TransportError,
)

PROTOCOL_MISMATCH: Final = 0x8010000F
_NO_READERS: Final = 0x8010002E

_CHANGED: Final = 0x002
_PRESENT: Final = 0x020
_EXCLUSIVE: Final = 0x080
_MUTE: Final = 0x200

_REFUSED: Final = 0x8010006A
"""The service closed the conversation at once: a policy forbids it, or the service is just dying."""
_DYING_TRIES: Final = 3
_DYING_PAUSE: Final = 0.1
_FAILURES: Final[dict[int, tuple[type[TransportError], str]]] = {
    0x80100003: (ServiceMissing, "pcsc-service-lost"),
    0x80100009: (ReaderLost, "reader-lost"),
    0x8010000B: (TransportError, "reader-busy"),
    0x8010000C: (CardMissing, "card-missing"),
    PROTOCOL_MISMATCH: (TransportError, "card-protocol"),
    0x80100010: (ReaderLost, "reader-lost"),
    0x80100013: (ServiceMissing, "pcsc-service-lost"),
    0x80100016: (CardMute, "card-mute"),
    0x80100017: (ReaderLost, "reader-lost"),
    0x8010001D: (ServiceMissing, "pcsc-service"),
    0x8010001E: (ServiceMissing, "pcsc-service"),
    _NO_READERS: (ReaderMissing, "reader-none"),
    0x8010002F: (ReaderLost, "reader-lost"),
    0x80100066: (CardMute, "card-mute"),
    0x80100067: (CardMute, "card-mute"),
    0x80100068: (CardReset, "card-reset"),
    0x80100069: (CardRemoved, "card-removed"),
    _REFUSED: (ServiceMissing, "pcsc-permission"),
}
"""PC/SC result → error class and its text."""


def failure(code: int, answer: Sequence[int] | None, reader: str) -> TransportError | None:
    """The error told by a PC/SC result and what came with it, or None where the call went well.

    ``answer`` is None for calls that bring none.  Success with under two bytes is a card that died while it answered.
    """
    code &= 0xFFFFFFFF
    if not code:
        return None if answer is None or len(answer) >= 2 else CardMute("card-mute")
    known = _FAILURES.get(code)
    if known is None:
        return TransportError("pcsc-failed", status=f"{code:08X}", reader=reader)
    kind, key = known
    return kind(key, reader=reader)


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader as the service sees it now.

    ``atr`` is empty without a card, and still that of the card before where cards were exchanged without power.
    ``events`` counts insertions and removals; ``flags`` is the service's own word, for :meth:`Context.wait`.
    """

    name: str
    present: bool
    atr: bytes
    mute: bool
    busy: bool
    events: int
    flags: int


class Context:
    """One conversation with the service.  Calls on one context wait for each other, so each head has its own."""

    __slots__ = ("_handle", "scard")

    def __init__(self) -> None:
        """Raises ServiceMissing where there is no library, no service or no permission."""
        self.scard = _library()
        for _ in range(_DYING_TRIES):
            code, self._handle = self.scard.SCardEstablishContext(self.scard.SCARD_SCOPE_USER)
            if code & 0xFFFFFFFF != _REFUSED:
                break
            time.sleep(_DYING_PAUSE)
        check(code)

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the conversation."""
        self.scard.SCardReleaseContext(self._handle)

    def readers(self) -> list[str]:
        """Names of all readers, in the service's order."""
        code, names = self.scard.SCardListReaders(self._handle, [])
        if code & 0xFFFFFFFF == _NO_READERS:
            return []
        check(code)
        return list(names)

    def states(self, readers: Sequence[str]) -> list[ReaderState]:
        """State of each of ``readers``.  Raises ReaderLost, ServiceMissing."""
        if not readers:
            return []
        code, rows = self.scard.SCardGetStatusChange(self._handle, 0, [(name, 0) for name in readers])
        check(code, readers[0])
        return [_state(*row) for row in rows]

    def state(self, reader: str) -> ReaderState:
        """State of one reader.  Raises ReaderLost, ServiceMissing."""
        return self.states((reader,))[0]

    def wait(self, known: ReaderState, seconds: float) -> None:
        """Return when the reader's state is no longer ``known``, at the latest after ``seconds``."""
        self.scard.SCardGetStatusChange(self._handle, round(seconds * 1000), [(known.name, known.flags)])

    def connect(self, reader: str, protocols: int) -> tuple[int, int, int]:
        """Exclusive connection: ``(result code, card handle, protocol)``."""
        code, card, protocol = self.scard.SCardConnect(
            self._handle, reader, self.scard.SCARD_SHARE_EXCLUSIVE, protocols
        )
        return code & 0xFFFFFFFF, card, protocol


def check(code: int, reader: str = "") -> None:
    """Raise the error that ``code`` tells, if any."""
    error = failure(code, None, reader)
    if error is not None:
        raise error


def list_readers() -> list[ReaderState]:
    """Every reader with its card.  Raises ServiceMissing where there is no service, permission or library."""
    with Context() as service:
        return service.states(service.readers())


def find_reader(pattern: str | None) -> str:
    """The one reader meant: its exact name, a part of the name, or ``re:`` and a regular expression.

    None means the only reader there is.  Raises ReaderMissing for none and for more than one (telling their names),
    ServiceMissing.
    """
    with Context() as service:
        names = service.readers()
    if not names:
        raise ReaderMissing("reader-none")
    if pattern in names:
        return pattern
    found = _matching(pattern, names)
    if not found:
        raise ReaderMissing("reader-unknown", pattern=pattern, candidates=", ".join(names))
    if len(found) > 1:
        raise ReaderMissing("reader-which", candidates=", ".join(found))
    return found[0]


def _matching(pattern: str | None, names: list[str]) -> list[str]:
    if pattern is None:
        return names
    if not pattern.startswith("re:"):
        return [name for name in names if pattern.casefold() in name.casefold()]
    try:
        expression = re.compile(pattern.removeprefix("re:"))
    except re.error as error:
        raise ReaderMissing("reader-pattern", pattern=pattern, reason=str(error)) from None
    return [name for name in names if expression.search(name)]


def _library() -> Any:
    try:
        from smartcard import scard
    except ModuleNotFoundError:
        raise ServiceMissing("pcsc-module") from None
    except ImportError:
        raise ServiceMissing("pcsc-library") from None
    return scard


def _state(name: str, event: int, atr: Sequence[int]) -> ReaderState:
    present = bool(event & _PRESENT)
    return ReaderState(
        name=name,
        present=present,
        atr=bytes(atr) if present else b"",
        mute=bool(event & _MUTE),
        busy=bool(event & _EXCLUSIVE),
        events=event >> 16 & 0xFFFF,
        flags=event & ~_CHANGED,
    )
