"""Batch files: every rule fires on its fault and on nothing else; rows are read back by seeking."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard import messages
from sscard.errors import BatchError, BatchUnusable, GuardRefused
from sscard.personalize import batch, cardnumber, lines, people, ssn
from sscard.personalize.columns import ALIASES, read_header
from sscard.personalize.findings import RULES, Finding, Severity

TODAY = date(2026, 6, 15)
ROWS = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(5)]


def write(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8", end: str = "\n") -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def check(path: Path, *, encoding: str = "utf-8", region: str = "990101", demo: bool = True) -> batch.Report:
    return batch.check(path, encoding=encoding, region=region, demo=demo, today=TODAY)


def found(report: batch.Report) -> list[tuple[int, str, str]]:
    return [(finding.line, finding.column, finding.rule) for finding in report.findings]


def number(prefix: str) -> str:
    return prefix + ssn.check_character(prefix)


def with_ssn(body: str) -> dict[str, str]:
    whole = number(body)
    return {"ssn": whole, "birth": ssn.birth_text(whole), "sex": ssn.sex_code(whole)}


CUT = next(b for b in (f"990101{year}0101100" for year in range(1950, 2020)) if number(b)[17] != "0")
X_BODY = next(b for b in (f"9901011985031700{order}" for order in range(10)) if number(b)[17] == "X")
WHOLE = next(b for b in (f"990101{year}0101100" for year in range(1950, 2020)) if number(b)[17] == "0")

FAULTS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "TXT-01": [("address", {"address": "cafe\u0301"}), ("name", {"name": "测试\uf92c"})],
    "TXT-02": [
        ("name", {"name": "测试\u200b甲"}),
        ("address", {"address": "a\u2028b"}),
        ("name", {"name": "测试\x07"}),
    ],
    "TXT-03": [("name", {"name": "测试甲 "}), ("name", {"name": "测试甲\u3000"}), ("mobile", {"mobile": "\t1"})],
    "TXT-04": [("address", {"address": "测\ufffd"})],
    "FLD-01": [("ethnic", {"ethnic": ""}), ("name", {"name": ""})],
    "XLS-01": [("ssn", {"ssn": "9.90101E+17"}), ("bank_pan", {"bank_pan": "9.901E+18"})],
    "XLS-02": [("ssn", {**with_ssn(CUT), "ssn": CUT + "0"}), ("bank_pan", {"bank_pan": "9901010000000110000"})],
    "XLS-03": [("ethnic", {"ethnic": "1"}), ("bank_code", {"bank_code": "123"})],
    "XLS-04": [
        ("birth", {"birth": "1985/3/17"}),
        ("birth", {"birth": "31123"}),
        ("issue_date", {"issue_date": "2026-06-01"}),
        ("expire_date", {"expire_date": "2036年5月31日"}),
    ],
    "XLS-05": [("ssn", with_ssn(WHOLE))],
    "XLS-06": [("ssn", {"ssn": "'" + ROWS[2]["ssn"]}), ("bank_pan", {"bank_pan": '="123456789012"'})],
    "SSN-01": [("ssn", {"ssn": "99010119850317002"}), ("ssn", {"ssn": "９９0101198503170026"})],
    "SSN-02": [("ssn", {"ssn": number("99010119850230002"), "sex": "2"})],
    "SSN-03": [("ssn", {**with_ssn("99010119850317002"), "ssn": "990101198503170027"})],
    "SSN-04": [("ssn", {**with_ssn(X_BODY), "ssn": X_BODY + "x"})],
    "SSN-05": [("ssn", {**with_ssn("99010119850317002"), "birth": "19850318"})],
    "SSN-06": [("ssn", {**with_ssn("99010119850317002"), "sex": "1"})],
    "SSN-07": [("ssn", with_ssn("99010120260602002"))],
    "SSN-08": [("ssn", with_ssn("99010118950601002"))],
    "NAM-01": [("name", {"name": "测试\ue81e"})],
    "NAM-02": [("name", {"name": "测试\ufdd0"}), ("name", {"name": "测试\U0001fffe"})],
    "NAM-03": [("name", {"name": "测试?"}), ("name", {"name": "测试？"})],
    "NAM-04": [("name", {"name": f"测试{dot}甲"}) for dot in "\u2022\u30fb\uff0e"],
    "NAM-05": [("name", {"name": "测试" + "甲" * 24})],
    "NAM-06": [("name", {"name": "测试A" + "𬱖" * 11 + "B"})],
    "SEX-01": [("sex", {"sex": "9"}), ("sex", {"sex": "男"})],
    "ETH-01": [("ethnic", {"ethnic": "57"}), ("ethnic", {"ethnic": "00"}), ("ethnic", {"ethnic": "001"})],
    "BIR-01": [("birth", {"birth": "19850230"})],
    "POB-01": [("birthplace", {"birthplace": "99010"})],
    "CRD-01": [("card_no", {"card_no": "T0000001"})],
    "CRD-02": [("card_no", {"card_no": "T00000112"})],
    "CID-01": [("card_id", {"card_id": "990101D156"})],
    "RGN-01": [("region", {"region": "990102"})],
    "DAT-01": [("issue_date", {"issue_date": "20260631"})],
    "DAT-02": [("expire_date", {"expire_date": "20360532"})],
    "DAT-03": [("expire_date", {"expire_date": "20260601"})],
    "DAT-04": [("expire_date", {"expire_date": "20260615"})],
    "DAT-05": [("issue_date", {"issue_date": "20280601"})],
    "KND-01": [("apply_kind", {"apply_kind": "1"})],
    "KND-02": [("old_card_no", {"apply_kind": "replace"})],
    "BNK-01": [("bank_code", {"bank_code": "9999-"})],
    "PAN-01": [("bank_pan", {"bank_pan": "12345678901"}), ("bank_pan", {"bank_pan": "9" * 20})],
    "PAN-02": [("bank_pan", {"bank_pan": "9901010000000000017"})],
    "SEQ-01": [("seq", {"seq": "03"}), ("seq", {"seq": "3.0"})],
    "DUP-01": [("ssn", {key: ROWS[0][key] for key in ("ssn", "birth", "sex")})],
    "DUP-02": [("card_no", {"card_no": ROWS[0]["card_no"]})],
    "DUP-03": [("bank_pan", {"bank_pan": ROWS[0]["bank_pan"]})],
    "DEM-01": [("ssn", with_ssn("11010519491231002"))],
    "DEM-02": [("name", {"name": "张甲"})],
    "DEM-03": [("card_no", {"card_no": "D2143569X"})],
}
"""Rule → changes of one row, with the column that must be named."""

CASES = [(rule, column, change) for rule, faults in FAULTS.items() for column, change in faults]


@pytest.mark.parametrize(("rule", "column", "change"), CASES)
def test_each_fault_is_found_alone(tmp_path: Path, rule: str, column: str, change: dict[str, str]) -> None:
    rows = [{**row, "card_id": "", "old_card_no": ""} for row in ROWS]
    clean = check(write(tmp_path / "clean.csv", rows))
    assert found(clean) == []
    rows[2] |= change
    report = check(write(tmp_path / "b.csv", rows))
    assert found(report) == [(4, column, rule)]
    (finding,) = report.findings
    assert finding.severity is RULES[rule]
    assert report.counts == {RULES[rule]: 1}
    assert finding.as_json()["message_zh"] != finding.as_json()["message_en"]
    value = change.get(column, "")
    assert len(value) < 10 or value not in finding.message("zh") + finding.message("en") + finding.value


def test_unknown_province_is_a_warning_in_production(tmp_path: Path) -> None:
    real = {"region": "110101", "name": "甲乙", "card_no": "D2143569X", **with_ssn("10010119850317002")}
    report = check(write(tmp_path / "b.csv", [ROWS[0] | real]), region="110101", demo=False)
    assert found(report) == [(2, "ssn", "SSN-09")]


@pytest.mark.parametrize("column", ["ssn", "name", "card_no"])
def test_production_holds_no_synthetic_people(tmp_path: Path, column: str) -> None:
    real = {"region": "110101", "name": "甲乙", "card_no": "D2143569X", **with_ssn("11010519491231002")}
    assert found(check(write(tmp_path / "a.csv", [ROWS[0] | real]), region="110101", demo=False)) == []
    mixed = ROWS[0] | real | {column: ROWS[0][column]}
    if column == "ssn":
        mixed |= {key: ROWS[0][key] for key in ("birth", "sex")}
    report = check(write(tmp_path / "b.csv", [mixed]), region="110101", demo=False)
    assert found(report) == [(2, column, "DEM-04")]


def test_region_and_mode_must_go_together(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", ROWS)
    with pytest.raises(GuardRefused, match="BATCH-REGION-DEMO"):
        check(path, region="110101", demo=True)
    with pytest.raises(GuardRefused, match="BATCH-REGION-PRODUCTION"):
        check(path, region="990101", demo=False)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([1, 2, 4, 5, 6], [(4, "seq", "SEQ-02")]),
        ([1, 2, 2, 3, 4], [(4, "seq", "SEQ-03")]),
        ([0, 2, 3, 4, 5], [(2, "seq", "SEQ-01")]),
        ([2, 3, 4, 5, 6], [(2, "seq", "SEQ-02")]),
    ],
)
def test_sequence_breaks_are_named_once(tmp_path: Path, order: list[int], expected: list[tuple[int, str, str]]) -> None:
    rows = [row | {"seq": str(seq)} for row, seq in zip(ROWS, order, strict=True)]
    assert found(check(write(tmp_path / "b.csv", rows))) == expected


def text_of(rows: list[dict[str, str]] = ROWS) -> list[str]:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().splitlines()


def edit(change: Callable[[list[str]], None]) -> str:
    text = text_of()
    change(text)
    return "\n".join(text) + "\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (edit(lambda t: t.insert(2, "")), [(3, "", "ROW-03")]),
        (edit(lambda t: t.insert(2, "," * 15)), [(3, "", "ROW-03")]),
        (edit(lambda t: t.append("")), [(7, "", "ROW-05")]),
        (edit(lambda t: t.__setitem__(2, t[2] + ",x")), [(3, "", "ROW-01")]),
        (edit(lambda t: t.__setitem__(2, t[2].replace("测试市", '"测试市'))), [(3, "", "ROW-02")]),
        (edit(lambda t: t.__setitem__(2, t[2].replace("测试市", "测\r试市"))), [(3, "", "ROW-02")]),
        (edit(lambda t: t.__setitem__(2, "9" * 70000)), [(3, "", "ROW-04")]),
        (edit(lambda t: t.__delitem__(slice(1, None))), [(1, "", "FIL-01")]),
        (edit(lambda t: t.__setitem__(0, t[0].replace("mobile", "telefax"))), [(1, "", "COL-01")]),
        (edit(lambda t: t.__setitem__(0, t[0].replace("mobile", "shbzhm"))), [(1, "ssn", "COL-03")]),
        (edit(lambda t: t.__setitem__(0, t[0].replace("ethnic", "district"))), [(1, "ethnic", "COL-02")]),
        (edit(lambda t: t.__setitem__(0, t[0].replace("mobile", "AAZ501"))), [(1, "AAZ501", "COL-04")]),
        (edit(lambda t: t.__delitem__(0)), [(1, "", "COL-05")]),
    ],
    ids=lambda value: value[0][2] if isinstance(value, list) else "",
)
def test_lines_and_headers(tmp_path: Path, content: str, expected: list[tuple[int, str, str]]) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(content.encode())
    report = check(path)
    assert found(report) == expected
    assert report.sha256 == hashlib.sha256(content.encode()).hexdigest()


def test_a_missing_header_shows_nobody(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("\n".join(text_of()[1:]), encoding="utf-8")
    shown = str([finding.as_json() for finding in check(path).findings])
    assert ROWS[0]["ssn"] not in shown
    assert ROWS[0]["name"] not in shown


@pytest.mark.parametrize("encoding", lines.ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_round_trip(tmp_path: Path, encoding: str, end: str) -> None:
    rows = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(60, rare=encoding != "gbk")]
    read = check(write(tmp_path / "b.csv", rows, encoding, end), encoding=encoding).batch()
    assert [(r.name, r.ssn, r.extra["address"]) for r in read.records()] == [
        (r["name"], r["ssn"], r["address"]) for r in rows
    ]


def test_byte_order_mark_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", ROWS, "utf-8-sig")
    assert found(check(path)) == []
    assert check(path).batch().record(1).ssn == ROWS[0]["ssn"]
    assert found(check(path, encoding="gb18030")) == [(1, "", "ENC-03")]


@pytest.mark.parametrize(
    ("actual", "declared", "others"),
    [("gb18030", "utf-8", "gb18030"), ("gbk", "utf-8", "gb18030 / gbk"), ("gb18030", "gbk", "gb18030")],
)
def test_wrong_declaration_names_the_byte_and_what_would_decode(
    tmp_path: Path, actual: str, declared: str, others: str
) -> None:
    rows = [row | {"name": "测试𬱖" if actual == "gb18030" else row["name"]} for row in ROWS]
    path = write(tmp_path / "b.csv", rows, actual)
    report = check(path, encoding=declared)
    (finding,) = report.findings
    assert (finding.rule, finding.line, finding.fields["others"]) == ("ENC-01", 2, others)
    raw = path.read_bytes()
    with pytest.raises(UnicodeDecodeError) as caught:
        raw.decode(declared)
    assert finding.fields["offset"] == caught.value.start


def test_utf8_declared_as_gb_is_refused_even_where_it_decodes(tmp_path: Path) -> None:
    rows = [row | {"name": "娴嬭瘯", "address": "", "mobile": ""} for row in ROWS]
    path = write(tmp_path / "b.csv", rows, "gb18030")
    path.write_bytes(path.read_bytes())
    assert "测试" in path.read_bytes().decode("utf-8")
    assert [finding.rule for finding in check(path, encoding="gb18030").findings][-1] == "ENC-03"


def test_two_possible_readings_are_a_warning(tmp_path: Path) -> None:
    rows = [row | {"name": "路", "address": ""} for row in ROWS[:1]]
    report = check(write(tmp_path / "b.csv", rows, "gb18030"), encoding="gb18030")
    assert (2, "", "ENC-04") in found(report)


def test_single_damaged_bytes_do_not_stop_the_check(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", ROWS)
    data = path.read_bytes().split(b"\n")
    data[2] += b"\xff"
    data[4] += b"\xff"
    path.write_bytes(b"\n".join(data))
    assert found(check(path)) == [(3, "", "ENC-05"), (5, "", "ENC-05")]


def test_text_that_does_not_encode_back_is_refused() -> None:
    with pytest.raises(lines.BadText) as caught:
        lines.decode(b"ab+AGE-", "utf-7")
    assert (caught.value.rule, caught.value.offset) == ("ENC-02", 2)


def test_every_rule_has_a_test_and_texts() -> None:
    files = (
        Path(__file__),
        Path(__file__).with_name("test_exchange_formats.py"),
        Path(__file__).with_name("test_merge.py"),
    )
    tested = {rule for file in files for rule in re.findall(r"[A-Z]{3}-\d\d", file.read_text(encoding="utf-8"))}
    assert set(RULES) - tested == set()
    for rule in RULES:
        assert all(messages.lookup(f"intake.{rule}"))
        assert all(messages.lookup(f"explain.rule-{rule}"))
        assert all(pattern.count("|") == 1 for pattern in messages.lookup(f"intake.{rule}"))
    documented = set(re.findall(r"^\| ([A-Z]{3}-\d\d) ", (DOCS / "batch.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == set(RULES)


DOCS = Path(__file__).parent.parent.parent / "docs"


def test_columns_of_the_documentation_are_those_of_the_code() -> None:
    text = (DOCS / "batch.md").read_text(encoding="utf-8")
    assert [alias for alias in ALIASES if alias not in text.lower()] == []


def test_the_shared_code_is_told_apart_by_shape() -> None:
    header = ["AAZ501" if column == "card_no" else column for column in people.COLUMNS]
    sample = list(ROWS[0].values())
    assert read_header(header, sample).columns[7] == "card_no"
    both = [*people.COLUMNS, "AAZ501"]
    assert read_header(both, [*sample, "0123456789ABCDEF" * 2]).columns[-1] == "card_id"
    clash = read_header(both, [*sample, "T0000001X"])
    assert [problem.rule for problem in clash.problems] == ["COL-03"]


def test_chinese_headers(tmp_path: Path) -> None:
    names = {"seq": "序号", "ssn": "社会保障号码", "name": "姓名", "sex": "AAC004", "ethnic": "mz", "card_no": "卡号"}
    rows = [{names.get(column, column): value for column, value in row.items()} for row in ROWS]
    assert check(write(tmp_path / "b.csv", rows)).batch().record(3).name == ROWS[2]["name"]


def test_rows_are_read_by_seeking(tmp_path: Path) -> None:
    rows = [row | {"ssn": row["ssn"].lower()} for row in ROWS]
    path = write(tmp_path / "b.csv", rows)
    read = check(path).batch()
    assert (len(read), read.name, read.path) == (5, "b.csv", path)
    record = read.record(4)
    assert (record.seq, record.line, record.ssn) == (4, 5, ROWS[3]["ssn"])
    assert (record.birthplace, record.apply_kind, record.value("mobile")) == ("990101", "new", ROWS[3]["mobile"])
    assert [r.seq for r in read.records()] == [1, 2, 3, 4, 5]
    for seq in (0, 6):
        with pytest.raises(IndexError):
            read.record(seq)


def test_a_changed_file_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", ROWS)
    read = check(path).batch()
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(BatchError, match="BATCH-CHANGED"):
        read.record(1)
    path.unlink()
    with pytest.raises(BatchError, match="BATCH-CHANGED"):
        list(read.records())


def test_no_batch_with_errors(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", [ROWS[0] | {"sex": "7"}])
    with pytest.raises(BatchError, match="BATCH-FINDINGS") as caught:
        batch.open_batch(path, region="990101", demo=True, today=TODAY)
    assert caught.value.fields == {"path": "b.csv", "errors": 1, "line": 2, "rule": "SEX-01"}


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"", "batch-empty"), (b"PK\x03\x04xx", "batch-workbook"), ("序号".encode("utf-16"), "batch-utf16")],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(content)
    with pytest.raises(BatchUnusable) as caught:
        check(path)
    assert caught.value.key == key


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BatchUnusable, match="BATCH-UNREADABLE"):
            check(path)
    with pytest.raises(BatchUnusable, match="BATCH-ENCODING"):
        check(write(tmp_path / "b.csv", ROWS), encoding="big5")


def test_an_error_of_the_caller_is_not_taken_for_one_of_the_file(tmp_path: Path) -> None:
    def broken(finding: Finding) -> None:
        raise BrokenPipeError

    path = write(tmp_path / "b.csv", [ROWS[0] | {"sex": "7"}])
    with pytest.raises(BrokenPipeError):
        batch.check(path, region="990101", demo=True, today=TODAY, on_finding=broken)


def test_findings_are_counted_beyond_those_kept(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(",".join(people.COLUMNS) + "\n" + "x\n" * 3000, encoding="utf-8")
    seen: list[Finding] = []
    report = batch.check(path, region="990101", demo=True, today=TODAY, on_finding=seen.append)
    assert (len(report.findings), report.errors, len(seen)) == (1000, 3000, 3000)


def test_memory_is_flat(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    people.write(path, 5_000)
    batch.check(path, region="990101", demo=True, today=TODAY)
    tracemalloc.start()
    report = batch.check(path, region="990101", demo=True, today=TODAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.rows == 5_000
    assert peak < 5_000 * 200 + 1_000_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400), st.text(st.sampled_from('1,"\n\r\ufeff测\x00 \t9Tx'), max_size=200).map(str.encode)
    ),
    st.sampled_from(lines.ENCODINGS),
    st.booleans(),
)
def test_random_bytes_never_trace_back(tmp_path: Path, content: bytes, encoding: str, header: bool) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes((",".join(people.COLUMNS).encode() + b"\n" if header else b"") + content)
    try:
        report = check(path, encoding=encoding)
    except BatchUnusable:
        return
    assert report.errors > 0
    for finding in report.findings:
        assert finding.message("zh").isprintable()
        assert finding.hint("en").isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.integers(1, 60), st.integers(0, 10**6), st.sampled_from(lines.ENCODINGS), st.integers(0, 9999))
def test_generated_people_always_pass(tmp_path: Path, count: int, seed: int, encoding: str, area: int) -> None:
    path, region = tmp_path / "b.csv", f"99{area:04d}"
    people.write(path, count, seed=seed, region=region, encoding=encoding, force=True)
    report = check(path, encoding=encoding, region=region)
    assert found(report) == []
    assert len(report.batch()) == count


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.integers(0, 4), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_a_changed_character_of_a_number_is_found_in_its_row(
    tmp_path: Path, row: int, position: int, other: str
) -> None:
    value = ROWS[row]["ssn"]
    changed = value[:position] + other + value[position + 1 :]
    rows = [dict(line) for line in ROWS]
    rows[row]["ssn"] = changed
    report = check(write(tmp_path / "b.csv", rows))
    assert (report.errors > 0) == (changed != value)
    assert all(finding.line == row + 2 for finding in report.findings)


def test_people_are_unique_and_of_every_kind() -> None:
    table = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(5000, seed=3)]
    for column in ("ssn", "card_no", "bank_pan"):
        assert len({row[column] for row in table}) == 5000
    sizes = [len(row["name"].encode("gb18030")) for row in table]
    assert max(sizes) <= 50
    assert sum(31 <= size <= 50 for size in sizes) > 200
    assert any(len(c.encode("gb18030")) == 4 for row in table for c in row["name"])
    assert {row["sex"] for row in table} == {"1", "2"}
    assert all(len(row["bank_pan"]) == 19 and row["bank_pan"].startswith("990101") for row in table)
    assert all(cardnumber.luhn_digit(row["bank_pan"][:-1]) == row["bank_pan"][-1] for row in table)


def test_people_depend_on_the_seed_alone(tmp_path: Path) -> None:
    assert list(people.rows(50, seed=4)) == list(people.rows(50, seed=4))
    first, second = ({row[1] for row in people.rows(2000, seed=seed)} for seed in (1, 2))
    assert first.isdisjoint(second)


def test_people_of_real_regions_are_refused(tmp_path: Path) -> None:
    for region in ("110101", "99010", "99010a", "９９0101"):
        with pytest.raises(GuardRefused, match="PEOPLE-REGION"):
            people.rows(1, region=region)
    with pytest.raises(BatchUnusable, match="PEOPLE-COUNT"):
        people.rows(people.MAX_COUNT + 1)


def test_severities_are_three() -> None:
    assert set(RULES.values()) == set(Severity)
