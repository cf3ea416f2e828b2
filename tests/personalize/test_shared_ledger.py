"""Several stations, one batch, one PostgreSQL: whose card is whose, and what happens to a station that falls silent."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sscard import messages
from sscard.commands.screen import LiveBoard
from sscard.emulator import Rack, Tear
from sscard.errors import GuardRefused, JournalError, SscardError
from sscard.keys.hierarchy import memory_service
from sscard.personalize import decisions
from sscard.personalize.audit import collect
from sscard.personalize.bookkeeping import open_ledger, person_key_path
from sscard.personalize.heads import Kind
from sscard.personalize.job import declare_lost
from sscard.personalize.ledger import Balance, State, postgres
from sscard.personalize.line import Line
from sscard.personalize.outbox import Outbox
from sscard.personalize.register import Kind as FileKind
from sscard.personalize.register import read_register
from sscard.personalize.report.facts import gather
from sscard.personalize.rollcall import Sits, call_roll
from sscard.personalize.targets import FolderTarget
from tests.personalize.conftest import Bureau
from tests.personalize.stations import Wire, rack, stations

Make = Callable[..., Bureau]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another holds is refused after a moment, not after seconds."""
    monkeypatch.setattr(postgres, "_HOLD_FOR", 0.2)


def run(bureau: Bureau, box: Rack, *, patience: float = 0.05) -> None:
    bureau.events.clear()
    bureau.run([box.slot(1)], patience=patience).close()


def torn_at(bureau: Bureau, number: int) -> Any:
    """A card that is torn at the station, stays in work there, and is in no head any more."""
    head = Once(rack(number, tear={0: (200, Tear.AFTER)}, count=1))
    production = bureau.open()
    for _ in Line(production.work, [head], patience=0.05).run():
        pass
    production.close()
    return head.card


class Once:
    """A head into which a card is put once."""

    name = "once"

    def __init__(self, box: Rack) -> None:
        self.card = box.feed(self.name)
        self._taken = False

    def next_card(self, timeout: float) -> Any:
        if self._taken:
            return None
        self._taken = True
        return self.card

    def release(self) -> None:
        pass

    def close(self) -> None:
        pass


def asked(bureau: Bureau, question: Callable[[Any], Any]) -> Any:
    with closing(open_ledger(bureau.place)) as ledger:
        (job,) = ledger.jobs()
        return question((ledger, job.job))


def balance(bureau: Bureau) -> Any:
    return asked(bureau, lambda at: at[0].balance(at[1]))


def cards(bureau: Bureau) -> list[Any]:
    return asked(bureau, lambda at: at[0].cards(at[1]))


def findings(bureau: Bureau) -> list[Any]:
    with closing(open_ledger(bureau.place)) as ledger:
        return list(collect(bureau.place, ledger).findings())


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(SscardError) as caught:
        work()
    for lang in ("zh", "en"):
        assert all(caught.value.parts(lang))
    return caught.value.key


