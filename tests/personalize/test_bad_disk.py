"""A full disk at every place something is written: the sentence, the exit code, and that nothing is lost."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.emulator import Rack, SoftwareCard
from sscard.errors import JournalError
from sscard.personalize import chain
from sscard.personalize import journal as journals
from sscard.personalize import ledger as ledgers
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.line import Line

Make = Callable[[int], Any]
CHAIN = frozenset({"run", "journal", "closed", "returns"})
"""Entries of the station's chain, which are not a journal's."""
CHANGES = frozenset({0xD4, 0xDC, 0xD6})


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Witness:
    """Sees journal lines, flushes and commands in their order; lets the ``fail_at``-th line or flush fail."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.fail: tuple[str, int] = ("", 0)
        write, sync, execute = os.write, os.fdatasync, SoftwareCard.execute
        patch.setattr(journals.os, "write", lambda handle, data: (self.note(_kind(data)), write(handle, data))[1])
        patch.setattr(journals.os, "fdatasync", lambda handle: (self.note("sync"), sync(handle))[1])
        patch.setattr(SoftwareCard, "execute", lambda card, apdu: (self.command(apdu), execute(card, apdu))[1])

    def note(self, what: str) -> None:
        if what in CHAIN:
            return
        name, left = self.fail
        if name and name in (what, "line" if what != "sync" else ""):
            self.fail = (name, left - 1)
            if left == 1:
                self.seen.append("full")
                raise full()
        self.seen.append(what)

    def command(self, apdu: bytes) -> None:
        create = apdu[:4] == b"\x80\xe0\x01\x00"
        self.seen.append("change" if create or (apdu[1] in CHANGES and apdu[0] != 0xB0) else "look")

    def unrecorded(self) -> list[int]:
        """Places of changes that left before an intent was written and brought to the disk."""
        wrong, secured, pending = [], False, False
        for place, what in enumerate(self.seen):
            if what in ("intent", "leave", "open", "full"):
                pending, secured = what == "intent", False
            elif what == "sync":
                secured, pending = secured or pending, False
            elif what == "change" and not secured:
                wrong.append(place)
        return wrong


def _kind(data: bytes) -> str:
    return data.partition(b'"kind":"')[2].partition(b'"')[0].decode() or "other"


def totals(bureau: Any) -> Any:
    production = bureau.open()
    try:
        return production.work.ledger.balance(production.job.job)
    finally:
        production.close()


def run(bureau: Any, rack: Rack) -> Line:
    production = bureau.open()
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    try:
        for event in line.run():
            bureau.events.append(event)
    finally:
        production.close()
    return line


@pytest.mark.parametrize(
    "fail",
    [("line", 1), ("line", 2), ("line", 9), ("line", 40), ("sync", 1), ("sync", 5), ("end", 1), ("done", 3)],
    ids=str,
)
def test_journal_on_a_full_disk(make_bureau: Make, monkeypatch: pytest.MonkeyPatch, fail: tuple[str, int]) -> None:
    """The line stops at once with the file and the cause; no change leaves unrecorded; the next run goes on."""
    bureau, rack = make_bureau(2), Rack()
    with monkeypatch.context() as patch:
        witness = Witness(patch)
        witness.fail = fail
        line = run(bureau, rack)
    assert isinstance(line.fatal, JournalError)
    assert line.fatal.key == "journal-write"
    assert ".jrnl" in line.fatal.parts("en")[0]
    full = witness.seen.index("full")
    assert "change" not in witness.seen[full:]
    before = totals(bureau)
    assert (before.spoiled, before.ties) == (0, True)
    run(bureau, rack)
    after = totals(bureau)
    assert (after.good, after.spoiled, after.work, after.left) == (2, 0, 0, 0)
    assert len(rack.drawer) == 2


