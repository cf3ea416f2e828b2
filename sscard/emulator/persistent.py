"""A card whose life outlasts the program: an image, and a log of every command since.

Each command is in the log before it is executed, so that after kill -9 the log, played again on the image, gives the
same card.  The log is plain text, a line a command in hex; its first line names the command count of its image, by
which a log that the image already contains is known.  One program at a time holds a card (a lock on the log).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from sscard.apdu.atr import Interface
from sscard.emulator import image
from sscard.emulator.powered import RESET_LINE, AnyCard, PoweredCard
from sscard.errors import CardRemoved, WorkspaceError

_HEAD: Final = "sscard-card-log 1 "
_COMPACT_AT: Final = 1_000_000
"""Bytes of log after which a reset writes a new image."""
LOG_SUFFIX: Final = ".log"


class PersistentCard(PoweredCard[Any]):
    """A software card that lives in the file ``path`` and in ``path.log`` beside it; ``inside`` is the card itself."""

    def __init__(self, path: Path, make: Callable[[], AnyCard] | None = None, *, name: str = "emulator") -> None:
        """Load the card, or store a new one from ``make`` where there is none.

        Raises WorkspaceError: image-missing without ``make``, image-damaged, image-newer, image-in-use, image-log.
        """
        self.path = path
        self._log_path = path.with_name(path.name + LOG_SUFFIX)
        self._log = os.open(self._log_path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._lock()
            card = self._restore(make)
        except BaseException:
            os.close(self._log)
            self._log = -1
            raise
        super().__init__(card.chip, card.respond, name)
        self.inside = card
        self.system = card.system
        self._journal = self._write
        self._settle()
        self._compact()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WorkspaceError("image-in-use", path=str(self.path)) from None

    def _restore(self, make: Callable[[], AnyCard] | None) -> AnyCard:
        if make is not None and not self.path.exists():
            os.ftruncate(self._log, 0)
            return make()
        card = image.read(self.path)
        lines = self._log_path.read_bytes().split(b"\n")[:-1]
        if not lines:
            return card
        base, commands = self._parse(lines)
        if base > card.commands:
            raise WorkspaceError("image-log", path=str(self._log_path), base=base, commands=card.commands)
        if base == card.commands:
            for command in commands:
                if command is None:
                    card.reset()
                else:
                    card.execute(command)
            card.reset()
        return card

    def _parse(self, lines: list[bytes]) -> tuple[int, list[bytes | None]]:
        """``(command count of the image, commands with None for a reset)``."""
        try:
            head, *rest = (line.decode("ascii") for line in lines)
            if not head.startswith(_HEAD):
                raise ValueError(head)
            return int(head[len(_HEAD) :]), [None if line == RESET_LINE else bytes.fromhex(line) for line in rest]
        except ValueError:
            raise WorkspaceError("image-damaged", path=str(self._log_path), detail="log") from None

    def _write(self, line: str) -> None:
        os.write(self._log, line.encode("ascii") + b"\n")

    def _compact(self) -> None:
        """Write the image and begin a new log; only while no security state is held, which an image does not keep."""
        image.save(self, self.path, durable=False)
        os.ftruncate(self._log, 0)
        self._write(f"{_HEAD}{self.commands}")

    @property
    def sealed(self) -> bool:
        return self.inside.sealed

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` let the file go; the card then goes on as a new object of the same path."""
        return self._log < 0

    def reset(self) -> bytes:
        """Reset the card, or put it back in.  Raises CardRemoved after :meth:`close`."""
        if self._log < 0:
            raise CardRemoved("card-removed")
        atr = super().reset()
        if os.fstat(self._log).st_size > _COMPACT_AT:
            self._compact()
        return atr

    def present(self, interface: Interface) -> None:
        """Put the card to a reader of that interface; its image is written, for the log knows commands only."""
        super().present(interface)
        self._compact()

    def close(self) -> None:
        """Take the card out, write its image and let the file go; idempotent, and final."""
        if self._log < 0:
            return
        self._powered = False
        self.chip.power_on()
        self._compact()
        self._journal = None
        self._settle()
        log, self._log = self._log, -1
        os.close(log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_card(path: Path) -> PersistentCard:
    """The card stored at ``path``.  Raises WorkspaceError as :class:`PersistentCard` does."""
    if not path.exists():
        raise WorkspaceError("image-missing", path=str(path))
    return PersistentCard(path)
