"""The command line with cards of other generations: workspace, batch, reading; and what ``sscard profile`` prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.cos.profile import load_profile
from sscard.errors import Exit


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, object]]]:
    code = main([*map(str, words), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", ["ssc1-des", "ssc2-des+overlay-informative"])
def test_a_batch_of_des_cards(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ws, batch = tmp_path / "ws", tmp_path / "b.csv"
    assert run(capsys, "init", ws, "--demo", "--profile", name)[0] == Exit.OK
    assert run(capsys, "people", "--count", 3, "--out", batch)[0] == Exit.OK
    code, (dry,) = run(capsys, "personalize", batch, "--workspace", ws, "--dry-run")
    assert (code, dry["ratio"]) == (Exit.OK, 1.0)
    code, events = run(capsys, "personalize", batch, "--workspace", ws, "--reader", "emulator:2")
    assert code == Exit.OK
    assert [event["event"] for event in events if "event" in event] == ["good"] * 3
    blank_check = sum(directory.is_ddf for directory in load_profile(name).directories)
    assert {event["apdus"] for event in events if event.get("event") == "good"} == {dry["minimum"] - blank_check}
    assert events[-1]["ties"] is True


def test_keys_of_another_algorithm_make_no_cards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ws, batch = tmp_path / "ws", tmp_path / "b.csv"
    run(capsys, "init", ws, "--demo")
    run(capsys, "people", "--count", 1, "--out", batch)
    words = ("personalize", batch, "--workspace", ws, "--reader", "emulator", "--profile")
    code, (error,) = run(capsys, *words, "ssc2-des")
    assert (code, error["error"]) == (Exit.FAILED, "KEY-ALGORITHM")
    path = tmp_path / "sm1.toml"
    path.write_text('extends = "ssc3-sm4"\nname = "sm1"\nalgorithm = "SM1"\n', "utf-8")
    code, (error,) = run(capsys, *words, path)
    assert (code, error["error"]) == (Exit.FAILED, "ALGORITHM-UNPUBLISHED")
    assert "HSM" in str(error["remedy_en"])
    assert not list((ws / "cards").rglob("*.json"))


def test_reading_a_sample_card_of_the_first_generation(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(capsys, "read", "EF06", "DF03/EF05", "--reader", "emulator", "--profile", "ssc1-des")
    assert [line["outcome"] for line in lines if "outcome" in line] == ["read", "denied"]
    assert code == Exit.PARTLY
    assert "4E" not in {line["tag"] for line in lines if "tag" in line}


def test_lint_of_a_bad_file_tells_every_finding_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(
        'extends = "ssc3-sm4"\nname = "ours"\nchip_bytes = 4096\n[[replace]]\nat = "DF01/EF07"\nupdate = "free"\n',
        "utf-8",
    )
    code, lines = run(capsys, "profile", "lint", path, "ssc3-sm4")
    assert code == Exit.FAILED
    assert [line["rule"] for line in lines if "rule" in line] == ["PROFILE-CHIP", "LINT-FILE-WITHOUT-KEY", "LINT-CHIP"]
    assert [(line["profile"], line["errors"]) for line in lines if "summary" in line] == [("ours", 3), ("ssc3-sm4", 0)]
    assert main(["explain", "LINT-FILE-WITHOUT-KEY"]) == Exit.OK
    capsys.readouterr()
    assert run(capsys, "profile", "size", path)[0] == Exit.FAILED


def test_diff_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    for language, title, total in (
        ("zh", "配置变更: ssc1-des 第 1 版 → ssc2-des 第 1 版", "新增"),
        ("en", "Change of profile: ssc1-des version 1 → ssc2-des version 1", "added"),
    ):
        assert main(["--lang", language, "profile", "diff", "ssc1-des", "ssc2-des"]) == Exit.OK
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == title
        assert lines[-1].startswith(total)
        assert any("SSSE/EF06/4E" in line and "姓名扩展" in line for line in lines)
        assert any("DF01/EF05/20" in line and line.endswith("01 → 02") for line in lines)


def test_every_change_is_told_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(capsys, "profile", "diff", "ssc1-des", "ssc3-sm4+overlay-informative")
    *changes, summary = lines
    assert code == Exit.OK
    for kind in ("added", "removed", "changed"):
        assert summary[kind] == sum(change["change"] == kind for change in changes) > 0
    for change in changes:
        assert bool(change["fact"]) == bool(change["fact_zh"]) == bool(change["fact_en"])


def test_list_marks_what_only_an_hsm_serves(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(capsys, "profile", "list")
    assert code == Exit.OK
    assert [(line["profile"], line["kind"]) for line in lines][-2:] == [
        ("overlay-informative", "overlay"),
        ("overlay-pki", "overlay"),
    ]
    assert {line["hsm_only"] for line in lines if line["kind"] == "profile"} == {False}


def test_an_unknown_profile_is_a_mistake_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("show", "ssc9"), ("lint", "ssc9"), ("diff", "ssc9", "ssc2-des"), ("size", "overlay-informative")):
        code, (error,) = run(capsys, "profile", *words)
        assert code == Exit.USAGE
        assert str(error["error"]) in ("PROFILE-UNKNOWN", "OVERLAY-ALONE")
