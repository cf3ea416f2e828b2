"""Diversification factors (分散因子): nation → province → city → card.

Source: LD/T 32 draft (factors, printed example 650100); terminal interface paper of 2016 (codes beginning 33);
docs/crypto.md, "diversification".
"""

from __future__ import annotations

from typing import Final

from sscard.errors import CustodyError

FACTOR_SIZE: Final = 8
_CITY_BY_FOUR_DIGITS: Final = "33"


def province_factor(city: str) -> bytes:
    """Factor 1: two digits of the city code, then ``0000sh``; 8 bytes."""
    return (_code(city)[:2] + "0000sh").encode("ascii")


def city_factor(city: str) -> bytes:
    """Factor 2: six digits, then ``sx``; codes beginning 33 use four digits and ``00sx``; 8 bytes."""
    code = _code(city)
    digits = code[:4] + "00" if code.startswith(_CITY_BY_FOUR_DIGITS) else code
    return (digits + "sx").encode("ascii")


def card_factor(historical: bytes) -> bytes:
    """Factor 3: T6–TD, the last 8 of the 13 historical bytes."""
    return historical[-FACTOR_SIZE:]


def factors(stored: str, wanted: str) -> list[bytes]:
    """The factors that lead from the region path a key is stored at down to another: none, province, city, or both."""
    steps = []
    if not stored and wanted:
        steps.append(province_factor(wanted.ljust(6, "0")))
    if len(stored) < 6 and len(wanted) == 6:
        steps.append(city_factor(wanted))
    return steps


def _code(city: str) -> str:
    if len(city) != 6 or not (city.isascii() and city.isdigit()):
        raise CustodyError("region-code", region=city)
    return city
