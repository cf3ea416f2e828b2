"""The plan: pure, minimal, in the profile's order, and driven by data alone."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.actions import Compare, LoadFirstKey, LoadKey, PresentCode, Refused, Reset, Send
from sscard.cos.commands import select_name
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard
from sscard.errors import PlanError, Quarantined
from sscard.keys.hierarchy import memory_service
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.admission import require_blank
from sscard.personalize.arithmetic import minimum
from sscard.personalize.plan import Template, compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog


def compiled(name: str | Path = "ssc3-sm4") -> Template:
    profile = load_profile(name)
    return compile_profile(profile, load_dialect(profile.dialect), REGION, INIT_ORG)


def personalize(template: Template, service: VaultKeyService, serial: int = 0x17) -> tuple[SoftwareCard, Channel]:
    card = SoftwareCard.blank(serial)
    channel = Channel(card)
    require_blank(channel, template.profile)
    plan = template.plan(PERSON, channel.atr.serial)
    dialect = load_dialect(template.profile.dialect)
    Runner(channel, dialect, service, channel.atr.card_factor).run(plan, NoLog())
    return card, channel


def test_exchanges_are_the_arithmetic_minimum(service: VaultKeyService) -> None:
    template = compiled()
    _, channel = personalize(template, service)
    assert channel.exchanges == minimum(template.profile).total


def test_stages_come_in_the_profiles_order() -> None:
    template = compiled()
    seen = list(dict.fromkeys(step.stage for step in template.steps))
    assert seen == list(template.profile.stages)


def test_unknown_stage_is_refused() -> None:
    profile = replace(load_profile("ssc3-sm4"), stages=("transport", "polish"))
    with pytest.raises(PlanError) as caught:
        compile_profile(profile, load_dialect("t514"), REGION, INIT_ORG)
    assert caught.value.fields["stage"] == "polish"


def test_same_input_same_plan() -> None:
    assert compiled().plan(PERSON, b"\0\0\0\x17") == compiled().plan(PERSON, b"\0\0\0\x17")
    assert compiled().plan(PERSON, b"\0\0\0\x17") != compiled().plan(PERSON, b"\0\0\0\x18")


def test_every_key_of_the_profile_is_loaded_once_and_enciphered() -> None:
    template = compiled()
    actions = [step.action for step in template.steps]
    loaded = [(action.key.name, action.key.version) for action in actions if isinstance(action, LoadKey)]
    wanted = [
        (slot.name, version)
        for directory in template.profile.directories
        for slot in (directory.master, *directory.keys)
        for version in slot.versions
    ]
    assert sorted(loaded) == sorted(wanted)
    plain = [step for step in template.steps if isinstance(step.action, LoadFirstKey)]
    assert [step.target for step in plain] == [template.profile.card_master.name]


def test_transport_right_is_left_behind_before_the_environments() -> None:
    steps = compiled().steps
    first_reset = next(index for index, step in enumerate(steps) if isinstance(step.action, Reset))
    assert {step.stage for step in steps[:first_reset]} == {"transport", "card-key"}
    assert sum(isinstance(step.action, PresentCode) for step in steps) == 1


def test_every_step_says_why_in_both_languages() -> None:
    for step in compiled().steps:
        assert step.describe("zh").strip()
        assert step.describe("en").strip()
        assert step.describe("zh") != step.describe("en")


def test_key_values_never_stand_in_a_plan(service: VaultKeyService) -> None:
    template = compiled()
    told = repr(template.plan(PERSON, b"\0\0\0\x17")).lower()
    factor = bytes.fromhex("8699990100000017")
    masters = [ref.for_card(factor) for ref in template.key_refs() if ref.name.startswith("MK")]
    assert len(masters) == 9
    for ref in masters:
        value = service.first_key(ref).reveal()
        assert value.hex() not in told
        assert repr(value).lower() not in told
    assert "123456" not in told


def test_second_profile_differs_only_in_data(tmp_path: Path, service: VaultKeyService) -> None:
    """A renamed EF and another key id: the same code makes and proves the card."""
    source = (files("sscard.cos") / "profiles" / "ssc3-sm4.toml").read_text(encoding="utf-8")
    changed = source.replace('name = "ssc3-sm4"', 'name = "second"', 1)
    assert "0xEF15" in changed
    for old, new in (("0xEF15", "0xEF1B"), ('name = "EF15"', 'name = "EF1B"'), ("sfi = 0x15", "sfi = 0x1B")):
        assert old in changed
        changed = changed.replace(old, new)
    line = next(line for line in changed.splitlines() if 'name = "UK6DF01"' in line)
    changed = changed.replace(line, line.replace("0x89", "0x8F"))
    path = tmp_path / "second.toml"
    path.write_text(changed, encoding="utf-8")
    template = compiled(path)
    card, channel = personalize(template, service)
    assert channel.exchanges == minimum(template.profile).total
    assert card.reset()
    ssse = template.profile.directory("SSSE")
    df01 = template.profile.directory("DF01")
    channel.call(select_name(ssse.aid))
    channel.call(select_name(df01.aid))
    assert channel.send(_select_file(0xEF1B)).ok
    assert channel.send(_select_file(0xEF15)).sw == 0x6A82


def _select_file(fid: int) -> Command:
    return Command(0x00, 0xA4, 0x02, 0x00, fid.to_bytes(2, "big"))


def test_read_back_covers_every_record() -> None:
    template = compiled()
    compared = {step.target: 0 for step in template.steps if isinstance(step.action, Compare)}
    for step in template.steps:
        if isinstance(step.action, Compare):
            compared[step.target] += len(step.action.items)
    for directory in template.profile.directories:
        for file in directory.files:
            if file.structure.is_tlv and file.items:
                assert compared[f"{directory.name}/{file.name}"] == len(list(file.records()))


def test_hand_over_is_proved_for_both_environments() -> None:
    proofs = [(step.target, type(step.action.action)) for step in compiled().steps if isinstance(step.action, Refused)]
    assert {("SSSE", Send), ("SSSE", LoadKey), ("PSE", Send), ("PSE", LoadKey)} <= set(proofs)


def test_wrong_keys_fail_at_the_first_step_that_needs_them() -> None:
    """A vault of another region's keys does not pass unnoticed: the card's proof disagrees."""
    template = compiled()
    made = memory_service(REGION, 1)
    card, _ = personalize(template, made)
    card.reset()
    channel = Channel(card)
    runner = Runner(channel, load_dialect("t514"), memory_service(REGION, 2), channel.atr.card_factor)
    verify = [step for step in template.plan(PERSON, channel.atr.serial).steps if step.purpose == "prove-card"]
    channel.call(select_name(template.profile.directory("SSSE").aid))
    with pytest.raises(Quarantined):
        runner.act(verify[0].action)
