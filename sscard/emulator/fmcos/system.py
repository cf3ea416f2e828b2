"""What sets one interval-style card operating system apart from another: a table, and the commands it speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from sscard.emulator.fmcos.access import Interval

if TYPE_CHECKING:
    from sscard.emulator.fmcos.chip import FmcosChip
    from sscard.emulator.fmcos.nodes import Directory
    from sscard.emulator.fmcos.request import Request

Handler = Callable[["FmcosChip", "Request"], bytes]


@dataclass(frozen=True, slots=True)
class System:
    """``handlers`` is keyed by CLA and INS.  ``file_header`` and ``key_header`` are EEPROM bytes beside a body or key.

    ``longest_record`` counts bytes, ``levels`` directories from the MF down.  ``fresh`` tells whether rights do not
    count yet in a directory that is entered.
    """

    name: str
    allows: Interval
    handlers: Mapping[bytes, Handler]
    file_header: int
    key_header: int
    longest_record: int
    levels: int = 3
    fresh: Callable[[Directory], bool] = attrgetter("empty")
