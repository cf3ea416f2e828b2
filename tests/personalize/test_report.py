"""Reports: figures as ledger and journals have them, one file that loads nothing, nobody in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sscard import messages
from sscard.cli import main
from sscard.emulator import SoftwareCard
from sscard.errors import Exit
from sscard.personalize.batch import Batch
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.report.chart import bars
from sscard.personalize.report.facts import Report, gather, shown
from sscard.personalize.report.pace import Timing, pace, timings
from sscard.personalize.report.page import render
from sscard.personalize.workspace import open_workspace

LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "formaction", "xlink:href", "xmlns"}


class Box:
    """One head's reader with a row of cards."""

    def __init__(self, name: str, cards: list[Any]) -> None:
        self.name, self.cards = name, cards

    def next_card(self, timeout: float) -> Any:
        if self.cards:
            self.cards[0].reset()
        return self.cards[0] if self.cards else None

    def release(self) -> None:
        del self.cards[:1]

    def close(self) -> None:
        pass


class Sour(SoftwareCard):
    """A card whose memory fails in the middle."""

    sent = 0

    def transmit(self, apdu: bytes) -> bytes:
        self.sent += 1
        return bytes.fromhex("6581") if self.sent > 60 else super().transmit(apdu)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, service: Any) -> tuple[Path, Batch]:
    """A finished job of six people: one head spoiled a card, another lost none."""
    from sscard.personalize import people
    from sscard.personalize.batch import open_batch
    from sscard.personalize.job import open_production
    from sscard.personalize.line import Line
    from sscard.personalize.workspace import create_workspace

    folder = tmp_path_factory.mktemp("report")
    place = create_workspace(folder / "ws", demo=True, region="990101", seed=1)
    people.write(folder / "b.csv", 6, seed=3)
    batch = open_batch(folder / "b.csv", region="990101", demo=True)
    production = open_production(place, service, batch)
    slots = [
        Box("one", [Sour.blank(1), *map(SoftwareCard.blank, range(2, 5))]),
        Box("two", [SoftwareCard.blank(serial) for serial in range(11, 17)]),
    ]
    try:
        assert list(Line(production.work, slots, patience=0.2).run())
        production.returns()
    finally:
        production.close()
    return folder / "ws", batch


@pytest.fixture
def report(made: tuple[Path, Batch]) -> Report:
    return reported(made[0])


@pytest.fixture
def in_chinese() -> Iterator[None]:
    messages.use("zh")
    yield
    messages.use("en")


def reported(ws: Path) -> Report:
    place = open_workspace(ws)
    ledger = open_ledger(place)
    try:
        return gather(place, ledger, "b.csv")
    finally:
        ledger.close()


def people_in(text: str, batch: Batch) -> list[str]:
    """Which persons' values stand in a text: number, name, bank card, telephone, address."""
    values = {
        value
        for record in batch.records()
        for value in (record.ssn, record.name, record.bank_pan, record.value("mobile"), record.value("address"))
    }
    assert len(values) == 5 * len(batch)
    return sorted(value for value in values if value in text)


