"""A ledger that several stations share: PostgreSQL, by URL.

The password comes the way libpq takes it: from a password file, a service file or the environment, never from here.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from sscard.errors import JournalError
from sscard.personalize.ledger.engine import Cursor, Engine, Words

_CONNECT: Final = {
    "connect_timeout": "10",
    "tcp_user_timeout": "20000",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "4",
}
"""A server that went away is noticed within about half a minute, connected or connecting."""
_SESSION: Final = b"""SET synchronous_commit = on; SET lock_timeout = '15s'; SET statement_timeout = '25s';
SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"""
"""The server, too, notices within a minute that a station's machine is gone, and frees what it held."""
_HOLD_FOR: Final = 2.0
"""Seconds a hold is tried: the server may take a moment to see that a program has ended."""
_HUNG_AFTER: Final = 40.0
"""Seconds without an answer after which the connection is cut: libpq itself would wait for ever."""
_LOOKS: Final = 20
_LOOPBACK: Final = ("127.0.0.1", "::1")
_CAUSES: Final = (
    (re.compile(r'database "[^"]*" does not exist'), "ledger-database"),
    (re.compile(r"password|authentication|pg_hba|role .* does not exist"), "ledger-login"),
)
"""What libpq tells of a connection that failed; such errors have no code."""


class Postgres(Engine):
    """One connection to the database of ``url``."""

    name = "PostgreSQL"
    words = Words(
        "BYTEA",
        "",
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)",
        "FOR UPDATE",
        "FOR UPDATE SKIP LOCKED",
    )
    shared = True

    def __init__(self, url: str, station: str, *, guarded: bool = False) -> None:
        """Connect; ``guarded`` takes a connection over a network only under TLS.

        Raises JournalError: "ledger-server", "ledger-database", "ledger-login", "ledger-encoding", "ledger-clear".
        """
        super().__init__(_place(url))
        try:
            given = {**_CONNECT, "application_name": f"sscard {station}", **conninfo_to_dict(url)}
            self._db = psycopg.connect(make_conninfo("", **given), autocommit=True)
        except psycopg.Error as error:
            raise self._not_connected(error) from None
        try:
            info = self._db.info
            self.place = f"postgresql://{info.host}:{info.port}/{info.dbname}"
            if info.parameter_status("server_encoding") != "UTF8":
                raise JournalError("ledger-encoding", path=self.place)
            network = bool(info.hostaddr) and info.hostaddr not in _LOOPBACK
            if guarded and network and not info.pgconn.ssl_in_use:
                raise JournalError("ledger-clear", path=self.place)
            self._asked = 0.0
            threading.Thread(target=self._watch, name="ledger-watch", daemon=True).start()
            with self._errors("ledger-server"):
                self._send(_SESSION)
        except BaseException:
            self._db.close()
            raise

    def _watch(self) -> None:
        """Cut the connection when the server leaves a statement without an answer; it is then a lost one."""
        while not self._db.closed:
            time.sleep(_HUNG_AFTER / _LOOKS)
            if self._asked and time.monotonic() - self._asked > _HUNG_AFTER:
                with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._db.fileno())) as wire:
                    wire.shutdown(socket.SHUT_RDWR)
                return

    def _send(self, statement: bytes, values: Sequence[object] | None = None) -> Cursor:
        self._asked = time.monotonic()
        try:
            return self._db.execute(statement, values)
        finally:
            self._asked = 0.0

    def _not_connected(self, error: psycopg.Error) -> JournalError:
        cause = _first_line(error)
        key = next((key for form, key in _CAUSES if form.search(cause)), "ledger-server")
        return JournalError(key, path=self.place, cause=cause)

    def prepared(self) -> bool:
        return bool(self.first("SELECT to_regclass('meta') IS NOT NULL")[0])

    def hold(self, what: str, *, alone: bool) -> bool:
        query = "SELECT pg_try_advisory_lock(?)" if alone else "SELECT pg_try_advisory_lock_shared(?)"
        number = int.from_bytes(hashlib.sha256(f"sscard:{what}".encode()).digest()[:8], signed=True)
        until = time.monotonic() + _HOLD_FOR
        while not self.first(query, number)[0]:
            if time.monotonic() > until:
                return False
            time.sleep(_HOLD_FOR / 40)
        return True

    def close(self) -> None:
        self._db.close()

    def _run(self, statement: str, values: Sequence[object]) -> Cursor:
        return self._send(_placed(statement), [_plain(value) for value in values])

    def _run_many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        self._asked = time.monotonic()
        try:
            with self._db.cursor() as cursor:
                cursor.executemany(_placed(statement), [[_plain(value) for value in row] for row in rows])
                return cursor.rowcount
        finally:
            self._asked = 0.0

    def _begin(self) -> None:
        self._send(b"BEGIN ISOLATION LEVEL READ COMMITTED")

    def _begin_reading(self) -> None:
        self._send(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _commit(self) -> None:
        self._send(b"COMMIT")

    def _undo(self) -> None:
        if self._db.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with suppress(psycopg.Error):  # the connection is lost, and with it the transaction
                self._send(b"ROLLBACK")

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            raise JournalError("ledger-permission", path=self.place, cause=_first_line(error)) from None
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
            raise JournalError("ledger-busy", path=self.place, cause=_first_line(error)) from None
        except psycopg.Error as error:
            lost = self._db.closed or self._db.broken
            raise JournalError("ledger-lost" if lost else key, path=self.place, cause=_first_line(error)) from None


def _place(url: str) -> str:
    """The URL without its options."""
    return url.partition("?")[0]


def _placed(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
