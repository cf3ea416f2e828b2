"""Promises D16 and D18 to D20: the key service goes, the disk is full or lies, the clock is wrong."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.emulator import Rack, Tear
from sscard.errors import Exit, JournalError, KeyServiceMissing
from sscard.personalize import journal as journals
from sscard.personalize.chain import Chain
from sscard.personalize.ledger import store as ledgers
from sscard.personalize.line import Line
from sscard.personalize.workspace import create_workspace
from tests.keys import test_backend_jobs as key_servers
from tests.personalize.conftest import Once
from tests.personalize.test_bad_disk import FullLedger, Witness, full, run, totals

Make = Callable[[int], Any]


class Leaving:
    """A key service that is gone from its so many-th operation on."""

    def __init__(self, service: Any, left: int) -> None:
        self._service, self._left = service, left
        self.armed = False

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._service, name)
        if not self.armed or name in ("forget", "close", "demo"):
            return operation

        def asked(*values: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise KeyServiceMissing("keyserver-lost", server="127.0.0.1:1", reason="timed out")
            return operation(*values)

        return asked


@pytest.mark.parametrize("after", [0, 1, 30, 120])
def test_d16_the_key_service_goes_in_the_middle_of_a_card(make_bureau: Make, after: int) -> None:
    """The card stays where it is, nothing is spoiled, no key stands in the error; with the service back it goes on."""
    bureau, rack = make_bureau(1), Rack()
    right = bureau.service
    leaving = bureau.service = Leaving(right, after)
    production = bureau.open()
    leaving.armed = True
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    for _ in line.run():
        pass
    production.close()
    assert isinstance(line.fatal, KeyServiceMissing)
    refs = production.work.template.key_refs()
    told = "".join(line.fatal.parts("zh") + line.fatal.parts("en"))
    assert not [ref for ref in refs if str(ref) in told]
    bureau.service = right
    before = totals(bureau)
    assert (before.good, before.spoiled, before.ties) == (0, 0, True)
    run(bureau, rack)
    assert (totals(bureau).good, totals(bureau).spoiled) == (1, 0)


def test_d16_a_key_server_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same with a real server on its socket, killed and started again."""
    key_servers.test_a_server_killed_in_the_middle_of_a_card(tmp_path, 40, capsys)


@pytest.mark.parametrize("line", [1, 3, 30, 70])
def test_d18_no_room_for_the_journal(make_bureau: Make, monkeypatch: pytest.MonkeyPatch, line: int) -> None:
    """Nothing leaves for the card whose intent could not be stored; the advice is to free space; then it goes on."""
    bureau, rack = make_bureau(1), Rack()
    with monkeypatch.context() as patch:
        witness = Witness(patch)
        witness.fail = ("line", line)
        failed = run(bureau, rack).fatal
    assert isinstance(failed, JournalError)
    assert "Free disk space" in failed.parts("en")[1]
    assert "change" not in witness.seen[witness.seen.index("full") :]
    run(bureau, rack)
    assert (totals(bureau).good, totals(bureau).spoiled) == (1, 0)


