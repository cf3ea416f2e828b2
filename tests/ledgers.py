"""Ledgers for tests that need nothing else of a workspace."""

from __future__ import annotations

from pathlib import Path

from sscard.personalize.ledger import Ledger, Seat
from sscard.personalize.ledger.sqlite import Sqlite


def own_ledger(path: Path, key: bytes = bytes(32), station: str = "station-1") -> Ledger:
    """A ledger that is not shared."""
    return Ledger(Sqlite(path), key, Seat(station))
