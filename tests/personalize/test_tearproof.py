"""The proof by tearing: a slice of it for every profile, and that it notices what it is there for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.commands.selftest import tear_command
from sscard.cos.profile import load_profile, profile_names
from sscard.emulator import Cut, SoftwareCard, Tear
from sscard.errors import Exit
from sscard.personalize.tearproof import Finding, Outcome, Proof, Summary, Trial, difference, trials

ROOT = Path(__file__).parents[2]


def prove(folder: Path, name: str, *, every: int, doubles: int, kind: type[SoftwareCard] | None = None) -> Summary:
    profile = load_profile(name)
    make = None if kind is None else lambda serial: kind.blank(serial, seed=7, area="9901")
    proof = Proof(folder, profile, make)
    summary = Summary(profile.name, profile.dialect, proof.commands())
    summary.findings += proof.run(trials(summary.commands, every=every, doubles=doubles))
    return summary


@pytest.mark.parametrize("name", ["ssc3-sm4", "ssc2-des", "ssc1-des", "ssc3-sm4+overlay-informative"])
def test_torn_cards_end_as_untorn_ones(name: str, tmp_path: Path) -> None:
    summary = prove(tmp_path, name, every=45, doubles=12)
    assert [finding for finding in summary.findings if finding.outcome is not Outcome.IDENTICAL] == []
    assert (summary.most_wrong, summary.sound) == (0, True)
    singles = [finding for finding in summary.findings if len(finding.trial.cuts) == 1]
    assert {finding.tears for finding in singles} == {1}
    assert {finding.trial.later for finding in singles} == {False, True}
    assert sum(finding.tears == 2 for finding in summary.findings) == 12


class Leaky(SoftwareCard):
    """A card that no reading would show to be damaged: each loss of power raises the limit of a key."""

    def power_off(self) -> None:
        for directory in self.chip.root.walk():
            for key in directory.keys[:1]:
                key.limit = 15
        super().power_off()


class Forgetful(SoftwareCard):
    """A card that loses records when its power goes before it is sealed: reading back must find it out."""

    def power_off(self) -> None:
        for directory in () if self.sealed else self.chip.root.walk():
            for ef in directory.files.values():
                if ef.records and ef.fid == 0xEF05:
                    ef.records[0] = bytes(len(ef.records[0]))
        super().power_off()


class Spender(SoftwareCard):
    """A card whose answer to every EXTERNAL AUTHENTICATE after a loss of power is that it was wrong."""

    lost = False

    def power_off(self) -> None:
        self.lost = True
        super().power_off()

    def transmit(self, apdu: bytes, /) -> bytes:
        answer = super().transmit(apdu)
        return b"\x63\xc2" if self.lost and apdu[1:2] == b"\x82" else answer


def test_a_card_that_is_not_its_twin_is_broken(tmp_path: Path) -> None:
    summary = prove(tmp_path, "ssc3-sm4", every=150, doubles=0, kind=Leaky)
    broken = [finding for finding in summary.findings if finding.outcome is Outcome.BROKEN]
    assert broken
    assert not summary.sound
    assert all(finding.reason.endswith("/limit") for finding in broken)


def test_a_card_that_lost_something_is_quarantined(tmp_path: Path) -> None:
    summary = prove(tmp_path, "ssc3-sm4", every=150, doubles=0, kind=Forgetful)
    found = {finding.outcome for finding in summary.findings}
    assert Outcome.QUARANTINED in found
    assert Outcome.BROKEN not in found
    assert {finding.reason for finding in summary.findings if finding.outcome is Outcome.QUARANTINED} == {
        "quarantine-differs"
    }


def test_wrong_tries_are_counted_and_more_than_one_is_not_sound(tmp_path: Path) -> None:
    proof = Proof(tmp_path, load_profile("ssc3-sm4"), lambda serial: Spender.blank(serial, seed=7, area="9901"))
    (finding,) = proof.run([Trial((Cut(200, Tear.BEFORE),))])
    assert (finding.outcome, finding.wrong) == (Outcome.QUARANTINED, 1)
    good = Finding(Trial((Cut(1, Tear.AFTER),)), Outcome.IDENTICAL, "", 1, 0)
    twice = Finding(Trial((Cut(1, Tear.AFTER),)), Outcome.IDENTICAL, "", 1, 2)
    assert Summary("p", "d", 1, [good, finding]).sound
    assert not Summary("p", "d", 1, [good, twice]).sound
    assert not Summary("p", "d", 1).sound


def test_every_command_is_torn_at_every_moment() -> None:
    planned = list(trials(7, doubles=3))
    singles = [trial.cuts[0] for trial in planned if len(trial.cuts) == 1]
    assert {(cut.after, cut.when) for cut in singles} == {(number, when) for number in range(1, 8) for when in Tear}
    assert [len(trial.cuts) for trial in planned[21:]] == [2, 2, 2]
    assert planned == list(trials(7, doubles=3)) != list(trials(7, doubles=3, seed=1))


@pytest.mark.parametrize(
    ("left", "right", "place"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, ""),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "/a/1/b"),
        ({"a": [1]}, {"a": [1, 2]}, "/a"),
        ({"a": 1}, {"a": 1, "c": 0}, "/c"),
    ],
)
def test_the_first_difference_is_named_without_its_value(left: object, right: object, place: str) -> None:
    assert difference(left, right) == place


def test_the_command_prints_the_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "tear", "--every", "200", "--doubles", "2", "--json"]) == Exit.OK
    *cards, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert len(cards) == last["cards"] == last["identical"] == 3 * 3 + 2
    assert (last["commands"], last["sound"], last["tears"]) == (495, True, 13)
    assert main(["--lang", "zh", "selftest", "tear", "--every", "400", "--doubles", "0"]) == Exit.OK
    assert "没有第三种结果" in capsys.readouterr().out


def test_the_number_in_the_readme_is_that_of_the_whole_proof(tmp_path: Path) -> None:
    (doubles,) = (option.default for option in tear_command.params if option.name == "doubles")
    commands = Proof(tmp_path, load_profile("ssc3-sm4")).commands()
    whole = len(list(trials(commands, doubles=doubles)))
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text("utf-8")
        (promise,) = re.findall(r"`sscard selftest tear` (?:cuts|在一张).*?(?=\n- )", text, re.S)
        assert f"{commands}" in promise
        assert f"{doubles:,}" in promise
        assert f"{whole:,}" in promise


def test_the_table_of_all_profiles_ties(tmp_path: Path) -> None:
    """Every profile that comes with the toolkit stands there with its commands, and no card of it is missing."""
    text = (ROOT / "docs" / "journal.md").read_text("utf-8").replace(",", "")
    found = re.findall(r"\| `([\w+-]+)` \|([\d |]+)\|\n", text)
    rows = {name: [*map(int, numbers.split("|"))] for name, numbers in found}
    assert {name.partition("+")[0] for name in rows} == set(profile_names())
    for name, (commands, once, twice, equal, quarantined) in rows.items():
        assert commands == Proof(tmp_path, load_profile(name)).commands(), name
        assert (once, equal + quarantined) == (3 * commands, once + twice), name
