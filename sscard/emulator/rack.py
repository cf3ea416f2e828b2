"""A box of blank cards feeding several heads, and the drawer finished cards fall into.

With a folder every card is a :class:`PersistentCard` there, and finished ones move to its ``drawer``; after a crash
the cards that were in work are offered again before any blank.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from sscard.apdu.atr import Interface
from sscard.emulator.card import SoftwareCard
from sscard.emulator.options import CardOptions
from sscard.emulator.persistent import LOG_SUFFIX, PersistentCard
from sscard.emulator.powered import AnyCard
from sscard.emulator.tearing import Tear
from sscard.errors import WorkspaceError
from sscard.keys.family import Algorithm

DRAWER: Final = "drawer"
_SUFFIX: Final = ".json"


class Rack:
    """``count`` cards (None: without end) with serials from ``first_serial`` on.

    ``tear`` maps the n-th card fed by this rack (from 0) to ``(after, when[, at])`` of :meth:`PoweredCard.tear`.
    ``make`` gives the blank card of a serial; without it they are social-security cards as the other words tell.
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
        make: Callable[[int], AnyCard] | None = None,
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
        self._make = make or self._blank
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
        while self._leftover:
            card = self._kept(self._leftover.popleft())
            if card is not None:
                return card
        while self._end is None or self._next < self._end:
            serial = self._next
            self._next += 1
            if self._folder is None:
                return self._make(serial)
            card = self._new(self._folder / f"card-{serial:08X}{_SUFFIX}", serial)
            if card is not None:
                return card
        return None

    def _new(self, path: Path, serial: int) -> PersistentCard | None:
        """A new card; None where there is one of that serial, perhaps another program's made a moment ago."""
        finished = path.parent / DRAWER / path.name
        if path.exists() or finished.exists():
            return None
        card = self._kept(path, partial(self._make, serial))
        if card is not None and finished.exists():
            card.close()
            path.unlink()
            return None
        return card

    @staticmethod
    def _kept(path: Path, make: Callable[[], AnyCard] | None = None) -> PersistentCard | None:
        """The card at ``path``; None where another program has it in a head, or has finished it."""
        try:
            return PersistentCard(path, make)
        except WorkspaceError as error:
            if error.key in ("image-in-use", "image-missing"):
                return None
            raise

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
