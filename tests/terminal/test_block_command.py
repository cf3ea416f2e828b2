"""``sscard block`` from the command line: confirmed by the card's code, written down first, for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.apdu.transport import Channel
from sscard.cli import main
from sscard.emulator import SoftwareCard
from sscard.errors import Exit
from sscard.terminal.identify import Identity, identify

BLOCKED, BLOCKED_APPLICATION = bytes.fromhex("6A81"), bytes.fromhex("9303")
SELECT_SSSE = bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")


def identity(card: SoftwareCard) -> Identity:
    return identify(Channel(card))


@pytest.fixture
def code(card: SoftwareCard) -> str:
    return identity(card).card_id


def log(folder: Path) -> str:
    found = folder / "ws" / "audit.log"
    return found.read_text() if found.exists() else ""


def test_an_application(card: SoftwareCard, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["block", "application", "df04", "--confirm", code, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"blocked": "DF04", "card_id": code}
    card.reset()
    card.transmit(SELECT_SSSE)
    assert card.transmit(bytes.fromhex("00A4000002DF03"))[-2:] != BLOCKED_APPLICATION
    card.transmit(SELECT_SSSE)
    assert card.transmit(bytes.fromhex("00A4000002DF04")) == BLOCKED_APPLICATION


def test_a_card_asks_and_logs_first(
    card: SoftwareCard, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import click

    monkeypatch.chdir(tmp_path)
    assert main(["init", "ws", "--demo"]) == Exit.OK
    asked: list[str] = []

    def prompt(text: str, *, err: bool) -> str:
        asked.append(text)
        assert err
        assert "block" not in log(tmp_path)
        return code

    monkeypatch.setattr(click, "prompt", prompt)
    assert main(["--lang", "zh", "block", "card", "--workspace", "ws"]) == Exit.OK
    assert len(asked) == 1
    assert code in asked[0]
    assert f"command=block card card={code}" in log(tmp_path)
    assert card.transmit(bytes.fromhex("00A4000000")) == BLOCKED
    assert "已锁定整张卡" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told", "end"),
    [
        (("card", "--confirm", "990101D15600000500000018"), "BLOCK-UNCONFIRMED", Exit.REFUSED),
        (("application", "SSSE"), "BLOCK-ENVIRONMENT", Exit.REFUSED),
        (("application", "DF01"), "BLOCK-NO-KEY", Exit.REFUSED),
        (("application", "DF99"), "BLOCK-UNKNOWN", Exit.USAGE),
    ],
)
def test_refused(
    card: SoftwareCard, code: str, words: tuple[str, ...], told: str, end: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    confirmed = words if "--confirm" in words else (*words, "--confirm", code)
    assert main(["block", *confirmed]) == end
    assert told in capsys.readouterr().err
    assert identity(card).card_id == code, "nothing was blocked"
