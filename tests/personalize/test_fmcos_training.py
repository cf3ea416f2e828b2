"""The practice profiles on software cards of their COS: minimal, proved, read, torn, refused where they must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sscard.apdu.command import Command
from sscard.apdu.commands import describe
from sscard.apdu.trace import Trace
from sscard.apdu.transport import Channel
from sscard.cos.actions import Authenticate, LoadFirstKey, Move, Refused, Send
from sscard.cos.dialect import load_dialect
from sscard.cos.key_loading import OwnMaster
from sscard.cos.profile import load_profile
from sscard.emulator import Cut, Rack, SoftwareCard, Tear
from sscard.emulator.blank import blank_card
from sscard.emulator.fmcos import FmcosCard
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.errors import GuardRefused, PlanError, Quarantined
from sscard.keys.hierarchy import memory_service
from sscard.keys.service import KeyRef
from sscard.personalize import people
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.arithmetic import minimum
from sscard.personalize.batch import open_batch
from sscard.personalize.job import open_production
from sscard.personalize.line import Kind, Line
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog, personalized_card, sample_keys
from sscard.personalize.tearproof import Outcome, Proof, Trial, trials
from sscard.personalize.workspace import create_workspace
from sscard.terminal.identify import CardKind, identify
from sscard.terminal.read import Outcome as Reading
from sscard.terminal.read import profile_for, read_files, targets
from sscard.terminal.session import CardSession, Refusal, pin_block

PRACTICE = ("training-fmcos", "training-smartcos")


def made(name: str) -> tuple[Any, list[bytes]]:
    """A card made by the profile, and every command it was sent."""
    profile = load_profile(name)
    dialect = load_dialect(profile.dialect)
    card, sent = blank_card(profile, 0x17), list[bytes]()
    channel = Channel(card, (lambda apdu, _answer: sent.append(bytes(apdu)),))
    identity = card_identity(channel, dialect)
    plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, identity.serial)
    Runner(channel, dialect, sample_keys(profile), identity.factor).run(plan, NoLog())
    return card, sent


@pytest.mark.parametrize("name", PRACTICE)
def test_exchanges_are_the_arithmetic_minimum(name: str) -> None:
    assert personalized_card(name).commands == minimum(load_profile(name)).total


@pytest.mark.parametrize("name", PRACTICE)
def test_the_terminal_knows_the_card_and_reads_all_of_it(name: str) -> None:
    profile, card = load_profile(name), personalized_card(name)
    channel = Channel(card)
    identity = identify(channel)
    assert (identity.kind, identity.system, identity.generation) == (CardKind.SOCIAL_SECURITY, profile.dialect, "2.0")
    assert profile_for(identity).name == name
    session = CardSession(channel, profile, identity, sample_keys(profile), pin_block("123456"))
    results = list(read_files(session, targets(profile, ["all"])))
    assert {result.outcome for result in results} == {Reading.READ}
    assert {(r.directory.name, r.file.name): r for r in results}["SSSE", "EF06"].holder == "测试甲"
    backwards = CardSession(channel, profile, identity, sample_keys(profile), pin_block("123456"))
    assert {r.outcome for r in read_files(backwards, reversed(targets(profile, ["all"])))} == {Reading.READ}


def test_a_card_of_other_keys_is_asked_for_nothing() -> None:
    profile, card = load_profile("training-fmcos"), personalized_card("training-fmcos")
    channel = Channel(card)
    session = CardSession(channel, profile, identify(channel), sample_keys(profile, 5), None)
    results = {r.file.name: r for r in read_files(session, targets(profile, ["DF01"]))}
    assert {r.refused for r in results.values()} == {Refusal.FOREIGN}
    assert all(key.tries == key.limit for place in card.chip.directories() for key in place.keys)


def test_two_rights_at_once_cannot_be_held_where_one_state_counts() -> None:
    profile, card = load_profile("training-fmcos"), personalized_card("training-fmcos")
    ssse = profile.directory("SSSE")
    both = replace(ssse.file("EF06"), read=replace(ssse.file("EF06").read, join=type(ssse.file("EF06").read.join).ALL))
    channel = Channel(card)
    session = CardSession(channel, profile, identify(channel), sample_keys(profile), pin_block("123456"))
    assert session.enter(ssse)
    assert session.gain(both.read).refused is Refusal.NEVER


def test_keys_go_enciphered_and_master_keys_only_into_their_fresh_directory() -> None:
    card, sent = made("training-fmcos")
    masters = 0
    for place in card.chip.directories():
        for key in place.keys:
            clear = [apdu for apdu in sent if key.value in apdu]
            is_master = key.id == 0 and key.use.name == "EXTERNAL"
            if key.use.name != "PIN":
                assert [apdu[:4].hex() for apdu in clear] == (["80d40100"] if is_master else [])
            assert key.protection.name == ("PLAIN" if is_master else "CIPHER")
            masters += is_master
    assert masters == 1 + len(load_profile("training-fmcos").directories)
    pins = [apdu for apdu in sent if bytes.fromhex("123456") in apdu]
    assert {apdu[:2].hex() for apdu in pins} == {"0020"}


def test_smartcos_takes_one_key_in_clear() -> None:
    card, sent = made("training-smartcos")
    assert [apdu[:2].hex() for apdu in sent if apdu[1] == 0xE8].count("80e8") == 1
    assert card.sealed
    assert all(place.ended for place in card.chip.directories())


def test_protected_files_are_written_with_mac_and_cipher() -> None:
    card, sent = made("training-fmcos")
    appended = [apdu[:1].hex() for apdu in sent if apdu[1] == 0xE2]
    df04 = load_profile("training-fmcos").directory("DF04")
    protected = sum(len(df04.file(name).items) for name in ("EF05", "EF06"))
    assert appended.count("04") == protected
    card.reset()
    channel = Channel(card)
    for select in load_dialect("fmcos").path(load_profile("training-fmcos"), df04):
        channel.call(select)
    service, factor = sample_keys(load_profile("training-fmcos")), card.factor
    challenge = channel.call(Command(0x00, 0x84, 0x00, 0x00, le=8))
    proof = service.direct_cryptogram(KeyRef("UK1DF04", REGION, factor), challenge)
    channel.call(Command(0x00, 0x82, 0x00, 0x85, proof))
    record = card.file("DF04/0005").records[0]
    assert channel.send(Command(0x00, 0xDC, 0x01, 0x2C, record)).sw == 0x6987


def test_rights_hold_when_the_card_is_made() -> None:
    card = personalized_card("training-fmcos")
    channel = Channel(card)
    profile, dialect = load_profile("training-fmcos"), load_dialect("fmcos")
    for directory in profile.directories:
        for select in dialect.path(profile, directory):
            channel.call(select)
        for file in directory.files:
            command = Command(0x00, 0xB2, 0x01, file.sfi << 3 | 4, le=256)
            free = file.read.free
            assert channel.send(command).ok is free
        assert (
            channel.send(Command.parse(bytes.fromhex("80E000090728000100F0FFFF".replace("00F0", "F0F0")))).sw == 0x6982
        )


def test_a_card_that_gives_what_it_must_refuse_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FmcosChip, "allows", lambda *_: True)
    with pytest.raises(Quarantined) as caught:
        personalized_card("training-fmcos")
    assert caught.value.key == "quarantine-not-refused"


@pytest.mark.parametrize("name", PRACTICE)
def test_torn_cards_end_as_untorn_ones(name: str, tmp_path: Path) -> None:
    proof = Proof(tmp_path, load_profile(name))
    findings = list(proof.run(trials(proof.commands(), every=101, doubles=5)))
    assert [finding for finding in findings if finding.outcome is not Outcome.IDENTICAL] == []
    assert max(finding.wrong for finding in findings) == 0


def command_number(sent: list[bytes], head: str, count: int) -> int:
    """Number of the ``count``-th command that begins so."""
    return [n for n, apdu in enumerate(sent, 1) if apdu.hex().startswith(head)][count - 1]


@pytest.mark.parametrize(("directory", "spoilt"), [(1, True), (2, False), (4, False), (9, False)])
def test_power_lost_between_key_file_and_master_key(directory: int, spoilt: bool, tmp_path: Path) -> None:
    """The MF cannot be opened by anyone then and is given up; a DF is erased by the card master key and begun anew."""
    _, sent = made("training-fmcos")
    blank_check = minimum(load_profile("training-fmcos")).admission
    gap = command_number(sent, "80e00000073f", directory) + blank_check
    cuts = [Cut(gap, Tear.AFTER), Cut(gap + 1, Tear.BEFORE), Cut(gap + 1, Tear.DURING, 3)]
    planned = [Trial((cut,), later=number % 2 == 0) for number, cut in enumerate(cuts)]
    cards: list[Any] = []

    def make(serial: int) -> Any:
        cards.append(blank_card(load_profile("training-fmcos"), serial, seed=7))
        return cards[-1]

    findings = list(Proof(tmp_path, load_profile("training-fmcos"), make).run(planned))
    reasons = {(finding.outcome, finding.reason) for finding in findings}
    expected = (Outcome.QUARANTINED, "quarantine-unfinished") if spoilt else (Outcome.IDENTICAL, "")
    assert reasons == {expected}


def test_without_erasing_a_torn_directory_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the erasing is there for: taken out of the plan, the same cut loses the card, with a reason."""
    profile = load_profile("training-fmcos")
    _, sent = made("training-fmcos")
    gap = command_number(sent, "80e00000073f", 2) + minimum(profile).admission
    begin = OwnMaster.begin
    monkeypatch.setattr(OwnMaster, "begin", lambda *given: (replace(move, clear=()) for move in begin(*given)))
    (finding,) = Proof(tmp_path, profile).run([Trial((Cut(gap, Tear.AFTER),))])
    assert (finding.outcome, finding.reason) == (Outcome.QUARANTINED, "quarantine-unfinished")


