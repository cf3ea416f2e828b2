"""A carrier card in a reader of the real PC/SC stack: stored, reset, fetched, blocked by wrong PINs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sscard.apdu.pcsc import PcscTransport, find_reader, list_readers
from sscard.emulator import image
from sscard.emulator.mother.card import CarrierSoftwareCard
from sscard.errors import CounterError
from sscard.keys.ceremony.carriers import Carrier, Label
from sscard.keys.secret import Secret
from sscard.terminal.carrier import CarrierInReader

PIN = Secret(b"PIN-in-reader")
CONTENT = bytes(range(256)) * 3


def wait_until(present: bool, emulator: subprocess.Popen[bytes], reader: str) -> None:
    deadline = time.monotonic() + 10
    while any(state.present for state in list_readers() if state.name == reader) is not present:
        assert not present or emulator.poll() is None, "the emulator ended at once"
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def reader(pcscd: Any, tmp_path: Path) -> Iterator[str]:
    """A blank carrier in the first reader."""
    path = tmp_path / "carrier.card"
    image.save(CarrierSoftwareCard.blank(0x2A, seed=1), path)
    command = [sys.executable, "-m", "sscard", "emulate", "--port", str(pcscd.ports[0]), "--image", str(path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as emulator:
        try:
            wait_until(True, emulator, pcscd.readers[0])
            yield pcscd.readers[0]
        finally:
            emulator.terminate()
            wait_until(False, emulator, pcscd.readers[0])


def test_a_carrier_in_a_reader(reader: str) -> None:
    with closing(PcscTransport(find_reader(reader))) as transport:
        card = CarrierInReader(transport)
        assert (card.serial, card.label()) == ("000000000000002A", None)
        label = Label.of(Carrier.MOTHER, 1, b"SET-0001", CONTENT)
        card.store(label, CONTENT, PIN)
        transport.reset()
        again = CarrierInReader(transport)
        assert again.label() == label
        assert again.fetch(PIN) == CONTENT
        with pytest.raises(CounterError):
            again.fetch(Secret(b"another-PIN"))
