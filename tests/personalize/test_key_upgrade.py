"""A key upgrade: version 2 beside version 1.  Old cards are still served, new ones are made under version 2."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from sscard.apdu.transport import Channel
from sscard.cli import main
from sscard.commands.ceremony_table import exposure_of
from sscard.commands.psam_open import register_of
from sscard.commands.unlock import open_vault
from sscard.cos.dialect import load_dialect
from sscard.cos.model import Profile
from sscard.cos.profile import load_profile
from sscard.cos.psam import Authority
from sscard.emulator import SoftwareCard
from sscard.emulator.options import options_for
from sscard.errors import CustodyError, Exit, GuardRefused, UsageError
from sscard.keys.catalog import find
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import fill_demo
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.impact import exposures, holds, parse_ref
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog
from sscard.personalize.workspace import Workspace, create_workspace, open_workspace
from sscard.psam.advice import least_list
from sscard.psam.loadlist import parse_list
from sscard.terminal.identify import identify
from sscard.terminal.read import Outcome, read_files, targets
from sscard.terminal.session import CardSession

GROUPED = ("SSSE/IRK", "SSSE/RKSSSE", "SSSE/UKSSSE", "DF01/UK1DF01", "DF01/UK4DF01", "DF01/RK1DF01", "DF04/RK1DF04")
UPGRADED = 'extends = "ssc3-sm4"\nname = "ssc3-v2"\n' + "".join(
    f'[[replace]]\nat = "{place}"\nversions = [2]\n' for place in GROUPED
)


def keys(*versions: int) -> VaultKeyService:
    """A vault that holds these versions of the keys with groups, and version 1 of the others."""
    whole, held = KeyStore(demo=True), KeyStore(demo=True)
    fill_demo(whole, region=REGION, seed=0, algorithm=Algorithm.SM4)
    for entry in whole:
        grouped = any(place.endswith(f"/{entry.name}") for place in GROUPED)
        if not grouped or entry.version in versions:
            held.add(
                entry.name,
                Secret(whole.value(entry).reveal()),
                level=entry.level,
                algorithm=entry.algorithm,
                region=entry.region,
                version=entry.version,
                usage=entry.usage,
            )
    return VaultKeyService(held)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("v2") / "v2.toml"
    path.write_text(UPGRADED, "utf-8")
    return path


def made(profile: Profile, service: VaultKeyService) -> SoftwareCard:
    card = SoftwareCard.blank(7, seed=0, area=REGION[:4], algorithm=profile.algorithm, options=options_for(profile))
    channel, dialect = Channel(card), load_dialect(profile.dialect)
    plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, channel.atr.serial)
    Runner(channel, dialect, service, channel.atr.card_factor).run(plan, NoLog())
    card.reset()
    return card


def read(card: SoftwareCard, profile: Profile, service: VaultKeyService) -> Outcome:
    channel = Channel(card)
    session = CardSession(channel, profile, identify(channel), service)
    (result,) = read_files(session, targets(profile, ("EF06",)))
    return result.outcome


def test_old_cards_are_served_and_new_ones_made(upgraded: Path) -> None:
    first, second = load_profile("ssc3-sm4"), load_profile(upgraded)
    before, both, after = keys(1), keys(1, 2), keys(2)
    old, new = made(first, before), made(second, both)
    assert read(old, first, both) is Outcome.READ, "a card of version 1, read by a vault that holds both"
    assert read(new, second, both) is Outcome.READ
    assert read(new, second, after) is Outcome.READ
    assert read(old, first, after) is Outcome.DENIED, "version 1 was taken away"
    assert read(new, second, before) is Outcome.DENIED, "not upgraded yet"
    assert read(new, first, both) is Outcome.DENIED, "a version 1 key never opens a version 2 card"
    for place in GROUPED:
        name = place.rpartition("/")[2]
        checks = [both.check_value(KeyRef(name, REGION, bytes(8), version)) for version in (1, 2)]
        assert checks[0] != checks[1]
        assert find(name).versions == (1, 2, 3)


def test_a_card_cannot_be_made_before_its_keys_are_there(upgraded: Path) -> None:
    with pytest.raises(CustodyError) as caught:
        made(load_profile(upgraded), keys(1))
    assert caught.value.key == "key-missing"


def run_job(root: Path, batch: str, count: int, region_seed: int, *profile: object) -> None:
    path = root / batch
    assert main(["people", "--count", str(count), "--out", str(path), "--seed", str(region_seed)]) == Exit.OK
    words = ["personalize", path, "--workspace", root / "ws", "--reader", "emulator:2", "--json", *profile]
    assert main(list(map(str, words))) == Exit.OK


@pytest.fixture(scope="module")
def two_batches(tmp_path_factory: pytest.TempPathFactory, upgraded: Path) -> Workspace:
    """One batch of three under version 1, one of two under version 2."""
    root = tmp_path_factory.mktemp("impact")
    assert main(["init", str(root / "ws"), "--demo"]) == Exit.OK
    run_job(root, "one.csv", 3, 1)
    run_job(root, "two.csv", 2, 2, "--profile", upgraded)
    return open_workspace(root / "ws")


def test_impact_tells_the_versions_apart(two_batches: Workspace, upgraded: Path) -> None:
    ledger = open_ledger(two_batches)
    profiles = {"ssc3-sm4": load_profile("ssc3-sm4"), "ssc3-v2": load_profile(upgraded)}

    def cards(ref: str) -> list[tuple[str, int, bool]]:
        found = exposures(ledger, *parse_ref(ref), profiles.__getitem__)
        return [(each.job.batch, len(each.cards), each.certain) for each in found]

    assert cards("RKSSSE:v1") == [("one.csv", 3, True)]
    assert cards("RKSSSE:v2") == [("two.csv", 2, True)]
    assert cards("STKDF01:v1") == cards("MKCARD:v1") == [("one.csv", 3, True), ("two.csv", 2, True)]
    assert cards("STK:v1") == cards("STKSSSE:v1")
    assert cards("RKSSSE:v3") == cards("NONE:v1") == []
    ledger.close()


def test_impact_command(two_batches: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The profile of the second batch is a file the ledger cannot find again: listed, and marked as unsure."""
    capsys.readouterr()
    assert main(["--lang", "en", "keys", "impact", "RKSSSE:v1", "--workspace", str(two_batches.root)]) == Exit.OK
    shown = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in shown if "batch" in line][:2] == ["batch one", "? batch t"]
    with next(two_batches.outbox_path.glob("one-*-return.csv")).open(encoding="utf-8", newline="") as file:
        numbers = {row["card_no"] for row in csv.DictReader(file)}
    assert {number for number in numbers if any(number in line for line in shown)} == numbers
    assert "RKSSSE:v1: batches 2, cards 5, PSAMs 0" in shown
    assert any("no PSAM register" in line for line in shown)


