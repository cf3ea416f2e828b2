"""Whole jobs with keys elsewhere: on a token, on a device, on a server that dies in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.commands.unlock import open_vault, read_secret
from sscard.cos.profile import load_profile
from sscard.emulator import Rack
from sscard.emulator.options import options_for
from sscard.errors import Exit, KeyServiceMissing
from sscard.keys.pkcs11_token import TokenAddress, open_session
from sscard.keys.remote import RemoteKeyService, ServerAddress
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore
from sscard.personalize.batch import open_batch
from sscard.personalize.job import open_production
from sscard.personalize.ledger import State
from sscard.personalize.line import Line
from sscard.personalize.workspace import Workspace, create_workspace, open_workspace

CITY, PIN = "990101", "DEMO1234"
KEYS_A_CARD = 68
"""Keys loaded into one card of the profile ssc3-sm4."""


def workspace(root: Path, profile: str, people: int) -> Workspace:
    place = create_workspace(
        root / "ws", demo=True, region=CITY, profile=profile, algorithm=load_profile(profile).algorithm, seed=1
    )
    assert main(["people", "--count", str(people), "--out", str(root / "b.csv")]) == Exit.OK
    return place


def run(root: Path, *words: str, keys: str) -> int:
    return main(["personalize", str(root / "b.csv"), "--workspace", str(root / "ws"), "--keys", keys, *words])


def states(place: Workspace) -> list[str]:
    from sscard.personalize.bookkeeping import open_ledger

    with closing(open_ledger(place)) as ledger:
        return [entry.state.value for job in ledger.jobs() for state in State for entry in ledger.cards(job.job, state)]


@pytest.fixture
def token(softhsm: TokenAddress, tmp_path: Path) -> Iterator[str]:
    """The name of an empty token, its PIN in a file; emptied afterwards."""
    pin = tmp_path / "pin"
    pin.write_text(PIN + "\n")
    pin.chmod(0o600)
    yield f"pkcs11:token=scratch?module-path={softhsm.module}&pin-source=file:{pin}"
    with closing(open_session(TokenAddress(softhsm.module, "scratch"), Secret(PIN.encode()), write=True)) as session:
        for item in list(session.get_objects()):
            item.destroy()


def test_a_job_with_keys_in_a_token(tmp_path: Path, token: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Load, list, check, personalize, and a city card's keys are asked for by name before the first card."""
    from pkcs11 import Attribute

    place = workspace(tmp_path, "ssc2-des", 3)
    where = ["--workspace", str(place.root), "--keys", token, "--json"]
    assert main(["keys", "token", "load", *where]) == Exit.OK
    capsys.readouterr()
    assert main(["keys", "token", "list", *where]) == Exit.OK
    listed = {(row["name"], row["version"]): row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    vault = open_vault(place)
    for entry in vault:
        if entry.region == CITY:
            assert listed[entry.name, entry.version]["check_value"] == entry.check_value.hex().upper()
    vault.wipe()
    assert main(["keys", "check", *where]) == Exit.OK
    assert run(tmp_path, "--reader", "emulator:2", keys=token) == Exit.OK
    assert states(place) == ["good"] * 3
    pin, module = read_secret(tmp_path / "pin"), Path("/usr/lib/softhsm/libsofthsm2.so")
    with closing(open_session(TokenAddress(module, "scratch"), pin, write=True)) as session:
        session.get_key(label=f"DEMO STKDF04:v1@{CITY}").destroy()
        assert list(session.get_objects({Attribute.LABEL: "DEMO TRANSPORT:v1"}))
    capsys.readouterr()
    assert main(["people", "--count", "2", "--seed", "9", "--force", "--out", str(tmp_path / "b.csv")]) == Exit.OK
    assert run(tmp_path, "--reader", "emulator", keys=token) == Exit.FAILED
    assert f"KEY-MISSING: There is no key STKDF04:v1@{CITY}" in capsys.readouterr().err
    assert states(place) == ["good"] * 3, "no card was touched"


def test_what_a_token_cannot_do_is_said_before_the_job(
    tmp_path: Path, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = workspace(tmp_path, "ssc2-des", 1)
    assert main(["keys", "token", "load", "--workspace", str(place.root), "--keys", token]) == Exit.OK
    capsys.readouterr()
    words = ("--reader", "emulator", "--profile", "ssc3-sm4")
    assert run(tmp_path, *words, keys=token) == Exit.FAILED
    error = capsys.readouterr().err
    assert "CUSTODY-ALGORITHM" in error
    assert "SM4" in error
    assert not place.ledger_path.exists()
    assert list(place.jobs_path.iterdir()) == []
    other = create_workspace(tmp_path / "sm4", demo=True, region=CITY, seed=1)
    for words in (["keys", "token", "load"], ["keys", "check"]):
        assert main([*words, "--workspace", str(other.root), "--keys", token]) == Exit.FAILED
        assert "SM4" in capsys.readouterr().err


def test_the_workspace_can_name_the_back_end(
    tmp_path: Path, token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting in sscard.toml; ``--keys`` goes before it; files are found from the workspace."""
    place = workspace(tmp_path, "ssc2-des", 1)
    settings = place.root / "sscard.toml"
    (place.root / "pin").write_text(PIN)
    (place.root / "pin").chmod(0o600)
    named = token.partition("&")[0] + "&pin-source=file:pin"
    settings.write_text(settings.read_text() + f'keys = "{named}"\n')
    assert open_workspace(place.root).keys == named
    monkeypatch.chdir(tmp_path)
    assert main(["keys", "token", "load", "--workspace", "ws"]) == Exit.OK
    assert main(["keys", "check", "--workspace", "ws"]) == Exit.OK
    place.vault_path.rename(place.root / "keys" / "away")
    assert main(["personalize", "b.csv", "--workspace", "ws", "--reader", "emulator"]) == Exit.OK, "no vault needed"
    capsys.readouterr()
    assert main(["keys", "check", "--workspace", "ws", "--keys", "vault"]) == Exit.FAILED
    assert "VAULT-MISSING" in capsys.readouterr().err
    (place.root / "pin").chmod(0o644)
    assert main(["keys", "check", "--workspace", "ws"]) == Exit.REFUSED
    settings.write_text(settings.read_text().replace("pkcs11:", "tape:"))
    assert main(["keys", "check", "--workspace", "ws"]) == Exit.USAGE


def test_a_pin_on_the_command_line_is_refused(tmp_path: Path, token: str, capsys: pytest.CaptureFixture[str]) -> None:
    workspace(tmp_path, "ssc2-des", 1)
    assert run(tmp_path, keys=token + "&pin-value=" + PIN) == Exit.USAGE
    assert PIN not in "".join(capsys.readouterr())
    assert run(tmp_path, keys=token.partition("&")[0]) == Exit.FAILED
    assert "TOKEN-PIN-NONE" in capsys.readouterr().err, "no terminal to ask on"


def test_a_job_with_keys_in_a_device(tmp_path: Path, sdf_library: Path, sdf_list: Callable[[KeyStore], Path]) -> None:
    place = workspace(tmp_path, "ssc3-sm4", 2)
    vault = open_vault(place)
    listed = sdf_list(vault)
    vault.wipe()
    assert run(tmp_path, "--reader", "emulator", keys=f"sdf:{sdf_library}?keys={listed}") == Exit.OK
    assert states(place) == ["good"] * 2


def start(place: Workspace, port: int = 0) -> tuple[subprocess.Popen[str], int]:
    """``sscard keyserver`` as its own process; returns when it serves."""
    words = ["keyserver", "--workspace", str(place.root), "--listen", f"127.0.0.1:{port}", "--json"]
    process = subprocess.Popen([sys.executable, "-m", "sscard", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    serving = json.loads(process.stdout.readline())
    assert serving["serving"]
    assert serving["demo"]
    return process, int(serving["address"].rpartition(":")[2])


def end(process: subprocess.Popen[str]) -> int:
    process.terminate()
    code = process.wait(10)
    assert process.stdout is not None
    process.stdout.close()
    return code


class _Fatal(RemoteKeyService):
    """Kills the server when so many keys were wrapped."""

    def __init__(self, address: ServerAddress, token: Secret, process: subprocess.Popen[str], last: int) -> None:
        super().__init__(address, token)
        self._process = process
        self._left = last

    def wrap_key(self, ref: KeyRef, under: KeyRef, prefix: bytes, fill: bytes = b"") -> bytes:
        self._left -= 1
        if self._left == 0:
            self._process.kill()
            self._process.wait()
        return super().wrap_key(ref, under, prefix, fill)


@pytest.mark.parametrize("last", [1, 40, 100])
def test_a_server_killed_in_the_middle_of_a_card(tmp_path: Path, last: int, capsys: Any) -> None:
    """The first or the second card stops where it is; a new server, the same command, and every card is good."""
    place = workspace(tmp_path, "ssc3-sm4", 3)
    process, port = start(place)
    token = read_secret(place.server_token_path)
    batch = open_batch(tmp_path / "b.csv", region=CITY, demo=True)
    profile = load_profile(place.profile)
    rack = Rack(place.cards_path, area=CITY[:4], algorithm=profile.algorithm, options=options_for(profile))
    with closing(_Fatal(ServerAddress("127.0.0.1", port), token, process, last)) as service:
        production = open_production(place, service, batch, profile=profile)
        line = Line(production.work, [rack.slot(1)], patience=0.3)
        list(line.run())
        production.close()
    assert process.stdout is not None
    process.stdout.close()
    assert isinstance(line.fatal, KeyServiceMissing)
    assert line.fatal.key == "keyserver-lost"
    assert sorted(states(place)) == ["good"] * (last > KEYS_A_CARD) + ["work"]
    keys = f"server:127.0.0.1:{port}"
    assert run(tmp_path, "--reader", "emulator", keys=keys) == Exit.NO_READER, "nobody answers yet"
    assert "KEYSERVER-LOST" in capsys.readouterr().err
    process, _ = start(place, port)
    assert run(tmp_path, "--reader", "emulator", keys=keys) == Exit.OK
    assert end(process) == Exit.OK
    assert states(place) == ["good"] * 3
    journal = [json.loads(line) for line in (place.root / "keyserver.jsonl").read_text().splitlines()]
    assert {entry["operation"] for entry in journal} >= {"hello", "wrap_key", "first_key", "presentation"}
    assert (place.root / "keyserver.jsonl").stat().st_mode & 0o077 == 0
    assert place.server_token_path.stat().st_mode & 0o077 == 0


def test_the_server_is_careful(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = workspace(tmp_path, "ssc3-sm4", 1)
    where = ["keyserver", "--workspace", str(place.root)]
    assert main([*where, "--listen", "0.0.0.0:0"]) == Exit.REFUSED
    assert "KEYSERVER-OPEN" in capsys.readouterr().err
    assert main([*where, "--listen", "nowhere"]) == Exit.USAGE
    assert main([*where, "--tls-cert", str(tmp_path / "b.csv")]) == Exit.USAGE
    assert main([*where, "--tls-cert", str(tmp_path / "b.csv"), "--tls-key", str(tmp_path / "b.csv")]) == Exit.FAILED
    assert "KEYSERVER-TLS" in capsys.readouterr().err
    assert main([*where, "--listen", "127.0.0.1:1", "--keys", "server:127.0.0.1:1"]) == Exit.NO_READER
    place.server_token_path.write_text("short\n")
    place.server_token_path.chmod(0o600)
    assert main([*where, "--listen", "127.0.0.1:0"]) == Exit.FAILED
    assert "TOKEN-FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [("pin", "verify"), ("purse", "load", "1.00", "--terminal", "990101000001"), ("read", "EF06")],
    ids=lambda words: words[0],
)
def test_commands_at_the_counter_take_the_option(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reaches the place where keys are opened: the sample card alone has its own."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "123456")
    assert main([*words, "--reader", "emulator"]) == Exit.OK
    capsys.readouterr()
    assert main([*words, "--reader", "emulator", "--keys", "vault"]) == Exit.USAGE
    assert "KEYS-EMULATOR" in capsys.readouterr().err
