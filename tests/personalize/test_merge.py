"""Merging two parties' files, and what is refused before plastic: same batch, same id, same person, active card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.errors import BatchError, GuardRefused
from sscard.personalize import people
from sscard.personalize.merge import Party, merge, outputs

ROWS = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(12)]
SS = [column for column in people.COLUMNS if not column.startswith("bank_")]
BANK = ["ssn", "name", "bank_code", "bank_pan", "mobile"]


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, columns: list[str], rows: list[dict[str, str]]) -> Path:
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]
    Path(name).write_text("\n".join(lines) + "\n", "utf-8")
    return Path(name)


def run(*more: str, on: str = "社会保障号码", out: str = "m") -> int:
    return main(["--lang", "en", "merge", "ss.csv", "bank.csv", "--on", on, "--out", out, *more])


def both(ss: list[dict[str, str]] = ROWS, bank: list[dict[str, str]] = ROWS) -> None:
    write("ss.csv", SS, ss)
    write("bank.csv", BANK, bank)


def test_a_clean_merge_is_a_batch(capsys: pytest.CaptureFixture[str]) -> None:
    both(bank=ROWS[::-1])
    assert run() == 0
    assert sorted(path.name for path in Path("m").iterdir()) == [
        "conflicts.csv",
        "merge.json",
        "merged.csv",
        "only-bank.csv",
        "only-ss.csv",
    ]
    assert {path.stat().st_mode & 0o777 for path in Path("m").iterdir()} == {0o600}
    assert Path("m").stat().st_mode & 0o777 == 0o700
    assert main(["check", "m/merged.csv"]) == 0
    first = Path("m/merged.csv").read_text("utf-8").splitlines()[1].split(",")
    assert (first[0], first[1], first[-2:]) == ("1", ROWS[0]["ssn"], ["2", "13"])
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


def test_totals_always_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    other = ROWS[4] | {"name": "测试他人"}
    both(
        bank=[
            *ROWS[2:4],
            other,
            *ROWS[5:],
            *[dict(zip(people.COLUMNS, r, strict=True)) for r in people.rows(1, seed=9)],
        ]
    )
    assert run("--json") == 5
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["merged"], facts["conflict"], facts["only_ss"], facts["only_bank"]) == (9, 1, 2, 1)
    assert facts["ss"]["rows"] == facts["merged"] + facts["conflict"] + facts["only_ss"]
    assert facts["bank"]["rows"] == facts["merged"] + facts["conflict"] + facts["only_bank"]
    assert Path("m/conflicts.csv").read_text("utf-8").splitlines()[1].startswith("6,4,name,")
    assert [line.split(",")[0] for line in Path("m/only-ss.csv").read_text("utf-8").splitlines()[1:]] == ["2", "3"]


def test_totals_that_do_not_add_up_publish_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from sscard.personalize.merge import merging

    both()
    real = merging.write

    def losing(connection: object, folder: Path, name: str, query: str) -> outputs.Written:
        return real(connection, folder, name, query.replace("kind = 'merged'", "kind = 'merged' AND p.number > 1"))

    monkeypatch.setattr(merging, "write", losing)
    with pytest.raises(BatchError) as caught:
        merge(Party(Path("ss.csv")), Party(Path("bank.csv")), on="ssn", out=Path("m"), region="990101", demo=True)
    assert caught.value.key == "merge-totals"
    assert sorted(path.name for path in Path().iterdir()) == ["bank.csv", "ss.csv"]


@pytest.mark.parametrize(
    ("on", "code"),
    [("姓名", "MERGE-KEY-NAME"), ("xm", "MERGE-KEY-NAME"), ("性别", "MERGE-KEY-KIND"), ("谁", "MERGE-KEY-UNKNOWN")],
)
def test_what_is_no_key_is_refused(capsys: pytest.CaptureFixture[str], on: str, code: str) -> None:
    both()
    assert run(on=on) == 4
    assert code in capsys.readouterr().err
    assert not Path("m").exists()


def test_a_key_that_one_file_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    both()
    assert run(on="卡号") == 4
    assert "MERGE-KEY-MISSING" in capsys.readouterr().err


@pytest.mark.parametrize("side", ["ss", "bank"])
def test_a_key_that_stands_twice_is_refused_with_the_lines_of_both(
    capsys: pytest.CaptureFixture[str], side: str
) -> None:
    twice = [*ROWS, ROWS[2] | {"seq": "13", "ssn": ROWS[2]["ssn"].lower()}]
    both(**{side: twice})
    assert run("--json") == 4
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (repeat,) = [line for line in lines if "repeated_key" in line]
    assert (repeat["ss_lines"], repeat["bank_lines"]) == (
        {"ss": [4, 14], "bank": [4]}[side],
        {"ss": [4], "bank": [4, 14]}[side],
    )
    assert ROWS[2]["ssn"] not in json.dumps(lines)
    assert not Path("m").exists()


def test_a_file_with_an_error_is_not_merged(capsys: pytest.CaptureFixture[str]) -> None:
    both(bank=[*ROWS[:3], ROWS[3] | {"bank_pan": "622202000000012345"}, *ROWS[4:]])
    assert run() == 1
    out = capsys.readouterr().out
    assert "bank.csv:5:bank_pan" in out
    assert "PAN-02" in out
    assert "not merged, nothing written" in out
    assert not Path("m").exists()


def test_whose_word_counts_is_said_never_guessed() -> None:
    both(bank=[row | {"mobile": "13900000000"} for row in ROWS])
    assert run() == 5
    assert len(Path("m/conflicts.csv").read_text("utf-8").splitlines()) == 13
    assert run("--prefer", "联系手机=bank", out="n") == 0
    assert "13900000000" in Path("n/merged.csv").read_text("utf-8")
    assert run("--prefer", "mobile=who", out="o") == 4
    assert run("--prefer", "mobile", out="o") == 2


def test_a_folder_that_exists_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    both()
    Path("m").mkdir()
    assert run() == 4
    assert list(Path("m").iterdir()) == []
    assert run("--memory", "lots", out="n") == 2
    assert run(out="no/where") == 2


def test_a_disk_that_is_full_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    both()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.os, "fsync", full)
    with pytest.raises(BatchError) as caught:
        merge(Party(Path("ss.csv")), Party(Path("bank.csv")), on="ssn", out=Path("m"), region="990101", demo=True)
    assert caught.value.key == "merge-disk"
    assert sorted(path.name for path in Path().iterdir()) == ["bank.csv", "ss.csv"]


def test_merged_rows_that_would_be_no_batch(capsys: pytest.CaptureFixture[str]) -> None:
    write("ss.csv", ["ssn", "name"], ROWS)
    write("bank.csv", BANK, ROWS)
    assert run() == 1
    assert "MERGE-COLUMNS" in capsys.readouterr().err


def told(code: str, capsys: pytest.CaptureFixture[str], *words: str) -> None:
    capsys.readouterr()
    assert main(["--lang", "en", *words]) == 4
    assert f"error {code}: " in capsys.readouterr().err


def batch(name: str, seed: int, count: int = 1) -> None:
    assert main(["people", "--count", str(count), "--seed", str(seed), "--out", name, "--force"]) == 0


def test_same_batch_same_id_same_person_active_card(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is refused before plastic, with its own sentence."""

    def make(name: str) -> tuple[str, ...]:
        return ("personalize", name, "--workspace", "ws", "--reader", "emulator")

    assert main(["init", "ws", "--demo"]) == 0
    batch("b.csv", 1)
    assert main(["manifest", "b.csv", "--id", "990101-1", "--prepared-by", "王", "--approved-by", "陈"]) == 0
    assert main(list(make("b.csv"))) == 0
    cards = sorted(Path("ws/cards").rglob("*.json"))
    told("BATCH-DONE", capsys, *make("b.csv"))
    batch("c.csv", 2)
    assert main(["manifest", "c.csv", "--id", "990101-1"]) == 0
    told("BATCH-SAME-ID", capsys, *make("c.csv"))
    Path("d.csv").write_bytes(Path("b.csv").read_bytes())
    assert main(["manifest", "d.csv", "--id", "990101-2"]) == 0
    told("BATCH-OTHER-ID", capsys, *make("d.csv"))
    Path("e.csv").write_bytes(Path("b.csv").read_bytes() + b"\n")
    told("LEDGER-ACTIVE", capsys, *make("e.csv"))
    Path("c.csv").write_bytes(Path("c.csv").read_bytes() + b"\n")
    told("MANIFEST-DIFFERS", capsys, *make("c.csv"))
    told("MANIFEST-ONE-PERSON", capsys, "manifest", "e.csv", "--id", "x", "--prepared-by", "a", "--approved-by", "a")
    told("MANIFEST-EXISTS", capsys, "manifest", "b.csv", "--id", "y")
    told("MANIFEST-ID", capsys, "manifest", "e.csv", "--id", "a b")
    assert sorted(Path("ws/cards").rglob("*.json")) == cards


