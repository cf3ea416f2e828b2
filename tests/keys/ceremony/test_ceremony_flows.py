"""Whole ceremonies, from the first step to the signatures."""

from __future__ import annotations

import pytest

from sscard.errors import CustodyError, GuardRefused
from sscard.keys.ceremony.actions import ACTIONS
from sscard.keys.ceremony.carriers import Carrier
from sscard.keys.ceremony.counting import carriers_done
from sscard.keys.ceremony.script import load, names
from sscard.keys.store import State


def test_local_keys_are_generated_written_proved_counted_and_sealed(hall) -> None:
    story = hall.hold("generate-local", region="99", version="5")
    assert story.finished
    made = [entry for entry in hall.vault() if entry.version == 5]
    assert len(made) == 16
    assert {entry.region for entry in made} == {"99"}
    assert [tuple(line[:2]) for line in story.fact("generate.keys")] == sorted(
        (str(entry), entry.check_value.hex().upper()) for entry in made
    )
    assert story.fact("cards.keys") == story.fact("generate.keys")
    assert {item: len(serials) for item, serials in carriers_done(story).items()} == {
        "mother-card": 2,
        "transport-card": 2,
    }
    assert len({seal["seal"] for seal in story.fact("seal.seals")}) == 4
    assert set(story.entries[-1].signed_by) == set(story.opening["cast"].values())


def test_keys_go_to_another_unit_by_mother_and_transport_card(hall, other_hall) -> None:
    issued = hall.hold("issue-keys", to="99/990101", owner="national", version="1")
    other_hall.people.cards = hall.people.cards
    received = other_hall.hold("receive-keys", region="99/990101", version="1")
    assert received.fact("receive.keys") == issued.fact("cards.keys")
    here = {entry.place: entry.check_value for entry in hall.vault()}
    there = [entry for entry in other_hall.vault() if entry.region == "990101" and entry.version == 1]
    arrived = [entry for entry in there if entry.level.value == "national"]
    assert len(arrived) == 39
    assert all(here[entry.place] == entry.check_value for entry in arrived)


def test_a_city_gets_keys_of_both_owners_derived_for_it(hall, other_hall) -> None:
    story = hall.hold("delegate-keys", to="99/990102", version="1")
    labels = [line[0] for line in story.fact("cards.keys")]
    assert len(labels) == 55
    assert all(label.endswith("@990102") for label in labels)


def test_an_upgrade_leaves_the_old_version_in_use(hall) -> None:
    before = {entry.place: entry for entry in hall.vault()}
    hall.hold("upgrade-keys", owner="national", region="-", version="9")
    after = {entry.place: entry for entry in hall.vault()}
    assert all(after[place] == entry for place, entry in before.items())
    new = after.keys() - before.keys()
    assert len(new) == 39
    assert {place[1:] for place in new} == {("", 9)}


def test_keys_that_are_there_are_never_made_again(hall) -> None:
    with pytest.raises(CustodyError) as raised:
        hall.hold("generate-local", region="99", version="1")
    assert raised.value.key == "ceremony-keys-exist"


def test_destroyed_keys_leave_a_trace_and_nothing_above_takes_their_place(hall) -> None:
    hall.hold("destroy-keys", case="D-001", key="STKDF04:v1", region="990101")
    vault = hall.vault()
    entry = next(entry for entry in vault if entry.place == ("STKDF04", "990101", 1))
    assert entry.state is State.DESTROYED
    assert len(vault.value(entry)) == 0
    with pytest.raises(CustodyError) as raised:
        vault.nearest("STKDF04", "990101", 1)
    assert raised.value.key == "key-state"
    assert vault.nearest("STKDF04", "99", 1).region == "99"


def test_destroyed_carriers_are_wiped_for_good(hall) -> None:
    hall.hold("issue-keys", to="99", owner="all", version="1")
    hall.hold("destroy-carriers", case="D-002")
    for card in hall.people.cards.values():
        assert card.chip.terminated
        assert card.chip.content == b""
    with pytest.raises(GuardRefused) as raised:
        hall.people.carrier(Carrier.MOTHER, 1)
    assert raised.value.key == "carrier-terminated"


@pytest.mark.parametrize("name", names())
def test_every_script_loads_and_has_two_people_and_both_languages(name: str) -> None:
    script = load(name, frozenset(ACTIONS))
    assert len(script.roles) >= 2
    assert all(step.words.zh != step.words.en for step in script.steps)
