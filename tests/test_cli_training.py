"""The command line with the practice profiles: workspace, dry run, batch, reading, ``sscard profile``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.commands import readers_open
from sscard.errors import Exit
from sscard.personalize.sample import personalized_card


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, object]]]:
    code = main([*map(str, words), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("name", "commands"), [("training-fmcos", 590), ("training-smartcos", 613)])
def test_a_batch_of_practice_cards(
    name: str, commands: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws, batch = tmp_path / "ws", tmp_path / "b.csv"
    assert run(capsys, "init", ws, "--demo", "--profile", name)[0] == Exit.OK
    assert run(capsys, "people", "--count", 3, "--out", batch)[0] == Exit.OK
    code, (dry,) = run(capsys, "personalize", batch, "--workspace", ws, "--dry-run")
    assert (code, dry["ratio"], dry["apdus"]) == (Exit.OK, 1.0, commands)
    code, events = run(capsys, "personalize", batch, "--workspace", ws, "--reader", "emulator:2")
    assert code == Exit.OK
    assert [event["event"] for event in events if "event" in event] == ["good"] * 3
    assert events[-1]["ties"] is True
    image = next((ws / "cards" / "drawer").glob("*.json"))
    for words in ((image, image), (image,)):
        code, (summary,) = run(capsys, "card", "compare", *words)
        assert (code, summary["differences"]) == (Exit.OK, 0), words
    code, lines = run(capsys, "read", "--reader", "emulator", "--profile", name, "--workspace", ws, "all")
    assert code == Exit.OK
    files = [line for line in lines if "outcome" in line]
    assert {line["outcome"] for line in files} == {"read"}
    assert {tuple(line["rights"]) for line in files if line["directory"] == "DF04"} == {("RK1DF04",)}  # type: ignore[arg-type]
    assert "测*甲" in [line["value"] for line in lines if line.get("tag") == "09"]


@pytest.mark.parametrize("name", ["training-fmcos", "training-smartcos"])
def test_the_profile_fits_its_chip_and_is_clean(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, (total,) = run(capsys, "profile", "lint", name)
    assert (code, total["errors"], total["warnings"]) == (Exit.OK, 0, 0)
    code, (*_, total) = run(capsys, "profile", "size", name)
    assert (code, total["fits"]) == (Exit.OK, True)
    assert isinstance(total["bytes"], int)
    assert total["bytes"] > 4000
    assert run(capsys, "profile", "show", name)[0] == Exit.OK


def test_lint_and_size_find_what_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.toml"
    head = 'extends = "training-fmcos"\nname = "p"\n'
    path.write_text(head + "chip_bytes = 4096\n", encoding="utf-8")
    code, (finding, _) = run(capsys, "profile", "lint", path)
    assert (code, finding["rule"]) == (Exit.FAILED, "PROFILE-CHIP")
    assert run(capsys, "profile", "size", path)[0] == Exit.FAILED
    path.write_text(head + '[[replace]]\nat = "SSSE/EF06"\nread = "PIN&RKSSSE"\n', encoding="utf-8")
    code, findings = run(capsys, "profile", "lint", path)
    assert code == Exit.FAILED
    said = [f for f in findings if f.get("rule") == "DIALECT-ACCESS"]
    assert said
    assert "SSSE/EF06" in str(said[0]["message_en"])
    assert "PIN&RKSSSE" in str(said[0]["message_zh"])
    ws, batch = tmp_path / "ws", tmp_path / "b.csv"
    run(capsys, "init", ws, "--demo", "--profile", "training-fmcos")
    run(capsys, "people", "--count", 1, "--out", batch)
    code, (*_, error) = run(capsys, "personalize", batch, "--workspace", ws, "--reader", "emulator", "--profile", path)
    assert (code, error["error"]) == (Exit.USAGE, "DIALECT-ACCESS")
    path.write_text(head + '[[replace]]\nat = "DF04/EF06"\nline_key = "RK1DF04"\n', encoding="utf-8")
    code, (finding, _) = run(capsys, "profile", "lint", path)
    assert (code, finding["rule"], finding["place"]) == (Exit.FAILED, "PROFILE-LINE-KEY", "DF04/EF06/line_key")


def test_the_difference_of_two_vendors(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(capsys, "profile", "diff", "training-fmcos", "training-smartcos")
    assert code == Exit.OK
    changed = {(line["place"], line["fact"]): (line["before"], line["after"]) for line in lines if "change" in line}
    assert changed["", "dialect"] == ("fmcos", "smartcos")
    assert changed["DF04/EF06", "protection"] == ("cipher STKDF04", "mac STKDF04")


def test_info_of_the_practice_card(capsys: pytest.CaptureFixture[str]) -> None:
    code, (told,) = run(capsys, "info", "--reader", "emulator", "--profile", "training-fmcos")
    assert (code, told["system"], told["state"]) == (Exit.OK, "fmcos", "issued")


def test_a_workspace_keeps_the_path_of_a_profile_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "我的.toml").write_text('extends = "training-fmcos"\nname = "ours"\n', "utf-8")
    (tmp_path / "city.toml").write_text('overlay = "city"\ntitle = { zh = "市", en = "city" }\nversion = 2\n', "utf-8")
    for number, name in enumerate(("我的.toml", "training-fmcos+./city.toml", "我的.toml+city.toml")):
        ws = tmp_path / f"ws{number}"
        assert run(capsys, "init", ws, "--demo", "--profile", name)[0] == Exit.OK
        assert run(capsys, "people", "--count", 1, "--out", ws / "b.csv")[0] == Exit.OK
        monkeypatch.chdir(ws)
        code, (dry,) = run(capsys, "personalize", "b.csv", "--dry-run")
        assert (code, dry["ratio"]) == (Exit.OK, 1.0)
        monkeypatch.chdir(tmp_path)
    code, (told,) = run(capsys, "init", tmp_path / "no", "--demo", "--profile", "none")
    assert (code, told["error"]) == (Exit.USAGE, "PROFILE-UNKNOWN")


@pytest.mark.parametrize("words", [("read", "EF05"), ("card", "export", "x.json", "--yes"), ("card", "compare")])
def test_a_profile_of_another_system_reads_no_card(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "init", ".", "--demo")[0] == Exit.OK
    card = personalized_card("training-fmcos")
    monkeypatch.setattr(readers_open, "open_transport", lambda *_: card)
    code, (told,) = run(capsys, *words, "--reader", "x", "--profile", "ssc3-sm4")
    assert (code, told["error"]) == (Exit.USAGE, "PROFILE-OTHER-SYSTEM")
    assert list(tmp_path.glob("x*")) == []
