"""Power cut at any moment of a command: what a card then holds.

A chip writes through a log: the new bytes, then a commit mark of one byte; only then is the change in force.
Cut before the mark the old state stands, cut after it the new one, never a mixture (docs/card.md, "power cuts").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Tear(Enum):
    """When power is cut: before the command is executed, while it writes, or after it but before the answer leaves."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut of power: at the ``after``-th next command (1 = the very next), for DURING at byte ``at`` of its log.

    Raises ValueError for a count below 1 or a position below 0.
    """

    after: int
    when: Tear
    at: int = 0

    def __post_init__(self) -> None:
        if self.after < 1:
            raise ValueError("after counts from 1")
        if self.at < 0:
            raise ValueError("at counts from 0")

    def __str__(self) -> str:
        """What :meth:`parse` reads."""
        return f"{self.after}:{self.when.value}" + (f":{self.at}" if self.when is Tear.DURING else "")

    @classmethod
    def parse(cls, text: str) -> Cut:
        """Read ``N[:before|during|after[:BYTE]]``; without a moment it is ``before``.  Raises ValueError."""
        count, *rest = text.split(":", 1)
        moment, colon, position = rest[0].partition(":") if rest else (Tear.BEFORE.value, "", "")
        when = Tear(moment)
        if colon and when is not Tear.DURING:
            raise ValueError("a byte goes with during only")
        return cls(int(count), when, int(position) if colon else 0)


class Lasting(Protocol):
    """A chip, as far as its memory goes."""

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """All that lasts on the chip, by place."""
        ...


def log_size(old: Lasting, new: Lasting) -> int:
    """Bytes that the way from ``old`` to ``new`` puts into the write log before its commit mark; 0 where none is.

    Each changed value counts from its first changed byte to its last, each removed one as one byte.
    """
    before, after = dict(old.cells()), dict(new.cells())
    written = sum(_changed(before.get(place, b""), value) for place, value in after.items())
    return written + len(before.keys() - after.keys())


def committed(old: Lasting, new: Lasting, at: int) -> bool:
    """Whether the commit mark was written when power failed after ``at`` bytes of the log and the mark."""
    size = log_size(old, new)
    return not size or at > size


def _changed(old: bytes, new: bytes) -> int:
    if old == new:
        return 0
    shorter = min(len(old), len(new))
    head = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    tail = next((index for index in range(shorter - head) if old[-1 - index] != new[-1 - index]), shorter - head)
    return max(1, len(new) - head - tail)
