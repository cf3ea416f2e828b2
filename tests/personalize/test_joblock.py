"""One process works on a job; whoever asks whether one does is in nobody's way."""

from __future__ import annotations

import fcntl
import json
import threading
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.errors import Exit, GuardRefused
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.joblock import JobLock, is_running
from sscard.personalize.workspace import open_workspace


def test_a_job_runs_while_it_is_held(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    assert not is_running(folder)
    lock = JobLock(folder, "job")
    assert is_running(folder)
    with pytest.raises(GuardRefused, match="job"):
        JobLock(folder, "job")
    lock.release()
    assert not is_running(folder)


def test_somebody_who_asks_is_waited_for(tmp_path: Path) -> None:
    JobLock(tmp_path, "job").release()
    with (tmp_path / "lock").open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        timer = threading.Timer(0.05, fcntl.flock, (asking, fcntl.LOCK_UN))
        timer.start()
        JobLock(tmp_path, "job").release()
        timer.join()


def test_jobs_tells_a_card_in_hand_from_one_that_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (
        ("init", "ws", "--demo"),
        ("people", "--count", "1", "--out", "b.csv"),
        ("personalize", "b.csv", "--workspace", "ws", "--reader", "emulator"),
    ):
        assert main(list(words)) == Exit.OK
    place = open_workspace(tmp_path / "ws")
    ledger = open_ledger(place)
    (job,) = ledger.jobs()
    (card,) = ledger.cards(job.job)
    ledger.strike(card.card, "test")
    ledger.claim(job.job, "00" * 13, "1")
    ledger.close()

    def told() -> tuple[str, bool]:
        capsys.readouterr()
        assert main(["--lang", "en", "jobs", "--workspace", "ws"]) == Exit.OK
        shown = capsys.readouterr().out
        assert main(["jobs", "--workspace", "ws", "--json"]) == Exit.OK
        return shown, json.loads(capsys.readouterr().out)["running"]

    shown, running = told()
    assert "stopped in work" in shown
    assert not running
    lock = JobLock(place.jobs_path / job.job, job.job)
    shown, running = told()
    assert "is being made now" in shown
    assert "stopped" not in shown
    assert running
    lock.release()
