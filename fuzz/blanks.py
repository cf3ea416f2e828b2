"""Jobs with random faults: whatever cards, readers and operators do, blanks handed out = good + spoiled + left.

Run: python -m fuzz.blanks [--runs N] [--seed S].  A thousand runs take some minutes.

Each run is a job of a few people in one workspace, with a handful of blanks among strangers.  Cards lie and lose power;
the operator stops, takes torn cards out, gives cards up, strikes finished ones off, and puts all of them in again at
the next of three sittings.  Then every blank is looked at itself: it is as it came and the ledger does not know it, or
the ledger says what became of it.  Exit 1 at the first run in which that does not tie, with its number.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from itertools import count, islice
from pathlib import Path
from typing import Any

from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard, Tear
from sscard.errors import GuardRefused, SscardError
from sscard.personalize import people
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.batch import Batch, open_batch
from sscard.personalize.decisions import close, spoil
from sscard.personalize.heads import Kind
from sscard.personalize.job import Production, declare_lost, open_production
from sscard.personalize.ledger import Ledger, State
from sscard.personalize.line import Line
from sscard.personalize.sample import REGION, sample_keys
from sscard.personalize.workspace import create_workspace

PROFILE = load_profile("ssc3-sm4")
DIALECT = load_dialect(PROFILE.dialect)
PEOPLE, BLANKS, SITTINGS = 2, 5, 3
MOST_RUNS = 50_000
STATUSES = [bytes.fromhex(sw) for sw in ("6581", "6982", "6985", "6A84", "6A88", "6700", "6F00")]


class Unequal(Exception):
    """Blanks, card or ledger do not agree."""


class Liar(SoftwareCard):
    """A card that answers one of its commands with a status of its own, without carrying it out."""

    at = 0
    status = b""

    def transmit(self, apdu: bytes, /) -> bytes:
        self.at -= 1
        return self.status if self.at == 0 else super().transmit(apdu)


class Stranger:
    """A card of another kind."""

    name = "stranger"
    atr = bytes.fromhex("3B6500002063CBA000")

    def transmit(self, apdu: bytes) -> bytes:
        return b"\x6d\x00"

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        """Nothing to let go."""


class Hopper:
    """One head that takes card after card; a torn one comes back at once, unless it ``drops`` torn cards."""

    name = "hopper"

    def __init__(self, cards: list[Any], *, drops: bool) -> None:
        self._cards, self._drops, self._shown = list(cards), drops, False

    def next_card(self, timeout: float) -> Any:
        if self._shown and self._drops:
            self.release()
        if not self._cards:
            return None
        self._shown = True
        self._cards[0].reset()
        return self._cards[0]

    def release(self) -> None:
        self._shown = False
        if self._cards:
            self._cards.pop(0)

    def close(self) -> None:
        """Cards stay where they are."""


class Bureau:
    """One workspace in ``folder`` in which job follows job."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._place = create_workspace(folder / "ws", demo=True, region=REGION, seed=7)
        self._service = sample_keys(PROFILE, 7)
        self._serials = count(1)
        self._people = people.rows(MOST_RUNS * PEOPLE, region=REGION)

    def run(self, number: int) -> Counter[str]:
        """One job from its blanks to its close; returns what became of the blanks.  Raises Unequal."""
        chance = random.Random(f"{self._seed}/{number}")
        batch = open_batch(self._batch(number), region=REGION, demo=True)
        blanks = [self._blank(chance) for _ in range(BLANKS)]
        for _ in range(SITTINGS - 1):
            self._sit(batch, blanks, chance, drops=chance.random() < 0.4, stop=chance.choice([0, 0, 20])).close()
        return self._close(self._sit(batch, blanks, chance), blanks)

    def _batch(self, number: int) -> Path:
        """The next people of the region as a batch."""
        path = self._folder / f"{number}.csv"
        rows = [[f"{seq}", *row[1:]] for seq, row in enumerate(islice(self._people, PEOPLE), 1)]
        path.write_text("".join(",".join(row) + "\n" for row in (people.COLUMNS, *rows)), "utf-8")
        return path

    def _blank(self, chance: random.Random) -> SoftwareCard:
        card = Liar.blank(next(self._serials), seed=7, area=REGION[:4])
        fault = chance.choice(["none", "lie", "tear", "both"])
        if fault in ("lie", "both"):
            card.at, card.status = chance.randint(1, 480), chance.choice(STATUSES)
        if fault in ("tear", "both"):
            card.tear(chance.randint(1, 480), chance.choice(list(Tear)), 3)
        return card

    def _sit(
        self, batch: Batch, blanks: list[SoftwareCard], chance: random.Random, *, drops: bool = False, stop: int = 0
    ) -> Production:
        """One call of the command, halted after ``stop`` events, and what the operator says after it."""
        production = open_production(self._place, self._service, batch, profile=PROFILE)
        fed = [*blanks, *([Stranger()] if chance.random() < 0.3 else [])]
        chance.shuffle(fed)
        line = Line(production.work, [Hopper(fed, drops=drops)], patience=0.0)
        for number, event in enumerate(line.run(), 1):
            if number == stop and event.kind is not Kind.ENDED:
                line.halt()
        production.lock.release()
        ledger, job = production.work.ledger, production.job.job
        if (waiting := ledger.cards(job, State.WORK)) and chance.random() < 0.3:
            declare_lost(self._place, ledger, waiting[0].seq, job)
        if (good := ledger.cards(job, State.GOOD)) and chance.random() < 0.3:
            spoil(self._place, ledger, good[0].seq, "print", job)
        return production

    def _close(self, production: Production, blanks: list[SoftwareCard]) -> Counter[str]:
        ledger, job = production.work.ledger, production.job.job
        try:
            for entry in ledger.cards(job, State.WORK):
                declare_lost(self._place, ledger, entry.seq, job)
            found = Counter(fate(card, ledger) for card in blanks)
            balance = ledger.balance(job)
            if (balance.good, balance.spoiled) != (found["good"], found["spoiled"] + found["lost"]):
                raise Unequal(f"ledger {balance}, cards {dict(found)}")
            try:
                close(self._place, ledger, job, blanks=BLANKS, left=found["left"], give_up_rows=True)
            except GuardRefused as error:
                raise Unequal(str(error)) from error
            return found
        finally:
            production.close()


def fate(card: SoftwareCard, ledger: Ledger) -> str:
    """What became of a blank by its own word: untouched means that the ledger must not know it."""
    card.reset()
    if isinstance(card, Liar):
        card.at, card._cut = 0, None
    channel = Channel(card)
    entry = ledger.card(card_identity(channel, DIALECT).name)
    if entry is not None:
        return str(entry.state)
    try:
        require_blank(channel, PROFILE)
    except SscardError as error:
        raise Unequal(f"a card that the ledger does not know is no blank: {error}") from error
    return "left"


def main() -> int:
    """Run the jobs; returns 1 where one does not tie."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=1000)
    words.add_argument("--seed", type=int, default=0)
    given = words.parse_args()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="sscard-blanks-") as folder:
        bureau = Bureau(Path(folder), given.seed)
        for number in range(given.runs):
            try:
                total += bureau.run(number)
            except Unequal as error:
                print(f"run {number} of seed {given.seed}: {error}")
                return 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(total.items()))
    print(f"{given.runs} runs, {sum(total.values())} blanks = {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