def silence(url: str, station: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        assert db.execute("UPDATE stations SET seen = seen - 1000 WHERE station = %s", [station]).rowcount == 1


def lose(bureau: Bureau, seq: int) -> Any:
    with closing(open_ledger(bureau.place)) as ledger:
        return declare_lost(bureau.place, ledger, seq)


def again(card: Any) -> Rack:
    """A box that holds just this card, powered anew."""
    box = Rack(count=0)
    box._waiting.append(card)
    return box


def test_a_station_settles_only_its_own_cards(make_bureau: Make, database: str) -> None:
    """A card in work at one station stays in work whatever the other does; the station goes on with it itself."""
    a, b = stations(make_bureau, database, 3)
    torn = torn_at(a, 1)
    (entry,) = cards(a)
    assert (entry.station, entry.state, entry.seq) == ("a", State.WORK, 1)
    run(b, rack(2))
    assert [(card.station, card.state) for card in cards(b)] == [
        ("a", State.WORK),
        ("b", State.GOOD),
        ("b", State.GOOD),
    ]
    assert not balance(b).complete
    production = b.open()
    assert production.waiting == ()
    found = call_roll(production.work, [again(torn).slot(1)])
    assert [each.sits for each in found] == [Sits.OTHER_STATION]
    production.close()
    run(b, again(torn))
    assert [event.error.key for event in b.events if event.kind is Kind.REFUSED] == ["card-other-station"]
    run(a, again(torn))
    assert [event.resumed for event in a.events if event.kind is Kind.GOOD] == [True]
    assert balance(b).complete
    assert findings(a) == findings(b) == []


def test_two_stations_enter_one_batch_at_once(make_bureau: Make, database: str) -> None:
    """Whoever is first enters it, the other joins; the people stand in it once."""
    both = stations(make_bureau, database, 30)
    opened: list[Any] = []
    threads = [threading.Thread(target=lambda bureau=bureau: opened.append(bureau.open())) for bureau in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({production.job.job for production in opened}) == 1
    assert len(opened) == 2
    for production in opened:
        production.close()
    assert (balance(both[0]).rows, balance(both[0]).left) == (30, 30)


def test_a_dead_stations_row_returns_when_its_cards_fate_is_settled(make_bureau: Make, database: str) -> None:
    """Not while the lease runs, not by its mere end: by the word that the card is lost.  Back again it is refused."""
    a, b = stations(make_bureau, database, 2)
    torn_at(a, 1)
    run(b, rack(2))
    assert (balance(b).good, balance(b).work) == (1, 1)
    assert refused(lambda: lose(b, 1)) == "lose-station-lives"
    silence(database, "a")
    run(b, rack(3))
    assert (balance(b).good, balance(b).work) == (1, 1), "silence alone frees no row"
    assert lose(b, 1).station == "a"
    run(b, rack(4))
    assert balance(b).complete
    (lost,) = [card for card in cards(b) if card.state is State.LOST]
    assert (lost.station, lost.decided, lost.reason) == ("a", "b", "declared-lost")
    production = a.open()
    assert production.waiting == ()
    with pytest.raises(GuardRefused, match="CARD-IS-LOST"):
        production.work.known(lost.card)
    production.close()
    assert findings(a) == findings(b) == []


def test_a_card_given_up_while_it_is_being_made(make_bureau: Make, database: str) -> None:
    """A station cut off for longer than its lease finishes a card that is another's row by now: it counts once."""
    a, b = stations(make_bureau, database, 1)
    production = a.open()
    real = production.work.ledger.finish

    def late(card: str) -> None:
        silence(database, "a")
        lose(b, 1)
        real(card)

    production.work.ledger.finish = late
    events = list(Line(production.work, [rack(1, count=1).slot(1)], patience=0.05).run())
    production.close()
    assert [event.error.key for event in events if event.kind is Kind.REFUSED] == ["card-given-up"]
    assert balance(a).ties
    run(b, rack(2))
    assert sorted((card.station, card.state.value) for card in cards(b)) == [("a", "lost"), ("b", "good")]
    assert findings(a) == findings(b) == []


def test_a_finished_card_is_struck_off_at_another_station(make_bureau: Make, database: str) -> None:
    """The evidence of both fits; a word that no station gave does not."""
    a, b = stations(make_bureau, database, 1)
    run(a, rack(1))
    with closing(open_ledger(b.place)) as ledger:
        assert decisions.spoil(b.place, ledger, 1, "印刷").station == "a"
    run(b, rack(2))
    assert balance(a).complete
    assert findings(a) == findings(b) == []
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("DROP TRIGGER a_card_goes_its_way ON cards")
        db.execute("UPDATE cards SET state = 'lost', decided = 'a' WHERE station = 'b'")
    assert "verdict" in {finding.kind for finding in findings(a)}
    assert "verdict" not in {finding.kind for finding in findings(b)}
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("UPDATE cards SET decided = '' WHERE station = 'b'")
    assert "verdict" in {finding.kind for finding in findings(b)}


def test_missing_evidence_of_this_station_is_still_found(make_bureau: Make, database: str) -> None:
    """What another station made is no gap here; what this one made is."""
    a, b = stations(make_bureau, database, 2)
    run(a, rack(1, count=1))
    run(b, rack(2))
    assert {card.station for card in cards(a)} == {"a", "b"}
    shutil.rmtree(b.place.jobs_path)
    b.place.jobs_path.mkdir()
    assert findings(a) == []
    with closing(open_ledger(b.place)) as ledger:
        found = {finding.kind for finding in collect(b.place, ledger).findings()}
    assert found >= {"missing", "unmade-card"}
    b.place.chain_path.unlink()
    assert "truncated" in {finding.kind for finding in findings(b)}


def test_return_files_are_the_same_at_every_station(make_bureau: Make, database: str, tmp_path: Path) -> None:
    """Half a batch is told of by who stopped half-way; whole, every station writes the same bytes under one number."""
    a, b = stations(make_bureau, database, 3)
    target = FolderTarget("drop", frozenset(FileKind), tmp_path / "drop")
    files = {}
    for bureau, number, count in ((a, 1, 1), (b, 2, 2)):
        bureau.place = replace(bureau.place, targets=(target,))
        production = bureau.run([rack(number, count=count).slot(1)], patience=0.05)
        files[bureau.place.station] = production.returns()[0]
        production.close()
    assert b"not-made" in files["a"].read_bytes()
    assert b"not-made" not in files["b"].read_bytes()
    with closing(open_ledger(a.place)) as ledger:
        box = Outbox(a.place, ledger)
        stale = next(item for item in box.items() if item.revision.kind is FileKind.RETURN)
        assert refused(lambda: box.parcel(stale.revision)) == "outbox-stale"
    production = a.open()
    files["a"] = production.returns()[0]
    production.close()
    assert files["a"].read_bytes() == files["b"].read_bytes()
    last = {
        name: [each for each in read_register(bureau.place.chain_path.parent).current() if each.kind is FileKind.RETURN]
        for name, bureau in (("a", a), ("b", b))
    }
    assert (last["a"][0].number, last["a"][0].key) == (last["b"][0].number, last["b"][0].key) == (2, last["a"][0].key)
    assert last["a"][0].supersedes == last["b"][0].supersedes != ""
    assert refused(a.open) == refused(b.open) == "batch-done"


def test_a_job_is_closed_when_no_station_works_on_it(make_bureau: Make, database: str) -> None:
    a, b = stations(make_bureau, database, 2)
    production = a.open()
    with closing(open_ledger(b.place)) as ledger:
        job = production.job.job

        def close(give_up: bool = False) -> Any:
            return decisions.close(b.place, ledger, job, blanks=1, left=0, give_up_rows=give_up)

        assert refused(close) == "job-running"
    production.close()
    torn_at(a, 1)
    with closing(open_ledger(b.place)) as ledger:
        assert refused(lambda: decisions.close(b.place, ledger, job, blanks=1, left=0)) == "close-in-work"
    silence(database, "a")
    lose(b, 1)
    with closing(open_ledger(b.place)) as ledger:
        closing_ = decisions.close(b.place, ledger, job, blanks=1, left=0, give_up_rows=True)
    assert (closing_.spoiled, closing_.unmade) == (1, 2)
    assert refused(a.open) == "job-closed"


def test_report_and_screen_count_all_stations(make_bureau: Make, database: str) -> None:
    """Heads of the same number are told apart; the screen shows what others made, and bears the ledger's loss."""
    a, b = stations(make_bureau, database, 3)
    run(a, rack(1, count=1))
    run(b, rack(2))
    with closing(open_ledger(a.place)) as ledger:
        (job,) = ledger.jobs()
        report = gather(a.place, ledger, job.job)
        screen = LiveBoard("title", True, Balance(3, 0, 0, 0, 3, True), ask=lambda: ledger.balance(job.job))
        assert screen._totals() == messages.text("personalize.totals", good=3, spoiled=0, work=0, left=0, rows=3)
    assert [(head.head, head.good) for head in report.heads] == [("a/1", 1), ("b/1", 2)]
    assert report.findings == ()
    screen._ask_at = 0.0
    assert "3" in screen._totals(), "the ledger is closed: the last answer stays"


def test_a_pause_holds_at_every_station(make_bureau: Make, database: str) -> None:
    a, b = stations(make_bureau, database, 1)
    production = a.open()
    with closing(open_ledger(b.place)) as ledger:
        decisions.pause(b.place, ledger, production.job.job)
        assert production.work.paused
        decisions.go_on(b.place, ledger, production.job.job)
    assert not production.work.paused
    production.close()


def test_one_batch_has_one_set_of_keys(make_bureau: Make, database: str) -> None:
    """A station with other keys is refused before any card, and may come back with the right ones."""
    a, b = stations(make_bureau, database, 1)
    a.open().close()
    right, b.service = b.service, memory_service("990101", 2)
    assert refused(b.open) == "job-other-keys"
    b.service = right
    b.open().close()


def test_a_workspace_that_is_a_copy(make_bureau: Make, database: str, tmp_path: Path) -> None:
    """Its journals end where it was copied: it must not settle what the original did since."""
    a, b = stations(make_bureau, database, 2)
    a.open().close()
    copied = replace(a.place, root=Path(shutil.copytree(a.place.root, tmp_path / "copy")))
    run(a, rack(1, count=1))
    original, a.place = a.place, copied
    assert refused(a.open) == "station-behind"
    assert refused(lambda: lose(a, 2)) == "lose-not-in-work"
    a.place = original
    production = a.open()
    a.place = replace(copied, root=Path(shutil.copytree(original.root, tmp_path / "copy-2")))
    assert refused(a.open) == "job-running"
    production.close()
    b.place = replace(b.place, station="a")
    assert refused(b.open) == "station-taken"


def test_who_may_not_open_it(make_bureau: Make, database: str, tmp_path: Path) -> None:
    """No key, another key, a key of the wrong size, people in a ledger of one's own, a database that knows nothing."""
    _, b = stations(make_bureau, database, 1)
    key, right = person_key_path(b.place), person_key_path(b.place).read_bytes()
    key.unlink()
    assert refused(lambda: open_ledger(b.place)) == "ledger-key-shared"
    key.write_bytes(right[::-1])
    assert refused(lambda: open_ledger(b.place)) == "ledger-other-key"
    key.write_bytes(right[:-1])
    assert refused(lambda: open_ledger(b.place)) == "ledger-key-missing"
    key.write_bytes(right)
    b.place.ledger_path.write_bytes(b"people")
    assert refused(lambda: open_ledger(b.place)) == "ledger-two"
    b.place.ledger_path.unlink()
    (b.place.jobs_path / "done-elsewhere").mkdir()
    assert refused(lambda: open_ledger(b.place)) == "ledger-strange"


def test_a_server_that_cannot_be_used(
    make_bureau: Make, request: pytest.FixtureRequest, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way has its own sentence, in both languages, before any card is touched."""
    a, _ = stations(make_bureau, database, 1)
    folder = database.rpartition("host=")[2]

    def at(url: str) -> str:
        place = replace(a.place, ledger=replace(a.place.ledger, url=url))
        return refused(lambda: open_ledger(place))

    assert at(f"postgresql://sscard@/cards?host={folder}x") == "ledger-server"
    assert at("postgresql://sscard@127.0.0.1:1/cards") == "ledger-server"
    assert at(f"postgresql://sscard@/no-such?host={folder}") == "ledger-database"
    assert at(f"postgresql://nobody@/cards1?host={folder}") == "ledger-login"
    assert at(f"postgresql://sscard@/cards1?host={folder}&nonsense=1") == "ledger-server"
    assert (
        at(request.getfixturevalue("postgres").database("ENCODING 'SQL_ASCII' TEMPLATE template0")) == "ledger-encoding"
    )
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("DROP ROLE IF EXISTS reader")
        db.execute("CREATE ROLE reader LOGIN")
    assert at(database.replace("sscard@", "reader@")) == "ledger-permission"
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    a.place = replace(a.place, ledger=replace(a.place.ledger, url=database.replace("sscard@", "reader@")))
    assert refused(a.open) == "ledger-permission"
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader")
    run(a, rack(1, count=1))
    assert balance(a).complete, "that is all a station needs"
    with psycopg.connect(a.place.ledger.url) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("DROP TRIGGER a_card_is_for_ever ON cards")
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("DROP OWNED BY reader")
        db.execute("DROP ROLE reader")
    monkeypatch.setitem(__import__("sys").modules, "sscard.personalize.ledger.postgres", None)
    assert at(database) == "ledger-driver"


def test_a_network_in_the_clear_is_for_training_only(make_bureau: Make, database: str) -> None:
    a, _ = stations(make_bureau, database, 1)
    wire = Wire(database)
    a.place = replace(a.place, ledger=replace(a.place.ledger, url=wire.url))
    open_ledger(a.place).close()
    assert refused(lambda: open_ledger(replace(a.place, demo=False))) == "ledger-clear"
    wire.cut()


def test_a_server_that_hangs_is_a_lost_one(make_bureau: Make, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer and no end of the connection: it is cut, the line stops, the same command goes on."""
    monkeypatch.setattr(postgres, "_HUNG_AFTER", 0.4)
    a, _ = stations(make_bureau, database, 2)
    wire = Wire(database)
    direct, a.place = a.place, replace(a.place, ledger=replace(a.place.ledger, url=wire.url))
    production = a.open()
    wire.freeze()
    line = Line(production.work, [rack(1).slot(1)], patience=0.05)
    assert list(line.run())
    assert line.fatal is not None
    assert line.fatal.key == "ledger-lost"
    production.close()
    wire.thaw()
    wire.cut()
    a.place = direct
    run(a, rack(2))
    assert balance(a).complete


@pytest.mark.parametrize("at", ["claim", "sign", "finish", "note"])
def test_the_server_is_lost_in_the_middle(make_bureau: Make, database: str, at: str) -> None:
    """The line stops; nothing that was not recorded left; when the server is back the same command goes on."""
    a, _ = stations(make_bureau, database, 3)
    wire = Wire(database)
    direct, a.place = a.place, replace(a.place, ledger=replace(a.place.ledger, url=wire.url))
    production = a.open()
    ledger = production.work.ledger
    what = "pin" if at == "note" else at
    real, calls = getattr(ledger, what), []

    def cut(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == (2 if at in ("claim", "finish") else 1):
            wire.cut()
            ledger._sign_at = 0.0
        return real(*arguments)

    setattr(ledger, what, cut)
    box = rack(1)
    line = Line(production.work, [box.slot(1)], patience=0.05)
    events = list(line.run())
    assert isinstance(line.fatal, JournalError)
    assert line.fatal.key == "ledger-lost"
    assert refused(lambda: ledger.balance(production.job.job)) == "ledger-lost"
    production.close()
    made = sum(event.kind is Kind.GOOD for event in events)
    a.place = direct
    assert balance(a).good == made
    run(a, box)
    assert (balance(a).good, balance(a).spoiled, balance(a).complete) == (3, 0, True)
    assert len({card.chip.historical for card in box.drawer}) == len(box.drawer) == 3
    assert findings(a) == []
