"""Whether the station's clock can be believed: it never stands behind what the station has already written."""

from __future__ import annotations

import time
from typing import Final

from sscard.errors import GuardRefused
from sscard.personalize.chain import Chain
from sscard.personalize.workspace import Workspace

_SLACK: Final = 5.0
"""Seconds a clock may be set back without a word."""


def clock_behind(workspace: Workspace) -> int:
    """Seconds by which the clock is behind the newest entry of the station's chain; 0 where it is not."""
    behind = Chain(workspace.chain_path).newest() - time.time()
    return round(behind) if behind > _SLACK else 0


def require_clock(workspace: Workspace, *, accepted: bool) -> None:
    """Pass in a demo workspace, with a clock that is not behind, and with one that somebody ``accepted``.

    Raises GuardRefused("clock-behind"): what production writes must carry times that people can rely on.
    """
    behind = clock_behind(workspace)
    if behind and not workspace.demo and not accepted:
        raise GuardRefused("clock-behind", seconds=behind)
