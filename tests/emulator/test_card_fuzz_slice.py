"""A slice of the fuzzing that ``make fuzz`` does whole, and that it would notice a card that breaks the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fuzz.knowing import Knowing
from fuzz.reference import Broken
from fuzz.run import Fuzzer, main
from sscard.apdu.atr import Interface
from sscard.emulator import access, authentication, binary, blocking, card, image, keyload, pin, secure
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Counted

SLICE = 10_000


@pytest.mark.parametrize("interface", list(Interface), ids=lambda interface: interface.value)
def test_ten_thousand_commands_break_nothing(interface: Interface) -> None:
    fuzzer = Fuzzer(7, interface)
    fuzzer.run(SLICE)
    assert fuzzer.commands == SLICE
    assert fuzzer.answers["90"] > SLICE // 10, "much of the traffic gets somewhere"
    assert fuzzer.answers["69"] > SLICE // 10, "and much is refused"


def test_same_seed_same_commands() -> None:
    one, two = Fuzzer(3), Fuzzer(3)
    one.run(500)
    two.run(500)
    assert one.last == two.last
    assert one.answers == two.answers


def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.Security, "allows", lambda *_: True)


def pin_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.Security, "_pin", lambda *_: True)


def sticky(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.Security, "leave", lambda *_, **__: None)


def any_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "compare_digest", lambda *_: True)


def any_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin, "compare_digest", lambda *_: True)


def rising(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Counted) -> int:
        self.tries += 1
        return min(self.tries, 15)

    monkeypatch.setattr(Counted, "fail", fail)


def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> bytes:
        raise IndexError

    monkeypatch.setattr(binary, "read_binary", read)
    monkeypatch.setitem(card._HANDLERS, b"\x00\xb0", read)


def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    dump = image.dump
    calls: list[int] = []

    def other(subject: Any) -> str:
        calls.append(1)
        return dump(subject) + " " * (len(calls) > 2 and len(calls) % 2)

    monkeypatch.setattr(image, "dump", other)


@pytest.mark.parametrize(
    "defect",
    [opened, pin_opened, sticky, any_proof, any_pin, rising, crashing, forgetful],
    ids=lambda defect: defect.__name__,
)
def test_a_defect_is_found(monkeypatch: pytest.MonkeyPatch, defect: Callable[[pytest.MonkeyPatch], None]) -> None:
    fuzzer = Fuzzer(1)
    defect(monkeypatch)
    with pytest.raises(Broken):
        fuzzer.run(40_000)


@pytest.mark.parametrize("interface", list(Interface), ids=lambda interface: interface.value)
def test_all_keys_in_hand_break_nothing(interface: Interface) -> None:
    fuzzer = Knowing(11, interface)
    done: set[str] = set()
    for _ in range(SLICE):
        fuzzer.step()
        sent, answered = fuzzer.last[-1]
        if answered.endswith("9000"):
            done.add(sent[:4])
    assert {"8424", "841e", "8416", "84d4", "80e0", "80e1", "04dc"} <= done


def any_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secure, "compare_digest", lambda *_: True)


def any_key_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyload, "compare_digest", lambda *_: True)


def everyone_master(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.Security, "master", lambda *_: True)


def blocks_without_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def authorize(chip: Chip, apdu: bytes, body: bytes, place: Any, number: int) -> None:
        secure.check_mac(chip, apdu, body, secure.maintenance_key(place))

    monkeypatch.setattr(blocking, "_authorize", authorize)


def never_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chip, "settle", lambda chip: setattr(chip, "closed", None))


def reaching_out(monkeypatch: pytest.MonkeyPatch) -> None:
    store = keyload._store

    def store_everywhere(chip: Chip, key: Any) -> None:
        store(chip, key)
        if chip.current.parent is not None:
            chip.current.parent.keys.append(key)

    monkeypatch.setattr(keyload, "_store", store_everywhere)


@pytest.mark.parametrize(
    "defect",
    [any_mac, any_key_mac, everyone_master, blocks_without_right, never_blocked, reaching_out],
    ids=lambda defect: defect.__name__,
)
def test_a_defect_of_what_keys_open_is_found(
    monkeypatch: pytest.MonkeyPatch, defect: Callable[[pytest.MonkeyPatch], None]
) -> None:
    fuzzer = Knowing(2)
    defect(monkeypatch)
    with pytest.raises(Broken):
        fuzzer.run(40_000)


def test_the_command_reports(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--count", "2000", "--contactless"])
    assert main() == 0
    assert '"broken": 0' in capsys.readouterr().out
    opened(monkeypatch)
    assert main() == 1
    assert "BROKEN after" in capsys.readouterr().err
