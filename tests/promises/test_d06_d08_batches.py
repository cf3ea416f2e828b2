"""Promises D6 to D8 and D26: nobody and no number twice, whatever is handed in and by however many processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.errors import Exit
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.ledger import State
from sscard.personalize.workspace import open_workspace

WHERE = ("--workspace", "ws", "--reader", "emulator:2", "--wait", "0.2")
Refused = Callable[..., str]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "ws", "--demo"]) == Exit.OK
    people("b.csv", 1)
    return tmp_path


@pytest.fixture
def refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a batch that must be refused and returns the sentence; no plastic may be used for it."""

    def run(name: str, code: Exit = Exit.REFUSED) -> str:
        before = plastics()
        capsys.readouterr()
        assert main(["--lang", "en", "personalize", name, *WHERE]) == code
        assert plastics() == before, "a card was used"
        shown = capsys.readouterr()
        return shown.out + shown.err

    return run


def people(name: str, seed: int, count: int = 2) -> list[list[str]]:
    assert main(["people", "--count", str(count), "--seed", str(seed), "--out", name, "--force"]) == Exit.OK
    return [line.split(",") for line in Path(name).read_text("utf-8").splitlines()]


def write(name: str, rows: list[list[str]]) -> None:
    Path(name).write_text("\n".join(map(",".join, rows)) + "\n", "utf-8")


def plastics() -> list[Path]:
    return sorted(Path("ws/cards").rglob("*.json"))


def manifest(name: str, number: str) -> None:
    assert main(["manifest", name, "--id", number]) == Exit.OK


def test_d06_the_same_batch_twice(refused: Refused) -> None:
    """The same bytes, the same id with other bytes, another id with the same people: three refusals, each its own."""
    manifest("b.csv", "990101-1")
    assert main(["personalize", "b.csv", *WHERE]) == Exit.OK
    people("c.csv", 2)
    manifest("c.csv", "990101-1")
    Path("d.csv").write_bytes(Path("b.csv").read_bytes() + b"\n")
    manifest("d.csv", "990101-3")
    told = [refused(name).partition("error ")[2].partition(":")[0] for name in ("b.csv", "c.csv", "d.csv")]
    assert told == ["BATCH-DONE", "BATCH-SAME-ID", "LEDGER-ACTIVE"]
    people("e.csv", 5)
    assert main(["personalize", "e.csv", *WHERE]) == Exit.OK, "a batch of others is made"


def test_d07_the_same_person_twice(refused: Refused) -> None:
    """In one batch, in two batches under way, and with an active card: refused before any plastic is used."""
    head, one, two = people("b.csv", 1)
    write("twice.csv", [head, one, [two[0], *one[1:7], *two[7:13], *one[13:]]])
    assert "DUP-" in refused("twice.csv", Exit.FAILED)
    assert main(["personalize", "b.csv", *WHERE[:2], "--reader", "emulator", "--wait", "0", "--dry-run"]) == Exit.OK
    assert main(["personalize", "b.csv", *WHERE]) == Exit.OK
    _, *others = people("o.csv", 7)
    write("o.csv", [head, others[0], [others[1][0], *two[1:7], *others[1][7:13], *two[13:]]])
    shown = refused("o.csv")
    assert "LEDGER-ACTIVE" in shown
    assert "line 3" in shown.lower()


def test_d26_a_number_twice_is_told_with_both_rows(refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    """A card number that came twice: the text names the rows on both sides, in one batch and across two."""
    head, one, two = people("b.csv", 1)
    write("twice.csv", [head, one, [*two[:7], one[7], *two[8:]]])
    assert "line 3, DUP-02" in refused("twice.csv", Exit.FAILED)
    assert main(["--lang", "en", "check", "twice.csv"]) == Exit.FAILED
    assert "twice.csv:3:card_no" in (told := capsys.readouterr().out)
    assert "stands on line 2 already" in told
    assert main(["personalize", "b.csv", *WHERE]) == Exit.OK
    _, *others = people("o.csv", 7)
    write("o.csv", [head, others[0], [*others[1][:7], one[7], *others[1][8:]]])
    shown = refused("o.csv")
    assert "LEDGER-NUMBER" in shown
    assert "3" in shown
    assert "row 1" in shown


def start(name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sscard", "--lang", "en", "personalize", name, *WHERE]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_d08_two_processes_on_one_workspace(desk: Path) -> None:
    """Of two processes with the same batch one makes it and one is refused; one with another batch works beside them.

    Every row has exactly one card in the end, every card one row.
    """
    people("b.csv", 1, 40)
    people("c.csv", 11, 40)
    processes = [start(name) for name in ("b.csv", "b.csv", "c.csv")]
    ended = [(process.communicate(timeout=60)[0], process.returncode) for process in processes]
    assert not any("Traceback" in shown for shown, _ in ended)
    assert sorted(code for _, code in ended[:2]) == [Exit.OK, Exit.REFUSED], ended
    assert ended[2][1] == Exit.OK, ended[2]
    ledger = open_ledger(open_workspace(Path("ws")))
    made = [ledger.cards(job.job) for job in ledger.jobs()]
    ledger.close()
    assert [sorted(entry.seq for entry in cards) for cards in made] == [list(range(1, 41))] * 2
    assert {entry.state for cards in made for entry in cards} == {State.GOOD}
    assert len({entry.card for cards in made for entry in cards}) == 80


def test_d08_two_stations_of_eight_heads_one_killed_and_back(postgres: Any) -> None:
    """A slice of bench/stations.py, which runs the whole: real processes, SIGKILL, every count asked by SQL."""
    bench = Path(__file__).parent.parent.parent / "bench" / "stations.py"
    words = (sys.executable, bench, "96", "8", postgres.database())
    run = subprocess.run(words, capture_output=True, text=True, timeout=180)
    assert run.returncode == 0, run.stderr
    facts = json.loads(run.stdout)
    assert sum(facts["made"].values()) == facts["rows"] == 96
    assert min(facts["made"].values()) > 0
    assert facts["in_work_at_the_kill"] > 0
