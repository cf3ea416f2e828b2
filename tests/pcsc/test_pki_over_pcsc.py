"""The PKI application over a real pcscd: from key pair to a whole card, as a counter does it, at both interfaces."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from sscard.apdu.atr import Interface
from sscard.apdu.pcsc import list_readers
from sscard.cli import main
from sscard.emulator import SoftwareCard
from sscard.emulator.vpcd import Bridge, Feeder
from sscard.errors import Exit
from sscard.personalize.sample import personalized_card


@pytest.fixture
def reader_with(pcscd: Any) -> Iterator[Callable[[SoftwareCard], str]]:
    """A function that puts a software card into a reader; the reader's name."""
    bridges: list[tuple[Bridge, threading.Thread]] = []

    def put(card: SoftwareCard) -> str:
        bridge = Bridge(Feeder([card], replace=False), "127.0.0.1", pcscd.ports[0], lambda event, card: None)
        thread = threading.Thread(target=bridge.run, daemon=True)
        thread.start()
        bridges.append((bridge, thread))
        wait(pcscd.readers[0], present=True)
        return pcscd.readers[0]

    yield put
    for bridge, thread in bridges:
        bridge.stop()
        thread.join(5)
        wait(pcscd.readers[0], present=False)


def wait(reader: str, *, present: bool) -> None:
    """Until the service has seen the card come or go."""
    deadline = time.monotonic() + 10
    while present is not any(state.name == reader and state.present for state in list_readers()):
        assert time.monotonic() < deadline, f"the service never saw the card of {reader}"
        time.sleep(0.05)


@pytest.mark.parametrize("interface", list(Interface), ids=lambda interface: interface.value)
def test_from_key_pair_to_a_whole_card(
    interface: Interface,
    reader_with: Callable[[SoftwareCard], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card = personalized_card("ssc3-sm4+overlay-pki")
    card.present(interface)
    reader = reader_with(card)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "prompt", lambda *_words, **_how: "123456")
    assert main(["pki", "key-pair", "--reader", reader, "--out", "card.pem"]) == Exit.OK
    assert main(["pki", "demo-ca", "card.pem", "--out", "ca"]) == Exit.OK
    assert main(["pki", "install", "ca", "--reader", reader]) == Exit.OK
    capsys.readouterr()
    words = ["pki", "check", "--reader", reader, "--ca", "ca/ca.cer", "--possession", "--json"]
    assert main(words) == Exit.OK
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) == 15
    assert all(each["passed"] for each in found)
