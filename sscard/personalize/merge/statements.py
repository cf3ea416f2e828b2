"""The SQL of a merge, in the portable subset of ``docs/scale.md``: sequence, duplicates, matching, totals.

Tables ``ss`` and ``bank`` are as :mod:`sscard.personalize.merge.ingest` makes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sscard.personalize.judge import SEQ
from sscard.personalize.rules_sql import READ

UPPER: Final = frozenset({"ssn", "card_id", "guardian_id"})
"""Columns whose letters are of either case."""

OWN: Final = frozenset({"seq", "ss_line", "bank_line"})
"""Columns that each file has for itself."""

_ORDERLY: Final = f"REGEXP_MATCHES(seq, '^(?:{SEQ})$')"


def read_view(table: str, columns: Sequence[str]) -> str:
    """``table`` with all columns that rules read, those the file does not have as empty texts, and sizes of names."""
    texts = ", ".join(f"t.{name}" if name in columns else f"'' AS {name}" for name in READ)
    sizes = ", ".join(f"COALESCE(s.{name}, 0) AS {name}" for name in ("name_gb", "name_tail"))
    return f"SELECT t.line, {sizes}, {texts} FROM {table} AS t LEFT JOIN {table}_sizes AS s ON s.line = t.line"


def disorder(table: str) -> str:
    """``line, rule, info`` of rows out of sequence: SEQ-01 to SEQ-03, and the number expected.

    After a break counting goes on from what stands there, so a row is judged by how far number and row are apart, and
    only against the orderly row before it.
    """
    return (
        f"WITH placed AS (SELECT line, row_no, CASE WHEN {_ORDERLY} THEN CAST(seq AS BIGINT) - row_no END AS apart "
        f"FROM {table} WHERE {_ORDERLY}), "
        "stepped AS (SELECT line, row_no, apart, COALESCE(LAG(apart) OVER (ORDER BY line), 0) AS before FROM placed) "
        "SELECT line, CASE WHEN apart > before THEN 'SEQ-02' ELSE 'SEQ-03' END AS rule, row_no + before AS info "
        "FROM stepped WHERE apart <> before UNION ALL "
        f"SELECT line, 'SEQ-01' AS rule, CAST(0 AS BIGINT) AS info FROM {table} WHERE seq <> '' AND NOT {_ORDERLY}"
    )


def repeats(table: str, column: str) -> str:
    """``line, info`` of every row whose value stood before, and the line where it first stood."""
    return (
        f"WITH repeated AS (SELECT UPPER({column}) AS value, MIN(line) AS first_line FROM {table} "
        f"WHERE {column} <> '' GROUP BY UPPER({column}) HAVING COUNT(*) > 1) "
        f"SELECT t.line, r.first_line AS info FROM {table} AS t JOIN repeated AS r ON UPPER(t.{column}) = r.value "
        "WHERE t.line > r.first_line"
    )


def repeated_keys(key: str) -> str:
    """``value, side, line`` of every row, of either file, whose key stands twice in one of them."""
    one = f"SELECT UPPER({key}) AS value FROM {{table}} WHERE {key} <> '' GROUP BY UPPER({key}) HAVING COUNT(*) > 1"
    lines = "SELECT UPPER({key}) AS value, '{table}' AS side, line FROM {table}"
    return (
        f"WITH repeated AS ({one.format(table='ss')} UNION {one.format(table='bank')}), "
        f"both_files AS ({lines.format(key=key, table='ss')} UNION ALL {lines.format(key=key, table='bank')}) "
        "SELECT b.value, b.side, b.line FROM both_files AS b JOIN repeated AS r ON b.value = r.value "
        "ORDER BY b.value, b.side, b.line"
    )


def paired(key: str, ss: Sequence[str], bank: Sequence[str], prefer: Mapping[str, str]) -> str:
    """Every row of both files once, by its line: merged, conflict, only-ss, only-bank; the key is unique in both.

    ``differs`` names the columns that both files have, filled, with different values.  A column of ``prefer`` is the
    named side's and is no matter of conflict.  ``number`` counts the rows of a kind in the order of the first file.
    """
    judged = [column for column in shared_columns(key, ss, bank) if column not in prefer]
    differs = " || ".join(f"CASE WHEN {_differ(column)} THEN '{column} ' ELSE '' END" for column in judged) or "''"
    return (
        f"WITH joined AS (SELECT a.line AS line_of_ss, b.line AS line_of_bank, {differs} AS differs "
        f"FROM ss AS a FULL OUTER JOIN bank AS b ON {_fold('a.' + key, key)} = {_fold('b.' + key, key)}), "
        "classed AS (SELECT line_of_ss, line_of_bank, differs, CASE WHEN line_of_bank IS NULL THEN 'only-ss' "
        "WHEN line_of_ss IS NULL THEN 'only-bank' WHEN differs <> '' THEN 'conflict' ELSE 'merged' END AS kind "
        "FROM joined) "
        "SELECT line_of_ss, line_of_bank, differs, kind, ROW_NUMBER() OVER (PARTITION BY kind "
        "ORDER BY COALESCE(line_of_ss, line_of_bank)) AS number FROM classed"
    )


def merged_rows(columns: Sequence[str], ss: Sequence[str], bank: Sequence[str], prefer: Mapping[str, str]) -> str:
    """The rows of the merged batch, numbered anew in the order of the first file, with the lines of both."""
    parts = []
    for column in columns:
        if column == "seq":
            value = "p.number"
        elif column in ss and column in bank:
            first, second = ("b", "a") if prefer.get(column) == "bank" else ("a", "b")
            value = f"CASE WHEN {first}.{column} <> '' THEN {first}.{column} ELSE NULLIF({second}.{column}, '') END"
        else:
            value = f"NULLIF({'a' if column in ss else 'b'}.{column}, '')"
        parts.append(f"{value} AS {column}")
    return (
        f"SELECT {', '.join(parts)}, p.line_of_ss AS ss_line, p.line_of_bank AS bank_line FROM paired AS p "
        "JOIN ss AS a ON a.line = p.line_of_ss JOIN bank AS b ON b.line = p.line_of_bank "
        "WHERE p.kind = 'merged' ORDER BY p.number"
    )


def single_rows(side: str, columns: Sequence[str]) -> str:
    """The rows that only one file has, as they came, with their line."""
    values = ", ".join(f"NULLIF(t.{column}, '') AS {column}" for column in columns)
    return (
        f"SELECT t.line AS {side}_line, {values} FROM paired AS p JOIN {side} AS t ON t.line = p.line_of_{side} "
        f"WHERE p.kind = 'only-{side}' ORDER BY t.line"
    )


def conflict_rows(key: str, shared: Sequence[str]) -> str:
    """Both sides of each conflict, with the lines of both and the columns that differ."""
    values = ", ".join(
        f"NULLIF({name}.{column}, '') AS {side}_{column}"
        for column in (key, *shared)
        for name, side in (("a", "ss"), ("b", "bank"))
    )
    return (
        "SELECT p.line_of_ss AS ss_line, p.line_of_bank AS bank_line, "
        f"SUBSTR(p.differs, 1, LENGTH(p.differs) - 1) AS differs, {values} FROM paired AS p "
        "JOIN ss AS a ON a.line = p.line_of_ss JOIN bank AS b ON b.line = p.line_of_bank "
        "WHERE p.kind = 'conflict' ORDER BY p.number"
    )


def totals() -> str:
    """``kind, count`` of the rows of both files."""
    return "SELECT kind, COUNT(*) AS rows_of_kind FROM paired GROUP BY kind"


def shared_columns(key: str, ss: Sequence[str], bank: Sequence[str]) -> list[str]:
    """Columns that both files tell, but for the key and what each has for itself."""
    return [column for column in ss if column in bank and column != key and column not in OWN]


def _differ(column: str) -> str:
    left, right = _fold(f"a.{column}", column), _fold(f"b.{column}", column)
    return f"a.{column} <> '' AND b.{column} <> '' AND {left} <> {right}"


def _fold(value: str, column: str) -> str:
    return f"UPPER({value})" if column in UPPER else value
