"""Promises D21, D25, D27, D31 and D35 to D37: what a job leaves behind can be counted, compared, read and relied on."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fuzz import blanks
from fuzz.blanks import Liar
from sscard.apdu.transport import Channel
from sscard.cos.profile import load_profile
from sscard.emulator import Rack, SoftwareCard, Tear, image
from sscard.errors import BatchError, Exit, GuardRefused, JournalError, WorkspaceError
from sscard.personalize import journal as journals
from sscard.personalize import line as lines
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.heads import Kind
from sscard.personalize.ledger import Job, Ledger, State
from sscard.personalize.record import Record
from sscard.personalize.sample import PERSON, REGION, sample_keys
from sscard.personalize.workspace import create_workspace, open_workspace
from sscard.terminal.identify import identify
from sscard.terminal.read import read_files, targets
from sscard.terminal.session import CardSession
from tests.ledgers import own_ledger
from tests.personalize.test_audit import TAMPERED, finished, verify, ws
from tests.personalize.test_bad_cards import Tray

__all__ = ["finished", "ws"]
Make = Callable[[int], Any]
PROFILE = load_profile("ssc3-sm4")


def test_d21_every_tampering_is_found(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Edited, deleted, moved, cut, replayed from another job: `audit verify` finds each, and nothing otherwise."""
    names = {tamper.__name__ for tamper, _ in TAMPERED}
    assert names >= {"edited_journal", "line_out_of_the_middle", "lines_moved", "chain_cut", "journal_of_another_job"}
    assert verify(ws, capsys) == (Exit.OK, [])
    untouched = {path: path.read_bytes() for path in ws.rglob("*") if path.is_file()}
    for tamper, kinds in TAMPERED[:5]:
        tamper(ws)
        code, found = verify(ws, capsys)
        assert code == Exit.FAILED
        assert kinds <= set(found)
        for path, content in untouched.items():
            path.write_bytes(content)


def test_d25_blanks_in_are_blanks_out(tmp_path: Path) -> None:
    """Jobs with random faults and an operator who errs: every blank is good, spoiled or still blank, by its own word.

    A slice; a thousand of them: `python -m fuzz.blanks`.
    """
    bureau = blanks.Bureau(tmp_path, seed=25)
    found = sum((bureau.run(number) for number in range(12)), Counter())
    assert found.keys() == {"good", "spoiled", "lost", "left"}
    assert sum(found.values()) == 12 * blanks.BLANKS


def test_d25_would_notice_a_card_that_was_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that takes a spoiled card for one that was never touched: the card itself says otherwise."""
    monkeypatch.setattr(Ledger, "spoil", lambda ledger, card, *_: ledger.release(card))
    bureau = blanks.Bureau(tmp_path, seed=25)
    with pytest.raises(blanks.Unequal):
        sum((bureau.run(number) for number in range(12)), Counter())


def test_d25_a_spoiled_card_never_comes_in_again(make_bureau: Make) -> None:
    """Not in its job, and not in another one: the ledger refuses to bind a row to it."""
    bureau, sour = make_bureau(1), Liar.blank(1)
    sour.at, sour.status = 100, b"\x65\x81"
    production = bureau.run([Tray("tray", [sour, sour, SoftwareCard.blank(2)])], patience=0.05)
    ledger, job = production.work.ledger, production.job
    assert Counter(event.kind for event in bureau.events)[Kind.REFUSED] == 1
    (spoiled,) = ledger.cards(job.job, State.SPOILED)
    with pytest.raises(GuardRefused):
        claim_again(ledger, job, spoiled.card)
    production.close()


def claim_again(ledger: Ledger, job: Job, card: str) -> None:
    """Try to bind a row of a new job to a card the ledger knows."""
    other = replace(job, job="again", digest=job.digest[::-1])
    if not ledger.find_job(other.digest):
        ledger.open_job(other, [replace(PERSON, seq=1)])
    ledger.claim("again", card, "1")


def test_d25_a_thousand_fates(tmp_path: Path) -> None:
    """The ledger alone, a thousand cards of random fate: the balance ties after each, and no plastic counts twice."""
    chance, ledger = random.Random(25), own_ledger(tmp_path / "l.sqlite")
    ledger._engine._db.execute("PRAGMA synchronous=OFF")
    rows = [replace(PERSON, seq=n, ssn=f"P{n}", card_no=f"T{n}") for n in range(1, 701)]
    ledger.open_job(Job("j", "b", "d", "p", "q", len(rows), "2026"), rows)
    fates: Counter[str] = Counter()
    for number in range(1000):
        card, fate = f"{number:026X}", chance.choice(["good", "good", "spoiled", "lost", "released"])
        if ledger.claim("j", card, "1") is None:
            break
        fates[fate] += 1
        if fate == "good":
            ledger.finish(card)
        elif fate == "released":
            ledger.release(card)
        elif fate == "lost":
            ledger.lose(ledger.card(card), "x")
        else:
            ledger.spoil(card, "x")
        if number % 50 == 0:
            balance = ledger.balance("j")
            assert balance.ties
            assert (balance.good, balance.spoiled) == (fates["good"], fates["spoiled"] + fates["lost"])
            assert balance.good + balance.left == len(rows)
    assert sum(fates.values()) == 1000
    ledger.close()


NAMES = {
    "测试" + "甲" * 13: 30,
    "测试" + "甲" * 12 + "a·": 31,
    "测试" + "甲" * 23: 50,
    "测试" + "甲" * 11 + "aa" + "\U0002cc56" + "乙": 34,
    "测试·阿卜杜热合曼": 18,
    "测试\u4dae": 6,
    "测试\u2022乙": 10,
}
REFUSED = {"测试" + "甲" * 23 + "a": "NAM-05", "测试\ue000": "NAM-01", "测试?": "NAM-03"}


def batch_of(path: Path, names: list[str]) -> Path:
    rows = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(len(names), region=REGION)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, people.COLUMNS)
        writer.writeheader()
        writer.writerows(row | {"name": name} for row, name in zip(rows, names, strict=True))
    return path


def name_on(card: Any) -> str:
    """The holder's name as a terminal reads it."""
    card.reset()
    channel = Channel(card)
    session = CardSession(channel, PROFILE, identify(channel), sample_keys(PROFILE, 1))
    (result,) = read_files(session, targets(PROFILE, ["SSSE/EF06"]))
    return str(result.holder)


