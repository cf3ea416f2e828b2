"""Rows of a checked file, read one by one: from the file itself where its lines are rows, else from a private copy."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from sscard.errors import BatchError
from sscard.personalize import lines
from sscard.personalize.columns import Header

Row = tuple[int, dict[str, str]]
"""Line of the sender's file, and values by canonical column."""


class Rows(Protocol):
    """Rows counted from 1; any thread may ask.  Raises BatchError where the file changed."""

    def __len__(self) -> int: ...
    def row(self, seq: int) -> Row: ...
    def all(self) -> Iterator[Row]: ...


def state_of(file: BinaryIO) -> tuple[int, int]:
    """Size and time of last change: what tells that a file is still the one that was checked."""
    stat = os.fstat(file.fileno())
    return stat.st_size, stat.st_mtime_ns


class FileRows:
    """Rows of a canonical CSV file by their offsets; the header stands on line 1 and no line is blank."""

    def __init__(self, path: Path, encoding: str, header: Header, offsets: array[int], state: tuple[int, int]) -> None:
        self._path = path
        self._encoding = encoding
        self._header = header
        self._offsets = offsets
        self._state = state

    def __len__(self) -> int:
        return len(self._offsets)

    def row(self, seq: int) -> Row:
        with self._open() as file:
            return self._read(file, seq)

    def all(self) -> Iterator[Row]:
        with self._open() as file:
            for seq in range(1, len(self) + 1):
                yield self._read(file, seq)

    def _open(self) -> BinaryIO:
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise BatchError("batch-changed", path=str(self._path)) from error
        if state_of(file) != self._state:
            file.close()
            raise BatchError("batch-changed", path=str(self._path))
        return file

    def _read(self, file: BinaryIO, seq: int) -> Row:
        file.seek(self._offsets[seq - 1])
        text = lines.without_end(file.readline(lines.MAX_LINE)).decode(self._encoding)
        return seq + 1, self._header.values(lines.cells(text))


class SpooledRows:
    """Rows copied, as they are read, to a file without a name: private, and gone with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="sscard-")  # noqa: SIM115 - lives as long as the batch
        self._offsets = array("Q", [0])
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def append(self, line: int, values: dict[str, str]) -> None:
        """Take the next row."""
        size = self._file.write(json.dumps([line, values], ensure_ascii=False).encode("utf-8"))
        self._offsets.append(self._offsets[-1] + size)

    def close(self) -> None:
        """Bring what was appended to where other threads read it."""
        self._file.flush()

    def row(self, seq: int) -> Row:
        start, end = self._offsets[seq - 1], self._offsets[seq]
        line, values = json.loads(os.pread(self._file.fileno(), end - start, start))
        return line, values

    def all(self) -> Iterator[Row]:
        return (self.row(seq) for seq in range(1, len(self) + 1))
