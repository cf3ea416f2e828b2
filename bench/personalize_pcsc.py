"""Personalization through PC/SC against replaying the same APDUs in a raw pyscard loop, on one virtual reader.

The toolkit's time holds all it does for a card: journal and ledger on disk, keys, plan, checks.  The replay sends the
commands of that card, recorded in an earlier run, to an equal card (same serial and seed: the same challenges) with
``CardConnection.transmit`` and nothing else.  Both leave the connecting to the reader out, both hold the two resets.

Card and replay take turns in one thread with one service and one card process, so that whatever the machine does
besides, and wherever the scheduler puts the three, meets both alike; the ratio is the median over such pairs.
``cpu`` is the processor time of that thread for a card, ``raw_cpu`` for a replay.

Run: .venv/bin/python bench/personalize_pcsc.py [CARDS [PROCESSORS]]
It starts its own pcscd and needs pcscd and vsmartcard-vpcd.  PROCESSORS (such as 0 or 0,1) binds everything to these.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from measure import report
from smartcard.CardConnection import CardConnection
from smartcard.Exceptions import CardConnectionException, NoCardException
from smartcard.scard import SCARD_RESET_CARD, SCARD_SHARE_EXCLUSIVE, SCARD_UNPOWER_CARD
from smartcard.System import readers
from virtual import feeding, service

from sscard.apdu.transport import Transport
from sscard.commands.readers_open import open_slots
from sscard.cos.profile import load_profile
from sscard.keys.hierarchy import memory_service
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.heads import Kind, Slot, Tracer, no_trace
from sscard.personalize.job import open_production
from sscard.personalize.line import Line
from sscard.personalize.workspace import create_workspace

CARDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
PACED_CARDS = 4
PACE_MS = 5
ROUNDS = 3
REGION = "990101"


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


class Alternating:
    """A head's slot that plays the commands of each card it lets go to the next card, raw, before it offers another."""

    def __init__(self, slot: Slot, commands: dict[bytes, list[bytes]]) -> None:
        self.name = slot.name
        self.cpu: list[float] = []
        self.raw_seconds: list[float] = []
        self.raw_cpu: list[float] = []
        self._slot = slot
        self._commands = commands
        self._atr = b""
        self._began = 0.0

    def next_card(self, timeout: float) -> Transport | None:
        if self._atr:
            seconds, cpu = replay(self._atr, self._commands[self._atr])
            self.raw_seconds.append(seconds)
            self.raw_cpu.append(cpu)
            self._atr = b""
        card = self._slot.next_card(timeout)
        if card is not None:
            self._atr = card.atr
            self._began = time.thread_time()
        return card

    def release(self) -> None:
        self.cpu.append(time.thread_time() - self._began)
        self._slot.release()

    def close(self) -> None:
        self._slot.close()


def make(folder: Path, slot: Slot, count: int, *, tracer: Tracer = no_trace) -> list[float]:
    """Personalize the whole batch on the reader; returns the time of each card from claim to ledger."""
    folder.mkdir()
    place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1)
    people.write(folder / "b.csv", count, seed=3)
    batch = open_batch(folder / "b.csv", region=REGION, demo=True)
    production = open_production(
        place, memory_service(REGION, 1), batch, profile=load_profile("ssc3-sm4"), tracer=tracer
    )
    line = Line(production.work, [slot], patience=5)
    times = [event.seconds for event in line.run() if event.kind is Kind.GOOD]
    production.close()
    if len(times) != count:
        raise SystemExit(f"{len(times)} of {count} cards good: {line.outcome!r}")
    return times


def replay(atr: bytes, commands: list[bytes]) -> tuple[float, float]:
    """Send recorded commands to the card with this ATR in a raw pyscard loop; returns wall and processor seconds."""
    connection = connect(atr)
    lists = [list(command) for command in commands]
    cpu, start = time.thread_time(), time.perf_counter()
    for command in lists:
        if command:
            _, sw1, _ = connection.transmit(command)
        else:
            connection.reconnect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_RESET_CARD)
    taken = time.perf_counter() - start, time.thread_time() - cpu
    connection.disconnect()
    if sw1 != 0x90:
        raise SystemExit(f"the replay ended with {sw1:02X}")
    return taken


def connect(atr: bytes) -> CardConnection:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        connection = readers()[0].createConnection()
        with suppress(CardConnectionException, NoCardException):
            connection.connect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_UNPOWER_CARD)
            if bytes(connection.getATR()) == atr:
                return connection
            connection.disconnect()
        time.sleep(0.02)
    raise SystemExit("the card for the replay did not come")


def main() -> None:
    if len(sys.argv) > 2:
        os.sched_setaffinity(0, {int(word) for word in sys.argv[2].split(",")})
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        work = Path(name)
        with service(work / "p") as port:
            recorder = Recorder()
            with feeding(port, CARDS, 1):
                make(work / "record", open_slots("all")[0], CARDS, tracer=recorder)  # type: ignore[arg-type]
            compare(work / "fast", port, recorder.cards, CARDS, ROUNDS, 0)
            compare(work / "paced", port, recorder.cards, PACED_CARDS, 1, PACE_MS)


def compare(folder: Path, port: int, commands: dict[bytes, list[bytes]], count: int, rounds: int, pace_ms: int) -> None:
    """Cards and their replays in turn, on cards that spend ``pace_ms`` on each command; prints the figure."""
    folder.mkdir()
    ours: list[float] = []
    raw: list[float] = []
    cpu: list[float] = []
    raw_cpu: list[float] = []
    for number in range(rounds):
        with feeding(port, count, 2, pace_ms=pace_ms):
            slot = Alternating(open_slots("all")[0], commands)
            pairs = list(zip(make(folder / f"{number}", slot, count), slot.raw_seconds, strict=False))
        ours += (card for card, _ in pairs)
        raw += (card for _, card in pairs)
        cpu += slot.cpu
        raw_cpu += slot.raw_cpu
    median = statistics.median
    report(
        f"personalization through PC/SC, card with {pace_ms} ms a command",
        median(ours),
        median(raw),
        median(card / bare for card, bare in zip(ours, raw, strict=True)),
        "s/card",
        cpu=median(cpu),
        raw_cpu=median(raw_cpu),
        pairs=len(ours),
        rounds=rounds,
    )


if __name__ == "__main__":
    main()