def test_d27_names_at_the_edge(make_bureau: Make, tmp_path: Path) -> None:
    """Written is what is read back, at 30, 31 and 50 bytes and with a four-byte character across byte 30."""
    assert {len(name.encode("gb18030")) for name in NAMES} == set(NAMES.values())
    bureau, rack = make_bureau(1), Rack()
    bureau.batch = open_batch(batch_of(tmp_path / "n.csv", list(NAMES)), region=REGION, demo=True)
    bureau.run([rack.slot(1)]).close()
    assert [name_on(card) for card in rack.drawer] == list(NAMES)


@pytest.mark.parametrize("name", REFUSED)
def test_d27_what_does_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    """51 bytes, a private-use character, a lost one: refused before plastic by rule, never shortened."""
    with pytest.raises(BatchError, match=REFUSED[name]):
        open_batch(batch_of(tmp_path / "n.csv", [name]), region=REGION, demo=True)


def half_done(bureau: Any) -> Rack:
    """One of the bureau's cards made, the job left open."""
    rack = Rack(count=1)
    bureau.run([rack.slot(1)], patience=0.05).close()
    return rack


def test_d31_another_profile_in_the_middle_of_a_batch(make_bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed profile is refused; profile digest and version of the toolkit stand beside every card."""
    bureau = make_bureau(2)
    half_done(bureau)
    changed = replace(PROFILE, digest="0" * 64)
    with monkeypatch.context() as patch:
        patch.setattr("tests.personalize.conftest.load_profile", lambda _name: changed)
        with pytest.raises(GuardRefused, match="JOB-OTHER-PROFILE"):
            bureau.open()
    monkeypatch.setattr(lines, "VERSION", "9.9.9")
    production = bureau.run([Rack(first_serial=7).slot(1)], patience=0.05)
    entries = [e for path in sorted(production.work.folder.glob("*.j*l")) for e in journals.read_entries(path)]
    opened = [(e["tool"] == "9.9.9", e["profile"]) for e in entries if e["kind"] == "open"]
    assert opened == [(False, PROFILE.digest), (True, PROFILE.digest)]
    production.close()


def made_twice(folder: Path, seed: int) -> tuple[list[str], str, list[tuple[Any, ...]]]:
    """Images, return file and journal of a whole run, without times and without where it was."""
    folder.mkdir()
    place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1)
    people.write(folder / "b.csv", 3, seed=seed)
    from tests.personalize.conftest import Bureau

    bureau = Bureau(place, open_batch(folder / "b.csv", region=REGION, demo=True), sample_keys(PROFILE, 1))
    rack = Rack(seed=4)
    production = bureau.run([rack.slot(1)], patience=0.05)
    with production.returns()[0].open(encoding="utf-8", newline="") as file:
        rows = [{k: v for k, v in row.items() if k not in ("started", "ended")} for row in csv.DictReader(file)]
    entries = [e for path in sorted(production.work.folder.glob("*.j*l")) for e in journals.read_entries(path)]
    told = [tuple((k, v) for k, v in e.items() if k not in ("t", "prev", "hash")) for e in entries]
    production.close()
    return [image.dump(card) for card in rack.drawer], json.dumps(rows), told


def test_d35_same_input_same_output(tmp_path: Path) -> None:
    """Two runs of one batch: equal card images, return files and journals but for times; another batch differs."""
    one, two, other = made_twice(tmp_path / "1", 3), made_twice(tmp_path / "2", 3), made_twice(tmp_path / "3", 5)
    assert one == two
    assert [left != right for left, right in zip(one, other, strict=True)] == [True] * 3


def test_d36_a_job_of_an_older_version_goes_on(make_bureau: Make) -> None:
    """A journal whose lines name no format, as the first version wrote them, is read and its card finished."""
    bureau, rack = make_bureau(1), Rack(tear={0: (300, Tear.AFTER)})
    path = torn_journal(bureau, rack)
    rewrite(path, lambda entry: {name: value for name, value in entry.items() if name != "format"})
    next(bureau.place.jobs_path.glob("*/keys.json")).unlink()
    production = bureau.run([rack.slot(1)], patience=0.05)
    assert production.work.ledger.balance(production.job.job).good == 1
    production.close()


def test_d36_what_a_newer_version_wrote_is_refused(make_bureau: Make, tmp_path: Path) -> None:
    """Ledger, journal (format or kind of line), card image, workspace: each is refused by name and left as it is."""
    bureau, rack = make_bureau(1), Rack(tear={0: (300, Tear.AFTER)})
    path = torn_journal(bureau, rack)
    old = path.read_bytes()
    for change in ({"format": 2}, {"kind": "prepare"}):
        rewrite(path, lambda entry, c=change: entry | (c if entry["kind"] == "open" else {}))
        new = path.read_bytes()
        with pytest.raises(JournalError, match="JOURNAL-NEWER"):
            bureau.open()
        assert path.read_bytes() == new != old
        path.write_bytes(old)
    with sqlite3.connect(bureau.place.ledger_path) as db:
        db.execute("UPDATE meta SET value = '9' WHERE name = 'version'")
    db.close()
    with pytest.raises(JournalError, match="LEDGER-VERSION"):
        bureau.open()
    newer = json.loads(image.dump(SoftwareCard.blank(1))) | {"version": 99}
    with pytest.raises(WorkspaceError, match="IMAGE-NEWER"):
        image.load(json.dumps(newer))
    settings = bureau.place.root / "sscard.toml"
    settings.write_text(settings.read_text("utf-8").replace("format = 1", "format = 2"), "utf-8")
    with pytest.raises(WorkspaceError, match="WORKSPACE-VALUE"):
        open_workspace(bureau.place.root)


def torn_journal(bureau: Any, rack: Rack) -> Path:
    from tests.promises.test_d16_d20_station import stopped

    return stopped(bureau, rack)


def rewrite(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """A journal with changed entries and a sound chain, as another version might have written it."""
    place, out = journals.Place(), b""
    for entry in list(journals.read_entries(path)):
        fields = {n: v for n, v in change(entry).items() if n not in ("n", "t", "kind", "prev", "hash")}
        line, place = journals.chained(change(entry)["kind"], json.dumps(fields)[1:-1], place)
        out += line
    path.write_bytes(out)


def cost(ledger: Ledger, work: Callable[[], Any]) -> int:
    """Steps of the database's machine for a piece of work."""
    steps = [0]
    ledger._engine._db.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 10)
    work()
    ledger._engine._db.set_progress_handler(None, 0)
    return steps[0]


