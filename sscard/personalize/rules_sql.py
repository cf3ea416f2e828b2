"""The rules as one SQL query: the expressions of the rule records, put together over columns derived in steps.

Each rule is one bit, so that one pass over the rows judges all of them; a second small join makes one finding of each
bit that is set.  The text keeps to the subset of ``docs/scale.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sscard.personalize import cardnumber, ssn
from sscard.personalize.rule import PAN, SCIENTIFIC, SPREADSHEET_DATE, Rule, Setting
from sscard.personalize.rules import ROW_RULES

READ: Final = (
    *("seq", "ssn", "name", "sex", "ethnic", "birth", "card_no", "region", "issue_date", "expire_date"),
    *("birthplace", "apply_kind", "bank_code", "bank_pan", "card_id", "old_card_no"),
)
"""Columns that rules read; those a file does not have are empty texts."""

WORD: Final = 60
"""Rules in one integer of bits."""

_DATES: Final = ("birth", "issue_date", "expire_date")


def active(columns: Collection[str], leave_out: Collection[str] = ()) -> tuple[Rule, ...]:
    """The rules on ``columns``.  A kind of application may ask for an old card number that no column has."""
    return tuple(
        rule
        for rule in ROW_RULES
        if rule.id not in leave_out and (rule.column in columns or (rule.id == "KND-02" and "apply_kind" in columns))
    )


def findings_query(table: str, rules: Sequence[Rule], setting: Setting) -> str:
    """SQL for ``line, rule`` (number of the rule in ``rules``) of whatever ``table`` breaks."""
    words = [rules[start : start + WORD] for start in range(0, len(rules), WORD)]
    masks = ", ".join(f"{_bits(word, setting)} AS bits_{number}" for number, word in enumerate(words))
    numbers = ", ".join(
        f"({number}, {number // WORD}, CAST({1 << number % WORD} AS BIGINT))" for number in range(len(rules))
    )
    chosen = " ".join(f"WHEN {number} THEN f.bits_{number}" for number in range(len(words)))
    broken = " OR ".join(f"bits_{number} <> 0" for number in range(len(words)))
    return (
        f"WITH {bound(derivation(table), setting)}, "
        f"flagged AS (SELECT line, {masks} FROM derived_4), "
        f"broken AS (SELECT * FROM flagged WHERE {broken}), "
        f"rules AS (SELECT * FROM (VALUES {numbers}) AS listed(rule, word, bit)) "
        f"SELECT f.line, r.rule FROM broken AS f JOIN rules AS r ON ((CASE r.word {chosen} END) & r.bit) <> 0"
    )


def derivation(table: str) -> str:
    """The steps from the columns of ``table`` to those that the rules' expressions read, as named subqueries."""
    steps = []
    source = table
    for number, step in enumerate((_shapes(), _numbers(), _sums_and_dates(), _faults()), 1):
        columns = ", ".join(f"{expression} AS {name}" for name, expression in step.items())
        steps.append(f"derived_{number} AS (SELECT {source}.*, {columns} FROM {source})")
        source = f"derived_{number}"
    return ", ".join(steps)


def bound(sql: str, setting: Setting) -> str:
    """``sql`` with the places of the setting filled."""
    places = {
        "{region}": setting.region,
        "{demo}": str(int(setting.demo)),
        "{today}": f"{setting.today:%Y%m%d}",
        "{far}": f"{setting.farthest:%Y%m%d}",
    }
    for place, value in places.items():
        sql = sql.replace(place, value)
    return sql


def _bits(rules: Iterable[Rule], setting: Setting) -> str:
    return " + ".join(
        f"CASE WHEN {bound(rule.sql, setting)} THEN CAST({1 << number} AS BIGINT) ELSE 0 END"
        for number, rule in enumerate(rules)
    )


def _shapes() -> dict[str, str]:
    """Whether values that are calculated with have their shape."""
    shapes = {
        "ssn_ok": _like("ssn", "[0-9]{17}[0-9Xx]", 18),
        "card_no_ok": _like("card_no", "[A-Z][0-9A-Z]{8}", 9),
        "old_card_no_ok": _like("old_card_no", "[A-Z][0-9A-Z]{8}", 9),
        "bank_pan_ok": _like("bank_pan", PAN),
    }
    return {name: f"CASE WHEN {test} THEN 1 ELSE 0 END" for name, test in shapes.items()}


def _numbers() -> dict[str, str]:
    """What has its shape as numbers; dates as integers YYYYMMDD."""
    numbers = {
        "ssn_num": "CASE WHEN ssn_ok = 1 THEN CAST(SUBSTR(ssn, 1, 17) AS BIGINT) ELSE 0 END",
        "born_num": "CASE WHEN ssn_ok = 1 THEN CAST(SUBSTR(ssn, 7, 8) AS INTEGER) ELSE 0 END",
        "bank_pan_19": "SUBSTR('0000000' || bank_pan, LENGTH(bank_pan) - 11, 19)",
    }
    for column in _DATES:
        numbers[f"{column}_num"] = f"CASE WHEN {_like(column, '[0-9]{8}', 8)} THEN CAST({column} AS INTEGER) ELSE 0 END"
    return numbers


