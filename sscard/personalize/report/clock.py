"""Times as a report shows them: China Standard Time, whatever zone the machine is in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

ZONE: Final = timezone(timedelta(hours=8))


def of_iso(moment: str) -> str:
    """A ledger's time, ISO 8601, to the second; empty stays empty."""
    return _shown(datetime.fromisoformat(moment)) if moment else ""


def of_seconds(moment: float) -> str:
    """A chain's time, seconds since 1970, to the second."""
    return _shown(datetime.fromtimestamp(moment, ZONE))


def _shown(moment: datetime) -> str:
    return moment.astimezone(ZONE).isoformat(sep=" ", timespec="seconds")
