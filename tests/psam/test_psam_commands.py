"""``sscard psam`` and ``--psam`` from the command line: the whole way of one PSAM, refusals, no secret shown."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from sscard.apdu.pcsc import list_readers
from sscard.cli import main
from sscard.emulator.persistent import open_card
from sscard.emulator.psam import PsamCard
from sscard.errors import Exit
from sscard.keys.anchor import Anchor
from sscard.keys.ceremony.run import Place
from sscard.keys.secret import Secret
from sscard.keys.store import State
from sscard.keys.vault import Vault
from sscard.personalize.workspace import open_workspace

SERIAL = "99010100000000000001"
NUMBER = "990101000001"


class Desk:
    """Commands in one workspace; answers are objects."""

    def __init__(self, folder: Path, template: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.ws = str(copytree(template, folder / "ws"))
        self.folder = folder
        self.capsys = capsys
        self.shown = ""

    @property
    def image(self) -> Path:
        return Path(self.ws) / "cards" / f"psam-{SERIAL}.json"

    def run(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        code = main(["psam", *words, "--json"])
        shown = self.capsys.readouterr()
        self.shown += shown.out + shown.err
        return code, [json.loads(line) for line in shown.out.splitlines()]

    def here(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        return self.run(*words, "--workspace", self.ws)

    def listed(self, name: str, *words: str) -> str:
        path = str(self.folder / name)
        assert self.run("list", *words, "--out", path)[0] == Exit.OK
        return path

    def approved(self, name: str, *words: str) -> tuple[str, str]:
        path = self.listed(name, *words)
        code, (request,) = self.here("request", "--list", path, "--by", "甲")
        assert code == Exit.OK
        assert self.here("review", str(request["request"]), "--by", "乙")[0] == Exit.OK
        return path, str(request["request"])

    def load(self, path: str, request: str, *words: str) -> tuple[int, list[dict[str, Any]]]:
        return self.here(
            "load", "--list", path, "--request", request, "--by", "丙", "--reader", str(self.image), *words
        )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ws"
    assert main(["init", str(path), "--demo"]) == Exit.OK
    return path


@pytest.fixture
def desk(tmp_path: Path, template: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    capsys.readouterr()
    return Desk(tmp_path, template, capsys)


def test_the_whole_way_of_one_psam(desk: Desk) -> None:
    path, request = desk.approved("a.toml", "purchase")
    assert desk.here("receive", SERIAL, "--supplier", "测试供应商", "--by", "甲", "--software")[1] == [
        {"received": 1, "images": [str(desk.image)]}
    ]
    code, (made,) = desk.load(path, request)
    assert (code, made["terminal"], made["created"]) == (Exit.OK, NUMBER, ["IRK", "UK2DF04", "DPK", "RK1DF04"])
    code, (error,) = desk.load(path, request)
    assert (code, error["error"], error["name"]) == (Exit.REFUSED, "PSAM-KEY-THERE", "IRK")
    names = [word for name in made["created"] for word in ("--replace", name)]
    assert desk.load(path, request, *names)[1][0]["changed"] == made["created"]
    second, number = desk.approved("b.toml", "pin-service", "--authority", "province")
    assert desk.load(second, number)[1][0]["created"] == ["PUK"]
    code, (facts,) = desk.run("info", "--reader", str(desk.image))
    assert (facts["serial"], facts["terminal"], facts["type"]) == (SERIAL, NUMBER, 1)
    assert [key["name"] for key in facts["keys"]] == ["IRK", "UK2DF04", "DPK", "RK1DF04", "PUK"]
    words = ("--device", "药店-017", "--address", "测试路1号", "--keeper", "丁", "--due", "20271231", "--by", "甲")
    assert desk.here("issue", NUMBER, *words)[1][0]["state"] == "issued"
    assert desk.here("where", NUMBER)[1][0]["device"] == "药店-017"
    assert [entry["terminal"] for entry in desk.here("where", "--holding", "PUK")[1]] == [NUMBER]
    assert desk.here("overdue", "--day", "20271231") == (Exit.OK, [])
    assert desk.here("overdue", "--day", "20280101")[0] == Exit.PARTLY
    assert desk.here("recall", NUMBER, "--by", "甲", "--reason", "停用")[1][0]["state"] == "recalled"
    assert desk.here("destroy", NUMBER, "--by", "甲", "--witness", "甲", "--reason", "坏")[0] == Exit.REFUSED
    assert desk.here("destroy", NUMBER, "--by", "甲", "--witness", "乙", "--reason", "坏")[1][0]["state"] == "destroyed"
    events = [event["what"] for event in desk.here("where", NUMBER, "--history")[1][1:]]
    assert events[0] == "reserve"
    assert events[-1] == "destroy"
    vault = Vault.open(open_workspace(Path(desk.ws)).vault_path, _passphrase(desk))
    register = (Path(desk.ws) / "keys" / "psam.sqlite").read_bytes() + desk.shown.encode()
    for entry in (entry for entry in vault if entry.usage.value == "diversify"):
        value = vault.value(entry).reveal()
        assert value not in register
        assert value.hex().upper().encode() not in register.upper()


def test_a_software_psam_that_cannot_be_made_is_not_registered(desk: Desk) -> None:
    """The vault has no masters of PSAMs: nothing is registered, and the same serial may come again."""
    place = open_workspace(Path(desk.ws))
    vault = Vault.open(place.vault_path, _passphrase(desk), Anchor(place.anchor_path))
    for entry in [entry for entry in vault if entry.name == "PSAMKID3"]:
        vault.change_state(entry, State.SUSPENDED)
    vault.save()
    words = ("receive", SERIAL, "--supplier", "测试供应商", "--by", "甲")
    assert desk.here(*words, "--software")[1][0]["error"] == "KEY-STATE"
    assert desk.here(*words)[0] == Exit.OK


def _passphrase(desk: Desk) -> Any:
    return Secret(open_workspace(Path(desk.ws)).demo_passphrase_path.read_bytes().splitlines()[0])


def test_lists_and_advice(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    code, uses = desk.run("list")
    assert code == Exit.OK
    assert {"purchase", "pin-service"} <= {use["name"] for use in uses}
    path = desk.listed("a.toml", "purchase")
    assert desk.run("list", "--check", path) == (Exit.OK, [{"fits": True, "surplus": [], "lacking": []}])
    text = Path(path).read_text(encoding="utf-8")
    row = text.index('name = "STKDF02"')
    Path(path).write_text(text[:row] + text[row:].replace("load = false", "load = true", 1), encoding="utf-8")
    code, (advice,) = desk.run("list", "--check", path)
    assert (code, advice["surplus"]) == (Exit.PARTLY, ["STKDF02"])
    assert main(["--lang", "zh", "psam", "list", "--check", path]) == Exit.PARTLY
    assert "终端用途用不到: STKDF02" in capsys.readouterr().out
    assert desk.run("list", "nothing")[0] == Exit.USAGE
    assert main(["psam", "form", path]) == Exit.OK
    assert "N4    STKDF02" in capsys.readouterr().out
    assert main(["psam", "form", path, "--html"]) == Exit.OK
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")
    assert main(["psam", "list", "identify", "--city", "990102"]) == Exit.OK
    other = desk.folder / "other.toml"
    other.write_text(capsys.readouterr().out, encoding="utf-8")
    code, (error,) = desk.here("load", "--list", str(other), "--request", "1", "--by", "丙")
    assert (code, error["error"]) == (Exit.USAGE, "PSAM-CITY")


def test_annex_10_of_a_request(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    _, request = desk.approved("a.toml", "purchase")
    assert main(["psam", "form", request, "--workspace", desk.ws]) == Exit.OK
    shown = capsys.readouterr().out
    assert "附件10" in shown
    assert "审核人            乙" in shown
    assert desk.here("review", request, "--by", "丙", "--refuse")[0] == Exit.REFUSED


def test_texts_for_people(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "psam", "info", "--reader", "emulator"]) == Exit.OK
    assert "类型          调试用 (全密钥)" in capsys.readouterr().out
    assert main(["--lang", "en", "psam", "where", "--workspace", desk.ws]) == Exit.OK
    assert capsys.readouterr().out == "no PSAMs\n"
    assert main(["--lang", "en", "psam", "overdue", "--workspace", desk.ws]) == Exit.OK
    assert capsys.readouterr().out == "none overdue ✓\n"
    for day in ("20261301", "202601011", "2026011", "2026 101"):
        assert main(["psam", "overdue", "--day", day, "--workspace", desk.ws]) == Exit.USAGE
        assert "PSAM-DAY" in capsys.readouterr().err
    assert main(["--lang", "en", "psam", "where", "990101000099", "--workspace", desk.ws]) == Exit.REFUSED
    assert "PSAM-UNKNOWN" in capsys.readouterr().err


@pytest.mark.parametrize("profile", ["ssc3-sm4", "ssc2-des"])
def test_reading_and_pin_with_a_psam(
    profile: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--reader", "emulator", "--profile", profile, "--psam", "emulator")
    assert main(["read", "DF03", "SSSE/EF07", *words, "--json"]) == Exit.OK
    files = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rights = {right for file in files if "rights" in file for right in file["rights"]}
    assert {"RK1DF03", "RK2DF03", "RKSSSE"} <= rights
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_args, **_options: "654321")
    assert main(["pin", "reload", *words]) == Exit.OK


def test_a_purchase_with_a_psam_needs_no_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_args, **_options: "123456")
    words = ("--reader", "emulator", "--psam", "emulator", "--json")
    assert main(["purse", "load", "50", *words]) == Exit.OK
    assert main(["purse", "debit", "--own", "1", *words]) == Exit.OK
    load, debit = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (load["account"], load["tac_checked"], load["terminal_counter"]) == (5000, False, None)
    assert (debit["tac_checked"], debit["terminal_counter"]) == (False, 4)
    assert main(["purse", "debit", "--own", "1", "--terminal", NUMBER, *words]) == Exit.USAGE
    assert main(["purse", "debit", "--own", "1", "--reader", "emulator"]) == Exit.USAGE
    assert main(["purse", "load", "50", "--reader", "emulator"]) == Exit.USAGE
    assert "PSAM-TERMINAL" in capsys.readouterr().err
    assert main(["--lang", "zh", "purse", "load", "50", *words[:-1]]) == Exit.OK
    assert "TAC 未在终端验证" in capsys.readouterr().out


def test_production_refuses_a_debug_psam(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.listed("debug.toml", "--debug")
    settings = Path(desk.ws) / "sscard.toml"
    text = settings.read_text(encoding="utf-8").replace('"demo"', '"production"')
    settings.write_text(f"{text}approvals = 0\n", encoding="utf-8")
    code, (error,) = desk.here("request", "--list", path, "--by", "甲")
    assert (code, error["error"]) == (Exit.REFUSED, "PSAM-DEBUG")
    words = ("--reader", "emulator", "--psam", "emulator", "--workspace", desk.ws)
    assert main(["read", "DF03", *words]) == Exit.REFUSED
    assert "PSAM-DEBUG" in capsys.readouterr().err


WORDS = {"测试甲": b"passphrase-of-jia", "测试乙": b"passphrase-of-yi"}


def test_people_are_who_they_say_where_approvals_are_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person under another's name neither requests, reviews, loads, destroys nor witnesses."""
    register = Place(Path(desk.ws)).register()
    first = register.enrol("测试甲", Secret(WORDS["测试甲"]), None)
    register.enrol("测试乙", Secret(WORDS["测试乙"]), first.signer(Secret(WORDS["测试甲"])))
    with (Path(desk.ws) / "sscard.toml").open("a", encoding="utf-8") as settings:
        settings.write("approvals = 2\n")
    path = desk.listed("a.toml", "purchase")
    assert desk.here("receive", SERIAL, "--supplier", "测试供应商", "--by", "甲", "--software")[0] == Exit.OK

    def typing(*passphrases: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"".join(word + b"\n" for word in passphrases))))

    load = ("load", "--list", path, "--request", "1", "--by", "测试乙", "--reader", str(desk.image))
    destroy = ("destroy", NUMBER, "--by", "测试甲", "--witness", "测试乙", "--reason", "损坏")
    jia, yi = WORDS.values()
    for words, wrong, right in (
        (("request", "--list", path, "--by", "测试甲"), (yi,), (jia,)),
        (("review", "1", "--by", "测试乙"), (jia,), (yi,)),
        (load, (jia,), (yi,)),
        (destroy, (jia, jia), (jia, yi)),
    ):
        for passphrases, error in ((wrong, "PERSON-PASSPHRASE"), ((), "PERSON-UNPROVED")):
            typing(*passphrases)
            assert desk.here(*words)[1][-1]["error"] == error
        typing(*right)
        assert desk.here(*words)[0] == Exit.OK
    typing(jia)
    assert desk.here("request", "--list", path, "--by", "测试丙")[1][-1]["error"] == "PERSON-UNKNOWN"
    assert not [word for word in WORDS.values() if word.decode() in desk.shown]


