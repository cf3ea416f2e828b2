"""Instant issue: cards initialised in stock, at the counter only the holder is written; one command for one or many."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sscard.cos.profile import load_profile
from sscard.emulator import image
from sscard.emulator.blank import blank_card
from sscard.emulator.persistent import open_card
from sscard.errors import Exit
from sscard.personalize import people
from sscard.personalize.tearproof import difference, lasting

from .conftest import Party

MakeParty = Callable[..., Party]
COUNTER_KEYS = frozenset({"IRK", "RKSSSE", "UKSSSE"})
"""A counter has no master key and no transport code."""


@pytest.fixture
def stock(party: MakeParty) -> Party:
    """A bureau with three initialised cards."""
    bureau = party("bureau")
    code, events = bureau.make("INIT-1", "initialise", "--count", 3)
    assert code == Exit.OK
    assert (events[-1]["good"], events[-1]["left"]) == (3, 0)
    return bureau


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes(events: list[dict[str, object]]) -> list[object]:
    return [event["code"] for event in events if event.get("event") == "refused"]


def test_the_return_file_lists_initialised_cards_and_nobody(stock: Party) -> None:
    table = rows(stock.returned("initialise"))
    assert len({row["card_id"] for row in table}) == 3
    assert {(row["ssn"], row["name"], row["card_no"], row["result"]) for row in table} == {("", "", "", "good")}
    assert stock.run("audit", "verify")[0] == Exit.OK


def test_the_counter_writes_the_holder_with_three_keys(stock: Party, party: MakeParty, one: Path) -> None:
    counter, central = party("counter", COUNTER_KEYS), party("central")
    counter.take_in(stock.drawer[:1])
    code, events = counter.make(one, "holder")
    assert (code, events[-1]["good"]) == (Exit.OK, 1)
    (row,) = rows(counter.returned("holder"))
    assert row["reset_info"] == rows(stock.returned("initialise"))[0]["reset_info"]
    assert central.make(one, "social")[0] == Exit.OK
    with open_card(counter.drawer[0]) as made, open_card(central.drawer[0]) as whole:
        assert difference(lasting(whole.inside), lasting(made.inside)) == ""


def test_one_workspace_initialises_and_issues(stock: Party, tmp_path: Path) -> None:
    batch = tmp_path / "two.csv"
    people.write(batch, 2, seed=6, force=True)
    stock.take_in(stock.drawer)
    code, events = stock.make(batch, "holder", heads=2)
    assert (code, events[-1]["good"]) == (Exit.OK, 2)
    _, jobs = stock.run("jobs")
    assert {(job["job"].split("-")[-2], job["rows"], job["good"], job["left"]) for job in jobs} == {
        ("initialise", 3, 3, 0),
        ("holder", 2, 2, 0),
    }
    assert stock.run("audit", "verify")[0] == Exit.OK


def test_a_card_with_a_holder_gets_no_other(stock: Party, party: MakeParty, one: Path, tmp_path: Path) -> None:
    counter, next_door = party("counter", COUNTER_KEYS), party("next-door", COUNTER_KEYS)
    counter.take_in(stock.drawer[:1])
    assert counter.make(one, "holder")[0] == Exit.OK
    other = tmp_path / "other.csv"
    people.write(other, 1, seed=9, force=True)
    next_door.take_in(counter.drawer)
    assert codes(next_door.make(other, "holder")[1]) == ["CARD-HAS-HOLDER"]


def test_a_card_nobody_initialised_is_refused(party: MakeParty, one: Path) -> None:
    counter = party("counter", COUNTER_KEYS)
    image.save(blank_card(load_profile("ssc3-sm4"), 1), counter.root / "cards" / "blank.json")
    _, events = counter.make(one, "holder")
    assert codes(events) == ["CARD-NOT-BEGUN"]


def test_a_person_with_a_card_gets_none_by_another_pass(stock: Party, one: Path) -> None:
    stock.take_in(stock.drawer[:1])
    assert stock.make(one, "holder")[0] == Exit.OK
    assert stock.make(one, "whole")[0] == Exit.REFUSED
    assert stock.make(one, "social")[0] == Exit.REFUSED


def test_an_order_is_resumed_by_its_name_and_count_and_never_changes(stock: Party) -> None:
    code, _ = stock.make("INIT-1", "initialise", "--count", 3)
    assert code == Exit.REFUSED
    code, _ = stock.make("INIT-1", "initialise", "--count", 4)
    assert code == Exit.REFUSED
    assert stock.make("INIT-2", "initialise", "--count", 1)[0] == Exit.OK


@pytest.mark.parametrize(
    ("batch", "pass_name", "words"),
    [
        ("INIT", "initialise", ()),
        ("no/such.csv", "initialise", ("--count", 1)),
        ("one.csv", "holder", ("--count", 1)),
        ("one.csv", "holder", ("--on", "ssn")),
        ("one.csv", "holder", ("--feedback", "x.csv")),
    ],
)
def test_options_that_have_no_meaning_are_told(
    batch: str, pass_name: str, words: tuple[object, ...], party: MakeParty, one: Path
) -> None:
    counter = party("counter")
    given = one if batch == "one.csv" else batch
    assert counter.make(given, pass_name, *words)[0] == Exit.USAGE


def test_the_workspace_may_name_its_pass(stock: Party, party: MakeParty, one: Path) -> None:
    counter = party("counter", COUNTER_KEYS)
    settings = counter.root / "sscard.toml"
    settings.write_text(settings.read_text("utf-8") + 'pass = "holder"\n', encoding="utf-8")
    counter.take_in(stock.drawer[:1])
    words = ("personalize", one, "--reader", "emulator", "--wait", "0.05")
    assert counter.run(*words)[0] == Exit.OK
    assert counter.run(*words, "--pass", "polish")[0] == Exit.FAILED


@pytest.mark.parametrize("pass_name", ["initialise", "holder", "social", "payment"])
def test_a_dry_run_of_every_pass(pass_name: str, party: MakeParty, one: Path) -> None:
    central = party("central")
    words = ("INIT", "--count", 2) if pass_name == "initialise" else (one,)
    code, (facts,) = central.run("personalize", *words, "--pass", pass_name, "--dry-run")
    assert (code, facts["pass"]) == (Exit.OK, pass_name)
    assert not central.drawer


def test_a_journal_that_a_kill_left_empty_and_unnamed_is_no_finding(stock: Party) -> None:
    """The file is there before the chain names it: a kill between the two leaves no gap."""
    (folder,) = (stock.root / "jobs").iterdir()
    left = folder / "00000000000000000099-1.jrnl"
    left.touch()
    assert stock.run("audit", "verify")[0] == Exit.OK
    left.write_text("{}\n")
    assert stock.run("audit", "verify")[0] == Exit.FAILED


def test_what_a_pass_was_made_of_is_erased_like_any_batch(stock: Party, one: Path, tmp_path: Path) -> None:
    stock.take_in(stock.drawer[:1])
    assert stock.make(one, "holder")[0] == Exit.OK
    job = stock.returned("holder").name.removesuffix("-return.csv")
    assert stock.run("jobs", "close", job, "--blanks", 1, "--left", 0)[0] == Exit.OK
    other = tmp_path / "other.csv"
    other.write_text("990101")
    assert stock.run("erase", job, other, "--yes")[0] == Exit.REFUSED
    copy = tmp_path / "copy.csv"
    shutil.copy(one, copy)
    assert stock.run("erase", job, one, "--yes")[0] == Exit.OK
    assert not one.exists()
    code, told = stock.run("erase", job, "--verify", tmp_path)
    assert (code, str(copy) in str(told)) == (Exit.FAILED, True)
