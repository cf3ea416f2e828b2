"""Citizen numbers 公民身份号码, used as social-security numbers 社会保障号码: GB 11643.

Six characters region, eight birth date, three order (odd is male), one check character.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

LENGTH: Final = 18
DEMO_PREFIX: Final = "99"
"""Regions 99xxxx are unassigned: every synthetic person lives there."""

PROVINCES: Final = frozenset(
    str(code)
    for span in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(span[0], span[1] + 1)
)
"""First two digits of GB/T 2260 in every edition, and of the residence permits 81–83."""

_SHAPE: Final = re.compile(r"[0-9]{17}[0-9Xx]")
WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"


def check_character(body: str) -> str:
    """The check character for the first 17 digits of a number."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(body[:17], WEIGHTS, strict=True)) % 11]


def has_shape(number: str) -> bool:
    """17 ASCII digits and a digit or X (either case); says nothing of the check character."""
    return _SHAPE.fullmatch(number) is not None


def birth_text(number: str) -> str:
    """The eight digits of the birth date as they stand in the number."""
    return number[6:14]


def sex_code(number: str) -> str:
    """``1`` male, ``2`` female, from the parity of the 17th digit."""
    return "1" if int(number[16]) % 2 else "2"


def parse_date(text: str) -> date | None:
    """The calendar day written YYYYMMDD; None where it is no such day or another form."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def age_on(born: date, day: date) -> int:
    """Full years on ``day``; negative before the birth."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
