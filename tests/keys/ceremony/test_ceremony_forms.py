"""Annex 8 and annex 9 come from what was done, and from nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from sscard.errors import GuardRefused
from sscard.keys.ceremony.conductor import ATTEMPTS
from sscard.keys.ceremony.forms import OFFICIAL_SET, as_html, as_text, sheet
from sscard.keys.ceremony.script import Form
from sscard.messages import lookup


@pytest.fixture
def received(hall, other_hall):
    """Keys issued in one hall and received in the other."""
    hall.hold("issue-keys", to="99", owner="national", version="1")
    other_hall.people.cards = hall.people.cards
    return other_hall


def refused(story, form: Form, key: str) -> None:
    with pytest.raises(GuardRefused) as raised:
        sheet(form, story)
    assert raised.value.key == key
    assert "{" not in str(raised.value)


class Page(HTMLParser):
    """Tags left open and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [name for name, _ in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_delegation_letter_names_those_who_are_sent(hall) -> None:
    story = hall.hold("delegation", letter="W-2026-001")
    letter = sheet(Form.DELEGATION, story)
    assert "委派书" in letter.title
    assert [row[1] for row in letter.table] == ["测试乙", "测试丙"]
    assert "2 人" in letter.body
    assert ("委托书编号", "W-2026-001") in letter.facts
    assert as_text(letter).count("＿＿") >= 7


def test_the_memo_counts_the_official_set(received) -> None:
    received.people.says["hsms"] = "2"
    story = received.hold("receive-keys", region="99", version="1")
    memo = sheet(Form.HANDOVER, story)
    counts = {row[1]: int(row[2]) for row in memo.table}
    assert list(counts.values()) == [1, 2, 2, 2, 2, 2, 1, 6]
    assert len(counts) == len(OFFICIAL_SET)
    serials = {card.chip.serial.hex().upper() for card in received.people.cards.values()}
    assert serials <= {serial for row in memo.table for serial in row[3].split("、")}
    text = as_text(memo)
    for words in ("新发", "算法: SM4", "备忘录", "加密机", "移交单位 (盖章)", "测试甲", str(story.anchor), "SEAL-0001"):
        assert words in text


def test_the_html_page_is_whole_and_needs_nothing_beside_it(received) -> None:
    received.people.says["place"] = '<script>alert("x")</script> & 测试'
    story = received.hold("receive-keys", region="99", version="1")
    page = Page()
    page.feed(as_html(sheet(Form.HANDOVER, story)))
    assert page.open == []
    assert page.fetched == []
    assert "<script>" not in as_html(sheet(Form.HANDOVER, story))
    assert "memorandum" in as_html(sheet(Form.HANDOVER, story, "en"), "en").lower()


def test_numbers_that_differ_from_the_official_set_are_refused(received) -> None:
    received.people.counts["full-key-psam"] = ["P-1 P-2 P-3 P-4 P-5"] * ATTEMPTS
    with pytest.raises(GuardRefused) as raised:
        received.hold("receive-keys", region="99", version="1")
    assert raised.value.key == "ceremony-count"
    refused(received.story(received.running), Form.HANDOVER, "form-unfinished")


def changed(story, step: str, change) -> None:
    """Alter what a story tells of a counting step, as a script of one's own might have counted."""
    change(story.done[step].facts["counted"])


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda rows: rows["full-key-psam"].update(count=5), "form-count"),
        (lambda rows: rows.pop("reader"), "form-count"),
        (lambda rows: rows["hsm"].update(count=2), "form-count"),
        (lambda rows: rows["mother-card"].update(serials=["1111", "2222"]), "form-carriers"),
    ],
)
def test_the_memo_counts_for_itself(received, change, key: str) -> None:
    story = received.hold("receive-keys", region="99", version="1")
    assert sheet(Form.HANDOVER, story).table
    changed(story, "count", change)
    refused(story, Form.HANDOVER, key)


def test_a_ceremony_gives_its_own_forms_only(hall) -> None:
    story = hall.hold("delegation", letter="W-2026-001")
    refused(story, Form.HANDOVER, "form-none")
    receipt = sheet(Form.RECEIPT, hall.hold("issue-keys", to="99", owner="local", version="1"))
    assert [row[2] for row in receipt.table] == ["2", "2"]


def test_everything_counted_and_sealed_has_a_name(hall) -> None:
    for item, _, _ in OFFICIAL_SET:
        assert all(lookup(f"forms.item-{item}"))
