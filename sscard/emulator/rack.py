"""A box of blank cards feeding several heads, and the drawer finished cards fall into.

With a folder every card is a :class:`PersistentCard` there, and finished ones move to its ``drawer``; after a crash
the cards that were in work are offered again before any blank.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from sscard.apdu.atr import Interface
from sscard.emulator.card import SoftwareCard
from sscard.emulator.options import CardOptions
from sscard.emulator.persistent import LOG_SUFFIX, PersistentCard
from sscard.emulator.powered import AnyCard
from sscard.emulator.tearing import Tear
from sscard.keys.family import Algorithm

DRAWER: Final = "drawer"
_SUFFIX: Final = ".json"


class Rack:
    """``count`` cards (None: without end) with serials from ``first_serial`` on.

    ``tear`` maps the n-th card fed by this rack (from 0) to ``(after, when[, at])`` of :meth:`PoweredCard.tear`.
    Without ``keep`` the drawer stays empty: what long runs need, whose finished cards nobody looks at again.
    One thread per slot may use it.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        seed: int = 0,
        first_serial: int = 1,
        count: int | None = None,
        area: str = "9901",
        algorithm: Algorithm = Algorithm.SM4,
        options: CardOptions | None = None,
        interface: Interface = Interface.CONTACT,
        tear: Mapping[int, tuple[int, Tear] | tuple[int, Tear, int]] | None = None,
        keep: bool = True,
    ) -> None:
        self._folder = folder
        self._keep = keep
        self._seed = seed
        self._next = first_serial
        self._end = None if count is None else first_serial + count
        self._area = area
        self._algorithm = algorithm
        self._options = options
        self._interface = interface
        self._tears = dict(tear or {})
        self._fed = 0
        self._lock = threading.Lock()
        self._waiting: deque[AnyCard] = deque()
        self._leftover: deque[Path] = deque()
        self._drawer: list[AnyCard] = []
        self._slots: dict[int, Slot] = {}
        if folder is not None:
            (folder / DRAWER).mkdir(parents=True, exist_ok=True)
            self._leftover.extend(sorted(folder.glob(f"*{_SUFFIX}")))

    def slot(self, index: int) -> Slot:
        """The head ``index``, from 1; the same one until it is closed."""
        with self._lock:
            slot = self._slots.get(index)
            if slot is None or slot.closed:
                slot = self._slots[index] = Slot(self, f"emulator:{index}")
            return slot

    @property
    def drawer(self) -> tuple[AnyCard, ...]:
        """Cards this rack has seen finished, in that order."""
        with self._lock:
            return tuple(self._drawer)

    def feed(self, name: str) -> AnyCard | None:
        """The next card, named after its head; None when the box is empty.  Raises WorkspaceError for a bad image."""
        with self._lock:
            card = self._take()
            if card is None:
                return None
            card.name = name
            tear = self._tears.get(self._fed)
            self._fed += 1
        if tear is not None:
            card.tear(*tear)
        return card

    def _take(self) -> AnyCard | None:
        if self._waiting:
            return self._waiting.popleft()
        if self._leftover:
            return PersistentCard(self._leftover.popleft())
        while self._end is None or self._next < self._end:
            serial = self._next
            self._next += 1
            if self._folder is None:
                return self._blank(serial)
            file = f"card-{serial:08X}{_SUFFIX}"
            if not (self._folder / file).exists() and not (self._folder / DRAWER / file).exists():
                return PersistentCard(self._folder / file, partial(self._blank, serial))
        return None

    def _blank(self, serial: int) -> AnyCard:
        return SoftwareCard.blank(
            serial,
            seed=self._seed,
            area=self._area,
            algorithm=self._algorithm,
            options=self._options,
            interface=self._interface,
        )

    def put_away(self, card: AnyCard) -> None:
        """A finished card: into the drawer."""
        card.close()
        if isinstance(card, PersistentCard):
            drawer = card.path.parent / DRAWER
            card.path.with_name(card.path.name + LOG_SUFFIX).unlink(missing_ok=True)
            card.path = card.path.replace(drawer / card.path.name)
        if self._keep:
            with self._lock:
                self._drawer.append(card)

    def put_back(self, card: AnyCard) -> None:
        """A card that is not finished: it will be offered again, before any blank."""
        card.close()
        with self._lock:
            if isinstance(card, PersistentCard):
                self._leftover.append(card.path)
            else:
                self._waiting.append(card)

    def close(self) -> None:
        """Close all slots; cards in work are kept for the next time."""
        for slot in tuple(self._slots.values()):
            slot.close()


class Slot:
    """One head of the rack."""

    def __init__(self, rack: Rack, name: str) -> None:
        self.name = name
        self._rack = rack
        self._card: AnyCard | None = None
        self.closed = False

    def next_card(self, timeout: float) -> AnyCard | None:
        """A card other than the one last released; without release the same one, powered anew.

        None when the box is empty.  ``timeout`` is part of every head's contract; a box never makes anyone wait.
        """
        if self.closed:
            return None
        if self._card is None:
            self._card = self._rack.feed(self.name)
        elif isinstance(self._card, PersistentCard) and self._card.closed:
            self._card = PersistentCard(self._card.path)
            self._card.name = self.name
        if self._card is not None:
            self._card.reset()
        return self._card

    def release(self) -> None:
        """The card in the head is finished: into the drawer."""
        card, self._card = self._card, None
        if card is not None:
            self._rack.put_away(card)

    def close(self) -> None:
        """Stop this head; a card in work goes back.  Idempotent."""
        self.closed = True
        card, self._card = self._card, None
        if card is not None:
            self._rack.put_back(card)
