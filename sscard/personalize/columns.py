"""The columns of a batch: canonical names, the names senders use for them, and how a header line is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sscard.personalize import cardnumber
from sscard.personalize.masking import mask_text, printable

REQUIRED: Final = (
    "seq",
    "ssn",
    "name",
    "sex",
    "ethnic",
    "birth",
    "card_no",
    "region",
    "issue_date",
    "expire_date",
)

OPTIONAL: Final = (
    "birthplace",
    "apply_kind",
    "bank_code",
    "bank_pan",
    "card_id",
    "id_type",
    "district",
    "agency",
    "old_card_no",
    "reason",
    "photo",
    "mobile",
    "address",
    "postcode",
    "email",
    "employer_id",
    "employer",
    "guardian_name",
    "guardian_id_type",
    "guardian_id",
    "guardian_relation",
    "box",
    "slot",
    "origin",
    "account",
    "bank_account",
    "ss_line",
    "bank_line",
)

FIELDS: Final = frozenset(REQUIRED + OPTIONAL)
"""All canonical names."""

ALIASES: Final[dict[str, str]] = {
    "序号": "seq",
    "社会保障号": "ssn",
    "社会保障号码": "ssn",
    "证件号码": "ssn",
    "aac002": "ssn",
    "shbzhm": "ssn",
    "yxzjhm": "ssn",
    "证件类型": "id_type",
    "yxzjlx": "id_type",
    "zjlx": "id_type",
    "姓名": "name",
    "aac003": "name",
    "xm": "name",
    "性别": "sex",
    "aac004": "sex",
    "xb": "sex",
    "民族": "ethnic",
    "aac005": "ethnic",
    "mz": "ethnic",
    "出生日期": "birth",
    "aac006": "birth",
    "csrq": "birth",
    "出生地": "birthplace",
    "卡号": "card_no",
    "社保卡号": "card_no",
    "社会保障卡卡号": "card_no",
    "aaz500": "card_no",
    "kh": "card_no",
    "sbkh": "card_no",
    "卡识别码": "card_id",
    "行政区划代码": "region",
    "城市代码": "region",
    "aab301": "region",
    "xzqhdm": "region",
    "所属区县": "district",
    "经办机构": "agency",
    "jgbh": "agency",
    "发卡日期": "issue_date",
    "卡有效期": "expire_date",
    "有效期至": "expire_date",
    "申请类别": "apply_kind",
    "zklb": "apply_kind",
    "原卡号": "old_card_no",
    "补换原因": "reason",
    "bhkyy": "reason",
    "服务银行": "bank_code",
    "yhbh": "bank_code",
    "银行卡号": "bank_pan",
    "kctzh": "bank_pan",
    "kxpzh": "bank_pan",
    "相片": "photo",
    "zp": "photo",
    "联系手机": "mobile",
    "通讯地址": "address",
    "邮政编码": "postcode",
    "电子邮箱": "email",
    "单位编号": "employer_id",
    "单位名称": "employer",
    "监护人姓名": "guardian_name",
    "监护人证件类型": "guardian_id_type",
    "监护人证件号码": "guardian_id",
    "监护人关系": "guardian_relation",
    "装箱位置": "slot",
    "个人帐户": "account",
    "个人账户": "account",
    "金融帐户": "bank_account",
    "金融账户": "bank_account",
    "社保文件行号": "ss_line",
    "银行文件行号": "bank_line",
    **{name: name for name in REQUIRED + OPTIONAL},
}
"""Name on a header line, letters in lower case → canonical column."""

SHARED_CODE: Final = "aaz501"
"""Senders use this code for the card identification code and for the card number; only the data tells."""

CARD_ID: Final = re.compile(r"[0-9A-Fa-f]{32}")


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that the header breaks, and what to say of it."""

    rule: str
    column: str
    fields: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Header:
    """``columns[i]`` is the canonical name of the i-th column of the file, None where it is not known.

    Rows can be read only where ``usable``.
    """

    columns: tuple[str | None, ...]
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether every field has exactly one column."""
        return all(problem.rule == "COL-01" for problem in self.problems)

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of a row by canonical column, those of unknown columns left out.  As many cells as columns."""
        return {column: cell for column, cell in zip(self.columns, cells, strict=True) if column is not None}


def read_header(cells: Sequence[str], sample: Sequence[str] = ()) -> Header:
    """Map the cells of a header line.  ``sample`` is the first row of data: its shape tells what AAZ501 holds."""
    columns: list[str | None] = []
    problems: list[Problem] = []
    for position, cell in enumerate(cells):
        key = unicodedata.normalize("NFC", cell.strip()).lower()
        column = ALIASES.get(key)
        if key == SHARED_CODE:
            column = _by_shape(sample[position] if position < len(sample) else "")
            if column is None:
                problems.append(Problem("COL-04", printable(cell), {}))
        elif column is None:
            problems.append(Problem("COL-01", "", {"header": _shown(cell), "position": position + 1}))
        if column is not None and column in columns:
            problems.append(Problem("COL-03", column, {"first": columns.index(column) + 1, "second": position + 1}))
        columns.append(column)
    if not any(columns):
        return Header(tuple(columns), (Problem("COL-05", "", {}),))
    if not any(problem.rule == "COL-04" for problem in problems):
        problems += [Problem("COL-02", name, {"name": name}) for name in REQUIRED if name not in columns]
    return Header(tuple(columns), tuple(problems))


def _by_shape(value: str) -> str | None:
    if CARD_ID.fullmatch(value):
        return "card_id"
    return "card_no" if cardnumber.has_shape(value) else None


def _shown(cell: str) -> str:
    """An unknown header as it may be shown: with a digit in it, it may be a person's data."""
    return mask_text(cell) if re.search(r"\d", cell) else printable(cell[:20])
