"""How a ledger comes from one version to the next: whole, once, with all that was in it, under no station at work."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from sscard.errors import JournalError
from sscard.personalize.ledger import Balance, State, postgres, schema
from sscard.personalize.ledger.postgres import Postgres
from sscard.personalize.ledger.sqlite import Sqlite
from sscard.personalize.ledger.store import key_check, prepare
from tests.ledgers import KEY, card, own_ledger, postgres_books

VERSION_1 = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
  job TEXT PRIMARY KEY, batch TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, profile TEXT NOT NULL,
  profile_digest TEXT NOT NULL, rows INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
  job TEXT NOT NULL REFERENCES jobs(job), seq INTEGER NOT NULL, person BLOB NOT NULL, card_no TEXT NOT NULL,
  state TEXT NOT NULL, PRIMARY KEY (job, seq)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live_row_a_person ON rows(person) WHERE state <> 'void';
CREATE UNIQUE INDEX IF NOT EXISTS one_live_row_a_number ON rows(card_no) WHERE state <> 'void';
CREATE INDEX IF NOT EXISTS rows_by_state ON rows(job, state, seq);
CREATE TABLE IF NOT EXISTS cards (
  card TEXT PRIMARY KEY, job TEXT NOT NULL, seq INTEGER NOT NULL, head TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '', started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live_card_a_row ON cards(job, seq) WHERE state IN ('work', 'good');
CREATE INDEX IF NOT EXISTS cards_by_state ON cards(job, state);
INSERT OR IGNORE INTO meta VALUES ('version', '1');
COMMIT;
"""
"""The tables as files of version 1 have them."""

ROWS = [("j", seq, bytes([seq]) * 16, f"T{seq}", state) for seq, state in enumerate(("good", "work", "queued"), 1)]
CARDS = [
    (card(1), "j", 1, "1", "good", "", "2026-01-01", "2026-01-02"),
    (card(2), "j", 2, "2", "work", "", "2026-01-01", ""),
    (card(3), "j", 3, "1", "spoiled", "status", "2026-01-01", "2026-01-02"),
]
OPEN = """
import sys
from pathlib import Path
from tests.ledgers import own_ledger
sys.stdin.readline()
own_ledger(Path(sys.argv[1])).close()
"""


def filled(connection: sqlite3.Connection | psycopg.Connection[object], mark: str) -> None:
    """What a bureau had in a ledger of version 1."""
    run = connection.cursor()
    run.execute("INSERT INTO jobs VALUES ('j', 'j.csv', 'd', 'ssc3-sm4', 'p', 3, '2026')")
    run.executemany(f"INSERT INTO rows VALUES ({','.join([mark] * 5)})", ROWS)
    run.executemany(f"INSERT INTO cards VALUES ({','.join([mark] * 8)})", CARDS)
    run.execute("INSERT INTO meta VALUES ('chain:station-1', '3:abc'), ('standing:j', 'paused')")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of version 1."""
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(VERSION_1)
        filled(db, "?")
    return path


def test_version_1_is_what_the_first_step_makes(tmp_path: Path, old: Path) -> None:
    """The step that stands for version 1 makes the very tables and indexes that files of version 1 have."""
    with closing(Sqlite(tmp_path / "new.sqlite")) as engine:
        schema.migrate(engine, "station-1", to=1)
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    tables = []
    for path in (old, tmp_path / "new.sqlite"):
        with closing(sqlite3.connect(path)) as db:
            tables.append([(name, sql.replace("IF NOT EXISTS ", "")) for name, sql in db.execute(query)])
    assert tables[0] == tables[1] != []


def test_a_file_of_version_1_goes_on(old: Path) -> None:
    """Nothing is lost, cards get the station that had them, the new constraints hold."""
    with closing(own_ledger(old, station="desk-7")) as ledger:
        assert ledger.balance("j") == Balance(3, 1, 1, 1, 1, True)
        assert [(entry.card, entry.station, entry.decided) for entry in ledger.cards("j")] == [
            (card(1), "desk-7", ""),
            (card(2), "desk-7", ""),
            (card(3), "desk-7", ""),
        ]
        assert (ledger.cards("j")[2].reason, ledger.cards("j")[0].ended) == ("status", "2026-01-02")
        assert (ledger.pins(), ledger.standing("j")) == ({"station-1": "3:abc"}, "paused")
        ledger.finish(card(2))
        assert ledger.claim("j", card(4), "1") == 3
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() == (str(schema.VERSION),)
        with pytest.raises(sqlite3.IntegrityError, match="a_card_is_for_ever"):
            db.execute("DELETE FROM cards WHERE card = ?", (card(3),))
    with closing(own_ledger(old, station="desk-7")) as ledger:
        assert ledger.card(card(2)).state is State.GOOD


def test_a_step_that_fails_leaves_the_version_before(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a power cut would: the tables are those of version 1, whole, and the next opening does it."""
    broken = schema.Step((*schema.STEPS[1].every, "CREATE TABLE meta (name TEXT)"), {})
    with closing(sqlite3.connect(old)) as db:
        before = db.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (schema.STEPS[0], broken))
        with pytest.raises(JournalError, match="LEDGER-WRITE"):
            own_ledger(old)
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall() == before
        assert db.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() == ("1",)
    own_ledger(old).close()


