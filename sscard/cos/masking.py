"""People as they are shown by default: enough to tell two cards apart, not enough to know the person.

Text from a card is never trusted with the reader's screen: characters that move a cursor or hide others are spelled
out.
"""

from __future__ import annotations


def mask_ssn(ssn: str) -> str:
    """A social-security number with its middle hidden: ``990101********0026``."""
    return _middle(ssn, 6, 4)


def mask_pan(pan: str) -> str:
    """A bank card number with its middle hidden: first six and last four digits stay."""
    return _middle(pan, 6, 4)


def mask_name(name: str) -> str:
    """First and last character: ``测*甲``; of two characters the first, of one nothing."""
    if len(name) <= 2:
        return printable(name[:-1]) + "*" * bool(name)
    return printable(name[0]) + "*" * (len(name) - 2) + printable(name[-1])


def mask_date(date: str) -> str:
    """A date with only its year."""
    return _middle(date, 4, 0)


def mask_private(text: str) -> str:
    """Addresses, numbers and the like: only the first character."""
    return _middle(text, 1, 0)


def printable(text: str) -> str:
    """``text`` with unprintable characters replaced by their code points."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)


def _middle(text: str, head: int, tail: int) -> str:
    """Hide what stands between ``head`` and ``tail``; where that is less than four characters, hide nearly all."""
    if len(text) < head + tail + 4:
        head, tail = min(len(text) // 3, 2), 0
    end = len(text) - tail
    return printable(text[:head]) + "*" * (end - head) + printable(text[end:])
