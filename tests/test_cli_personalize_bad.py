"""``sscard personalize`` and ``jobs`` given what they must refuse: one sentence, the exit code, and nothing touched."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.emulator import PersistentCard, Rack, Tear
from sscard.personalize import journal as journals
from tests.personalize.conftest import Once

REQUIRED = ("seq", "ssn", "name")
RUN = ["personalize", "b.csv", "--workspace", "ws", "--reader", "emulator:2", "--wait", "0.2"]
Shown = tuple[int, str, dict[str, object]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration workspace and a batch, made once."""
    folder = tmp_path_factory.mktemp("desk")
    assert main(["init", str(folder / "ws"), "--demo"]) == 0
    assert main(["people", "--count", "3", "--out", str(folder / "b.csv")]) == 0
    return folder


@pytest.fixture(autouse=True)
def desk(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SSCARD_PASSPHRASE_FILE", raising=False)
    return tmp_path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., int]:
    """Run a refused command in both languages and as JSON: the same code and key each time, one clear sentence."""

    def run(key: str, *arguments: str) -> int:
        codes = set()
        capsys.readouterr()
        for language, label in (("zh", "错误"), ("en", "error")):
            codes.add(main(["--lang", language, *arguments]))
            shown = capsys.readouterr().err
            lines = [line for line in shown.splitlines() if line.startswith(f"{label} ")]
            assert len(lines) == 1, shown
            assert lines[0].startswith(f"{label} {key}: "), shown
            assert "{" not in lines[0]
            assert "Traceback" not in shown
            assert "  → " in shown, "it must say what to do"
        codes.add(main([*arguments, "--json"]))
        out = capsys.readouterr()
        found = [line for line in map(json.loads, out.out.splitlines()) if "error" in line]
        assert [line["error"] for line in found] == [key]
        assert all(found[0][name] for name in ("message_zh", "message_en", "remedy_zh", "remedy_en"))
        assert len(codes) == 1
        return int(codes.pop())

    return run


def rewrite(change: Callable[[str], str], encoding: str = "utf-8") -> None:
    path = Path("b.csv")
    path.write_bytes(change(path.read_text(encoding="utf-8")).encode(encoding))


def number(text: str) -> str:
    return text.splitlines()[1].split(",")[1]


def untouched() -> bool:
    """No card was fed, nothing was entered, nothing was returned."""
    ws = Path("ws")
    return not [*ws.glob("cards/**/*.json"), *ws.glob("outbox/*"), *ws.glob("jobs/*"), *ws.glob("ledger.sqlite")]


BATCHES: dict[str, tuple[str, int, Callable[[], object]]] = {
    "unknown column": ("BATCH-FINDINGS", 1, lambda: rewrite(lambda text: text.replace("mobile", "shoe_size", 1))),
    "missing column": ("BATCH-FINDINGS", 1, lambda: rewrite(lambda text: text.replace(",ssn,", ",id,", 1))),
    "wrong encoding": ("BATCH-FINDINGS", 1, lambda: rewrite(str, "gb18030")),
    "excel number": (
        "BATCH-FINDINGS",
        1,
        lambda: rewrite(lambda text: text.replace(number(text), f"{number(text)[0]}.{number(text)[1:6]}E+17")),
    ),
    "excel zeros": (
        "BATCH-FINDINGS",
        1,
        lambda: rewrite(lambda text: text.replace(number(text), number(text)[:15] + "000")),
    ),
    "utf-16": ("BATCH-UTF16", 2, lambda: rewrite(str, "utf-16")),
    "workbook": ("BATCH-WORKBOOK", 2, lambda: Path("b.csv").write_bytes(b"PK\x03\x04" + bytes(200))),
    "empty": ("BATCH-EMPTY", 2, lambda: Path("b.csv").write_bytes(b"")),
    "missing": ("BATCH-UNREADABLE", 2, lambda: Path("b.csv").unlink()),
    "same person twice": (
        "BATCH-FINDINGS",
        1,
        lambda: rewrite(lambda text: text.replace(text.splitlines()[2].split(",")[1], number(text))),
    ),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_bad_batch_never_reaches_plastic(told: Callable[..., int], name: str) -> None:
    key, code, spoil = BATCHES[name]
    spoil()
    assert told(key, *RUN) == code
    assert untouched()


def test_a_good_batch_would_have(desk: Path) -> None:
    assert main(RUN) == 0
    assert not untouched()


def test_batch_is_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["personalize", ".", *RUN[2:]]) == 2
    assert "Traceback" not in capsys.readouterr().err


def _broken_profile() -> None:
    Path("p.toml").write_text('name = "x\n')


