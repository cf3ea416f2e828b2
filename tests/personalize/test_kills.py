"""Killing the process at any moment and running the same command again: one good card a person, no card for two."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel, Transport
from sscard.cos.commands import select_name
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import Rack
from sscard.errors import GuardRefused
from sscard.personalize import journal as journals
from sscard.personalize.admission import card_identity
from sscard.personalize.ledger import State
from sscard.personalize.line import Kind, Line

pytestmark = pytest.mark.usefixtures("each_interface")
KILLS = 96


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it, nothing is tidied up."""


class Fuse:
    """Burns down with every command, file write and ledger commit, then kills."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.burnt = False

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0 or self.burnt:
            self.burnt = True
            raise Killed


class FusedCard:
    """A card behind the fuse; power may fail before the command arrives or after it was carried out."""

    def __init__(self, card: Transport, fuse: Fuse) -> None:
        self._card = card
        self._fuse = fuse

    @property
    def atr(self) -> bytes:
        return self._card.atr

    @property
    def name(self) -> str:
        return self._card.name

    def transmit(self, apdu: bytes) -> bytes:
        self._fuse.tick()
        answer = self._card.transmit(apdu)
        self._fuse.tick()
        return answer

    def reset(self) -> bytes:
        return self._card.reset()

    def close(self) -> None:
        if not self._fuse.burnt:
            self._card.close()


class FusedSlot:
    """One head whose cards are behind the fuse; after the kill the box gives the same plastics again."""

    def __init__(self, slot: Any, fuse: Fuse) -> None:
        self._slot = slot
        self._fuse = fuse
        self.name = slot.name

    def next_card(self, timeout: float) -> FusedCard | None:
        card = self._slot.next_card(timeout)
        return None if card is None else FusedCard(card, self._fuse)

    def release(self) -> None:
        if not self._fuse.burnt:
            self._slot.release()

    def close(self) -> None:
        if not self._fuse.burnt:
            self._slot.close()


def _holders(rack: Rack, aid: bytes) -> list[str]:
    """Card numbers that stand on finished plastics."""
    numbers = []
    for card in rack.drawer:
        card.reset()
        channel = Channel(card)
        channel.call(select_name(aid))
        numbers.append(channel.call(Command(0x00, 0xB2, 0x07, 0x28, le=11))[2:].decode())
    return numbers


@pytest.mark.parametrize("seed", range(KILLS // 12))
def test_random_kills(make_bureau: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Each run is killed after a random number of commands and writes, until the job is done at last."""
    random_points = random.Random(seed)
    bureau = make_bureau(5)
    rack = Rack()
    real_write, real_sync, kills = os.write, os.fdatasync, 0
    for _attempt in range(200):
        fuse = Fuse(random_points.randrange(1, 600) if kills < 12 else 10**9)
        with monkeypatch.context() as patched:
            patched.setattr(journals.os, "write", lambda *a, f=fuse: (f.tick(), real_write(*a))[1])
            patched.setattr(journals.os, "fdatasync", lambda *a, f=fuse: (f.tick(), real_sync(*a), f.tick())[1])
            try:
                production = bureau.open()
            except Killed:
                kills += 1
                continue
            line = Line(production.work, [FusedSlot(rack.slot(1), fuse)], patience=0.2)
            head = line._heads[0]
            try:
                head._serve_all()
            except Killed:
                kills += 1
            production.work.ledger.close()
            production.lock.release()
        if not fuse.burnt:
            break
    assert kills == 12
    production = bureau.open()
    balance = production.work.ledger.balance(production.job.job)
    assert (balance.good, balance.work, balance.left) == (5, 0, 0)
    assert balance.spoiled == 0
    numbers = _holders(rack, load_profile("ssc3-sm4").directory("SSSE").aid)
    assert sorted(numbers) == sorted(record.card_no for record in bureau.batch.records())
    assert len(rack.drawer) == 5
    identities = {card_identity(Channel(card), load_dialect("t514")).name for card in rack.drawer}
    assert len(identities) == 5
    production.close()


def test_untouched_claim_is_given_back(make_bureau: Callable[[int], Any]) -> None:
    """A row claimed for a card that never got its first intent is queued again at the next start."""
    bureau = make_bureau(2)
    production = bureau.open()
    production.work.ledger.claim(production.job.job, "00" * 13, "1")
    production.close()
    again = bureau.open()
    assert again.waiting == ()
    assert again.work.ledger.balance(again.job.job).left == 2
    again.close()