def test_a_foreign_psam_opens_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A PSAM of another hierarchy: the card is taken for foreign, no key of it is tried."""
    path, request = desk.approved("a.toml", "read-medical")
    desk.here("receive", SERIAL, "--supplier", "测试供应商", "--by", "甲", "--software")
    assert desk.load(path, request)[0] == Exit.OK
    assert main(["read", "DF04/EF05", "--reader", "emulator", "--psam", str(desk.image), "--json"]) == Exit.PARTLY
    (file,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (file["outcome"], file["refused"]) == ("denied", "foreign")


@pytest.mark.pcsc
def test_over_pcscd(pcscd: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Card and PSAM in two readers, both served by ``emulate``."""
    command = [sys.executable, "-m", "sscard", "emulate", "--port"]
    running = [
        subprocess.Popen([*command, str(pcscd.ports[0])], stderr=subprocess.DEVNULL),
        subprocess.Popen(
            [*command, str(pcscd.ports[1]), "--psam", "SM4", "--image", str(tmp_path / "psam.json")],
            stderr=subprocess.DEVNULL,
        ),
    ]
    try:
        deadline = time.monotonic() + 20
        while sum(state.present for state in list_readers()) < 2:
            assert all(process.poll() is None for process in running)
            assert time.monotonic() < deadline
            time.sleep(0.05)
        words = ("--reader", pcscd.readers[0], "--psam", pcscd.readers[1])
        assert main(["read", "DF03", "DF04/EF05", *words, "--json"]) == Exit.OK
        shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {"RK1DF03", "RK2DF03", "RK1DF04"} <= {right for file in shown for right in file.get("rights", ())}
        assert main(["psam", "info", "--reader", pcscd.readers[1], "--json"]) == Exit.OK
        assert len(json.loads(capsys.readouterr().out)["keys"]) == 57
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=10)
        deadline = time.monotonic() + 5
        while any(state.present for state in list_readers()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    kept = open_card(tmp_path / "psam.json")
    assert isinstance(kept.inside, PsamCard)
    kept.close()
