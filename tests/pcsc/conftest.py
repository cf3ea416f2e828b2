"""Cards to put into the virtual readers: small scripted ones, and the product's own emulator."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from sscard.apdu.pcsc import list_readers

ATR_A = bytes.fromhex("3B6D000000812611018699990100000001")
ATR_B = bytes.fromhex("3B6D000000812611018699990100000002")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/pcsc/" in item.nodeid:
            item.add_marker(pytest.mark.pcsc)


@pytest.fixture(autouse=True)
def watchdog(request: pytest.FixtureRequest) -> Iterator[None]:
    """End a test that hangs: nothing in the PC/SC stack has a timeout.  One that cannot be interrupted ends the run."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"{request.node.name} took more than {limit} seconds")

    marker = request.node.get_closest_marker("longest")
    limit = marker.args[0] if marker else 20
    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(limit)
    faulthandler.dump_traceback_later(limit + 10, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class ScriptedCard:
    """A card in one virtual reader, answering by a function; ``swap`` is the next card's ATR, taken at power off."""

    def __init__(self, port: int, reader: str) -> None:
        self.port, self.reader = port, reader
        self.atr = ATR_A
        self.swap: bytes | None = None
        self.answer: Callable[[bytes], bytes | None] = lambda apdu: apdu[2:4] + b"\x90\x00"
        self.seen: list[bytes] = []
        self.controls: list[int] = []
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def insert(self) -> ScriptedCard:
        """Put the card in and wait until the service has seen it."""
        self.connect()
        self.wait(present=True)
        return self

    def connect(self) -> None:
        """Put the card in."""
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def tear(self) -> None:
        """Pull the card out at once."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket = None

    def remove(self) -> None:
        """Take the card out and wait until the service has seen it."""
        self.tear()
        self.wait(present=False)

    def wait(self, *, present: bool) -> None:
        deadline = time.monotonic() + 5
        while next(state.present for state in list_readers() if state.name == self.reader) is not present:
            assert time.monotonic() < deadline, f"the service never saw the card of {self.reader}"
            time.sleep(0.02)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while head := connection.recv(2, socket.MSG_WAITALL):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                body = connection.recv(int.from_bytes(head), socket.MSG_WAITALL)
                reply = self._control(body[0]) if len(body) == 1 else self._command(body)
                if reply is not None:
                    connection.sendall(len(reply).to_bytes(2) + reply)

    def _control(self, code: int) -> bytes | None:
        if code == 4:
            return self.atr
        self.controls.append(code)
        if code == 0 and self.swap:
            self.atr, self.swap = self.swap, None
        return None

    def _command(self, apdu: bytes) -> bytes | None:
        self.seen.append(apdu)
        return self.answer(apdu)


@pytest.fixture
def card_in(pcscd: Any) -> Iterator[Callable[..., ScriptedCard]]:
    """A function that puts a scripted card into reader ``number``; all are taken out again afterwards."""
    cards: list[ScriptedCard] = []

    def put(number: int = 0, *, insert: bool = True) -> ScriptedCard:
        card = ScriptedCard(pcscd.ports[number], pcscd.readers[number])
        cards.append(card)
        return card.insert() if insert else card

    yield put
    for card in cards:
        card.tear()
    for card in cards:
        card.wait(present=False)


@pytest.fixture
def emulators(pcscd: Any) -> Iterator[Callable[..., list[subprocess.Popen[bytes]]]]:
    """A function that starts ``sscard emulate`` for the first ``count`` readers, each with ``feed`` blank cards."""
    running: list[subprocess.Popen[bytes]] = []

    def start(count: int, *, feed: int, seed: int = 1, profile: str | None = None) -> list[subprocess.Popen[bytes]]:
        for number in range(count):
            command = [sys.executable, "-m", "sscard", "emulate", "--port", str(pcscd.ports[number])]
            command += ["--feed", str(feed), "--serial", str(1 + number * feed), "--seed", str(seed)]
            command += ["--profile", profile, "--blank"] if profile else []
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        deadline = time.monotonic() + 20
        while sum(state.present for state in list_readers()) < count:
            assert all(process.poll() is None for process in running), "an emulator ended at once"
            assert time.monotonic() < deadline, "the service did not see every emulated card"
            time.sleep(0.05)
        return running

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=10)
