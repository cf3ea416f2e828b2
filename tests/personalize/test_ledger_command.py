"""A shared ledger as people meet it: settings, ``sscard ledger``, ``jobs``, ``doctor``, passwords, a dead server."""

from __future__ import annotations

import csv
import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sscard.cli import main
from sscard.commands.doctor import examine
from sscard.emulator import image
from sscard.errors import Exit, WorkspaceError
from sscard.personalize.ledger import postgres as postgres_engine
from sscard.personalize.ledger_setting import LedgerSetting
from sscard.personalize.workspace import open_workspace

PASSWORD = "correct-horse-7"
Told = Callable[..., str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two workspaces with the same keys, and a batch of four."""
    folder = tmp_path_factory.mktemp("desk")
    assert main(["init", str(folder / "a"), "--demo"]) == Exit.OK
    shutil.copytree(folder / "a", folder / "b")
    settings = folder / "b" / "sscard.toml"
    settings.write_text(settings.read_text("utf-8").replace("station-1", "station-2"), "utf-8")
    assert main(["people", "--count", "4", "--out", str(folder / "b.csv")]) == Exit.OK
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(made, tmp_path / "desk"))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(postgres_engine, "_HOLD_FOR", 0.2)
    return folder


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command in both languages; returns what it says in English.  It must end with ``code``."""

    def run(code: Exit, *words: str) -> str:
        shown = ""
        for lang in ("zh", "en"):
            capsys.readouterr()
            assert main(["--lang", lang, *words]) == code
            caught = capsys.readouterr()
            shown = caught.out + caught.err
            assert shown.strip()
            assert "Traceback" not in shown
        return shown

    return run


def point(place: str, url: str, **more: object) -> None:
    """Write the table [ledger] into a workspace's settings."""
    settings = Path(place, "sscard.toml")
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in {"url": url, **more}.items())
    settings.write_text(settings.read_text("utf-8").partition("\n[ledger]")[0] + f"\n[ledger]\n{lines}", "utf-8")


RUN = ("--reader", "emulator:2", "--wait", "0.1")


def test_joining_a_second_station(desk: Path, database: str, told: Told) -> None:
    """As docs/ledger.md says it, from an empty database to a batch that two stations made."""
    for place in ("a", "b"):
        point(place, database)
    assert "LEDGER-KEY-SHARED" in told(Exit.FAILED, "ledger", "show", "--workspace", "a")
    assert main(["ledger", "prepare", "--workspace", "a"]) == Exit.OK
    assert "already" in told(Exit.OK, "ledger", "prepare", "--workspace", "a")
    assert "LEDGER-KEY-SHARED" in told(Exit.FAILED, "personalize", "b.csv", "--workspace", "b", *RUN)
    shutil.copy("a/keys/ledger-key", "b/keys/")
    for place in ("a", "b"):
        assert main(["personalize", "b.csv", "--workspace", place, *RUN]) == Exit.OK
    shown = told(Exit.OK, "ledger", "show", "--workspace", "b")
    assert "PostgreSQL, version 2" in shown
    assert "station-1: alive; 0 cards in work" in shown
    assert "station-2 (this one): alive" in shown
    assert "LEDGER-OWN" in told(Exit.REFUSED, "ledger", "prepare", "--workspace", own_workspace())
    assert [path.name for path in Path("a").iterdir() if "ledger.sqlite" in path.name] == []
    with Path("b.csv").open(encoding="utf-8", newline="") as file:
        people = [value for row in csv.DictReader(file) for value in (row["ssn"], row["name"], row["bank_pan"])]
    kept = everything_in(database)
    assert "T00000028" in kept, "card numbers are kept: the search sees what is there"
    assert [value for value in people if value in kept] == []


def everything_in(url: str) -> str:
    """All that stands in a database, as text; bytes in hex and read as text."""
    kept = []
    with psycopg.connect(url) as db:
        for (table,) in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            for row in db.execute(f"SELECT * FROM {table}".encode()):
                kept += [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row]
    return "\n".join(kept)


def own_workspace() -> str:
    assert main(["init", "own", "--demo"]) == Exit.OK
    return "own"


