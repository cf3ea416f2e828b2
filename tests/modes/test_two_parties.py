"""Step-by-step: party one makes the social-security side, party two the bank's; between them go files and cards."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sscard.emulator.persistent import open_card
from sscard.errors import Exit
from sscard.keys.custody_service import CustodyService
from sscard.keys.service import KeyRef
from sscard.personalize import people
from sscard.personalize.tearproof import difference, lasting
from sscard.personalize.workspace import create_workspace

from .conftest import BANK_KEYS, REGION, Party

MakeParty = Callable[..., Party]
BANK_FILL_KEYS = frozenset({"MKDEBIT"})
COUNT = 4


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    people.write(path, COUNT, seed=3, force=True)
    return path


@pytest.fixture
def first(party: MakeParty, batch: Path) -> Party:
    """Party one, whose cards are ready; it never had the keys that fill the bank's side."""
    one = party("one", without=BANK_FILL_KEYS)
    code, _ = one.make(batch, "social")
    assert code == Exit.OK
    return one


def images(paths: list[Path]) -> dict[str, dict[str, object]]:
    """What lasts of software cards, by their historical bytes."""
    found = {}
    for path in paths:
        with open_card(path) as card:
            found[card.atr.hex()] = lasting(card.inside)
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, table: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    return path


def codes(events: list[dict[str, object]]) -> list[object]:
    return [event["code"] for event in events if event.get("event") == "refused"]


def test_shuffled_cards_find_their_people_and_equal_cards_made_in_one_go(
    first: Party, party: MakeParty, batch: Path
) -> None:
    two, central = party("two", BANK_KEYS), party("central")
    two.take_in(first.drawer[::-1])
    code, events = two.make(batch, "payment", heads=2)
    assert code == Exit.OK
    assert events[-1]["good"] == COUNT
    told = {row["reset_info"]: row["ssn"] for row in rows(first.returned("social"))}
    assert {row["reset_info"]: row["ssn"] for row in rows(two.returned("payment"))} == told
    assert len(told) == COUNT
    assert central.make(batch, "whole")[0] == Exit.OK
    made, whole = images(two.drawer), images(central.drawer)
    assert made.keys() == whole.keys()
    assert [difference(whole[card], made[card]) for card in made] == [""] * COUNT
    for each in (first, two):
        assert each.run("audit", "verify")[0] == Exit.OK


def test_the_bank_needs_its_own_keys_alone_and_by_return_file_none_of_the_others(
    first: Party, party: MakeParty, batch: Path
) -> None:
    two = party("two", frozenset({"MKPSE", "MKDEBIT"}))
    two.take_in(first.drawer)
    code, keys = two.run("keys", "check", "--pass", "payment", "--on", "card_no")
    assert (code, {key["key"] for key in keys}) == (Exit.OK, {"MKPSE", "MKDEBIT"})
    assert two.run("keys", "check", "--pass", "payment")[0] == Exit.FAILED
    assert two.make(batch, "payment")[0] == Exit.FAILED
    assert not two.drawer
    assert two.make(batch, "payment", "--feedback", first.returned("social"))[0] == Exit.OK


