"""The register of PSAMs: who asked, who allowed, what was loaded, where each one is, and that none is left over.

SQLite in WAL mode, every change on disk before it counts.  Unique terminal numbers, one number a serial and a history
that nobody edits are rules of the database, not of code; several loaders may share one file.
docs/psam.md, "the register".
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sscard.cos.psam import Authority
from sscard.errors import GuardRefused, JournalError
from sscard.keys.psam import OWN_KEYS
from sscard.psam.entries import MAY, Decision, Event, HeldKey, PsamEntry, Request, Reservation, State, person
from sscard.psam.loadlist import LoadList, parse_list

_SCHEMA: Final = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blanks (
  serial TEXT PRIMARY KEY CHECK (length(serial) = 20), supplier TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY, authority TEXT NOT NULL, city TEXT NOT NULL, purpose TEXT NOT NULL, count INTEGER NOT NULL,
  supplier TEXT NOT NULL, list TEXT NOT NULL, digest TEXT NOT NULL, requester TEXT NOT NULL, requested TEXT NOT NULL,
  decision TEXT NOT NULL DEFAULT 'open', reviewer TEXT NOT NULL DEFAULT '', reviewed TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS psams (
  terminal TEXT PRIMARY KEY CHECK (length(terminal) = 12), serial TEXT NOT NULL UNIQUE REFERENCES blanks(serial),
  request INTEGER NOT NULL REFERENCES requests(id), algorithm TEXT NOT NULL, debug INTEGER NOT NULL,
  state TEXT NOT NULL, loader TEXT NOT NULL, loaded TEXT NOT NULL DEFAULT '', valid_until TEXT NOT NULL DEFAULT '',
  device TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '', keeper TEXT NOT NULL DEFAULT '',
  form TEXT NOT NULL DEFAULT '', issued TEXT NOT NULL DEFAULT '', due TEXT NOT NULL DEFAULT '',
  recalled TEXT NOT NULL DEFAULT '', destroyed TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  replaces TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS one_live_psam_a_device ON psams(device) WHERE state = 'issued';
CREATE TABLE IF NOT EXISTS loads (
  terminal TEXT NOT NULL REFERENCES psams(terminal), request INTEGER NOT NULL REFERENCES requests(id),
  begun TEXT NOT NULL, done TEXT NOT NULL DEFAULT '', PRIMARY KEY (terminal, request)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
  terminal TEXT NOT NULL REFERENCES psams(terminal), name TEXT NOT NULL, version INTEGER NOT NULL, level TEXT NOT NULL,
  place TEXT NOT NULL, PRIMARY KEY (terminal, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
  n INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, terminal TEXT NOT NULL,
  note TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS history_stays BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history'); END;
CREATE TRIGGER IF NOT EXISTS history_is_kept BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history'); END;
INSERT OR IGNORE INTO meta VALUES ('version', '1');
COMMIT;
"""
_VERSION: Final = "1"
_WAIT_SECONDS: Final = 60
_LAST_NUMBER: Final = 999_999


