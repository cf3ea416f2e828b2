"""Card feeders: real programs that bring and take cards; whatever one does wrong stops its own head only."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard.emulator.blank import blank_card
from sscard.emulator.persistent import LOG_SUFFIX, PersistentCard
from sscard.emulator.tearing import Tear
from sscard.errors import CardMute, ReaderLost
from sscard.personalize.feeder import Feeder, FeederSlot, feeder_slots, good_in
from sscard.personalize.heads import Kind
from sscard.personalize.ledger import State
from sscard.personalize.line import Line

HOPPER = Path(__file__).with_name("hopper.py")


class Mouth:
    """The reader of a head: whatever image the machine put into its folder."""

    def __init__(self, folder: Path, *, cut: int = 0) -> None:
        self.name = f"reader {folder.name}"
        self._folder = folder
        self._cut = cut
        self._card: PersistentCard | None = None

    def next_card(self, timeout: float) -> PersistentCard | None:
        self.close()
        found = sorted(self._folder.glob("*.json"))
        if not found:
            time.sleep(min(timeout, 0.01))
            return None
        self._card = PersistentCard(found[0])
        if self._cut:
            self._card.tear(self._cut, Tear.BEFORE)
            self._cut = 0
        self._card.reset()
        return self._card

    def release(self) -> None:
        if self._card is not None:
            self.close()

    def close(self) -> None:
        if self._card is not None:
            path = self._card.path
            self._card.close()
            path.with_name(path.name + LOG_SUFFIX).unlink(missing_ok=True)
            self._card = None


def fill(box: Path, serials: range) -> None:
    box.mkdir(parents=True)
    from sscard.cos.profile import load_profile

    profile = load_profile("ssc3-sm4")
    for serial in serials:
        card = PersistentCard(
            box / f"card-{serial:04}.json", lambda serial=serial: blank_card(profile, serial, area="9901")
        )
        card.close()
        (box / f"card-{serial:04}.json{LOG_SUFFIX}").unlink(missing_ok=True)


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, str(HOPPER), str(folder), *more]


def run(
    bureau: Any, folder: Path, *more: str, heads: int = 1, limit: float = 10, cut: int = 0
) -> tuple[Any, Line, list[Any]]:
    production = bureau.open()
    mouths = [Mouth(folder / f"head-{number}", cut=cut if number == 1 else 0) for number in range(1, heads + 1)]
    slots = feeder_slots(mouths, command(folder, *more), folder, good_in(production.work), limit=limit)
    line = Line(production.work, slots, patience=5)
    try:
        return production, line, list(line.run())
    finally:
        production.lock.release()


def cards(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


def test_a_hopper_feeds_two_heads_and_sorts_good_from_bad(make_bureau: Callable[[int], Any], tmp_path: Path) -> None:
    folder = tmp_path / "machine"
    fill(folder / "box", range(1, 7))
    production, _, events = run(make_bureau(5), folder, heads=2)
    assert production.work.ledger.balance(production.job.job).complete
    assert (cards(folder / "good"), cards(folder / "bad")) == (5, 0)
    requests = (folder / "requests").read_text().split("\n")
    said = Counter(line.partition(" ")[2] for line in requests if line)
    assert said["done"] == 5
    assert said["reject"] == 0
    assert said["bye"] == 2
    assert {event.head for event in events if event.kind is Kind.GOOD} <= {1, 2}


def test_a_finished_card_in_the_box_is_rejected_and_the_next_one_is_used(
    make_bureau: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "machine"
    fill(folder / "box", range(1, 4))
    run(make_bureau(1, "other"), folder)
    bureau = make_bureau(2)
    (used,) = (folder / "good").glob("*.json")
    used.rename(folder / "box" / "card-0000.json")
    production, _, events = run(bureau, folder)
    assert [event.error.key for event in events if event.kind is Kind.REFUSED] == ["card-used"]
    assert (cards(folder / "good"), cards(folder / "bad")) == (2, 1)
    assert production.work.ledger.balance(production.job.job).complete


def test_a_card_cut_off_in_the_head_is_found_there_before_another_is_asked_for(
    make_bureau: Callable[[int], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "machine"
    fill(folder / "box", range(1, 4))
    bureau = make_bureau(2)
    production = bureau.open()
    mouth = Mouth(folder / "head-1", cut=200)
    slots = feeder_slots([mouth], command(folder), folder, good_in(production.work), limit=10)
    line = Line(production.work, slots, patience=5)
    for event in line.run():
        if event.kind is Kind.LOST:
            line.halt()
    production.close()
    assert (cards(folder / "head-1"), cards(folder / "good")) == (1, 0)
    (folder / "requests").unlink()
    production, _, events = run(bureau, folder)
    assert production.work.ledger.balance(production.job.job).complete
    assert [event.resumed for event in events if event.kind is Kind.GOOD] == [True, False]
    assert (folder / "requests").read_text().splitlines()[0] == "1 done"


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (("--jam", "2"), "feeder-late"),
        (("--lie",), "feeder-no-card"),
        (("--fault",), "feeder-refused"),
        (("--quit",), "feeder-ended"),
        (("--babble",), "feeder-answer"),
    ],
)
def test_a_faulty_feeder_stops_its_head_only(
    make_bureau: Callable[[int], Any], tmp_path: Path, fault: tuple[str, ...], key: str
) -> None:
    folder = tmp_path / "machine"
    fill(folder / "box", range(1, 7))
    production, line, events = run(make_bureau(4), folder, *fault, "--only", "1", "--slow", "0.4", heads=2, limit=0.6)
    ledger, job = production.work.ledger, production.job.job
    stopped = [(event.head, event.error.key) for event in events if event.kind is Kind.STOPPED]
    assert stopped == [(1, key)]
    assert isinstance(line.outcome, ReaderLost)
    assert ledger.balance(job).complete
    assert len({entry.seq for entry in ledger.cards(job, State.GOOD)}) == 4
    for lang in ("zh", "en"):
        assert all(line.outcome.parts(lang))


def test_a_program_that_is_not_there_stops_its_head(make_bureau: Callable[[int], Any], tmp_path: Path) -> None:
    bureau = make_bureau(1)
    production = bureau.open()
    slots = feeder_slots([Mouth(tmp_path)], ["/no/such/feeder"], tmp_path, good_in(production.work), limit=1)
    line = Line(production.work, slots, patience=0.1)
    assert [event.error.key for event in line.run() if event.kind is Kind.STOPPED] == ["feeder-start"]


class Mute(Mouth):
    """A reader whose card never answers."""

    def next_card(self, timeout: float) -> PersistentCard | None:
        if super().next_card(timeout) is not None:
            raise CardMute("card-mute", reader=self.name)
        return None


def test_a_mute_card_is_rejected_after_three_looks(tmp_path: Path) -> None:
    fill(tmp_path / "box", range(1, 2))
    log = tmp_path / "log"
    slot = FeederSlot(
        Mute(tmp_path / "head-1"),
        lambda: Feeder(command(tmp_path), 1, "reader", log=log, limit=10),
        lambda _atr: True,
    )
    try:
        looks = 0
        deadline = time.monotonic() + 20
        while not cards(tmp_path / "bad"):
            assert time.monotonic() < deadline
            try:
                slot.next_card(0.1)
            except CardMute:
                looks += 1
        assert looks == 3
        assert not cards(tmp_path / "good")
    finally:
        slot.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    place = tmp_path / "ws"
    for words in (["init", str(place), "--demo"], ["people", "--count", "3", "--out", str(place / "b.csv")]):
        subprocess.run([sys.executable, "-m", "sscard", *words], check=True, capture_output=True)
    return place


def test_the_command_runs_a_feeder_for_each_head_and_ends_it(workspace: Path, tmp_path: Path) -> None:
    machine = tmp_path / "机器 1"
    (machine / "box").mkdir(parents=True)
    for number in range(6):
        (machine / "box" / f"{number}.json").touch()
    words = [
        "personalize",
        str(workspace / "b.csv"),
        "--workspace",
        str(workspace),
        "--reader",
        "emulator:2",
        "--wait",
        "5",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "sscard", *words, "--feeder", shlex.join(command(machine)), "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    requests = [line.partition(" ")[2] for line in (machine / "requests").read_text().splitlines()]
    assert requests.count("done") == 3
    assert "bye" in requests
    assert (workspace / "feeder-1.log").exists()
    bad = subprocess.run(
        [sys.executable, "-m", "sscard", *words, "--feeder", "'", "--json"], capture_output=True, text=True
    )
    assert (bad.returncode, "FEEDER-COMMAND" in bad.stdout) == (2, True)
