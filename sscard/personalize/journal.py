"""The write-ahead journal: what is about to happen to a card is on disk before it happens.

One file a head and stretch of cards, one JSON object a line, each line chained to the one before by SHA-256.
Lines hold references only: no key, PIN, number or name.  A torn last line is left out on reading; damage
elsewhere is reported.

================  ==========================================================================
kind              fields
================  ==========================================================================
``open``          ``card`` (historical bytes), ``job``, ``row``, ``profile`` (digest), ``tool``, ``format``
``intent``        ``card``, ``visit``, ``first``, ``last``: on disk before the visit's first change leaves
``done``          ``card``, ``step``: a key-changing or irreversible step succeeded
``leave``         ``card``, ``visit``
``end``           ``card``, ``verdict`` (good, spoiled, returned), ``reason``
================  ==========================================================================
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Final

from sscard.durable import sync_folder
from sscard.errors import JournalError
from sscard.personalize.chain import START, Place, chained

GOOD: Final = "good"
SPOILED: Final = "spoiled"
RETURNED: Final = "returned"
"""Verdicts; a returned card is as blank as it came."""

Note = Callable[..., object]
"""Takes a kind of entry and its fields: the station's chain, as far as one job may write to it."""

FORMAT: Final = 1
"""Of the lines of a card; stands in ``open``, where older journals have none.  A later one is refused."""
SUFFIX: Final = ".jrnl"
CLOSED_SUFFIX: Final = ".journal"
_KINDS: Final = frozenset({"open", "intent", "done", "leave", "end"})
_BLOCK: Final = 65_536


@dataclass(slots=True)
class CardState:
    """What the journals say of one card, kept while it is in work."""

    card: str
    row: int
    profile: str
    intents: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    last_step: int = -1
    verdict: str = ""
    reason: str = ""

    @property
    def touched(self) -> bool:
        """Whether anything may have been written to the card."""
        return bool(self.intents)


class Journal:
    """Appends to one journal file; one writer, usually one head."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = Place()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            sync_folder(path.parent)
            size = os.fstat(self._file).st_size
        except OSError as error:
            raise JournalError("journal-write", path=str(path), cause=error.strerror) from error
        if size:
            os.close(self._file)
            raise JournalError("journal-in-use", path=str(path))
        self._flusher = _Flusher(self._file)

    def write(self, kind: str, body: str) -> None:
        """Append one entry; ``body`` is the JSON of its fields without braces.

        Raises JournalError; the journal then takes no more entries, so that a torn line stays its last.
        """
        if self._file < 0:
            raise JournalError("journal-closed", path=str(self.path))
        line, place = chained(kind, body, self._place)
        try:
            if os.write(self._file, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise self._failed(error) from error
        self._place = place

    def begin_flush(self) -> None:
        """Start bringing all that was written to the disk, beside the caller.  Raises JournalError."""
        self._flushing(self._flusher.begin)

    def flush(self) -> None:
        """Wait until what was written before :meth:`begin_flush` is on the disk.  Raises JournalError."""
        self._flushing(self._flusher.wait)

    def _flushing(self, work: Callable[[], None]) -> None:
        if self._file < 0:
            raise JournalError("journal-closed", path=str(self.path))
        try:
            work()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> JournalError:
        self.close()
        return JournalError("journal-write", path=str(self.path), cause=error.strerror)

    def card(self, state: CardState) -> JournalledCard:
        """The journal of one card, continuing what earlier runs wrote about it."""
        return JournalledCard(self, state)

    def close(self) -> None:
        """Close the file; idempotent."""
        if self._file >= 0:
            self._flusher.close()
            os.close(self._file)
            self._file = -1

    def retire(self, note: Note) -> None:
        """Close the file and mark that it need not be read again: none of its cards is in work."""
        self.close()
        _close_for_good(self.path, self._place, note)


class _Flusher:
    """A thread that brings one file to the disk while its owner works on; one owner, one flush at a time."""

    def __init__(self, file: int) -> None:
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._results: SimpleQueue[BaseException | None] = SimpleQueue()
        self._under_way = False
        self._thread = threading.Thread(target=self._run, args=(file,), name="journal-flush", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Begin a flush; one that was never waited for is waited for first.  Raises what that one raised."""
        if self._under_way:
            self.wait()
        self._under_way = True
        self._asked.put(True)

    def wait(self) -> None:
        """Wait for the flush under way, begun now where there is none.  Raises what it raised."""
        if not self._under_way:
            self.begin()
        error = self._results.get()
        self._under_way = False
        if error is not None:
            raise error

    def close(self) -> None:
        """End the thread after the flush under way."""
        self._asked.put(False)
        self._thread.join()

    def _run(self, file: int) -> None:
        while self._asked.get():
            failure: BaseException | None = None
            try:
                os.fdatasync(file)
            except BaseException as error:  # whatever it is, the owner waits for it
                failure = error
            self._results.put(failure)