@pytest.mark.parametrize(
    ("card", "profile"),
    [("t514", "training-fmcos"), ("fmcos", "ssc3-sm4"), ("smartcos", "training-fmcos"), ("fmcos", "training-smartcos")],
)
def test_a_profile_for_another_dialect_is_refused_before_the_first_write(
    card: str, profile: str, tmp_path: Path
) -> None:
    kinds: dict[str, Callable[[], Any]] = {
        "t514": lambda: SoftwareCard.blank(1),
        "fmcos": lambda: blank_card(load_profile("training-fmcos"), 1),
        "smartcos": lambda: blank_card(load_profile("training-smartcos"), 1),
    }
    job, plastic = Job(tmp_path, profile), kinds[card]()
    events = job.run(Rack(make=lambda _serial: plastic, count=1))
    (refused,) = [event for event in events if event.kind is Kind.REFUSED]
    assert refused.error is not None
    assert refused.error.key == "card-dialect"
    titles = load_dialect(card), load_dialect(load_profile(profile).dialect)
    assert (refused.error.fields["found"], refused.error.fields["wanted"]) == tuple(t.title_en for t in titles)
    assert plastic.commands == 0


class Job:
    """One card of a practice profile in a workspace."""

    def __init__(self, folder: Path, name: str) -> None:
        self.profile = load_profile(name)
        algorithm = self.profile.algorithm
        self.place = create_workspace(folder / "ws", demo=True, region=REGION, seed=1, algorithm=algorithm)
        people.write(folder / "b.csv", 1, seed=3)
        self.batch = open_batch(folder / "b.csv", region=REGION, demo=True)
        self.service = memory_service(REGION, 1, algorithm)

    def run(self, rack: Rack) -> list[Any]:
        production = open_production(self.place, self.service, self.batch, profile=self.profile)
        try:
            return list(Line(production.work, [rack.slot(1)], patience=0.2).run())
        finally:
            production.close()


