"""The rules one row of a batch must keep, field by field; ``docs/batch.md`` lists them by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sscard.personalize import rules_card, rules_person
from sscard.personalize.columns import REQUIRED
from sscard.personalize.rule import Fields, Row, Rule, Setting
from sscard.personalize.rules_text import Remark, text_remarks

__all__ = ["ROW_RULES", "Row", "Rule", "Setting", "remarks", "value_remarks"]


def _missing(column: str) -> Rule:
    def broken(row: Row, _setting: Setting) -> Fields | None:
        return None if row[column] else {"name": column}

    return Rule("FLD-01", column, broken, f"{column} = ''")


ROW_RULES: Final[tuple[Rule, ...]] = (
    *(_missing(column) for column in REQUIRED),
    *rules_card.ISSUE,
    *rules_person.NUMBER,
    *rules_person.NAME,
    *rules_person.CODES,
    *rules_card.CODES,
    *rules_card.CARD,
    *rules_person.BIRTH,
    *rules_card.EXPIRY,
    *rules_card.BANK,
    *rules_card.DEMO,
)
"""All rules on values, in the order in which findings of a row are told."""


def remarks(values: Mapping[str, str], setting: Setting) -> Iterator[Remark]:
    """Whatever a row breaks.  Order of rows and duplicates are judged elsewhere."""
    yield from text_remarks(values)
    yield from value_remarks(values, setting)


def value_remarks(values: Mapping[str, str], setting: Setting) -> Iterator[Remark]:
    """Whatever the values of a row break, its characters apart."""
    row = Row(values)
    for rule in ROW_RULES:
        fields = rule.broken(row, setting)
        if fields is not None:
            yield rule.id, rule.column, fields
