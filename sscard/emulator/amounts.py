"""The internal file of the medical purse (医疗保险金额文件), and a transaction that was initialized and not finished.

Source: LD/T 32 draft, DF04 and medical purse; docs/purse.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sscard.cos.purse import Load, Purchase

CALENDAR_YEAR: Final = 101
"""Starting day 0101 as MMDD."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What GET TRANSACTION PROOF gives for the last transaction; ``counter`` is that before it was raised."""

    code: int
    counter: int
    mac: bytes
    tac: bytes


@dataclass(frozen=True, slots=True)
class Purse:
    """The purse at rest.  It never changes in part: a transaction puts a new one in its place.

    ``own`` and ``fund`` are the payments of the settlement ``year`` (0 before the first), which begins on ``start_day``
    (MMDD).  ``damaged`` stands for a failed memory: the next purse command says so and locks the card.
    """

    balance: int = 0
    own: int = 0
    fund: int = 0
    year: int = 0
    start_day: int = CALENDAR_YEAR
    load_counter: int = 0
    purchase_counter: int = 0
    proof: Proof | None = None
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """A load between INITIALIZE and CREDIT."""

    order: Load
    session_key: bytes


@dataclass(frozen=True, slots=True)
class OpenPurchase:
    """A purchase between INITIALIZE and DEBIT: its session key waits for the terminal's counter."""

    order: Purchase
    key: bytes
    random: bytes
