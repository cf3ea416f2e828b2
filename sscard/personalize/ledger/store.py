"""What can be done to a ledger.

The promises are constraints of the database, not code: one live row a person, one live row a card number, one live
card a row, one entry a card for ever (``schema``).  People stand in it only as a keyed digest.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from sscard.errors import GuardRefused, JournalError
from sscard.personalize.ledger import schema
from sscard.personalize.ledger.engine import Engine
from sscard.personalize.ledger.model import Account, Balance, CardEntry, Job, Seat, Standing, State, Written
from sscard.personalize.ledger.seats import KEEP, Seated
from sscard.personalize.record import Record

_STANDING: Final = "standing:"
_KEY: Final = "person-key"
_ROWS_AT_ONCE: Final = 1000
_CARDS: Final = "SELECT card, job, seq, station, head, state, reason, started, ended, decided FROM cards"
_JOBS: Final = "SELECT job, batch, digest, profile, profile_digest, rows, created FROM jobs"


def key_check(person_key: bytes) -> str:
    """The check value of the key of the person digests: it tells keys apart and nothing about the key."""
    return hmac.digest(person_key, b"sscard ledger key", hashlib.sha256)[:8].hex()


def prepare(engine: Engine, person_key: bytes, station: str) -> int:
    """Make the tables of a ledger, or bring them to this version; returns the version there was, 0 for none.

    Raises JournalError as :func:`schema.migrate` does, and "ledger-other-key".
    """
    before = schema.migrate(engine, station)
    with engine.change():
        engine.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO NOTHING", _KEY, key_check(person_key))
    require_key(engine, person_key)
    return before


def require_key(engine: Engine, person_key: bytes) -> None:
    """Pass the key whose digests stand in the ledger.  Raises JournalError("ledger-other-key")."""
    known, check = engine.first("SELECT value FROM meta WHERE name = ?", _KEY), key_check(person_key)
    if known is None or known[0] != check:
        raise JournalError("ledger-other-key", path=engine.place, found=check, known=known[0] if known else "?")


class Ledger(Seated):
    """One open ledger; may be shared by the heads of a line."""

    def __init__(self, engine: Engine, person_key: bytes, seat: Seat) -> None:
        """Take over an engine; one that is not shared gets its tables here.

        Raises JournalError as :func:`schema.require_current` and :func:`prepare` do; the engine is then closed.
        """
        super().__init__(engine, seat)
        self._key = person_key
        try:
            if engine.shared:
                schema.require_current(engine)
                require_key(engine, person_key)
            else:
                prepare(engine, person_key, seat.station)
        except BaseException:
            engine.close()
            raise

    @property
    def person_key(self) -> bytes:
        """The key of its person digests."""
        return self._key

    def engine_rows(self, query: str) -> list[Any]:
        """The rows of a query as they stand in the database: to be put into another."""
        return self._engine.read(query)

    @property
    def engine(self) -> str:
        """The name of its database."""
        return self._engine.name

    @property
    def version(self) -> int:
        """The version of its tables."""
        return schema.VERSION

    @property
    def key_check(self) -> str:
        """The check value of the key of its person digests."""
        return key_check(self._key)

    def close(self) -> None:
        """Let it go; idempotent."""
        self._engine.close()

    def keep_once(self, name: str, value: str) -> str:
        """Keep a word under a name that has none yet; returns the word that is kept."""
        with self._engine.change():
            self._engine.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value)
        return str(self._engine.first("SELECT value FROM meta WHERE name = ?", name)[0])

    # Jobs and rows

    def person(self, ssn: str) -> bytes:
        """Keyed digest of a social-security number, 16 bytes."""
        return hmac.digest(self._key, ssn.encode(), hashlib.sha256)[:16]

    def find_job(self, digest: str) -> Job | None:
        """The job of a batch file, by the file's SHA-256."""
        found = self._engine.first(f"{_JOBS} WHERE digest = ?", digest)
        return Job(*found) if found else None

    def find_batch(self, batch: str) -> Job | None:
        """The job of a batch, by its sender's id or the name of its file."""
        found = self._engine.first(f"{_JOBS} WHERE batch = ?", batch)
        return Job(*found) if found else None

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return [Job(*found) for found in self._engine.read(f"{_JOBS} ORDER BY created, job")]

    def open_job(self, job: Job, records: Iterable[Record]) -> bool:
        """Enter a new batch whole or not at all; False where another process entered it a moment ago.

        Raises GuardRefused, naming the line, when a person or card number already has a live row.
        """
        values = (job.job, job.batch, job.digest, job.profile, job.profile_digest, job.rows, job.created)
        with self._engine.change():
            entered = self._engine.run("INSERT INTO jobs VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", *values)
            if entered.rowcount != 1:
                return False
            rest = iter(records)
            while part := list(islice(rest, _ROWS_AT_ONCE)):
                self._enter(job.job, part)
        return True

    def _enter(self, job: str, records: Sequence[Record]) -> None:
        rows = [(job, record.seq, self.person(record.ssn), record.card_no, State.QUEUED) for record in records]
        if self._engine.run_many("INSERT INTO rows VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING", rows) != len(rows):
            for record in records:
                self._require_entered(job, record)
            raise JournalError("ledger-write", path=self.place, cause=f"two rows {records[0].seq}-{records[-1].seq}")

    def _require_entered(self, job: str, record: Record) -> None:
        live = "SELECT job, seq, state FROM rows WHERE state <> 'void' AND"
        by_person = self._engine.first(f"{live} person = ?", self.person(record.ssn))
        by_number = self._engine.first(f"{live} card_no = ?", record.card_no)
        for held, found in (("ledger-person", by_person), ("ledger-number", by_number)):
            if found is not None and tuple(found[:2]) != (job, record.seq):
                key = "ledger-active" if found is by_person and found[2] == State.GOOD else held
                raise GuardRefused(key, line=record.line, card_no=record.card_no, job=found[0], seq=found[1])

    def card_no(self, job: str, seq: int) -> str:
        """The card number of a row."""
        found = self._engine.first("SELECT card_no FROM rows WHERE job = ? AND seq = ?", job, seq)
        return str(found[0]) if found else ""

    def row_of(self, job: str, *, ssn: str = "", card_no: str = "") -> tuple[int, State] | None:
        """Number and state of a job's live row by the person's number, or by the card's."""
        column, value = ("person", self.person(ssn)) if ssn else ("card_no", card_no)
        query = f"SELECT seq, state FROM rows WHERE {column} = ? AND job = ? AND state <> 'void'"  # noqa: S608
        found = self._engine.first(query, value, job)
        return (int(found[0]), State(found[1])) if found else None

    def people_digest(self, job: str) -> str:
        """SHA-256 in hex over the rows of a job, a line ``number:person:card number`` each: it never changes."""
        query = "SELECT seq, person, card_no FROM rows WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?"
        digest, last = hashlib.sha256(), 0
        while rows := self._engine.read(query, job, last, _ROWS_AT_ONCE):
            lines = (f"{seq}:{bytes(person).hex()}:{card_no}\n" for seq, person, card_no in rows)
            digest.update("".join(lines).encode())
            last = rows[-1][0]
        return digest.hexdigest()

    def standing(self, job: str) -> Standing:
        """Whether the job is open, paused or closed."""
        found = self._engine.first("SELECT value FROM meta WHERE name = ?", f"{_STANDING}{job}")
        return Standing(found[0]) if found else Standing.OPEN

    def stand(self, job: str, standing: Standing) -> None:
        """Open, pause or close a job; people of a closed one who still wait may come in another batch."""
        with self._engine.change():
            self._engine.run(KEEP, f"{_STANDING}{job}", standing)
            if standing is Standing.CLOSED:
                self._engine.run("UPDATE rows SET state = 'void' WHERE job = ? AND state = 'queued'", job)

    def pending(self, job: str) -> bool:
        """Whether a row of the job is still queued or in work, at any station."""
        return self.queued(job) or self._any(job, State.WORK)

    def queued(self, job: str) -> bool:
        """Whether a row of the job waits for a card."""
        return self._any(job, State.QUEUED)

    def _any(self, job: str, state: State) -> bool:
        return self._engine.first("SELECT 1 FROM rows WHERE job = ? AND state = ? LIMIT 1", job, state) is not None

    # Cards

    def card(self, card: str) -> CardEntry | None:
        """The entry of a card by its historical bytes in hex."""
        found = self._engine.first(f"{_CARDS} WHERE card = ?", card)
        return _entry(found) if found else None

    def cards(self, job: str, state: State | None = None) -> list[CardEntry]:
        """Cards of a job, those of one state where it is given, by row."""
        if state is None:
            found = self._engine.read(f"{_CARDS} WHERE job = ? ORDER BY seq, started", job)
        else:
            found = self._engine.read(f"{_CARDS} WHERE job = ? AND state = ? ORDER BY seq, started", job, state)
        return [_entry(each) for each in found]

    def own_work(self, job: str) -> list[CardEntry]:
        """Cards in work at this station: the only ones it may settle, for their journals are here."""
        return [entry for entry in self.cards(job, State.WORK) if self.mine(entry)]

    def good_card(self, job: str, seq: int) -> CardEntry | None:
        """The good card of a row."""
        found = self._engine.first(f"{_CARDS} WHERE job = ? AND seq = ? AND state = 'good'", job, seq)
        return _entry(found) if found else None

    def claim(self, job: str, card: str, head: str, seq: int | None = None) -> int | None:
        """Bind a blank card to the next queued row, or to row ``seq``; None when no row is queued.

        Raises GuardRefused: "card-known" when the ledger already knows the card, "row-not-queued" for a ``seq`` that
        does not wait for a card.
        """
        with self._engine.change():
            row = self._next_row(job) if seq is None else self._named_row(job, seq)
            if row is None:
                return None
            claimed = self._engine.run(
                "INSERT INTO cards (card, job, seq, station, head, state, started) VALUES (?,?,?,?,?,'work',?) "
                "ON CONFLICT (card) DO NOTHING",
                card,
                job,
                row,
                self.seat.station,
                head,
                _now(),
            )
            if claimed.rowcount != 1:
                raise GuardRefused("card-known", card=card)
            self._engine.run("UPDATE rows SET state = 'work' WHERE job = ? AND seq = ?", job, row)
            return row

    def _next_row(self, job: str) -> int | None:
        query = "SELECT seq FROM rows WHERE job = ? AND state = 'queued' ORDER BY seq LIMIT 1 {free}"
        found = self._engine.run(query, job).fetchone()
        return int(found[0]) if found else None

    def _named_row(self, job: str, seq: int) -> int:
        found = self._engine.run("SELECT state FROM rows WHERE job = ? AND seq = ? {mine}", job, seq).fetchone()
        if found is None or found[0] != State.QUEUED:
            raise GuardRefused("row-not-queued", job=job, seq=seq, state=found[0] if found else "-")
        return seq

    def release(self, card: str) -> None:
        """Undo a claim of a card nothing was written to: the blank is blank, the row is queued again."""
        with self._engine.change():
            found = self._engine.run("SELECT job, seq FROM cards WHERE card = ? AND state = 'work' {mine}", card)
            row = found.fetchone()
            if row is not None:
                self._engine.run("DELETE FROM cards WHERE card = ?", card)
                self._to_row(row, State.QUEUED)

    def finish(self, card: str) -> None:
        """The card in work is proven good.

        Raises GuardRefused("card-given-up") where people gave the card up meanwhile: its row is another card's.
        """
        if not self._settle(card, State.WORK, State.GOOD, State.GOOD):
            entry = self.card(card)
            if entry is None or entry.state is not State.GOOD:
                raise GuardRefused("card-given-up", seq=entry.seq if entry else "?")

    def spoil(self, card: str, reason: str) -> None:
        """The card in work is spoiled: its plastic is counted, its row is queued again for another card."""
        self._settle(card, State.WORK, State.SPOILED, State.QUEUED, reason)

    def lose(self, entry: CardEntry, reason: str) -> None:
        """A card in work is given up by people: its plastic is counted, its row is queued again for another card.

        Raises GuardRefused: "lose-station-lives" while the station that has it may be working, unless it is this one;
        "lose-not-in-work" where its fate was settled meanwhile.
        """
        with self._engine.change():
            self.require_silent(entry)
            if not self._settle(entry.card, State.WORK, State.LOST, State.QUEUED, reason, self.seat.station):
                raise GuardRefused("lose-not-in-work", seq=entry.seq)

    def strike(self, card: str, reason: str) -> None:
        """A good card is spoiled after all: its plastic is counted, its row is queued again for another card."""
        self._settle(card, State.GOOD, State.SPOILED, State.QUEUED, reason, self.seat.station)

    def _settle(self, card: str, before: State, after: State, row: State, reason: str = "", decided: str = "") -> bool:
        """A card and its row go on together; False where the card is not in state ``before``.

        The card comes first: of two that settle it, one waits here and then finds it settled.
        """
        with self._engine.change():
            done = self._engine.run(
                "UPDATE cards SET state = ?, reason = ?, ended = ?, decided = ? WHERE card = ? AND state = ?",
                after,
                reason,
                _now(),
                decided,
                card,
                before,
            )
            if done.rowcount != 1:
                return False
            self._to_row(self._engine.run("SELECT job, seq FROM cards WHERE card = ?", card).fetchone(), row)
            return True

    def _to_row(self, row: Sequence[object], state: State) -> None:
        self._engine.run("UPDATE rows SET state = ? WHERE job = ? AND seq = ?", state, *row)

    # Totals and return files

    def balance(self, job: str) -> Balance:
        """Totals of a job, people and cards counted at one moment."""
        found = self._engine.read(
            "SELECT 'row', state, COUNT(*) FROM rows WHERE job = ? GROUP BY state "
            "UNION ALL SELECT 'card', state, COUNT(*) FROM cards WHERE job = ? GROUP BY state",
            job,
            job,
        )
        rows = {state: count for what, state, count in found if what == "row"}
        cards = {state: count for what, state, count in found if what == "card"}
        return Balance(
            rows=sum(rows.values()),
            good=cards.get("good", 0),
            spoiled=cards.get("spoiled", 0) + cards.get("lost", 0),
            work=cards.get("work", 0),
            left=rows.get("queued", 0),
            ties=all(rows.get(state, 0) == cards.get(state, 0) for state in ("good", "work")),
        )

    def account(self, job: str) -> Account:
        """Totals and cards of a job at one moment."""
        with self._engine.moment():
            return Account(self.balance(job), tuple(self.cards(job)))

    def revision(
        self, job: str, kind: str, name: str, sha256: str, known: Written | None = None
    ) -> tuple[int, Written | None]:
        """The number of a return file about to be written, and the one before it, counted over all stations.

        The file that is the last one already keeps its number.  ``known``: the last one in this station's chain, which
        may be of a time when the ledger did not count them.
        """
        with self._engine.change():
            self._engine.run("SELECT 1 FROM jobs WHERE job = ? {mine}", job)
            query = "SELECT number, name, sha256 FROM revisions WHERE job = ? AND kind = ? ORDER BY number DESC LIMIT 2"
            last = [Written(*found) for found in self._engine.run(query, job, kind).fetchall()]
            if known is not None and (not last or known.number > last[0].number):
                last.insert(0, known)
                self._write(job, kind, known)
            if last and (last[0].name, last[0].sha256) == (name, sha256):
                return last[0].number, last[1] if len(last) > 1 else None
            new = Written(last[0].number + 1 if last else 1, name, sha256)
            self._write(job, kind, new)
            return new.number, last[0] if last else None

    def _write(self, job: str, kind: str, file: Written) -> None:
        values = (job, kind, file.number, file.name, file.sha256, self.seat.station)
        self._engine.run("INSERT INTO revisions VALUES (?,?,?,?,?,?)", *values)


def _entry(found: Sequence[Any]) -> CardEntry:
    card, job, seq, station, head, state, *rest = found
    return CardEntry(card, job, seq, station, head, State(state), *rest)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
