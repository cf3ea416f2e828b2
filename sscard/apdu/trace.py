"""One trace format: what people read, what a bug report carries, and what plays again as a card.

::

    # sscard trace 1
    # ATR: 3B 6D 00 00 00 81 26 11 01 86 99 99 01 00 00 00 17
    # protocol: T=0
    → 00 82 00 0A 10 ** ** ** ** ** ** ** ** ** ** ** ** ** ** ** **  ; EXTERNAL AUTHENTICATE 外部认证
    ← 90 00                                                            ; 12.3 ms
    # reset: 3B 6D 00 00 00 81 26 11 01 86 99 99 01 00 00 00 17

``**`` is a byte that is not told.  A command that carries a secret (:data:`sscard.apdu.commands.Trait.SECRET`) shows
header and lengths, its answer only the status word; no switch changes that.  A person's data (``Trait.PERSON``) shows
tag and length unless asked for.  GET RESPONSE is masked like the command whose answer it fetches.  Text after ``;`` is
for the reader only; the time is what has passed since the line before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from sscard.apdu.atr import Atr
from sscard.apdu.commands import UNKNOWN, CommandKind, Trait, describe
from sscard.errors import ProtocolError

_HEADER: Final = "# sscard trace 1"
_ATR: Final = "# ATR: "
_RESET: Final = "# reset: "
_SENT: Final = "→ "
_RECEIVED: Final = "← "
_HIDDEN: Final = "**"
_STAND_IN: Final = 0x2A
"""What a hidden byte of an answer is when the trace is played: an asterisk, so that a masked name reads as one."""
_GET_RESPONSE: Final = 0xC0
_RECORD_COMMANDS: Final = (0xB2, 0xDC)


class Trace:
    """Writes each exchange to a stream as it happens (a :data:`sscard.apdu.transport.Tap`)."""

    __slots__ = ("_clock", "_kind", "_last", "_out", "_show_person")

    def __init__(
        self,
        out: TextIO,
        atr: bytes,
        *,
        show_person: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin a trace of the card with this ``atr``.  Raises ProtocolError when it is not an ATR."""
        self._out = out
        self._show_person = show_person
        self._clock = clock
        self._kind: CommandKind = UNKNOWN
        out.write(f"{_HEADER}\n{_ATR}{_hex(atr)}\n# protocol: T={Atr.parse(atr).protocol.value}\n")
        self._last = clock()

    @classmethod
    def to_file(cls, path: Path, atr: bytes, *, show_person: bool = False) -> Trace:
        """Begin a trace in a new file that only its owner can read.  Raises FileExistsError."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return cls(os.fdopen(handle, "w", encoding="utf-8", buffering=1), atr, show_person=show_person)

    def __call__(self, command: bytes, answer: bytes) -> None:
        """Write one command and its answer."""
        if len(command) < 2 or command[1] != _GET_RESPONSE:
            self._kind = describe(command)
        kind = describe(command)
        sent = f"{_SENT}{_hex(command, *_command_mask(command, self._kind, self._show_person))}"
        received = f"{_RECEIVED}{_hex(answer, *_answer_mask(answer, self._kind, self._show_person))}"
        width = max(len(sent), len(received))
        self._out.write(f"{sent:{width}}  ; {kind.name} {kind.zh}\n{received:{width}}  ; {self._passed():.1f} ms\n")

    def reset(self, atr: bytes) -> None:
        """Write that the card was reset and answered with ``atr``."""
        self._kind = UNKNOWN
        self._last = self._clock()
        self._out.write(f"{_RESET}{_hex(atr)}\n")

    def close(self) -> None:
        """Close the stream."""
        self._out.close()

    def _passed(self) -> float:
        before, self._last = self._last, self._clock()
        return (self._last - before) * 1000


def _hex(value: bytes, start: int = 0, stop: int = 0) -> str:
    """``value`` in hexadecimal, bytes from ``start`` to ``stop`` hidden."""
    return " ".join(_HIDDEN if start <= place < stop else f"{byte:02X}" for place, byte in enumerate(value))


def _command_mask(command: bytes, kind: CommandKind, show_person: bool) -> tuple[int, int]:
    """Which bytes of a command to hide: its data, never header and lengths."""
    size = len(command)
    if size <= 5:
        return 0, 0
    start, stop = 5, 5 + command[4]
    if stop not in (size, size - 1):
        return 4, size
    if Trait.SECRET in kind.traits:
        return start, stop
    if Trait.PERSON in kind.traits and not show_person:
        return start + _item_header(command[start:stop], kind), stop
    return 0, 0


def _answer_mask(answer: bytes, kind: CommandKind, show_person: bool) -> tuple[int, int]:
    """Which bytes of an answer to hide: its data, never the status word."""
    data = answer[:-2]
    if Trait.SECRET in kind.traits:
        return 0, len(data)
    if Trait.PERSON in kind.traits and not show_person:
        return _item_header(data, kind), len(data)
    return 0, 0


def _item_header(data: bytes, kind: CommandKind) -> int:
    """Two where ``data`` is an item of a record (tag, length, value; a MAC may follow), else nothing may show."""
    is_item = kind.ins in _RECORD_COMMANDS and len(data) >= 2 and data[1] in (len(data) - 2, len(data) - 6)
    return 2 if is_item else 0


@dataclass(frozen=True, slots=True)
class _Step:
    """One exchange, or (``sent`` None) a reset.  A hidden byte is None."""

    sent: tuple[int | None, ...] | None
    received: bytes


class ReplayTransport:
    """A recorded session as a card (contract: :class:`sscard.apdu.transport.Transport`).

    Strict: each command must be the recorded one, hidden bytes apart, in the recorded order.  Hidden bytes of an answer
    come back as asterisks.  A reset must stand in the trace where it holds any; where it holds none it is free.
    """

    def __init__(self, path: Path) -> None:
        """Raises ProtocolError, naming the line, when the file is not a trace; OSError."""
        self.name = path.name
        self._atr, self._steps = _read(path)
        self._resets = any(step.sent is None for step in self._steps)
        self._place = 0

    @property
    def atr(self) -> bytes:
        """Answer to reset of the recorded card."""
        return self._atr

    @property
    def finished(self) -> bool:
        """Whether the whole trace has been played."""
        return self._place == len(self._steps)

    def transmit(self, apdu: bytes, /) -> bytes:
        """Give the recorded answer.  Raises ProtocolError when ``apdu`` is not the command that stands here."""
        step = self._next(apdu[:4])
        sent = step.sent
        if sent is None or len(sent) != len(apdu) or any(a not in (None, b) for a, b in zip(sent, apdu, strict=True)):
            raise self._differs(step, apdu[:4])
        self._place += 1
        return step.received

    def reset(self) -> bytes:
        """Give the recorded ATR.  Raises ProtocolError where the trace goes on with a command."""
        if self._resets:
            step = self._next(b"")
            if step.sent is not None:
                raise self._differs(step, b"")
            self._place += 1
            self._atr = step.received
        return self._atr

    def close(self) -> None:
        """Nothing to let go of."""

    def _next(self, header: bytes) -> _Step:
        if self.finished:
            raise ProtocolError("trace-end", count=len(self._steps), sent=_name(header))
        return self._steps[self._place]

    def _differs(self, step: _Step, header: bytes) -> ProtocolError:
        recorded = bytes(byte or 0 for byte in step.sent[:4]) if step.sent else b""
        return ProtocolError("trace-differs", number=self._place + 1, expected=_name(recorded), sent=_name(header))


def _name(header: bytes) -> str:
    """A command told by its header alone; nothing at all is a reset."""
    return f"{describe(header).name} ({_hex(header)})" if header else "RESET"


def _read(path: Path) -> tuple[bytes, list[_Step]]:
    atr: bytes | None = None
    steps: list[_Step] = []
    sent: tuple[int | None, ...] | None = None
    for number, line in _lines(path):
        body = line.partition(";")[0].rstrip()
        try:
            if body.startswith(_SENT) and sent is None and atr is not None:
                sent = _bytes(body.removeprefix(_SENT))
            elif body.startswith(_RECEIVED) and sent is not None:
                steps.append(_Step(sent, _plain(body.removeprefix(_RECEIVED))))
                sent = None
            elif body.startswith(_RESET) and sent is None:
                steps.append(_Step(None, _plain(body.removeprefix(_RESET))))
            elif body.startswith(_ATR) and atr is None:
                atr = _plain(body.removeprefix(_ATR))
            elif body and not body.startswith("#"):
                raise ValueError(body)
        except ValueError:
            raise ProtocolError("trace-form", path=path.name, line=number) from None
    if atr is None or sent is not None:
        raise ProtocolError("trace-form", path=path.name, line=number)
    return atr, steps


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    lines = path.read_text("utf-8").splitlines() or [""]
    if lines[0] != _HEADER:
        raise ProtocolError("trace-form", path=path.name, line=1)
    yield from enumerate(lines, 1)


def _bytes(words: str) -> tuple[int | None, ...]:
    return tuple(None if word == _HIDDEN else _byte(word) for word in words.split())


def _byte(word: str) -> int:
    (byte,) = bytes.fromhex(word)
    return byte


def _plain(words: str) -> bytes:
    return bytes(_STAND_IN if byte is None else byte for byte in _bytes(words))
