"""The station's chain: an append-only record that names every journal of a station and holds them together.

One file a station, one JSON object a line, each line chained to the one before by SHA-256, as in a journal.  It says
when a journal began, how many lines it had and which hash was its last when it was closed, which jobs were opened and
which return files were written.  The newest place of the chain is also pinned in the ledger, so that a cut end shows.
No person, key or PIN stands in it.  docs/audit.md has the kinds of entries.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sscard.errors import JournalError

START: Final = "0" * 64
"""``prev`` of a first line."""
SUFFIX: Final = ".chain"
_BLOCK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a chain: line number and hash; 0 and :data:`START` before the first line."""

    number: int = 0
    hash: str = START

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read ``N:HASH``.  Raises ValueError."""
        number, _, digest = text.partition(":")
        if len(digest) != len(START) or bytes.fromhex(digest).hex() != digest:
            raise ValueError(text)
        return cls(int(number), digest)


def chained(kind: str, body: str, before: Place) -> tuple[bytes, Place]:
    """The next line of a chain and its place; ``body`` is the JSON of its fields without braces."""
    number = before.number + 1
    entry = f'{{"n":{number},"t":{time.time():.6f},"kind":"{kind}",{body},"prev":"{before.hash}"'
    digest = hashlib.sha256(entry.encode()).hexdigest()
    return f'{entry},"hash":"{digest}"}}\n'.encode(), Place(number, digest)


class Chain:
    """One station's chain; several processes and threads may append to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, kind: str, **fields: object) -> Place:
        """Put an entry behind the last one, on disk when this returns.  Raises JournalError.

        A last line torn by a power cut was acknowledged to nobody: it is cut off, and an entry ``torn`` says so.
        """
        with self._open() as file:
            place, torn = _last(file, self.path)
            if torn:
                os.ftruncate(file, os.fstat(file).st_size - torn)
                place = self._write(file, "torn", {"bytes": torn}, place)
            place = self._write(file, kind, fields, place)
            os.fsync(file)
        return place

    def last(self) -> Place:
        """Where the chain ends.  Raises JournalError."""
        if not self.path.exists():
            return Place()
        with self._open() as file:
            return _last(file, self.path)[0]

    def holds(self, place: Place) -> bool:
        """Whether the chain goes, or went, through a place.  Raises JournalError where it cannot be read."""
        try:
            lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        except OSError as error:
            raise JournalError("chain-write", path=str(self.path), cause=error.strerror) from error
        end = f'"hash":"{place.hash}"}}'.encode()
        return len(lines) >= place.number and (place.number == 0 or lines[place.number - 1].endswith(end))

    def newest(self) -> float:
        """When the last entry was made, in seconds since 1970; 0 for an empty chain.  Raises JournalError."""
        if not self.path.exists():
            return 0.0
        with self._open() as file:
            _last(file, self.path)
            line, _ = _last_line(file)
        return float(json.loads(line)["t"]) if line else 0.0

    @contextmanager
    def _open(self) -> Iterator[int]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise JournalError("chain-write", path=str(self.path), cause=error.strerror) from error

    @staticmethod
    def _write(file: int, kind: str, fields: dict[str, object], before: Place) -> Place:
        body = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=str)[1:-1]
        line, place = chained(kind, body, before)
        if os.write(file, line) != len(line):
            raise OSError(28, os.strerror(28))
        return place


def _last(file: int, path: Path) -> tuple[Place, int]:
    """Place of the last whole line, and the bytes of a torn one behind it.  Raises JournalError for damage."""
    line, torn = _last_line(file)
    if not line:
        return Place(), torn
    body, mark, end = line.rpartition(b',"hash":"')
    digest = hashlib.sha256(body).hexdigest()
    if not mark or end != f'{digest}"}}\n'.encode():
        raise JournalError("chain-damaged", path=str(path))
    return Place(int(json.loads(line)["n"]), digest), torn


def _last_line(file: int) -> tuple[bytes, int]:
    """The last whole line, empty where there is none, and the bytes of a torn one behind it."""
    size = os.fstat(file).st_size
    tail = os.pread(file, _BLOCK, max(0, size - _BLOCK))
    whole = tail.rfind(b"\n") + 1
    return tail[tail.rfind(b"\n", 0, max(whole - 1, 0)) + 1 : whole], len(tail) - whole
