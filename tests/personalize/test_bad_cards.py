"""Cards that may not be written, cards that leave in the middle, cards that come back at the wrong place."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sscard import messages
from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.commands.board import _facts as facts
from sscard.commands.board import settled_line
from sscard.commands.screen import LiveBoard
from sscard.cos.commands import select_name
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard, Tear, image
from sscard.errors import CardMute, CardRemoved, CounterError, ReaderLost
from sscard.keys.hierarchy import fill_demo, memory_service
from sscard.keys.secret import Secret
from sscard.keys.store import KeyStore
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize import people
from sscard.personalize.batch import open_batch
from sscard.personalize.heads import Kind
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog, personalized_card

pytestmark = pytest.mark.usefixtures("each_interface")
PROFILE = load_profile("ssc3-sm4")
SSSE = PROFILE.directory("SSSE").aid
PRESENT_CODE = bytes.fromhex("80E00300")
CODE = b"\xff" * 8
Make = Callable[[int], Any]
TOLD = frozenset({Kind.REFUSED, Kind.LOST, Kind.GOOD, Kind.SPOILED, Kind.STOPPED})


class Tray:
    """One head's reader with a prepared row of cards; a card stays until it is released or an exchange is due."""

    def __init__(self, name: str, cards: Iterable[Any]) -> None:
        self.name = name
        self.cards = list(cards)
        self.out: list[Any] = []
        self.closed = False

    def next_card(self, timeout: float) -> Any:
        if not self.cards:
            return None
        card = self.cards[0]
        if isinstance(card, Exception):
            raise self.cards.pop(0)
        card.reset()
        return card

    def release(self) -> None:
        if self.cards:
            self.out.append(self.cards.pop(0))

    def close(self) -> None:
        self.closed = True


class Foreign:
    """A card that is no social-security card, and refuses everything."""

    name = "foreign"

    def __init__(self, atr: str, answer: str = "6D00") -> None:
        self.atr = bytes.fromhex(atr)
        self.answer = bytes.fromhex(answer)
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        return self.answer

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        pass


class Exchanged(SoftwareCard):
    """A card that somebody exchanges for another at its ``at``-th reset."""

    other: SoftwareCard
    at = 0

    def reset(self) -> bytes:
        self.at -= 1
        answer = super().reset()
        return self.other.reset() if self.at == 0 else answer


def blanks(first: int, count: int) -> list[SoftwareCard]:
    return [SoftwareCard.blank(serial) for serial in range(first, first + count)]


def state(card: SoftwareCard) -> dict[str, Any]:
    """All that lasts on a card but how often it was asked."""
    text = json.loads(image.dump(card))
    return {name: value for name, value in text.items() if name not in ("commands", "random", "random_position")}


def holder(card: SoftwareCard) -> str:
    card.reset()
    channel = Channel(card)
    channel.call(select_name(SSSE))
    return channel.call(Command(0x00, 0xB2, 0x07, 0x28, le=11))[2:].decode()


def half_made(until: str, profile: Any = PROFILE) -> SoftwareCard:
    """A card on which only the stages before ``until`` were done."""
    card = SoftwareCard.blank(0x777)
    channel = Channel(card)
    dialect = load_dialect(profile.dialect)
    plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, channel.atr.serial)
    steps = plan.steps[: next(index for index, step in enumerate(plan.steps) if step.stage == until)]
    Runner(channel, dialect, memory_service(REGION), channel.atr.card_factor).run(replace(plan, steps=steps), NoLog())
    return card


def bank() -> SoftwareCard:
    card = SoftwareCard.blank(0x778)
    channel = Channel(card)
    channel.call(Command(0x80, 0xE0, 0x03, 0x00, CODE))
    pse = PROFILE.directory("PSE").aid
    channel.call(Command(0x80, 0xE0, 0x01, 0x00, bytes.fromhex("000000FF01DF0101000023000080" + "0081") + pse))
    return card


