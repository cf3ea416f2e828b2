"""Card feeders: an external program per head that brings cards and takes them away.

The program speaks lines of UTF-8 on its standard input and output (docs/feeder.md).  It is started without a shell
and away from the terminal's Ctrl-C, gets a time limit for every answer, and whatever it does wrong stops its head only.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import IO, Final, cast

from sscard.apdu.atr import Atr
from sscard.apdu.transport import Transport
from sscard.errors import CardMute, ReaderLost
from sscard.personalize.heads import Slot, Work
from sscard.personalize.ledger import State

VERSION: Final = 1
TIME_LIMIT: Final = 30.0
"""Seconds for each answer; less than what parks a head without a sign of life."""
_RETRY: Final = 1.0
_LINE_LIMIT: Final = 1000
_POWER_TRIES: Final = 3
_FAREWELL: Final = 2.0
_SHOWN: Final = 80


class Feeder:
    """One running feeder program.  One request at a time; ``log`` takes what it writes to standard error."""

    def __init__(self, command: Sequence[str], head: int, reader: str, *, log: Path, limit: float = TIME_LIMIT) -> None:
        """Start the program and greet it.  Raises ReaderLost: "feeder-start" and what :meth:`answer` raises."""
        self._reader = reader
        self.limit = limit
        self._buffer = b""
        self._asked = ""
        self._deadline = 0.0
        try:
            with log.open("ab") as errors:
                self._process = subprocess.Popen(  # noqa: S603 - the operator's own program, without a shell
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    bufsize=0,
                    start_new_session=True,
                )
        except OSError as error:
            raise ReaderLost("feeder-start", reader=reader, cause=error.strerror or str(error)) from error
        self._stdin, self._stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            self.ask(f"hello {VERSION} {head} {reader}")
            self.wait("ok")
        except BaseException:
            self.close()
            raise

    def ask(self, request: str) -> None:
        """Send one request line.  Raises ReaderLost("feeder-ended")."""
        self._asked, self._deadline = request, time.monotonic() + self.limit
        try:
            self._stdin.write(request.encode() + b"\n")
        except OSError:
            raise self._failed("feeder-ended") from None

    def answer(self, timeout: float, *expected: str) -> str | None:
        """The answer if it came within ``timeout`` seconds.

        Raises ReaderLost: "feeder-late" after the limit, "feeder-ended", "feeder-refused" for ``error …``,
        "feeder-answer" for anything but the ``expected`` words.
        """
        end = min(time.monotonic() + timeout, self._deadline)
        while b"\n" not in self._buffer:
            now = time.monotonic()
            if now >= self._deadline:
                raise self._failed("feeder-late", seconds=round(self.limit, 1))
            if not select.select([self._stdout], [], [], max(0.0, end - now))[0]:
                if time.monotonic() < self._deadline:
                    return None
                continue
            part = os.read(self._stdout.fileno(), _LINE_LIMIT)
            self._buffer += part
            if not part:
                raise self._failed("feeder-ended")
            if len(self._buffer) > _LINE_LIMIT:
                raise self._failed("feeder-answer", answer="…")
        line, _, self._buffer = self._buffer.partition(b"\n")
        words = line.decode("utf-8", "replace").strip()
        if words in expected:
            return words
        if words.partition(" ")[0] == "error":
            raise self._failed("feeder-refused", answer=_shown(words[len("error") :]))
        raise self._failed("feeder-answer", answer=_shown(words))

    def wait(self, *expected: str) -> str:
        """The answer, however long the limit lets it take.  Raises as :meth:`answer` does."""
        while (found := self.answer(self.limit, *expected)) is None:
            pass
        return found

    def close(self) -> None:
        """Say ``bye`` and end the program, by force where it must be; idempotent."""
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(b"bye\n")
        self._stdin.close()
        try:
            self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()

    def _failed(self, key: str, **fields: object) -> ReaderLost:
        return ReaderLost(key, reader=self._reader, request=self._asked.partition(" ")[0], **fields)


class _Stage(Enum):
    """Where a head stands between two cards."""

    LOOK = "a card may lie in the reader from before"
    EMPTY = "none is there, none is asked for"
    ASKED = "the feeder is bringing one"
    BROUGHT = "one must come to be seen"
    HELD = "one is in work"


class FeederSlot:
    """A head whose cards a feeder brings; ``slot`` is its reader.

    A card that lies in the reader already comes first: after a power cut it is the one that goes on.  ``is_good``
    tells from a card's ATR whether it falls into the good tray: what the ledger says when the card is let go.
    """

    def __init__(self, slot: Slot, start: Callable[[], Feeder], is_good: Callable[[bytes], bool]) -> None:
        self.name = slot.name
        self._slot = slot
        self._start = start
        self._is_good = is_good
        self._feeder: Feeder | None = None
        self._stage = _Stage.LOOK
        self._wake = 0.0
        self._atr: bytes | None = None
        self._mute = 0
        self._failure: ReaderLost | None = None

    def next_card(self, timeout: float) -> Transport | None:
        """The card the feeder brought, or None.

        Raises ReaderLost for whatever the feeder does wrong ("feeder-no-card": no card can be seen though it says
        that it brought one), and what the reader raises.
        """
        if self._failure is not None:
            raise self._failure
        if self._feeder is None:
            self._feeder = self._start()
        if self._stage in (_Stage.EMPTY, _Stage.ASKED):
            self._get(self._feeder, timeout)
        if self._stage in (_Stage.EMPTY, _Stage.ASKED):
            return None
        card = self._powered(timeout)
        if card is not None:
            self._stage, self._atr, self._mute = _Stage.HELD, card.atr, 0
        elif self._stage is _Stage.LOOK:
            self._stage = _Stage.EMPTY
        elif self._stage is _Stage.BROUGHT and time.monotonic() > self._wake:
            raise ReaderLost("feeder-no-card", reader=self.name, request="get")
        return card

    def release(self) -> None:
        """Let the card go and have it taken away; a failure stops the head when it asks for its next card."""
        good = self._atr is not None and self._is_good(self._atr)
        self._slot.release()
        self._take_away("done" if good else "reject")

    def close(self) -> None:
        """End reader and feeder; a card in the head stays there.  Idempotent."""
        self._slot.close()
        if self._feeder is not None:
            self._feeder.close()

    def _get(self, feeder: Feeder, timeout: float) -> None:
        """Ask for a card, or look whether the one asked for has come."""
        if self._stage is _Stage.EMPTY:
            pause = self._wake - time.monotonic()
            if pause > 0:
                time.sleep(min(pause, timeout))
                return
            feeder.ask("get")
            self._stage = _Stage.ASKED
        match feeder.answer(timeout, "ok", "empty"):
            case "ok":
                self._stage, self._wake = _Stage.BROUGHT, time.monotonic() + feeder.limit
            case "empty":
                self._stage, self._wake = _Stage.EMPTY, time.monotonic() + _RETRY

    def _powered(self, timeout: float) -> Transport | None:
        """The card in the reader; one that stays mute is rejected."""
        try:
            return self._slot.next_card(timeout)
        except CardMute:
            self._mute += 1
            if self._mute == _POWER_TRIES:
                self.release()
            raise

    def _take_away(self, request: str) -> None:
        self._stage, self._atr, self._mute, self._wake = _Stage.EMPTY, None, 0, 0.0
        if self._feeder is None:
            return
        try:
            self._feeder.ask(request)
            self._feeder.wait("ok")
        except ReaderLost as error:
            self._failure = error


def _shown(words: str) -> str:
    """What a feeder said, fit for one line of a log."""
    return "".join(letter if letter.isprintable() else "?" for letter in words.strip())[:_SHOWN]


def feeder_slots(
    slots: Sequence[Slot], command: Sequence[str], folder: Path, is_good: Callable[[bytes], bool], *, limit: float
) -> list[FeederSlot]:
    """Every head with a feeder of its own; each is started by its head.  ``folder`` takes ``feeder-N.log``."""

    def fed(number: int, slot: Slot) -> FeederSlot:
        log = folder / f"feeder-{number}.log"
        return FeederSlot(slot, lambda: Feeder(command, number, slot.name, log=log, limit=limit), is_good)

    return [fed(number, slot) for number, slot in enumerate(slots, 1)]


def good_in(work: Work) -> Callable[[bytes], bool]:
    """Whether the ledger calls the card of an ATR a good one of this job."""

    def is_good(raw: bytes) -> bool:
        identity = work.dialect.mark.identity(Atr.parse(raw))
        entry = work.entry_of(identity) if identity is not None else None
        return entry is not None and entry.job == work.job and entry.state is State.GOOD

    return is_good
