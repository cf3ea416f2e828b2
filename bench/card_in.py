"""From a card's coming to the first command that writes to it: what a head has to do meanwhile.

The card is recognised and found blank, the ledger binds the next row to it for good, the plan is filled, and the
intent is in the journal: two writes that must be on disk.  The baseline is two such writes of a few hundred bytes to
a file on the same disk, taken in turn with the cards.  ``cpu`` is the processor time of that stretch.

Run: .venv/bin/python bench/card_in.py [CARDS]      (200; some seconds)
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from measure import report

from sscard.cos.profile import load_profile
from sscard.emulator.rack import Rack
from sscard.keys.hierarchy import memory_service
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.job import open_production
from sscard.personalize.line import Line
from sscard.personalize.workspace import create_workspace

CARDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
REGION = "990101"
WRITING = frozenset({0xD4, 0xDC, 0xD6, 0xE0})
"""Instructions that change a card for good: load a key, write a record or file, create."""


class Watch:
    """In the place of a trace: when each card came and when its first write had its answer."""

    def __init__(self, disk: Path) -> None:
        self._file = disk.open("wb")
        self.waits: list[float] = []
        self.cpu: list[float] = []
        self.disk: list[float] = []

    def __call__(self, _head: int, _atr: bytes) -> _Card:
        start = time.perf_counter()
        for _ in range(2):
            self._file.write(b"x" * 300)
            self._file.flush()
            os.fsync(self._file.fileno())
        self.disk.append(time.perf_counter() - start)
        return _Card(self)


class _Card:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._waiting = True
        self._came = time.perf_counter(), time.thread_time()

    def __call__(self, sent: bytes, _received: bytes) -> None:
        if self._waiting and sent[1] in WRITING:
            self._waiting = False
            self._watch.waits.append(time.perf_counter() - self._came[0])
            self._watch.cpu.append(time.thread_time() - self._came[1])

    def reset(self, _atr: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        watch = Watch(folder / "disk")
        place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1)
        people.write(folder / "b.csv", CARDS, seed=3)
        batch = open_batch(folder / "b.csv", region=REGION, demo=True)
        service, profile = memory_service(REGION, 1), load_profile("ssc3-sm4")
        production = open_production(place, service, batch, profile=profile, tracer=watch)  # type: ignore[arg-type]
        rack = Rack(seed=5, first_serial=1, count=CARDS, keep=False)
        for _ in Line(production.work, [rack.slot(1)], patience=0.2).run():
            pass
        production.close()
    if len(watch.waits) != CARDS:
        raise SystemExit(f"{len(watch.waits)} of {CARDS} cards were written")
    median = statistics.median
    wait, disk = median(watch.waits), median(watch.disk)
    report("card in to first write", wait, disk, wait / disk, "s/card", cards=CARDS, cpu=median(watch.cpu))


if __name__ == "__main__":
    main()
