"""A batch of 50,000 rows: time and memory for a card at its first rows against its last.

Batch, journal and ledger are real files; the heads are software cards in this process, whose own time is part of the
figure.  The rows between are not made but claimed and finished in the ledger, by the calls a head makes.

Run: .venv/bin/python bench/flat.py [ROWS [CARDS]]      (CARDS at either end, default 300; about a minute and a half)
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from measure import report

from sscard.cos.profile import load_profile
from sscard.emulator.rack import Rack
from sscard.keys.hierarchy import memory_service
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.heads import Kind
from sscard.personalize.job import Production, open_production
from sscard.personalize.line import Line
from sscard.personalize.workspace import create_workspace

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
CARDS = int(sys.argv[2]) if len(sys.argv) > 2 else 300
WARM_UP = 20
REGION = "990101"


def make(production: Production, first_serial: int, cards: int) -> float:
    """Personalize so many cards; returns the median time of one, from claim to ledger, in seconds."""
    rack = Rack(seed=5, first_serial=first_serial, count=cards, keep=False)
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    times = [event.seconds for event in line.run() if event.kind is Kind.GOOD]
    if len(times) != cards:
        raise SystemExit(f"{len(times)} of {cards} cards good: {line.outcome!r}")
    return statistics.median(times)


def pass_over(production: Production, rows: int) -> None:
    """Enter the next rows as made."""
    ledger, job = production.work.ledger, production.job.job
    for number in range(rows):
        card = f"{number:026X}"
        ledger.claim(job, card, "1")
        ledger.finish(card)


def resident() -> float:
    """Memory of this process that is in use, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this system does not tell the memory of a process")


def main() -> None:
    between = ROWS - 2 * CARDS - WARM_UP
    if between < 0 or CARDS < 1:
        raise SystemExit(f"{ROWS} rows do not hold {CARDS} cards at either end")
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1)
        people.write(folder / "b.csv", ROWS, seed=3)
        batch = open_batch(folder / "b.csv", region=REGION, demo=True)
        production = open_production(place, memory_service(REGION, 1), batch, profile=load_profile("ssc3-sm4"))
        try:
            make(production, 1, WARM_UP)
            first, first_memory = make(production, 1 + WARM_UP, CARDS), resident()
            pass_over(production, between)
            last, last_memory = make(production, 1 + WARM_UP + CARDS, CARDS), resident()
            balance = production.work.ledger.balance(production.job.job)
        finally:
            production.close()
    if (balance.good, balance.left, balance.ties) != (ROWS, 0, True):
        raise SystemExit(f"the ledger does not add up: {balance}")
    report("time for a card, last rows to first", last, first, last / first, "s/card", rows=ROWS, cards=CARDS)
    report("memory, last rows to first", last_memory, first_memory, last_memory / first_memory, "MiB", rows=ROWS)


if __name__ == "__main__":
    main()
