"""The profile pboc-purse: made, proved and read; what a purse must say in a profile; rights by state on the card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.model import Structure
from sscard.cos.profile import load_profile, parse_profile
from sscard.cos.profile_diff import changes
from sscard.cos.profile_lint import lint
from sscard.emulator.blank import blank_card
from sscard.emulator.fmcos import FmcosCard
from sscard.emulator.fmcos.nodes import Block
from sscard.errors import GuardRefused, PlanError, ProfileError
from sscard.personalize.admission import require_blank
from sscard.personalize.arithmetic import minimum
from sscard.personalize.plan import compile_profile
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, personalized_card, sample_keys
from sscard.personalize.tearproof import Outcome, Proof, trials
from sscard.terminal.identify import CardKind, CardState, identify
from sscard.terminal.read import Outcome as Reading
from sscard.terminal.read import profile_for, read_files, targets
from sscard.terminal.session import CardSession, pin_block

NAME = "pboc-purse"
RAW = (Path(__file__).parents[2] / "sscard/cos/profiles/pboc-purse.toml").read_text(encoding="utf-8")
ED = 'structure = "purse"\nsize = 22\nread = "PIN"\nupdate = "never"'


def altered(*pairs: tuple[str, str]) -> bytes:
    text = RAW
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def word(channel: Channel, apdu: str) -> int:
    return channel.send(Command.parse(bytes.fromhex(apdu))).sw


def test_made_with_no_exchange_too_many() -> None:
    assert personalized_card(NAME).commands == minimum(load_profile(NAME)).total


def test_the_counter_knows_the_card_and_reads_all_of_it() -> None:
    profile, card = load_profile(NAME), personalized_card(NAME)
    channel = Channel(card)
    identity = identify(channel)
    assert (identity.kind, identity.state, identity.system) == (CardKind.PURSE, CardState.ISSUED, "fmcos")
    assert (identity.card_id, identity.region, identity.generation) == ("99010100000000000017", REGION, "")
    assert profile_for(identity) is profile
    session = CardSession(channel, profile, identity, sample_keys(profile), pin_block("123456"))
    results = {result.file.name: result for result in read_files(session, targets(profile, []))}
    assert {result.outcome for result in results.values()} == {Reading.READ}
    texts = {name: [value.text for value in result.values] for name, result in results.items()}
    assert texts["EF15"] == ["9901010000009999", "03", "01", "99010100000000000017", "20260601", "20360601", ""]
    assert texts["EF16"][2:4] == [PERSON.name, PERSON.ssn]
    assert (texts["EF18"], texts["ED"], texts["EP"]) == ([], ["0"], ["0"])


def test_select_shows_the_public_file() -> None:
    channel = Channel(personalized_card(NAME))
    channel.call(Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00"))
    fci = channel.call(Command.parse(bytes.fromhex("00A4040009A0000000038698070100")))
    content = channel.call(Command(0x00, 0xB0, 0x95, 0x00, le=30))
    assert bytes.fromhex("9F0C1E") + content in fci


def test_the_other_cards_are_still_themselves() -> None:
    assert identify(Channel(personalized_card("training-fmcos"))).kind is CardKind.SOCIAL_SECURITY
    assert identify(Channel(blank_card(load_profile(NAME), 1))).kind is CardKind.BLANK


def test_a_blocked_application_is_seen() -> None:
    card = personalized_card(NAME)
    assert isinstance(card, FmcosCard)
    card.directory("3F01").block = Block.PERMANENT
    identity = identify(Channel(card))
    assert (identity.kind, identity.state) == (CardKind.PURSE, CardState.BLOCKED)


def test_rights_by_state() -> None:
    """From a fresh reset: what is free, what the PIN opens, and nothing more."""
    profile = load_profile(NAME)
    channel = Channel(personalized_card(NAME))
    files = {"EF15": "00B0950001", "EF16": "00B0960001", "EF18": "00B201C417"}
    forbidden = ("00D6950001AA", "00E200C417" + "00" * 23, "00DC01C417" + "00" * 23, "80E000090728000100F0FFFF")

    def words() -> dict[str, int]:
        return {name: word(channel, apdu) for name, apdu in files.items()}

    for select in load_dialect("fmcos").path(profile, profile.home):
        channel.call(select)
    assert words() == {"EF15": 0x9000, "EF16": 0x6982, "EF18": 0x6982}
    assert (word(channel, "805C000204"), word(channel, "805C000104")) == (0x9000, 0x6982)
    assert {word(channel, apdu) for apdu in forbidden} == {0x6982}
    channel.call(Command.parse(bytes.fromhex("0020000003123456")))
    assert words() == {"EF15": 0x9000, "EF16": 0x9000, "EF18": 0x6A83}
    assert word(channel, "805C000104") == 0x9000
    assert {word(channel, apdu) for apdu in forbidden} == {0x6982}


def test_a_card_of_this_or_another_job_is_not_written_again() -> None:
    for made, wanted, reason in (
        (NAME, NAME, "card-application"),
        ("training-fmcos", NAME, "card-has-keys"),
        (NAME, "training-fmcos", "card-has-keys"),
    ):
        with pytest.raises(GuardRefused) as caught:
            require_blank(Channel(personalized_card(made)), load_profile(wanted))
        assert caught.value.key == reason


def test_torn_cards_end_as_untorn_ones(tmp_path: Path) -> None:
    proof = Proof(tmp_path, load_profile(NAME))
    findings = list(proof.run(trials(proof.commands(), every=7, doubles=5)))
    assert len(findings) > 20
    assert [finding for finding in findings if finding.outcome is not Outcome.IDENTICAL] == []


@pytest.mark.parametrize(
    ("pairs", "rule", "place"),
    [
        ((('log = "EF18"', 'log = "EF15"'),), "profile-purse-log", "PURSE/ED/log"),
        ((('log = "EF18"\n', ""),), "profile-purse-log", "PURSE/ED/log"),
        (
            (("record_length = 0x17", "record_length = 0x16"), ('type = "cn", length = 7', 'type = "cn", length = 6')),
            "profile-purse-log",
            "PURSE/ED/log",
        ),
        ((('update = "never"\nitems', 'update = "never"\nlog = "EF18"\nitems'),), "profile-purse-log", "EF18/log"),
        ((('shown = "EF15"', 'shown = "EF14"'),), "profile-unknown-file", "PURSE/shown"),
        (
            (('"balance (fen)", type = "b", length = 4', '"balance (fen)", type = "b", length = 3'),),
            "profile-sum",
            "ED",
        ),
        (
            (('en = "issuer", type = "cn", length = 8', 'en = "issuer", type = "cn", length = 9'),),
            "profile-sum",
            "EF15",
        ),
        ((('kind = "ADF"', 'kind = "DDF"\nparent = "PURSE"'),), "profile-homeless", ""),
    ],
)
def test_a_profile_that_contradicts_itself(pairs: tuple[tuple[str, str], ...], rule: str, place: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile(altered(*pairs), "p.toml")
    assert caught.value.key == rule
    assert place in str(caught.value.fields["place"])


def test_lint_and_diff_know_purses() -> None:
    assert lint(load_profile(NAME), NAME) == ()
    changed = parse_profile(altered((ED, ED.replace("PIN", "free"))), "p")
    (change,) = changes(load_profile(NAME), changed)
    assert (change.node.place, change.fact, change.before, change.after) == ("PURSE/ED", "read", "PIN", "free")
    unwritable = parse_profile(altered((ED, ED.replace("never", "free"))), "p")
    assert [finding.rule for finding in lint(unwritable, "p")] == ["lint-file-without-key"]


@pytest.mark.parametrize("dialect", ["t514", "smartcos"])
def test_a_cos_that_has_no_such_file_says_so(dialect: str) -> None:
    raw = altered(('dialect = "fmcos"', f'dialect = "{dialect}"'))
    raw = raw.replace(b'protection = "mac"\nline_key = "PLINE"\n', b"")
    profile = parse_profile(raw, "p.toml")
    assert profile.home.file("ED").structure is Structure.PURSE
    with pytest.raises(PlanError) as caught:
        compile_profile(profile, load_dialect(dialect), REGION, INIT_ORG)
    assert caught.value.key.startswith("dialect-")


def test_a_name_too_long_for_its_field_is_refused_not_cut() -> None:
    profile = load_profile(NAME)
    template = compile_profile(profile, load_dialect("fmcos"), REGION, INIT_ORG)
    template.plan(replace(PERSON, name="测试一二三四五六七八"), bytes(4))
    with pytest.raises(PlanError) as caught:
        template.plan(replace(PERSON, name="测试一二三四五六七八九"), bytes(4))
    assert caught.value.key == "plan-value"