SETTINGS: dict[str, tuple[str, int, list[str], Callable[[], object]]] = {
    "no workspace": ("WORKSPACE-MISSING", 2, [*RUN, "--workspace", "none"], lambda: None),
    "damaged workspace": ("WORKSPACE-TOML", 2, RUN, lambda: Path("ws/sscard.toml").write_text("mode = demo = x")),
    "no vault": ("VAULT-MISSING", 1, RUN, lambda: Path("ws/keys/vault.json").unlink()),
    "cut vault": ("VAULT-FORMAT", 1, RUN, lambda: os.truncate("ws/keys/vault.json", 100)),
    "wrong passphrase": (
        "VAULT-SEALED",
        1,
        RUN,
        lambda: Path("ws/keys/demo-passphrase").write_bytes(b"DEMO-not-this-one"),
    ),
    "emulator:0": ("HEADS-COUNT", 2, [*RUN, "--reader", "emulator:0"], lambda: None),
    "emulator:x": ("HEADS-COUNT", 2, [*RUN, "--reader", "emulator:x"], lambda: None),
    "emulator:65": ("HEADS-COUNT", 2, [*RUN, "--reader", "emulator:65"], lambda: None),
    "emulator:9…9": ("HEADS-COUNT", 2, [*RUN, "--reader", "emulator:" + "9" * 5000], lambda: None),
    "emulator:-1": ("HEADS-COUNT", 2, [*RUN, "--reader", "emulator:-1"], lambda: None),
    "unknown profile": ("PROFILE-UNKNOWN", 2, [*RUN, "--profile", "ssc9"], lambda: None),
    "broken profile": ("PROFILE-TOML", 2, [*RUN, "--profile", "p.toml"], _broken_profile),
    "no profile file": ("PROFILE-FILE", 2, [*RUN, "--profile", "none/p.toml"], lambda: None),
    "profile is a folder": ("PROFILE-FILE", 2, [*RUN, "--profile", "ws/keys"], lambda: None),
    "trace folder below a file": ("TRACE-FOLDER", 2, [*RUN, "--trace", "b.csv/traces"], lambda: None),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_bad_setting_never_reaches_plastic(told: Callable[..., int], name: str) -> None:
    key, code, arguments, spoil = SETTINGS[name]
    spoil()
    assert told(key, *arguments) == code
    assert untouched()


def test_no_reader(told: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    from sscard.apdu import pcsc

    monkeypatch.setattr(pcsc, "list_readers", list)
    assert told("READER-NONE", *RUN, "--reader", "all") == 3
    assert untouched()


def test_the_same_batch_again_is_refused(told: Callable[..., int]) -> None:
    """Unless its return file is not there: then that is written again, from the ledger."""
    assert main(RUN) == 0
    before = sorted(Path("ws/cards").rglob("*.json"))
    (returned,) = Path("ws/outbox").glob("*-return.csv")
    content = returned.read_bytes()
    assert told("BATCH-DONE", *RUN) == 4
    assert returned.read_bytes() == content
    returned.unlink()
    assert main(RUN) == 0
    assert returned.read_bytes() == content
    assert sorted(Path("ws/cards").rglob("*.json")) == before


def job_folder() -> Path:
    (folder,) = Path("ws/jobs").iterdir()
    return folder


def test_the_same_batch_at_the_same_time(told: Callable[..., int]) -> None:
    assert main(RUN) == 0
    before = sorted(Path("ws/cards").rglob("*.json"))
    with (job_folder() / "lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert told("JOB-RUNNING", *RUN) == 4
    assert sorted(Path("ws/cards").rglob("*.json")) == before
    assert told("BATCH-DONE", *RUN) == 4


def ledger_rows() -> list[tuple[object, ...]]:
    ledger = sqlite3.connect("ws/ledger.sqlite")
    try:
        return [*ledger.execute("SELECT * FROM jobs"), *ledger.execute("SELECT * FROM rows")]
    finally:
        ledger.close()


@pytest.mark.parametrize("column", ["person", "number", "edited"])
def test_another_batch_with_somebody_known(told: Callable[..., int], column: str) -> None:
    """Refused whole: the ledger is as it was, no card is fed.  A batch edited between two runs is such a batch."""
    assert main(RUN) == 0
    before, cards = ledger_rows(), sorted(Path("ws/cards").rglob("*.json"))
    mine = Path("b.csv").read_text(encoding="utf-8").splitlines()
    if column == "edited":
        rewrite(lambda text: text.replace("测试路", "测试街"))
    else:
        assert main(["people", "--count", "2", "--seed", "9", "--out", "b.csv", "--force"]) == 0
        known = mine[2].split(",")
        lines = Path("b.csv").read_text(encoding="utf-8").splitlines()
        cells = lines[2].split(",")
        if column == "number":
            cells[7] = known[7]
        else:
            cells = [*known[:7], *cells[7:]]
            cells[13:] = known[13:]
        Path("b.csv").write_text("\n".join([*lines[:2], ",".join(cells)]) + "\n", encoding="utf-8")
    assert told("LEDGER-NUMBER" if column == "number" else "LEDGER-ACTIVE", *RUN) == 4
    assert ledger_rows() == before
    assert sorted(Path("ws/cards").rglob("*.json")) == cards


def test_another_profile_between_two_runs(told: Callable[..., int]) -> None:
    from importlib.resources import files

    assert main([*RUN, "--wait", "0"]) == 0
    source = (files("sscard.cos") / "profiles" / "ssc3-sm4.toml").read_text(encoding="utf-8")
    Path("p.toml").write_text(source.replace("transport_tries = 3", "transport_tries = 4"), encoding="utf-8")
    assert told("JOB-OTHER-PROFILE", *RUN, "--profile", "p.toml") == 4


def stop_in_work(after: int = 150) -> PersistentCard:
    """Run the job with the first card torn out at head 1 and kept by the operator."""
    from sscard.commands.unlock import unlock
    from sscard.personalize.batch import open_batch
    from sscard.personalize.job import open_production
    from sscard.personalize.line import Line
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(Path("ws"))
    rack = Rack(place.cards_path, count=1, tear={0: (after, Tear.AFTER)})
    production = open_production(place, unlock(place), open_batch("b.csv", region=place.region, demo=True))
    for _ in Line(production.work, [Once(rack.slot(1))], patience=0.05).run():
        pass
    production.close()
    rack.close()
    (path,) = place.cards_path.glob("*.json")
    return PersistentCard(path)


def test_journal_with_a_changed_line(told: Callable[..., int]) -> None:
    stop_in_work().close()
    (path,) = job_folder().glob("*.jrnl")
    text = path.read_text()
    assert '"row":1' in text
    path.write_text(text.replace('"row":1', '"row":2', 1))
    before = sorted(Path("ws/cards").rglob("*.json"))
    assert told("JOURNAL-DAMAGED", *RUN) == 1
    assert told("JOURNAL-DAMAGED", "jobs", "--workspace", "ws", "lose", "1") == 1
    assert sorted(Path("ws/cards").rglob("*.json")) == before


def test_journal_without_a_line(told: Callable[..., int]) -> None:
    stop_in_work().close()
    (path,) = job_folder().glob("*.jrnl")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:1], *lines[2:]]))
    assert told("JOURNAL-DAMAGED", *RUN) == 1