def test_jobs_says_whose_card_it_is_and_since_when_a_station_is_silent(
    desk: Path, database: str, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    point("a", database)
    point("b", database)
    assert main(["ledger", "prepare", "--workspace", "a"]) == Exit.OK
    shutil.copy("a/keys/ledger-key", "b/keys/")
    killed("a")
    shown = told(Exit.OK, "jobs", "--workspace", "b")
    assert "is being made at station station-1" in shown
    assert "LOSE-STATION-LIVES" in told(Exit.REFUSED, "jobs", "--workspace", "b", "lose", "1")
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("UPDATE stations SET seen = seen - 7200")
    shown = told(Exit.OK, "jobs", "--workspace", "b")
    assert "at station station-1, silent since 20" in shown
    assert "jobs --workspace" in shown
    assert "silent since" in told(Exit.OK, "ledger", "show", "--workspace", "b")
    capsys.readouterr()
    assert main(["jobs", "--workspace", "b", "--json"]) == Exit.OK
    (card,) = json.loads(capsys.readouterr().out)["in_work"]
    assert (card["seq"], card["station"], card["alive"]) == (1, "station-1", False)
    assert 7200 <= card["silent_seconds"] < 7800
    assert main(["jobs", "--workspace", "b", "lose", "1"]) == Exit.OK
    capsys.readouterr()
    assert main(["--lang", "en", "personalize", "b.csv", "--workspace", "a", *RUN]) == Exit.OK
    assert "CARD-IS-LOST" in capsys.readouterr().out
    assert main(["personalize", "b.csv", "--workspace", "b", *RUN]) == Exit.OK
    for place in ("a", "b"):
        assert main(["audit", "verify", "--workspace", place]) == Exit.OK


KILLED = """
import os, signal, sys
from sscard.personalize import journal
real = journal.JournalledCard.done
def done(self, step):
    real(self, step)
    os.kill(os.getpid(), signal.SIGKILL)
journal.JournalledCard.done = done
from sscard.cli import main
main(sys.argv[1:])
"""


def killed(place: str, batch: str = "b.csv") -> None:
    """A run that gets SIGKILL at the first key of its first card."""
    words = ("personalize", batch, "--workspace", place, "--reader", "emulator:1", "--wait", "0.1")
    assert subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True).returncode == -9


def test_doctor_has_a_line_for_the_ledger(desk: Path, database: str) -> None:
    def line() -> Any:
        (found,) = [finding for finding in examine(Path("a"), "emulator") if finding.layer == "ledger"]
        assert all(found.parts(lang)[0] for lang in ("zh", "en"))
        return found

    assert line().key == "pcsc.ledger-none"
    assert main(["personalize", "b.csv", "--workspace", "a", *RUN]) == Exit.OK
    assert line().parts("en")[0].startswith("SQLite, version 2: ")
    point("a", database)
    assert line().key == "errors.ledger-two"
    Path("a/ledger.sqlite").unlink()
    shutil.rmtree("a/jobs")
    assert line().key == "errors.ledger-empty"
    assert main(["ledger", "prepare", "--workspace", "a"]) == Exit.OK
    assert line().parts("en")[0].startswith("PostgreSQL, version 2: postgresql:///")
    point("a", "postgresql://sscard@127.0.0.1:1/cards")
    assert (line().key, bool(line().parts("en")[1])) == ("errors.ledger-server", True)


