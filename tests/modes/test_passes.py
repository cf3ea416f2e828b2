"""Passes as data: what the profiles say, what a profile may not say, and cards torn in each pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.passes import WHOLE, Book, plain
from sscard.cos.profile import load_profile, parse_profile, profile_names
from sscard.emulator.blank import blank_card
from sscard.errors import PlanError, ProfileError
from sscard.personalize.admission import card_identity
from sscard.personalize.plan import compile_profile
from sscard.personalize.sample import (
    INIT_ORG,
    PERSON,
    REGION,
    SERIAL,
    PassMaker,
    line_of,
    personalized_card,
    sample_keys,
)
from sscard.personalize.tearproof import Outcome, Proof, difference, lasting, trials

KINDS = ("ssc3-sm4", "ssc1-des", "training-fmcos")
LINES = [(name, each.name) for name in KINDS for each in load_profile(name).passes if each.after]


@pytest.mark.parametrize("name", profile_names())
def test_every_pass_of_every_profile_compiles(name: str) -> None:
    profile = load_profile(name)
    for each in (profile.whole, *profile.passes):
        template = compile_profile(profile, load_dialect(profile.dialect), REGION, INIT_ORG, each)
        assert [step.stage for step in template.steps][-1] == "verify"
        assert (template.pass_, each.takes_blanks) == (each, not each.after)


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("ssc3-sm4", ("initialise", "holder", "payment")),
        ("ssc3-sm4", ("social", "payment")),
        ("ssc2-des", ("social", "payment")),
        ("ssc1-des", ("initialise", "holder")),
        ("training-fmcos", ("initialise", "holder", "payment")),
    ],
)
def test_passes_one_after_the_other_make_the_card_of_one_go(name: str, passes: tuple[str, ...]) -> None:
    profile = load_profile(name)
    card = blank_card(profile, SERIAL, area=REGION[:4])
    channel, dialect = Channel(card), load_dialect(profile.dialect)
    maker = PassMaker(channel, dialect, sample_keys(profile), card_identity(channel, dialect))
    before = lasting(card)
    for each in passes:
        maker.carry_out(profile, profile.pass_named(each), PERSON)
        assert difference(before, lasting(card))
        before = lasting(card)
    assert difference(lasting(personalized_card(name)), lasting(card)) == ""


@pytest.mark.parametrize(("name", "pass_name"), LINES)
def test_cards_torn_in_a_later_pass_end_as_untorn_ones(name: str, pass_name: str, tmp_path: Path) -> None:
    profile = load_profile(name)
    proof = Proof(tmp_path, profile, pass_=profile.pass_named(pass_name))
    found = list(proof.run(trials(proof.commands(), every=6, doubles=3)))
    assert {finding.outcome for finding in found} == {Outcome.IDENTICAL}
    assert sum(finding.tears for finding in found) >= len(found)
    assert max(finding.wrong for finding in found) == 0


@pytest.mark.parametrize("pass_name", ["initialise", "social"])
def test_cards_torn_in_a_first_pass_end_as_untorn_ones(pass_name: str, tmp_path: Path) -> None:
    profile = load_profile("ssc3-sm4")
    proof = Proof(tmp_path, profile, pass_=profile.pass_named(pass_name))
    found = list(proof.run(trials(proof.commands(), every=120, doubles=2)))
    assert {finding.outcome for finding in found} == {Outcome.IDENTICAL}


def test_keys_follow_the_plan() -> None:
    profile = load_profile("ssc3-sm4")
    dialect = load_dialect(profile.dialect)

    def keys(name: str) -> set[str]:
        template = compile_profile(profile, dialect, REGION, INIT_ORG, profile.pass_named(name))
        return {ref.name for ref in template.key_refs()}

    assert keys("payment") == {"MKPSE", "MKDEBIT"}
    assert keys("holder") == {"IRK", "RKSSSE", "UKSSSE"}
    assert keys(WHOLE) - keys("social") == {"MKDEBIT"}
    assert keys("social") == keys("initialise")


def test_a_pass_follows_its_line() -> None:
    profile = load_profile("ssc3-sm4")
    assert [each.name for each in line_of(profile, profile.pass_named("payment"))] == ["social", "payment"]
    assert [each.name for each in line_of(profile, profile.whole)] == [WHOLE]


@pytest.mark.parametrize(
    ("book", "entry"), [(Book.PERSON, "AB"), (Book.BLANK, "AB/blank"), (Book.PAYMENT, "AB/payment")]
)
def test_books_name_their_entries_apart(book: Book, entry: str) -> None:
    assert book.entry("AB") == entry
    assert plain(entry) == "AB"


HEAD = 'extends = "ssc3-sm4"\nname = "p"\n'


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('[[replace]]\nat = "holder"\nafter = "nothing"\n', "profile-pass-after"),
        ('[[replace]]\nat = "social"\nafter = "initialise"\n', "profile-pass-after"),
        ('[[replace]]\nat = "social"\nlink = "ssn"\n', "profile-pass-link"),
        ('[[replace]]\nat = "payment"\nlink = "name"\n', "profile-choice"),
        ('[[replace]]\nat = "payment"\nbook = "shelf"\n', "profile-choice"),
        ('[[replace]]\nat = "payment"\nmust_be_set = ["SSSE/EF05/99"]\n', "profile-pass-place"),
        ('[[replace]]\nat = "payment"\nmust_be_empty = ["DF01"]\n', "profile-pass-place"),
        ('[[replace]]\nat = "payment"\nname = "whole"\n', "profile-repeated"),
        ('[[replace]]\nat = "payment"\ncolour = "red"\n', "profile-unknown-value"),
    ],
)
def test_a_profile_may_not_say_nonsense_of_its_passes(text: str, rule: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile((HEAD + text).encode(), "p.toml")
    assert caught.value.key == rule


def test_a_region_may_have_passes_of_its_own() -> None:
    text = HEAD + '[[replace]]\nat = "payment"\nlink = "card_no"\n[[remove]]\nat = ["holder"]\n'
    profile = parse_profile(text.encode(), "p.toml")
    assert profile.pass_named("payment").link == "card_no"
    assert [each.name for each in profile.passes] == ["initialise", "social", "payment"]


def test_what_opens_to_the_pin_alone_cannot_be_proved_without_one() -> None:
    profile = load_profile("ssc3-sm4")
    first = profile.pass_named("initialise")
    bare = replace(first, stages=tuple(stage for stage in first.stages if stage != "pin"))
    with pytest.raises(PlanError) as caught:
        compile_profile(profile, load_dialect(profile.dialect), REGION, INIT_ORG, bare)
    assert caught.value.key == "pass-needs-pin"


def test_certificates_want_a_card_that_has_the_application() -> None:
    profile = load_profile("ssc3-sm4")
    wanted = replace(profile.pass_named("holder"), stages=("person", "certificates", "verify"))
    with pytest.raises(PlanError) as caught:
        compile_profile(profile, load_dialect(profile.dialect), REGION, INIT_ORG, wanted)
    assert caught.value.key == "pass-no-pki"
