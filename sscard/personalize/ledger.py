"""The ledger: which person has which card, for ever.

SQLite in WAL mode, every commit on disk.  The promises are unique indexes, not code: one live row a person, one
live row a card number, one live card a row, one entry a card for ever.  People stand in it only as a keyed digest.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sscard.errors import GuardRefused, JournalError
from sscard.personalize.record import Record

_SCHEMA: Final = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
  job TEXT PRIMARY KEY, batch TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, profile TEXT NOT NULL,
  profile_digest TEXT NOT NULL, rows INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
  job TEXT NOT NULL REFERENCES jobs(job), seq INTEGER NOT NULL, person BLOB NOT NULL, card_no TEXT NOT NULL,
  state TEXT NOT NULL, PRIMARY KEY (job, seq)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live_row_a_person ON rows(person) WHERE state <> 'void';
CREATE UNIQUE INDEX IF NOT EXISTS one_live_row_a_number ON rows(card_no) WHERE state <> 'void';
CREATE INDEX IF NOT EXISTS rows_by_state ON rows(job, state, seq);
CREATE TABLE IF NOT EXISTS cards (
  card TEXT PRIMARY KEY, job TEXT NOT NULL, seq INTEGER NOT NULL, head TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '', started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live_card_a_row ON cards(job, seq) WHERE state IN ('work', 'good');
CREATE INDEX IF NOT EXISTS cards_by_state ON cards(job, state);
INSERT OR IGNORE INTO meta VALUES ('version', '1');
COMMIT;
"""
_VERSION: Final = "1"
_PIN: Final = "chain:"
_STANDING: Final = "standing:"


class State(StrEnum):
    """States of a row (queued, work, good) and of a card (work, good, spoiled, lost)."""

    QUEUED = "queued"
    WORK = "work"
    GOOD = "good"
    SPOILED = "spoiled"
    LOST = "lost"


class Standing(StrEnum):
    """What people decided about a job; a paused or closed one takes no card."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Job:
    """One batch being made."""

    job: str
    batch: str
    digest: str
    profile: str
    profile_digest: str
    rows: int
    created: str


@dataclass(frozen=True, slots=True)
class CardEntry:
    """One piece of plastic the ledger knows, by its historical bytes."""

    card: str
    job: str
    seq: int
    head: str
    state: State
    reason: str
    started: str
    ended: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Totals of a job: ``rows`` people, of whom ``left`` still wait; the rest counts cards.

    ``ties`` is whether people and cards agree: every good row has its good card, every row in work its card.
    """

    rows: int
    good: int
    spoiled: int
    work: int
    left: int
    ties: bool

    @property
    def complete(self) -> bool:
        """Whether every person has a good card."""
        return self.good == self.rows and self.ties

    @property
    def blanks(self) -> int:
        """Blanks in = good + spoiled + in work + left."""
        return self.good + self.spoiled + self.work + self.left


