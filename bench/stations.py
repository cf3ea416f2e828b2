"""Two stations make one batch over one PostgreSQL; one of them is killed in the middle and comes back.

Each station is a workspace of its own and a process of the command line with so many heads, its software cards kept on
disk.  When the second has made a fifth of the batch it gets SIGKILL; its cards in work stay in work, the first may not
give them up, and goes on.  Then the second runs the same command again.  In the end the database is asked, by SQL and
not by the toolkit: each person one good card, no card for two, no row twice; and the drawers hold just those cards.
The baseline is one station with the ledger in its own workspace and a tenth of the rows.

Run: .venv/bin/python bench/stations.py [ROWS [HEADS [URL]]]
ROWS is 10,000, HEADS 8.  It starts a PostgreSQL of its own; with the URL of an empty database it takes that one, and no
baseline.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from measure import report

ROOT = Path(__file__).parent.parent
SSCARD = (sys.executable, "-m", "sscard", "--lang", "en")
STATIONS = ("station-1", "station-2")
LEASE = 60
KILL_AT = 5
"""The second station is killed when it has made the batch's rows divided by this."""
OK, REFUSED, PARTLY = 0, 4, 5
HONEST = {
    "rows that are not good": "SELECT COUNT(*) FROM rows WHERE state <> 'good'",
    "people with two rows": "SELECT COUNT(*) FROM (SELECT 1 FROM rows GROUP BY person HAVING COUNT(*) > 1) AS twice",
    "rows without just one good card": """SELECT COUNT(*) FROM rows WHERE
        (SELECT COUNT(*) FROM cards WHERE (job, seq) = (rows.job, rows.seq) AND state = 'good') <> 1""",
    "cards in work": "SELECT COUNT(*) FROM cards WHERE state = 'work'",
    "cards of two rows": "SELECT COUNT(*) FROM (SELECT 1 FROM cards GROUP BY card HAVING COUNT(*) > 1) AS twice",
}
"""What must be 0 in the end."""


