"""A private pcscd with virtual readers for benches."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sscard.apdu.pcsc import list_readers

ROOT = Path(__file__).parent.parent
CARD_PROGRAM = """
import sys, threading, time
from sscard.emulator import SoftwareCard
from sscard.emulator.vpcd import Bridge, Feeder
first_port, readers, count, each, pace = (int(word) for word in sys.argv[1:])
class Paced(SoftwareCard):
    def transmit(self, apdu):
        time.sleep(pace / 1000)
        return super().transmit(apdu)
kind = Paced if pace else SoftwareCard
def serve(place):
    serials = range(place * count + 1, place * count + 1 + count)
    cards = (kind.blank(serial, seed=5) for serial in serials for _ in range(each))
    Bridge(Feeder(cards, replace=True), "127.0.0.1", first_port + place, lambda event, card: None).run()
for place in range(1, readers):
    threading.Thread(target=serve, args=(place,), daemon=True).start()
serve(0)
threading.Event().wait()
"""


@contextmanager
def service(work: Path, readers: int = 1) -> Iterator[int]:
    """Run a private pcscd for this process; gives the port of its first reader, the others follow it."""
    port = _start(work, readers)
    try:
        yield port
    finally:
        subprocess.run([ROOT / "scripts" / "pcscd-down", work], check=False)


def _start(work: Path, readers: int) -> int:
    for port in range(27600, 28600, 100):
        done = subprocess.run(
            [ROOT / "scripts" / "pcscd-up", work, str(readers), str(port)], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            name, _, value = done.stdout.strip().splitlines()[-1].partition("=")
            os.environ[name] = value
            return port
    raise SystemExit(done.stderr)


def wait_present(readers: int = 1) -> None:
    """Return when so many readers hold a card."""
    deadline = time.monotonic() + 20
    while sum(state.present for state in list_readers()) < readers:
        if time.monotonic() > deadline:
            raise SystemExit("no card came")
        time.sleep(0.05)


@contextmanager
def feeding(port: int, count: int, each: int = 1, *, readers: int = 1, pace_ms: int = 0) -> Iterator[None]:
    """Blank cards of one process in readers that follow each other: ``each`` of ``count`` serials in every one.

    A card spends ``pace_ms`` on each command.  In the end the service has seen the readers empty.
    """
    numbers = (port, readers, count, each, pace_ms)
    cards = subprocess.Popen([sys.executable, "-c", CARD_PROGRAM, *(str(number) for number in numbers)])
    try:
        wait_present(readers)
        yield
    finally:
        cards.kill()
        cards.wait()
        time.sleep(1)
