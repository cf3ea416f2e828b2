"""Rules on the card of a row: card number, region, days, kind of application, bank card, marks of demonstration.

Sources: V2.0 notice annex A (card numbers), ISO/IEC 7812 (Luhn digit), GB/T 2260 (regions).
"""

from __future__ import annotations

import re
from typing import Final

from sscard.personalize import cardnumber, ssn
from sscard.personalize.rule import Broken, Fields, Row, Rule, Setting, is_card_id, misshapen
from sscard.personalize.rules_person import listed

DEMO_NAME: Final = "测试"
APPLY_KINDS: Final = ("new", "replace", "renew")
_OF_AN_OLDER_CARD: Final = ("replace", "renew")

_BANK_CODE: Final = re.compile(r"[0-9A-Za-z]{5}")
_SHORT_CODE: Final = re.compile(r"[0-9]{1,4}")
_BIRTHPLACE: Final = re.compile(r"[0-9]{6}")


def _bank_code_cut(row: Row, _setting: Setting) -> Fields | None:
    code = row["bank_code"]
    return {"expected": code.zfill(5)} if _SHORT_CODE.fullmatch(code) else None


def _bank_code(row: Row, setting: Setting) -> Fields | None:
    code = row["bank_code"]
    kept = not code or _BANK_CODE.fullmatch(code) or _bank_code_cut(row, setting) is not None
    return None if kept else {"expected": code.zfill(5)}


def _birthplace(row: Row, _setting: Setting) -> Fields | None:
    place = row["birthplace"]
    return {"expected": place.zfill(5)} if place and not _BIRTHPLACE.fullmatch(place) else None


def _kind(row: Row, _setting: Setting) -> Fields | None:
    return {"allowed": ", ".join(APPLY_KINDS)} if row["apply_kind"] not in ("", *APPLY_KINDS) else None


def _old_card(row: Row, _setting: Setting) -> Fields | None:
    kind = row["apply_kind"]
    return {"kind": kind} if kind in _OF_AN_OLDER_CARD and not row["old_card_no"] else None


def _check_character(column: str) -> Broken:
    def broken(row: Row, _setting: Setting) -> Fields | None:
        number = row[column]
        if not cardnumber.has_shape(number):
            return None
        expected = cardnumber.check_character(number[:8])
        return {"expected": expected} if expected != number[8] else None

    return broken


def _card_no(row: Row, _setting: Setting) -> bool:
    return row.card_ok


def _old_card_no(row: Row, _setting: Setting) -> bool:
    return cardnumber.has_shape(row["old_card_no"])


def _of_region(row: Row, setting: Setting) -> bool:
    return row["region"] == setting.region


def _region_of_workspace(_row: Row, setting: Setting) -> Fields:
    return {"expected": setting.region}


def _far_issue(row: Row, setting: Setting) -> Fields | None:
    return {} if row.issued and row.issued > setting.farthest else None


def _expires_first(row: Row, _setting: Setting) -> Fields | None:
    return {} if row.issued and row.expires and row.expires <= row.issued else None


def _expired(row: Row, setting: Setting) -> Fields | None:
    first = _expires_first(row, setting) is not None
    return {} if row.expires and not first and row.expires <= setting.today else None


def _pan_length(row: Row, _setting: Setting) -> Fields:
    return {"length": len(row["bank_pan"])}


def _pan_cut(pan: str) -> bool:
    return len(pan) > 15 and not pan[15:].strip("0")


def _wrong_luhn(row: Row) -> bool:
    pan = row["bank_pan"]
    return row.pan_ok and cardnumber.luhn_digit(pan[:-1]) != pan[-1]


def _cut_pan(row: Row, _setting: Setting) -> Fields | None:
    return {"expected": ""} if _wrong_luhn(row) and _pan_cut(row["bank_pan"]) else None


def _luhn(row: Row, _setting: Setting) -> Fields | None:
    return {"expected": ""} if _wrong_luhn(row) and not _pan_cut(row["bank_pan"]) else None


def _round_pan(row: Row, _setting: Setting) -> Fields | None:
    pan = row["bank_pan"]
    return {} if row.pan_ok and len(pan) >= 18 and _pan_cut(pan) and not _wrong_luhn(row) else None