@contextmanager
def server() -> Iterator[str]:
    """A private PostgreSQL with an empty database; its folder is its user's."""
    folder = tempfile.mkdtemp(prefix="bench-pg-", dir="/tmp")
    try:
        up = subprocess.run([ROOT / "scripts" / "postgres-up", folder], capture_output=True, text=True, check=False)
        if up.returncode:
            raise SystemExit(up.stderr)
        url = up.stdout.strip()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE cards")
        yield url.replace("/postgres?", "/cards?")
    finally:
        subprocess.run([ROOT / "scripts" / "postgres-down", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def sscard(*words: str | Path, code: int = OK) -> None:
    """Run a command that must end with ``code``."""
    run = subprocess.run([*SSCARD, *words], capture_output=True, text=True, cwd=ROOT, check=False)
    if run.returncode != code:
        raise SystemExit(f"{words}: exit {run.returncode}\n{run.stdout[-500:]}{run.stderr}")


def make_stations(folder: Path, url: str, rows: int) -> dict[str, Path]:
    """Two workspaces with the same keys on one ledger, and a batch."""
    first, second = places = [folder / name for name in STATIONS]
    sscard("init", first, "--demo")
    shutil.copytree(first, second)
    for name, place in zip(STATIONS, places):
        settings = (place / "sscard.toml").read_text("utf-8").replace("station-1", name)
        (place / "sscard.toml").write_text(f'{settings}\n[ledger]\nurl = "{url}"\nlease = {LEASE}\n', "utf-8")
    sscard("ledger", "prepare", "--workspace", first)
    shutil.copy(first / "keys" / "ledger-key", second / "keys")
    sscard("people", "--count", str(rows), "--out", folder / "b.csv")
    return dict(zip(STATIONS, places))


def start(folder: Path, place: Path, heads: int) -> subprocess.Popen[bytes]:
    """The command of one station."""
    words = ("personalize", folder / "b.csv", "--workspace", place, "--reader", f"emulator:{heads}", "--wait", "10")
    with (folder / f"{place.name}.log").open("ab") as log:
        return subprocess.Popen([*SSCARD, *words], stdout=log, stderr=log, cwd=ROOT)


def ask(connection: psycopg.Connection[tuple[int]], query: str, *values: object) -> int:
    """One number of the database."""
    found = connection.execute(query.encode(), values).fetchone()
    return found[0] if found else 0


def of_station(connection: psycopg.Connection[tuple[int]], state: str) -> int:
    """Cards of the second station in a state."""
    return ask(connection, "SELECT COUNT(*) FROM cards WHERE station = %s AND state = %s", STATIONS[1], state)


def kill_in_the_middle(connection: psycopg.Connection[tuple[int]], process: subprocess.Popen[bytes], at: int) -> int:
    """SIGKILL when the station has made ``at`` cards and has cards in work; returns how many stay in work."""
    wanted = 4.0
    while process.poll() is None:
        due = of_station(connection, "good") >= at
        wanted -= 0.02 * due
        if due and of_station(connection, "work") >= max(wanted, 1):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            if work := of_station(connection, "work"):
                return work
            raise SystemExit("it was killed between two cards: run it again")
        time.sleep(0.02)
    raise SystemExit("the second station ended before it was killed")


def faults(connection: psycopg.Connection[tuple[int]]) -> list[str]:
    """What of :data:`HONEST` is not 0."""
    found = ((what, ask(connection, query)) for what, query in HONEST.items())
    return [f"{what}: {count}" for what, count in found if count]


def plastics(places: dict[str, Path]) -> list[str]:
    """Serials, in hex, of the cards in the drawers."""
    return [path.stem[-8:] for place in places.values() for path in (place / "cards" / "drawer").glob("*.json")]


def run(folder: Path, url: str, rows: int, heads: int) -> dict[str, Any]:
    """All but the baseline; raises SystemExit for anything that is not as it must be."""
    places = make_stations(folder, url, rows)
    begun = time.perf_counter()
    processes = {name: start(folder, place, heads) for name, place in places.items()}
    with psycopg.connect(url, autocommit=True) as connection:
        left = kill_in_the_middle(connection, processes[STATIONS[1]], rows // KILL_AT)
        seq = ask(connection, "SELECT MIN(seq) FROM cards WHERE station = %s AND state = 'work'", STATIONS[1])
        sscard("jobs", "--workspace", places[STATIONS[0]], "lose", str(seq), code=REFUSED)
        if of_station(connection, "work") != left:
            raise SystemExit("cards of the dead station did not stay in work")
        processes[STATIONS[1]] = start(folder, places[STATIONS[1]], heads)
        codes = {name: process.wait() for name, process in processes.items()}
        seconds = time.perf_counter() - begun
        if not set(codes.values()) <= {OK, PARTLY}:
            raise SystemExit(f"exit codes {codes}; see {folder}/*.log")
        if found := faults(connection):
            raise SystemExit("; ".join(found))
        made = {
            name: ask(connection, "SELECT COUNT(*) FROM cards WHERE station = %s AND state = 'good'", name)
            for name in STATIONS
        }
        known = ask(connection, "SELECT COUNT(*) FROM cards")
    if sorted(plastics(places)) != sorted(set(plastics(places))) or len(plastics(places)) != known:
        raise SystemExit(f"{len(plastics(places))} cards in the drawers, {known} in the ledger")
    check_returns(folder, places, rows, heads)
    return {
        "rows": rows,
        "heads": heads,
        "seconds": round(seconds, 1),
        "made": made,
        "in_work_at_the_kill": left,
        "spoiled": known - rows,
    }


def speed_alone(folder: Path, rows: int, heads: int) -> float:
    """Cards a second of one station with a ledger of its own: the baseline."""
    place = folder / "alone"
    sscard("init", place, "--demo")
    sscard("people", "--count", str(rows), "--seed", "7", "--out", folder / "b.csv", "--force")
    begun = time.perf_counter()
    if start(folder, place, heads).wait() != OK:
        raise SystemExit(f"the station alone failed; see {folder}/*.log")
    return rows / (time.perf_counter() - begun)


def check_returns(folder: Path, places: dict[str, Path], rows: int, heads: int) -> None:
    """Both return files are complete and the same, byte for byte; the evidence of each station fits."""
    digests = set()
    for place in places.values():
        start(folder, place, heads).wait()
        (path,) = (place / "outbox").glob("*-return.csv")
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        with path.open(encoding="utf-8", newline="") as file:
            good = [row["reset_info"] for row in csv.DictReader(file) if row["result"] == "good"]
        if len(set(good)) != rows or not {card[-8:] for card in good} <= set(plastics(places)):
            raise SystemExit(f"{path} names {len(set(good))} good cards of {rows}")
        sscard("audit", "verify", "--workspace", place)
    if len(digests) != 1:
        raise SystemExit("the stations' return files differ")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    heads = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        if len(sys.argv) > 3:
            print(json.dumps(run(folder, sys.argv[3], rows, heads)))
            return
        with server() as url:
            facts = run(folder, url, rows, heads)
        speed, alone = rows / facts["seconds"], speed_alone(folder, max(rows // 10, heads), heads)
        report("two stations over one PostgreSQL, one killed and back", speed, alone, speed / alone, "cards/s", **facts)


if __name__ == "__main__":
    main()