class PsamRegister:
    """One open register; threads may share it, processes open their own.

    ``production`` refuses full-key debug PSAMs.  Raises JournalError where the file cannot be opened or is damaged.
    """

    def __init__(self, path: Path, *, production: bool) -> None:
        self.path = path
        self._production = production
        self._lock = threading.RLock()
        try:
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_WAIT_SECONDS)
        except (OSError, sqlite3.Error) as error:
            raise JournalError("psam-register", path=str(path), cause=str(error)) from error
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.executescript(_SCHEMA)
            found = self._db.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        except sqlite3.Error as error:
            self._db.close()
            raise JournalError("psam-register", path=str(path), cause=str(error)) from error
        if found != (_VERSION,):
            self._db.close()
            raise JournalError("psam-register", path=str(path), cause=f"version {found[0]}")

    def close(self) -> None:
        """Let the file go; idempotent."""
        self._db.close()

    def __enter__(self) -> PsamRegister:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(self, serials: Iterable[str], supplier: str, who: str) -> int:
        """Register blanks a supplier has delivered, all or none; how many.  Raises GuardRefused."""
        count = 0
        with self._change():
            for serial in serials:
                if len(serial) != 20 or not (serial.isascii() and serial.isdigit()):
                    raise GuardRefused("psam-serial-form", serial=serial)
                try:
                    self._db.execute("INSERT INTO blanks VALUES (?,?,?,?)", (serial, supplier, who, _now()))
                except sqlite3.IntegrityError:
                    raise GuardRefused("psam-serial-known", serial=serial) from None
                count += 1
            self._tell(who, "receive", "", f"{count} {supplier}")
        return count

    def request(self, order: LoadList, text: str, who: str) -> Request:
        """Enter a request with its list.  Raises GuardRefused for a debug list in production."""
        self._refuse_debug(order)
        with self._change():
            facts = (order.authority.name.lower(), order.city, order.purpose, order.count, order.supplier)
            made = self._db.execute(
                "INSERT INTO requests (authority, city, purpose, count, supplier, list, digest, requester, requested)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                (*facts, text, order.digest, _name(who), _now()),
            )
            number = int(made.lastrowid or 0)
            self._tell(who, "request", "", f"{number} {order.digest}")
        return self.find_request(number)

    def review(self, number: int, who: str, *, approve: bool, note: str = "") -> Request:
        """Approve or refuse a request, once, by another person.  Raises GuardRefused."""
        with self._change():
            found = self.find_request(number)
            if found.decision is not Decision.OPEN:
                raise GuardRefused("psam-reviewed", request=number, reviewer=found.reviewer)
            if person(found.requester) == person(_name(who)):
                raise GuardRefused("psam-same-person", who=who)
            decision = Decision.APPROVED if approve else Decision.REFUSED
            self._db.execute(
                "UPDATE requests SET decision = ?, reviewer = ?, reviewed = ?, note = ? WHERE id = ?",
                (decision, who, _now(), note, number),
            )
            self._tell(who, "review", "", f"{number} {decision}")
        return self.find_request(number)

    def reserve(self, number: int, serial: str, order: LoadList, who: str) -> Reservation:
        """The terminal number for loading one PSAM by a request; the next of the city for one that has none.

        Raises GuardRefused: request not approved or used up, blank not registered, PSAM lost, issued or destroyed.
        """
        self._refuse_debug(order)
        with self._change():
            found = self.find_request(number)
            if found.decision is not Decision.APPROVED:
                raise GuardRefused("psam-not-approved", request=number, decision=found.decision.value)
            if order.digest != found.digest:
                raise GuardRefused("psam-other-list", request=number)
            if not self._first("SELECT 1 FROM blanks WHERE serial = ?", serial):
                raise GuardRefused("psam-blank-unknown", serial=serial)
            held = self._first("SELECT terminal, state, request FROM psams WHERE serial = ?", serial)
            begun = held and self._first("SELECT done FROM loads WHERE (terminal, request) = (?,?)", held[0], number)
            counted = begun or (held and held[2] == number)
            if not counted and found.loaded >= found.count:
                raise GuardRefused("psam-request-full", request=number, count=found.count)
            if held:
                self._allow("load", held[0], State(held[1]))
                return Reservation(held[0], begun == ("",))
            if order.authority is not Authority.NATIONAL:
                raise GuardRefused("psam-numberless")
            terminal = self._next_number(order.city)
            self._db.execute(
                "INSERT INTO psams (terminal, serial, request, algorithm, debug, state, loader) VALUES (?,?,?,?,?,?,?)",
                (terminal, serial, number, order.algorithm.name, order.debug, State.RESERVED, who),
            )
            self._tell(who, "reserve", terminal, serial)
        return Reservation(terminal, False)

    def _refuse_debug(self, order: LoadList) -> None:
        if order.debug and self._production:
            raise GuardRefused("psam-debug", terminal="–")

    def _next_number(self, city: str) -> str:
        last = self._first("SELECT max(terminal) FROM psams WHERE substr(terminal, 1, 6) = ?", city)[0]
        number = int(last[6:]) + 1 if last else 1
        if number > _LAST_NUMBER:
            raise GuardRefused("psam-numbers-used", city=city)
        return f"{city}{number:06d}"

    def begin_load(self, terminal: str, number: int, who: str) -> None:
        """Note that keys will be written now: from here on the loading may be resumed."""
        with self._change():
            self._db.execute(
                "INSERT INTO loads (terminal, request, begun) VALUES (?,?,?)"
                " ON CONFLICT DO UPDATE SET begun = excluded.begun, done = ''",
                (terminal, number, _now()),
            )
            self._tell(who, "load-begun", terminal, str(number))

    def finish_load(self, terminal: str, number: int, order: LoadList, who: str) -> PsamEntry:
        """Note what a PSAM holds now."""
        held = [(row.name, row.version, row.level, str(row.place)) for row in order.chosen()]
        with self._change():
            self._db.executemany(
                "INSERT OR REPLACE INTO held VALUES (?,?,?,?,?)", [(terminal, *facts) for facts in held]
            )
            self._db.execute("UPDATE loads SET done = ? WHERE (terminal, request) = (?,?)", (_now(), terminal, number))
            self._db.execute(
                "UPDATE psams SET loaded = ?, loader = ?, state = iif(state = 'reserved', 'loaded', state),"
                " valid_until = iif(valid_until = '', ?, min(valid_until, ?)) WHERE terminal = ?",
                (_now(), who, order.info.end, order.info.end, terminal),
            )
            self._tell(who, "load", terminal, f"{number} {' '.join(name for name, *_ in held)}")
        return self.where(terminal)

    def issue(
        self,
        terminal: str,
        who: str,
        *,
        device: str,
        address: str,
        keeper: str,
        form: str,
        due: str,
        replaces: str = "",
    ) -> PsamEntry:
        """Hand a PSAM out to a terminal device.  Raises GuardRefused: debug in production, device has one already."""
        with self._change():
            entry = self.where(terminal)
            if entry.debug and self._production:
                raise GuardRefused("psam-debug", terminal=terminal)
            self._allow("issue", terminal, entry.state)
            if replaces:
                self._allow("replace", replaces, self.where(replaces).state)
            try:
                self._db.execute(
                    "UPDATE psams SET state = 'issued', device = ?, address = ?, keeper = ?, form = ?, issued = ?,"
                    " due = ?, replaces = ? WHERE terminal = ?",
                    (device, address, keeper, form, _now(), due, replaces, terminal),
                )
            except sqlite3.IntegrityError:
                raise GuardRefused("psam-device-taken", device=device) from None
            self._tell(who, "issue", terminal, f"{device} {keeper}")
        return self.where(terminal)

    def recall(self, terminal: str, who: str, reason: str) -> PsamEntry:
        """A PSAM is back from its terminal."""
        return self._step("recall", terminal, State.RECALLED, "recalled", who, reason)

    def lose(self, terminal: str, who: str, reason: str) -> PsamEntry:
        """A PSAM is lost, for ever: its number is never used again."""
        return self._step("lose", terminal, State.LOST, "recalled", who, reason)

    def destroy(self, terminal: str, who: str, witness: str, reason: str) -> PsamEntry:
        """A PSAM was destroyed before a witness.  Raises GuardRefused unless these are two people."""
        if person(_name(who)) == person(_name(witness)):
            raise GuardRefused("psam-same-person", who=who)
        return self._step("destroy", terminal, State.DESTROYED, "destroyed", f"{who}, {witness}", reason)

    def _step(self, step: str, terminal: str, state: State, column: str, who: str, reason: str) -> PsamEntry:
        with self._change():
            self._allow(step, terminal, self.where(terminal).state)
            self._db.execute(
                f"UPDATE psams SET state = ?, {column} = ?, reason = ? WHERE terminal = ?",  # noqa: S608 - our own names
                (state, _now(), reason, terminal),
            )
            self._tell(_name(who), step, terminal, reason)
        return self.where(terminal)

    def _allow(self, step: str, terminal: str, state: State) -> None:
        if state not in MAY[step]:
            raise GuardRefused("psam-state", terminal=terminal, state=state.value, step=step)

    def find_request(self, number: int) -> Request:
        """Raises GuardRefused("psam-no-request")."""
        found = self._first(
            "SELECT requests.*,"
            " (SELECT count(*) FROM psams WHERE request = requests.id AND NOT (state = 'destroyed' AND loaded = ''))"
            " + (SELECT count(*) FROM loads JOIN psams USING (terminal)"
            " WHERE loads.request = requests.id AND psams.request <> requests.id) FROM requests WHERE id = ?",
            number,
        )
        if not found:
            raise GuardRefused("psam-no-request", request=number)
        return _request(found)

    def requests(self) -> list[Request]:
        """All requests, oldest first."""
        return [self.find_request(row[0]) for row in self._read("SELECT id FROM requests ORDER BY id")]

    def where(self, terminal: str) -> PsamEntry:
        """One PSAM by its terminal number.  Raises GuardRefused("psam-unknown")."""
        found = self._first("SELECT * FROM psams WHERE terminal = ?", terminal)
        if not found:
            raise GuardRefused("psam-unknown", terminal=terminal)
        return _entry(found)

    def psams(self, state: State | None = None) -> list[PsamEntry]:
        """All PSAMs, or those of one state, by number."""
        query = "SELECT * FROM psams WHERE ? IS NULL OR state = ? ORDER BY terminal"
        return [_entry(row) for row in self._read(query, state, state)]

    def overdue(self, day: str) -> list[PsamEntry]:
        """PSAMs still at a terminal on a day (YYYYMMDD) though they were due back or their keys' period is over."""
        query = "SELECT * FROM psams WHERE state = 'issued' AND (due < ? OR valid_until < ?) ORDER BY due, terminal"
        return [_entry(row) for row in self._read(query, day, day)]

    def held(self, terminal: str) -> list[HeldKey]:
        """The roots a PSAM holds."""
        query = "SELECT name, version, level, place FROM held WHERE terminal = ? ORDER BY place"
        return [HeldKey(*row) for row in self._read(query, terminal)]

    def holding(self, name: str, version: int) -> list[PsamEntry]:
        """PSAMs not yet destroyed that hold a key, or may since a loading of it broke off: what its loss exposes.

        The masters of PSAMs' own keys expose all of them.
        """
        if name in OWN_KEYS and version == 1:
            return [entry for entry in self.psams() if entry.state is not State.DESTROYED]
        held = self._read("SELECT terminal FROM held WHERE (name, version) = (?,?)", name, version)
        begun = self._read(
            "SELECT loads.terminal, list FROM loads JOIN requests ON loads.request = requests.id WHERE done = ''"
        )
        found = {terminal for (terminal,) in held} | {
            terminal
            for terminal, text in begun
            if any((row.name, row.version) == (name, version) for row in parse_list(text, self.path.name).chosen())
        }
        return [entry for entry in self.psams() if entry.terminal in found and entry.state is not State.DESTROYED]

    def history(self, terminal: str) -> list[Event]:
        """Everything that happened to one PSAM, oldest first."""
        query = "SELECT at, who, what, terminal, note FROM history WHERE terminal = ? ORDER BY n"
        return [Event(*row) for row in self._read(query, terminal)]

    def _tell(self, who: str, what: str, terminal: str, note: str) -> None:
        self._db.execute(
            "INSERT INTO history (at, who, what, terminal, note) VALUES (?,?,?,?,?)",
            (_now(), _name(who), what, terminal, note),
        )

    def _read(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise JournalError("psam-register", path=str(self.path), cause=str(error)) from error

    def _first(self, query: str, *values: object) -> Any:
        return next(iter(self._read(query, *values)), None)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction that holds the register from its first read on."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise JournalError("psam-register", path=str(self.path), cause=str(error)) from error


def _name(who: str) -> str:
    """A name that says somebody.  Raises GuardRefused for an empty one."""
    if not person(who):
        raise GuardRefused("psam-nobody")
    return who


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _request(row: Sequence[Any]) -> Request:
    values = [*row]
    values[10] = Decision(row[10])
    return Request(*values)


def _entry(row: Sequence[Any]) -> PsamEntry:
    values = [*row]
    values[4:6] = bool(row[4]), State(row[5])
    return PsamEntry(*values)
