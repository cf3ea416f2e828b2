"""What a ledger promises, on each engine: the same tests drive SQLite and a real PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sscard.errors import GuardRefused, JournalError
from sscard.personalize.ledger import Balance, Ledger, Standing, State, Written
from tests.ledgers import INTEGRITY, Books, card, job, people, postgres_books, sqlite_books


@pytest.fixture(params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    if request.param == "sqlite":
        opened = sqlite_books(tmp_path / "ledger.sqlite")
    else:
        opened = postgres_books(request.getfixturevalue("database"))
    yield opened
    for ledger in opened.opened:
        ledger.close()


@pytest.fixture
def shared(database: str) -> Iterator[Books]:
    """For what only stations of several workspaces can do to each other."""
    opened = postgres_books(database)
    yield opened
    for ledger in opened.opened:
        ledger.close()


@pytest.fixture
def ledger(books: Books) -> Ledger:
    """A ledger with a job ``j`` of five people."""
    return with_job(books)


def with_job(books: Books) -> Ledger:
    opened = books.open()
    opened.sit()
    assert opened.open_job(job("j", 5), people(5))
    return opened


def test_a_ledger_of_ones_own_has_no_other_stations(tmp_path: Path) -> None:
    """A station that was renamed goes on with what it had under the old name."""
    books = sqlite_books(tmp_path / "ledger.sqlite")
    old, new = with_job(books), books.open("desk-7")
    old.claim("j", card(1), "1")
    (entry,) = new.own_work("j")
    new.lose(entry, "declared-lost")
    for opened in books.opened:
        opened.close()


def silence(books: Books, station: str, seconds: float) -> None:
    """Let a station's last sign of life be so long ago."""
    with books.raw() as run:
        assert run("UPDATE stations SET seen = seen - ? WHERE station = ?", seconds, station).rowcount == 1


ROW = "INSERT INTO rows SELECT 'j', 9, person, 'T-new', 'queued' FROM rows WHERE seq = 1"
NUMBER = "INSERT INTO rows VALUES ('j', 9, ?, (SELECT card_no FROM rows WHERE seq = 1), 'queued')"
LIVE = "INSERT INTO cards (card, job, seq, station, head, state, started) VALUES ('new', 'j', 1, 's', '1', 'good', '')"
AGAIN = "INSERT INTO cards (card, job, seq, station, head, state, started) VALUES (?, 'j', 5, 's', '1', 'work', '')"
BROKEN = [
    ("one_live_row_a_person", ROW, ()),
    ("one_live_row_a_number", NUMBER, (b"another",)),
    ("one_live_card_a_row", LIVE, ()),
    ("", AGAIN, (card(2),)),
    ("", "INSERT INTO jobs SELECT 'k', batch, digest, profile, profile_digest, rows, created FROM jobs", ()),
    ("a_card_is_for_ever", "DELETE FROM cards WHERE card = ?", (card(2),)),
    ("a_card_goes_its_way", "UPDATE cards SET state = 'work' WHERE card = ?", (card(2),)),
    ("a_card_goes_its_way", "UPDATE cards SET state = 'lost' WHERE card = ?", (card(3),)),
    ("a_card_goes_its_way", "UPDATE cards SET state = 'fine' WHERE card = ?", (card(1),)),
    ("a_card_stays_itself", "UPDATE cards SET seq = 4 WHERE card = ?", (card(2),)),
    ("a_card_stays_itself", "UPDATE cards SET card = 'new' WHERE card = ?", (card(2),)),
    ("a_card_stays_itself", "UPDATE cards SET station = 's' WHERE card = ?", (card(1),)),
    ("a_row_is_for_ever", "DELETE FROM rows WHERE seq = 5", ()),
    ("a_row_stays_itself", "UPDATE rows SET person = ? WHERE seq = 5", (b"another",)),
    ("a_row_stays_itself", "UPDATE rows SET card_no = 'T-new' WHERE seq = 5", ()),
    ("a_row_has_its_states", "UPDATE rows SET state = 'fine' WHERE seq = 5", ()),
]
"""What holds (an index or trigger by its name, else the table's own key), and what it must not let pass."""


