"""How the values of a batch are shown, by column.  What each mask leaves readable is told in ``sscard.cos.masking``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sscard.cos.masking import mask_date, mask_name, mask_pan, mask_private, mask_ssn, printable

__all__ = [
    "mask",
    "mask_card_no",
    "mask_date",
    "mask_name",
    "mask_pan",
    "mask_private",
    "mask_ssn",
    "mask_text",
    "printable",
]

_PLAIN_LENGTH: Final = 9
"""Codes up to a card number's length are shown; anything longer may be a person's number in the wrong column."""


def mask_card_no(card_no: str) -> str:
    """Shown as it is: the card number is what people sort plastic by."""
    return printable(card_no)


def mask_text(text: str) -> str:
    """Codes of nine characters and fewer are shown; of anything longer only the first character."""
    return printable(text) if len(text) <= _PLAIN_LENGTH else mask_private(text)


def mask(column: str, value: str) -> str:
    """``value`` as it may be shown, by the canonical column it stands in."""
    return _BY_COLUMN.get(column, mask_text)(value)


_BY_COLUMN: Final[dict[str, Callable[[str], str]]] = {
    "ssn": mask_ssn,
    "guardian_id": mask_ssn,
    "name": mask_name,
    "guardian_name": mask_name,
    "bank_pan": mask_pan,
    "birth": mask_date,
    "mobile": mask_private,
    "address": mask_private,
    "email": mask_private,
    "employer": mask_private,
}
