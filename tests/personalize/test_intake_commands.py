"""``check``, ``people`` and ``explain`` as people and scripts meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard import messages
from sscard.cli import main
from sscard.personalize import people
from sscard.personalize.findings import RULES
from sscard.personalize.workspace import create_workspace


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def spoil(old: str, new: str) -> None:
    text = Path("b.csv").read_text(encoding="utf-8")
    assert old in text
    Path("b.csv").write_text(text.replace(old, new), encoding="utf-8")


def test_the_example_of_the_help_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "people", "--count", "20", "--out", "b.csv"]) == 0
    assert main(["--lang", "en", "check", "b.csv"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "20 rows: 0 errors, 0 warnings, 0 hints."


def test_findings_are_printed_with_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    main(["people", "--count", "3", "--out", "b.csv"])
    spoil("T0000001X", "T00000012")
    number = list(people.rows(3))[1][1]
    wrong = number[:17] + ("1" if number[17] == "0" else "0")
    spoil(number, wrong)
    capsys.readouterr()
    assert main(["--lang", "zh", "check", "b.csv"]) == 1
    hint, error, summary, stops = capsys.readouterr().out.splitlines()
    assert hint.startswith("b.csv:2:card_no    CRD-02 提示  T00000012 校验字符不符")
    assert error.startswith(
        f"b.csv:3:ssn        SSN-03 错误  校验码不符: 990101********{wrong[14:]} 应为 {number[17]}  "
    )
    assert error.endswith("→ 核对身份证件")
    assert summary == "3 行: 1 错误, 0 警告, 1 提示。"
    assert "sscard explain SSN-03" in stops


def test_a_hint_alone_is_no_failure() -> None:
    main(["people", "--count", "3", "--out", "b.csv"])
    spoil("T0000001X", "T00000012")
    assert main(["check", "b.csv"]) == 0


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["people", "--count", "2", "--out", "b.csv", "--json"])
    spoil(",new,", ",0,")
    assert main(["check", "b.csv", "--json"]) == 1
    written, first, second, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert written["count"] == 2
    assert (first["rule"], first["line"], second["line"]) == ("KND-01", 2, 3)
    assert set(first) == {
        *("file", "line", "column", "rule", "severity", "value", "message_zh", "message_en", "hint_zh", "hint_en")
    }
    assert (summary["summary"], summary["errors"], summary["rows"], len(summary["sha256"])) == (True, 2, 2, 64)


def test_a_flood_of_findings_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    main(["people", "--count", "9", "--out", "b.csv"])
    spoil(",new,", ",0,")
    capsys.readouterr()
    main(["--lang", "en", "check", "b.csv", "--limit", "2"])
    out = capsys.readouterr().out.splitlines()
    assert (len(out), out[2]) == (5, "… 7 more findings not shown; see all with --limit 0")
    main(["--lang", "en", "check", "b.csv", "--limit", "0"])
    assert len(capsys.readouterr().out.splitlines()) == 11


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "none.csv"], 2),
        (["check", "."], 2),
        (["check", "b.csv", "--production"], 2),
        (["check", "b.csv", "--region", "110101", "--demo"], 4),
        (["check", "b.csv", "--workspace", "w", "--demo"], 2),
        (["check", "b.csv", "--region", "110101"], 1),
        (["people", "--count", "0", "--out", "c.csv"], 2),
        (["people", "--count", "1", "--out", "b.csv"], 4),
        (["people", "--count", "1", "--out", "b.csv", "--force"], 0),
        (["people", "--count", "1", "--out", "none/b.csv"], 2),
        (["people", "--count", "1", "--out", "c.csv", "--region", "110101"], 4),
        (["explain", "SSN-03", "6982", "63C2", "BATCH-FINDINGS"], 0),
        (["explain", "NOPE"], 2),
        (["explain", "FFFF"], 2),
        (["explain", "LABEL"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    main(["people", "--count", "3", "--out", "b.csv"])
    assert main(arguments) == code


def test_a_refused_run_leaves_nothing_behind() -> None:
    main(["people", "--count", "3", "--out", "b.csv"])
    before = Path("b.csv").read_bytes()
    assert main(["people", "--count", "5", "--out", "b.csv"]) == 4
    assert Path("b.csv").read_bytes() == before
    assert [path.name for path in Path().iterdir()] == ["b.csv"]


def test_region_and_mode_come_from_the_workspace() -> None:
    create_workspace(Path("w"), demo=True, region="990202")
    main(["people", "--count", "3", "--out", "b.csv", "--region", "990202"])
    assert main(["check", "b.csv"]) == 1
    assert main(["check", "b.csv", "--workspace", "w"]) == 0


def test_the_workspace_here_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    create_workspace(Path("w"), demo=True, region="990202")
    monkeypatch.chdir("w")
    main(["people", "--count", "3", "--out", "b.csv", "--region", "990202"])
    assert main(["check", "b.csv"]) == 0
    assert main(["check", "b.csv", "--region", "990101"]) == 1


def test_explain_tells_cause_and_next_action_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "explain", "ssn-03"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("SSN-03  规则 (错误)")
    assert "核对身份证件" in out
    assert "compare with the identity document" in out
    assert "{" not in out


def test_explain_knows_every_rule_and_error(capsys: pytest.CaptureFixture[str]) -> None:
    errors = [key.upper() for key in messages.keys_in("errors") if key not in ("label", "interrupted")]
    assert main(["explain", *RULES, *errors, "--json"]) == 0
    explained = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["code"] for one in explained] == [*RULES, *errors]
    assert all(one["meaning_zh"] and one["meaning_en"] for one in explained)


@pytest.mark.parametrize(
    ("code", "action"),
    [("6982", "Gain the right"), ("63C2", "Stop"), ("6110", "GET RESPONSE"), ("6C14", "again with the length")],
)
def test_explain_status_words(capsys: pytest.CaptureFixture[str], code: str, action: str) -> None:
    assert main(["explain", code, "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert (one["code"], one["kind"]) == (code, "sw")
    assert action in one["next_en"]


def test_near_codes_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "explain", "SSN-33"]) == 2
    assert "SSN-03" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["check", "people", "explain"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help(capsys: pytest.CaptureFixture[str], name: str, lang: str) -> None:
    assert main(["--lang", lang, name, "--help"]) == 0
    assert f"  sscard {name} " in capsys.readouterr().out
