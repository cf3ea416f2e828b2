"""One validated person of a batch: the canonical record every later room works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Record:
    """A row that passed intake.  Texts are as they go to the card: dates YYYYMMDD, codes as digits.

    ``line`` is the line of the batch file it stands on.  ``extra`` holds the optional columns that have no field of
    their own (address, mobile, box, slot, …) by canonical column name.
    """

    seq: int
    line: int
    ssn: str
    name: str
    sex: str
    ethnic: str
    birth: str
    card_no: str
    region: str
    issue_date: str
    expire_date: str
    birthplace: str = ""
    bank_code: str = ""
    bank_pan: str = ""
    apply_kind: str = "new"
    extra: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Position only: a record is a person."""
        return f"Record(seq={self.seq}, line={self.line})"

    def value(self, source: str) -> str:
        """The text for an item's ``source``: a field of this record or an extra column; empty where there is none."""
        if source in _FIELDS:
            return str(getattr(self, source))
        return self.extra.get(source, "")


_FIELDS = frozenset(Record.__dataclass_fields__) - {"seq", "line", "extra"}
