"""pin and purse from the command line: prompts, output in both languages, exit codes, and no secret in any of it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.commands import readers_open
from sscard.emulator import SoftwareCard
from sscard.emulator.nodes import KeyType
from sscard.errors import CustodyError, Exit

from .conftest import Kept

PIN, NEW = "123456", "73915846"
TERMINAL = ("--terminal", "990101000042")


def run(*words: str, lang: str = "en") -> int:
    return main(["--lang", lang, *words])


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_holder_changes_the_pin(card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [PIN, NEW]
    assert run("pin", "change") == Exit.OK
    typed += [NEW]
    assert run("pin", "verify", lang="zh") == Exit.OK
    typed += [PIN]
    assert run("pin", "verify") == Exit.FAILED
    shown = capsys.readouterr()
    assert "6 tries left" in shown.out
    assert "PIN正确" in shown.out
    assert "5 tries left" in shown.err
    assert not typed


def test_a_clerk_reloads_and_unblocks(card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pin = card.directory("DDF1").key(KeyType.PIN)
    assert pin is not None
    pin.tries = 0
    assert run("pin", "unblock", "--json") == Exit.OK
    assert objects(capsys) == [{"action": "unblock", "card_id": "990101D15600000500000017", "pin_tries": 6}]
    pin.tries = 0
    typed += [NEW]
    assert run("pin", "reload", "--json") == Exit.OK
    assert (pin.value.hex(), pin.tries) == (NEW, 6)
    assert objects(capsys)[0]["action"] == "reload"


def test_the_last_try_is_not_spent(card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pin = card.directory("DDF1").key(KeyType.PIN)
    assert pin is not None
    pin.tries = 1
    typed += [PIN]
    assert run("pin", "verify") == Exit.REFUSED
    assert pin.tries == 1
    assert "PIN-FLOOR" in capsys.readouterr().err


def test_an_empty_pin_is_not_asked_for(
    card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pin = card.directory("DDF1").key(KeyType.PIN)
    assert pin is not None
    pin.value = b""
    assert run("purse", "balance", "--json") == Exit.OK
    assert objects(capsys) == [{"account": 0, "own": 0, "fund": 0, "year": 0}]
    typed += [NEW]
    assert run("pin", "change") == Exit.OK
    assert pin.value.hex() == NEW


@pytest.mark.parametrize("pin", ["123", "12a4", "12345678901234567", ""])
def test_pins_that_are_none(card: SoftwareCard, typed: list[str], pin: str) -> None:
    typed += [pin]
    assert run("pin", "verify") == Exit.USAGE


def test_a_pin_on_the_command_line_is_refused(card: SoftwareCard) -> None:
    for action in ("verify", "change", "reload", "unblock"):
        assert run("pin", action, PIN) == Exit.USAGE


def test_a_day_of_the_purse(card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [PIN] * 4
    assert run("purse", "load", "100.5", *TERMINAL) == Exit.OK
    amounts = ("--account", "25", "--own", "1.05", "--fund", "3")
    assert run("purse", "debit", *amounts, "--terminal-counter", "7", *TERMINAL) == Exit.OK
    assert run("purse", "balance") == Exit.OK
    assert run("purse", "log") == Exit.OK
    out = capsys.readouterr().out
    assert "the account holds 100.50 yuan" in out
    assert "the account holds 75.50 yuan" in out
    assert "account 75.50 yuan   own 1.05   fund 3.00   year 20" in out
    assert out.index("purchase") < out.index("load  ")
    assert run("purse", "proof", "purchase", "0", "--json") == Exit.OK
    (proof,) = objects(capsys)
    assert (proof["booked"], len(str(proof["tac"]))) == (True, 8)
    assert run("purse", "proof", "load", "0", lang="zh") == Exit.FAILED
    assert "没有认证码" in capsys.readouterr().out


def test_json_of_the_purse(card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [PIN] * 3
    assert run("purse", "load", "1", *TERMINAL, "--json") == Exit.OK
    (loaded,) = objects(capsys)
    assert (loaded["movement"], loaded["counter"], loaded["account"]) == ("load", 0, 100)
    assert run("purse", "log", "--json") == Exit.OK
    (entry,) = objects(capsys)
    assert (entry["movement"], entry["account"], entry["terminal"], entry["code"]) == ("load", 100, TERMINAL[1], "31")
    assert run("purse", "debit", "--account", "2", "--terminal-counter", "1", *TERMINAL, "--json") == Exit.FAILED
    (error,) = objects(capsys)
    assert (error["error"], error["sw"]) == ("STATUS", "9401")


def test_starting_day(card: SoftwareCard, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("purse", "starting-day", "--set", "0401", "--json") == Exit.OK
    assert run("purse", "starting-day", lang="zh") == Exit.OK
    out = capsys.readouterr().out.splitlines()
    assert json.loads(out[0]) == {"starting_day": "0401"}
    assert out[1] == "年度起始日期 04 月 01 日"
    assert run("purse", "starting-day", "--set", "0230") == Exit.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ("load", "1.234", *TERMINAL),
        ("load", "1,5", *TERMINAL),
        ("load", "-1", *TERMINAL),
        ("load", "99999999", *TERMINAL),
        ("load", "1", "--terminal", "99010100004"),
        ("load", "1", "--terminal", "99010100004A"),
        ("load", "1"),
        ("load", "1", *TERMINAL, "--key-index", "256"),
        ("debit", *TERMINAL),
        ("proof", "load", "65536"),
    ],
)
def test_what_cannot_be_meant(card: SoftwareCard, typed: list[str], words: tuple[str, ...]) -> None:
    typed += [PIN]
    assert run("purse", *words) == Exit.USAGE
    assert card.file("DF04/EF08").records == []


def test_without_a_workspace_there_are_no_keys(
    card: SoftwareCard,
    typed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.undo()
    kept = Kept()
    monkeypatch.setattr(readers_open, "open_transport", lambda *_names: kept)
    assert run("pin", "unblock", "--workspace", str(tmp_path)) == CustodyError.exit_code
    assert "KEYS-NONE" in capsys.readouterr().err


def test_no_secret_is_printed(card: SoftwareCard, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    keys = [key.value for directory in card.chip.root.walk() for key in directory.keys if len(key.value) == 16]
    for lang in ("zh", "en"):
        for form in ((), ("--json",)):
            typed[:] = [NEW]
            run("pin", "reload", *form, lang=lang)
            typed[:] = [NEW, NEW]
            run("pin", "change", *form, lang=lang)
            for words in (("balance",), ("load", "1", *TERMINAL), ("log",), ("balance",)):
                typed[:] = [NEW]
                run("purse", *words, *form, lang=lang)
            typed[:] = ["00000000"]
            assert run("pin", "verify", *form, lang=lang) == Exit.FAILED
            run("purse", "starting-day", "--set", "0401", *form, lang=lang)
    shown = capsys.readouterr()
    text = (shown.out + shown.err).upper()
    assert "TAC" in text
    assert NEW not in text
    assert "00000000" not in text.replace("990101D15600000500000017", "")
    assert not [key for key in keys if key.hex().upper() in text]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("words", [("pin",), ("pin", "reload"), ("purse",), ("purse", "debit")])
def test_help_has_an_example(words: tuple[str, ...], lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words, "--help", lang=lang) == Exit.OK
    assert f"sscard {' '.join(words)}" in capsys.readouterr().out


def test_pins_come_line_by_line_where_there_is_no_terminal(
    card: SoftwareCard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(lines: str, *words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        return main(["--lang", "en", *words]), capsys.readouterr().err

    assert told(f"{PIN}\n{NEW}\n{NEW}\n", "pin", "change") == (Exit.OK, "old PIN:\nnew PIN:\nthe same again:\n")
    assert told(f"{NEW}\r\n", "pin", "verify") == (Exit.OK, "PIN:\n")
    code, said = told(f"{NEW}\n{PIN}\n{NEW}\n", "pin", "change")
    assert (code, "TYPED-DIFFERS" in said) == (Exit.USAGE, True)
    assert told("", "pin", "verify")[0] == Exit.INTERRUPTED
