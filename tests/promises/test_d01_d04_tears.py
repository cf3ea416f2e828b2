"""Promises D1 to D4: power cut at a card.  `sscard selftest tear` is the whole proof; here stands a slice of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sscard.apdu.transport import Channel
from sscard.cos.actions import LoadFirstKey, LoadKey, Refused
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import Cut, SoftwareCard, Tear
from sscard.errors import Quarantined
from sscard.personalize.admission import require_blank
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog, sample_keys
from sscard.personalize.steps import Step
from sscard.personalize.tearproof import Finding, Outcome, Proof, Trial, trials
from tests.personalize.test_tearproof import Leaky, Spender, prove

PROFILE = load_profile("ssc3-sm4")
LOADS = (LoadFirstKey, LoadKey)


def made(card: SoftwareCard) -> Iterator[tuple[Step, int]]:
    """The steps of a whole personalization, each with the number of its first command from power-up."""
    channel, dialect = Channel(card), load_dialect(PROFILE.dialect)
    require_blank(channel, PROFILE)
    plan = compile_profile(PROFILE, dialect, REGION, INIT_ORG).plan(PERSON, channel.atr.serial)
    begun: list[tuple[Step, int]] = []
    runner = Runner(channel, dialect, sample_keys(PROFILE), channel.atr.card_factor)
    runner.run(plan, NoLog(), lambda _index, step: begun.append((step, channel.exchanges + 1)))
    yield from begun


def torn_at(folder: Path, commands: set[int]) -> list[Finding]:
    """Cards torn before, inside and after each of these commands, back in this run or in a job opened anew."""
    cuts = [Cut(number, when, 5 if when is Tear.DURING else 0) for number in sorted(commands) for when in Tear]
    findings = Proof(folder, PROFILE).run(Trial((cut,), later) for cut in cuts for later in (False, True))
    return list(findings)


def test_d01_power_lost_at_any_command_never_yields_an_unknown_card(tmp_path: Path) -> None:
    """Wherever power fails, the card ends equal to an untorn one or is set aside with a reason."""
    summary = prove(tmp_path, "ssc3-sm4", every=100, doubles=0)
    assert len(summary.findings) == 15
    assert summary.sound
    assert {finding.outcome for finding in summary.findings} == {Outcome.IDENTICAL}


def test_d01_would_notice_a_card_that_differs(tmp_path: Path) -> None:
    """A card whose every loss of power changes a byte nobody reads back is found by its image."""
    assert not prove(tmp_path, "ssc3-sm4", every=400, doubles=0, kind=Leaky).sound


def test_d02_two_tears_in_one_card(tmp_path: Path) -> None:
    """A second cut while the card is being resumed changes nothing about that."""
    findings = list(Proof(tmp_path, PROFILE).run(t for t in trials(495, every=495, doubles=16) if len(t.cuts) == 2))
    assert [finding.tears for finding in findings] == [2] * 16
    assert {finding.outcome for finding in findings} == {Outcome.IDENTICAL}


def test_d03_a_tear_at_the_key_replacement_costs_at_most_one_try(tmp_path: Path) -> None:
    """Around the load of every master key: the new key is asked for first, and no try is lost."""
    masters = {"card-key", "environments"}
    loads = [at for step, at in made(SoftwareCard.blank(1)) if isinstance(step.action, LOADS) and step.stage in masters]
    assert loads
    around = {number for at in (loads[0], loads[-1]) for number in (at, at + 1)}
    findings = torn_at(tmp_path, around)
    assert {finding.outcome for finding in findings} == {Outcome.IDENTICAL}
    assert max(finding.wrong for finding in findings) == 0


def test_d03_would_notice_a_lost_try(tmp_path: Path) -> None:
    """A card that says after each loss of power that a key was wrong is asked once, and not again."""
    proof = Proof(tmp_path, PROFILE, lambda serial: Spender.blank(serial, seed=7, area="9901"))
    (finding,) = proof.run([Trial((Cut(200, Tear.BEFORE),))])
    assert (finding.outcome, finding.wrong) == (Outcome.QUARANTINED, 1)


def test_d04_the_hand_over_is_one_way_and_proven(tmp_path: Path) -> None:
    """In both environments the card master key is tried where it must fail; torn there, the hand-over is resumed."""
    steps = list(made(SoftwareCard.blank(1)))
    proofs = [(step, at) for step, at in steps if step.stage == "handover" and isinstance(step.action, Refused)]
    assert {step.target for step, _ in proofs} >= {"SSSE", "PSE"}
    handover = [at for step, at in steps if step.stage == "handover"]
    findings = torn_at(tmp_path, {handover[0], proofs[0][1], handover[-1]})
    assert {finding.outcome for finding in findings} == {Outcome.IDENTICAL}


class Lax(SoftwareCard):
    """A card that still obeys its card master key after the hand-over: it says yes from one command on."""

    yes = 0
    answered = 0

    def transmit(self, apdu: bytes, /) -> bytes:
        self.answered += 1
        return b"\x90\x00" if self.answered == self.yes else super().transmit(apdu)


def test_d04_would_notice_a_card_that_still_obeys() -> None:
    """The card that accepts what it must refuse is quarantined."""
    ends = [at for _, at in made(SoftwareCard.blank(1))]
    steps = list(made(SoftwareCard.blank(1)))
    index = next(i for i, (s, _) in enumerate(steps) if s.stage == "handover" and isinstance(s.action, Refused))
    card = Lax.blank(1)
    card.yes = ends[index + 1] - 1
    with pytest.raises(Quarantined) as caught:
        list(made(card))
    assert caught.value.key == "quarantine-not-refused"
