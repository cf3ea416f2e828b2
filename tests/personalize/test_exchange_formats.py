"""Formats as data: the same people in every container, what is refused in each, return files read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from sscard.errors import BatchUnusable, FormatError
from sscard.personalize import people
from sscard.personalize.batch import check
from sscard.personalize.exchange.load import format_names, load_format
from sscard.personalize.exchange.model import Column, Container, Format, Sheet
from sscard.personalize.exchange.reading import open_rows
from sscard.personalize.exchange.writing import write_rows
from sscard.personalize.judge import Notes

TODAY = date(2026, 7, 1)
PEOPLE = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(30, rare=False)]
TAKEN = [name for name in format_names() if load_format(name).intake]
GIVEN = [name for name in format_names() if load_format(name).returns]
FIELD = ("jl-instant", "ha-instant", "yn-desk", "sd-portable")


def as_sent(sheet: Sheet) -> Sheet:
    """What a sender writes: the format's own columns, or all canonical ones where its header tells."""
    columns = sheet.columns or tuple(Column(name, name) for name in people.COLUMNS)
    return Sheet(sheet.container, sheet.encoding, sheet.line_end, sheet.header, sheet.first, sheet.last, columns)


def sent(folder: Path, name: str, rows: list[dict[str, str]] = PEOPLE) -> tuple[Path, Format]:
    layout = load_format(name)
    assert layout.intake
    path = folder / f"b.{layout.intake.container}"
    write_rows(path, as_sent(layout.intake), rows, count=len(rows), batch="990101-1")
    return path, layout


def found(path: Path, layout: Format, encoding: str | None = None) -> list[tuple[int, str, str]]:
    report = check(path, region="990101", demo=True, today=TODAY, layout=layout, encoding=encoding)
    return [(finding.line, finding.column, finding.rule) for finding in report.findings]


@pytest.mark.parametrize("name", TAKEN)
def test_a_batch_in_every_format_is_the_same_batch(tmp_path: Path, name: str) -> None:
    path, layout = sent(tmp_path, name)
    report = check(path, region="990101", demo=True, today=TODAY, layout=layout)
    assert report.findings == ()
    batch = report.batch()
    assert [record.name for record in batch.records()] == [row["name"] for row in PEOPLE]
    assert batch.record(17).bank_pan == PEOPLE[16]["bank_pan"]
    assert (batch.batch_id != "") == ("{batch}" in (layout.intake.first if layout.intake else ""))


@pytest.mark.parametrize("name", TAKEN)
def test_a_wrong_value_is_named_by_line_in_every_format(tmp_path: Path, name: str) -> None:
    rows = [*PEOPLE[:4], PEOPLE[4] | {"sex": "3"}]
    path, layout = sent(tmp_path, name, rows)
    before = {"canonical": 1, "bar": 1, "fixed": 1, "jl-instant": 2, "ha-instant": 2, "jsonl": 0}.get(name, 1)
    assert found(path, layout) == [(before + 5, "sex", "SEX-01")]


