"""A ledger in a file of the workspace: SQLite in WAL mode, every commit on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sscard.errors import JournalError
from sscard.personalize.ledger.engine import Cursor, Engine, Words

_WAIT: Final = 30
"""Seconds for another process of the workspace to finish its change."""


class Sqlite(Engine):
    """The file at ``path``, made where there is none."""

    name = "SQLite"
    words = Words("BLOB", "WITHOUT ROWID", "((julianday('now') - 2440587.5) * 86400.0)", "", "")
    shared = False

    def __init__(self, path: Path) -> None:
        """Open the file.  Raises JournalError: "ledger-open", "ledger-damaged"."""
        super().__init__(str(path))
        try:
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_WAIT)
        except (OSError, sqlite3.Error) as error:
            raise self._closed_to_us(error) from error
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
        except sqlite3.OperationalError as error:
            self._db.close()
            raise self._closed_to_us(error) from error
        except sqlite3.Error as error:
            self._db.close()
            raise JournalError("ledger-damaged", path=self.place, cause=str(error)) from error

    def _closed_to_us(self, error: Exception) -> JournalError:
        return JournalError("ledger-open", path=self.place, cause=str(error))

    def prepared(self) -> bool:
        return self.first("SELECT 1 FROM sqlite_master WHERE name = 'meta'") is not None

    def hold(self, what: str, *, alone: bool) -> bool:
        return True

    def close(self) -> None:
        self._db.close()

    def _run(self, statement: str, values: Sequence[object]) -> Cursor:
        return self._db.execute(statement, values)

    def _run_many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        return self._db.executemany(statement, rows).rowcount

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def _begin_reading(self) -> None:
        self._db.execute("BEGIN")

    def _commit(self) -> None:
        self._db.execute("COMMIT")

    def _undo(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(key, path=self.place, cause=str(error)) from error
