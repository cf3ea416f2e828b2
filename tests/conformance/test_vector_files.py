"""The vectors that come with the toolkit: all hold, and each check can fail."""

import json

import pytest

from sscard.conformance.rules import CAPABILITIES, RULES
from sscard.conformance.runner import Status, run, software_cards
from sscard.conformance.vectors import CardState, Vector, default_files, load

VECTORS = load(default_files())
COMPUTED = [vector for vector in VECTORS if not vector.exchange]
PLAYED = [vector for vector in VECTORS if vector.exchange]


def only(vector: Vector) -> Status:
    (result,) = run([vector], software_cards)
    return result.status


@pytest.mark.parametrize("vector", COMPUTED, ids=lambda vector: vector.id)
def test_vector(vector: Vector) -> None:
    (result,) = run([vector], lambda state: None)
    assert (result.status, result.differences, result.reason) == (Status.PASSED, (), "")


@pytest.mark.parametrize("vector", PLAYED, ids=lambda vector: vector.id)
def test_card_vector_on_software_cards(vector: Vector) -> None:
    (result,) = run([vector], software_cards)
    assert (result.status, result.differences) == (Status.PASSED, ())


def test_nothing_got_lost() -> None:
    assert {vector.requires for vector in VECTORS} == CAPABILITIES
    assert sum(vector.origin == "published" for vector in VECTORS) == 25
    assert sum(vector.origin == "spec-derived" for vector in COMPUTED) == 121
    assert len(PLAYED) == 42


def test_every_rule_is_used_and_every_used_rule_is_there() -> None:
    used = {vector.rule for vector in COMPUTED}
    assert used == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_negative_twin_that_differs_in_one_value(rule: str) -> None:
    vectors = [vector for vector in COMPUTED if vector.rule == rule]
    twins = [vector for vector in vectors if vector.negative]
    assert twins
    for twin in twins:
        (model,) = [vector for vector in vectors if vector.id == twin.id.removesuffix("-twin")]
        assert twin.given == model.given
        assert sum(twin.expect[name] != model.expect[name] for name in model.expect) == 1


def test_cards_have_negative_twins_too() -> None:
    assert {vector.card for vector in PLAYED if vector.negative} == set(CardState)


def altered(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value[:-1] + ("1" if value[-1] == "0" else "0")
        case dict():
            name = next(iter(value))
            return {**value, name: altered(value[name])}
        case list():
            return value[:-1]
    raise TypeError(value)


@pytest.mark.parametrize(
    "vector",
    [vector for vector in COMPUTED if not vector.negative],
    ids=lambda vector: vector.id,
)
def test_every_expected_value_is_really_compared(vector: Vector) -> None:
    for name, value in vector.expect.items():
        wrong = {**vector.expect, name: altered(value)}
        row = {"id": "x", "rule": vector.rule, "requires": vector.requires, "origin": "self", "source": "x"}
        changed = Vector(file="", line=0, given=vector.given, expect=wrong, **row)
        (result,) = run([changed], lambda state: None)
        assert [difference.name for difference in result.differences] == [name]
        assert result.status is Status.FAILED


def test_files_are_indented_as_json_writes_them() -> None:
    for path in default_files():
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n", path.name


def test_only_synthetic_regions() -> None:
    printed = {"650100", "110000", "110105"}
    for vector in COMPUTED:
        city = vector.given.get("city_code")
        assert city is None or city in printed or city.startswith(("99", "3399")), vector.id
        body = str(vector.given.get("body", "99"))
        assert not body.isdigit() or body.startswith("99") or body[:6] in printed, vector.id
