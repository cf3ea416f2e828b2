"""Ledgers for tests that need nothing else of a workspace, on each engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from sscard.personalize.ledger import Job, Ledger, Seat
from sscard.personalize.ledger.engine import Engine
from sscard.personalize.ledger.postgres import Postgres
from sscard.personalize.ledger.sqlite import Sqlite
from sscard.personalize.ledger.store import prepare
from sscard.personalize.record import Record
from sscard.personalize.sample import PERSON

KEY = bytes(32)
INTEGRITY = (sqlite3.IntegrityError, psycopg.IntegrityError)


def own_ledger(path: Path, key: bytes = KEY, station: str = "station-1") -> Ledger:
    """A ledger that is not shared."""
    return Ledger(Sqlite(path), key, Seat(station))


@dataclass
class Books:
    """One database, opened as often as a test likes."""

    engine: Callable[[], Engine]
    connect: Callable[[], Any]
    opened: list[Ledger]

    def open(self, station: str = "station-1", *, identity: str | None = None, lease: float = 300) -> Ledger:
        """The ledger, as a station opens it."""
        ledger = Ledger(self.engine(), KEY, Seat(station, station if identity is None else identity, lease))
        self.opened.append(ledger)
        return ledger

    @contextmanager
    def raw(self) -> Iterator[Callable[..., Any]]:
        """Statements straight to the database, each for itself, past everything in Python; ``?`` are places."""
        connection = self.connect()
        mark = "?" if isinstance(connection, sqlite3.Connection) else "%s"
        try:
            yield lambda statement, *values: connection.execute(statement.replace("?", mark), values)
        finally:
            connection.close()


def sqlite_books(path: Path) -> Books:
    """In a file."""
    return Books(lambda: Sqlite(path), lambda: sqlite3.connect(path, isolation_level=None), [])


def postgres_books(url: str) -> Books:
    """In a database of a server, its tables made."""
    engine = Postgres(url, "station-1")
    prepare(engine, KEY, "station-1")
    engine.close()
    return Books(lambda: Postgres(url, "station-1"), lambda: psycopg.connect(url, autocommit=True), [])


def job(name: str, rows: int) -> Job:
    """A job of that name."""
    return Job(name, f"{name}.csv", f"digest of {name}", "ssc3-sm4", "digest", rows, "2026-01-01")


def people(count: int, first: int = 1) -> list[Record]:
    """Rows of as many people, none of whom is another's."""
    return [
        replace(PERSON, seq=seq, line=seq + 1, ssn=f"P{seq + first}", card_no=f"T{seq + first}")
        for seq in range(1, count + 1)
    ]


def card(number: int) -> str:
    """Historical bytes of a card."""
    return f"{number:026X}"
