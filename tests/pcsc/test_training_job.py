"""Practice cards as an operator makes them, over a real pcscd: made, told apart from other cards, read back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard.apdu.pcsc import list_readers

PROFILE = "training-fmcos"


def sscard(*arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "sscard", *map(str, arguments), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.longest(120)
def test_practice_cards_over_pcscd(tmp_path: Path, emulators: Callable[..., Any]) -> None:
    workspace, other, batch = tmp_path / "work", tmp_path / "other", tmp_path / "people.csv"
    assert sscard("init", workspace, "--demo", "--profile", PROFILE)[0] == 0
    assert sscard("init", other, "--demo")[0] == 0
    assert sscard("people", "--count", "3", "--seed", "1", "--out", batch)[0] == 0
    emulators(1, feed=4, profile=PROFILE)
    (reader,) = (state.name for state in list_readers() if state.present)
    code, (told,) = sscard("info", "--reader", reader)
    assert (code, told["system"], told["kind"], told["interface"]) == (0, "fmcos", "blank", "contactless")
    wrong = sscard("personalize", batch, "--workspace", other, "--reader", reader, "--wait", "0.5")
    assert wrong[0] == 5
    assert {line["code"] for line in wrong[1] if line.get("event") == "refused"} == {"CARD-DIALECT"}
    code, lines = sscard("personalize", batch, "--workspace", workspace, "--reader", reader, "--wait", "3")
    assert code == 0
    assert (lines[-1]["good"], lines[-1]["spoiled"], lines[-1]["left"]) == (3, 0, 0)
