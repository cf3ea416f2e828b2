"""Finding repeated values in a stream with a few dozen bytes a row, whatever the values are."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import Final

_DIGEST_SIZE: Final = 16


class Seen:
    """The values met so far, kept as 16-byte digests, each with the line it first stood on.

    An open-addressing table of row numbers beside one flat array of digests: about 30 bytes a value, and no objects.
    """

    def __init__(self) -> None:
        self._digests = bytearray()
        self._lines = array("I")
        self._slots = array("I", bytes(4 * 1024))

    def first_line(self, value: str, line: int) -> int | None:
        """The line where ``value`` was met before; None, and remembered with ``line``, where it is new."""
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_SIZE).digest()
        slot, row = self._find(digest)
        if row:
            return self._lines[row - 1]
        self._digests += digest
        self._lines.append(line)
        self._slots[slot] = len(self._lines)
        if len(self._lines) * 2 > len(self._slots):
            self._grow()
        return None

    def _find(self, digest: bytes) -> tuple[int, int]:
        """Slot where ``digest`` is or would be, and its row counted from 1; row 0 is a free slot."""
        slots, digests, mask = self._slots, self._digests, len(self._slots) - 1
        slot = int.from_bytes(digest[:8]) & mask
        while row := slots[slot]:
            if digests.startswith(digest, (row - 1) * _DIGEST_SIZE):
                return slot, row
            slot = slot + 1 & mask
        return slot, 0

    def _grow(self) -> None:
        self._slots = array("I", bytes(8 * len(self._slots)))
        for row in range(len(self._lines)):
            start = row * _DIGEST_SIZE
            slot, _ = self._find(bytes(self._digests[start : start + _DIGEST_SIZE]))
            self._slots[slot] = row + 1