def test_keys_of_the_cards_of_a_return_file_are_made_before_they_come(
    first: Party, party: MakeParty, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two, calls = party("two", frozenset({"MKPSE", "MKDEBIT"})), []
    two.take_in(first.drawer)
    real = CustodyService.prepare

    def prepare(service: CustodyService, refs: Sequence[KeyRef], cards: Sequence[bytes]) -> None:
        calls.append(({ref.name for ref in refs}, {card.hex().upper() for card in cards}))
        real(service, refs, cards)

    monkeypatch.setattr(CustodyService, "prepare", prepare)
    table = rows(first.returned("social"))
    assert two.make(batch, "payment", "--feedback", first.returned("social"))[0] == Exit.OK
    assert calls == [({"MKPSE", "MKDEBIT"}, {row["reset_info"][-16:] for row in table})]


def test_linkage_by_card_number_wants_no_key_of_the_first_party(first: Party, party: MakeParty, batch: Path) -> None:
    two = party("two", frozenset({"MKPSE", "MKDEBIT"}))
    two.take_in(first.drawer[::-1])
    assert two.make(batch, "payment", "--on", "card_no")[0] == Exit.OK


def test_a_stranger_is_refused_and_stays_as_it_was(first: Party, party: MakeParty, batch: Path, tmp_path: Path) -> None:
    two = party("two", BANK_KEYS)
    others = write(tmp_path / "others.csv", [row | {"seq": "1"} for row in rows(batch)[1:2]])
    before = images(first.drawer[:1])
    two.take_in(first.drawer[:1])
    code, events = two.make(others, "payment")
    assert (code, codes(events)) == (Exit.PARTLY, ["LINK-STRANGER"])
    assert images(two.drawer) == before


def test_a_row_that_is_made_takes_no_second_card(first: Party, party: MakeParty, batch: Path, tmp_path: Path) -> None:
    """Party one of another place gave the same person a second card: the bank finds it out."""
    other = party("other")
    assert other.make("INIT", "initialise", "--count", COUNT + 1)[0] == Exit.OK
    one = write(tmp_path / "again.csv", [row | {"seq": "1"} for row in rows(batch)[:1]])
    other.take_in(other.drawer[-1:])
    shutil.rmtree(other.root / "cards" / "drawer")
    assert other.make(one, "holder")[0] == Exit.OK
    two = party("two", BANK_KEYS)
    two.take_in([*first.drawer[:1], *other.drawer])
    code, events = two.make(batch, "payment")
    assert (code, codes(events)) == (Exit.PARTLY, ["LINK-GOOD"])
    assert events[-1]["good"] == 1


def test_what_does_not_fit_is_told_before_any_card_moves(
    first: Party, party: MakeParty, batch: Path, tmp_path: Path
) -> None:
    table = rows(first.returned("social"))
    feedback = write(tmp_path / "feedback.csv", [*table[1:], table[1]])
    two = party("two", BANK_KEYS)
    two.take_in(first.drawer)
    code, lines = two.make(batch, "payment", "--feedback", feedback, "--allow-missing")
    assert code == Exit.REFUSED
    assert [(line["trouble"], line["batch_line"], line["feedback_line"], line["other_line"]) for line in lines[:2]] == [
        ("key-twice", None, 5, 2),
        ("no-card", 2, None, None),
    ]
    assert not two.drawer


def test_by_return_file_a_card_it_does_not_name_is_refused(
    first: Party, party: MakeParty, batch: Path, tmp_path: Path
) -> None:
    feedback = write(tmp_path / "feedback.csv", rows(first.returned("social"))[:-1])
    two = party("two", frozenset({"MKPSE", "MKDEBIT"}))
    two.take_in(first.drawer[::-1])
    code, events = two.make(batch, "payment", "--feedback", feedback, "--allow-missing")
    assert codes(events) == ["LINK-NO-FEEDBACK"]
    assert (code, events[-1]["good"], events[-1]["left"]) == (Exit.PARTLY, COUNT - 1, 1)


def test_feedback_that_lies_about_the_card_is_found_on_the_card(
    first: Party, party: MakeParty, batch: Path, tmp_path: Path
) -> None:
    table = rows(first.returned("social"))
    table[0]["reset_info"], table[1]["reset_info"] = table[1]["reset_info"], table[0]["reset_info"]
    two = party("two", BANK_KEYS)
    two.take_in(first.drawer)
    _, events = two.make(batch, "payment", "--feedback", write(tmp_path / "feedback.csv", table))
    assert codes(events) == ["LINK-DIFFERS"] * 2
    assert events[-1]["good"] == COUNT - 2


def test_a_card_of_another_issuer_loses_no_try(first: Party, party: MakeParty, batch: Path, tmp_path: Path) -> None:
    place = create_workspace(tmp_path / "alien", demo=True, region=REGION, seed=99)
    alien = Party(place.root, first.capsys)
    assert alien.make(batch, "social")[0] == Exit.OK
    two = party("two", BANK_KEYS)
    before = images(alien.drawer[:1])
    two.take_in(alien.drawer[:1])
    _, events = two.make(batch, "payment")
    assert codes(events) == ["CARD-NOT-OURS"]
    assert images(two.drawer) == before


def test_wrong_cards_at_the_bank(first: Party, party: MakeParty, batch: Path) -> None:
    two, central = party("two", BANK_KEYS), party("central")
    assert central.make(batch, "whole")[0] == Exit.OK
    two.take_in(central.drawer[:1])
    assert codes(two.make(batch, "payment")[1]) == ["CARD-NOT-HOLLOW"]
    assert central.make("INIT", "initialise", "--count", 1)[0] == Exit.OK
    shutil.rmtree(two.root / "cards" / "drawer")
    two.take_in(central.drawer[-1:])
    assert codes(two.make(batch, "payment")[1]) == ["CARD-ITEM-EMPTY"]


def test_both_passes_in_one_workspace_are_two_jobs_that_balance(party: MakeParty, batch: Path) -> None:
    both = party("both")
    assert both.make(batch, "social")[0] == Exit.OK
    assert both.make(batch, "whole")[0] == Exit.REFUSED
    both.take_in(both.drawer)
    shutil.rmtree(both.root / "cards" / "drawer")
    assert both.make(batch, "payment")[0] == Exit.OK
    _, jobs = both.run("jobs")
    found = {job["batch"]: (job["rows"], job["good"], job["left"], job["ties"]) for job in jobs}
    assert found == {f"people.csv/{name}": (COUNT, COUNT, 0, True) for name in ("social", "payment")}
    assert both.run("audit", "verify")[0] == Exit.OK