def test_d37_the_thousandth_card_costs_what_the_first_did(tmp_path: Path) -> None:
    """A slice of a large batch: what the ledger does for a card does not grow with the rows made."""
    ledger = own_ledger(tmp_path / "l.sqlite")
    ledger._engine._db.execute("PRAGMA synchronous=OFF")
    rows = (replace(PERSON, seq=n, ssn=f"P{n}", card_no=f"T{n}") for n in range(1, 20_001))
    ledger.open_job(Job("j", "b", "d", "p", "q", 20_000, "2026"), rows)

    def card(number: int) -> None:
        ledger.card(f"{number:026X}")
        ledger.claim("j", f"{number:026X}", "1")
        ledger.pending("j")
        ledger.finish(f"{number:026X}")

    first = cost(ledger, lambda: [card(number) for number in range(20)])
    for number in range(100, 3000):
        card(number)
    last = cost(ledger, lambda: [card(number) for number in range(5000, 5020)])
    assert last <= first * 1.5 + 5
    assert cost(ledger, lambda: ledger.balance("j")) > first, "the count would show a search through all rows"
    ledger.close()


def test_d37_memory_does_not_grow_with_the_batch(tmp_path: Path) -> None:
    """Checking and reading a batch of eight times the rows takes less than a few dozen bytes a row more."""
    peaks = []
    for count in (500, 4000):
        path = tmp_path / f"{count}.csv"
        people.write(path, count, seed=2)
        tracemalloc.start()
        batch = open_batch(path, region=REGION, demo=True)
        assert sum(1 for _ in batch.records()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert isinstance(batch.record(count), Record)
    assert (peaks[1] - peaks[0]) / 3500 < 400
