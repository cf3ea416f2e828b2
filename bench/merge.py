"""Two parties' files of many rows: judged, matched and written by ``sscard merge``, against the plain-Python oracle.

Each run is a process of its own, so that peaks of memory are its own; files are in the page cache for all of them.  The
oracle's judgement and matching do the same work: every rule, every row, the same four files.

Run: .venv/bin/python bench/merge.py [ROWS [ROUNDS]]     (100,000 rows, two rounds; a million takes some minutes)
     .venv/bin/python bench/merge.py 9999999 0          (0: sscard alone, for sizes where the oracle has no room)
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

from measure import report

from sscard.personalize import people
from sscard.personalize.merge import Party, merge

ROWS = 100_000
ROUNDS = 2
REGION = "990101"
TODAY = date(2026, 7, 1)
MEMORY = "500MB"
BANK = ("ssn", "name", "bank_code", "bank_pan")


def write_files(folder: Path, rows: int) -> None:
    """Two files of the same people: one in twenty has no bank row, one in fifty another name there."""
    own = [place for place, column in enumerate(people.COLUMNS) if not column.startswith("bank_")]
    other = [people.COLUMNS.index(column) for column in BANK]
    with (
        (folder / "ss.csv").open("w", encoding="utf-8") as ss,
        (folder / "bank.csv").open("w", encoding="utf-8") as bank,
    ):
        ss.write(",".join(people.COLUMNS[place] for place in own) + "\n")
        bank.write(",".join(BANK) + "\n")
        for number, row in enumerate(people.rows(rows), 1):
            ss.write(",".join(row[place] for place in own) + "\n")
            if number % 20:
                cells = [row[place] for place in other]
                cells[1] += "乙" if number % 50 == 7 else ""
                bank.write(",".join(cells) + "\n")


def by_sscard(folder: Path) -> dict[str, int]:
    """The rows of each kind."""
    parties = (Party(folder / "ss.csv"), Party(folder / "bank.csv"))
    outcome = merge(*parties, on="ssn", out=folder / "out", region=REGION, demo=True, today=TODAY, memory=MEMORY)
    if not outcome.written:
        raise SystemExit(f"findings: {outcome.ss.counts} {outcome.bank.counts}")
    return dict(outcome.kinds)


def by_oracle(folder: Path) -> dict[str, int]:
    """The same, by judging both files and then matching them."""
    import oracle

    for name in ("ss.csv", "bank.csv"):
        found, _ = oracle.judge(folder / name, REGION, True, TODAY)
        if found:
            raise SystemExit(f"{name}: {len(found)} findings")
    out = folder / "oracle"
    out.mkdir()
    return oracle.merge(folder / "ss.csv", folder / "bank.csv", "ssn", out)


def one(kind: str, folder: Path) -> None:
    """One run in this process; prints its seconds, its peak in MiB and the kinds."""
    start, used = time.perf_counter(), time.process_time()
    kinds = {"sscard": by_sscard, "oracle": by_oracle}[kind](folder)
    taken, used = time.perf_counter() - start, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {name: rows for name, rows in kinds.items() if rows}
    print(json.dumps({"seconds": taken, "cpu": used, "peak": peak, "kinds": found}))


class Run(NamedTuple):
    """What one run took: seconds, seconds of processors, MiB at its peak; the rows of each kind."""

    seconds: float
    cpu: float
    peak: float
    kinds: dict[str, int]


def run(kind: str, folder: Path) -> Run:
    """One run in a process of its own."""
    done = subprocess.run([sys.executable, __file__, kind, str(folder)], check=True, capture_output=True, text=True)
    for made in ("out", "oracle"):
        for path in sorted((folder / made).glob("*")):
            path.unlink()
        if (folder / made).exists():
            (folder / made).rmdir()
    return Run(**json.loads(done.stdout))


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        write_files(folder, rows)
        if not rounds:
            alone = run("sscard", folder)
            more = {"rows": rows, "seconds": alone.seconds, "cpu": alone.cpu, "kinds": alone.kinds}
            report("rows judged and merged", rows / alone.seconds, 0, 0, "rows/s", **more)
            report("peak of memory", alone.peak, 0, 0, "MiB", rows=rows, engine_limit=MEMORY)
            return
        theirs, ours = zip(*((run("oracle", folder), run("sscard", folder)) for _ in range(rounds)), strict=True)
        if any(other.kinds != one.kinds for other, one in zip(theirs, ours, strict=True)):
            raise SystemExit(f"oracle and sscard differ: {theirs} {ours}")

        def both(what: str) -> tuple[float, float]:
            return tuple(statistics.median(getattr(one, what) for one in runs) for runs in (ours, theirs))

        mine, other = both("seconds")
        report("rows judged and merged", rows / mine, rows / other, other / mine, "rows/s", rows=rows, rounds=rounds)
        mine, other = both("cpu")
        report("the same, a second of processor", rows / mine, rows / other, other / mine, "rows/s", rows=rows)
        mine, other = both("peak")
        report("peak of memory", mine, other, mine / other, "MiB", rows=rows, engine_limit=MEMORY)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("sscard", "oracle"):
        one(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
