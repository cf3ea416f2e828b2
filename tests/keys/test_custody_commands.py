"""``sscard keys`` at a terminal: components typed unseen, keys handed down wrapped, what stands under a lost key."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.commands import unlock
from sscard.errors import Exit
from sscard.keys.store import Usage
from sscard.keys.vault import Vault
from sscard.personalize.workspace import open_workspace

VALUE = re.compile(r"^    ((?:[0-9A-F]{4}\s*)+)$", re.M)
CHECK = re.compile(r"this component: ([0-9A-F]{6})")
WHOLE = re.compile(r"whole key: ([0-9A-F]{6})")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, Any]]]:
    code = main([*map(str, words), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def vault_of(workspace: Path) -> Vault:
    return unlock.open_vault(open_workspace(workspace))


def value_on(sheet: Path) -> str:
    return "".join("".join(VALUE.findall(sheet.read_text("utf-8"))).split())


def answers(sheets: Iterable[Path], spoil: bool = False) -> list[tuple[str, str]]:
    """What the holders of the sheets type, the first of them with a slip where wanted."""
    typed = []
    for number, sheet in enumerate(sheets):
        index = sheet.name.rpartition("-")[2].partition("of")[0]
        value, check = value_on(sheet), CHECK.findall(sheet.read_text("utf-8"))[0]
        typed.append(("Number of your component", index))
        if spoil and not number:
            slip = ("0" if value[0] != "0" else "1") + value[1:]
            typed += [("not shown", slip), ("Check value of your", check)]
        typed += [("not shown", value), ("Check value of your", check), ("presses Enter", "")]
    return typed


@pytest.fixture
def ws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(capsys, "init", tmp_path / "ws", "--demo")[0] == Exit.OK
    return tmp_path / "ws"


def make_sheets(capsys: pytest.CaptureFixture[str], ws: Path, *words: str) -> tuple[list[Path], str]:
    out = ws.parent / "sheets"
    code, lines = run(capsys, "keys", "component", "generate", *words, "--out", out, "--workspace", ws)
    assert code == Exit.OK
    *sheets, summary = lines
    assert summary["count"] == len(sheets)
    return [Path(sheet["path"]) for sheet in sheets], summary["check"]


@pytest.mark.parametrize("scheme", [("--xor", "2"), ("--xor", "3"), ("--shares", "2/3")])
def test_components_make_a_transport_key(
    scheme: tuple[str, str], ws: Path, capsys: pytest.CaptureFixture[str], at_terminal: Callable[..., Any]
) -> None:
    sheets, whole = make_sheets(capsys, ws, "TK-99", *scheme)
    for sheet in sheets:
        assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
        assert WHOLE.findall(sheet.read_text("utf-8")) == [whole]
        assert "DEMO" in sheet.read_text("utf-8")
        assert sum(value_on(other) in sheet.read_text("utf-8").replace(" ", "") for other in sheets) <= 1
    used = sheets[1:] if scheme[0] == "--shares" else sheets
    words = ["--lang", "en", "keys", "component", "combine", "TK-99", *scheme, "--transport", "--expect", whole]
    screen = at_terminal(ws.parent, [*words, "--workspace", str(ws)], answers(used, spoil=True))
    assert screen.code == Exit.OK, screen.shown.decode()
    assert b"does not fit" in screen.shown
    assert screen.shown.count(b"\x1b[2J\x1b[3J") == 2 * len(used), "the screen is cleared before and after each holder"
    for sheet in sheets:
        assert value_on(sheet).encode() not in screen.shown, "a value was echoed"
    (entry,) = [entry for entry in vault_of(ws) if entry.usage is Usage.WRAP]
    assert entry.check_value.hex().upper() == whole
    assert not entry.exportable
    assert "command=keys component combine" in (ws / "audit.log").read_text("utf-8")
    for sheet in sheets:
        assert run(capsys, "keys", "component", "shred", sheet)[0] == Exit.OK
        assert not sheet.exists()


def test_what_combine_refuses(ws: Path, capsys: pytest.CaptureFixture[str], at_terminal: Callable[..., Any]) -> None:
    sheets, _ = make_sheets(capsys, ws, "UK1DF01", "--xor", "2", "--version", "9")
    words = ["--lang", "en", "keys", "component", "combine", "UK1DF01", "--xor", "2", "--workspace", str(ws)]
    twice = at_terminal(
        ws.parent, [*words, "--version", "9"], [*answers(sheets[:1]), ("Number of your component", "1")]
    )
    assert (twice.code, b"COMPONENT-TWICE" in twice.shown) == (Exit.FAILED, True)
    other = at_terminal(ws.parent, [*words, "--version", "9", "--expect", "000000"], answers(sheets))
    assert (other.code, b"COMPONENT-EXPECT" in other.shown) == (Exit.FAILED, True)
    place = at_terminal(ws.parent, [*words, "--version", "1"])
    assert (place.code, b"KEY-TWICE" in place.shown) == (Exit.FAILED, True), "said before anybody types"
    slips = answers(sheets[:1], spoil=True)[:3]
    short = ("not shown", "00 11")
    three = at_terminal(ws.parent, [*words, "--version", "9"], [slips[0], short, *slips[1:] * 2])
    assert b"(32 hex digits). Type it again." in three.shown, "a slip like others"
    assert (three.code, b"COMPONENT-CHECK" in three.shown) == (Exit.FAILED, True)
    assert vault_of(ws).generation == 1, "nothing was stored"
    code, (error,) = run(capsys, *words[2:])
    assert (code, error["error"]) == (Exit.REFUSED, "COMPONENT-TERMINAL")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "COMPONENT-KIND-OPTION"),
        (("--xor", "2", "--shares", "2/3"), "COMPONENT-KIND-OPTION"),
        (("--shares", "2"), "COMPONENT-KIND-OPTION"),
        (("--shares", "4/3"), "COMPONENT-SHARES"),
        (("--shares", "1/3"), "COMPONENT-SHARES"),
    ],
)
def test_schemes_that_are_none(
    words: tuple[str, ...], error: str, ws: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ("keys", "component", "generate", "TK", *words, "--out", tmp_path / "s", "--workspace", ws)
    assert run(capsys, *arguments)[1][0]["error"] == error
    assert not (tmp_path / "s").exists()


def test_sheets_are_never_overwritten_and_half_a_set_is_destroyed(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheets, _ = make_sheets(capsys, ws, "TK", "--xor", "2")
    kept = sheets[1].read_bytes()
    sheets[0].unlink()
    out = ("--out", ws.parent / "sheets", "--workspace", ws)
    code, (error,) = run(capsys, "keys", "component", "generate", "TK", "--xor", "2", *out)
    assert (code, error["error"]) == (Exit.REFUSED, "CUSTODY-EXISTS")
    assert sheets[1].read_bytes() == kept
    assert not sheets[0].exists()


def test_a_pdf_sheet_holds_the_component(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import base64
    import zlib

    sheets, whole = make_sheets(capsys, ws, "TK", "--shares", "2/2", "--pdf", "--algorithm", "AES")
    page = sheets[0].read_bytes()
    assert page.startswith(b"%PDF-")
    assert b"STSong-Light" in page
    stream = re.search(rb"stream\r?\n(.*?)~>\s*endstream", page, re.S)
    assert stream is not None
    drawn = zlib.decompress(base64.a85decode(stream[1])).decode("latin-1")
    assert whole in drawn
    assert len(re.findall(r"(?:[0-9A-F]{4}  ){3}[0-9A-F]{4}", drawn)) == 4, "32 bytes in groups of four"


def add_transport(ws: Path, value: bytes = bytes(range(16))) -> None:
    from sscard.keys.catalog import Level
    from sscard.keys.family import Algorithm
    from sscard.keys.secret import Secret

    vault = vault_of(ws)
    vault.add("TK-99", Secret(value), level=Level.ISSUER, algorithm=Algorithm.SM4, usage=Usage.WRAP, exportable=False)
    vault.save()


def test_from_the_national_root_to_the_city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three vaults, each with its own level: what the nation writes the province takes in, and so on; one card key."""
    for name in ("nation", "none"):
        assert run(capsys, "init", tmp_path / name, "--demo", "--holds", name)[0] == Exit.OK
    assert run(capsys, "init", tmp_path / "city", "--demo", "--holds", "none")[0] == Exit.OK
    nation, province, city = tmp_path / "nation", tmp_path / "none", tmp_path / "city"
    for ws in (nation, province, city):
        add_transport(ws)

    def hand(source: Path, target: Path, path: str) -> list[dict[str, Any]]:
        blocks = tmp_path / f"{target.name}.keyblocks"
        words = ("keys", "derive", "--path", path, "--under", "TK-99", "--out", blocks, "--workspace", source)
        code, (written,) = run(capsys, *words)
        assert (code, written["count"]) == (Exit.OK, 105)
        assert stat.S_IMODE(blocks.stat().st_mode) == 0o600
        vault = vault_of(source)
        for entry in vault:
            assert vault.value(entry).reveal().hex().upper().encode() not in blocks.read_bytes()
        code, taken = run(capsys, "keys", "import", blocks, "--under", "TK-99", "--workspace", target)
        assert code == Exit.OK
        assert run(capsys, *words)[1][0]["error"] == "CUSTODY-EXISTS"
        return taken

    assert all(row["new"] for row in hand(nation, province, "99"))
    assert len(hand(province, city, "99/990101")) == 105
    card = "99/990101/8699990100000017"
    tables = [run(capsys, "keys", "derive", "--path", card, "--workspace", ws)[1] for ws in (nation, province, city)]
    assert tables[0] == tables[1] == tables[2]
    assert len({row["check_value"] for row in tables[0]}) == 105
    assert {row["method"] for row in tables[0]} == {"SM4-ECB(0)"}
    up = run(capsys, "keys", "derive", "IRK", "--path", "99", "--workspace", city)[1][0]
    assert up["error"] == "KEY-ABOVE"
    assert run(capsys, "keys", "derive", "--path", "98", "--workspace", city)[1][0]["error"] == "DERIVE-NOTHING"


