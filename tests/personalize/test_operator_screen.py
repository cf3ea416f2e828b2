"""What the operator is told: the gravest next action, colour and bell by severity, which card sits in which head."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard.commands.advice import Advice, Severity, advise, foremost
from sscard.emulator import Rack
from sscard.emulator.tearing import Tear
from sscard.errors import GuardRefused, Quarantined, ReaderLost
from sscard.personalize.heads import Event, Kind
from sscard.personalize.line import Line
from sscard.personalize.rollcall import SilentSlot, Sits, call_roll


def event(kind: Kind, error: Any = None) -> Event:
    return Event(kind, 3, "reader", error=error)


def test_each_event_has_its_severity() -> None:
    refused, bad = GuardRefused("card-blocked"), Quarantined("quarantine-swapped")
    gone = ReaderLost("reader-hung", reader="r", seconds=60)
    told = {
        kind: advise(event(kind, error), "said")
        for kind, error in [
            *((Kind.GOOD, None), (Kind.WAITING, None), (Kind.PAUSED, None), (Kind.SPOILED, bad)),
            *((Kind.REFUSED, refused), (Kind.STOPPED, gone)),
        ]
    }
    assert {kind: advice and advice.severity for kind, advice in told.items()} == {
        Kind.GOOD: None,
        Kind.WAITING: None,
        Kind.PAUSED: Severity.CALM,
        Kind.SPOILED: Severity.ATTEND,
        Kind.REFUSED: Severity.ATTEND,
        Kind.STOPPED: Severity.ALARM,
    }
    assert len({severity.mark for severity in Severity}) == len({severity.style for severity in Severity}) == 3


def test_the_gravest_comes_first_and_without_any_the_blanks() -> None:
    calm, alarm = Advice(Severity.CALM, "a"), Advice(Severity.ALARM, "b")
    assert foremost({1: calm, 2: alarm}, [3]) is alarm
    assert "3, 4" in foremost({}, [4, 3]).words
    assert foremost({}, []).severity is Severity.CALM


@pytest.mark.parametrize(("severity", "rings"), [(Severity.CALM, 0), (Severity.ATTEND, 1), (Severity.ALARM, 3)])
def test_the_bell_counts(severity: Severity, rings: int, capfd: pytest.CaptureFixture[str]) -> None:
    severity.ring()
    assert capfd.readouterr() == ("", "\a" * rings)


def torn(bureau: Any, rack: Rack) -> Any:
    """A job whose first card stopped in work."""
    production = bureau.open()
    line = Line(production.work, [rack.slot(1)], patience=0.1)
    for told in line.run():
        if told.kind is Kind.LOST:
            line.halt()
    production.lock.release()
    return production


def test_the_roll_says_which_card_sits_where_and_leaves_it_there(make_bureau: Callable[..., Any]) -> None:
    bureau, rack = make_bureau(3), Rack(tear={1: (200, Tear.BEFORE)})
    torn(bureau, rack)
    good = rack.drawer[0]
    production = bureau.open()
    (waiting,) = production.waiting

    class Held:
        name = "held"

        def next_card(self, timeout: float) -> Any:
            good.reset()
            return good

        def release(self) -> None: ...
        def close(self) -> None: ...

    class Hung(Held):
        name = "hung"
        let_go = threading.Event()

        def next_card(self, timeout: float) -> Any:
            self.let_go.wait(20)

    class Gone(Held):
        name = "gone"

        def next_card(self, timeout: float) -> Any:
            raise ReaderLost("reader-hung", reader="r", seconds=1)

    slots = [rack.slot(1), Held(), rack.slot(2), Hung(), Gone()]
    found = call_roll(production.work, slots, limit=0.5)
    Hung.let_go.set()
    assert [each.sits for each in found] == [Sits.IN_WORK, Sits.GOOD, Sits.UNKNOWN, Sits.SILENT, Sits.UNREADABLE]
    assert [(each.head, each.seq) for each in found][:2] == [(1, 2), (2, 1)]
    assert found[0].card == waiting.card
    silent = SilentSlot("hung", 1)
    line = Line(production.work, [rack.slot(1), silent], patience=0.3)
    events = list(line.run())
    assert next(told.resumed for told in events if told.kind is Kind.GOOD) is True
    assert [told.head for told in events if told.kind is Kind.STOPPED] == [2]
    assert production.work.ledger.balance(production.job.job).complete


@pytest.fixture
def interrupted(tmp_path: Path) -> tuple[Path, tuple[str, ...]]:
    """A workspace whose only reader lost its card in the middle of row 1, and the command that goes on."""
    place = tmp_path / "ws"
    for words in (["init", str(place), "--demo"], ["people", "--count", "3", "--out", str(place / "b.csv")]):
        subprocess.run([sys.executable, "-m", "sscard", *words], check=True, capture_output=True)
    make = ("--lang", "en", "personalize", str(place / "b.csv"), "--workspace", str(place), "--reader", "emulator:1")
    script = (
        "import sys; from sscard.emulator import rack; from sscard.emulator.tearing import Tear; "
        "plain = rack.Rack.__init__\n"
        "def torn(self, *words, **more): plain(self, *words, **more, tear={0: (200, Tear.BEFORE)})\n"
        "rack.Rack.__init__ = torn\n"
        "from sscard.personalize import line; line.RECONNECTS = 1\n"
        "from sscard.emulator.rack import Slot; Slot.release = lambda self: self.close()\n"
        "from sscard.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    subprocess.run([sys.executable, "-c", script, *make, "--wait", "0"], capture_output=True, timeout=60)
    return place, make


def test_the_same_command_says_where_the_card_sits(interrupted: tuple[Path, tuple[str, ...]]) -> None:
    _, make = interrupted
    done = subprocess.run([sys.executable, "-m", "sscard", *make], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^head 1: the card of row 1 \(T\w+\) that stopped in work\. Leave it", done.stdout, re.M)
    assert "\x1b" not in done.stdout + done.stderr
    assert "resumed" in done.stdout


def test_it_says_so_in_json(interrupted: tuple[Path, tuple[str, ...]]) -> None:
    _, make = interrupted
    done = subprocess.run([sys.executable, "-m", "sscard", *make, "--json"], capture_output=True, text=True)
    first = json.loads(done.stdout.splitlines()[0])
    assert (first["event"], first["head"], first["sits"], first["seq"]) == ("found", 1, "in-work", 1)


@pytest.mark.parametrize("colours", [True, False])
def test_colour_can_be_switched_off_and_the_mark_stays(tmp_path: Path, at_terminal: Any, colours: bool) -> None:
    place = tmp_path / "ws"
    for words in (["init", str(place), "--demo"], ["people", "--count", "1", "--out", str(place / "b.csv")]):
        subprocess.run([sys.executable, "-m", "sscard", *words], check=True, capture_output=True)
    words = ("personalize", "b.csv", "--workspace", ".", "--reader", "emulator:1", "--bell")
    more = {"TERM": "xterm-256color"} | ({} if colours else {"NO_COLOR": "1"})
    screen = at_terminal(place, words, **more)
    assert screen.code == 0, screen.shown
    assert "▶".encode() in screen.shown
    assert (re.search(rb"\x1b\[[0-9;]*3[0-9]", screen.shown) is not None) is colours
    assert b"\a" not in screen.shown
    assert os.environ.get("NO_COLOR") is None
