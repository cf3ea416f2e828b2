"""Rules on the person of a row: number, dates of life, sex, ethnic group, name.

Sources: GB 11643 (citizen numbers), the code tables of the V2.0 notice (sex, ethnic group), GB/T 2260 (regions).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sscard.cos import names
from sscard.personalize import ssn
from sscard.personalize.rule import Fields, Row, Rule, Setting, misshapen

ETHNIC_CODES: Final = frozenset(f"{code:02d}" for code in (*range(1, 57), 97, 98, 99))
OLDEST_AGE: Final = 130

_SINGLE_DIGITS: Final = "123456789"


def listed(values: Iterable[str]) -> str:
    """Texts as an SQL list, in order; the texts are codes of ours and hold no quotes."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def _length(row: Row, _setting: Setting) -> Fields:
    return {"length": len(row["ssn"])}


def _lower_x(row: Row, _setting: Setting) -> Fields | None:
    return {} if row.number_ok and row["ssn"].endswith("x") else None


def _wrong_check(row: Row) -> str:
    """The character that should stand at the end of the number; empty where it does."""
    if not row.number_ok:
        return ""
    expected = ssn.check_character(row["ssn"][:17])
    return "" if expected == row["ssn"][17].upper() else expected


def _cut_number(row: Row, _setting: Setting) -> Fields | None:
    expected = _wrong_check(row) if row["ssn"].endswith("000") else ""
    return {"expected": expected} if expected else None


def _check_character(row: Row, _setting: Setting) -> Fields | None:
    expected = "" if row["ssn"].endswith("000") else _wrong_check(row)
    return {"expected": expected} if expected else None


def _round_number(row: Row, _setting: Setting) -> Fields | None:
    return {} if row.number_ok and row["ssn"].endswith("000") and not _wrong_check(row) else None


def _province(row: Row, _setting: Setting) -> Fields | None:
    prefix = row["ssn"][:2]
    known = not row.number_ok or prefix in ssn.PROVINCES or prefix == ssn.DEMO_PREFIX
    return None if known else {"prefix": prefix}


def _sex_of_number(row: Row, _setting: Setting) -> Fields | None:
    sex = row["sex"]
    if not row.number_ok or sex not in ("1", "2") or sex == ssn.sex_code(row["ssn"]):
        return None
    return {"sex": sex, "expected": ssn.sex_code(row["ssn"])}


def _born(row: Row, _setting: Setting) -> Fields | None:
    return {} if row.number_ok and row.born is None else None


def _other_birth(row: Row, _setting: Setting) -> Fields | None:
    return {} if row.born and row.birth and row.birth != row.born else None


def _unborn(row: Row, _setting: Setting) -> Fields | None:
    return {} if row.born and row.issued and row.born > row.issued else None


def _too_old(row: Row, _setting: Setting) -> Fields | None:
    if not row.born or not row.issued or row.born > row.issued:
        return None
    age = ssn.age_on(row.born, row.issued)
    return {"age": age, "limit": OLDEST_AGE} if age > OLDEST_AGE else None


def _name_too_long(row: Row, _setting: Setting) -> Fields | None:
    size, _ = row.name_sizes
    return {"size": size, "limit": names.TOTAL_SIZE} if size > names.TOTAL_SIZE else None


def _name_unsplit(row: Row, _setting: Setting) -> Fields | None:
    size, tail = row.name_sizes
    return {"size": size} if size <= names.TOTAL_SIZE and tail > names.REST_SIZE else None


def _sex(row: Row, _setting: Setting) -> Fields | None:
    return {} if row["sex"] not in ("", "1", "2") else None


def _ethnic_cut(row: Row, _setting: Setting) -> Fields | None:
    ethnic = row["ethnic"]
    return {"expected": f"0{ethnic}"} if len(ethnic) == 1 and ethnic in _SINGLE_DIGITS else None


def _ethnic(row: Row, setting: Setting) -> Fields | None:
    ethnic = row["ethnic"]
    known = not ethnic or ethnic in ETHNIC_CODES or _ethnic_cut(row, setting) is not None
    return None if known else {"expected": ethnic.zfill(2)}


_ROUND: Final = "SUBSTR(ssn, 16, 3) = '000'"
_WRONG: Final = "ssn_ok = 1 AND SUBSTR('10X98765432', ssn_mod + 1, 1) <> UPPER(SUBSTR(ssn, 18, 1))"
_RIGHT: Final = "ssn_ok = 1 AND SUBSTR('10X98765432', ssn_mod + 1, 1) = UPPER(SUBSTR(ssn, 18, 1))"
_OF_NUMBER: Final = "CASE WHEN MOD(ASCII(SUBSTR(ssn, 17, 1)), 2) = 1 THEN '1' ELSE '2' END"

NUMBER: Final = (
    *misshapen("ssn", "SSN-01", lambda row, _setting: row.number_ok, _length),
    Rule("SSN-04", "ssn", _lower_x, "ssn_ok = 1 AND SUBSTR(ssn, 18, 1) = 'x'"),
    Rule("XLS-02", "ssn", _cut_number, f"{_WRONG} AND {_ROUND}"),
    Rule("SSN-03", "ssn", _check_character, f"{_WRONG} AND NOT {_ROUND}"),
    Rule("XLS-05", "ssn", _round_number, f"{_RIGHT} AND {_ROUND}"),
    Rule(
        "SSN-09",
        "ssn",
        _province,
        f"ssn_ok = 1 AND SUBSTR(ssn, 1, 2) NOT IN ({listed(ssn.PROVINCES | {ssn.DEMO_PREFIX})})",
    ),
    Rule("SSN-06", "ssn", _sex_of_number, f"ssn_ok = 1 AND sex IN ('1', '2') AND sex <> {_OF_NUMBER}"),
    Rule("SSN-02", "ssn", _born, "ssn_ok = 1 AND born_day = 0"),
    Rule("SSN-05", "ssn", _other_birth, "born_day > 0 AND birth_day > 0 AND birth_day <> born_day"),
    Rule("SSN-07", "ssn", _unborn, "born_day > 0 AND issue_date_day > 0 AND born_day > issue_date_day"),
    Rule(
        "SSN-08",
        "ssn",
        _too_old,
        f"born_day > 0 AND issue_date_day > 0 AND issue_date_day - born_day >= {(OLDEST_AGE + 1) * 10000}",
    ),
)
NAME: Final = (
    Rule("NAM-05", "name", _name_too_long, f"name_gb > {names.TOTAL_SIZE}"),
    Rule("NAM-06", "name", _name_unsplit, f"name_gb <= {names.TOTAL_SIZE} AND name_tail > {names.REST_SIZE}"),
)
CODES: Final = (
    Rule("SEX-01", "sex", _sex, "sex NOT IN ('', '1', '2')"),
    Rule("XLS-03", "ethnic", _ethnic_cut, f"ethnic IN ({listed(_SINGLE_DIGITS)})"),
    Rule(
        "ETH-01",
        "ethnic",
        _ethnic,
        f"ethnic NOT IN ({listed({'', *ETHNIC_CODES, *_SINGLE_DIGITS})})",
    ),
)
BIRTH: Final = tuple(misshapen("birth", "BIR-01", lambda row, _setting: row.birth is not None))
