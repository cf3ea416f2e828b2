"""What a card's answer must look like: data with wildcards, then a status word or a range of them.

========================  =====================================================
``9000``                  no data, status 9000
``0304332E3030 9000``     exactly these data
``0304........ 9000``     ``.`` stands for any digit, so ``..`` for any byte
``* 9000``                any data, also none (``*`` may also stand inside)
``63C.``                  any number of tries
``6A80-6A88``             any status in the range, both ends included
``6700|6A86``             either of them
========================  =====================================================

Blanks inside the data are ignored; the last word is the status.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_DATA: Final = re.compile(r"(?:[0-9A-F.]{2}|\*)*")
_STATUS: Final = re.compile(r"[0-9A-F.]{4}")
_RANGE: Final = re.compile(r"([0-9A-F]{4})-([0-9A-F]{4})")


@dataclass(frozen=True, slots=True)
class AnswerPattern:
    """A parsed pattern; ``text`` is how it was written."""

    text: str
    data: re.Pattern[str]
    statuses: tuple[Callable[[int], bool], ...]

    @staticmethod
    def parse(text: str) -> AnswerPattern:
        """Read a pattern.  Raises ValueError with the part that is none."""
        *parts, status = text.upper().split() or [""]
        data = "".join(parts)
        if not _DATA.fullmatch(data):
            raise ValueError(f"data pattern {data}")
        expression = data.replace(".", "[0-9A-F]").replace("*", "(?:[0-9A-F]{2})*")
        return AnswerPattern(text, re.compile(expression), tuple(_status(word) for word in status.split("|")))

    def matches(self, data: bytes, sw: int) -> bool:
        """Whether an answer fits."""
        return self.data.fullmatch(data.hex().upper()) is not None and any(fits(sw) for fits in self.statuses)


def _status(word: str) -> Callable[[int], bool]:
    bounds = _RANGE.fullmatch(word)
    if bounds:
        low, high = (int(bound, 16) for bound in bounds.groups())
        return lambda sw: low <= sw <= high
    if not _STATUS.fullmatch(word):
        raise ValueError(f"status pattern {word}")
    expression = re.compile(word.replace(".", "[0-9A-F]"))
    return lambda sw: expression.fullmatch(f"{sw:04X}") is not None
