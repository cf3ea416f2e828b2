"""Two parties' files made one batch: rows taken in once, judged and matched as sets in SQL, written whole or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.personalize.merge.merging import Outcome, Party, merge

__all__ = ["Outcome", "Party", "merge"]

__getattr__ = attach(__name__, {"Outcome": "merging", "Party": "merging", "merge": "merging"})
