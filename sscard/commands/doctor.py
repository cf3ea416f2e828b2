"""``sscard doctor``: every layer from the driver to the clock, each with ✓ or the command that mends it."""

from __future__ import annotations

import getpass
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.commands.readers_open import EMULATOR
from sscard.errors import Exit, ReaderMissing, ServiceMissing, SscardError, TransportError

if TYPE_CHECKING:
    from sscard.apdu.pcsc import ReaderState
    from sscard.personalize.workspace import Workspace

PCSC_LAYERS: Final = ("driver", "service", "permission", "reader", "card")
_DRIVER_FAILURES: Final = {"pcsc-module": "driver-module", "pcsc-library": "driver-library"}
_SOCKET: Final = "/run/pcscd/pcscd.comm"
_PATIENCE: Final = 5
"""Seconds a service may take to answer: a hung one never would."""
_GIB: Final = 1 << 30
_LEAST_FREE: Final = _GIB
_RELEASED: Final = 1_735_689_600
"""1 January 2025: no clock that is right shows less."""
_DAY: Final = 86_400


class Health(StrEnum):
    """State of a layer."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a layer, its state, and a text ``what it is|what to do`` with its fields."""

    layer: str
    health: Health
    key: str
    fields: dict[str, object] = field(default_factory=dict)

    def parts(self, lang: messages.Lang | None = None) -> tuple[str, str]:
        return messages.parts(self.key, lang, **self.fields)


@click.command(help=messages.text("pcsc.doctor-help"))
@click.option(
    "--workspace", type=click.Path(path_type=Path), metavar="DIR", help=messages.text("pcsc.option-workspace")
)
@click.option("--reader", metavar="NAME", help=messages.text("pcsc.option-reader"))
@json_option
def command(workspace: Path | None, reader: str | None, as_json: bool) -> int:
    failed: set[str] = set()
    for finding in examine(workspace, reader):
        _show(finding, as_json=as_json)
        if finding.health is Health.FAILED:
            failed.add(finding.layer)
    if failed.intersection(PCSC_LAYERS):
        return Exit.NO_READER
    return Exit.FAILED if failed else Exit.OK


def examine(workspace: Path | None, reader: str | None) -> Iterator[Finding]:
    """The findings, layer by layer.  ``reader`` ``emulator`` leaves the readers' side out."""
    if reader != EMULATOR:
        yield from _readers_side(reader)
    yield from _workspace_side(workspace)


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        (zh, remedy_zh), (en, remedy_en) = finding.parts("zh"), finding.parts("en")
        emit(
            {
                "layer": finding.layer,
                "state": str(finding.health),
                "finding": finding.key.partition(".")[2],
                "message_zh": zh,
                "message_en": en,
                "remedy_zh": remedy_zh,
                "remedy_en": remedy_en,
            }
        )
        return
    mark = {Health.OK: "✓", Health.FAILED: "✗", Health.SKIPPED: "–"}[finding.health]
    what, remedy = finding.parts()
    click.echo(f"{mark} {_padded(messages.text(f'pcsc.layer-{finding.layer}'))}  {what}")
    if remedy:
        click.echo(f"    → {remedy}")


def _padded(word: str) -> str:
    """``word`` in ten columns; a Chinese character takes two."""
    return word + " " * (10 - sum(1 if character.isascii() else 2 for character in word))


def _ok(layer: str, key: str = "", **fields: object) -> Finding:
    return Finding(layer, Health.OK, f"pcsc.{key or layer}", fields)


def _bad(layer: str, key: str, **fields: object) -> Finding:
    return Finding(layer, Health.FAILED, f"pcsc.{key}", fields)


def _skipped(*layers: str) -> Iterator[Finding]:
    for layer in layers:
        yield Finding(layer, Health.SKIPPED, "pcsc.unchecked")


def _readers_side(pattern: str | None) -> Iterator[Finding]:
    states = _ask_service()
    if isinstance(states, TransportError) and states.key in _DRIVER_FAILURES:
        yield _bad("driver", _DRIVER_FAILURES[states.key])
        yield from _skipped(*PCSC_LAYERS[1:])
        return
    yield _ok("driver", version=version("pyscard"))
    if not isinstance(states, list):
        yield from _no_service(states)
        yield from _skipped("reader", "card")
        return
    yield _ok("service")
    yield _ok("permission", user=getpass.getuser())
    yield from _readers_and_cards(states, pattern)


def _ask_service() -> list[ReaderState] | TransportError | None:
    """The readers, or why there are none to be had; None when the service hangs."""
    from sscard.apdu.pcsc import list_readers

    answers: list[list[ReaderState] | TransportError] = []

    def ask() -> None:
        try:
            answers.append(list_readers())
        except TransportError as error:
            answers.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    return answers[0] if answers else None


def _no_service(error: TransportError | None) -> Iterator[Finding]:
    socket = Path(os.environ.get("PCSCLITE_CSOCK_NAME", _SOCKET))
    user = getpass.getuser()
    if error is None:
        yield _bad("service", "service-hung", seconds=_PATIENCE, restart=_systemctl("restart"))
        yield from _skipped("permission")
    elif error.key == "pcsc-permission":
        yield _ok("service")
        yield _bad("permission", "permission-policy", user=user, rule=_policy_rule(user))
    elif _closed_to_us(socket):
        yield _ok("service")
        yield _bad("permission", "permission-socket", user=user, socket=socket)
    elif isinstance(error, ServiceMissing):
        if shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            yield _bad("service", "service-not-installed")
        else:
            yield _bad("service", "service-stopped", socket=socket, start=_systemctl("start"))
        yield from _skipped("permission")
    else:
        yield Finding("service", Health.FAILED, f"errors.{error.key}", error.fields)
        yield from _skipped("permission")


