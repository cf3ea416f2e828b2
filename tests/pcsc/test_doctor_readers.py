"""``sscard readers`` and ``sscard doctor`` as a person calls them, with each layer made to fail in turn."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import string
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sscard.commands import doctor
from sscard.errors import Exit, ServiceMissing, TransportError
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.workspace import Workspace, create_workspace

PutCard = Callable[..., Any]
Usage = namedtuple("Usage", "total used free")
PCSC = ("driver", "service", "permission", "reader", "card")


def sscard(
    *arguments: str | Path, before: tuple[str, ...] = (), **environment: str
) -> tuple[int, list[dict[str, Any]]]:
    """Run the command line in a process of its own: exit code and JSON lines."""
    run = subprocess.run(
        [*before, sys.executable, "-m", "sscard", *arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=30,
        env=os.environ | environment,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]


def diagnosis(*arguments: str | Path, **options: Any) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code, and layer → (state, finding)."""
    code, lines = sscard("doctor", *arguments, **options)
    for line in lines:
        assert line["state"] == "failed" or not line["remedy_en"]
        assert line["state"] != "failed" or (line["remedy_en"] and line["remedy_zh"])
    return code, {line["layer"]: (line["state"], line["finding"]) for line in lines}


def test_readers_lists_each_reader_with_its_card(pcscd: Any, card_in: PutCard) -> None:
    card_in(1)
    code, lines = sscard("readers")
    assert code == Exit.OK
    assert [line["reader"] for line in lines] == list(pcscd.readers)
    assert [line["present"] for line in lines] == [False, True, False, False]
    assert lines[1]["atr"] == "3B 6D 00 00 00 81 26 11 01 86 99 99 01 00 00 00 01"


def test_readers_without_a_service_says_so() -> None:
    code, lines = sscard("readers", PCSCLITE_CSOCK_NAME="/tmp/nowhere/socket")
    assert code == Exit.NO_READER
    assert lines[0]["error"] == "PCSC-SERVICE"
    assert "sscard doctor" in lines[0]["remedy_en"]


def test_all_is_well(card_in: PutCard, tmp_path: Path) -> None:
    card_in(0)
    create_workspace(tmp_path / "work", demo=True, region="990101", seed=1)
    code, layers = diagnosis("--workspace", tmp_path / "work")
    assert code == Exit.OK
    assert {state for state, _ in layers.values()} == {"ok"}
    assert tuple(layers) == (*PCSC, "workspace", "vault", "ledger", "disk", "clock")


def test_no_card(pcscd: Any, card_in: PutCard) -> None:
    code, layers = diagnosis()
    assert code == Exit.NO_READER
    assert layers["reader"] == ("ok", "reader")
    assert layers["card"] == ("failed", "card-none")
    card_in(1)
    assert diagnosis("--reader", pcscd.readers[1])[0] == Exit.OK
    code, layers = diagnosis("--reader", pcscd.readers[0])
    assert (code, layers["card"]) == (Exit.NO_READER, ("failed", "card-none"))


def test_no_such_reader(pcscd: Any) -> None:
    code, layers = diagnosis("--reader", "Gemalto")
    assert code == Exit.NO_READER
    assert layers["reader"] == ("failed", "reader-unknown")
    assert layers["card"] == ("skipped", "unchecked")


def test_no_service(tmp_path: Path) -> None:
    for socket in (tmp_path / "nowhere" / "socket", tmp_path / "stale"):
        (tmp_path / "stale").touch()
        code, layers = diagnosis(PCSCLITE_CSOCK_NAME=str(socket))
        assert code == Exit.NO_READER
        assert [layers[layer][0] for layer in PCSC] == ["ok", "failed", "skipped", "skipped", "skipped"]
        assert layers["service"][1] == "service-stopped"


@pytest.fixture
def closed_socket(pcscd: Any) -> Iterator[Path]:
    pcscd.socket.chmod(0)
    yield pcscd.socket
    pcscd.socket.chmod(0o666)


def test_no_permission(closed_socket: Path) -> None:
    plain = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    code, layers = diagnosis(before=plain)
    assert code == Exit.NO_READER
    assert layers["service"] == ("ok", "service")
    assert layers["permission"] == ("failed", "permission-socket")
    assert layers["reader"][0] == "skipped"


def test_a_hung_service(pcscd: Any) -> None:
    os.kill(pcscd.pid, signal.SIGSTOP)
    try:
        code, layers = diagnosis()
    finally:
        os.kill(pcscd.pid, signal.SIGCONT)
    assert code == Exit.NO_READER
    assert layers["service"] == ("failed", "service-hung")


