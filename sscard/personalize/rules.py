"""The rules one row of a batch must keep, field by field; ``docs/batch.md`` lists them by id.

Sources: GB 11643 (citizen numbers), the code tables of the V2.0 notice (sex, ethnic group), GB/T 2260 (regions),
and for damaged numbers the habits of spreadsheets: 15 significant digits, no leading zeros, dates as serials.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from sscard.cos import names
from sscard.personalize import cardnumber, ssn
from sscard.personalize.columns import CARD_ID, REQUIRED
from sscard.personalize.findings import Finding
from sscard.personalize.masking import mask

DEMO_NAME: Final = "测试"
ETHNIC_CODES: Final = frozenset(f"{code:02d}" for code in (*range(1, 57), 97, 98, 99))
APPLY_KINDS: Final = ("new", "replace", "renew")
OLDEST_AGE: Final = 130
FARTHEST_ISSUE_DAYS: Final = 366

_SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_SPREADSHEET_DATE: Final = re.compile(
    r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?(?: .*)?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[1-9][0-9]{4}"
)
_PLAIN_NAME: Final = re.compile(r"[\u4e00-\u9fa5A-Za-z·' .-]+")
_LOOK_ALIKES: Final = "\u2022\u2027\u2219\u22c5\u30fb\uff0e\uff65"
_CODES: Final = {"bank_code": re.compile(r"[0-9A-Za-z]{5}"), "birthplace": re.compile(r"[0-9]{6}")}
_CODE_RULES: Final = {"bank_code": "BNK-01", "birthplace": "POB-01"}

parse_date = lru_cache(maxsize=4096)(ssn.parse_date)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a row is judged against: the region of the workspace, demo or production, and the day of the check."""

    region: str
    demo: bool
    today: date


@dataclass(slots=True)
class Row:
    """The values of one line by canonical column, and what has been found in it so far."""

    file: str
    line: int
    values: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def add(self, rule: str, column: str, **fields: str | int) -> None:
        """Note that the value of ``column`` breaks ``rule``."""
        self.findings.append(Finding(self.file, self.line, column, rule, mask(column, self[column]), fields))


def check_row(row: Row, setting: Setting) -> None:
    """Add to ``row.findings`` whatever the row breaks.  Order of rows and duplicates are judged elsewhere."""
    _texts(row)
    for column in REQUIRED:
        if not row[column]:
            row.add("FLD-01", column, name=column)
    issued = _day(row, "issue_date", "DAT-01")
    if row["ssn"]:
        _number(row, issued)
    if row["name"]:
        _name(row)
    _codes(row)
    _card(row, setting)
    _dates(row, issued, setting.today)
    _bank(row)
    _demo(row, setting.demo)


def _texts(row: Row) -> None:
    """Every value: no blanks around it, nothing invisible in it, NFC, no mark of lost characters."""
    for column, value in row.values.items():
        if value.isascii() and value.isprintable() and value == value.strip():
            continue
        if value != value.strip():
            row.add("TXT-03", column)
        if not value.isprintable():
            for character in value.strip():
                if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
                    row.add("TXT-02", column, code=f"U+{ord(character):04X}")
                    break
        if "\ufffd" in value:
            row.add("TXT-04", column)
        elif not unicodedata.is_normalized("NFC", value):
            row.add("TXT-01", column, code=_first_denormal(value))


def _first_denormal(value: str) -> str:
    """Code point of the first character that NFC changes by itself, else of the first combining mark."""
    for character in value:
        if not unicodedata.is_normalized("NFC", character):
            return f"U+{ord(character):04X}"
    return next((f"U+{ord(c):04X}" for c in value if unicodedata.combining(c)), f"U+{ord(value[0]):04X}")


def _damage(value: str) -> str | None:
    """The rule that a number broken by a spreadsheet falls under."""
    if _SCIENTIFIC.fullmatch(value):
        return "XLS-01"
    return "XLS-06" if value.startswith(("'", "=")) else None


def _number(row: Row, issued: date | None) -> None:
    number = row["ssn"]
    if not ssn.has_shape(number):
        row.add(_damage(number) or "SSN-01", "ssn", length=len(number))
        return
    if number.endswith("x"):
        row.add("SSN-04", "ssn")
    expected = ssn.check_character(number[:17])
    if expected != number[17].upper():
        row.add("XLS-02" if number.endswith("000") else "SSN-03", "ssn", expected=expected)
    elif number.endswith("000"):
        row.add("XLS-05", "ssn")
    if number[:2] not in ssn.PROVINCES and not number.startswith(ssn.DEMO_PREFIX):
        row.add("SSN-09", "ssn", prefix=number[:2])
    if row["sex"] in ("1", "2") and row["sex"] != ssn.sex_code(number):
        row.add("SSN-06", "ssn", sex=row["sex"], expected=ssn.sex_code(number))
    born = parse_date(ssn.birth_text(number))
    if born is None:
        row.add("SSN-02", "ssn")
        return
    if parse_date(row["birth"]) not in (None, born):
        row.add("SSN-05", "ssn")
    if issued is not None:
        age = ssn.age_on(born, issued)
        if born > issued:
            row.add("SSN-07", "ssn")
        elif age > OLDEST_AGE:
            row.add("SSN-08", "ssn", age=age, limit=OLDEST_AGE)


