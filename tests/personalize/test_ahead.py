"""Rows made ready before their cards come are the rows their cards would have found."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.errors import CustodyError, PlanError
from sscard.keys.service import KeyRef, KeyService
from sscard.personalize import people
from sscard.personalize.ahead import CARDS_AT_ONCE, Ahead, KeysAhead
from sscard.personalize.batch import Batch, open_batch
from sscard.personalize.plan import Filled, Template, compile_profile

SERIAL = bytes.fromhex("00000017")


@pytest.fixture(scope="module")
def template() -> Template:
    profile = load_profile("ssc3-sm4")
    return compile_profile(profile, load_dialect(profile.dialect), "990101", "990101")


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    people.write(tmp_path / "b.csv", 5)
    return open_batch(tmp_path / "b.csv", region="990101", demo=True)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows that were filled, in order."""
    rows: list[int] = []
    real = Template.fill

    def fill(self: Template, record: object) -> Filled:
        rows.append(record.seq)  # type: ignore[attr-defined]
        return real(self, record)  # type: ignore[arg-type]

    monkeypatch.setattr(Template, "fill", fill)
    return rows


def test_a_row_made_ready_has_the_plan_it_would_have_had(batch: Batch, template: Template, made: list[int]) -> None:
    ahead = Ahead(batch, template)
    ahead.get_ready(1)
    assert made == [1]
    plan = ahead.plan(ahead.record(1), SERIAL)
    assert made == [1]
    assert plan == template.plan(batch.record(1), SERIAL)
    assert plan != template.plan(batch.record(1), bytes(4))
    assert plan != template.plan(batch.record(2), SERIAL)


def test_few_steps_wait_for_the_card(batch: Batch, template: Template) -> None:
    filled = template.fill(batch.record(1))
    assert 0 < len(filled.makers) < len(template.makers) / 4


def test_as_many_rows_are_ready_as_there_are_heads(batch: Batch, template: Template, made: list[int]) -> None:
    ahead = Ahead(batch, template)
    for _ in range(4):
        ahead.get_ready(2)
    assert made == [1, 2]
    ahead.plan(ahead.record(1), SERIAL)
    for _ in range(9):
        ahead.get_ready(7)
    assert made == [1, 2, 3, 4, 5]  # and none beyond the last


def test_rows_passed_over_or_queued_again_are_made_at_their_turn(
    batch: Batch, template: Template, made: list[int]
) -> None:
    ahead = Ahead(batch, template)
    ahead.get_ready(2)
    ahead.get_ready(2)
    assert ahead.record(4) == batch.record(4)
    assert ahead.record(2) == batch.record(2)
    ahead.plan(ahead.record(2), SERIAL)
    assert made == [1, 2, 2]
    ahead.get_ready(2)
    assert made == [1, 2, 2, 5]


def test_what_is_wrong_with_a_row_is_said_when_its_card_is_there(
    batch: Batch, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_template: Template, _record: object) -> Filled:
        raise PlanError("plan-value", seq=1, line=2, item="09")

    monkeypatch.setattr(Template, "fill", refuse)
    ahead = Ahead(batch, template)
    ahead.get_ready(1)
    with pytest.raises(PlanError):
        ahead.plan(ahead.record(1), SERIAL)


class Counted:
    """A key service that notes which cards it was asked to prepare for."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[tuple[KeyRef, ...], tuple[bytes, ...]]] = []
        self._error = error

    def prepare(self, refs: tuple[KeyRef, ...], cards: tuple[bytes, ...]) -> None:
        self.calls.append((refs, cards))
        if self._error is not None:
            raise self._error


CARDS = tuple(number.to_bytes(8) for number in range(100))
REFS = (KeyRef("RKSSSE", "990101"),)


def keys_ahead(service: Counted, cards: tuple[bytes, ...] = CARDS) -> KeysAhead:
    return KeysAhead(cast(KeyService, service), REFS, cards)


def test_keys_are_made_a_block_of_cards_at_a_time() -> None:
    service = Counted()
    ahead = keys_ahead(service)
    for number, card in enumerate(CARDS):
        ahead.get_ready(2)
        assert number < sum(len(cards) for _, cards in service.calls), "ready before it came"
        ahead.came(card)
    ahead.get_ready(2)
    assert [len(cards) for _, cards in service.calls] == [CARDS_AT_ONCE, CARDS_AT_ONCE, 100 - 2 * CARDS_AT_ONCE]
    assert b"".join(card for _, cards in service.calls for card in cards) == b"".join(CARDS)
    assert {refs for refs, _ in service.calls} == {REFS}


def test_cards_nobody_told_of_ask_for_nothing() -> None:
    service = Counted()
    ahead = keys_ahead(service, ())
    ahead.get_ready(4)
    ahead.came(CARDS[0])
    assert service.calls == []


def test_a_key_that_cannot_be_made_ahead_is_told_at_its_turn() -> None:
    service = Counted(CustodyError("key-missing", key="RKSSSE"))
    keys_ahead(service).get_ready(1)
    assert len(service.calls) == 1