def test_every_change_is_recorded_before_it_leaves(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau, rack = make_bureau(2), Rack()
    with monkeypatch.context() as patch:
        witness = Witness(patch)
        run(bureau, rack)
    assert witness.seen.count("change") > 200
    expected = witness.unrecorded()
    refused = [place for place in expected if witness.seen[place] == "change"]
    assert _outside_proofs(witness, refused) == []
    first = witness.seen.index("intent")
    witness.seen[first] = "look"
    assert _outside_proofs(witness, witness.unrecorded()) != [], "the check can fail"


def _outside_proofs(witness: Witness, places: list[int]) -> list[int]:
    """Without the proofs of refusal, whose commands the card must turn down and which come when no visit is open."""
    open_visit = [
        place for place in places if "intent" in witness.seen[:place] and _last(witness.seen[:place]) != "leave"
    ]
    early = [place for place in places if "intent" not in witness.seen[:place]]
    return open_visit + early


def _last(seen: list[str]) -> str:
    return next(what for what in reversed(seen) if what in ("intent", "leave", "open", "end"))


@pytest.mark.parametrize(("kind", "good"), [("run", 0), ("journal", 0), ("closed", 2)])
def test_chain_on_a_full_disk(make_bureau: Make, monkeypatch: pytest.MonkeyPatch, kind: str, good: int) -> None:
    """No journal begins that the chain does not name; the next run goes on."""
    bureau, rack, write = make_bureau(2), Rack(), os.write
    if kind == "closed":
        run(bureau, rack)

    def no_room(handle: int, data: bytes) -> int:
        if _kind(data) == kind:
            raise full()
        return write(handle, data)

    with monkeypatch.context() as patch:
        patch.setattr(chain.os, "write", no_room)
        if kind == "journal":
            failed = run(bureau, rack).fatal
        else:
            with pytest.raises(JournalError) as caught:
                bureau.open()
            failed = caught.value
    assert isinstance(failed, JournalError)
    assert failed.key == "chain-write"
    assert "station-1.chain" in failed.parts("zh")[0]
    before = totals(bureau)
    assert (before.good, before.spoiled, before.work) == (good, 0, 0)
    run(bureau, rack)
    assert totals(bureau).good == 2


class FullLedger:
    """A database connection whose n-th COMMIT finds the disk full."""

    def __init__(self, inner: sqlite3.Connection, commits: int) -> None:
        self._inner = inner
        self.left = commits

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == "COMMIT":
            self.left -= 1
            if self.left == 0:
                raise sqlite3.OperationalError("database or disk is full")
        return self._inner.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.mark.parametrize(("commit", "good"), [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1)])
def test_ledger_on_a_full_disk(make_bureau: Make, commit: int, good: int) -> None:
    """Commits of a run: claim, pin of the chain, finish, claim, finish.  What was not committed is not counted."""
    bureau, rack = make_bureau(2), Rack()
    production = bureau.open()
    production.work.ledger._engine._db = FullLedger(production.work.ledger._engine._db, commit)
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    for _ in line.run():
        pass
    assert isinstance(line.fatal, JournalError)
    assert (line.fatal.key, "disk is full" in line.fatal.parts("zh")[0]) == ("ledger-write", True)
    shown = production.work.ledger.balance(production.job.job)
    assert shown.good == good, "an open transaction must not be shown as done"
    production.close()
    run(bureau, rack)
    after = totals(bureau)
    assert (after.good, after.spoiled, after.work, after.left, after.ties) == (2, 0, 0, 0, True)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "ws", "--demo"]) == 0
    assert main(["people", "--count", "2", "--out", "b.csv"]) == 0
    capsys.readouterr()
    return tmp_path


PERSONALIZE = ["personalize", "b.csv", "--workspace", "ws", "--reader", "emulator:1", "--wait", "0.2"]


