"""How figures are taken: interleaved rounds, medians, one JSON object a figure with its baseline of the same run."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

Clock = Callable[[], float]

WALL: Clock = time.perf_counter
PROCESSOR: Clock = time.process_time
"""For work that waits for nothing: what else the machine does then counts less."""


def seconds(work: Callable[[], object], clock: Clock = WALL) -> float:
    """Time of one call by a clock."""
    start = clock()
    work()
    return clock() - start


def compare(
    figure: str,
    subject: Callable[[], object],
    baseline: Callable[[], object],
    *,
    rounds: int,
    unit: str,
    each: int = 1,
    clock: Clock = WALL,
) -> float:
    """Time subject and baseline in turn, print medians (a unit of ``each`` calls) and the median of the ratios."""
    pairs = [(seconds(baseline, clock), seconds(subject, clock)) for _ in range(rounds)]
    ratio = statistics.median(subject_time / base_time for base_time, subject_time in pairs)
    report(
        figure,
        statistics.median(taken for _, taken in pairs) / each,
        statistics.median(base for base, _ in pairs) / each,
        ratio,
        unit,
        rounds=rounds,
    )
    return ratio


def report(figure: str, value: float, baseline: float, ratio: float, unit: str, **more: object) -> None:
    """Print one figure."""
    facts = {"figure": figure, "value": value, "baseline": baseline, "ratio": round(ratio, 3), "unit": unit, **more}
    print(json.dumps(facts), flush=True)
