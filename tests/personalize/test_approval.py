"""Two people open a production job: two different ones, anew each session, with signatures on record."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.errors import Exit, SscardError
from sscard.keys.ceremony.people import Register, Signer
from sscard.keys.ceremony.run import Place
from sscard.keys.secret import Secret
from sscard.keys.vault import Cost
from sscard.personalize import audit
from sscard.personalize.approval import broken
from sscard.personalize.job import open_production

QUICK = Cost(2**14, 8, 1)
PHRASES = {"王": "first phrase of 王", "陈": "second phrase of 陈", "李": "third phrase of 李"}


def enrol(root: Path) -> Register:
    register = Place(root).register()
    witness: Signer | None = None
    for name, phrase in PHRASES.items():
        person = register.enrol(name, Secret(phrase.encode()), witness, QUICK)
        witness = witness or person.signer(Secret(phrase.encode()))
    return register


def signer(register: Register, name: str) -> Signer:
    return register.find(name).signer(Secret(PHRASES[name].encode()))


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SscardError) as caught:
        call()
    assert all(part for lang in ("zh", "en") for part in caught.value.parts(lang))
    return caught.value.key


def entries(root: Path) -> list[dict[str, Any]]:
    path = root / "chain" / "station-1.chain"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_job_opens_only_for_two_different_people(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(1)
    bureau.place = replace(bureau.place, approvals=2)
    register = enrol(bureau.place.root)
    first, second = signer(register, "王"), signer(register, "陈")

    def open_for(*signers: Signer) -> Any:
        return open_production(bureau.place, bureau.service, bureau.batch, signers=signers)

    assert refusal(bureau.open) == "approval-missing"
    assert refusal(lambda: open_for(first)) == "approval-missing"
    assert refusal(lambda: open_for(first, signer(register, "王"))) == "approval-same"
    assert entries(bureau.place.root) == []
    assert not bureau.place.ledger_path.exists()
    sessions = []
    for _ in range(2):
        production = open_for(first, second)
        production.lock.release()
        told = [entry for entry in entries(bureau.place.root) if entry["kind"] == "approval"]
        assert [entry["name"] for entry in told[-2:]] == ["王", "陈"]
        sessions.append(told[-1]["session"])
    assert len(set(sessions)) == 2
    public = {person.name: person.public for person in register}
    assert list(broken(told, public)) == []
    for name, value in {"rows": 2, "job": "other", "name": "李", "session": sessions[0], "signature": "AAAA"}.items():
        assert list(broken([told[-1] | {name: value}], public)) == [told[-1]["n"]], name
    assert list(audit.collect(bureau.place, production.work.ledger).findings()) == []
    Place(bureau.place.root).people_path.unlink()
    found = list(audit.collect(bureau.place, production.work.ledger).findings())
    assert {finding.kind for finding in found} == {"approval"}


Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """The command with lines on its standard input: exit code and all that was shown."""

    def run(*words: str, lines: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
        capsys.readouterr()
        code, shown = main(words), capsys.readouterr()
        assert not any(phrase in shown.out + shown.err for phrase in PHRASES.values())
        return code, shown.out + shown.err

    return run


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("approval") / "ws"
    assert main(["init", str(place), "--demo"]) == Exit.OK
    assert main(["people", "--count", "1", "--out", str(place / "b.csv")]) == Exit.OK
    with (place / "sscard.toml").open("a") as settings:
        settings.write("approvals = 2\n")
    return place


@pytest.fixture
def bureau_with_rule(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "ws"))


def make(place: Path) -> tuple[str, ...]:
    return ("personalize", str(place / "b.csv"), "--workspace", str(place), "--reader", "emulator:1")


def test_the_command_asks_in_lines_and_files(bureau_with_rule: Path, tmp_path: Path, ask: Ask) -> None:
    place = bureau_with_rule
    words = (*make(place), "--json")
    code, said = ask(*words)
    assert (code, json.loads(said)["error"]) == (4, "APPROVAL-PEOPLE")
    enrol(place)
    for lines, error in {
        "": "APPROVAL-MISSING",
        f"王\n{PHRASES['王']}\n": "APPROVAL-MISSING",
        f"王\n{PHRASES['王']}\n王\n{PHRASES['王']}\n": "APPROVAL-SAME",
        f"王\n{PHRASES['王']}\n陈\nnot the phrase\n": "PERSON-PASSPHRASE",
    }.items():
        code, said = ask(*words, lines=lines)
        assert json.loads(said)["error"] == error
        assert code != 0
    assert not (place / "ledger.sqlite").exists()
    private = tmp_path / "phrase"
    private.write_text(PHRASES["陈"] + "\n")
    private.chmod(0o644)
    ours, theirs = os.pipe()
    os.write(theirs, PHRASES["王"].encode() + b"\n")
    os.close(theirs)
    given = ("--approval", f"陈={private}", "--approval", f"王=/dev/fd/{ours}")
    code, said = ask(*words, *given)
    assert json.loads(said)["error"] == "PASSPHRASE-OPEN"
    private.chmod(0o600)
    assert ask(*words, *given)[0] == 0
    os.close(ours)
    assert [entry["name"] for entry in entries(place) if entry["kind"] == "approval"] == ["陈", "王"]


def test_the_command_asks_blind_at_a_terminal(bureau_with_rule: Path, at_terminal: Any) -> None:
    place = bureau_with_rule
    enrol(place)
    answers = [
        ("Name of person 1 of 2", "王"),
        ("Passphrase of 王", PHRASES["王"]),
        ("Name of person 2 of 2", "陈"),
        ("Passphrase of 陈", PHRASES["陈"]),
    ]
    screen = at_terminal(place, ("--lang", "en", *make(place)), answers)
    assert screen.code == 0, screen.shown
    assert not any(phrase.encode() in screen.shown + screen.seen for phrase in PHRASES.values())
    assert [entry["name"] for entry in entries(place) if entry["kind"] == "approval"] == ["王", "陈"]


@pytest.mark.parametrize("value", ["-1", "6", '"2"', "true"])
def test_the_setting_is_a_small_number(bureau_with_rule: Path, value: str, ask: Ask) -> None:
    settings = bureau_with_rule / "sscard.toml"
    settings.write_text(settings.read_text().replace("approvals = 2", f"approvals = {value}"))
    code, said = ask("jobs", "--workspace", str(bureau_with_rule), "--json")
    assert code != 0
    assert json.loads(said)["error"] == "WORKSPACE-VALUE"


def test_production_asks_for_two_where_nothing_is_said(tmp_path: Path) -> None:
    from sscard.personalize.workspace import create_workspace, open_workspace

    made = create_workspace(tmp_path / "p", demo=False, region="990101")
    assert (made.approvals, open_workspace(made.root)) == (2, made)