@contextmanager
def full_disk(patch: pytest.MonkeyPatch, module: Any, name: str, at: int = 1) -> Iterator[None]:
    real, left = getattr(module, name), [at]

    def failing(*arguments: Any, **names: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise full()
        return real(*arguments, **names)

    with patch.context() as patched:
        patched.setattr(module, name, failing)
        yield


@contextmanager
def full_outbox(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """No room for what goes to the outbox; all else is written."""
    real = os.fsync

    def failing(handle: int) -> None:
        place = Path(f"/proc/self/fd/{handle}").readlink()
        if place.parent.name == "outbox" and place.name.endswith(".part"):
            raise full()
        real(handle)

    with patch.context() as patched:
        patched.setattr(os, "fsync", failing)
        yield


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_return_file_on_a_full_disk(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    with full_outbox(monkeypatch):
        assert main(["--lang", lang, *PERSONALIZE]) == 5
    shown = capsys.readouterr()
    assert "RETURNS-WRITE" in shown.err
    assert shown.err.count("\n") == 2
    assert "2 = " in shown.out
    assert list((desk / "ws" / "outbox").iterdir()) == [], "half a file of people must not lie about"
    assert main(["--lang", lang, *PERSONALIZE]) == 0
    assert len((next((desk / "ws" / "outbox").glob("*-return.csv"))).read_text().splitlines()) == 3


def test_journal_and_return_file_on_a_full_disk(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two things fail for one reason: one sentence."""
    with full_outbox(monkeypatch), full_disk(monkeypatch, journals.os, "fdatasync", 3):
        assert main(["--lang", "en", *PERSONALIZE]) == 5
    shown = capsys.readouterr()
    assert "JOURNAL-WRITE" in shown.err
    assert "RETURNS-WRITE" not in shown.err
    assert main(PERSONALIZE) == 0


def test_folders_cannot_be_made(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module, name, code in ((Path, "mkdir", 1), (journals, "sync_folder", 5)):
        with full_disk(monkeypatch, module, name):
            assert main(["--lang", "en", *PERSONALIZE]) == code
        shown = capsys.readouterr()
        assert "No space left" in shown.err
    assert main(PERSONALIZE) == 0


def test_trace_on_a_full_disk(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A trace that cannot be written stops the line like any other file; the card is resumed."""
    from sscard.apdu.trace import Trace

    with full_disk(monkeypatch, Trace, "__call__", 100):
        assert main(["--lang", "en", *PERSONALIZE, "--trace", "traces"]) == 5
    shown = capsys.readouterr()
    assert "FILE-FAILED" in shown.err
    assert "Traceback" not in shown.err
    assert main([*PERSONALIZE, "--trace", "traces"]) == 0


def test_person_key_is_made_whole_or_not_at_all(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = make_bureau(1)
    with full_disk(monkeypatch, os, "fsync"), pytest.raises(JournalError) as caught:
        open_ledger(bureau.place)
    assert caught.value.key == "ledger-open"
    assert [path.name for path in (bureau.place.root / "keys").iterdir() if "ledger" in path.name] == []
    open_ledger(bureau.place).close()
    assert len((bureau.place.root / "keys" / "ledger-key").read_bytes()) == 32


def test_a_board_that_fails_leaves_no_head_behind(make_bureau: Make) -> None:
    """The reader of the events goes away (a closed pipe): the heads stop before the ledger is closed."""
    import threading

    bureau, rack = make_bureau(3), Rack()
    production = bureau.open()
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    events = line.run()
    next(events)
    events.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("head-")]
    production.close()
    run(bureau, rack)
    assert totals(bureau).good == 3


def test_a_damaged_ledger_page(make_bureau: Make) -> None:
    bureau = make_bureau(1)
    production = bureau.open()
    ledger = production.work.ledger
    ledger._engine._db.execute("DROP TABLE cards")
    with pytest.raises(JournalError) as caught:
        ledger.balance(production.job.job)
    assert caught.value.key == "ledger-damaged"
    production.close()
    assert ledgers.Ledger is type(ledger)
