"""Personalization through PC/SC against replaying the same APDUs in a raw pyscard loop, on one virtual reader.

The toolkit's time holds all it does for a card: journal and ledger on disk, keys, plan, checks.  The replay sends the
commands that run had sent to an equal card (same serial and seed: the same challenges) with
``CardConnection.transmit`` and nothing else.  Both leave the connecting to the reader out.

Run: .venv/bin/python bench/personalize_pcsc.py      (starts its own pcscd; needs pcscd and vsmartcard-vpcd)
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import report

from sscard.cos.profile import load_profile
from sscard.keys.hierarchy import memory_service
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.heads import Kind
from sscard.personalize.job import open_production
from sscard.personalize.line import Line
from sscard.personalize.workspace import create_workspace

CARDS = 40
ROOT = Path(__file__).parent.parent
REGION = "990101"
CARD_PROGRAM = """
import sys
from sscard.emulator import SoftwareCard
from sscard.emulator.vpcd import Bridge, Feeder
port, first, count = (int(word) for word in sys.argv[1:])
cards = (SoftwareCard.blank(serial, seed=5) for serial in range(first, first + count))
Bridge(Feeder(cards, replace=True), "127.0.0.1", port, lambda event, card: None).run()
"""


def start_service(work: Path) -> int:
    """Start a private pcscd; returns the port of its first reader."""
    for port in range(27600, 28600, 100):
        done = subprocess.run(
            [ROOT / "scripts" / "pcscd-up", work, "1", str(port)], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            name, _, value = done.stdout.strip().splitlines()[-1].partition("=")
            os.environ[name] = value
            return port
    raise SystemExit(done.stderr)


class Recorder:
    """Keeps the commands of each card, in the place of a trace."""

    def __init__(self) -> None:
        self.cards: dict[bytes, list[bytes]] = {}

    def __call__(self, _head: int, atr: bytes) -> _Listener:
        return _Listener(self.cards.setdefault(atr, []))


class _Listener:
    def __init__(self, kept: list[bytes]) -> None:
        self._kept = kept

    def __call__(self, sent: bytes, _received: bytes) -> None:
        self._kept.append(sent)

    def reset(self, _atr: bytes) -> None:
        self._kept.append(b"")

    def close(self) -> None:
        pass


def feed(port: int, first: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CARD_PROGRAM, str(port), str(first), str(CARDS)])


def make(folder: Path, *, recorder: Recorder | None) -> list[float]:
    """Personalize the whole batch on the reader; returns the time of each card from claim to ledger."""
    from sscard.commands.readers_open import open_slots
    from sscard.personalize.heads import no_trace

    place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1)
    people.write(folder / "b.csv", CARDS, seed=3)
    batch = open_batch(folder / "b.csv", region=REGION, demo=True)
    service = memory_service(REGION, 1)
    production = open_production(
        place,
        service,
        batch,
        profile=load_profile("ssc3-sm4"),
        tracer=recorder or no_trace,  # type: ignore[arg-type]
    )
    line = Line(production.work, [open_slots("all")[0]], patience=5)
    times = [event.seconds for event in line.run() if event.kind is Kind.GOOD]
    production.close()
    assert len(times) == CARDS
    return times


def replay(cards: dict[bytes, list[bytes]]) -> list[float]:
    """Send the recorded commands card by card in a raw pyscard loop; returns the time of each card."""
    from smartcard.Exceptions import CardConnectionException
    from smartcard.scard import SCARD_RESET_CARD, SCARD_SHARE_EXCLUSIVE, SCARD_UNPOWER_CARD
    from smartcard.System import readers

    times = []
    for _ in range(len(cards)):
        while True:
            connection = readers()[0].createConnection()
            try:
                connection.connect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_UNPOWER_CARD)
            except CardConnectionException:
                time.sleep(0.05)
                continue
            commands = cards.pop(bytes(connection.getATR()), None)
            if commands is not None:
                break
            connection.disconnect()
            time.sleep(0.02)
        lists = [list(command) for command in commands]
        start = time.perf_counter()
        for command in lists:
            if command:
                _, sw1, _ = connection.transmit(command)
            else:
                connection.reconnect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_RESET_CARD)
        times.append(time.perf_counter() - start)
        assert sw1 == 0x90
        connection.disconnect()
    return times


def wait_present() -> None:
    from sscard.apdu.pcsc import list_readers

    deadline = time.monotonic() + 10
    while not any(state.present for state in list_readers()):
        if time.monotonic() > deadline:
            raise SystemExit("no card came")
        time.sleep(0.05)


def take_away(cards: subprocess.Popen[bytes]) -> None:
    """End the feeder and give the service time to see the reader empty."""
    cards.terminate()
    cards.wait()
    time.sleep(1)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        work = Path(name)
        port = start_service(work / "p")
        try:
            rounds = []
            for number in range(3):
                first = 1 + number * 1000
                recorder = Recorder()
                folder = work / f"record{number}"
                folder.mkdir()
                cards = feed(port, first)
                wait_present()
                make(folder, recorder=recorder)
                take_away(cards)
                folder = work / f"time{number}"
                folder.mkdir()
                cards = feed(port, first)
                wait_present()
                ours = make(folder, recorder=None)
                take_away(cards)
                cards = feed(port, first)
                wait_present()
                raw = replay(recorder.cards)
                take_away(cards)
                rounds.append((statistics.median(ours), statistics.median(raw)))
            ours_median = statistics.median(ours for ours, _ in rounds)
            raw_median = statistics.median(raw for _, raw in rounds)
            ratio = statistics.median(ours / raw for ours, raw in rounds)
            report("personalization through PC/SC", ours_median, raw_median, ratio, "s/card", cards=CARDS, rounds=3)
        finally:
            subprocess.run([ROOT / "scripts" / "pcscd-down", work / "p"], check=False)


if __name__ == "__main__":
    main()