def test_a_workspace_takes_its_people_along(
    desk: Path, database: str, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    """A card in work, a finished batch and its return file go on in the shared ledger; twice is once."""
    assert main(["personalize", "b.csv", "--workspace", "a", *RUN]) == Exit.OK
    assert main(["people", "--count", "3", "--seed", "9", "--out", "c.csv"]) == Exit.OK
    killed("a", "c.csv")
    point("a", database)
    assert "LEDGER-TWO" in told(Exit.REFUSED, "jobs", "--workspace", "a")
    (job,) = Path("a/jobs").glob("c-*")
    with (job / "lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "JOB-RUNNING" in told(Exit.REFUSED, "ledger", "prepare", "--workspace", "a")
    before = Path("a/ledger.sqlite").read_bytes()
    capsys.readouterr()
    assert main(["ledger", "prepare", "--workspace", "a", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["taken_over"] == 7
    assert Path("a/ledger.sqlite.taken-over").read_bytes() == before
    assert "BATCH-DONE" in told(Exit.REFUSED, "personalize", "b.csv", "--workspace", "a", *RUN)
    assert main(["--lang", "en", "personalize", "c.csv", "--workspace", "a", *RUN]) == Exit.OK
    assert "resumed" in capsys.readouterr().out
    assert main(["audit", "verify", "--workspace", "a"]) == Exit.OK
    shutil.copy("a/ledger.sqlite.taken-over", "a/ledger.sqlite")
    assert "already" in told(Exit.OK, "ledger", "prepare", "--workspace", "a")


def test_people_of_two_ledgers_are_not_mixed(desk: Path, database: str, told: Told) -> None:
    """The same person in both: nothing is moved."""
    shutil.copytree("a", "twin")
    assert main(["personalize", "b.csv", "--workspace", "twin", *RUN]) == Exit.OK
    point("a", database)
    shutil.copy("twin/keys/ledger-key", "a/keys/")
    assert main(["ledger", "prepare", "--workspace", "a"]) == Exit.OK
    assert main(["people", "--count", "4", "--out", "other.csv"]) == Exit.OK
    Path("other.csv").write_bytes(Path("other.csv").read_bytes() + b"\n")
    assert main(["personalize", "other.csv", "--workspace", "a", *RUN]) == Exit.OK
    point("twin", database)
    assert "STATION-TAKEN" in told(Exit.REFUSED, "ledger", "prepare", "--workspace", "twin")
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("UPDATE stations SET station = 'other'")
    assert "TAKEOVER-PERSON" in told(Exit.REFUSED, "ledger", "prepare", "--workspace", "twin")
    with psycopg.connect(database, autocommit=True) as db:
        assert db.execute("SELECT COUNT(*) FROM rows").fetchone() == (4,)
        assert db.execute("SELECT station FROM stations").fetchall() == [("other",)]
    assert Path("twin/ledger.sqlite").exists()


@pytest.mark.parametrize(
    "table",
    [
        'url = "mysql://host/db"',
        'url = "postgresql://ho st/db"',
        'url = "postgresql://[host/db"',
        "url = 5",
        'url = ""',
        "lease = 0",
        "lease = true",
        'lease = "60"',
        'place = "x"',
    ],
)
def test_a_wrong_setting_is_named_with_a_right_one(desk: Path, table: str) -> None:
    settings = Path("a/sscard.toml")
    settings.write_text(f"{settings.read_text('utf-8')}\n[ledger]\n{table}\n", "utf-8")
    with pytest.raises(WorkspaceError) as caught:
        open_workspace(Path("a"))
    assert caught.value.key == "workspace-ledger"
    assert table.partition(" ")[0] in caught.value.parts("en")[0]
    assert " = " in caught.value.parts("zh")[1]


def test_a_ledger_that_is_no_table(desk: Path) -> None:
    settings = Path("a/sscard.toml")
    settings.write_text(f'{settings.read_text("utf-8")}\nledger = "postgresql://h/d"\n', "utf-8")
    with pytest.raises(WorkspaceError, match="WORKSPACE-LEDGER"):
        open_workspace(Path("a"))


@pytest.mark.parametrize("url", ["postgresql://u:{}@host/db", "postgresql://u@host/db?password={}&connect_timeout=1"])
def test_a_password_in_the_url_is_refused_and_not_repeated(desk: Path, told: Told, url: str) -> None:
    point("a", url.format(PASSWORD))
    shown = told(Exit.USAGE, "jobs", "--workspace", "a")
    assert "WORKSPACE-LEDGER-PASSWORD" in shown
    assert PASSWORD not in shown


def test_the_settings_without_the_table(desk: Path) -> None:
    assert open_workspace(Path("a")).ledger == LedgerSetting("", 300)
    point("a", "postgresql:///?service=sscard", lease=60)
    assert open_workspace(Path("a")).ledger == LedgerSetting("postgresql:///?service=sscard", 60)


@pytest.fixture
def guarded(postgres: Any, database: str) -> Iterator[str]:
    """A database whose user needs a password."""
    rules = postgres.work / "data" / "pg_hba.conf"
    before = rules.read_text()
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'".encode())
        db.execute("GRANT ALL ON SCHEMA public TO guarded")
        rules.write_text(f"local all guarded scram-sha-256\n{before}")
        db.execute("SELECT pg_reload_conf()")
        yield database.replace("sscard@", "guarded@")
        rules.write_text(before)
        db.execute("SELECT pg_reload_conf()")
        db.execute("DROP OWNED BY guarded")
        db.execute("DROP ROLE guarded")


def test_the_password_comes_from_its_file_and_stays_there(
    desk: Path, guarded: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As libpq takes it; nothing the toolkit writes or says holds it."""
    point("a", guarded)
    shown = told(Exit.FAILED, "ledger", "prepare", "--workspace", "a")
    assert "LEDGER-LOGIN" in shown
    keep = desk.parent / "pgpass"
    keep.write_text(f"*:*:*:guarded:{PASSWORD}\n")
    keep.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(keep))
    shown += told(Exit.OK, "ledger", "prepare", "--workspace", "a")
    shown += told(Exit.OK, "ledger", "show", "--workspace", "a")
    assert main(["personalize", "b.csv", "--workspace", "a", *RUN]) == Exit.OK
    keep.write_text(f"*:*:*:guarded:wrong-{PASSWORD}\n")
    shown += told(Exit.FAILED, "jobs", "--workspace", "a")
    assert PASSWORD not in shown
    files = [path for path in desk.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_a_lost_server_ends_the_run_with_the_same_command_again(
    desk: Path, database: str, postgres: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole server dies as in a power cut, in the middle of a batch: one sentence, exit 5, and nothing is lost."""
    from sscard.personalize.ledger import Ledger

    point("a", database)
    assert main(["ledger", "prepare", "--workspace", "a"]) == Exit.OK
    real, calls = Ledger.claim, []

    def claim(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            postgres.stop()
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "claim", claim)
        capsys.readouterr()
        try:
            code = main(["--lang", "en", "personalize", "b.csv", "--workspace", "a", *RUN])
        finally:
            postgres.start()
    caught = capsys.readouterr()
    assert code == Exit.PARTLY
    assert caught.err.count("error ") == 1
    assert "LEDGER-LOST" in caught.err
    assert "Run the same command again" in caught.out
    assert main(["personalize", "b.csv", "--workspace", "a", *RUN]) == Exit.OK
    drawer = [image.load(path.read_text()) for path in Path("a/cards/drawer").glob("*.json")]
    assert len(drawer) == 4
    assert main(["audit", "verify", "--workspace", "a"]) == Exit.OK
