"""The rules of a batch and the matching of two files once more, in plain Python that shares no code with the package.

Whatever the package says of a file must be what this says: written from ``docs/batch.md`` with csv, dict and datetime
only, to be read beside it.  It is also the baseline of ``bench/merge.py``.  Findings are ``(line, rule, column)``.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

Finding = tuple[int, str, str]

REQUIRED = ["seq", "ssn", "name", "sex", "ethnic", "birth", "card_no", "region", "issue_date", "expire_date"]
ETHNIC = {f"{n:02d}" for n in (*range(1, 57), 97, 98, 99)}
SPANS = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83), (99, 99))
PROVINCES = {str(n) for first, last in SPANS for n in range(first, last + 1)}
LUHN_DOUBLE = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
DATE_LIKE = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?( .*)?$|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$|[1-9]\d{4}$", re.ASCII
)
POWERS = re.compile(r"\d(\.\d+)?[Ee]\+?\d+$", re.ASCII)
SEQ = re.compile(r"[1-9][0-9]{0,8}$")
UNIQUE = [("ssn", "DUP-01"), ("card_no", "DUP-02"), ("bank_pan", "DUP-03"), ("card_id", "DUP-04")]


def day_of(text: str, known: dict[str, date | None]) -> date | None:
    if text in known:
        return known[text]
    day = None
    if len(text) == 8 and all("0" <= c <= "9" for c in text):
        try:
            day = date(int(text[0:4]), int(text[4:6]), int(text[6:8]))
        except ValueError:
            day = None
    known[text] = day
    return day


def broken_by_spreadsheet(text: str) -> str:
    if POWERS.match(text):
        return "XLS-01"
    return "XLS-06" if text[0] in "'=" else ""


def digits(text: str) -> bool:
    return text.isdecimal() and text.isascii()


def characters(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    for column, value in row.items():
        if value.isascii() and value.isprintable() and (not value or (value[0] != " " and value[-1] != " ")):
            continue
        if value.lstrip() != value or value.rstrip() != value:
            yield "TXT-03", column
        if any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in value.strip()):
            yield "TXT-02", column
        if "\ufffd" in value:
            yield "TXT-04", column
        elif unicodedata.normalize("NFC", value) != value:
            yield "TXT-01", column
    for c in row.get("name", ""):
        point = ord(c)
        if "\u4e00" <= c <= "\u9fa5" or c == "·":
            continue
        if unicodedata.category(c) == "Co":
            yield "NAM-01", "name"
        elif point % 0x10000 in (0xFFFE, 0xFFFF) or 0xFDD0 <= point < 0xFDF0:
            yield "NAM-02", "name"
        elif c in ("?", "？"):
            yield "NAM-03", "name"
        elif c in "•‧∙⋅・．･":
            yield "NAM-04", "name"


def fits_card(name: str) -> str:
    """Empty where the name fits 30 + 20 bytes, else the rule it breaks."""
    sizes = [len(c.encode("gb18030", "replace")) for c in name]
    if sum(sizes) > 50:
        return "NAM-05"
    name = name.strip(" \0")
    sizes = [len(c.encode("gb18030", "replace")) for c in name]
    if sum(sizes) <= 30:
        return ""
    room, first = 30, 0
    while room >= sizes[first]:
        room -= sizes[first]
        first += 1
    while name[first - 1] in " \0":
        first -= 1
    return "NAM-06" if sum(sizes[first:]) > 20 else ""


def citizen(row: dict[str, str], issued: date | None, days: dict[str, date | None]) -> Iterator[tuple[str, str]]:
    number = row["ssn"]
    if not (len(number) == 18 and digits(number[:17]) and number[17] in "0123456789xX"):
        yield broken_by_spreadsheet(number) or "SSN-01", "ssn"
        return
    if number[17] == "x":
        yield "SSN-04", "ssn"
    total = 0
    for weight, c in zip((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), number):
        total += weight * (ord(c) - 48)
    right = "10X98765432"[total % 11] == number[17].upper()
    tail = number[15:] == "000"
    if not right:
        yield ("XLS-02" if tail else "SSN-03"), "ssn"
    elif tail:
        yield "XLS-05", "ssn"
    if number[:2] not in PROVINCES:
        yield "SSN-09", "ssn"
    if row.get("sex") in {"1", "2"} and row["sex"] != ("1" if number[16] in "13579" else "2"):
        yield "SSN-06", "ssn"
    born = day_of(number[6:14], days)
    if born is None:
        yield "SSN-02", "ssn"
        return
    birth = day_of(row.get("birth", ""), days)
    if birth is not None and birth != born:
        yield "SSN-05", "ssn"
    if issued is not None:
        if born > issued:
            yield "SSN-07", "ssn"
        elif issued.year - born.year - (issued.timetuple()[1:3] < born.timetuple()[1:3]) > 130:
            yield "SSN-08", "ssn"


def date_rule(value: str, rule: str) -> str:
    return "XLS-04" if DATE_LIKE.match(value) else broken_by_spreadsheet(value) or rule


def card_number(value: str, column: str) -> Iterator[tuple[str, str]]:
    if not (len(value) == 9 and "A" <= value[0] <= "Z" and all("0" <= c <= "9" or "A" <= c <= "Z" for c in value)):
        yield broken_by_spreadsheet(value) or "CRD-01", column
        return
    total = sum(int(c, 36) * w for c, w in zip(value, (3, 7, 9, 10, 5, 8, 4, 2)))
    check = 11 - total % 11
    if value[8] != ("0" if check == 11 else "X" if check == 10 else str(check)):
        yield "CRD-02", column


def values(
    row: dict[str, str], region: str, demo: bool, today: date, days: dict[str, date | None]
) -> Iterator[tuple[str, str]]:
    get = row.get
    for column in REQUIRED:
        if column in row and not row[column]:
            yield "FLD-01", column
    issue, expire = get("issue_date", ""), get("expire_date", "")
    issued, expires = day_of(issue, days), day_of(expire, days)
    if issue and issued is None:
        yield date_rule(issue, "DAT-01"), "issue_date"
    number = get("ssn", "")
    if number:
        yield from citizen(row, issued, days)
    name = get("name", "")
    if name and (rule := fits_card(name) if len(name) > 7 or not name.isprintable() else ""):
        yield rule, "name"
    if get("sex") and row["sex"] not in {"1", "2"}:
        yield "SEX-01", "sex"
    ethnic = get("ethnic", "")
    if ethnic and ethnic not in ETHNIC:
        yield ("XLS-03" if "0" + ethnic in ETHNIC else "ETH-01"), "ethnic"
    bank = get("bank_code", "")
    if bank and not (len(bank) == 5 and bank.isascii() and bank.isalnum()):
        yield ("XLS-03" if digits(bank) and len(bank) < 5 else "BNK-01"), "bank_code"
    place = get("birthplace", "")
    if place and not (len(place) == 6 and digits(place)):
        yield "POB-01", "birthplace"
    card_id = get("card_id", "")
    if card_id and not (len(card_id) == 32 and not set(card_id) - set("0123456789abcdefABCDEF")):
        yield broken_by_spreadsheet(card_id) or "CID-01", "card_id"
    kind = get("apply_kind", "")
    if kind not in {"", "new", "replace", "renew"}:
        yield "KND-01", "apply_kind"
    elif kind in {"replace", "renew"} and not get("old_card_no"):
        yield "KND-02", "old_card_no"
    for column in ("card_no", "old_card_no"):
        if get(column):
            yield from card_number(row[column], column)
    if get("region") and row["region"] != region:
        yield broken_by_spreadsheet(row["region"]) or "RGN-01", "region"
    birth = get("birth", "")
    if birth and day_of(birth, days) is None:
        yield date_rule(birth, "BIR-01"), "birth"
    if expire and expires is None:
        yield date_rule(expire, "DAT-02"), "expire_date"
    if issued and issued - today > timedelta(days=366):
        yield "DAT-05", "issue_date"
    if expires and issued and expires <= issued:
        yield "DAT-03", "expire_date"
    elif expires and expires <= today:
        yield "DAT-04", "expire_date"
    pan = get("bank_pan", "")
    if pan:
        if not (digits(pan) and 12 <= len(pan) <= 19):
            yield broken_by_spreadsheet(pan) or "PAN-01", "bank_pan"
        else:
            total = sum(map(int, pan[-1::-2])) + sum(LUHN_DOUBLE[int(c)] for c in pan[-2::-2])
            cut = len(pan) > 15 and set(pan[15:]) == {"0"}
            if total % 10:
                yield ("XLS-02" if cut else "PAN-02"), "bank_pan"
            elif cut and len(pan) >= 18:
                yield "XLS-05", "bank_pan"
    number_ok = len(number) == 18 and digits(number[:17]) and number[17] in "0123456789xX"
    card = get("card_no", "")
    card_ok = len(card) == 9 and card.isascii() and card.isalnum() and card.upper() == card and card[0].isalpha()
    for column, wrong, ok, mark in (
        ("ssn", "DEM-01", number_ok, "99"),
        ("name", "DEM-02", bool(name), "测试"),
        ("card_no", "DEM-03", card_ok, "T"),
    ):
        if ok and demo != (get(column, "").startswith(mark)):
            yield (wrong if demo else "DEM-04"), column


def judge(path: Path, region: str, demo: bool, today: date) -> tuple[list[Finding], dict[str, dict[str, list[int]]]]:
    """Findings of a canonical CSV file in UTF-8, and for each column that is unique: value → lines."""
    found: list[Finding] = []
    days: dict[str, date | None] = {}
    seen: dict[str, dict[str, list[int]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        expected = 1
        for row in reader:
            line = reader.line_num
            if "seq" in row:
                seq = row["seq"]
                if not SEQ.match(seq):
                    if seq:
                        found.append((line, "SEQ-01", "seq"))
                    expected += 1
                else:
                    if int(seq) != expected:
                        found.append((line, "SEQ-02" if int(seq) > expected else "SEQ-03", "seq"))
                    expected = int(seq) + 1
            for rule, column in characters(row):
                found.append((line, rule, column))
            for rule, column in values(row, region, demo, today, days):
                found.append((line, rule, column))
            for column, rule in UNIQUE:
                value = row.get(column)
                if value:
                    lines = seen.setdefault(column, {}).setdefault(value.upper(), [])
                    if lines:
                        found.append((line, rule, column))
                    lines.append(line)
    return found, seen


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row


def match(ss: Path, bank: Path, key: str) -> dict[tuple[int | None, int | None], str]:
    """Lines of both files → merged, conflict, only-ss, only-bank; the key is unique in both."""
    there = {row[key].upper(): (line, row) for line, row in rows_of(bank)}
    classes: dict[tuple[int | None, int | None], str] = {}
    for line, row in rows_of(ss):
        other = there.pop(row[key].upper(), None)
        if other is None:
            classes[line, None] = "only-ss"
            continue
        shared = [column for column in row if column in other[1] and column not in ("seq", key)]
        differ = any(row[c] and other[1][c] and row[c] != other[1][c] for c in shared)
        classes[line, other[0]] = "conflict" if differ else "merged"
    for line, _ in there.values():
        classes[None, line] = "only-bank"
    return classes


def merge(ss: Path, bank: Path, key: str, out: Path) -> dict[str, int]:
    """Match two files and write what ``sscard merge`` writes; returns the rows of each kind."""
    bank_rows = {row[key].upper(): (line, row) for line, row in rows_of(bank)}
    ss_columns, bank_columns = (list(next(rows_of(path))[1]) for path in (ss, bank))
    columns = ss_columns + [column for column in bank_columns if column not in ss_columns]
    counts = dict.fromkeys(("merged", "conflict", "only-ss", "only-bank"), 0)
    with (
        (out / "merged.csv").open("w", encoding="utf-8", newline="") as merged,
        (out / "only-ss.csv").open("w", encoding="utf-8", newline="") as only_ss,
        (out / "only-bank.csv").open("w", encoding="utf-8", newline="") as only_bank,
        (out / "conflicts.csv").open("w", encoding="utf-8", newline="") as conflicts,
    ):
        files = {name: csv.writer(file) for name, file in zip(counts, (merged, conflicts, only_ss, only_bank))}
        files["merged"].writerow([*columns, "ss_line", "bank_line"])
        for line, row in rows_of(ss):
            other = bank_rows.pop(row[key].upper(), None)
            if other is None:
                kind, values_ = "only-ss", [line, *row.values()]
            else:
                shared = [c for c in ss_columns if c in other[1] and c not in ("seq", key)]
                differ = [c for c in shared if row[c] and other[1][c] and row[c] != other[1][c]]
                kind = "conflict" if differ else "merged"
                whole = {**other[1], **{c: v for c, v in row.items() if v}}
                whole["seq"] = str(counts["merged"] + 1)
                values_ = (
                    [line, other[0], " ".join(differ)] if differ else [whole[c] for c in columns] + [line, other[0]]
                )
            counts[kind] += 1
            files[kind].writerow(values_)
        for line, row in bank_rows.values():
            counts["only-bank"] += 1
            files["only-bank"].writerow([line, *row.values()])
    return counts
