"""SQL, Python rules and the plain-Python oracle say the same of the same rows; the SQL stays in the portable subset."""

from __future__ import annotations

import csv
import random
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from bench import oracle
from sscard.personalize import people
from sscard.personalize.batch import check
from sscard.personalize.exchange.model import CANONICAL
from sscard.personalize.findings import RULES
from sscard.personalize.judge import Notes
from sscard.personalize.merge import Party, merge, statements
from sscard.personalize.merge.ingest import ingest
from sscard.personalize.merge.validate import validate
from sscard.personalize.rule import Setting
from sscard.personalize.rules import ROW_RULES, value_remarks
from sscard.personalize.rules_sql import active, findings_query

TODAY = date(2026, 7, 1)
COLUMNS = (*people.COLUMNS, "card_id", "old_card_no")
ROWS = 100_000
WRONG = {
    "ssn": ["", "123", "1.5E+17", "'990101198503170026", "99010119850317002X", "990101198502300019", "x" * 18],
    "name": [
        *(
            "张三",
            "测试?",
            "测试•甲",
            "测试\ue000",
            "测试\ufdd0",
            "测试" * 13,
            "测试甲" + "乙" * 11 + "a" + "丙" * 10 + "b",
        ),
        *(" 测试甲", "测试\u200b甲", "测试\ufffd", "测试e\u0301", "a" + "测" * 24 + "b"),
    ],
    "sex": ["", "1", "2", "9"],
    "ethnic": ["", "1", "57", "99", "1.2E+3"],
    "birth": ["19850317", "1985-3-17", "31123", "2.5E+7", "'19850317", "19850230", "00000101", "20000229"],
    "birthplace": ["", "99010", "9901011"],
    "card_no": ["", "T0000001", "T00000011", "A00000001", "1.1E+8", "=T0000001", "t0000001X"],
    "region": ["", "990102", "9.9E+5", "'990101"],
    "issue_date": ["20270801", "20280101", "2026/6/1", "1E+7", "20260631", "19840101", "21200101"],
    "expire_date": ["20260601", "20260701", "2036年1月1日", "=1", "20361301", "2.1E+7"],
    "apply_kind": ["", "replace", "renew", "0"],
    "bank_code": ["", "9", "9999", "9-999", "123456"],
    "bank_pan": [
        "",
        "12",
        "6222020000000000000",
        "622202000000000000",
        "622202000000012345",
        "622202000000012344",
        "6.2E+18",
        "'622",
    ],
    "card_id": ["A" * 32, "g" * 32, "1.2E+30", "'A"],
    "old_card_no": ["T0000001X", "T00000010", "12", "1E+7", "'T"],
}


def spoiled(count: int, seed: int) -> list[list[str]]:
    """Synthetic people, one in twenty with a wrong value or two, and some repeated or out of order."""
    rng = random.Random(seed)
    rows = [[*row, "", ""] for row in people.rows(count)]
    for place, row in enumerate(rows):
        if rng.random() > 0.05:
            continue
        for column in rng.sample(list(WRONG), rng.choice((1, 1, 2))):
            row[COLUMNS.index(column)] = rng.choice(WRONG[column])
        kind = rng.random()
        if kind < 0.1:
            row[0] = rng.choice(["0", "x", str(place + 7), str(max(place - 1, 1))])
        elif kind < 0.2:
            other = rng.randrange(count)
            column = rng.choice([1, COLUMNS.index("card_no"), COLUMNS.index("bank_pan")])
            row[column] = rows[other][column].lower() if column == 1 else rows[other][column]
        elif kind < 0.3:
            row[1] = row[1][:15] + "000"
        elif kind < 0.4:
            row[1] = row[1][:17] + row[1][17:].replace("X", "x")
        elif kind < 0.5:
            row[1] = "55" + row[1][2:]
    return rows