@pytest.mark.parametrize(
    ("module", "words", "finding"),
    [
        ("__init__", "raise ModuleNotFoundError(\"No module named 'smartcard'\")", "driver-module"),
        ("scard", "raise ImportError('libpcsclite.so.1: cannot open shared object file')", "driver-library"),
    ],
)
def test_no_driver(tmp_path: Path, module: str, words: str, finding: str) -> None:
    package = tmp_path / "smartcard"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / f"{module}.py").write_text(words)
    code, layers = diagnosis(PYTHONPATH=str(tmp_path))
    assert code == Exit.NO_READER
    assert layers["driver"] == ("failed", finding)
    assert {layers[layer] for layer in PCSC[1:]} == {("skipped", "unchecked")}


def found(workspace: Path | None, reader: str | None = doctor.EMULATOR) -> dict[str, str]:
    """Layer → finding, in this process; every text is made in both languages."""
    findings = list(doctor.examine(workspace, reader))
    for finding in findings:
        assert all(finding.parts("zh") + finding.parts("en")) or finding.health is not doctor.Health.FAILED
    return {finding.layer: finding.key.partition(".")[2] for finding in findings}


@pytest.mark.parametrize(
    ("answer", "installed", "layer", "finding"),
    [
        (ServiceMissing("pcsc-permission"), True, "permission", "permission-policy"),
        (ServiceMissing("pcsc-service"), True, "service", "service-stopped"),
        (ServiceMissing("pcsc-service"), False, "service", "service-not-installed"),
        (TransportError("pcsc-failed", status="80100001", reader=""), True, "service", "pcsc-failed"),
        ([], True, "reader", "reader-none"),
    ],
)
def test_states_that_need_another_machine(
    monkeypatch: pytest.MonkeyPatch, answer: Any, installed: bool, layer: str, finding: str
) -> None:
    monkeypatch.setattr(doctor, "_ask_service", lambda: answer)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "/usr/sbin/pcscd" if installed else None)
    assert found(None, None)[layer] == finding


def test_a_mute_card(monkeypatch: pytest.MonkeyPatch) -> None:
    from sscard.apdu.pcsc import ReaderState

    state = ReaderState("R 0", present=True, atr=b"", mute=True, busy=False, events=1, flags=0x10220)
    monkeypatch.setattr(doctor, "_ask_service", lambda: [state])
    assert found(None, None)["card"] == "card-mute"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return create_workspace(tmp_path / "work", demo=True, region="990101", seed=1)


def test_the_emulator_needs_no_reader(workspace: Workspace) -> None:
    layers = found(workspace.root)
    assert tuple(layers) == ("workspace", "vault", "ledger", "disk", "clock")
    assert layers["ledger"] == "ledger-none"


def test_a_missing_workspace_is_only_wrong_when_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert found(None)["workspace"] == "workspace-none"
    assert found(tmp_path / "none")["workspace"] == "workspace-missing"


def test_the_vault(workspace: Workspace) -> None:
    workspace.vault_path.chmod(0o644)
    assert found(workspace.root)["vault"] == "vault-open"
    workspace.vault_path.unlink()
    assert found(workspace.root)["vault"] == "vault-missing"


def test_the_ledger(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ledger(workspace).close()
    assert found(workspace.root)["ledger"] == "ledger"
    with sqlite3.connect(workspace.ledger_path) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    db.close()
    assert found(workspace.root)["ledger"] == "ledger-version"
    workspace.ledger_path.write_bytes(b"something else")
    assert found(workspace.root)["ledger"] == "ledger-damaged"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(workspace.root)["ledger"] == "ledger-locked"


def test_the_disk(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(workspace.root)["disk"] == "disk"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10 << 30, 9 << 30, (1 << 30) - 1))
    assert found(workspace.root)["disk"] == "disk-full"


def test_the_clock(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(workspace.root)["clock"] == "clock"
    ahead = workspace.vault_path.stat().st_mtime + 3 * 86_400
    os.utime(workspace.vault_path, (ahead, ahead))
    assert found(workspace.root)["clock"] == "clock-behind"
    monkeypatch.setattr(doctor.time, "time", lambda: 1_000_000_000.0)
    assert found(workspace.root)["clock"] == "clock-wrong"


def test_people_see_a_mark_a_layer_and_the_command_to_type(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "sscard", "--lang", "zh", "doctor"],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=os.environ | {"PCSCLITE_CSOCK_NAME": "/tmp/nowhere/socket", "PYTHONIOENCODING": "utf-8"},
    )
    assert run.returncode == Exit.NO_READER
    lines = run.stdout.splitlines()
    assert lines[0].startswith("✓ 驱动")
    assert lines[1].startswith("✗ 服务")
    assert lines[2].startswith("    → sudo ")
    assert run.stderr == ""


def test_every_text_is_whole_in_both_languages() -> None:
    from sscard.messages import errors_pcsc, pcsc

    for name, (zh, en) in (pcsc.TEXTS | errors_pcsc.TEXTS).items():
        assert zh, name
        assert en, name
        assert zh.count("|") == en.count("|") <= 1, name
        assert set(places(zh)) == set(places(en)), name


def places(text: str) -> list[str]:
    return [field for _, field, _, _ in string.Formatter().parse(text) if field]
