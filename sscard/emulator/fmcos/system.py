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
    """``handlers`` is keyed by CLA and INS.

    ``file_header`` is the EEPROM a file takes beside its body, ``key_space`` what a key of so many bytes takes;
    ``longest_record`` counts bytes, ``levels`` directories from the MF down.  ``contact_interface`` stands between T0
    and the historical bytes of a contact ATR.  ``fresh`` tells whether rights do not count yet in a directory that is
    entered.
    """

    name: str
    allows: Interval
    handlers: Mapping[bytes, Handler]
    file_header: int
    key_space: Callable[[int], int]
    longest_record: int
    levels: int = 3
    contact_interface: bytes = b"\0\0"
    fresh: Callable[[Directory], bool] = attrgetter("empty")