def drop(run: Any, name: str) -> None:
    """Take a constraint away."""
    if name.startswith("one_"):
        run(f"DROP INDEX {name}")
    else:
        table = name.split("_")[1] + "s"
        with_table = f" ON {table}" if "psycopg" in type(run("SELECT 1")).__module__ else ""
        run(f"DROP TRIGGER {name}{with_table}")


@pytest.mark.parametrize(("name", "statement", "values"), BROKEN)
def test_a_promise_is_a_constraint(
    books: Books, ledger: Ledger, name: str, statement: str, values: tuple[object, ...]
) -> None:
    """No program, not even a careless one, gets past it; without it the same statement goes through."""
    for number in (1, 2, 3):
        ledger.claim("j", card(number), "1")
    ledger.spoil(card(2), "x")
    ledger.finish(card(3))
    with books.raw() as run:
        with pytest.raises(INTEGRITY):
            run(statement, *values)
        if name:
            drop(run, name)
            assert run(statement, *values).rowcount == 1


def test_a_card_goes_its_ways_and_the_balance_ties(ledger: Ledger) -> None:
    assert [ledger.claim("j", card(number), "1") for number in (1, 2, 3)] == [1, 2, 3]
    assert ledger.balance("j") == Balance(5, 0, 0, 3, 2, True)
    ledger.finish(card(1))
    ledger.spoil(card(2), "x")
    ledger.release(card(3))
    assert ledger.card(card(3)) is None
    assert [ledger.claim("j", card(number), "2") for number in (4, 5)] == [2, 3]
    ledger.lose(ledger.card(card(4)), "declared-lost")
    ledger.strike(card(1), "印刷")
    assert ledger.balance("j") == Balance(5, 0, 3, 1, 4, True)
    states = {entry.card: (entry.state, entry.reason, entry.decided) for entry in ledger.cards("j")}
    assert states == {
        card(1): (State.SPOILED, "印刷", "station-1"),
        card(2): (State.SPOILED, "x", ""),
        card(4): (State.LOST, "declared-lost", "station-1"),
        card(5): (State.WORK, "", ""),
    }
    assert [entry.card for entry in ledger.cards("j", State.SPOILED)] == [card(1), card(2)]
    for known in (card(1), card(2), card(4), card(5)):
        with pytest.raises(GuardRefused, match="CARD-KNOWN"):
            ledger.claim("j", known, "1")
    assert ledger.balance("j").ties
    account = ledger.account("j")
    assert (account.balance, list(account.cards)) == (ledger.balance("j"), ledger.cards("j"))


def test_a_named_row(ledger: Ledger) -> None:
    """For who finds the record by the person or the card number, not by the queue."""
    number = ledger.card_no("j", 3)
    assert ledger.row_of("j", ssn="P4") == ledger.row_of("j", card_no=number) == (3, State.QUEUED)
    assert ledger.row_of("j", ssn="P99") is None
    assert ledger.row_of("other", card_no=number) is None
    assert ledger.claim("j", card(1), "1", 3) == 3
    assert ledger.row_of("j", ssn="P4") == (3, State.WORK)
    for seq, state in ((3, "work"), (99, "-")):
        with pytest.raises(GuardRefused) as caught:
            ledger.claim("j", card(2), "1", seq)
        assert (caught.value.key, caught.value.fields["state"]) == ("row-not-queued", state)
    assert ledger.claim("j", card(2), "1") == 1
    assert ledger.card(card(1)).seq == 3


def test_a_job_without_rows_left(ledger: Ledger) -> None:
    for number in range(1, 6):
        ledger.claim("j", card(number), "1")
    assert ledger.claim("j", card(6), "1") is None
    assert (ledger.queued("j"), ledger.pending("j")) == (False, True)
    for number in range(1, 6):
        ledger.finish(card(number))
    assert not ledger.pending("j")
    assert ledger.balance("j").complete