class Page(HTMLParser):
    """The tags, attributes and words of a page; every tag must be closed in order."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)


def test_the_figures_are_those_of_the_ledger(report: Report) -> None:
    facts = report.as_json()
    assert (facts["blanks"], facts["good"], facts["spoiled"], facts["left"]) == (7, 6, 1, 0)
    assert facts["ties"]
    assert facts["findings"] == []
    assert [(way["head"], way["state"], way["count"]) for way in facts["spoilage"]] == [("1", "spoiled", 1)]
    assert facts["spoilage"][0]["reason"] in messages.keys_in("errors")
    assert sum(head["good"] for head in facts["heads"]) == 6
    assert {head["head"]: head["spoiled"] for head in facts["heads"]} == {"1": 1, "2": 0}
    times = facts["times"]
    assert times["cards"] == 6
    assert 0 < times["median_seconds"] <= times["slowest_seconds"]
    assert 1 <= times["slowest_seq"] <= 6
    per_minute = facts["cards_per_minute"]
    assert sum(per_minute["bars"]) * per_minute["minutes"] == pytest.approx(6)
    assert [entry["kind"] for entry in facts["entries"]] == ["run", "returns"]
    (end,) = facts["chains"]
    assert end["pinned"] == f"{end['number']}:{end['hash']}"
    assert len(facts["profile_digest"]) == 64
    assert facts["tools"] == [facts["tool"]]


def test_the_page_loads_nothing_and_speaks_both_languages(report: Report) -> None:
    text = render(report)
    page = Page(text)
    assert page.open == []
    assert {name for name, _ in page.attributes} & LOADING == set()
    assert set(page.tags).isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "image", "use"})
    assert "://" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert "size: A4" in text
    words = " ".join(page.words)
    assert "废卡: 按头和原因" in words
    assert "Spoilage by head and reason" in words
    zh = sum(value == "zh-CN" for name, value in page.attributes if name == "lang")
    en = sum(value == "en" for name, value in page.attributes if name == "lang")
    assert abs(zh - en) == 1, "each text in both, the page itself in the one that is spoken"
    assert report.job.profile_digest in words
    assert page.tags.count("rect") == len(report.pace.bars) if report.pace else False


@pytest.mark.usefixtures("in_chinese")
def test_the_page_opens_in_the_language_in_use(report: Report) -> None:
    text = render(report)
    assert '<html lang="zh-CN">' in text
    assert 'id="zh" checked' in text


def test_nobody_is_in_a_report(made: tuple[Path, Batch], report: Report) -> None:
    for text in (render(report), json.dumps(report.as_json(), ensure_ascii=False)):
        assert people_in(text, made[1]) == []


def test_a_planted_person_is_found_by_the_search(made: tuple[Path, Batch], report: Report) -> None:
    person = made[1].record(2)
    for value in (person.ssn, person.name, person.bank_pan):
        assert people_in(render(report).replace("</main>", f"<p>{value}</p></main>"), made[1]) == [value]


def test_a_person_in_the_ledgers_free_text_is_masked(
    made: tuple[Path, Batch], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A batch file called after somebody, a reason somebody typed into the ledger."""
    import shutil

    ws = Path(shutil.copytree(made[0], tmp_path / "ws"))
    person = made[1].record(2)
    with sqlite3.connect(ws / "ledger.sqlite") as db:
        db.execute("UPDATE cards SET reason = ? WHERE state = 'spoiled'", (f"{person.name} {person.ssn}",))
        db.execute("UPDATE jobs SET batch = ?", (f"{person.ssn}-{person.bank_pan}.csv",))
    out = tmp_path / "r.html"
    job = next(ws.joinpath("jobs").iterdir()).name
    assert main(["report", job, "--workspace", str(ws), "--out", str(out), "--json"]) == Exit.OK
    printed = capsys.readouterr().out
    assert people_in(out.read_text("utf-8") + printed, made[1]) == []
    assert json.loads(printed)["spoilage"][0]["reason"] == "other"
    assert f"{person.ssn[:6]}********{person.ssn[-4:]}" in json.loads(printed)["batch"]


def test_a_reason_given_by_a_person_stands_in_the_table(made: tuple[Path, Batch], tmp_path: Path) -> None:
    """`jobs spoil` puts it into the chain, where no number of a person may stand; so it can be shown."""
    import shutil

    ws = Path(shutil.copytree(made[0], tmp_path / "ws"))
    assert main(["jobs", "--workspace", str(ws), "spoil", "2", "--reason", "印刷"]) == Exit.OK
    report = reported(ws)
    assert "印刷" in {part.reason for part in report.spoilage}
    assert "<td>印刷</td>" in render(report)


def test_digests_and_cards_are_not_taken_for_people() -> None:
    for text in ("0" * 64, "00812611018699990100000009", "b-f3999ae4-return.csv", "990101-20260601-0001"):
        assert shown(text) == text
    assert shown("990101199003070016") == "990101********0016"


