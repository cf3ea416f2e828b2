"""Access bytes: a right as an interval of the state of the current directory, or as a least state of the MF.

Source: FMCOS 2.0 manual, security states; the SmartCOS order of nibbles from public notes on that card.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NEVER_IN_SMARTCOS: Final = 0xF0
Interval = Callable[[int, int, int, int], bool]
"""``(access byte, MF state, directory state, nibble that names the MF)`` to whether the right is there."""


def fmcos(byte: int, mf: int, directory: int, mf_nibble: int) -> bool:
    """``XY``: Y ≤ state of the directory ≤ X, so never where X < Y; under ``mf_nibble`` as X: state of the MF ≥ Y."""
    high, low = byte >> 4, byte & 0x0F
    if high == mf_nibble:
        return mf >= low
    return low <= directory <= high


def smartcos(byte: int, _mf: int, directory: int, _mf_nibble: int) -> bool:
    """``XY``: X ≤ state of the directory ≤ Y, so never where X > Y."""
    return byte >> 4 <= directory <= byte & 0x0F
