"""How people's data is shown: the one place that decides which characters stay readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_PLAIN_LENGTH: Final = 9
"""Codes up to a card number's length are shown; anything longer may be a person's number in the wrong column."""


def mask_ssn(ssn: str) -> str:
    """First six and last four characters: ``990101********0026``."""
    return _middle(ssn, 6, 4)


def mask_pan(pan: str) -> str:
    """First six and last four digits of a bank card number."""
    return _middle(pan, 6, 4)


def mask_mobile(mobile: str) -> str:
    """First three and last four digits."""
    return _middle(mobile, 3, 4)


def mask_name(name: str) -> str:
    """First and last character: ``测*甲``; of two characters the first, of one nothing."""
    if len(name) <= 2:
        return printable(name[:-1]) + "*" * bool(name)
    return printable(name[0]) + "*" * (len(name) - 2) + printable(name[-1])


def mask_card_no(card_no: str) -> str:
    """Shown as it is: the card number is what people sort plastic by."""
    return printable(card_no)


def mask_date(text: str) -> str:
    """A birth date keeps its year; of anything shorter than a date two characters stay."""
    shown = 4 if len(text) >= 8 else 2
    return printable(text[:shown]) + "".join("*" if c.isalnum() else c for c in printable(text[shown:]))


def mask_text(text: str) -> str:
    """Free text and codes: nine characters and fewer are shown, longer ones keep the first two."""
    return printable(text) if len(text) <= _PLAIN_LENGTH else _middle(text, 2, 0)


def mask_private(text: str) -> str:
    """Addresses and the like: only the first character."""
    return _middle(text, 1, 0)


def mask(column: str, value: str) -> str:
    """``value`` as it may be shown, by the canonical column it stands in."""
    return _BY_COLUMN.get(column, mask_text)(value)


def printable(text: str) -> str:
    """``text`` with characters that could move a cursor or hide others replaced by their code points."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)


def _middle(text: str, head: int, tail: int) -> str:
    """Hide what stands between ``head`` and ``tail``; where that is less than four characters, hide nearly all."""
    if len(text) < head + tail + 4:
        head, tail = min(len(text) // 3, 2), 0
    end = len(text) - tail
    return printable(text[:head]) + "*" * (end - head) + printable(text[end:])


_BY_COLUMN: Final[dict[str, Callable[[str], str]]] = {
    "ssn": mask_ssn,
    "guardian_id": mask_ssn,
    "name": mask_name,
    "guardian_name": mask_name,
    "bank_pan": mask_pan,
    "card_no": mask_text,
    "old_card_no": mask_text,
    "birth": mask_date,
    "mobile": mask_mobile,
    "address": mask_private,
    "email": mask_private,
    "employer": mask_private,
}
