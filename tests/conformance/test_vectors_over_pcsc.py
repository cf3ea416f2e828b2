"""The card vectors over a real pcscd: the software card behind a virtual reader, read as any card would be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sscard.cli import main
from sscard.emulator.vpcd import Bridge, Feeder
from sscard.errors import Exit
from sscard.personalize.sample import personalized_card

pytestmark = pytest.mark.pcsc


@pytest.fixture
def reader(pcscd: Any) -> Iterator[str]:
    from sscard.apdu.pcsc import list_readers

    bridge = Bridge(
        Feeder([personalized_card()], replace=False), "127.0.0.1", pcscd.ports[-1], lambda event, card: None
    )
    thread = threading.Thread(target=bridge.run, daemon=True)
    thread.start()
    name = pcscd.readers[-1]
    deadline = time.monotonic() + 10
    while not any(state.name == name and state.present for state in list_readers()):
        assert time.monotonic() < deadline, "the card did not appear in the reader"
        time.sleep(0.05)
    yield name
    bridge.stop()
    thread.join(5)


def test_card_vectors_hold_over_pcsc(reader: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "run", "--reader", reader, "--json"]) == Exit.OK
    totals = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (totals["passed"], totals["held_back"], totals["not_supported"]) == (17, 19, 6)
    assert main(["vectors", "run", "--reader", reader, "--yes", "--json"]) == Exit.OK
    totals = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (totals["passed"], totals["held_back"], totals["not_supported"]) == (36, 0, 6)
