"""A command line that click refuses: exit 2, and an object where one was asked for."""

from __future__ import annotations

import json

import pytest

from sscard.cli import main


def test_usage_errors_are_objects_under_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["people", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["error"] == "USAGE"
    assert "--count" in told["message_en"]
    assert told["message_zh"] != told["message_en"]


def test_usage_errors_are_text_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["people"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "--count" in shown.err


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["polish"]) == 2
    assert "polish" in capsys.readouterr().err
