"""Promise D5: kill -9.  A child process makes cards and kills itself with SIGKILL at a chosen write; 200 times."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sscard.cli import main
from sscard.emulator import Rack
from sscard.personalize import journal as journals
from sscard.personalize.ledger import State
from sscard.personalize.ledger import sqlite as ledgers
from sscard.personalize.line import Line
from tests.personalize.test_bad_kills import _is_blank, holder

KILLS = 200
PEOPLE = 60
LONGEST = 170
"""Writes and commits a child may live through: a card takes some six hundred."""


class Fuse:
    """Counts what reaches a disk or a card; at zero the process is gone, before or after the deed."""

    def __init__(self, left: int) -> None:
        self.left = left

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        def done(*values: Any, **names: Any) -> Any:
            self.tick()
            result = deed(*values, **names)
            self.tick()
            return result

        return done


def fused_connection(fuse: Fuse) -> type[sqlite3.Connection]:
    class Fused(sqlite3.Connection):
        """A ledger whose commits burn the fuse."""

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            deed = super().execute
            return fuse.around(deed)(sql, *values) if sql == "COMMIT" else deed(sql, *values)

    return Fused


def work(bureau: Any, writes: int) -> None:
    """In a child: go on with the job until so many writes are done.

    Commands to a card are writes too: a kept card logs each before it carries it out.
    """
    fuse = Fuse(writes)
    for name in ("write", "fsync", "fdatasync", "rename", "replace"):
        setattr(os, name, fuse.around(getattr(os, name)))
    ledgers.sqlite3.connect = partial(sqlite3.connect, factory=fused_connection(fuse))
    production = bureau.open()
    line = Line(production.work, [Rack(bureau.place.cards_path).slot(1)], patience=0.1)
    line._heads[0].run()
    production.close()


def killed(bureau: Any, writes: int) -> bool:
    """Whether the child died by its own hand before the job was done."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            work(bureau, writes)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def test_d05_killed_at_200_points(make_bureau: Callable[[int], Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Each time the same command goes on: no card twice, no row lost, and `sscard jobs` knows the card in the head."""
    bureau, points = make_bureau(PEOPLE), random.Random(5)
    bureau.open().close()
    for number in range(KILLS):
        assert killed(bureau, points.randint(1, LONGEST)), f"the job was over after {number} kills"
        if number % 40 == 0:
            assert main(["jobs", "--workspace", str(bureau.place.root), "--json"]) == 0
            (told,) = map(json.loads, capsys.readouterr().out.splitlines())
            assert (told["rows"], told["spoiled"]) == (PEOPLE, 0)
            assert told["good"] + len(told["in_work"]) + told["left"] == PEOPLE
            assert len(told["in_work"]) <= 1
    production = bureau.run([Rack(bureau.place.cards_path).slot(1)])
    balance = production.work.ledger.balance(production.job.job)
    assert (balance.good, balance.spoiled, balance.work, balance.left, balance.ties) == (PEOPLE, 0, 0, 0, True)
    cards = [entry.card for entry in production.work.ledger.cards(production.job.job, State.GOOD)]
    entries = [entry for path in production.work.folder.glob("*.j*l") for entry in journals.read_entries(path)]
    ended = [entry["card"] for entry in entries if entry["kind"] == "end"]
    assert sorted(ended) == sorted(cards), "every card was finished once"
    production.close()
    held = [holder(path)[1] for path in bureau.place.cards_path.rglob("*.json") if not _is_blank(path)]
    assert sorted(held) == sorted(record.card_no for record in bureau.batch.records())
