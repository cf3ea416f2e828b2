"""How fast a job was: the time each card took at its head, and how many were finished in which minute.

Times come from the journals.  A card's time is what passed between its first and last entry in each journal, added
up: the night between a power cut and the next run is no part of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from sscard.errors import JournalError
from sscard.personalize.journal import read_entries

_WIDTHS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)
"""Minutes a bar may stand for."""
_BARS: Final = 72
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """One finished card: its historical bytes in hex, seconds of work, when it ended (seconds since 1970)."""

    card: str
    seconds: float
    ended: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds per card, and ``bars``: cards a minute in stretches of ``minutes`` from ``start`` on."""

    cards: int
    median: float
    most: float
    slowest: str
    start: float
    minutes: int
    bars: tuple[float, ...]


def timings(journals: Iterable[Path]) -> dict[str, Timing]:
    """Each card that was proved good, by historical bytes.

    A journal is read as far as its chain holds; what is wrong with the rest is the audit's to say.
    """
    spent: dict[str, float] = {}
    good: dict[str, float] = {}
    for path in journals:
        first: dict[str, float] = {}
        last: dict[str, float] = {}
        with suppress(JournalError):
            for entry in read_entries(path):
                card, moment = str(entry["card"]), float(str(entry["t"]))
                first.setdefault(card, moment)
                last[card] = moment
                if entry["kind"] == "end" and entry["verdict"] == "good":
                    good[card] = moment
        for card, begun in first.items():
            spent[card] = spent.get(card, 0.0) + max(0.0, last[card] - begun)
    return {card: Timing(card, spent[card], ended) for card, ended in good.items()}


def pace(cards: Mapping[str, Timing]) -> Pace | None:
    """The pace of finished cards; None where none is finished."""
    if not cards:
        return None
    slowest = max(cards.values(), key=lambda card: (card.seconds, card.card))
    ends = sorted(card.ended for card in cards.values())
    start = ends[0] // _MINUTE * _MINUTE
    whole = math.floor((ends[-1] - start) / _MINUTE) + 1
    minutes = next((width for width in _WIDTHS if whole <= width * _BARS), math.ceil(whole / _BARS))
    counts = [0] * math.ceil(whole / minutes)
    for end in ends:
        counts[int((end - start) // (_MINUTE * minutes))] += 1
    return Pace(
        cards=len(cards),
        median=median(card.seconds for card in cards.values()),
        most=slowest.seconds,
        slowest=slowest.card,
        start=start,
        minutes=minutes,
        bars=tuple(count / minutes for count in counts),
    )