def test_derive_and_import_say_what_is_wrong(ws: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    at = ("--workspace", ws)
    derive = ("keys", "derive", "--path", "99")
    assert run(capsys, *derive, "--out", tmp_path / "x", *at)[1][0]["error"] == "DERIVE-OUT"
    assert run(capsys, *derive, "--under", "TK-99", *at)[1][0]["error"] == "DERIVE-OUT"
    words = (*derive, "--under", "NONE", "--out", tmp_path / "x", *at)
    assert run(capsys, *words)[1][0]["error"] == "KEY-MISSING"
    assert not (tmp_path / "x").exists()
    add_transport(ws)
    far = (*derive, "--under", "TK-99", "--out", tmp_path / "no" / "x", *at)
    assert run(capsys, *far)[1][0]["error"] == "CUSTODY-UNWRITABLE"
    log = ws / "audit.log"
    assert "command=keys derive path=99 under=TK-99" in log.read_text("utf-8"), "before the file, whatever became of it"
    log.rename(ws / "old.log")
    log.mkdir()
    unrecorded = (*derive, "--under", "TK-99", "--out", tmp_path / "x", *at)
    assert run(capsys, *unrecorded)[1][0]["error"] == "AUDIT-UNWRITABLE"
    assert not (tmp_path / "x").exists(), "no key leaves that nobody wrote down"
    taken = run(capsys, "keys", "import", tmp_path / "none", "--under", "TK-99", *at)[1]
    assert taken[0]["error"] == "CUSTODY-UNREADABLE"


def test_a_rolled_back_vault_is_refused_until_accepted(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ws / "keys" / "vault.json"
    old = path.read_bytes()
    add_transport(ws)
    code, (shown,) = run(capsys, "keys", "anchor", "--workspace", ws)
    assert (code, shown["generation"]) == (Exit.OK, 2)
    path.write_bytes(old)
    for words in (("keys", "list"), ("keys", "anchor"), ("keys", "check")):
        code, (error,) = run(capsys, *words, "--workspace", ws)
        assert (code, error["error"]) == (Exit.REFUSED, "VAULT-ROLLED-BACK")
    wrong = run(capsys, "keys", "anchor", "--accept", 2, "--workspace", ws)[1][0]
    assert wrong["error"] == "ANCHOR-GENERATION"
    passphrase = ws / "keys" / "demo-passphrase"
    right, accept = passphrase.read_bytes(), ("keys", "anchor", "--accept", 1, "--workspace", ws)
    passphrase.write_bytes(b"DEMO wrong passphrase")
    guesses = [run(capsys, *accept)[1][0]["error"] for _ in range(4)]
    assert guesses == ["VAULT-SEALED"] * 3 + ["VAULT-WAIT"], "an accepting guess waits like others"
    passphrase.write_bytes(right)
    mark = ws / "vault.anchor"
    mark.write_text(json.dumps(json.loads(mark.read_bytes()) | {"failed": 0}))
    code, (taken,) = run(capsys, "keys", "anchor", "--accept", 1, "--workspace", ws)
    assert (code, taken["accepted"]) == (Exit.OK, True)
    assert "command=keys anchor --accept generation=1" in (ws / "audit.log").read_text("utf-8")
    assert run(capsys, "keys", "list", "--workspace", ws)[0] == Exit.OK


def test_shredding_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"keep")
    (tmp_path / "link").symlink_to(target)
    for path in (tmp_path / "none", tmp_path / "link"):
        assert run(capsys, "keys", "component", "shred", path)[1][0]["error"] == "CUSTODY-UNWRITABLE"
    assert target.read_bytes() == b"keep"


def test_a_version_is_suspended_and_woken(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    derive = ("keys", "derive", "IRK", "--path", "99/990101", "--workspace", ws)
    assert len(run(capsys, *derive)[1]) == 3
    code, lines = run(capsys, "keys", "state", "IRK:v1", "suspended", "--workspace", ws)
    assert (code, [line["region"] for line in lines]) == (Exit.OK, ["", "99", "990101"])
    assert [line["version"] for line in run(capsys, *derive)[1]] == [2, 3]
    assert run(capsys, *derive, "--version", 1)[1][0]["error"] == "KEY-STATE"
    missing = run(capsys, "keys", "check", "--workspace", ws)[1]
    assert [line["key"] for line in missing if line.get("found") is False] == ["IRK"]
    assert run(capsys, "keys", "state", "IRK:v1", "active", "--workspace", ws)[0] == Exit.OK
    assert len(run(capsys, *derive)[1]) == 3
    assert run(capsys, "keys", "state", "IRK:v9", "retired", "--workspace", ws)[1][0]["error"] == "KEY-MISSING"


def test_maintenance_keys_of_des_cards_are_short(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheets, _ = make_sheets(capsys, ws, "STK", "--xor", "2", "--algorithm", "DES", "--version", "2")
    assert len(value_on(sheets[0])) == 16
    sheets, _ = make_sheets(capsys, ws, "UKMF", "--xor", "2", "--algorithm", "DES", "--version", "2")
    assert len(value_on(sheets[0])) == 32


def test_des_keys_travel_as_tr31(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sscard.keys.catalog import Level
    from sscard.keys.family import Algorithm
    from sscard.keys.secret import Secret

    for name, holds in (("above", "province"), ("below", "none")):
        words = ("init", tmp_path / name, "--demo", "--profile", "ssc2-des", "--holds", holds)
        assert run(capsys, *words)[0] == Exit.OK
        vault = vault_of(tmp_path / name)
        transport = {"level": Level.ISSUER, "algorithm": Algorithm.AES, "usage": Usage.WRAP}
        vault.add("TK-99", Secret(bytes(range(32))), **transport)
        vault.save()
    blocks = ("--under", "TK-99", "--workspace")
    derive = ("keys", "derive", "STK", "IRK", "--path", "99/990101", "--out", tmp_path / "x", "--no-export")
    assert run(capsys, *derive, *blocks, tmp_path / "above")[1][0]["count"] == 4
    lines = (tmp_path / "x").read_text("ascii").splitlines()[2:]
    assert [line[0] + line[5:9] for line in lines] == ["D10TX"] * 3 + ["D10DX"]
    taken = run(capsys, "keys", "import", tmp_path / "x", *blocks, tmp_path / "below")[1]
    card = ("STK", "IRK", "--path", "99/990101/8699990100000017", "--workspace")
    assert len(taken) == 4
    tables = [run(capsys, "keys", "derive", *card, tmp_path / name)[1] for name in ("above", "below")]
    assert tables[0] == tables[1]
    again = ("keys", "derive", "IRK", "--path", "99/990101", "--out", tmp_path / "y", *blocks, tmp_path / "below")
    assert run(capsys, *again)[1][0]["error"] == "KEY-NOT-EXPORTABLE"
