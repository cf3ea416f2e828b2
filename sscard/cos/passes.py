"""Passes (工序): the ways a card of a profile is made in one go or in several, as data.

A pass is a list of stages with what a card must look like when it arrives.  Every profile has ``whole``, all its
stages on a blank card; others stand in its ``[[pass]]`` tables.  docs/modes.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WHOLE: Final = "whole"
"""The pass that makes a card in one go."""
LINKS: Final = ("ssn", "card_no")
"""What may tie a card that arrives to its row: items that are unique in a batch."""
_FIRST_STAGE: Final = "transport"


class Book(StrEnum):
    """Whom a pass is counted by.  A card and a person stand once in each book.

    ``PERSON``: a person gets a card.  ``PAYMENT``: such a card gets its bank side.  ``BLANK``: nobody.
    """

    PERSON = "person"
    PAYMENT = "payment"
    BLANK = "blank"

    def entry(self, name: str) -> str:
        """What a card, person or number is called in this book."""
        return name if self is Book.PERSON else f"{name}{_SEPARATOR}{self.value}"


_SEPARATOR: Final = "/"


def plain(entry: str) -> str:
    """The name behind an entry of any book: historical bytes of a card, a card number."""
    return entry.partition(_SEPARATOR)[0]


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass.

    ``after`` names the pass that makes the cards it takes, empty where it takes blank ones.  ``link`` is the item by
    which a card finds its row, empty where each card takes the next row.  ``must_be_set`` and ``must_be_empty`` are
    places of the profile: an item (``SSSE/EF05/07``), or a directory that must be there without files (``PSE``).
    """

    name: str
    zh: str
    en: str
    stages: tuple[str, ...]
    book: Book = Book.PERSON
    after: str = ""
    link: str = ""
    must_be_set: tuple[str, ...] = ()
    must_be_empty: tuple[str, ...] = ()

    @property
    def takes_blanks(self) -> bool:
        """Whether it begins with a blank card."""
        return _FIRST_STAGE in self.stages