class JournalledCard:
    """One card's part of a journal; what the runner writes to and asks.

    What earlier runs wrote is frozen at creation: visits of this run do not count as resumed.
    """

    __slots__ = ("_before", "_journal", "_left", "_prefix", "state")

    def __init__(self, journal: Journal, state: CardState) -> None:
        self.state = state
        self._journal = journal
        self._before = (frozenset(state.intents), state.last_step)
        self._left = frozenset(state.left)
        self._prefix = f'"card":"{state.card}"'

    def open(self, job: str, tool: str) -> None:
        """Say which row this card is for."""
        state = self.state
        body = f'{self._prefix},"job":{json.dumps(job)},"row":{state.row},"profile":"{state.profile}","tool":"{tool}"'
        body += f',"format":{FORMAT}'
        self._journal.write("open", body)

    def intended(self, visit: int) -> bool:
        return visit in self._before[0]

    def finished(self, visit: int) -> bool:
        return visit in self._left

    def last_done(self) -> int:
        return self._before[1]

    def intent(self, visit: int, first: int, last: int) -> None:
        self._journal.write("intent", f'{self._prefix},"visit":{visit},"first":{first},"last":{last}')
        self._journal.begin_flush()
        self.state.intents.add(visit)

    def secure(self) -> None:
        self._journal.flush()

    def done(self, step: int) -> None:
        self._journal.write("done", f'{self._prefix},"step":{step}')
        self.state.last_step = step

    def leave(self, visit: int) -> None:
        self._journal.write("leave", f'{self._prefix},"visit":{visit}')
        self.state.left.add(visit)

    def end(self, verdict: str, reason: str = "") -> None:
        """Close the card's story.  The ledger's commit, which follows, is what makes it last."""
        body = f'{self._prefix},"verdict":"{verdict}","reason":{json.dumps(reason, ensure_ascii=False)}'
        self._journal.write("end", body)
        self.state.verdict, self.state.reason = verdict, reason


def read_entries(path: Path) -> Iterator[dict[str, object]]:
    """The entries of one journal.  A torn last line is left out; raises JournalError where the chain breaks."""
    head = START
    with _reading(path) as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                return
            body, mark, tail = raw.rpartition(b',"hash":"')
            digest = hashlib.sha256(body).hexdigest()
            if not mark or tail != f'{digest}"}}\n'.encode() or not body.endswith(f'"prev":"{head}"'.encode()):
                raise JournalError("journal-damaged", path=str(path), line=number)
            head = digest
            entry: dict[str, object] = json.loads(raw)
            yield entry


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise JournalError("journal-unreadable", path=str(path), cause=error.strerror) from error


def card_states(folder: Path, cards: Collection[str]) -> dict[str, CardState]:
    """What the open journals of a job say of these cards, by historical bytes.

    Raises JournalError for damage, and for lines that only a later version of the toolkit writes.
    """
    states: dict[str, CardState] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        for entry in read_entries(path):
            if entry["kind"] not in _KINDS or entry.get("format", FORMAT) != FORMAT:
                raise JournalError("journal-newer", path=str(path), tool=entry.get("tool", "?"))
            if entry["card"] in cards:
                _apply(states, entry)
    return states


def next_name(folder: Path, head: int) -> str:
    """Name of a head's next journal: counted on from the job's newest, so that no clock decides their order."""
    numbers = [path.name.partition("-")[0] for path in folder.iterdir() if path.suffix in (SUFFIX, CLOSED_SUFFIX)]
    newest = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return f"{newest + 1:020d}-{head}"


def retire(folder: Path, note: Note) -> None:
    """Mark every open journal of a job as closed: none of its cards is in work, it need not be read again.

    Raises JournalError.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        place = Place()
        for entry in read_entries(path):
            place = Place(int(str(entry["n"])), str(entry["hash"]))
        _close_for_good(path, place, note)


def _close_for_good(path: Path, place: Place, note: Note) -> None:
    """Tell where the journal ends, and how many bytes of a torn line follow, then rename it.

    Told twice where a crash came between.
    """
    torn = _torn(path)
    more = {"torn": torn} if torn else {}
    note("closed", file=path.stem, lines=place.number, last=place.hash, **more)
    try:
        path.rename(path.with_suffix(CLOSED_SUFFIX))
    except OSError as error:
        raise JournalError("journal-write", path=str(path), cause=error.strerror) from error


def _apply(states: dict[str, CardState], entry: dict[str, object]) -> None:
    card = str(entry["card"])
    kind = entry["kind"]
    if kind == "open":
        row, profile = int(str(entry["row"])), str(entry["profile"])
        known = states.get(card)
        if known is None or known.row != row:
            states[card] = CardState(card, row, profile)
        return
    state = states[card]
    if kind == "intent":
        state.intents.add(int(str(entry["visit"])))
    elif kind == "done":
        state.last_step = max(state.last_step, int(str(entry["step"])))
    elif kind == "leave":
        state.left.add(int(str(entry["visit"])))
    elif kind == "end":
        state.verdict, state.reason = str(entry["verdict"]), str(entry["reason"])
        if state.verdict == RETURNED:
            del states[card]


def _torn(path: Path) -> int:
    """Bytes behind the last whole line."""
    with _reading(path) as file:
        file.seek(max(0, path.stat().st_size - _BLOCK))
        return len(file.read().rpartition(b"\n")[2])