def test_the_four_field_formats_are_there() -> None:
    assert set(FIELD) <= set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_a_return_file_of_every_format_reads_back(tmp_path: Path, name: str) -> None:
    sheet = load_format(name).returns
    assert sheet
    rows = [
        person | {"result": "good", "success": "1", "card_id": "A1" * 16, "reset_info": "0F" * 13, "made": "20260601"}
        for person in PEOPLE[:3]
    ]
    rows.append(PEOPLE[3] | {"result": "not-made", "success": "0", "fail_stage": "make", "fail_reason": "卡片拒绝" * 9})
    path = tmp_path / "r"
    write_rows(path, sheet, rows, count=4, batch="990101-1")
    notes = Notes("r")
    source, file = open_rows(path, sheet, sheet.encoding, notes, required=())
    with file:
        back = [dict(zip(source.columns, values, strict=True)) for _, values in source.rows()]
    assert notes.findings == []
    limits = {column.field: column.limit for column in sheet.columns}
    for row, again in zip(rows, back, strict=True):
        for name_, value in again.items():
            whole = row.get(name_, "").encode(sheet.encoding)[: limits[name_] or None]
            assert value == whole.decode(sheet.encoding, "ignore"), name_
    if sheet.first and sheet.container.text:
        path.write_bytes(path.read_bytes().replace(b"4", b"5", 1) if b"4" in path.read_bytes()[:80] else b"")
        edited = Notes("r")
        source, file = open_rows(path, sheet, sheet.encoding, edited, required=())
        with file:
            list(source.rows())
        assert "ENV-02" in {finding.rule for finding in edited.findings}, "a hand-edited head count is noticed"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda data: data.replace(b"TOTAL|30", b"TOTAL|31"), "ENV-02"),
        (lambda data: data.replace(b"TOTAL|30\r\n", b""), "ENV-01"),
        (lambda data: data.replace(b"|01|", b"|01|01|", 1), "ROW-01"),
        (lambda data: data.replace(b"ssn", b"nobody"), "COL-01"),
        (lambda data: data.replace(b"|ssn|", b"|name|"), "COL-03"),
        (lambda data: data.replace("测试".encode("gb18030"), b"\xff\xff", 1), "ENC-05"),
    ],
)
def test_a_damaged_bar_file(tmp_path: Path, change: Callable[[bytes], bytes], rule: str) -> None:
    path, layout = sent(tmp_path, "bar")
    path.write_bytes(change(path.read_bytes()))
    assert rule in {found_rule for _, _, found_rule in found(path, layout)}


def test_fixed_width_is_in_bytes_and_no_character_crosses(tmp_path: Path) -> None:
    path, layout = sent(tmp_path, "fixed")
    lines = path.read_bytes().split(b"\r\n")
    assert {len(line) for line in lines[1:-1]} == {148}
    lines[2] = lines[2][:-1]
    lines[3] = lines[3].replace("测试".encode("gb18030"), b" \xb2\xe2\xca\xd4"[:5], 1)[:148]
    path.write_bytes(b"\r\n".join(lines))
    assert {(line, rule) for line, _, rule in found(path, layout) if rule == "ROW-06"} >= {(3, "ROW-06")}


def test_an_envelope_whose_ends_differ(tmp_path: Path) -> None:
    sheet = Sheet(Container.BAR, first="H{count}", last="T{count}")
    layout = Format("x", ("", ""), ("", ""), sheet, None)
    write_rows(tmp_path / "b", as_sent(sheet), PEOPLE, count=30)
    assert found(tmp_path / "b", layout) == []
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes().replace(b"T30", b"T31"))
    assert (32 + 1, "", "ENV-03") in found(tmp_path / "b", layout)


@pytest.mark.parametrize(
    ("value", "kind"), [(990101198503170026, "number"), (1.5, "number"), (True, "bool"), ("=1+1", "formula")]
)
def test_a_cell_that_is_no_text_is_refused_with_its_address(tmp_path: Path, value: object, kind: str) -> None:
    path, layout = sent(tmp_path, "xlsx")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["B4"] = value
    book.save(path)
    report = check(path, region="990101", demo=True, today=TODAY, layout=layout)
    (finding,) = [each for each in report.findings if each.rule == "CEL-01"]
    assert (finding.line, finding.fields["address"], finding.fields["kind"]) == (4, "B4", kind)
    assert "990101198503170026" not in finding.message("en")


def test_json_that_is_no_object_of_texts(tmp_path: Path) -> None:
    path, layout = sent(tmp_path, "jsonl", PEOPLE[:6])
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace('"2"', "2", 1)
    lines[2] = "[1]"
    lines[3] = lines[3].replace('"ssn"', '"name"', 1)
    lines[4] = json.dumps(json.loads(lines[4]) | {"nobody": "x"})
    path.write_text("\n".join(lines) + "\n", "utf-8")
    rules = [(line, rule) for line, _, rule in found(path, layout)]
    assert rules[:4] == [(2, "CEL-01"), (3, "ROW-07"), (4, "ROW-07"), (5, "COL-01")]


