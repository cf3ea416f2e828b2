"""``sscard purse`` on a PBOC card: prompts, both languages, JSON, exit codes, settling, no secret in any of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from sscard.cli import main
from sscard.commands import counter, readers_open
from sscard.emulator import Tear
from sscard.errors import CardRemoved, Exit
from sscard.personalize.sample import personalized_card
from tests.terminal.pboc_counter import OURS, PIN, PROFILE, Watched

TERMINAL = ("--terminal", "990101000042")
SERIAL = ("--terminal-counter", "7")
Run = Callable[..., tuple[int, str]]


class Kept(Watched):
    """The card behind the command, which stays what it is from one command to the next."""

    def close(self) -> None:
        self.card.reset()


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(readers_open, "open_transport", lambda *_names: kept)
    monkeypatch.setattr(counter, "keys_for", lambda *_places: OURS)
    return kept


@pytest.fixture
def run(card: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, with the PIN typed where ``pin`` says so and nowhere else; its exit code and all it told."""
    typed: list[str] = []

    def prompt(text: str, *, hide_input: bool, err: bool, confirmation_prompt: bool) -> str:
        assert (hide_input, err) == (True, True)
        return typed.pop(0)

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "prompt", prompt)

    def command(*words: str, pin: bool = False, lang: str = "en") -> tuple[int, str]:
        typed.extend([PIN] * pin)
        code = main(["--lang", lang, "purse", *words])
        assert typed == []
        told = capsys.readouterr()
        assert PIN not in told.out + told.err
        return code, told.out + told.err

    return command


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_life_in_json(run: Run) -> None:
    code, told = run("load", "100.00", *TERMINAL, "--json", pin=True)
    (loaded,) = objects(told)
    assert len(str(loaded.pop("tac"))) == 8
    assert loaded == {"movement": "load", "purse": "ep", "counter": 0, "account": 10000, "settled": False}
    assert code == Exit.OK
    code, told = run("debit", "--account", "2.50", *SERIAL, *TERMINAL, "--json")
    assert (code, objects(told)[0]["account"]) == (Exit.OK, 9750)
    code, told = run("load", "1", "--purse", "ed", *TERMINAL, "--json", pin=True)
    assert (code, objects(told)[0]["purse"]) == (Exit.OK, "ed")
    assert objects(run("balance", "--json")[1]) == [{"purse": "ep", "account": 9750}]
    assert objects(run("balance", "--purse", "ed", "--json", pin=True)[1]) == [{"purse": "ed", "account": 100}]
    code, told = run("proof", "purchase", "0", "--json")
    assert (code, objects(told)[0]["booked"]) == (Exit.OK, True)
    code, told = run("proof", "purchase", "0", "--purse", "ed", "--json")
    assert (code, objects(told)[0]["booked"]) == (Exit.FAILED, False)
    entries = objects(run("log", "--json", pin=True)[1])
    kept = [(entry["movement"], entry["purse"], entry["amount"]) for entry in entries]
    assert kept == [("load", "ed", 100), ("purchase", "ep", 250), ("load", "ep", 10000)]
    assert len(objects(run("log", "--purse", "ed", "--json", pin=True)[1])) == 1


def test_in_both_languages(run: Run) -> None:
    assert "电子钱包已圈存, 序号 0, 余额 5.00 元" in run("load", "5", *TERMINAL, pin=True, lang="zh")[1]
    paid = run("debit", "--account", "1", *SERIAL, *TERMINAL)[1]
    assert "Paid from the purse as number 0; it holds 4.00 yuan" in paid
    assert "purse: 4.00 yuan" in run("balance")[1]
    told = run("log", pin=True)[1]
    assert "5.00" in told
    assert "purchase" in told
    assert "Booked: number 0" in run("proof", "purchase", "0")[1]


def test_an_empty_log(run: Run) -> None:
    assert "No transactions." in run("log", pin=True)[1]


def test_what_a_pboc_card_does_not_have(run: Run) -> None:
    code, told = run("debit", "--account", "1", "--own", "1", *SERIAL, *TERMINAL)
    assert (code, "PURSE-PARTS" in told) == (Exit.USAGE, True)
    code, told = run("starting-day")
    assert (code, "PURSE-PARTS" in told) == (Exit.USAGE, True)
    code, told = run("debit", "--account", "1", *SERIAL, *TERMINAL)
    assert (code, "9401" in told) == (Exit.FAILED, True)