class Ledger:
    """One open ledger; may be shared by the heads of a line."""

    def __init__(self, path: Path, person_key: bytes) -> None:
        """Open the ledger at ``path`` or make it.

        Raises JournalError: "ledger-open", "ledger-damaged", "ledger-version".
        """
        self.path = path
        self._key = person_key
        self._lock = threading.RLock()
        try:
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        except (OSError, sqlite3.Error) as error:
            raise JournalError("ledger-open", path=str(path), cause=str(error)) from error
        try:
            self._prepare()
        except BaseException as error:
            self._db.close()
            if not isinstance(error, sqlite3.Error):
                raise
            key = "ledger-open" if isinstance(error, sqlite3.OperationalError) else "ledger-damaged"
            raise JournalError(key, path=str(path), cause=str(error)) from error

    def _prepare(self) -> None:
        """Make the tables of a new ledger; a ledger of another version is left as it is."""
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            self._db.executescript(_SCHEMA)
        found = self._db.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        if found != (_VERSION,):
            raise JournalError("ledger-version", path=str(self.path), version=found[0] if found else "?")

    def close(self) -> None:
        """Let the file go; idempotent."""
        self._db.close()

    def _read(self, query: str, *values: object) -> list[Any]:
        """The rows of a query.  Raises JournalError for a damaged ledger."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise JournalError("ledger-damaged", path=str(self.path), cause=str(error)) from error

    def _first(self, query: str, *values: object) -> Any:
        """The first row of a query, or None."""
        return next(iter(self._read(query, *values)), None)

    def pin(self, station: str, place: str) -> None:
        """Keep where a station's chain ends.  Raises JournalError."""
        with self._change():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{_PIN}{station}", place))

    def pins(self) -> dict[str, str]:
        """Where each station's chain ended when it was last written to."""
        found = self._read("SELECT name, value FROM meta WHERE name LIKE ?", f"{_PIN}%")
        return {name.removeprefix(_PIN): value for name, value in found}

    def person(self, ssn: str) -> bytes:
        """Keyed digest of a social-security number, 16 bytes."""
        return hmac.digest(self._key, ssn.encode(), hashlib.sha256)[:16]

    def find_job(self, digest: str) -> Job | None:
        """The job of a batch file, by the file's SHA-256."""
        found = self._first("SELECT * FROM jobs WHERE digest = ?", digest)
        return Job(*found) if found else None

    def find_batch(self, batch: str) -> Job | None:
        """The job of a batch, by its sender's id or the name of its file."""
        found = self._first("SELECT * FROM jobs WHERE batch = ?", batch)
        return Job(*found) if found else None

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return [Job(*found) for found in self._read("SELECT * FROM jobs ORDER BY created, job")]

    def open_job(self, job: Job, records: Iterable[Record]) -> None:
        """Enter a new batch whole or not at all.

        Raises GuardRefused, naming the line, when a person or card number already has a live row, and when another
        process entered the same batch a moment ago.
        """
        with self._change():
            try:
                self._db.execute("INSERT INTO jobs VALUES (?,?,?,?,?,?,?)", _astuple(job))
            except sqlite3.IntegrityError as error:
                raise GuardRefused("job-running", job=job.job) from error
            for record in records:
                try:
                    self._db.execute(
                        "INSERT INTO rows VALUES (?,?,?,?,?)",
                        (job.job, record.seq, self.person(record.ssn), record.card_no, State.QUEUED),
                    )
                except sqlite3.IntegrityError as error:
                    raise self._clash(record) from error

    def _clash(self, record: Record) -> GuardRefused:
        live = "SELECT job, seq, state FROM rows WHERE state <> 'void' AND"
        by_person = self._first(f"{live} person = ?", self.person(record.ssn))
        by_number = self._first(f"{live} card_no = ?", record.card_no)
        job, seq, state = by_person or by_number
        held = "ledger-active" if state == State.GOOD else "ledger-person"
        key = held if by_person else "ledger-number"
        return GuardRefused(key, line=record.line, card_no=record.card_no, job=job, seq=seq)

    def card(self, card: str) -> CardEntry | None:
        """The entry of a card by its historical bytes in hex."""
        found = self._first("SELECT * FROM cards WHERE card = ?", card)
        return _entry(found) if found else None

    def cards(self, job: str, state: State | None = None) -> list[CardEntry]:
        """Cards of a job, those of one state where it is given, by row."""
        query = "SELECT * FROM cards WHERE job = ? AND (? IS NULL OR state = ?) ORDER BY seq, started"
        return [_entry(found) for found in self._read(query, job, state, state)]

    def card_no(self, job: str, seq: int) -> str:
        """The card number of a row."""
        found = self._first("SELECT card_no FROM rows WHERE job = ? AND seq = ?", job, seq)
        return str(found[0]) if found else ""

    def good_card(self, job: str, seq: int) -> CardEntry | None:
        """The good card of a row."""
        found = self._first("SELECT * FROM cards WHERE job = ? AND seq = ? AND state = 'good'", job, seq)
        return _entry(found) if found else None

    def row_of(self, job: str, *, ssn: str = "", card_no: str = "") -> tuple[int, State] | None:
        """Number and state of a job's live row by the person's number, or by the card's."""
        column, value = ("person", self.person(ssn)) if ssn else ("card_no", card_no)
        query = f"SELECT seq, state FROM rows WHERE {column} = ? AND job = ? AND state <> 'void'"  # noqa: S608
        found = self._first(query, value, job)
        return (found[0], State(found[1])) if found else None

    def claim(self, job: str, card: str, head: str, seq: int | None = None) -> int | None:
        """Bind the next queued row, or row ``seq``, to a card; None when it is not queued.

        Raises GuardRefused when the ledger already knows the card.
        """
        with self._change():
            found = self._db.execute(
                "SELECT seq FROM rows WHERE job = ?1 AND state = 'queued' AND (?2 IS NULL OR seq = ?2) "
                "ORDER BY seq LIMIT 1",
                (job, seq),
            ).fetchone()
            if found is None:
                return None
            (seq,) = found
            try:
                self._db.execute(
                    "INSERT INTO cards (card, job, seq, head, state, started) VALUES (?,?,?,?,'work',?)",
                    (card, job, seq, head, _now()),
                )
            except sqlite3.IntegrityError as error:
                raise GuardRefused("card-known", card=card) from error
            self._db.execute("UPDATE rows SET state = 'work' WHERE job = ? AND seq = ?", (job, seq))
            return int(seq)

    def release(self, card: str) -> None:
        """Undo a claim of a card nothing was written to: the blank is blank, the row is queued again."""
        with self._change():
            self._requeue(card)
            self._db.execute("DELETE FROM cards WHERE card = ? AND state = 'work'", (card,))

    def finish(self, card: str) -> None:
        """The card in work is proven good."""
        with self._change():
            self._db.execute(
                "UPDATE rows SET state = 'good' WHERE (job, seq) = "
                "(SELECT job, seq FROM cards WHERE card = ? AND state = 'work')",
                (card,),
            )
            self._db.execute(
                "UPDATE cards SET state = 'good', ended = ? WHERE card = ? AND state = 'work'", (_now(), card)
            )

    def spoil(self, card: str, reason: str, state: State = State.SPOILED) -> None:
        """The card is spoiled or lost: its plastic is counted, its row is queued again for another card."""
        with self._change():
            self._requeue(card)
            self._db.execute(
                "UPDATE cards SET state = ?, reason = ?, ended = ? WHERE card = ? AND state = 'work'",
                (state, reason, _now(), card),
            )

    def strike(self, card: str, reason: str) -> None:
        """A good card is spoiled after all: its plastic is counted, its row is queued again for another card."""
        with self._change():
            self._db.execute(
                "UPDATE rows SET state = 'queued' WHERE state = 'good' AND (job, seq) = "
                "(SELECT job, seq FROM cards WHERE card = ? AND state = 'good')",
                (card,),
            )
            self._db.execute(
                "UPDATE cards SET state = 'spoiled', reason = ?, ended = ? WHERE card = ? AND state = 'good'",
                (reason, _now(), card),
            )

    def standing(self, job: str) -> Standing:
        """Whether the job is open, paused or closed."""
        found = self._first("SELECT value FROM meta WHERE name = ?", f"{_STANDING}{job}")
        return Standing(found[0]) if found else Standing.OPEN

    def stand(self, job: str, standing: Standing) -> None:
        """Open, pause or close a job; people of a closed one who still wait may come in another batch."""
        with self._change():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{_STANDING}{job}", standing))
            if standing is Standing.CLOSED:
                self._db.execute("UPDATE rows SET state = 'void' WHERE job = ? AND state = 'queued'", (job,))

    def pending(self, job: str) -> bool:
        """Whether a row of the job is still queued or in work."""
        return self.queued(job) or self._any(job, State.WORK)

    def queued(self, job: str) -> bool:
        """Whether a row of the job waits for a card."""
        return self._any(job, State.QUEUED)

    def _any(self, job: str, state: State) -> bool:
        return self._first("SELECT 1 FROM rows WHERE job = ? AND state = ? LIMIT 1", job, state) is not None

    def balance(self, job: str) -> Balance:
        """Totals of a job."""
        with self._lock:
            rows = dict(self._read("SELECT state, COUNT(*) FROM rows WHERE job = ? GROUP BY state", job))
            cards = dict(self._read("SELECT state, COUNT(*) FROM cards WHERE job = ? GROUP BY state", job))
        return Balance(
            rows=sum(rows.values()),
            good=cards.get("good", 0),
            spoiled=cards.get("spoiled", 0) + cards.get("lost", 0),
            work=cards.get("work", 0),
            left=rows.get("queued", 0),
            ties=all(rows.get(state, 0) == cards.get(state, 0) for state in ("good", "work")),
        )

    def _requeue(self, card: str) -> None:
        self._db.execute(
            "UPDATE rows SET state = 'queued' WHERE state = 'work' AND (job, seq) = "
            "(SELECT job, seq FROM cards WHERE card = ? AND state = 'work')",
            (card,),
        )

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction, all or nothing, on disk when it ends."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                finally:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise JournalError("ledger-write", path=str(self.path), cause=str(error)) from error


def _astuple(job: Job) -> tuple[object, ...]:
    return (job.job, job.batch, job.digest, job.profile, job.profile_digest, job.rows, job.created)


def _entry(found: tuple[str, str, int, str, str, str, str, str]) -> CardEntry:
    card, job, seq, head, state, reason, started, ended = found
    return CardEntry(card, job, seq, head, State(state), reason, started, ended)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