def test_impact_asks_the_workspaces_register_of_psams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One PSAM loaded with RK1DF04, and one whose loading broke off: both may hold it."""
    place = create_workspace(
        tmp_path / "ws", demo=True, region=REGION, profile="ssc3-sm4", algorithm=Algorithm.SM4, seed=1
    )
    text = least_list(
        Authority.NATIONAL,
        ["purchase"],
        city=REGION,
        algorithm=Algorithm.SM4,
        start="20260101",
        end="20301231",
        count=2,
    )
    order = parse_list(text, "list.toml")
    with register_of(place) as register:
        number = register.request(order, text, "甲").id
        register.review(number, "乙", approve=True)
        register.receive(serials := [f"{count:020d}" for count in (1, 2)], "测试供应商", "甲")
        for serial in serials:
            terminal = register.reserve(number, serial, order, "丙").terminal
            register.begin_load(terminal, number, "丙")
        register.finish_load("990101000001", number, order, "丙")
    capsys.readouterr()
    for ref, psams in (("RK1DF04:v1", 2), ("RK1DF04:v2", 0), ("RKSSSE:v1", 0)):
        assert main(["--lang", "zh", "keys", "impact", ref, "--workspace", str(place.root)]) == Exit.OK
        shown = capsys.readouterr().out
        assert ("PSAM 990101000001  已装载" in shown) is ("PSAM 990101000002  " in shown) is bool(psams)
        assert f"PSAM {psams}" in shown
        main(["keys", "impact", ref, "--workspace", str(place.root), "--json"])
        *each, summary = map(json.loads, capsys.readouterr().out.splitlines())
        assert (summary["psams"], summary["psam_register"]) == (psams, True)
        assert [one["state"] for one in each] == ["loaded", "reserved"][:psams]
    lost = next(entry for entry in open_vault(place) if entry.place == ("RK1DF04", "", 1))
    with exposure_of(place) as exposure:
        told = exposure.under([lost], tmp_path / "exposed.csv")
    assert (told["psams"], told["psam_register"]) == (["990101000001", "990101000002"], True)
    rows = (tmp_path / "exposed.csv").read_text("utf-8").splitlines()
    assert [row["state"] for row in csv.DictReader(rows)] == ["loaded", "reserved"]


@pytest.mark.parametrize("ref", ["", "IRK", "IRK:1", "IRK:v0", "IRK:v256", "IRK:v1@99", ":v1"])
def test_refs_that_name_no_version(ref: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ref(ref)
    assert caught.value.key == "key-ref"
    assert not isinstance(caught.value, GuardRefused)


def test_holds_looks_at_masters_too(upgraded: Path) -> None:
    profile = load_profile(upgraded)
    assert holds(profile, "MKCARD", 1)
    assert holds(profile, "MKDF04", 1)
    assert holds(profile, "DPK", 3)
    assert not holds(profile, "IRK", 1)
