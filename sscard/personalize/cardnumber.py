"""Numbers printed on the plastic: the card number 卡号 (V2.0 notice, annex A) and the bank card number."""

from __future__ import annotations

import re
from typing import Final

LENGTH: Final = 9
DEMO_PREFIX: Final = "T"

_SHAPE: Final = re.compile(r"[A-Z][0-9A-Z]{8}")
WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_VALUES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check_character(body: str) -> str:
    """The ninth character for eight body characters, letters counted A=10 … Z=35.

    Weighted sum modulo 11, taken from 11; 10 is written X, 11 is written 0.
    """
    total = sum(_VALUES.index(character) * weight for character, weight in zip(body[:8], WEIGHTS, strict=True))
    return "0X987654321"[total % 11]


def has_shape(number: str) -> bool:
    """A capital letter and eight more digits or capital letters; cards in the field break the check character."""
    return _SHAPE.fullmatch(number) is not None


def luhn_digit(body: str) -> str:
    """The Luhn digit that makes ``body`` a bank card number (ISO/IEC 7812)."""
    total = 0
    for position, character in enumerate(reversed(body)):
        digit = int(character)
        if position % 2 == 0:
            digit = digit * 2 - 9 * (digit > 4)
        total += digit
    return str(-total % 10)
