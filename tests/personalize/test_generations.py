"""Cards of every generation made, proved and read on the software card, with as few exchanges as possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.keyset import unlisted_keys
from sscard.cos.model import KeyKind
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard
from sscard.emulator.nodes import KeyType
from sscard.emulator.options import options_for
from sscard.errors import CustodyError, GuardRefused, PlanError, ProfileError
from sscard.keys import diversify
from sscard.keys.family import Algorithm, DesFamily, family_of, register
from sscard.keys.hierarchy import memory_service
from sscard.keys.service import KeyRef
from sscard.personalize import people
from sscard.personalize.admission import require_blank
from sscard.personalize.arithmetic import minimum
from sscard.personalize.batch import open_batch
from sscard.personalize.job import compile_for, open_production
from sscard.personalize.plan import compile_profile
from sscard.personalize.rehearsal import rehearse
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, personalized_card, sample_keys
from sscard.personalize.workspace import create_workspace
from sscard.terminal.identify import identify
from sscard.terminal.read import Outcome, profile_for, read_files, targets
from sscard.terminal.session import CardSession, pin_block

DES_PROFILES = ("ssc1-des", "ssc2-des")
ALL = (*DES_PROFILES, "ssc3-sm4", "ssc2-des+overlay-informative", "ssc3-sm4+overlay-informative")
SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")


@pytest.mark.parametrize("name", ALL)
def test_exchanges_are_the_arithmetic_minimum(name: str) -> None:
    assert personalized_card(name).commands == minimum(load_profile(name)).total


@pytest.mark.parametrize("name", ALL)
def test_the_terminal_knows_the_card_and_reads_all_of_it(name: str) -> None:
    profile, card = load_profile(name), personalized_card(name)
    channel = Channel(card)
    identity = identify(channel)
    assert identity.generation == profile.generation[:3]
    assert (identity.algorithm, identity.algorithm_stated) == (profile.algorithm, name != "ssc1-des")
    assert profile_for(identity).name == name.partition("+")[0]
    session = CardSession(channel, profile, identity, sample_keys(profile), pin_block("123456"))
    results = list(read_files(session, targets(profile, ["all"])))
    assert {result.outcome for result in results} == {Outcome.READ}
    assert len(results) == sum(len(directory.files) for directory in profile.directories)
    by_file = {(r.directory.name, r.file.name): r for r in results}
    assert by_file["SSSE", "EF06"].holder == "测试甲"
    number = next(value.text for value in by_file["SSSE", "EF05"].values if value.tag == 7)
    assert number == "T00000044"


FCI = {
    "ssc1-des": "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B",
    "ssc2-des": "6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C03860101",
    "ssc3-sm4": "6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C03860103",
}


@pytest.mark.parametrize("name", FCI)
def test_the_fci_of_each_generation(name: str) -> None:
    channel = Channel(personalized_card(name))
    assert channel.call(Command(0x00, 0xA4, 0x04, 0x00, SSSE, 256)).hex().upper() == FCI[name]


def test_sex_stands_one_record_earlier_on_the_first_generation() -> None:
    for name, number in (("ssc1-des", 3), ("ssc2-des", 4)):
        channel = Channel(personalized_card(name))
        channel.call(Command(0x00, 0xA4, 0x04, 0x00, SSSE))
        assert channel.call(Command(0x00, 0xB2, number, 0x34, le=3)) == b"\x0a\x012"


@pytest.mark.parametrize("name", DES_PROFILES)
def test_keys_on_a_des_card_are_derived_by_3des_and_maintenance_keys_are_short(name: str) -> None:
    profile, card = load_profile(name), personalized_card(name)
    service = sample_keys(profile)
    assert card.chip.algorithm is Algorithm.DES
    factor = diversify.card_factor(card.chip.historical)
    for directory in profile.directories:
        stored = card.directory(f"{directory.fid:04X}").keys
        for key in stored:
            if key.type is KeyType.PIN:
                assert key.value == bytes.fromhex("123456")
                continue
            short = key.type is KeyType.MAINTENANCE
            assert len(key.value) == (8 if short else 16)
            assert key.option == (1 if short else 0)
        for slot in (directory.master, *directory.keys):
            if slot.kind in (KeyKind.EXTERNAL, KeyKind.MASTER):
                kind = KeyType.MASTER if slot.kind is KeyKind.MASTER else KeyType.EXTERNAL
                key = next(key for key in stored if key.type is kind and key.id == slot.id)
                ref = KeyRef(slot.name, REGION, factor)
                assert service.check_value(ref) == DesFamily().encrypt(key.value, bytes(8))[:3]


@pytest.mark.parametrize("name", DES_PROFILES)
def test_key_blocks_of_t514_for_des(name: str) -> None:
    profile, dialect = load_profile(name), load_dialect("t514")
    assert dialect.key_prefix(profile, profile.key("STKSSSE")[1], 1).hex().upper() == "0702010033010008"
    assert dialect.key_fill(profile, profile.key("STKSSSE")[1]) == b"\xff" * 8
    assert dialect.key_prefix(profile, profile.key("UKSSSE")[1], 1).hex().upper() == "0D04010033000010"
    assert dialect.key_fill(profile, profile.key("UKSSSE")[1]) == b""
    assert dialect.key_prefix(profile, profile.key("PIN")[1], 1).hex().upper() == "0100010066000110"
    assert dialect.key_fill(profile, profile.key("PIN")[1]) == b""


def test_the_card_takes_no_short_key_with_anything_else_behind_it() -> None:
    for fill, answer in ((b"\xff" * 8, b"\x90\x00"), (bytes(8), b"\x6a\x80"), (b"\xff" * 7 + b"\x00", b"\x6a\x80")):
        card = SoftwareCard.blank(1, algorithm=Algorithm.DES)
        card.transmit(bytes.fromhex("80E0030008" + "FF" * 8))
        block = bytes.fromhex("0702010033010008") + b"\x13" * 8 + fill
        assert card.transmit(bytes.fromhex("00D4000018") + block) == answer


def test_a_length_the_cos_has_no_number_for_is_refused_before_any_card() -> None:
    profile = replace(load_profile("ssc3-sm4"), key_lengths={KeyKind.MAINTENANCE: 8})
    with pytest.raises(PlanError) as caught:
        compile_profile(profile, load_dialect("t514"), REGION, INIT_ORG)
    assert (caught.value.key, caught.value.fields["key"]) == ("dialect-algorithm", "STKDF01")


def test_secure_messaging_on_a_des_card_uses_the_short_key() -> None:
    """PIN reload: PUK opens it, the new PIN comes enciphered and with a MAC of single DES under STKSSSE."""
    profile, card = load_profile("ssc2-des"), personalized_card("ssc2-des")
    service, channel = sample_keys(profile), Channel(card)
    factor = channel.atr.card_factor
    channel.call(Command(0x00, 0xA4, 0x04, 0x00, SSSE))
    challenge = channel.call(Command(0x00, 0x84, 0x00, 0x00, le=8))
    proof = service.authentication_data(KeyRef("PUK", REGION, factor), challenge, bytes(8))
    channel.call(Command(0x00, 0x82, 0x00, 0x06, proof + bytes(8)))
    stk = card.directory("DDF1").key(KeyType.MAINTENANCE)
    assert stk is not None
    family = family_of(Algorithm.DES)
    challenge = channel.call(Command(0x00, 0x84, 0x00, 0x00, le=4))
    session = family.session_key(stk.value, challenge)
    cipher = family.encrypt(session, bytes.fromhex("0365432180000000"))
    header = bytes.fromhex("842400010C")
    mac = family.session_mac(session, header + cipher)
    assert mac == service.session_mac(KeyRef("STKSSSE", REGION, factor), challenge, header + cipher)
    assert channel.send(Command(0x84, 0x24, 0x00, 0x01, cipher + mac)).ok
    assert channel.send(Command(0x00, 0x20, 0x00, 0x00, bytes.fromhex("654321"))).ok


def test_a_name_too_long_for_the_first_generation_is_refused_not_cut() -> None:
    long = replace(PERSON, name="测试" + "甲" * 14)
    for name, fits in (("ssc1-des", False), ("ssc2-des", True)):
        profile = load_profile(name)
        template = compile_profile(profile, load_dialect("t514"), REGION, INIT_ORG)
        if fits:
            template.plan(long, bytes(4))
            continue
        template.plan(replace(PERSON, name="测试" + "甲" * 13), bytes(4))
        with pytest.raises(PlanError) as caught:
            template.plan(long, bytes(4))
        assert "09" in str(caught.value.fields["item"])


def test_an_issued_card_of_another_generation_is_told_apart() -> None:
    with pytest.raises(GuardRefused) as caught:
        require_blank(Channel(personalized_card("ssc1-des")), load_profile("ssc2-des"))
    assert caught.value.key == "card-generation"


@pytest.mark.parametrize("name", [*DES_PROFILES, "ssc2-des+overlay-informative"])
def test_a_demo_workspace_holds_what_its_profile_needs(name: str, tmp_path: Path) -> None:
    from sscard.commands.unlock import unlock

    profile = load_profile(name)
    place = create_workspace(
        tmp_path / "ws",
        demo=True,
        region=REGION,
        profile=name,
        algorithm=profile.algorithm,
        extra=unlisted_keys(profile),
    )
    people.write(tmp_path / "b.csv", 2, seed=3)
    batch = open_batch(tmp_path / "b.csv", region=REGION, demo=True)
    service = unlock(place)
    outcome = rehearse(place, service, batch, profile)
    assert outcome.ratio == 1
    open_production(place, service, batch, profile=profile).close()


def test_keys_of_no_list_are_found() -> None:
    assert unlisted_keys(load_profile("ssc3-sm4")) == unlisted_keys(load_profile("ssc1-des")) == ()
    extra = unlisted_keys(load_profile("ssc2-des+overlay-informative"))
    assert {(key.name, key.level.value, key.size) for key in extra} == {
        ("MKDF05", "issuer", 16), ("STKDF05", "local", 8), ("UK1DF05", "local", 16),
        ("MKDF06", "issuer", 16), ("STKDF06", "local", 8), ("LKDF06", "local", 16), ("RK1DF06", "local", 16),
        ("UK1DF06", "local", 16), ("UK2DF06", "local", 16),
    }  # fmt: skip


def test_a_profile_that_clashes_makes_no_cards(tmp_path: Path) -> None:
    place = create_workspace(tmp_path / "ws", demo=True, region=REGION)
    path = tmp_path / "ours.toml"
    path.write_text('extends = "ssc3-sm4"\nname = "ours"\n[[replace]]\nat = "DF01/EF07/29"\nzh = "本地"\n', "utf-8")
    with pytest.raises(ProfileError) as caught:
        compile_for(place, memory_service(), load_profile(path))
    assert (caught.value.key, caught.value.fields["place"]) == ("lint-reused", "DF01/EF07/29")


@pytest.fixture
def unpublished(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "unpublished.toml"
    path.write_text(f'extends = "ssc3-sm4"\nname = "ours"\nalgorithm = "{request.param}"\n', "utf-8")
    return path


@pytest.fixture
def stand_in(unpublished: Path) -> Iterator[None]:
    class Backend(DesFamily):
        """A stand-in with the rules of the 8-byte block, so that it is no member of the built-in 16-byte family."""

    withdraw = register(load_profile(unpublished).algorithm, Backend())
    yield
    withdraw()


@pytest.mark.parametrize("unpublished", ["SSF33", "SM1"], indirect=True)
def test_an_unpublished_algorithm_needs_an_hsm(unpublished: Path, tmp_path: Path) -> None:
    profile = load_profile(unpublished)
    place = create_workspace(tmp_path / "ws", demo=True, region=REGION)
    for attempt in (
        lambda: compile_for(place, memory_service(), profile),
        lambda: sample_keys(profile),
        lambda: create_workspace(tmp_path / "new", demo=True, region=REGION, algorithm=profile.algorithm),
        lambda: SoftwareCard.blank(1, algorithm=profile.algorithm, options=options_for(profile)),
    ):
        with pytest.raises(CustodyError) as caught:
            attempt()
        assert caught.value.key == "algorithm-unpublished"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("unpublished", ["SSF33", "SM1"], indirect=True)
@pytest.mark.usefixtures("stand_in")
def test_with_a_back_end_the_same_profile_makes_a_card(unpublished: Path) -> None:
    profile, card = load_profile(unpublished), personalized_card(str(unpublished))
    assert card.commands == minimum(profile).total
    identity = identify(Channel(card))
    stated = profile.algorithm is Algorithm.SSF33
    assert (identity.algorithm, identity.algorithm_stated) == (
        (Algorithm.SSF33, True) if stated else (Algorithm.SM4, False)
    )