def test_d18_no_room_for_ledger_chain_and_return_file(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stops the job by name and loses nothing."""
    bureau, rack = make_bureau(2), Rack()
    production = bureau.open()
    production.work.ledger._engine._db = FullLedger(production.work.ledger._engine._db, 3)
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    for _ in line.run():
        pass
    production.close()
    assert line.fatal is not None
    assert line.fatal.key == "ledger-write"
    real = os.fsync
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: no_room() if "chain" in name_of(handle) else real(handle))
        with pytest.raises(JournalError, match="CHAIN-WRITE"):
            bureau.open()
    run(bureau, rack)
    production = bureau.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: no_room() if ".part" in name_of(handle) else real(handle))
        with pytest.raises(JournalError, match="RETURNS-WRITE"):
            production.returns()
    assert all(path.exists() for path in production.returns())
    production.close()
    assert totals_good(bureau) == 2


TAKEN_AWAY = {
    "report": ("report", "b.csv", "--out", "new.html", "--workspace", "ws"),
    "face": ("face", "b.csv", "--seq", "1", "--out", "new.png", "--photos", ".", "--yes", "--workspace", "ws"),
    "evidence": ("audit", "export", "new.zip", "--workspace", "ws"),
    "manifest": ("manifest", "b.csv", "--id", "990101-1"),
}


@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_d18_no_room_for_report_face_and_evidence(
    make_bureau: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    """What people take away is whole or not there: one sentence, no half a file, and with space the same command."""
    bureau = make_bureau(1)
    run(bureau, Rack())
    monkeypatch.chdir(tmp_path)
    before, real = set(tmp_path.iterdir()), os.fsync
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: no_room() if ".part" in name_of(handle) else real(handle))
        assert main(["--lang", "en", *TAKEN_AWAY[what]]) == Exit.FAILED
    told = capsys.readouterr().err
    assert "No space left on device" in told
    assert "Traceback" not in told
    assert set(tmp_path.iterdir()) == before
    assert main([*TAKEN_AWAY[what]]) == Exit.OK
    (made,) = set(tmp_path.iterdir()) - before
    assert made.stat().st_size > 100


def totals_good(bureau: Any) -> int:
    """Good cards in the ledger of a job that may be finished."""
    from sscard.personalize.bookkeeping import open_ledger

    ledger = open_ledger(bureau.place)
    (job,) = ledger.jobs()
    balance = ledger.balance(job.job)
    ledger.close()
    assert balance.ties
    return balance.good


def no_room() -> None:
    raise full()


def name_of(handle: int) -> str:
    return Path(f"/proc/self/fd/{handle}").readlink().name


def stopped(bureau: Any, rack: Rack) -> Path:
    """Run the job until its torn card has left; the one open journal."""
    production = bureau.open()
    for _ in Line(production.work, [Once(rack.slot(1))], patience=0.05).run():
        pass
    assert production.work.ledger.balance(production.job.job).work == 1
    production.close()
    (path,) = production.work.folder.glob("*.jrnl")
    return path


@pytest.mark.parametrize("lost", [1, 10, 60])
def test_d19_the_last_line_is_cut(make_bureau: Make, lost: int) -> None:
    """Only the torn line is left out, all before it counts, the card goes on, and the chain says what was torn."""
    bureau, rack = make_bureau(1), Rack(tear={0: (300, Tear.AFTER)})
    path = stopped(bureau, rack)
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    assert len(list(journals.read_entries(path))) == whole.count(b"\n") - 1
    run(bureau, rack)
    assert (totals_good(bureau), len(rack.drawer)) == (1, 1)
    bureau.open().close()
    torn = [entry for entry in chain_entries(bureau) if entry["kind"] == "closed" and "torn" in entry]
    assert [entry["torn"] for entry in torn] == [len(whole[:-lost].rpartition(b"\n")[2])]


def test_d19_a_cut_in_the_middle_is_no_torn_tail(make_bureau: Make) -> None:
    """A line that is gone from the middle stops everything: that was no power cut."""
    bureau, rack = make_bureau(1), Rack(tear={0: (300, Tear.AFTER)})
    path = stopped(bureau, rack)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    with pytest.raises(JournalError, match="JOURNAL-DAMAGED"):
        bureau.open()


def test_d19_a_short_write(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes half a line and says so: the line stops, and the next run goes on."""
    bureau, rack, write = make_bureau(1), Rack(), os.write
    left = [20]

    def short(handle: int, data: bytes) -> int:
        left[0] -= 1
        return write(handle, data[: len(data) // 2] if left[0] == 0 else data)

    with monkeypatch.context() as patch:
        patch.setattr(journals.os, "write", short)
        failed = run(bureau, rack).fatal
    assert isinstance(failed, JournalError)
    run(bureau, rack)
    assert (totals_good(bureau), len(rack.drawer)) == (1, 1)


def test_d19_a_rename_that_was_lost(make_bureau: Make) -> None:
    """A closed journal under its old name is closed again; a return file that went is written again from the ledger."""
    bureau, rack = make_bureau(2), Rack()
    run(bureau, rack)
    production = bureau.open()
    returned, _ = production.returns()
    content = returned.read_bytes()
    production.close()
    (closed,) = bureau.place.jobs_path.glob("*/*.journal")
    closed.rename(closed.with_suffix(".jrnl"))
    returned.unlink()
    production = bureau.open()
    assert production.returns()[0].read_bytes() == content
    production.close()
    assert [path.name for path in closed.parent.glob("*.j*l")] == [closed.name]
    assert main(["audit", "verify", "--workspace", str(bureau.place.root)]) == Exit.OK


def chain_entries(bureau: Any) -> Iterator[dict[str, Any]]:
    return iter(list(journals.read_entries(bureau.place.chain_path)))


def year_2000(patch: pytest.MonkeyPatch) -> None:
    """The clock of a station whose battery is empty, on a leap day, in another zone."""
    then = datetime(2000, 2, 29, 23, 59, 58, tzinfo=UTC).timestamp()
    patch.setattr(time, "time", lambda: then)
    patch.setattr(time, "time_ns", lambda: int(then * 1e9))
    patch.setattr(ledgers, "_now", lambda: "2000-02-29T23:59:58.000+00:00")
    patch.setenv("TZ", "America/New_York")
    time.tzset()


def test_d20_the_clock_jumps_back_in_the_middle_of_a_card(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals keep their order by counting, the card goes on, the jump is recorded, dates come from the batch."""
    bureau, rack = make_bureau(2), Rack(tear={0: (300, Tear.AFTER)})
    first = stopped(bureau, rack)
    with monkeypatch.context() as patch:
        year_2000(patch)
        production = bureau.open()
        assert production.behind > 800_000_000
        for _ in Line(production.work, [rack.slot(1)], patience=0.2).run():
            pass
        returned, _ = production.returns()
        production.close()
    time.tzset()
    names = sorted(path.stem for path in first.parent.glob("*.j*l"))
    assert names[0] == first.stem
    assert len(names) == 2
    assert totals_good(bureau) == 2
    assert len(rack.drawer) == 2
    (late,) = [entry["behind"] for entry in chain_entries(bureau) if "behind" in entry]
    assert late == production.behind
    with returned.open(encoding="utf-8", newline="") as file:
        dates = [row["issue_date"] for row in csv.DictReader(file)]
    assert dates == [record.issue_date for record in bureau.batch.records()]
    assert main(["audit", "verify", "--workspace", str(bureau.place.root)]) == Exit.OK


def test_d20_a_clock_set_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command warns, in both languages and as JSON; a clock that is right is no word worth."""
    monkeypatch.chdir(tmp_path)
    assert main(["init", "ws", "--demo"]) == Exit.OK
    assert main(["people", "--count", "1", "--out", "b.csv"]) == Exit.OK
    words = ["personalize", "b.csv", "--workspace", "ws", "--reader", "emulator", "--wait", "0.1"]
    now = time.time()
    Chain(tmp_path / "ws" / "chain" / "station-1.chain").append("run", job="other")
    told = []
    for early in (0, 3600):
        monkeypatch.setattr(time, "time", lambda early=early: now - early)
        for path in (tmp_path / "ws" / "outbox").glob("*"):
            path.unlink()
        capsys.readouterr()
        assert main(["--lang", "en", *words]) == Exit.OK
        told.append("The clock is 3600 s behind" in capsys.readouterr().err)
    assert told == [False, True]


def test_d20_production_does_not_begin_with_a_clock_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is opened or read until the clock is right or somebody takes it as right; a demonstration goes on."""
    for name, demo in (("ws", False), ("demo", True)):
        place = create_workspace(tmp_path / name, demo=demo, region="990101" if demo else "440100", seed=1)
        with monkeypatch.context() as patch:
            now = time.time()
            patch.setattr(time, "time", lambda now=now: now + 3600)
            Chain(place.chain_path).append("run", job="other")
        told = []
        for words in ((), ("--accept-clock",)):
            code = main(["--lang", "en", "personalize", "none.csv", "--workspace", str(place.root), *words])
            told.append((code, "CLOCK-BEHIND" in capsys.readouterr().err))
        assert told == [(Exit.USAGE if demo else Exit.REFUSED, not demo), (Exit.USAGE, False)]


def test_d20_summer_time_moves_nothing(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the night in which New York's clocks go back an hour the station's do not: no word, and times go on."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    bureau, rack = make_bureau(2), Rack(tear={0: (300, Tear.AFTER)})
    before = datetime(2026, 11, 1, 5, 59, 50, tzinfo=UTC).timestamp()
    assert [time.localtime(before + more).tm_hour for more in (0, 20)] == [1, 1]
    told = []
    for more in (0, 20):
        monkeypatch.setattr(time, "time", lambda more=more: before + more)
        production = bureau.open()
        told.append(production.behind)
        production.close()
        stopped(bureau, rack) if more == 0 else run(bureau, rack)
    assert told == [0, 0]
    times = [entry["t"] for entry in chain_entries(bureau)]
    assert times == sorted(times)
    assert times[-1] - times[0] == 20
    monkeypatch.undo()
    time.tzset()
    assert totals_good(bureau) == 2