def test_the_same_card_id_twice_is_dup_04(capsys: pytest.CaptureFixture[str]) -> None:
    write("b.csv", [*people.COLUMNS, "card_id"], [row | {"card_id": "AB" * 16} for row in ROWS[:2]])
    assert main(["check", "b.csv"]) == 1
    assert "DUP-04" in capsys.readouterr().out


def test_a_return_file_in_a_field_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "ws", "--demo"]) == 0
    batch("b.csv", 1)
    made = ["personalize", "b.csv", "--workspace", "ws", "--reader", "emulator", "--returns", "yn-desk"]
    assert main(made) == 0
    (path,) = Path("ws/outbox").glob("*-return.txt")
    (line,) = path.read_bytes().decode("gbk").splitlines()
    success, reason, vendor, pan, card_id, atr = line.split("|")
    assert (success, reason, vendor, pan, len(card_id), len(atr)) == ("1", "", "", ROWS[0]["bank_pan"], 32, 26)


def test_a_key_is_no_key_where_it_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    both(bank=[*ROWS[:3], ROWS[3] | {"bank_pan": ""}, *ROWS[4:]])
    write("ss.csv", [*SS, "bank_pan"], ROWS)
    assert run(on="银行卡号") == 1
    assert "FLD-01" in capsys.readouterr().out


def test_a_key_by_another_name_is_the_same_key() -> None:
    both()
    assert run(on="AAC002") == 0


def test_library_refuses_region_and_mode_that_do_not_go_together() -> None:
    both()
    with pytest.raises(GuardRefused):
        merge(Party(Path("ss.csv")), Party(Path("bank.csv")), on="ssn", out=Path("m"), region="110101", demo=True)
