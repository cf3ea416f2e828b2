"""A batch of a million rows: time and memory for a card at its first rows against its last.

Batch, journal and ledger are real files; the heads are software cards in this process, whose own time is part of the
figure.  The rows between are not made but entered as made in the ledger.

Run: .venv/bin/python bench/flat.py [ROWS [CARDS]]      (CARDS at either end, default 300; a few minutes)
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
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

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
CARDS = int(sys.argv[2]) if len(sys.argv) > 2 else 300
WARM_UP = 20
REGION = "990101"


def make(production: Production, first_serial: int, cards: int) -> tuple[float, float]:
    """Personalize so many cards; returns for one, from claim to ledger, the median time and the processor time."""
    rack = Rack(seed=5, first_serial=first_serial, count=cards, keep=False)
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    began = time.process_time()
    times = [event.seconds for event in line.run() if event.kind is Kind.GOOD]
    used = time.process_time() - began
    if len(times) != cards:
        raise SystemExit(f"{len(times)} of {cards} cards good: {line.outcome!r}")
    return statistics.median(times), used / cards


def pass_over(production: Production, rows: int) -> None:
    """Enter the next rows as made, all at once, in the ledger's own tables."""
    job = production.job.job
    with closing(sqlite3.connect(production.workspace.ledger_path)) as ledger, ledger:
        (last,) = ledger.execute("SELECT MAX(seq) FROM cards WHERE job = ?", (job,)).fetchone()
        between = (job, last, last + rows)
        ledger.execute(
            "INSERT INTO cards (card, job, seq, head, state, started, ended) "
            "SELECT PRINTF('%026X', seq), job, seq, '1', 'good', '2026-07-01T08:00:00+00:00', "
            "'2026-07-01T08:00:16+00:00' FROM rows WHERE job = ? AND seq > ? AND seq <= ?",
            between,
        )
        ledger.execute("UPDATE rows SET state = 'good' WHERE job = ? AND seq > ? AND seq <= ?", between)


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
            (first, first_cpu), first_memory = make(production, 1 + WARM_UP, CARDS), resident()
            pass_over(production, between)
            (last, last_cpu), last_memory = make(production, 1 + WARM_UP + CARDS, CARDS), resident()
            balance = production.work.ledger.balance(production.job.job)
        finally:
            production.close()
    if (balance.good, balance.left, balance.ties) != (ROWS, 0, True):
        raise SystemExit(f"the ledger does not add up: {balance}")
    report("time for a card, last rows to first", last, first, last / first, "s/card", rows=ROWS, cards=CARDS)
    report("processor time for a card", last_cpu, first_cpu, last_cpu / first_cpu, "s/card", rows=ROWS, cards=CARDS)
    report("memory, last rows to first", last_memory, first_memory, last_memory / first_memory, "MiB", rows=ROWS)


if __name__ == "__main__":
    main()