def test_journal_with_a_torn_tail_goes_on() -> None:
    stop_in_work().close()
    (path,) = job_folder().glob("*.jrnl")
    with path.open("ab") as file:
        file.write(b'{"n":99,"t":1.0,"ki')
    assert main(RUN) == 0
    assert [row[4] for row in ledger_rows()[1:]] == ["good"] * 3


def test_ledger_gone_with_jobs_there(told: Callable[..., int]) -> None:
    assert main(RUN) == 0
    Path("ws/ledger.sqlite").rename("away")
    cards = sorted(Path("ws/cards").rglob("*.json"))
    assert told("LEDGER-MISSING", *RUN) == 1
    assert told("LEDGER-MISSING", "jobs", "--workspace", "ws") == 1
    assert sorted(Path("ws/cards").rglob("*.json")) == cards
    Path("ws/ledger.sqlite").write_bytes(b"")
    assert told("LEDGER-MISSING", *RUN) == 1
    Path("away").rename("ws/ledger.sqlite")
    assert told("BATCH-DONE", *RUN) == 4


@pytest.mark.parametrize("key", [None, b"", bytes(31)])
def test_person_key_gone(told: Callable[..., int], key: bytes | None) -> None:
    assert main(RUN) == 0
    path = Path("ws/keys/ledger-key")
    path.unlink()
    if key is not None:
        path.write_bytes(key)
    assert told("LEDGER-KEY-MISSING", *RUN) == 1
    assert not path.exists() or path.read_bytes() == key