def test_a_card_that_refuses_the_transport_code_stays_blank(tmp_path: Path) -> None:
    plastic = FmcosCard.blank(1, transport_code=b"12345678")
    events = Job(tmp_path, "training-fmcos").run(Rack(make=lambda _serial: plastic, count=1))
    (refused,) = [event for event in events if event.kind is Kind.REFUSED]
    assert refused.error.key == "transport-refused"
    assert plastic.chip.root is None
    assert not [event for event in events if event.kind is Kind.SPOILED]


def test_a_card_with_keys_in_its_mf_is_not_blank_and_an_erased_one_is() -> None:
    profile, dialect = load_profile("training-fmcos"), load_dialect("fmcos")
    card = FmcosCard.blank(0x99010000_0017, with_mf=True)
    channel = Channel(card)
    require_blank(channel, profile)
    for apdu in ("80E00000073F005001F0FFFF", "80D401001539F0F0AA33" + "22" * 16):
        channel.call(Command.parse(bytes.fromhex(apdu)))
    with pytest.raises(GuardRefused) as caught:
        require_blank(channel, profile)
    assert (caught.value.key, caught.value.fields["sw"]) == ("card-has-keys", "6981")
    channel.call(Command(0x80, 0x0E, le=256))
    card.reset()
    require_blank(channel, profile)
    plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, b"\0\0\0\x17")
    Runner(channel, dialect, sample_keys(profile), card.factor).run(plan, NoLog())
    card.reset()
    with pytest.raises(GuardRefused) as caught:
        require_blank(channel, profile)
    assert caught.value.key == "card-used"