def blocked() -> SoftwareCard:
    card = SoftwareCard.blank(0x779)
    card.chip.blocked = True
    return card


def locked() -> SoftwareCard:
    card = SoftwareCard.blank(0x780)
    card.chip.transport_code.tries = 0
    return card


def balance(bureau: Any) -> Any:
    production = bureau.open()
    try:
        return production.work.ledger.balance(production.job.job)
    finally:
        production.close()


def told(bureau: Any, kind: Kind) -> list[Any]:
    """Events of a kind; each error among them is one sentence and a remedy in both languages."""
    events = [event for event in bureau.events if event.kind is kind]
    for event in events:
        for lang in ("zh", "en"):
            if event.error is not None:
                what, remedy = event.error.parts(lang)
                assert what.strip()
                assert remedy.strip()
                assert "{" not in what + remedy
    return events


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (personalized_card, "card-used"),
        (lambda: half_made("holder"), "card-initialised"),
        (bank, "card-bank"),
        (blocked, "card-blocked"),
        (lambda: Foreign("3B6500002063CBA000"), "card-foreign"),
        (lambda: Foreign("A2131091"), "card-foreign"),
        (lambda: Foreign("3B04A2131091"), "card-foreign"),
        (lambda: Foreign("3B8F8001804F0CA000000306030001000000006A"), "card-foreign"),
        (lambda: Foreign("3B6D00000081261101869999010000AAAA"), "card-not-blank"),
        (lambda: Foreign("3B6D00000081261101869999010000AAAA", "6110"), "card-foreign"),
        (locked, "transport-locked"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_card_that_is_no_blank_is_refused_and_the_next_one_made(
    make_bureau: Make, make: Callable[[], Any], key: str
) -> None:
    bureau = make_bureau(1)
    wrong = make()
    before = state(wrong) if isinstance(wrong, SoftwareCard) else None
    good = SoftwareCard.blank(5)
    tray = Tray("tray", [wrong, good])
    bureau.run([tray]).close()
    assert [event.error.key for event in told(bureau, Kind.REFUSED)] == [key]
    assert tray.out == [wrong, good]
    assert bureau.fatal is None
    if before is None:
        assert all(apdu[1] in (0xA4, 0xC0, 0xB2) for apdu in wrong.sent), "a strange card is only read"
    else:
        assert state(wrong) == before
    assert (balance(bureau).good, balance(bureau).spoiled, balance(bureau).ties) == (1, 0, True)
    assert tray.closed


def test_a_card_of_another_generation_is_named(make_bureau: Make) -> None:
    card = half_made("verify", replace(PROFILE, constants={**PROFILE.constants, "version": "2.00"}))
    bureau = make_bureau(1)
    bureau.run([Tray("tray", [card, SoftwareCard.blank(5)])]).close()
    (event,) = told(bureau, Kind.REFUSED)
    assert event.error.key == "card-generation"
    assert "2.00" in event.error.parts("en")[0]
    assert balance(bureau).good == 1


def test_three_wrong_cards_of_one_kind_stop_the_line(make_bureau: Make) -> None:
    bureau = make_bureau(4)
    cards = [SoftwareCard.blank(1), *(Foreign("3B04A2131091") for _ in range(5)), *blanks(2, 4)]
    tray = Tray("tray", cards)
    bureau.run([tray]).close()
    assert bureau.fatal.key == "card-foreign"
    assert bureau.fatal.exit_code == 4
    assert len(tray.out) == 4
    assert (balance(bureau).good, balance(bureau).left) == (1, 3)


def test_finished_card_of_this_job(make_bureau: Make) -> None:
    bureau = make_bureau(2)
    first = SoftwareCard.blank(1)
    bureau.run([Tray("tray", [first])]).close()
    assert balance(bureau).good == 1
    before = state(first)
    bureau.run([Tray("tray", [first, SoftwareCard.blank(2)])]).close()
    (event,) = told(bureau, Kind.REFUSED)
    assert (event.error.key, event.error.fields["seq"]) == ("card-is-good", 1)
    assert state(first) == before
    assert balance(bureau).good == 2


def test_cards_of_another_job_finished_or_not(make_bureau: Make, tmp_path: Path) -> None:
    first = make_bureau(2)
    good, torn = blanks(1, 2)
    torn.tear(200, Tear.AFTER)
    tray = Tray("tray", [good, torn])
    feed = tray.next_card
    tray.next_card = lambda timeout: feed(timeout) if torn.powered else None  # type: ignore[method-assign]
    first.run([tray]).close()
    assert (balance(first).good, balance(first).work) == (1, 1)
    people.write(tmp_path / "c.csv", 1, seed=9)
    second = replace(first, batch=open_batch(tmp_path / "c.csv", region=REGION, demo=True), events=[])
    before = [state(good), state(torn)]
    second.run([Tray("tray", [good, torn, SoftwareCard.blank(3)])]).close()
    refused = told(second, Kind.REFUSED)
    assert [(event.error.key, event.error.fields["seq"]) for event in refused] == [
        ("card-other-job", 1),
        ("card-other-job", 2),
    ]
    assert [state(good), state(torn)] == before
    assert balance(second).good == 1
    first.run([Tray("tray", [torn])]).close()
    assert balance(first).good == 2


def test_lost_reader_ends_its_head_alone(make_bureau: Make) -> None:
    bureau = make_bureau(6)
    card = SoftwareCard.blank(99)
    transmit, left = card.transmit, [150]

    def unplugged(apdu: bytes) -> bytes:
        left[0] -= 1
        if left[0] <= 0:
            lost.cards = [ReaderLost("reader-lost", reader="lost")]
            raise ReaderLost("reader-lost", reader="lost")
        return transmit(apdu)

    card.transmit = unplugged  # type: ignore[method-assign]
    lost, kept = Tray("lost", [card]), Tray("kept", blanks(1, 6))
    bureau.run([lost, kept]).close()
    assert [event.error.key for event in told(bureau, Kind.STOPPED)] == ["reader-lost"]
    totals = balance(bureau)
    assert (totals.good, totals.work, totals.left, totals.ties) == (5, 1, 0, True)
    card.transmit = transmit  # type: ignore[method-assign]
    bureau.run([Tray("again", [card])]).close()
    assert balance(bureau).good == 6


@pytest.mark.parametrize("when", list(Tear))
def test_removed_at_many_points_and_put_back(make_bureau: Make, when: Tear) -> None:
    """Every ninth command of the card's life; the card goes on, and nobody else gets its row."""
    points = range(2, 330, 9)
    bureau = make_bureau(len(points))
    cards = blanks(1, len(points))
    for card, point in zip(cards, points, strict=True):
        card.tear(point, when)
    tray = Tray("tray", cards)
    bureau.run([tray]).close()
    totals = balance(bureau)
    assert (totals.good, totals.spoiled, totals.work, totals.left) == (len(points), 0, 0, 0)
    assert sorted(map(holder, cards)) == sorted(record.card_no for record in bureau.batch.records())
    assert len(told(bureau, Kind.LOST)) > len(points) // 2


def test_the_wrong_card_put_back(make_bureau: Make) -> None:
    """After a removal come another blank and a stranger's card; the first card is not forgotten."""
    bureau = make_bureau(2)
    torn, other, stranger = SoftwareCard.blank(1), SoftwareCard.blank(2), personalized_card()
    torn.tear(200, Tear.AFTER)
    tray = Tray("tray", [torn])
    feed = tray.next_card
    fed: list[str] = []

    def next_card(timeout: float) -> Any:
        if not torn.powered and not fed:
            fed.append("wrong")
            tray.cards = [stranger, other, torn]
        return feed(timeout)

    tray.next_card = next_card  # type: ignore[method-assign]
    before = state(stranger)
    bureau.run([tray]).close()
    assert fed
    assert state(stranger) == before
    records = list(bureau.batch.records())
    assert (holder(torn), holder(other)) == (records[0].card_no, records[1].card_no)
    assert [event.error.key for event in told(bureau, Kind.REFUSED)] == ["card-used"]
    good = told(bureau, Kind.GOOD)
    assert [(event.record.seq, event.resumed) for event in good] == [(2, False), (1, True)]


def test_two_cards_exchanged_between_two_heads(make_bureau: Make) -> None:
    bureau = make_bureau(2)
    cards = blanks(1, 2)
    trays = [Tray("one", [cards[0]]), Tray("two", [cards[1]])]
    both = threading.Barrier(2)
    exchanged: list[str] = []

    def gate(mine: Tray, other: SoftwareCard) -> Callable[[float], Any]:
        feed = mine.next_card

        def next_card(timeout: float) -> Any:
            if mine.cards and not mine.cards[0].powered and mine.name not in exchanged:
                both.wait(5)
                exchanged.append(mine.name)
                mine.cards = [other]
                both.wait(5)
            return feed(timeout)

        return next_card

    for tray, card, other in ((trays[0], *cards), (trays[1], *reversed(cards))):
        card.tear(220, Tear.BEFORE)
        tray.next_card = gate(tray, other)  # type: ignore[method-assign]
    bureau.run(trays, patience=2).close()
    assert len(exchanged) == 2
    totals = balance(bureau)
    assert (totals.good, totals.spoiled, totals.ties) == (2, 0, True)
    assert sorted(map(holder, cards)) == sorted(record.card_no for record in bureau.batch.records())
    seen = {event.card: set() for event in bureau.events if event.kind is Kind.GOOD}
    for event in bureau.events:
        if event.kind in (Kind.STARTED, Kind.GOOD):
            seen[event.card].add((event.record.card_no, event.reader))
    for places in seen.values():
        assert len({number for number, _ in places}) == 1
        assert len({reader for _, reader in places}) == 2


def test_exchanged_at_the_reset_before_the_proof(make_bureau: Make) -> None:
    bureau = make_bureau(1)
    card = Exchanged.blank(1)
    card.other, card.at = SoftwareCard.blank(66), 3
    before = state(card.other)
    tray = Tray("tray", [card, SoftwareCard.blank(2)])
    bureau.run([tray]).close()
    (event,) = told(bureau, Kind.SPOILED)
    assert event.error.key == "quarantine-swapped"
    assert state(card.other) == before
    totals = balance(bureau)
    assert (totals.good, totals.spoiled, totals.ties) == (1, 1, True)


def service_with(code: bytes) -> VaultKeyService:
    store = KeyStore(demo=True)
    fill_demo(store, region=REGION, seed=1, algorithm=PROFILE.algorithm)
    place = next(entry.place for entry in store if entry.name == "TRANSPORT")
    store._values[place] = Secret(code)
    return VaultKeyService(store)


def test_wrong_transport_key_costs_one_try_in_all(make_bureau: Make) -> None:
    bureau = make_bureau(3)
    cards = blanks(1, 3)
    before = [state(card) for card in cards]
    sent: Counter[bytes] = Counter()
    for card in cards:
        transmit = card.transmit
        card.transmit = lambda apdu, t=transmit: (sent.update([apdu[:4]]), t(apdu))[1]  # type: ignore[method-assign]
    right, bureau.service = bureau.service, service_with(b"\x11" * 8)
    bureau.run([Tray("tray", cards)]).close()
    assert isinstance(bureau.fatal, CounterError)
    assert "2" in bureau.fatal.parts("en")[0]
    assert "2" in bureau.fatal.parts("zh")[0]
    assert (bureau.fatal.key, bureau.fatal.exit_code) == ("transport-wrong", 1)
    assert sent[PRESENT_CODE] == 1
    assert [card.chip.transport_code.tries for card in cards] == [2, 3, 3]
    cards[0].chip.transport_code.tries = 3
    assert [state(card) for card in cards] == before
    cards[0].chip.transport_code.tries = 2
    totals = balance(bureau)
    assert (totals.left, totals.work, totals.spoiled) == (3, 0, 0)
    bureau.service = right
    bureau.run([Tray("tray", cards)]).close()
    assert balance(bureau).good == 3
    assert cards[0].chip.transport_code.tries == 3


def test_resumed_with_other_keys_is_set_aside_after_one_try(make_bureau: Make) -> None:
    """Though the list of the job's keys, which would refuse them before any card, is gone."""
    bureau = make_bureau(1)
    card = SoftwareCard.blank(1)
    card.tear(60, Tear.AFTER)
    tray = Tray("tray", [card])
    feed = tray.next_card
    tray.next_card = lambda timeout: feed(timeout) if card.powered else None  # type: ignore[method-assign]
    bureau.run([tray]).close()
    assert balance(bureau).work == 1
    next(bureau.place.jobs_path.glob("*/keys.json")).unlink()
    bureau.service = memory_service(REGION, 2)
    bureau.run([Tray("tray", [card, SoftwareCard.blank(2)])]).close()
    (event,) = told(bureau, Kind.SPOILED)
    assert event.error.key in ("quarantine-key", "wrong-key")
    totals = balance(bureau)
    assert (totals.good, totals.spoiled, totals.ties) == (1, 1, True)


def test_a_card_that_gives_no_answer_is_told_of_once(make_bureau: Make) -> None:
    bureau = make_bureau(1)
    mute = [CardMute("card-mute") for _ in range(3)]
    bureau.run([Tray("tray", [*mute, SoftwareCard.blank(1)])], patience=2).close()
    assert [event.error.key for event in told(bureau, Kind.LOST)] == ["card-mute"]
    assert balance(bureau).good == 1


def test_a_card_that_leaves_before_it_is_known(make_bureau: Make) -> None:
    bureau = make_bureau(1)
    card = SoftwareCard.blank(1)
    card.tear(1, Tear.BEFORE)
    bureau.run([Tray("tray", [card])]).close()
    (event,) = told(bureau, Kind.LOST)
    assert event.record is None
    assert isinstance(event.error, CardRemoved)
    assert balance(bureau).good == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_screen_takes_every_event(make_bureau: Make, lang: str) -> None:
    """Each thing that can happen at a head has its line, in 80 columns and without a full name."""
    cards = [personalized_card(), Foreign("A2131091"), CardMute("card-mute"), locked(), *blanks(1, 3)]
    cards[4].tear(200, Tear.AFTER)
    swapped = Exchanged.blank(11)
    swapped.other, swapped.at = SoftwareCard.blank(66), 3
    bureau = make_bureau(4)
    bureau.run([Tray("tray", [*cards, swapped, ReaderLost("reader-lost", reader="tray")])], patience=2).close()
    kinds = {event.kind for event in bureau.events}
    assert kinds >= {Kind.REFUSED, Kind.LOST, Kind.GOOD, Kind.SPOILED, Kind.STOPPED, Kind.ENDED, Kind.STEP}
    before = messages.current()
    messages.use("zh" if lang == "zh" else "en")
    try:
        live = LiveBoard("title", demo=True, start=balance(bureau), people=("王", "陈"))
        names = [record.name for record in bureau.batch.records()]
        for event in bureau.events:
            live.show(event)
            out = StringIO()
            Console(file=out, width=80).print(live)
            plain = settled_line(event)
            assert "{" not in out.getvalue() + plain
            header, *lines = out.getvalue().splitlines()
            assert "王/陈" in header
            assert lines[1].lstrip().startswith(("头", "head"))
            assert all(line.startswith(f"{number}   ") for number, line in enumerate(lines[2 : 2 + len(live.heads)], 1))
            assert ("Ctrl-C" in lines[-1]) == (event.kind is not Kind.ENDED)
            assert not [name for name in names if name in out.getvalue() + plain]
            assert bool(plain) == (event.kind in TOLD)
            json.dumps(facts(event))
    finally:
        messages.use(before)