def test_ledger_of_another_version(told: Callable[..., int]) -> None:
    assert main(RUN) == 0
    ledger = sqlite3.connect("ws/ledger.sqlite")
    ledger.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    ledger.execute("DROP INDEX cards_by_state")
    ledger.commit()
    assert told("LEDGER-VERSION", *RUN) == 1
    names = [row[0] for row in ledger.execute("SELECT name FROM sqlite_master")]
    ledger.close()
    assert "cards_by_state" not in names, "a newer ledger must be left as it is"


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda path: (path.unlink(), path.mkdir()), "LEDGER-OPEN"),
        (lambda path: path.write_bytes(b"no database" * 100), "LEDGER-DAMAGED"),
        (lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 40000), "LEDGER-DAMAGED"),
    ],
    ids=["folder", "no database", "damaged pages"],
)
def test_corrupt_ledger(told: Callable[..., int], spoil: Callable[[Path], object], key: str) -> None:
    assert main(RUN) == 0
    path = Path("ws/ledger.sqlite")
    for side in Path("ws").glob("ledger.sqlite-*"):
        side.unlink()
    spoil(path)
    assert told(key, "jobs", "--workspace", "ws") == 1
    assert told(key, *RUN) == 1


def test_lose(told: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """A row in work is given up and made on another card; the lost one, come back, is refused."""
    lose = ["jobs", "--workspace", "ws", "lose"]
    assert told("LOSE-NOT-IN-WORK", *lose, "1") == 4
    card = stop_in_work()
    lost = card.chip.historical.hex().upper()
    card.close()
    assert told("LOSE-NOT-IN-WORK", *lose, "2") == 4
    assert told("JOB-UNKNOWN", *lose, "1", "--job", "nobody") == 4
    capsys.readouterr()
    assert main(["--lang", "en", "jobs", "--workspace", "ws"]) == 0
    out = capsys.readouterr().out
    shown = out.partition("if it is lost: sscard ")[2].split()
    assert shown[:1] == ["jobs"]
    assert main(["--lang", "en", *shown]) == 0, "the command that is shown must work as it is shown"
    assert lost in capsys.readouterr().out
    assert told("LOSE-NOT-IN-WORK", *lose, "1") == 4
    assert main(["--lang", "en", *RUN]) == 0
    out = capsys.readouterr().out
    assert "CARD-IS-LOST" in out
    assert "good 3 + spoiled 1 + in work 0 + left 0 ✓" in out
    assert told("LOSE-IS-GOOD", *lose, "1") == 4
    returned = next(Path("ws/outbox").glob("*-return.csv")).read_text(encoding="utf-8")
    spoiled = next(Path("ws/outbox").glob("*-spoiled.csv")).read_text(encoding="utf-8")
    assert lost not in returned
    assert lost in spoiled


def test_lose_what_the_journal_proves_good(told: Callable[..., int]) -> None:
    """Killed between the journal's verdict and the ledger's: the card is good and cannot be given up."""
    card = stop_in_work()
    identity = card.chip.historical.hex().upper()
    card.close()
    journal = journals.Journal(job_folder() / "99999999999999999999-1.jrnl")
    log = journal.card(journals.CardState(identity, 1, ""))
    log.open(job_folder().name, "test")
    log.end(journals.GOOD)
    journal.close()
    assert told("LOSE-IS-GOOD", "jobs", "--workspace", "ws", "lose", "1") == 4


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Once: the cards in work are finished.  Twice: they stop at the next safe point, and are told one by one."""
    import signal

    from sscard.personalize import line as lines
    from sscard.personalize import stay

    monkeypatch.setattr(stay, "_TELL_EVERY", 0.0)
    assert main(["people", "--count", "40", "--out", "b.csv", "--force"]) == 0
    real, seen = lines.Line.tell, [0]

    def tell(line: lines.Line, event: lines.Event) -> None:
        real(line, event)
        seen[0] += 1
        if seen[0] == 500:
            for done in (lambda: line.drained_by_hand, lambda: line.halted)[:times]:
                os.kill(os.getpid(), signal.SIGINT)
                deadline = time.monotonic() + 5
                while not done() and time.monotonic() < deadline:
                    time.sleep(0.001)

    monkeypatch.setattr(lines.Line, "tell", tell)
    capsys.readouterr()
    assert main(["--lang", "en", *RUN]) == 130
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert "Finishing the cards in work" in shown.out
    assert ("in work 0" in shown.out) == (times == 1)
    if times == 2:
        assert "stopped as asked at" in shown.out
        assert "Put the same card back" in shown.out
    monkeypatch.setattr(lines.Line, "tell", real)
    assert main(RUN) == 0
    assert {row[4] for row in ledger_rows()[1:]} == {"good"}


def test_output_that_nobody_reads_any_more(desk: Path) -> None:
    """A closed pipe ends the run without a traceback; the next run goes on."""
    assert main(["people", "--count", "60", "--out", "b.csv", "--force"]) == 0
    command = [sys.executable, "-m", "sscard", *RUN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read().decode()
        assert process.wait(30) in (0, 1)
    assert "Traceback" not in errors, errors
    assert main(RUN) == 0
