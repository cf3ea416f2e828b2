"""Whether a personalization survives power cuts: cards torn at every command, resumed, and compared with untorn twins.

Each trial is one card in a real job: ledger, journal on disk, line.  It ends in one of two ways: its image equals the
image of a card made for the same person without any cut, or it is quarantined with a reason and its plastic counted.
Anything else is broken.  docs/journal.md, "proof by tearing".
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sscard.apdu.transport import Channel, Transport
from sscard.cos.dialect import Dialect, load_dialect
from sscard.cos.model import Profile
from sscard.emulator import Cut, Tear, image
from sscard.emulator.blank import blank_card
from sscard.emulator.powered import AnyCard
from sscard.errors import CustodyError, JournalError, PlanError
from sscard.personalize import people
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.batch import open_batch
from sscard.personalize.job import Production, open_production
from sscard.personalize.ledger import State
from sscard.personalize.line import Line
from sscard.personalize.plan import compile_profile
from sscard.personalize.record import Record
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog, sample_keys
from sscard.personalize.workspace import create_workspace

LIFE_COUNTERS: Final = frozenset({"commands", "random_position"})
"""What of an image a torn card may have more of: commands answered, random bytes drawn."""
_SEED: Final = 7
_NAME: Final = "name"
_PATIENCE: Final = 0.05
_BYTES_INSIDE: Final = 48
"""Cuts inside a write take one of so many first bytes of its log in turn."""
_SECOND_WITHIN: Final = 40
"""A second cut comes within so many commands after the card is back: where it is resumed."""

_WRONG: Final = b"\x63"
"""SW1 of 63Cx: a try was spent."""

MakeCard = Callable[[int], AnyCard]


class Outcome(Enum):
    """How a trial ended."""

    IDENTICAL = "identical"
    QUARANTINED = "quarantined"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Trial:
    """Cuts of one card: each counts commands from power-up.  ``later``: the job is opened anew before it comes back."""

    cuts: tuple[Cut, ...]
    later: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a trial.  ``tears`` power cuts happened, ``wrong`` times the card said a secret was wrong."""

    trial: Trial
    outcome: Outcome
    reason: str
    tears: int
    wrong: int


@dataclass(slots=True)
class Summary:
    """All trials of one profile.  ``commands``: those of a card never torn, each torn before, inside and after it."""

    profile: str
    dialect: str
    commands: int
    findings: list[Finding] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """How many ended that way."""
        return sum(finding.outcome is outcome for finding in self.findings)

    @property
    def most_wrong(self) -> int:
        """The most tries any card lost."""
        return max((finding.wrong for finding in self.findings), default=0)

    @property
    def sound(self) -> bool:
        """Whether every card ended in one of the two permitted ways, and none lost more than one try."""
        return bool(self.findings) and not self.count(Outcome.BROKEN) and self.most_wrong <= 1


def trials(commands: int, *, every: int = 1, doubles: int = 0, seed: int = 0) -> Iterator[Trial]:
    """Each ``every``-th command torn before, inside and after it, and ``doubles`` cards torn twice at random places.

    Every second command's cards come back to a job that was opened anew, the others to the run in progress.
    """
    for command in range(1, commands + 1, every):
        later = command // every % 2 == 1
        for when in Tear:
            yield Trial((Cut(command, when, command % _BYTES_INSIDE if when is Tear.DURING else 0),), later)
    chosen = random.Random(seed)  # noqa: S311 - places to cut, no secrets
    for _ in range(doubles):
        yield Trial(tuple(_random_cut(chosen, limit) for limit in (commands, _SECOND_WITHIN)))


def _random_cut(chosen: random.Random, limit: int) -> Cut:
    when = chosen.choice(list(Tear))
    return Cut(chosen.randint(1, limit), when, chosen.randrange(_BYTES_INSIDE) if when is Tear.DURING else 0)


