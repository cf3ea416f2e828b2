"""What a rule on the values of one row is: one record with its Python function and its SQL expression.

Both forms say the same of the same row, the function with the fields of the message, the expression as a condition.
The expression is in the subset of SQL of ``docs/scale.md``.  It reads the row's columns, all text and never NULL, and
those that ``rules_sql`` derives; ``{region}``, ``{demo}``, ``{today}`` and ``{far}`` stand for the setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from sscard.personalize import cardnumber, ssn
from sscard.personalize.columns import CARD_ID
from sscard.personalize.rules_text import name_sizes

Fields = dict[str, str | int]
Broken = Callable[["Row", "Setting"], "Fields | None"]

FARTHEST_ISSUE_DAYS: Final = 366

SCIENTIFIC: Final = "[0-9](?:[.][0-9]+)?[Ee][+]?[0-9]+"
SPREADSHEET_DATE: Final = (
    "[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?(?: .*)?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[1-9][0-9]{4}"
)
PAN: Final = "[0-9]{12,19}"

_SCIENTIFIC: Final = re.compile(SCIENTIFIC)
_SPREADSHEET_DATE: Final = re.compile(SPREADSHEET_DATE)
_PAN: Final = re.compile(PAN)

parse_date = lru_cache(maxsize=65536)(ssn.parse_date)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a row is judged against: the region of the workspace, demo or production, and the day of the check."""

    region: str
    demo: bool
    today: date

    @property
    def farthest(self) -> date:
        """The last day of issue that is not remarked on."""
        return self.today + timedelta(days=FARTHEST_ISSUE_DAYS)


class Row:
    """The values of one row by canonical column, and what several rules ask of them."""

    __slots__ = ("birth", "born", "card_ok", "expires", "issued", "number_ok", "pan_ok", "values")

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        number = self["ssn"]
        self.number_ok = ssn.has_shape(number)
        self.born = parse_date(ssn.birth_text(number)) if self.number_ok else None
        self.birth = parse_date(self["birth"])
        self.issued = parse_date(self["issue_date"])
        self.expires = parse_date(self["expire_date"])
        self.card_ok = cardnumber.has_shape(self["card_no"])
        self.pan_ok = _PAN.fullmatch(self["bank_pan"]) is not None

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    @property
    def name_sizes(self) -> tuple[int, int]:
        """GB18030 bytes of the name, and of its extension."""
        return name_sizes(self["name"])


@dataclass(frozen=True, slots=True)
class Rule:
    """``broken`` gives the fields of the message where a row breaks the rule, None where it keeps it."""

    id: str
    column: str
    broken: Broken
    sql: str


def damage(value: str, *, a_date: bool = False) -> str | None:
    """The rule that a value broken by a spreadsheet falls under; dates are also rewritten."""
    if a_date and _SPREADSHEET_DATE.fullmatch(value):
        return "XLS-04"
    if _SCIENTIFIC.fullmatch(value):
        return "XLS-01"
    return "XLS-06" if value.startswith(("'", "=")) else None


def misshapen(column: str, rule: str, kept: Callable[[Row, Setting], bool], more: Broken | None = None) -> list[Rule]:
    """The rules on the shape of a column: those a spreadsheet's damage falls under, and ``rule`` for anything else.

    ``kept`` tells a value of the right shape; an empty one is no matter of shape.  ``more`` gives the message's fields.
    """
    a_date = rule in ("DAT-01", "DAT-02", "BIR-01")

    def one(wanted: str, code: int) -> Rule:
        def broken(row: Row, setting: Setting) -> Fields | None:
            value = row[column]
            if not value or kept(row, setting) or (damage(value, a_date=a_date) or rule) != wanted:
                return None
            return (more(row, setting) if more else None) or {}

        return Rule(wanted, column, broken, f"{column}_shape = {code}")

    kinds = [("XLS-01", 2), ("XLS-06", 3), (rule, 1)]
    return [one(*kind) for kind in ([("XLS-04", 4), *kinds] if a_date else kinds)]


def is_card_id(row: Row, _setting: Setting) -> bool:
    """Whether the card identification code has its shape."""
    return CARD_ID.fullmatch(row["card_id"]) is not None
