"""Stations for tests: workspaces with the same keys over one PostgreSQL, and a wire to it that can be cut."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sscard.emulator import Rack
from sscard.personalize.bookkeeping import person_key_path, prepare_ledger
from sscard.personalize.ledger_setting import LedgerSetting
from tests.personalize.conftest import Bureau

SERIALS = 0x10000
"""Apart from each other by so many: no two stations have cards of one serial."""


def stations(make_bureau: Callable[..., Bureau], url: str, count: int, names: str = "ab", lease: int = 300) -> Any:
    """A bureau for each name, all with the same batch; the first made the ledger, the others have its person key."""
    made = []
    for name in names:
        bureau = make_bureau(count, name)
        bureau.place = replace(bureau.place, station=name, ledger=LedgerSetting(url, lease))
        if made:
            shutil.copy(person_key_path(made[0].place), person_key_path(bureau.place))
        else:
            prepare_ledger(bureau.place)
        made.append(bureau)
    for bureau in made:
        bureau.batch = made[-1].batch
    return made


def rack(number: int, **more: Any) -> Rack:
    """The box of blanks of the station with that number."""
    return Rack(first_serial=SERIALS * number + 1, **more)


class Wire:
    """A TCP port that leads to the server's socket, on an address that is no loopback to libpq's eyes."""

    HOST = "127.0.0.2"

    def __init__(self, url: str) -> None:
        folder = url.rpartition("host=")[2]
        self._target = str(Path(folder) / ".s.PGSQL.5432")
        self._server = socket.create_server((self.HOST, 0))
        self._open: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self.url = url.replace("sscard@/", f"sscard@{self.HOST}:{self._server.getsockname()[1]}/").partition("?")[0]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and let nobody in any more."""
        self._server.close()
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Let nothing through any more, and nobody know."""
        self._flows.clear()

    def thaw(self) -> None:
        """Let everything through again."""
        self._flows.set()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._target)
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                self._flows.wait()
                target.sendall(part)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