class Proof:
    """Trials of one profile in ``folder``, which is new or empty.  ``make`` gives the blank card of a serial."""

    def __init__(self, folder: Path, profile: Profile, make: MakeCard | None = None) -> None:
        self._folder = folder
        self._profile = profile
        self._dialect = load_dialect(profile.dialect)
        self._service = sample_keys(profile, _SEED)
        self._make = make or self._blank
        self._template = compile_profile(profile, self._dialect, REGION, INIT_ORG)

    def _blank(self, serial: int) -> AnyCard:
        return blank_card(self._profile, serial, seed=_SEED, area=REGION[:4])

    def commands(self) -> int:
        """Commands a card takes from its first power-up to the end of its proof."""
        return self._untorn(1, PERSON).commands

    def _untorn(self, serial: int, record: Record) -> AnyCard:
        card = self._make(serial)
        channel = Channel(card)
        identity = card_identity(channel, self._dialect)
        require_blank(channel, self._profile)
        plan = self._template.plan(record, identity.serial)
        Runner(channel, self._dialect, self._service, identity.factor).run(plan, NoLog())
        self._service.forget(identity.factor)
        return card

    def run(self, planned: Iterable[Trial]) -> Iterator[Finding]:
        """Carry all trials out in one job, and judge each card."""
        box = _Box([_Sample(trial, self._make(serial), self._dialect) for serial, trial in enumerate(planned, 1)])
        workspace = create_workspace(
            self._folder / "workspace",
            demo=True,
            region=REGION,
            algorithm=self._profile.algorithm,
            seed=_SEED,
        )
        batch = open_batch(self._people(len(box.samples)), region=REGION, demo=True)
        for _ in range(2):
            production = open_production(workspace, self._service, batch, profile=self._profile)
            try:
                self._turn(production, box)
                box.bring_back()
                entries = {sample.identity: production.work.ledger.card(sample.identity) for sample in box.samples}
                ties = production.work.ledger.balance(production.job.job).ties
            finally:
                production.close()
        for sample in box.samples:
            entry = entries[sample.identity]
            if not ties:
                yield sample.finding(Outcome.BROKEN, "totals")
            elif entry is None or entry.state is State.WORK:
                yield sample.finding(Outcome.BROKEN, "unfinished")
            elif entry.state is State.GOOD:
                twin = self._untorn(sample.card.serial, batch.record(entry.seq))
                place = difference(lasting(twin), lasting(sample.card))
                yield sample.finding(Outcome.BROKEN if place else Outcome.IDENTICAL, place)
            else:
                yield sample.finding(Outcome.QUARANTINED, entry.reason)

    def _people(self, count: int) -> Path:
        """A batch of people whose names fit the profile: cards of the first generation have short fields."""
        items = (item for directory in self._profile.directories for file in directory.files for item in file.items)
        room = min((item.length for item in items if item.source == _NAME), default=0)
        column = people.COLUMNS.index(_NAME)
        fitting = (
            row for row in people.rows(2 * count + 1, region=REGION) if len(row[column].encode("gb18030")) <= room
        )
        path = self._folder / "people.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(people.COLUMNS) + "\n")
            for seq, (_, *rest) in enumerate(islice(fitting, count), 1):
                file.write(",".join((str(seq), *rest)) + "\n")
        return path

    def _turn(self, production: Production, box: _Box) -> None:
        """Feed all cards that wait.  A line that stops because cards failed alike is started again: they are judged."""
        while box.waiting:
            line = Line(production.work, [box], patience=_PATIENCE)
            for _event in line.run():
                pass
            if isinstance(line.fatal, JournalError | CustodyError | PlanError):
                raise line.fatal


class _Sample:
    """One card on trial, as the transport of its head."""

    def __init__(self, trial: Trial, card: AnyCard, dialect: Dialect) -> None:
        self.trial = trial
        self.card = card
        self.identity = card_identity(Channel(card), dialect).name
        self.cuts = deque(trial.cuts)
        self.held_back = False
        self.tears = 0
        self.wrong = 0
        self.name = card.name

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def insert(self) -> None:
        """Power up, with the next cut of the trial ahead."""
        self.card.reset()
        if self.cuts:
            cut = self.cuts.popleft()
            self.card.tear(cut.after, cut.when, cut.at)

    def transmit(self, apdu: bytes) -> bytes:
        try:
            answer = self.card.transmit(apdu)
        except Exception:
            self.tears += 1
            raise
        self.wrong += answer[-2:-1] == _WRONG
        return answer

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        self.card.close()

    def finding(self, outcome: Outcome, reason: str) -> Finding:
        return Finding(self.trial, outcome, reason, self.tears, self.wrong)


class _Box:
    """The one head: feeds the samples, gives a torn one back at once, or when the job has been opened anew."""

    name = "tearproof"

    def __init__(self, samples: list[_Sample]) -> None:
        self.samples = samples
        self.waiting = deque(samples)
        self._aside: list[_Sample] = []
        self._current: _Sample | None = None

    def next_card(self, timeout: float) -> Transport | None:
        current = self._current
        if current is not None and current.trial.later and not current.held_back:
            current.held_back = True
            self._aside.append(current)
            self._current = None
        if self._current is None:
            self._current = self.waiting.popleft() if self.waiting else None
        if self._current is not None:
            self._current.insert()
        return self._current

    def release(self) -> None:
        self._current = None

    def close(self) -> None:
        if self._current is not None:
            self._aside.append(self._current)
        self._current = None

    def bring_back(self) -> None:
        """Cards set aside come again."""
        self.waiting.extend(self._aside)
        self._aside.clear()


def lasting(card: AnyCard) -> dict[str, Any]:
    """The image of a card without :data:`LIFE_COUNTERS`."""
    return {name: value for name, value in image.tree(card).items() if name not in LIFE_COUNTERS}


def difference(left: object, right: object, place: str = "") -> str:
    """Where two images first differ, empty where they do not; never what stands there."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in dict.fromkeys((*left, *right)):
            found = difference(left.get(name), right.get(name), f"{place}/{name}")
            if found:
                return found
        return ""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, (one, two) in enumerate(zip(left, right, strict=True)):
            found = difference(one, two, f"{place}/{number}")
            if found:
                return found
        return ""
    return "" if left == right else place