def test_a_medical_card_has_one_purse(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    medical = personalized_card()
    monkeypatch.setattr(readers_open, "open_transport", lambda *_names: medical)
    monkeypatch.setattr(medical, "close", medical.reset)
    code, told = run("proof", "load", "0", "--purse", "ed")
    assert (code, "PURSE-WHICH" in told) == (Exit.USAGE, True)
    code, told = run("proof", "unload", "0")
    assert (code, "PURSE-MOVEMENT" in told) == (Exit.USAGE, True)


def torn(card: Kept, monkeypatch: pytest.MonkeyPatch, when: Tear) -> None:
    """Cut the card's power at the debit."""
    transmit = card.card.transmit

    def cut(apdu: bytes) -> bytes:
        if apdu[1] == 0x54:
            card.card.tear(1, when)
        return transmit(apdu)

    monkeypatch.setattr(card.card, "transmit", cut)


@pytest.mark.parametrize("when", [Tear.BEFORE, Tear.AFTER])
def test_lost_contact_is_settled_by_the_proof(
    card: Kept, run: Run, monkeypatch: pytest.MonkeyPatch, when: Tear
) -> None:
    run("load", "5", *TERMINAL, pin=True)
    torn(card, monkeypatch, when)
    card.sent.clear()
    code, told = run("debit", "--account", "2", *SERIAL, *TERMINAL)
    if when is Tear.AFTER:
        assert code == Exit.OK
        assert "it was booked. Nothing was repeated." in told
        assert "it holds 3.00 yuan" in told
    else:
        assert code != Exit.OK
        assert "EPURSE-NOT-BOOKED" in told
    assert (card.headers().count("8054"), card.headers().count("805a")) == (1, 1)
    assert f"{'3.00' if when is Tear.AFTER else '5.00'} yuan" in run("balance")[1]


def test_without_the_card_the_clerk_is_told_how_to_ask(card: Kept, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("load", "5", *TERMINAL, pin=True)
    torn(card, monkeypatch, Tear.AFTER)

    def gone() -> bytes:
        raise CardRemoved("card-removed")

    monkeypatch.setattr(card, "reset", gone)
    code, told = run("debit", "--account", "2", *SERIAL, *TERMINAL)
    assert code != Exit.OK
    assert "sscard purse proof purchase 0 --purse ep" in told
    code, told = run("proof", "purchase", "0", "--purse", "ep")
    assert code == Exit.OK


def test_the_card_introduces_itself(card: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "info"]) == Exit.OK
    assert "PBOC purse card · area 990101 · application serial number 99010100000000000017" in capsys.readouterr().out


def test_pin_commands_show_no_key_to_a_card_they_do_not_serve(
    card: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [PIN, "654321", "654321"]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "prompt", lambda *_words, **_options: typed.pop(0))
    assert main(["--lang", "en", "pin", "change"]) == Exit.OK
    assert main(["--lang", "en", "pin", "verify"]) == Exit.OK
    card.sent.clear()
    assert main(["--lang", "en", "pin", "unblock"]) == Exit.REFUSED
    assert "PIN-NOT-SERVED" in capsys.readouterr().err
    assert not {"0082", "8424"} & set(card.headers())
    assert all(key.tries == key.limit for place in card.card.chip.directories() for key in place.keys)


def test_end_to_end_from_a_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ws, batch = str(tmp_path / "ws"), str(tmp_path / "b.csv")
    assert main(["init", ws, "--demo", "--profile", PROFILE.name, "--json"]) == Exit.OK
    assert main(["people", "--count", "3", "--out", batch, "--json"]) == Exit.OK
    capsys.readouterr()
    assert main(["personalize", batch, "--workspace", ws, "--dry-run", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["ratio"] == 1.0
    assert main(["personalize", batch, "--workspace", ws, "--reader", "emulator:2", "--json"]) == Exit.OK
    events = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events if "event" in event] == ["good"] * 3
    assert events[-1]["ties"] is True
    image = str(next((tmp_path / "ws" / "cards" / "drawer").glob("*.json")))
    assert main(["card", "compare", image, image]) == Exit.OK
    capsys.readouterr()
    assert main(["profile", "lint", PROFILE.name, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["errors"] == 0
    assert main(["profile", "size", PROFILE.name, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["bytes"] == 735
    assert main(["profile", "diff", "training-fmcos", PROFILE.name, "--json"]) == Exit.OK
    assert "PURSE/EP" in capsys.readouterr().out