def test_evidence_that_does_not_fit_is_said_and_told_by_the_exit_code(
    made: tuple[Path, Batch], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    ws = Path(shutil.copytree(made[0], tmp_path / "ws"))
    journal = next(path for path in (ws / "jobs").rglob("*.j*rn*l"))
    journal.write_bytes(journal.read_bytes().replace(b'"verdict":"good"', b'"verdict":"fine"', 1))
    out = tmp_path / "r.html"
    assert main(["report", "b.csv", "--workspace", str(ws), "--out", str(out)]) == Exit.FAILED
    page = out.read_text("utf-8")
    assert "do not trust the figures" in page
    assert f"edited {journal.parent.name}/{journal.name}" in page
    assert main(["report", "b.csv", "--workspace", str(ws), "--json"]) == Exit.FAILED
    assert any(
        found.startswith("edited ") for found in json.loads(capsys.readouterr().out.splitlines()[-1])["findings"]
    )


def test_a_report_is_not_written_over_another_file(
    made: tuple[Path, Batch], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.html"
    words = ["report", "b.csv", "--workspace", str(made[0]), "--out", str(out)]
    assert main(words) == Exit.OK
    first = out.read_bytes()
    assert main(words) == Exit.REFUSED
    assert main([*words, "--force"]) == Exit.OK
    assert out.read_bytes() == first
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["report", "nobody", "--workspace", str(made[0])]) == Exit.REFUSED
    assert "nobody" in capsys.readouterr().err


def test_a_job_just_begun_has_a_report_without_times(
    make_bureau: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    bureau = make_bureau(2)
    bureau.open().close()
    assert main(["report", "b.csv", "--workspace", str(bureau.place.root), "--json"]) == Exit.OK
    facts = json.loads(capsys.readouterr().out)
    assert (facts["times"], facts["cards_per_minute"], facts["left"], facts["ended"]) == (None, None, 2, "")
    assert "No card has been finished yet." in render(reported(bureau.place.root))


def test_times_of_two_runs_are_added_and_the_night_between_is_not(tmp_path: Path) -> None:
    from sscard.personalize.chain import Place, chained

    def journal(name: str, *entries: tuple[float, str]) -> Path:
        path, place, text = tmp_path / name, Place(), b""
        for moment, kind in entries:
            body = '"card":"00AA"' + (',"verdict":"good","reason":""' if kind == "end" else "")
            line, place = stamped(chained, kind, body, place, moment)
            text += line
        path.write_bytes(text)
        return path

    first = journal("1.journal", (1000.0, "open"), (1003.0, "intent"))
    second = journal("2.journal", (50_000.0, "open"), (50_004.0, "end"))
    assert timings([first, second]) == {"00AA": Timing("00AA", 7.0, 50_004.0)}


def stamped(chained: Any, kind: str, body: str, place: Any, moment: float) -> Any:
    """A line of a chain written at another moment."""
    from unittest.mock import patch

    with patch("sscard.personalize.chain.time.time", return_value=moment):
        return chained(kind, body, place)


@pytest.mark.parametrize(("minutes", "width"), [(0, 1), (71, 1), (72, 2), (600, 10), (60 * 24 * 200, 4001)])
def test_the_chart_keeps_its_size_and_loses_no_card(minutes: int, width: int) -> None:
    ends = [600.0 + 60 * minutes * share / 9 for share in range(10)]
    found = pace({str(n): Timing(str(n), 1.0 + n, end) for n, end in enumerate(ends)})
    assert found is not None
    assert found.minutes == width
    assert len(found.bars) <= 72
    assert sum(found.bars) * found.minutes == pytest.approx(10)
    assert (found.median, found.most, found.slowest) == (5.5, 10.0, "9")
    assert bars(found).count("<rect") == len(found.bars)


def test_no_cards_no_pace() -> None:
    assert pace({}) is None