def _sums_and_dates() -> dict[str, str]:
    """Check sums (GB 11643, V2.0 notice annex A, ISO/IEC 7812) and days of the calendar; 0 for no such day.

    A sum means something only beside ``_ok``.  None stands in a CASE: engines share equal terms only outside of one.
    """
    sums = {
        "ssn_mod": _number_sum("ssn_num", ssn.WEIGHTS),
        "card_no_mod": _letter_sum("card_no", cardnumber.WEIGHTS),
        "old_card_no_mod": _letter_sum("old_card_no", cardnumber.WEIGHTS),
        "bank_pan_mod": _luhn_sum("bank_pan_19"),
    }
    return sums | {f"{column}_day": _calendar(f"{column}_num") for column in _DATES}


def _faults() -> dict[str, str]:
    """What is wrong with a column: 0 nothing, 1 shape, 2 powers of ten, 3 a spreadsheet's mark, 4 a date rewritten."""
    faults = {"born_day": _calendar("born_num")}
    for column in _DATES:
        faults[f"{column}_shape"] = _fault(column, f"{column}_day > 0", a_date=True)
    for column in ("ssn", "card_no", "old_card_no", "bank_pan"):
        faults[f"{column}_shape"] = _fault(column, f"{column}_ok = 1")
    faults["region_shape"] = _fault("region", "region = '{region}'")
    faults["card_id_shape"] = _fault("card_id", _like("card_id", "[0-9A-Fa-f]{32}", 32))
    faults["bank_code_shape"] = (
        f"CASE WHEN bank_code = '' OR ({_like('bank_code', '[0-9A-Za-z]{5}', 5)}) THEN 0 "
        f"WHEN {_like('bank_code', '[0-9]{1,4}')} THEN 2 ELSE 1 END"
    )
    return faults


def _fault(column: str, kept: str, *, a_date: bool = False) -> str:
    rewritten = f"WHEN {_like(column, SPREADSHEET_DATE)} THEN 4 " if a_date else ""
    return (
        f"CASE WHEN {column} = '' OR ({kept}) THEN 0 {rewritten}WHEN {_like(column, SCIENTIFIC)} THEN 2 "
        f"WHEN SUBSTR({column}, 1, 1) IN ('''', '=') THEN 3 ELSE 1 END"
    )


def _like(column: str, pattern: str, length: int = 0) -> str:
    """Whether the whole of a column has the pattern; its length is tested too: ``$`` may stand before a line end."""
    test = f"REGEXP_MATCHES({column}, '^(?:{pattern})$')"
    return f"LENGTH({column}) = {length} AND {test}" if length else test


def _number_sum(number: str, weights: Sequence[int]) -> str:
    """The weighted sum of a number's digits modulo 11, without taking the number apart.

    The digit at 10^k is (m[k+1] - m[k]) / 10^k, m[k] being the number modulo 10^k; modulo 11 that division is a
    multiplication by (-1)^k.  So the sum is one of m[1], m[2] … with factors from -5 to 5, and with a large multiple
    of 11 it is never below zero.
    """
    signed = [weight * (-1) ** power for power, weight in enumerate(reversed(weights))]
    factors = [(low - high + 5) % 11 - 5 for low, high in zip(signed, [*signed[1:], 0], strict=True)]
    terms = [f"MOD({number}, {10**power}) * ({factor})" for power, factor in enumerate(factors, 1)]
    return f"MOD({' + '.join(terms)} + {11 * 10 ** len(weights)}, 11)"


def _letter_sum(column: str, weights: Sequence[int]) -> str:
    """The weighted sum of digits and capitals (A is 10) modulo 11.

    A character of code c counts c - 48, a letter 7 less; 64 is in the code of letters alone, and modulo 11
    -7 = 9 * 64: hence c - 48 + 9 * (c - c modulo 64).
    """
    codes = [f"ASCII(SUBSTR({column}, {place}, 1))" for place in range(1, len(weights) + 1)]
    terms = [
        f"({code} * 10 - 48 - MOD({code}, 64) * 9) * {weight}" for code, weight in zip(codes, weights, strict=True)
    ]
    return f"MOD({' + '.join(terms)}, 11)"


def _luhn_sum(column: str) -> str:
    """Five times the Luhn sum of nineteen digits modulo 50: 0 where the sum ends with 0.

    Every second digit from the right is doubled and its digits added.  That is 2d for d < 5, else 2d - 9, which ends
    as 2d + 1 does; and what d modulo 5 leaves of d is five times that 1.
    """
    digits = [f"(ASCII(SUBSTR({column}, {place}, 1)) - 48)" for place in range(1, 20)]
    terms = [f"{digit} * 11 - MOD({digit}, 5)" if place % 2 else f"{digit} * 5" for place, digit in enumerate(digits)]
    return f"MOD({' + '.join(terms)}, 50)"


def _calendar(number: str) -> str:
    """``number`` where it is a day of the calendar, else 0; in integers, without division."""
    month = f"MOD({number}, 10000) - MOD({number}, 100)"
    year = f"({number} - MOD({number}, 10000))"
    leap = f"MOD({year}, 40000) = 0 AND (MOD({year}, 1000000) <> 0 OR MOD({year}, 4000000) = 0)"
    last = (
        f"CASE WHEN {month} < 100 OR {month} > 1200 THEN 0 WHEN {month} IN (400, 600, 900, 1100) THEN 30 "
        f"WHEN {month} <> 200 THEN 31 WHEN {leap} THEN 29 ELSE 28 END"
    )
    return f"CASE WHEN {number} >= 10000 AND MOD({number}, 100) BETWEEN 1 AND {last} THEN {number} ELSE 0 END"
