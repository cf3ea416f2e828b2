"""A demo bureau in a temporary folder: workspace, batch, keys in memory, a box of software cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sscard.cos.profile import load_profile
from sscard.keys.hierarchy import memory_service
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize import people
from sscard.personalize.batch import Batch, open_batch
from sscard.personalize.job import Production, open_production
from sscard.personalize.line import Event, Line, Slot
from sscard.personalize.workspace import Workspace, create_workspace

REGION = "990101"


@dataclass
class Bureau:
    """Everything one job needs; ``run`` works like one call of the command."""

    place: Workspace
    batch: Batch
    service: VaultKeyService
    events: list[Event] = field(default_factory=list)

    def open(self) -> Production:
        return open_production(self.place, self.service, self.batch, profile=load_profile("ssc3-sm4"))

    def run(self, slots: list[Slot], *, patience: float = 0.3) -> Production:
        production = self.open()
        line = Line(production.work, slots, patience=patience)
        try:
            for event in line.run():
                self.events.append(event)
            self.fatal = line.fatal
        finally:
            production.lock.release()
        return production


@pytest.fixture(scope="session")
def service() -> VaultKeyService:
    return memory_service(REGION, 1)


@pytest.fixture
def make_bureau(tmp_path: Path, service: VaultKeyService) -> Callable[..., Bureau]:
    def make(count: int, name: str = "ws") -> Bureau:
        place = create_workspace(tmp_path / name, demo=True, region=REGION, seed=1)
        path = tmp_path / "b.csv"
        people.write(path, count, seed=3, force=True)
        return Bureau(place, open_batch(path, region=REGION, demo=True), service)

    return make


class Once:
    """A head that is given one card, once: torn out of it, the card does not come back in this run."""

    def __init__(self, slot: Any) -> None:
        self._slot, self._given = slot, False
        self.name, self.release, self.close = slot.name, slot.release, slot.close

    def next_card(self, timeout: float) -> Any:
        given, self._given = self._given, True
        return None if given else self._slot.next_card(timeout)