def test_good_in_the_journal_is_settled_without_the_card(make_bureau: Callable[[int], Any]) -> None:
    """Killed between the journal's verdict and the ledger: the next start settles it, the card need not come back."""
    bureau = make_bureau(1)
    production = bureau.open()
    job = production.job.job
    seq = production.work.ledger.claim(job, "AB" * 13, "1")
    journal = journals.Journal(production.work.folder / "1-1.jrnl")
    log = journal.card(journals.CardState("AB" * 13, seq, production.job.profile_digest))
    log.open(job, "test")
    log.intent(1, 0, 1)
    log.end(journals.GOOD)
    journal.close()
    production.close()
    again = bureau.open()
    assert again.work.ledger.balance(job).good == 1
    assert again.work.ledger.card("AB" * 13).state is State.GOOD
    again.close()


def test_the_promises_are_in_the_database(make_bureau: Callable[[int], Any]) -> None:
    """No code path, not even a careless one, can give a row a second live card or a person a second live row."""
    bureau = make_bureau(2)
    production = bureau.open()
    ledger = production.work.ledger
    ledger.claim(production.job.job, "01" * 13, "1")
    insert = "INSERT INTO cards (card, job, seq, head, state, started) VALUES (?,?,1,'1','good','')"
    with pytest.raises(sqlite3.IntegrityError):
        ledger._engine._db.execute(insert, ("02" * 13, production.job.job))
    with pytest.raises(sqlite3.IntegrityError):
        ledger._engine._db.execute(insert, ("01" * 13, production.job.job))
    person = ledger._engine._db.execute("SELECT person FROM rows WHERE seq = 1").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError):
        ledger._engine._db.execute(
            "INSERT INTO rows VALUES (?, 9, ?, 'T99999999', 'queued')", (production.job.job, person)
        )
    production.close()


def test_resumed_card_says_so(make_bureau: Callable[[int], Any]) -> None:
    from sscard.emulator import Tear

    bureau = make_bureau(3)
    rack = Rack(tear={1: (250, Tear.AFTER)})
    production = bureau.run([rack.slot(1)])
    assert production.work.ledger.balance(production.job.job).good == 3
    assert [event.resumed for event in bureau.events if event.kind is Kind.GOOD] == [False, True, False]
    assert sum(event.kind is Kind.LOST for event in bureau.events) == 1
    production.close()


def test_a_resumed_visit_is_journalled_anew_and_results_only_once(make_bureau: Callable[[int], Any]) -> None:
    """What a resumed run does stands in its own journal; a key found loaded is not told as loaded again."""
    from sscard.emulator import Tear

    bureau = make_bureau(1)
    rack = Rack(tear={0: (250, Tear.AFTER)})
    production = bureau.run([rack.slot(1)])
    paths = sorted(production.work.folder.glob("*.j*rn*l"))
    entries = [entry for path in paths for entry in journals.read_entries(path)]
    intents = [entry["visit"] for entry in entries if entry["kind"] == "intent"]
    results = [entry["step"] for entry in entries if entry["kind"] == "done"]
    torn = {visit for visit in intents if intents.count(visit) == 2}
    assert len(torn) == 1
    assert len(set(results)) >= len(results) - 1
    assert results == sorted(results)
    production.close()


def test_the_ledger_is_private(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(1)
    production = bureau.open()
    assert bureau.place.ledger_path.stat().st_mode & 0o077 == 0
    production.close()


def test_a_return_file_older_than_its_finished_batch_is_written_anew(make_bureau: Callable[[int], Any]) -> None:
    """The power goes after the last card and before the return file: what lies there is of an earlier run."""
    bureau = make_bureau(2)
    production = bureau.run([Rack(count=1).slot(1)])
    old = production.returns()[0].read_bytes()
    production.close()
    assert b"not-made" in old
    bureau.run([Rack(first_serial=50).slot(1)]).close()
    production = bureau.open()
    assert b"not-made" not in production.returns()[0].read_bytes()
    production.close()
    with pytest.raises(GuardRefused, match="BATCH-DONE"):
        bureau.open()


def test_a_station_of_another_name_goes_on_in_its_own_ledger(make_bureau: Callable[[int], Any]) -> None:
    """Where the ledger is not shared the journals of every card lie here, whatever the station was called."""
    from sscard.emulator import Tear

    bureau, rack = make_bureau(1), Rack(tear={0: (250, Tear.AFTER)})
    production = bureau.open()
    for event in Line(production.work, [rack.slot(1)], patience=0.2).run():
        if event.kind is Kind.LOST:
            break
    production.close()
    bureau.place = replace(bureau.place, station="desk-7")
    production = bureau.run([rack.slot(1)])
    assert production.work.ledger.balance(production.job.job).complete
    assert [event.resumed for event in bureau.events if event.kind is Kind.GOOD] == [True]
    production.close()