def test_a_plan_holds_no_key_and_names_every_one() -> None:
    profile = load_profile("training-fmcos")
    template = compile_profile(profile, load_dialect("fmcos"), REGION, INIT_ORG)
    names = {ref.name for ref in template.key_refs()}
    slots = {slot.name for directory in profile.directories for slot in (directory.master, *directory.keys)}
    assert names == slots | {"MKCARD", "TRANSPORT"}
    kinds = {type(step.action) for step in template.steps}
    assert LoadFirstKey not in kinds
    assert {Authenticate, Send, Refused} <= kinds
    assert all(isinstance(step, Move) and step.describe("zh") and step.describe("en") for step in template.steps)


@pytest.mark.parametrize(("stage", "profile"), [("seal", "training-fmcos"), ("handover", "training-smartcos")])
def test_stages_a_cos_does_not_know(stage: str, profile: str) -> None:
    card = load_profile(profile)
    wanted = replace(card, stages=(*card.stages, stage))
    with pytest.raises(PlanError) as caught:
        compile_profile(wanted, load_dialect(card.dialect), REGION, INIT_ORG)
    assert (caught.value.key, caught.value.fields["stage"]) == ("dialect-stage", stage)


@pytest.mark.parametrize("name", PRACTICE)
def test_a_trace_of_the_making_holds_no_key_code_pin_or_person(name: str, tmp_path: Path) -> None:
    """Every command is declared, and what carries a secret or a person is masked."""
    card, sent = made(name)
    path = tmp_path / "a.trace"
    trace = Trace.to_file(path, card.atr)
    for apdu in sent:
        trace(apdu, b"\x90\x00")
    trace.close()
    told = path.read_text("utf-8").lower().replace(" ", "")
    secrets = [key.value for place in card.chip.directories() for key in place.keys]
    assert len(secrets) > 50
    for value in (*secrets, b"\xff" * 8, "测试甲".encode("gb18030"), PERSON.ssn.encode()):
        assert value.hex() not in told
    assert {describe(apdu).name for apdu in sent} >= {"CREATE FILE (PBOC)", "APPEND RECORD"}
    assert "UNKNOWN" not in {describe(apdu).name for apdu in sent}
