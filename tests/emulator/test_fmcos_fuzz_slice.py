"""A slice of the FMCOS fuzzing that ``make fuzz`` does whole, and that it would notice a card that breaks the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fuzz.fmcos import FmcosFuzzer
from fuzz.reference import Broken
from fuzz.run import main
from sscard.apdu.atr import Interface
from sscard.emulator.fmcos import authentication, chip, line, nodes, pin, purse
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.nodes import Counted

SLICE = 10_000


@pytest.mark.parametrize("interface", list(Interface), ids=lambda interface: interface.value)
def test_a_slice_breaks_nothing(interface: Interface) -> None:
    fuzzer = FmcosFuzzer(11, interface)
    fuzzer.run(SLICE)
    assert fuzzer.commands == SLICE
    assert fuzzer.answers["90"] > SLICE // 10, "much of the traffic gets somewhere"
    assert fuzzer.answers["69"] > SLICE // 10, "and much is refused"
    assert fuzzer.answers["93"] > SLICE // 100, "blocks and wrong MACs are reached"


def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FmcosChip, "allows", lambda *_: True)


def free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes.Directory, "empty", True)


def sticky(monkeypatch: pytest.MonkeyPatch) -> None:
    real = FmcosChip.enter

    def enter(self: FmcosChip, directory: nodes.Directory | None) -> None:
        kept = getattr(self, "state", 0)
        real(self, directory)
        self.state = kept

    monkeypatch.setattr(FmcosChip, "enter", enter)


def any_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "compare_digest", lambda *_: True)


def any_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin, "compare_digest", lambda *_: True)


def any_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "compare_digest", lambda *_: True)


def any_credit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "compare_digest", lambda *_: True)


def old_challenge(monkeypatch: pytest.MonkeyPatch) -> None:
    real = FmcosChip.take_challenge

    def take(self: FmcosChip) -> bytes:
        self.challenge = self.challenge or bytes(4)
        return real(self)

    monkeypatch.setattr(FmcosChip, "take_challenge", take)
    monkeypatch.setattr(authentication, "compare_digest", lambda *_: True)


def rising(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Counted) -> int:
        self.tries += 1
        return 1

    monkeypatch.setattr(Counted, "fail", fail)


def never_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FmcosChip, "barred", lambda _: None)


def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "_AMOUNT_LIMIT", 10**6)
    monkeypatch.setattr(purse, "four", lambda value: (value + 1).to_bytes(4, "big"))


def no_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "_needs_pin", lambda *_: False)


def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chip, "NO_CHALLENGE", None)


@pytest.mark.parametrize(
    "spoil",
    [opened, free, sticky, any_proof, any_pin, any_mac, any_credit, old_challenge, rising, never_blocked, generous,
     no_pin, crashing],
)  # fmt: skip
def test_a_card_that_breaks_a_rule_is_caught(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzzer = FmcosFuzzer(5)
    spoil(monkeypatch)
    with pytest.raises(Broken):
        fuzzer.run(30_000)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--fmcos", "--contactless", "--count", "600"])
    assert main() == 0
    assert '"broken": 0' in capsys.readouterr().out
