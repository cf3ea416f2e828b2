"""The main job as an operator does it: forty blank cards in four readers become forty good ones, over a real pcscd.

A card made so is then read with other people's tools, which share no code with this project.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sscard.apdu.pcsc import list_readers

PEOPLE = 40
READERS = 4
KILL_AFTER = 12_000
"""Bytes of journal after which a run is killed: about a tenth of what four cards write."""
APDUS = (
    "00A404000F" + "sx1.sh.社会保障".encode("gbk").hex(),  # SELECT SSSE
    "00B2012812",  # READ RECORD: EF05, item 01, card identification
    "00B207280B",  # READ RECORD: EF05, item 07, card number
    "00B2093020",  # READ RECORD: EF06, item 09, name
)
CARD_ID = "0110990101D15600000500000017FFFFFFFF"


def sscard(*arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Run the command line in a process of its own: exit code and JSON lines."""
    command = [sys.executable, "-m", "sscard", *map(str, arguments), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]


def workspace_and_batch(folder: Path, people: int) -> tuple[Path, Path]:
    """A demonstration workspace and a batch of ``people``."""
    workspace, batch = folder / "work", folder / "people.csv"
    assert sscard("init", workspace, "--demo")[0] == 0
    assert sscard("people", "--count", str(people), "--seed", "1", "--out", batch)[0] == 0
    return workspace, batch


@pytest.mark.longest(120)
def test_forty_blanks_become_forty_good_cards(tmp_path: Path, emulators: Callable[..., Any]) -> None:
    workspace, batch = workspace_and_batch(tmp_path, PEOPLE)
    emulators(READERS, feed=PEOPLE // READERS)
    code, lines = sscard("personalize", batch, "--workspace", workspace, "--reader", "all")
    assert code == 0
    end = lines[-1]
    assert (end["in"], end["good"], end["spoiled"], end["left"]) == (PEOPLE, PEOPLE, 0, 0)
    made = [line for line in lines if line.get("event") == "good"]
    assert len(made) == PEOPLE
    assert {line["reader"] for line in made} == {state.name for state in list_readers()}
    (answer,) = (workspace / "outbox").glob("*-return.csv")
    with answer.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == PEOPLE
    assert len({row["card_no"] for row in rows}) == PEOPLE

    code, lines = sscard("personalize", batch, "--workspace", workspace, "--reader", "all", "--wait", "0")
    assert (code, lines[-1]["error"]) == (4, "BATCH-DONE")


@pytest.fixture
def finished_card(tmp_path: Path, pcscd: Any) -> Iterator[dict[str, Any]]:
    """A card personalized over PC/SC that stays in the first reader; what the run told about it."""
    workspace, batch = workspace_and_batch(tmp_path, 1)
    command = [sys.executable, "-m", "sscard", "emulate", "--port", str(pcscd.ports[0])]
    command += ["--blank", "--serial", "23", "--image", str(tmp_path / "card.json")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as emulator:
        try:
            wait_for_card(pcscd.readers[0], emulator)
            code, lines = sscard("personalize", batch, "--workspace", workspace, "--reader", pcscd.readers[0])
            assert (code, lines[-1]["good"]) == (0, 1)
            yield next(line for line in lines if line.get("event") == "good")
        finally:
            emulator.terminate()
            wait_for_empty_readers()


def wait_for_card(reader: str, emulator: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while not any(state.present for state in list_readers() if state.name == reader):
        assert emulator.poll() is None, "the emulator ended at once"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_empty_readers() -> None:
    """Until the service has seen every card go: the next test begins with empty readers."""
    deadline = time.monotonic() + 10
    while any(state.present for state in list_readers()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_opensc_reads_a_card_made_here(finished_card: dict[str, Any]) -> None:
    command = ["opensc-tool", "--card-driver", "default", "--reader", finished_card["reader"]]
    for apdu in APDUS:
        command += ["--send-apdu", apdu]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    answers = shown.split("Received ")[1:]
    assert [re.match(r"\(SW1=0x(..), SW2=0x(..)\)", answer).groups() for answer in answers] == [  # type: ignore[union-attr]
        ("90", "00"),
        ("90", "00"),
        ("90", "00"),
        ("69", "82"),
    ]
    data = ["".join(re.findall(r"^((?:[0-9A-F]{2} )+)", answer, re.MULTILINE)).replace(" ", "") for answer in answers]
    assert data[1] == CARD_ID
    assert bytes.fromhex(data[2]) == b"\x07\x09" + finished_card["card_no"].encode()


def test_scriptor_reads_a_card_made_here(finished_card: dict[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("".join(f"{apdu}\n" for apdu in ("reset", *APDUS)))
    command = ["scriptor", "-r", finished_card["reader"], script]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    answers = [part.partition(":")[0] for part in re.split(r"^< ", shown, flags=re.MULTILINE)[1:]]
    atr, selected, card_id, card_number, name = ("".join(answer.split()) for answer in answers)
    assert atr == "OK"
    assert finished_card["reset_info"] in shown.replace(" ", "")
    assert selected.startswith("61"), "scriptor shows the wire as it is: the answer of a SELECT waits under T=0"
    assert card_id == CARD_ID + "9000"
    assert bytes.fromhex(card_number) == b"\x07\x09" + finished_card["card_no"].encode() + b"\x90\x00"
    assert name == "6982", "a person's name must not be readable without authentication"


@pytest.fixture
def four_blanks(tmp_path: Path, pcscd: Any) -> Iterator[None]:
    """One blank card with an image in each reader; none is exchanged for another."""
    running = []
    for number, port in enumerate(pcscd.ports):
        command = [sys.executable, "-m", "sscard", "emulate", "--port", str(port), "--blank"]
        command += ["--serial", str(100 + number), "--image", str(tmp_path / f"card{number}.json")]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    try:
        for reader, emulator in zip(pcscd.readers, running, strict=True):
            wait_for_card(reader, emulator)
        yield
    finally:
        for emulator in running:
            emulator.terminate()
        for emulator in running:
            emulator.wait(timeout=10)
        wait_for_empty_readers()


def journalled(workspace: Path) -> int:
    """Bytes in the journals of all jobs."""
    return sum(path.stat().st_size for path in (workspace / "jobs").glob("*/*.j*"))


@pytest.mark.longest(120)
def test_a_run_killed_again_and_again_ends_with_one_good_card_each(tmp_path: Path, four_blanks: None) -> None:
    workspace, batch = workspace_and_batch(tmp_path, READERS)
    command = [sys.executable, "-m", "sscard", "personalize", batch, "--workspace", workspace, "--reader", "all"]
    for _ in range(4):
        before = journalled(workspace)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            while journalled(workspace) < before + KILL_AFTER:
                assert run.poll() is None, "the run ended before it was killed"
                time.sleep(0.002)
            run.kill()
    code, lines = sscard("personalize", batch, "--workspace", workspace, "--reader", "all", "--wait", "10")
    assert code == 0
    assert (lines[-1]["good"], lines[-1]["spoiled"], lines[-1]["work"]) == (READERS, 0, 0)
    (answer,) = (workspace / "outbox").glob("*-return.csv")
    with answer.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["reset_info"] for row in rows}) == READERS
    assert sum(line.get("resumed") is True for line in lines) == READERS