def write(path: Path, rows: list[list[str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])
    return path


def by_sql(path: Path, folder: Path, *, demo: bool = True) -> Counter[tuple[int, str, str]]:
    """Every finding of a file as the engine finds them."""
    connection = duckdb.connect()
    notes = Notes(path.name)
    setting = Setting("990101" if demo else "110101", demo, TODAY)
    columns, _ = ingest(connection, "ss", path, CANONICAL, "utf-8", notes, folder, lambda _line: None)
    found = Counter((f.line, f.rule, f.column) for f in notes.findings)
    assert sum(notes.counts.values()) == len(notes.findings), "more character findings than are kept"
    validate(connection, "ss", columns, "ssn", setting, notes)
    found.update(connection.execute("SELECT line, rule, place FROM ss_found").fetchall())
    connection.close()
    return found


@pytest.fixture(scope="module")
def hundred_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("oracle") / "b.csv", spoiled(ROWS, 5))


def test_a_hundred_thousand_rows_with_every_rule(hundred_thousand: Path, tmp_path: Path) -> None:
    found = by_sql(hundred_thousand, tmp_path)
    expected, _ = oracle.judge(hundred_thousand, "990101", True, TODAY)
    assert found == Counter(expected)
    hit = {rule for _, rule, _ in expected}
    of_files = {rule for rule in RULES if rule[:3] in ("FIL", "ENC", "COL", "ROW", "CEL", "ENV", "SHP", "MAP")}
    elsewhere = {"DEM-04", "TXT-02", "DUP-04"} - hit
    assert set(RULES) - of_files - hit <= elsewhere
    assert {rule.id for rule in ROW_RULES} - hit == {"DEM-04"}


def test_the_check_of_a_batch_says_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", spoiled(3000, 11))
    seen: Counter[tuple[int, str, str]] = Counter()
    check(path, region="990101", demo=True, today=TODAY, on_finding=lambda f: seen.update([(f.line, f.rule, f.column)]))
    assert len(seen) > 200
    assert by_sql(path, tmp_path) == seen


def test_production_rules_agree(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", spoiled(2000, 12))
    found = by_sql(path, tmp_path, demo=False)
    expected, _ = oracle.judge(path, "110101", False, TODAY)
    assert found == Counter(expected)
    assert any(rule == "DEM-04" for _, rule, _ in found)


VALUE = st.one_of(
    st.text(alphabet="0123456789XxTAE+.-/'=年 ", max_size=20),
    st.from_regex(r"[0-9]{8}", fullmatch=True),
    st.from_regex(r"[0-9]{12,19}", fullmatch=True),
    st.from_regex(r"99[0-9]{4}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx]", fullmatch=True),
    st.from_regex(r"[A-Z][0-9A-Z]{8}", fullmatch=True),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(COLUMNS[1:]), VALUE), min_size=20, max_size=60))
def test_any_value_is_judged_alike(tmp_path: Path, changes: list[tuple[str, str]]) -> None:
    rows = [[*row, "", ""] for row in people.rows(len(changes))]
    for row, (column, value) in zip(rows, changes, strict=True):
        row[COLUMNS.index(column)] = value
    path = write(tmp_path / "b.csv", rows)
    setting = Setting("990101", True, TODAY)
    connection = duckdb.connect()
    columns, _ = ingest(connection, "ss", path, CANONICAL, "utf-8", Notes("b"), tmp_path, lambda _line: None)
    connection.execute(f"CREATE VIEW ss_read AS {statements.read_view('ss', columns)}")
    rules = active(columns)
    found = connection.execute(findings_query("ss_read", rules, setting)).fetchall()
    connection.close()
    expected = [
        (line, rule, column)
        for line, row in enumerate(rows, 2)
        for rule, column, _ in value_remarks(dict(zip(COLUMNS, row, strict=True)), setting)
    ]
    assert sorted((line, rules[number].id, rules[number].column) for line, number in found) == sorted(expected)


def test_an_sql_rule_that_is_wrong_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sscard.personalize.merge import validate as module

    path = write(tmp_path / "b.csv", spoiled(500, 13))
    right = by_sql(path, tmp_path)
    real = module.findings_query
    monkeypatch.setattr(module, "findings_query", lambda *words: real(*words).replace("10X98765432", "01X98765432"))
    assert by_sql(path, tmp_path) != right


def two_files(folder: Path, count: int) -> tuple[Path, Path]:
    rows = [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(count)]
    own = tuple(column for column in people.COLUMNS if not column.startswith("bank_"))
    bank = [row | {"name": row["name"] + "乙" * (n % 50 == 7)} for n, row in enumerate(rows) if n % 20]
    bank += [dict(zip(people.COLUMNS, row, strict=True)) for row in people.rows(5, seed=9)]
    random.Random(1).shuffle(bank)
    columns = ("ssn", "name", "bank_code", "bank_pan")
    ss = write(folder / "ss.csv", [[row[c] for c in own] for row in rows], own)
    return ss, write(folder / "bank.csv", [[row[c] for c in columns] for row in bank], columns)


