"""Real SIGKILLs: the command line is shot at seeded moments and run again, until every person has one good card."""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.commands import select_name
from sscard.cos.profile import load_profile
from sscard.emulator import image

PEOPLE = 40
KILLS_A_JOB = 8
SSSE = load_profile("ssc3-sm4").directory("SSSE").aid


def sscard(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sscard", "--lang", "en", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out = process.communicate(timeout=60)[0]
    assert "Traceback" not in out, out
    return process.returncode, out


def journals(workspace: Path) -> set[Path]:
    return set((workspace / "jobs").glob("*/*.jrnl"))


def begun(workspace: Path, before: set[Path], process: subprocess.Popen[str]) -> bool:
    """Wait until the run has something at stake: a journal of its own."""
    while process.poll() is None:
        if journals(workspace) - before:
            return True
        time.sleep(0.002)
    return False


def holder(path: Path) -> tuple[str, str]:
    """``(historical bytes, card number)`` of a card image."""
    card = image.load(path.read_text(), path=str(path))
    card.reset()
    channel = Channel(card)
    channel.call(select_name(SSSE))
    number = channel.call(Command(0x00, 0xB2, 0x07, 0x28, le=11))[2:].decode()
    return channel.atr.historical.hex().upper(), number


def test_killed_for_real(tmp_path: Path) -> None:
    """The command as it is called, with two heads; kills at chosen writes: tests/promises, D5."""
    moments = random.Random(1)
    assert finish(sscard(tmp_path, "init", "ws", "--demo"))[0] == 0
    assert finish(sscard(tmp_path, "people", "--count", str(PEOPLE), "--out", "b.csv"))[0] == 0
    workspace = tmp_path / "ws"
    run = ("personalize", "b.csv", "--workspace", "ws", "--reader", "emulator:2", "--wait", "0.5")
    kills = 0
    for _ in range(30):
        if kills == KILLS_A_JOB:
            break
        before = journals(workspace)
        process = sscard(tmp_path, *run)
        if begun(workspace, before, process):
            time.sleep(moments.uniform(0, 0.05))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        out = process.communicate(timeout=60)[0]
        assert "Traceback" not in out, out
        kills += process.returncode == -signal.SIGKILL
        if process.returncode == 0:
            break
    assert kills >= KILLS_A_JOB - 1, "the job was over before it was shot often enough"
    code, out = finish(sscard(tmp_path, *run))
    assert code == 0, out
    assert f"good {PEOPLE} + spoiled 0 + in work 0 + left 0 ✓" in out

    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        people = {row["card_no"]: row["ssn"] for row in csv.DictReader(file)}
    (answer,) = (workspace / "outbox").glob("*-return.csv")
    with answer.open(encoding="utf-8", newline="") as file:
        returned = list(csv.DictReader(file))
    assert [row["result"] for row in returned] == ["good"] * PEOPLE
    assert {row["card_no"]: row["ssn"] for row in returned} == people
    ledger = sqlite3.connect(workspace / "ledger.sqlite")
    entries = ledger.execute("SELECT card, seq, state FROM cards ORDER BY seq").fetchall()
    ledger.close()
    assert [(seq, state) for _, seq, state in entries] == [(seq, "good") for seq in range(1, PEOPLE + 1)]
    assert [row["reset_info"] for row in returned] == [card for card, _, _ in entries]

    images = [*(workspace / "cards").glob("*.json"), *(workspace / "cards" / "drawer").glob("*.json")]
    good = {card for card, _, _ in entries}
    held = [holder(path) for path in images if not _is_blank(path)]
    assert sorted(number for _, number in held) == sorted(people), "one card a person, none for two"
    assert {card for card, _ in held} == good
    assert dict(held) == {row["reset_info"]: row["card_no"] for row in returned}


def _is_blank(path: Path) -> bool:
    return not image.load(path.read_text(), path=str(path)).chip.root.directories