def _closed_to_us(socket: Path) -> bool:
    """Whether the service's socket is there and this user may not use it."""
    try:
        return socket.exists() and not os.access(socket, os.R_OK | os.W_OK)
    except PermissionError:
        return True


def _systemctl(verb: str) -> str:
    """The command that starts or restarts the service on this system."""
    if Path("/run/systemd/system").is_dir():
        return f"sudo systemctl {verb} pcscd"
    return "sudo pcscd" if verb == "start" else "sudo pkill -x pcscd; sudo pcscd"


def _policy_rule(user: str) -> str:
    allow = f'if (a.id.startsWith("org.debian.pcsc-lite.") && s.user == "{user}") return "yes";'
    return f"echo 'polkit.addRule(function(a, s) {{ {allow} }});' | sudo tee /etc/polkit-1/rules.d/50-sscard.rules"


def _readers_and_cards(states: list[ReaderState], pattern: str | None) -> Iterator[Finding]:
    from sscard.apdu.pcsc import find_reader

    if not states:
        yield _bad("reader", "reader-none", restart=_systemctl("restart"))
        yield from _skipped("card")
        return
    if pattern is not None:
        try:
            name = find_reader(pattern)
        except (ReaderMissing, ServiceMissing) as error:
            yield Finding("reader", Health.FAILED, f"errors.{error.key}", error.fields)
            yield from _skipped("card")
            return
        states = [state for state in states if state.name == name]
    yield _ok("reader", readers=", ".join(state.name for state in states))
    mute = [state for state in states if state.mute]
    cards = [state for state in states if state.present and not state.mute]
    if mute:
        yield _bad("card", "card-mute", reader=mute[0].name)
    elif cards:
        yield _ok("card", cards=", ".join(f"{state.name}: {state.atr.hex(' ').upper()}" for state in cards))
    else:
        yield _bad("card", "card-none")


def _workspace_side(directory: Path | None) -> Iterator[Finding]:
    from sscard.personalize.workspace import SETTINGS_NAME, open_workspace

    here = directory or Path()
    files: list[Path] = []
    if directory is None and not (here / SETTINGS_NAME).exists():
        yield Finding("workspace", Health.SKIPPED, "pcsc.workspace-none")
    else:
        try:
            workspace = open_workspace(here)
        except SscardError as error:
            yield Finding("workspace", Health.FAILED, f"errors.{error.key}", error.fields)
            yield from _skipped("vault", "ledger")
        else:
            yield _ok("workspace", path=workspace.root)
            yield _vault(workspace.vault_path)
            yield _shared_ledger(workspace) if workspace.ledger.shared else _ledger(workspace)
            files = [workspace.root / SETTINGS_NAME, workspace.vault_path, workspace.ledger_path]
    yield _disk(here)
    yield _clock([file for file in files if file.exists()])


def _vault(path: Path) -> Finding:
    if not path.is_file():
        return _bad("vault", "vault-missing", path=path)
    if path.stat().st_mode & 0o077:
        return _bad("vault", "vault-open", path=path)
    return _ok("vault", path=path)


def _shared_ledger(workspace: Workspace) -> Finding:
    from sscard.personalize.bookkeeping import open_ledger

    try:
        with closing(open_ledger(workspace)) as ledger:
            stations = ", ".join(ledger.stations()) or "–"
            return _ok("ledger", "ledger-shared", path=ledger.place, version=ledger.version, stations=stations)
    except SscardError as error:
        return Finding("ledger", Health.FAILED, f"errors.{error.key}", error.fields)


def _ledger(workspace: Workspace) -> Finding:
    from sscard.personalize.bookkeeping import own_version

    path = workspace.ledger_path
    if not path.exists():
        return _ok("ledger", "ledger-none")
    if not os.access(path, os.R_OK | os.W_OK):
        return _bad("ledger", "ledger-locked", path=path)
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            return _bad("ledger", "ledger-damaged", path=path)
    try:
        return _ok("ledger", path=path, version=own_version(workspace))
    except SscardError as error:
        return Finding("ledger", Health.FAILED, f"errors.{error.key}", error.fields)


def _disk(path: Path) -> Finding:
    there = path.resolve()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    amount = f"{free / _GIB:.1f}"
    return _ok("disk", free=amount) if free >= _LEAST_FREE else _bad("disk", "disk-full", free=amount, path=there)


def _clock(files: list[Path]) -> Finding:
    seconds = time.time()
    now = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(seconds))
    if seconds < _RELEASED:
        return _bad("clock", "clock-wrong", now=now)
    newest = max(files, key=lambda file: file.stat().st_mtime, default=None)
    if newest is not None and newest.stat().st_mtime > seconds + _DAY:
        return _bad("clock", "clock-behind", now=now, path=newest)
    return _ok("clock", now=now)
