"""Sixteen heads against one: cards a minute through PC/SC, on cards that take 10 ms for each command.

One pcscd serves sixteen virtual readers; the cards wait in a process of their own and use no processor while they do.
Both runs take turns, with the same readers, the same service and the same number of cards a head.  Time counts from
the first card's start to the last card's entry in the ledger; changing a card is part of it, and so are journal and
ledger on disk.  ``cpu`` is the processor time of the whole line for a card.

Run: .venv/bin/python bench/heads_pcsc.py [ROUNDS [CARDS_A_HEAD [MS_A_COMMAND]]]    (2, 2, 10: a minute)
It starts its own pcscd and needs pcscd and vsmartcard-vpcd.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measure import report
from virtual import feeding, service

from sscard.commands.readers_open import open_slots
from sscard.cos.profile import load_profile
from sscard.keys.hierarchy import memory_service
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.heads import Kind, Slot
from sscard.personalize.job import open_production
from sscard.personalize.line import Line
from sscard.personalize.workspace import create_workspace

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 2
CARDS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
PACE_MS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
HEADS = 16
REGION = "990101"


def make(folder: Path, slots: Sequence[Slot]) -> tuple[float, float]:
    """Personalize with these heads; returns cards a second and processor seconds a card."""
    folder.mkdir()
    total = CARDS * len(slots)
    place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1)
    people.write(folder / "b.csv", total, seed=3)
    batch = open_batch(folder / "b.csv", region=REGION, demo=True)
    production = open_production(place, memory_service(REGION, 1), batch, profile=load_profile("ssc3-sm4"))
    line = Line(production.work, slots, patience=20)
    start = end = cpu = 0.0
    good = 0
    for event in line.run():
        if event.kind is Kind.STARTED and not start:
            start, cpu = time.perf_counter(), time.process_time()
        if event.kind is Kind.GOOD:
            good += 1
            end = time.perf_counter()
    used = time.process_time() - cpu
    production.close()
    if good != total:
        raise SystemExit(f"{good} of {total} cards good: {line.outcome!r}")
    return total / (end - start), used / total


def main() -> None:
    one: list[tuple[float, float]] = []
    many: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name, service(Path(name) / "p", HEADS) as port:
        for number in range(ROUNDS):
            with feeding(port, CARDS, readers=HEADS, pace_ms=PACE_MS):
                one.append(make(Path(name) / f"one-{number}", open_slots("all")[:1]))
            with feeding(port, CARDS, readers=HEADS, pace_ms=PACE_MS):
                many.append(make(Path(name) / f"many-{number}", open_slots("all")))
    median = statistics.median
    report(
        f"{HEADS} heads to one, card with {PACE_MS} ms a command",
        60 * median(rate for rate, _ in many),
        60 * median(rate for rate, _ in one),
        median(more / less for (more, _), (less, _) in zip(many, one, strict=True)),
        "cards/min",
        rounds=ROUNDS,
        cards=CARDS,
        cpu=round(median(cpu for _, cpu in many), 4),
        one_cpu=round(median(cpu for _, cpu in one), 4),
    )


if __name__ == "__main__":
    main()
