"""Judges a table: SQL finds which rows break which rules, the rules' Python functions say it of those told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sscard.personalize.findings import RULES, Severity
from sscard.personalize.judge import KEEP_FINDINGS, UNIQUE, Notes
from sscard.personalize.masking import mask
from sscard.personalize.merge.statements import disorder, read_view, repeats
from sscard.personalize.rule import Setting
from sscard.personalize.rules import value_remarks
from sscard.personalize.rules_sql import active, findings_query

Spot = tuple[int, str, str, int]
"""Line, rule, column, and what the engine adds: the number expected, the line of the first."""

_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}


def validate(connection: Any, table: str, columns: Sequence[str], key: str, setting: Setting, notes: Notes) -> None:
    """Note every finding of the values of ``table``, errors first and then by line; all are counted."""
    rules = active(columns)
    connection.execute(f"CREATE TEMP VIEW {table}_read AS {read_view(table, columns)}")
    connection.execute(f"CREATE TABLE {table}_found (line BIGINT, rule VARCHAR, place VARCHAR, info BIGINT)")
    numbered = ", ".join(f"({number}, '{rule.id}', '{rule.column}')" for number, rule in enumerate(rules))
    if rules:
        _find(
            connection,
            table,
            f"SELECT f.line, n.id, n.place, CAST(0 AS BIGINT) "
            f"FROM ({findings_query(f'{table}_read', rules, setting)}) AS f "
            f"JOIN (SELECT * FROM (VALUES {numbered}) AS listed(number, id, place)) AS n ON f.rule = n.number",
        )
    if "seq" in columns:
        _find(connection, table, f"SELECT line, rule, 'seq', info FROM ({disorder(table)}) AS d")
    for column, rule in UNIQUE.items():
        if column in columns:
            _find(connection, table, f"SELECT line, '{rule}', '{column}', info FROM ({repeats(table, column)}) AS d")
    if not any(rule.id == "FLD-01" and rule.column == key for rule in rules):
        _find(connection, table, f"SELECT line, 'FLD-01', '{key}', CAST(0 AS BIGINT) FROM {table} WHERE {key} = ''")
    _tell(connection, table, columns, setting, notes)


def _find(connection: Any, table: str, query: str) -> None:
    connection.execute(f"INSERT INTO {table}_found {query}")


def _tell(connection: Any, table: str, columns: Sequence[str], setting: Setting, notes: Notes) -> None:
    counts = dict(connection.execute(f"SELECT rule, COUNT(*) FROM {table}_found GROUP BY rule").fetchall())
    whole: Counter[Severity] = Counter()
    for rule, count in counts.items():
        whole[RULES[rule]] += count
    ranks = " ".join(f"WHEN rule = '{rule}' THEN {_RANK[RULES[rule]]}" for rule in sorted(counts))
    spots: list[Spot] = []
    if counts:
        spots = connection.execute(
            f"SELECT line, rule, place, info FROM {table}_found "
            f"ORDER BY CASE {ranks} ELSE 3 END, line, rule, place LIMIT {KEEP_FINDINGS}"
        ).fetchall()
    rows = _rows(connection, table, columns, sorted({line for line, *_ in spots}))
    told: Counter[Severity] = Counter()
    for line, rule, column, info in spots:
        values = rows[line]
        notes.add(
            rule, line, column, mask(column, values.get(column, "")), **_fields(rule, column, info, values, setting)
        )
        told[RULES[rule]] += 1
    notes.counts += whole - told


def _rows(connection: Any, table: str, columns: Sequence[str], lines: Sequence[int]) -> dict[int, Mapping[str, str]]:
    """The values of some rows by line."""
    if not lines:
        return {}
    listed = ", ".join(map(str, lines))
    found = connection.execute(f"SELECT line, {', '.join(columns)} FROM {table} WHERE line IN ({listed})").fetchall()
    return {line: dict(zip(columns, values, strict=True)) for line, *values in found}


def _fields(rule: str, column: str, info: int, values: Mapping[str, str], setting: Setting) -> dict[str, str | int]:
    """What the message of a finding tells beside the value."""
    if rule.startswith("DUP"):
        return {"first": info}
    if rule.startswith("SEQ"):
        return {"expected": info}
    told = (fields for found, place, fields in value_remarks(values, setting) if (found, place) == (rule, column))
    return next(told, {"name": column})