def test_a_batch_is_entered_whole_or_not_at_all(ledger: Ledger) -> None:
    """Each clash is named with its line and both rows; the same batch a second time is no clash."""
    assert not ledger.open_job(job("j", 5), people(5))
    ledger.claim("j", card(1), "1")
    ledger.finish(card(1))
    new, known = people(1500, first=100), people(5)
    for at, row, key in ((3, known[0], "ledger-active"), (1400, known[1], "ledger-person")):
        rows = [*new]
        rows[at] = type(row)(**{**fields(new[at]), "ssn": row.ssn})
        with pytest.raises(GuardRefused) as caught:
            ledger.open_job(job("k", 1500), rows)
        assert (caught.value.key, caught.value.fields["line"], caught.value.fields["seq"]) == (key, at + 2, row.seq)
    rows = [*new[:2], type(new[2])(**{**fields(new[2]), "card_no": known[4].card_no})]
    with pytest.raises(GuardRefused) as caught:
        ledger.open_job(job("k", 3), rows)
    assert (caught.value.key, caught.value.fields["card_no"]) == ("ledger-number", known[4].card_no)
    with pytest.raises(JournalError, match="LEDGER-WRITE"):
        ledger.open_job(job("k", 2), [new[0], type(new[1])(**{**fields(new[1]), "seq": 1})])
    assert [entry.job for entry in ledger.jobs()] == ["j"]
    assert ledger.open_job(job("k", 1500), new)
    assert ledger.balance("k").left == 1500
    assert ledger.find_batch("k.csv") == ledger.find_job("digest of k") == job("k", 1500)


def fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_standing(ledger: Ledger) -> None:
    assert ledger.standing("j") is Standing.OPEN
    ledger.claim("j", card(1), "1")
    for standing in (Standing.PAUSED, Standing.OPEN, Standing.CLOSED):
        ledger.stand("j", standing)
        assert ledger.standing("j") is standing
    assert ledger.open_job(job("k", 3), people(3, first=2)), "people of a closed job may come in another batch"
    with pytest.raises(GuardRefused, match="LEDGER-PERSON"):
        ledger.open_job(job("l", 1), people(1)[:1])