def test_every_row_is_where_the_oracle_puts_it(tmp_path: Path) -> None:
    ss, bank = two_files(tmp_path, 5000)
    out = tmp_path / "out"
    outcome = merge(Party(ss), Party(bank), on="ssn", out=out, region="990101", demo=True, today=TODAY)
    placed: dict[tuple[int | None, int | None], str] = {}
    for name, kind in (
        ("merged", "merged"),
        ("conflicts", "conflict"),
        ("only-ss", "only-ss"),
        ("only-bank", "only-bank"),
    ):
        with (out / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                lines = (row.get("ss_line"), row.get("bank_line"))
                placed[tuple(int(line) if line else None for line in lines)] = kind
    assert placed == oracle.match(ss, bank, "ssn")
    assert Counter(placed.values()) == outcome.kinds
    assert set(outcome.kinds) == {"merged", "conflict", "only-ss", "only-bank"}


ALLOWED = {
    *("Alias", "And", "Anonymous", "Between", "Boolean", "Case", "Cast", "Ceil", "Coalesce", "Column", "Count", "CTE"),
    *("DPipe", "EQ", "From", "GT", "GTE", "Group", "Having", "Identifier", "If", "In", "Join", "LT", "LTE", "Lag"),
    *(
        "Length",
        "Literal",
        "Mod",
        "Min",
        "Mul",
        "NEQ",
        "Neg",
        "Not",
        "Null",
        "Or",
        "Order",
        "Ordered",
        "Paren",
        "RegexpLike",
    ),
    *(
        "Replace",
        "RowNumber",
        "Select",
        "Star",
        "Sub",
        "Subquery",
        "Substring",
        "Table",
        "TableAlias",
        "Tuple",
        "Union",
    ),
    *(
        "Upper",
        "Values",
        "Where",
        "Window",
        "With",
        "Add",
        "BitwiseAnd",
        "DataType",
        "Is",
        "Unicode",
        "Nullif",
        "Ascii",
    ),
    *("RegexpFullMatch",),
}


def portable() -> dict[str, str]:
    """Every statement that may run on another engine."""
    setting = Setting("990101", True, TODAY)
    ss, bank = list(COLUMNS), ["ssn", "name", "bank_code", "bank_pan"]
    shared = statements.shared_columns("ssn", ss, bank)
    return {
        "rules": findings_query("ss_read", active(COLUMNS), setting),
        "view": statements.read_view("bank", bank),
        "disorder": statements.disorder("ss"),
        "repeats": statements.repeats("ss", "ssn"),
        "repeated keys": statements.repeated_keys("ssn"),
        "paired": statements.paired("ssn", ss, bank, {}),
        "merged": statements.merged_rows(ss, ss, bank, {"name": "bank"}),
        "only": statements.single_rows("ss", ss),
        "conflicts": statements.conflict_rows("ssn", shared),
        "totals": statements.totals(),
    }


def strangers(sql: str) -> set[str]:
    """Constructs outside the subset."""
    return {type(node).__name__ for node in sqlglot.parse_one(sql, read="duckdb").walk()} - ALLOWED


@pytest.mark.parametrize("name", portable())
def test_the_sql_is_in_the_portable_subset_and_goes_to_spark_and_back(name: str) -> None:
    sql = portable()[name]
    assert strangers(sql) == set()
    assert "\\" not in sql, "Spark reads a backslash in a text as an escape"
    (spark,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    again = sqlglot.parse_one(spark, read="spark")
    literals = [node.this for node in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Literal)]
    assert Counter(node.this for node in again.find_all(exp.Literal)) == Counter(literals)
    assert again.sql("spark") == spark


def test_a_construct_outside_the_subset_is_noticed() -> None:
    assert strangers("SELECT TRIM(a) / 2, TRY_CAST(b AS INT), SUM(c) FROM t ANTI JOIN u ON t.a = u.a") >= {
        "Trim",
        "Div",
        "TryCast",
        "Sum",
    }
