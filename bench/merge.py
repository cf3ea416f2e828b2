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
    start = time.perf_counter()
    kinds = {"sscard": by_sscard, "oracle": by_oracle}[kind](folder)
    taken = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": taken, "peak": peak, "kinds": {name: n for name, n in kinds.items() if n}}))


def run(kind: str, folder: Path) -> tuple[float, float, dict[str, int]]:
    """One run in a process of its own."""
    done = subprocess.run([sys.executable, __file__, kind, str(folder)], check=True, capture_output=True, text=True)
    for made in ("out", "oracle"):
        for path in sorted((folder / made).glob("*")):
            path.unlink()
        if (folder / made).exists():
            (folder / made).rmdir()
    facts = json.loads(done.stdout)
    return facts["seconds"], facts["peak"], facts["kinds"]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        write_files(folder, rows)
        if not rounds:
            seconds, peak, kinds = run("sscard", folder)
            report("rows judged and merged", rows / seconds, 0, 0, "rows/s", rows=rows, seconds=seconds, kinds=kinds)
            report("peak of memory", peak, 0, 0, "MiB", rows=rows, engine_limit=MEMORY)
            return
        pairs = [(run("oracle", folder), run("sscard", folder)) for _ in range(rounds)]
        if any(ours[2] != theirs[2] for theirs, ours in pairs):
            raise SystemExit(f"oracle and sscard differ: {pairs}")
        ours, theirs = (statistics.median(pair[place][0] for pair in pairs) for place in (1, 0))
        report("rows judged and merged", rows / ours, rows / theirs, theirs / ours, "rows/s", rows=rows, rounds=rounds)
        peaks = [max(pair[place][1] for pair in pairs) for place in (1, 0)]
        report("peak of memory", *peaks, peaks[0] / peaks[1], "MiB", rows=rows, engine_limit=MEMORY)
        report("memory a row", *(peak * 1024 / rows for peak in peaks), peaks[0] / peaks[1], "KiB", rows=rows)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("sscard", "oracle"):
        one(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
