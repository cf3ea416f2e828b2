"""What the ledger asks of a database: one connection, reads, changes that happen whole or not at all, holds.

Statements are one text for all engines: places are ``?``, and words in braces (:class:`Words`) stand for the few
things that databases say differently.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol


class Words(NamedTuple):
    """How a database says it.

    ``blob``: type of bytes; ``table``: end of a table kept in the order of its key; ``now``: seconds since 1970 by the
    database's clock; ``mine``: end of a SELECT whose rows nobody else may change; ``free``: the same, passing over rows
    that somebody holds.
    """

    blob: str
    table: str
    now: str
    mine: str
    free: str


class Cursor(Protocol):
    """What a statement left."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Engine(ABC):
    """One connection to one database; threads may share it."""

    name: str
    words: Words
    shared: bool
    """Whether stations of other workspaces may be at work in it."""

    def __init__(self, place: str) -> None:
        """``place`` is what people are told: a path, or server and database."""
        self.place = place
        self._lock: Final = threading.RLock()
        self._changing = False

    def read(self, query: str, *values: object) -> list[Any]:
        """The rows of a query.  Raises JournalError for a damaged or lost ledger."""
        with self._lock, self._errors("ledger-damaged"):
            return self._run(_worded(query, self.words), values).fetchall()

    def first(self, query: str, *values: object) -> Any:
        """The first row of a query, or None."""
        return next(iter(self.read(query, *values)), None)

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction, all or nothing, on disk when it ends; within another it is a part of that one.

        Raises JournalError.
        """
        with self._lock, self._errors("ledger-write"):
            if self._changing:
                yield
                return
            self._begin()
            self._changing = True
            try:
                yield
                self._commit()
            finally:
                self._changing = False
                self._undo()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Reads that all see one and the same moment.  Raises JournalError."""
        with self._lock, self._errors("ledger-damaged"):
            self._begin_reading()
            try:
                yield
            finally:
                self._undo()

    def run(self, statement: str, *values: object) -> Cursor:
        """One statement of a change."""
        return self._run(_worded(statement, self.words), values)

    def run_many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """One statement of a change for many rows; returns how many rows it changed."""
        return self._run_many(_worded(statement, self.words), rows)

    @abstractmethod
    def prepared(self) -> bool:
        """Whether there are tables of a ledger."""

    @abstractmethod
    def hold(self, what: str, *, alone: bool) -> bool:
        """Hold a name, alone or with others, until the connection ends; False where somebody's hold forbids it.

        A ledger that is not shared gives every hold: there the workspace's own locks decide.
        """

    @abstractmethod
    def close(self) -> None:
        """Let the database go; idempotent."""

    @abstractmethod
    def _run(self, statement: str, values: Sequence[object]) -> Cursor: ...

    @abstractmethod
    def _run_many(self, statement: str, rows: Sequence[Sequence[object]]) -> int: ...

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _begin_reading(self) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _undo(self) -> None:
        """Roll back what is open, if anything is."""

    @abstractmethod
    def _errors(self, key: str) -> AbstractContextManager[None]:
        """Raises JournalError in place of the driver's errors: ``key``, or what the error itself tells better."""


@lru_cache(maxsize=256)
def _worded(statement: str, words: Words) -> str:
    return statement.format_map(words._asdict()) if "{" in statement else statement