def test_two_processes_bring_one_file_up(old: Path) -> None:
    """One does it, both go on."""
    root = Path(__file__).parent.parent.parent
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, old], cwd=root, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [(process.communicate(b"go\n")[1], process.returncode) for process in processes] == [(b"", 0)] * 2
    with closing(own_ledger(old)) as ledger:
        assert ledger.balance("j").ties


@pytest.mark.parametrize("version", [str(schema.VERSION + 1), "-1", "two"])
def test_another_version_is_refused_and_left_alone(old: Path, version: str) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.execute("UPDATE meta SET value = ? WHERE name = 'version'", (version,))
    content = old.read_bytes()
    with pytest.raises(JournalError, match="LEDGER-VERSION"):
        own_ledger(old)
    assert old.read_bytes() == content


def test_another_person_key_is_refused(old: Path) -> None:
    """Whoever comes first with a key to a ledger of version 1 sets it; no other opens it from then on."""
    own_ledger(old).close()
    with pytest.raises(JournalError) as caught:
        own_ledger(old, bytes(31) + b"x")
    assert (caught.value.key, caught.value.fields["known"]) == ("ledger-other-key", key_check(KEY))
    own_ledger(old).close()


def test_a_shared_ledger_is_brought_up_by_word_only(database: str) -> None:
    """A station of this version does not touch an older one; prepare keeps everything in it."""
    with closing(Postgres(database, "a")) as engine:
        schema.migrate(engine, "a", to=1)
    with psycopg.connect(database, autocommit=True) as db:
        filled(db, "%s")
        with closing(Postgres(database, "a")) as engine, pytest.raises(JournalError, match="LEDGER-OLDER"):
            schema.require_current(engine)
        assert db.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() == ("1",)
    with closing(Postgres(database, "desk-7")) as engine:
        assert prepare(engine, KEY, "desk-7") == 1
        assert prepare(engine, KEY, "desk-7") == schema.VERSION
    with closing(postgres_books(database).open("desk-7")) as ledger:
        assert ledger.balance("j") == Balance(3, 1, 1, 1, 1, True)
        assert [entry.station for entry in ledger.cards("j")] == ["desk-7"] * 3


def test_nobody_changes_tables_under_a_station(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a station is connected prepare refuses; while prepare works a station refuses."""
    monkeypatch.setattr(postgres, "_HOLD_FOR", 0.2)
    books = postgres_books(database)
    station = books.open("a")
    with closing(Postgres(database, "b")) as engine:
        with pytest.raises(JournalError, match="LEDGER-IN-USE"):
            prepare(engine, KEY, "b")
        station.close()
        monkeypatch.undo()
        assert prepare(engine, KEY, "b") == schema.VERSION
        with pytest.raises(JournalError, match="LEDGER-CHANGING"):
            books.open("a")
    books.open("a").close()


def test_an_empty_database_is_no_ledger(database: str) -> None:
    """A wrong database is not taken for a new ledger, in which nobody would have a card."""
    with closing(Postgres(database, "a")) as engine, pytest.raises(JournalError, match="LEDGER-EMPTY"):
        schema.require_current(engine)
    with psycopg.connect(database) as db:
        assert db.execute("SELECT count(*) FROM pg_class WHERE relname = 'meta'").fetchone() == (0,)