def test_parquet_with_a_number_column(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "b.parquet"
    duckdb.connect().execute(f"COPY (SELECT 1 AS seq, '测试甲' AS name) TO '{path}' (FORMAT parquet)")
    layout = load_format("parquet")
    assert "CEL-01" in {rule for _, _, rule in found(path, layout)}


@pytest.mark.parametrize("name", ["xlsx", "parquet"])
def test_a_file_of_another_container(tmp_path: Path, name: str) -> None:
    (tmp_path / "b").write_bytes(b"seq,ssn\n")
    with pytest.raises(BatchUnusable) as caught:
        found(tmp_path / "b", load_format(name))
    assert caught.value.key == "batch-container"


OWN = """
name = "own"
title = ["自", "own"]
origin = ["自", "own"]
[intake]
container = "csv"
encoding = "gb18030"
number = true
constant = { region = "990101" }
columns = [
  { header = "号码", field = "ssn", shape = "[0-9]{17}[0-9X]" },
  { header = "姓名", field = "name", replace = { "•" = "·" } },
  { header = "性别", field = "sex", values = { "男" = "1", "女" = "2" } },
  { header = "民族", field = "ethnic" }, { header = "出生", field = "birth" },
  { header = "卡号", field = "card_no" }, { header = "发卡", field = "issue_date" },
  { header = "到期", field = "expire_date" },
]
"""


def own(folder: Path, text: str = OWN) -> Format:
    (folder / "own.toml").write_text(text, "utf-8")
    return load_format(str(folder / "own.toml"))


def test_codes_shapes_and_replacements_of_an_own_format(tmp_path: Path) -> None:
    layout = own(tmp_path)
    assert layout.intake
    names = {"1": "男", "2": "女"}
    lines = [",".join(column.header for column in layout.intake.columns)]
    for row in PEOPLE[:4]:
        row = row | {"name": "测试•甲", "sex": names[row["sex"]]}
        lines.append(",".join(row[column.field] for column in layout.intake.columns))
    lines[2] = lines[2].replace("男", "1").replace("女", "2")
    lines[3] = "9" + lines[3][:16] + "A" + lines[3][18:]
    (tmp_path / "b.csv").write_text("\n".join(lines) + "\n", "gb18030")
    rules = found(tmp_path / "b.csv", layout)
    assert (3, "sex", "MAP-01") in rules
    assert (4, "ssn", "SHP-01") in rules
    (tmp_path / "b.csv").write_text("\n".join([lines[0], lines[1]]) + "\n", "gb18030")
    (record,) = check(tmp_path / "b.csv", region="990101", demo=True, today=TODAY, layout=layout).batch().records()
    assert (record.name, record.seq, record.region) == ("测试·甲", 1, "990101")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"csv"', '"tape"', "intake.container"),
        ('"gb18030"', '"latin-1"', "intake.encoding"),
        ('field = "ethnic"', 'field = "nobody"', "intake.columns[4].field"),
        ('field = "ethnic"', 'field = "sex"', "intake.columns"),
        ('shape = "[0-9]{17}[0-9X]"', 'shape = "["', "intake.columns[1].shape"),
        ('shape = "[0-9]{17}[0-9X]"', "width = 4", "intake.columns[1].width"),
        ("number = true", 'number = "yes"', "intake.number"),
        ("number = true", 'first = "{who}"', "intake.first"),
        ('"男" = "1"', '"男" = 1', "intake.columns[3].values"),
    ],
)
def test_a_format_file_that_is_wrong_names_the_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        own(tmp_path, OWN.replace(old, new, 1))
    assert (caught.value.key, caught.value.fields["name"]) == ("format-value", place)


def test_format_files_that_cannot_be_used(tmp_path: Path) -> None:
    for text, key in ((OWN + "what = 1", "format-key"), (OWN.replace("[intake]", "[[intake"), "format-unreadable")):
        with pytest.raises(FormatError) as caught:
            own(tmp_path, text)
        assert caught.value.key == key
    with pytest.raises(FormatError) as caught:
        load_format("nobody")
    assert caught.value.key == "format-unknown"
    with pytest.raises(FormatError) as caught:
        check("x", region="990101", demo=True, layout=load_format("yn-desk"))
    assert caught.value.key == "format-no-intake"


def test_what_a_return_format_cannot_hold_is_named(tmp_path: Path) -> None:
    sheet = load_format("jl-instant").returns
    assert sheet
    for row, key in (({"name": "测试\u4dae"}, "format-encode"), ({"card_id": "12"}, "format-unfit")):
        with pytest.raises(FormatError) as caught:
            write_rows(tmp_path / "r", sheet, [row], count=1, batch="1")
        assert caught.value.key == key