def _marked(rule: str, column: str, mark: str, judged: str) -> list[Rule]:
    """Synthetic and real people never share a batch; a value without its shape is an error already."""

    def applies(row: Row) -> bool:
        return {"ssn": row.number_ok, "card_no": row.card_ok, "name": bool(row["name"])}[column]

    def demo(row: Row, setting: Setting) -> Fields | None:
        wrong = setting.demo and applies(row) and not row[column].startswith(mark)
        return {"mark": mark} if wrong else None

    def production(row: Row, setting: Setting) -> Fields | None:
        wrong = not setting.demo and applies(row) and row[column].startswith(mark)
        return {"mark": mark} if wrong else None

    begins = f"SUBSTR({column}, 1, {len(mark)})"
    return [
        Rule(rule, column, demo, f"{{demo}} = 1 AND {judged} AND {begins} <> '{mark}'"),
        Rule("DEM-04", column, production, f"{{demo}} = 0 AND {judged} AND {begins} = '{mark}'"),
    ]


def _wrong_check(column: str) -> str:
    return f"{column}_ok = 1 AND SUBSTR('0X987654321', {column}_mod + 1, 1) <> SUBSTR({column}, 9, 1)"


_PAN_CUT: Final = "LENGTH(bank_pan) > 15 AND REPLACE(SUBSTR(bank_pan, 16, 4), '0', '') = ''"

ISSUE: Final = tuple(misshapen("issue_date", "DAT-01", lambda row, _setting: row.issued is not None))
CODES: Final = (
    Rule("XLS-03", "bank_code", _bank_code_cut, "bank_code_shape = 2"),
    Rule("BNK-01", "bank_code", _bank_code, "bank_code_shape = 1"),
    Rule(
        "POB-01",
        "birthplace",
        _birthplace,
        "birthplace <> '' AND NOT (LENGTH(birthplace) = 6 AND REGEXP_MATCHES(birthplace, '^[0-9]{6}$'))",
    ),
    *misshapen("card_id", "CID-01", is_card_id),
    Rule("KND-01", "apply_kind", _kind, f"apply_kind NOT IN ({listed({'', *APPLY_KINDS})})"),
    Rule("KND-02", "old_card_no", _old_card, f"apply_kind IN ({listed(_OF_AN_OLDER_CARD)}) AND old_card_no = ''"),
)
CARD: Final = (
    *misshapen("card_no", "CRD-01", _card_no),
    Rule("CRD-02", "card_no", _check_character("card_no"), _wrong_check("card_no")),
    *misshapen("old_card_no", "CRD-01", _old_card_no),
    Rule("CRD-02", "old_card_no", _check_character("old_card_no"), _wrong_check("old_card_no")),
    *misshapen("region", "RGN-01", _of_region, _region_of_workspace),
)
EXPIRY: Final = (
    *misshapen("expire_date", "DAT-02", lambda row, _setting: row.expires is not None),
    Rule("DAT-05", "issue_date", _far_issue, "issue_date_day > {far}"),
    Rule(
        "DAT-03",
        "expire_date",
        _expires_first,
        "issue_date_day > 0 AND expire_date_day > 0 AND expire_date_day <= issue_date_day",
    ),
    Rule(
        "DAT-04",
        "expire_date",
        _expired,
        "expire_date_day > 0 AND expire_date_day <= {today} "
        "AND (issue_date_day = 0 OR expire_date_day > issue_date_day)",
    ),
)
BANK: Final = (
    *misshapen("bank_pan", "PAN-01", lambda row, _setting: row.pan_ok, _pan_length),
    Rule("XLS-02", "bank_pan", _cut_pan, f"bank_pan_ok = 1 AND bank_pan_mod <> 0 AND {_PAN_CUT}"),
    Rule("PAN-02", "bank_pan", _luhn, f"bank_pan_ok = 1 AND bank_pan_mod <> 0 AND NOT ({_PAN_CUT})"),
    Rule(
        "XLS-05",
        "bank_pan",
        _round_pan,
        f"bank_pan_ok = 1 AND bank_pan_mod = 0 AND LENGTH(bank_pan) >= 18 AND {_PAN_CUT}",
    ),
)
DEMO: Final = (
    *_marked("DEM-01", "ssn", ssn.DEMO_PREFIX, "ssn_ok = 1"),
    *_marked("DEM-02", "name", DEMO_NAME, "name <> ''"),
    *_marked("DEM-03", "card_no", cardnumber.DEMO_PREFIX, "card_no_ok = 1"),
)