def test_many_heads_of_two_stations(books: Books) -> None:
    """Sixteen threads over two connections: each row once, no card for two."""
    stations = [books.open("a"), books.open("b")]
    stations[0].open_job(job("j", 160), people(160))
    claimed: list[tuple[int, str]] = []

    def head(number: int) -> None:
        station = stations[number % 2]
        for turn in range(160):
            plastic = card(number * 1000 + turn)
            seq = station.claim("j", plastic, f"{number}")
            if seq is None:
                return
            claimed.append((seq, plastic))
            (station.spoil if turn == 1 else station.finish)(plastic, *(["x"] if turn == 1 else []))

    threads = [threading.Thread(target=head, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rest = 0
    while (seq := stations[0].claim("j", card(99_000 + rest), "1")) is not None:
        stations[0].finish(card(99_000 + rest))
        claimed.append((seq, card(99_000 + rest)))
        rest += 1
    balance = stations[1].balance("j")
    assert (balance.good, balance.left, balance.ties, balance.complete) == (160, 0, True, True)
    assert len({plastic for _, plastic in claimed}) == len(claimed) == 160 + balance.spoiled
    good = Counter(entry.seq for entry in stations[1].cards("j", State.GOOD))
    assert good == dict.fromkeys(range(1, 161), 1)


def test_two_that_settle_one_card(shared: Books) -> None:
    """A proof and a word that gives the card up, at the same moment: one of the two counts, rows and cards agree."""
    ledger, books = with_job(shared), shared
    other = books.open("station-2")
    for turn in range(12):
        assert ledger.claim("j", card(turn), "1", 1) == 1
        entry = ledger.card(card(turn))
        silence(books, "station-1", 1000)
        told: list[str] = []

        def finish(plastic: str = card(turn), told: list[str] = told) -> None:
            try:
                ledger.finish(plastic)
            except GuardRefused as error:
                told.append(error.key)

        def lose(entry: Any = entry, told: list[str] = told) -> None:
            try:
                other.lose(entry, "declared-lost")
            except GuardRefused as error:
                told.append(error.key)

        threads = [threading.Thread(target=work) for work in ((finish, lose), (lose, finish))[turn % 2]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state = ledger.card(card(turn)).state
        assert told == (["card-given-up"] if state is State.LOST else ["lose-not-in-work"]), told
        assert ledger.balance("j").ties
        if state is State.GOOD:
            ledger.strike(card(turn), "x")


def test_a_living_stations_card_is_its_own(shared: Books) -> None:
    """Another station gives it up only after the lease; the station itself at any time; back again, it finds it so."""
    ledger, books = with_job(shared), shared
    other = books.open("station-2", lease=10)
    other.sit()
    other.claim("j", card(1), "1")
    entry = ledger.card(card(1))
    assert (entry.station, entry.seq) == ("station-2", 1)
    with pytest.raises(GuardRefused, match="LOSE-STATION-LIVES"):
        ledger.lose(entry, "declared-lost")
    silence(books, "station-2", 11)
    assert not ledger.stations()["station-2"].lives
    other.sit()
    assert ledger.stations()["station-2"].lives
    with pytest.raises(GuardRefused, match="LOSE-STATION-LIVES"):
        ledger.require_silent(entry)
    silence(books, "station-2", 11)
    ledger.lose(entry, "declared-lost")
    assert ledger.card(card(1)).decided == "station-1"
    assert ledger.claim("j", card(2), "1") == 1
    with pytest.raises(GuardRefused, match="CARD-GIVEN-UP"):
        other.finish(card(1))
    other.spoil(card(1), "x")
    other.release(card(1))
    assert ledger.card(card(1)).state is State.LOST
    assert ledger.balance("j").ties
    with pytest.raises(GuardRefused, match="LOSE-NOT-IN-WORK"):
        ledger.lose(entry, "declared-lost")


def test_own_work_is_of_this_station_only(shared: Books) -> None:
    ledger, books = with_job(shared), shared
    other = books.open("station-2")
    ledger.claim("j", card(1), "1")
    other.claim("j", card(2), "1")
    assert [entry.card for entry in ledger.own_work("j")] == [card(1)]
    assert [entry.card for entry in other.own_work("j")] == [card(2)]


def test_signs_of_life(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is given when a quarter of the lease is over, not at each call."""
    ledger = books.open(lease=40)
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    ledger.sign()
    silence(books, "station-1", 100)
    ledger.sign()
    assert not ledger.stations()["station-1"].lives, "not due yet"
    now[0] += 10
    ledger.sign()
    station = ledger.stations()["station-1"]
    assert station.lives
    assert (station.lease, station.identity) == (40, "station-1")
    assert abs(station.silent) < 30


def test_a_name_belongs_to_one_workspace(books: Books) -> None:
    first, second = books.open("a", identity="x"), books.open("a", identity="y")
    first.sit()
    with pytest.raises(GuardRefused, match="STATION-TAKEN"):
        second.sit()
    assert books.open("a", identity="x").stations()["a"].identity == "x"


def test_pins(books: Books, ledger: Ledger) -> None:
    ledger.pin("station-1", "1:aa")
    ledger.pin("station-1", "2:bb")
    books.open("station-2").pin("station-2", "7:cc")
    assert ledger.pins() == {"station-1": "2:bb", "station-2": "7:cc"}


def test_return_files_are_counted_over_all_stations(books: Books, ledger: Ledger) -> None:
    """The file that is last keeps its number, at whatever station; a chain that counted before goes on."""
    other = books.open("station-2")
    assert ledger.revision("j", "return", "r.csv", "aa") == (1, None)
    assert other.revision("j", "return", "r.csv", "aa") == (1, None)
    assert other.revision("j", "return", "r.csv", "bb") == (2, Written(1, "r.csv", "aa"))
    assert ledger.revision("j", "return", "r.csv", "aa", Written(1, "r.csv", "aa")) == (3, Written(2, "r.csv", "bb"))
    assert ledger.revision("j", "return", "r.txt", "aa") == (4, Written(3, "r.csv", "aa"))
    assert ledger.revision("j", "spoiled", "s.csv", "aa", Written(6, "s.csv", "zz")) == (7, Written(6, "s.csv", "zz"))
    assert other.revision("j", "spoiled", "s.csv", "aa") == (7, Written(6, "s.csv", "zz"))


def test_what_is_kept_once(books: Books, ledger: Ledger) -> None:
    assert ledger.keep_once("keys:j", "one") == "one"
    assert books.open("station-2").keep_once("keys:j", "two") == "one"


def test_a_change_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def broken() -> None:
        with ledger._engine.change():
            assert ledger.claim("j", card(1), "1") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert ledger.card(card(1)) is None
    assert ledger.claim("j", card(1), "1") == 1