def _name(row: Row) -> None:
    name = row["name"]
    if not _PLAIN_NAME.fullmatch(name):
        for position, character in enumerate(name, 1):
            if rule := _name_rule(character):
                row.add(rule, "name", code=f"U+{ord(character):04X}", position=position)
    size = len(name.encode(names.ENCODING, "replace"))
    if size > names.TOTAL_SIZE:
        row.add("NAM-05", "name", size=size, limit=names.TOTAL_SIZE)
        return
    try:
        names.split_name(name.strip(" \0"))
    except ValueError:
        row.add("NAM-06", "name", size=size)


def _name_rule(character: str) -> str | None:
    code = ord(character)
    if unicodedata.category(character) == "Co":
        return "NAM-01"
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return "NAM-02"
    if character in "?？":
        return "NAM-03"
    return "NAM-04" if character in _LOOK_ALIKES else None


def _codes(row: Row) -> None:
    sex, ethnic = row["sex"], row["ethnic"]
    if sex and sex not in ("1", "2"):
        row.add("SEX-01", "sex")
    if ethnic and ethnic not in ETHNIC_CODES:
        lost_zero = len(ethnic) == 1 and f"0{ethnic}" in ETHNIC_CODES
        row.add("XLS-03" if lost_zero else "ETH-01", "ethnic", expected=ethnic.zfill(2))
    for column, shape in _CODES.items():
        value = row[column]
        if value and not shape.fullmatch(value):
            lost_zero = column == "bank_code" and value.isascii() and value.isdigit() and len(value) < 5
            row.add("XLS-03" if lost_zero else _CODE_RULES[column], column, expected=value.zfill(5))
    if row["card_id"] and not CARD_ID.fullmatch(row["card_id"]):
        row.add(_damage(row["card_id"]) or "CID-01", "card_id")
    kind = row["apply_kind"]
    if kind and kind not in APPLY_KINDS:
        row.add("KND-01", "apply_kind", allowed=", ".join(APPLY_KINDS))
    elif kind in ("replace", "renew") and not row["old_card_no"]:
        row.add("KND-02", "old_card_no", kind=kind)


def _card(row: Row, setting: Setting) -> None:
    for column in ("card_no", "old_card_no"):
        number = row[column]
        if not number:
            continue
        if not cardnumber.has_shape(number):
            row.add(_damage(number) or "CRD-01", column)
        elif (expected := cardnumber.check_character(number[:8])) != number[8]:
            row.add("CRD-02", column, expected=expected)
    if row["region"] and row["region"] != setting.region:
        row.add(_damage(row["region"]) or "RGN-01", "region", expected=setting.region)


def _day(row: Row, column: str, rule: str) -> date | None:
    value = row[column]
    day = parse_date(value)
    if value and day is None:
        row.add("XLS-04" if _SPREADSHEET_DATE.fullmatch(value) else _damage(value) or rule, column)
    return day


def _dates(row: Row, issued: date | None, today: date) -> None:
    _day(row, "birth", "BIR-01")
    expires = _day(row, "expire_date", "DAT-02")
    if issued is not None and (issued - today).days > FARTHEST_ISSUE_DAYS:
        row.add("DAT-05", "issue_date")
    if expires is None:
        return
    if issued is not None and expires <= issued:
        row.add("DAT-03", "expire_date")
    elif expires <= today:
        row.add("DAT-04", "expire_date")


def _bank(row: Row) -> None:
    pan = row["bank_pan"]
    if not pan:
        return
    if not (pan.isascii() and pan.isdigit() and 12 <= len(pan) <= 19):
        row.add(_damage(pan) or "PAN-01", "bank_pan", length=len(pan))
        return
    cut = len(pan) > 15 and not pan[15:].strip("0")
    if cardnumber.luhn_digit(pan[:-1]) != pan[-1]:
        row.add("XLS-02" if cut else "PAN-02", "bank_pan", expected="")
    elif cut and len(pan) >= 18:
        row.add("XLS-05", "bank_pan")


def _demo(row: Row, demo: bool) -> None:
    """Synthetic and real people never share a batch; values without their shape are errors already."""
    number, name, card_no = row["ssn"], row["name"], row["card_no"]
    marks = (
        ("ssn", ssn.DEMO_PREFIX, "DEM-01", ssn.has_shape(number)),
        ("name", DEMO_NAME, "DEM-02", bool(name)),
        ("card_no", cardnumber.DEMO_PREFIX, "DEM-03", cardnumber.has_shape(card_no)),
    )
    for column, mark, rule, judged in marks:
        if judged and row[column].startswith(mark) != demo:
            row.add(rule if demo else "DEM-04", column, mark=mark)
