"""Promise D38: after a job its batch and return files are erased on record, and what is left is found."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.errors import Exit, GuardRefused
from sscard.personalize import erasure
from sscard.personalize.approval import broken
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.workspace import open_workspace
from tests.personalize.test_approval import enrol, entries, signer


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("erase")
    assert main(["init", str(folder / "ws"), "--demo"]) == Exit.OK
    assert main(["people", "--count", "2", "--out", str(folder / "b.csv")]) == Exit.OK
    words = ("--workspace", str(folder / "ws"), "--reader", "emulator", "--wait", "0.1")
    assert main(["personalize", str(folder / "b.csv"), *words]) == Exit.OK
    return folder


@pytest.fixture
def desk(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished job in the current folder; its name."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return next(Path("ws/jobs").iterdir()).name


def close(job: str) -> None:
    assert main(["jobs", "--workspace", "ws", "close", job, "--blanks", "3", "--left", "1"]) == Exit.OK


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code, shown = main(["--lang", "en", "erase", *words, "--workspace", "ws"]), capsys.readouterr()
    return code, shown.out + shown.err


def people() -> list[str]:
    """Names of the lists in which numbers of people stand."""
    return sorted(path.name for path in Path().rglob("*.csv") if b"990101" in path.read_bytes())


def test_d38_what_held_people_is_gone_and_the_chain_says_so(desk: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "ERASE-OPEN" in told(capsys, desk, "b.csv", "--yes")[1]
    close(desk)
    shutil.copy("b.csv", "copy.csv")
    Path("other.csv").write_text("990101")
    assert "ERASE-FOREIGN" in told(capsys, desk, "b.csv", "other.csv", "--yes")[1]
    assert "ERASE-NEVER" in told(capsys, desk, "--verify")[1]
    assert people() == sorted(["b.csv", "copy.csv", "other.csv", f"{desk}-return.csv"])
    held = os.open("b.csv", os.O_RDONLY)
    assert told(capsys, desk, "b.csv", "--yes")[0] == Exit.OK
    assert os.read(held, 99) == bytes(99), "the bytes themselves are gone, not the name alone"
    os.close(held)
    assert people() == ["copy.csv", "other.csv"]
    code, shown = told(capsys, desk, ".", "--verify")
    assert (code, shown.count("still there"), "copy.csv" in shown) == (Exit.FAILED, 1, True)
    assert told(capsys, desk, "copy.csv", "--yes")[0] == Exit.OK
    assert told(capsys, desk, ".", "--verify")[0] == Exit.OK
    for words in (("audit", "verify"), ("outbox", "verify")):
        assert main([*words, "--workspace", "ws"]) == Exit.OK
    erased = [entry for entry in entries(Path("ws")) if entry["kind"] == "erased"]
    named = [[file["name"] for file in entry["files"]] for entry in erased]
    assert named == [["b.csv", f"{desk}-return.csv"], ["copy.csv"]]


def test_d38_not_before_the_receiver_has_it(desk: str, capsys: pytest.CaptureFixture[str]) -> None:
    close(desk)
    Path("drop").mkdir()
    with Path("ws/sscard.toml").open("a") as settings:
        settings.write('[outbox.bank]\nkind = "folder"\npath = "../drop"\n')
    before = people()
    assert "ERASE-UNSENT" in told(capsys, desk, "b.csv", "--yes")[1]
    assert people() == before


def test_d38_two_people_sign_and_a_cut_call_is_made_again(desk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    close(desk)
    place = replace(open_workspace(Path("ws")), approvals=2)
    register = enrol(place.root)
    first, second = signer(register, "王"), signer(register, "陈")
    ledger = open_ledger(place)
    job = erasure.require_over(place, ledger, desk)
    with pytest.raises(GuardRefused, match="APPROVAL-MISSING"):
        erasure.erase(place, ledger, job, [Path("b.csv")], [first])
    assert Path("b.csv").exists()

    def cut(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_erase", cut)
        with pytest.raises(KeyboardInterrupt):
            erasure.erase(place, ledger, job, [Path("b.csv")], [first, second])
    assert len(erasure.remains(place, job, [Path()])) == 2
    assert len(erasure.erase(place, ledger, job, [Path("b.csv")], [first, second])) == 2
    assert erasure.remains(place, job, [Path()]) == []
    ledger.close()
    chain = [json.loads(line) for line in place.chain_path.read_text("utf-8").splitlines()]
    (*_, last) = (entry for entry in chain if entry["kind"] == "erased")
    signed = [entry for entry in chain if entry["kind"] == "approval" and entry["session"] == last["session"]]
    assert [entry["name"] for entry in signed] == ["王", "陈"]
    assert list(broken(chain, {person.name: person.public for person in register})) == []
