"""People as they are shown by default: enough to tell two cards apart, not enough to know the person."""

from __future__ import annotations

_STAR = "*"
_SSN_HEAD, _SSN_TAIL = 6, 4
_PAN_HEAD, _PAN_TAIL = 6, 4


def mask_ssn(ssn: str) -> str:
    """A social-security number with its middle hidden: area and last four characters stay."""
    return _middle(ssn, _SSN_HEAD, _SSN_TAIL)


def mask_pan(pan: str) -> str:
    """An account number with its middle hidden: issuer and last four digits stay."""
    return _middle(pan, _PAN_HEAD, _PAN_TAIL)


def mask_name(name: str) -> str:
    """A name with all but its first and last character hidden; of two characters the second is hidden."""
    if len(name) <= 2:
        return name[:1] + _STAR * len(name[1:])
    return name[0] + _STAR * (len(name) - 2) + name[-1]


def _middle(value: str, head: int, tail: int) -> str:
    if len(value) <= head + tail:
        return _STAR * len(value)
    return value[:head] + _STAR * (len(value) - head - tail) + value[-tail:]
