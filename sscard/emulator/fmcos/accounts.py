"""A purse transaction that was initialized and not finished, and the arithmetic of its codes.

Source: PBOC electronic purse as in the FMCOS 2.0 manual, purse commands; docs/fmcos.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sscard.cos.pboc import Movement
from sscard.emulator.fmcos.nodes import Ef, Key

LOADS = frozenset((Movement.PASSBOOK_LOAD, Movement.PURSE_LOAD))
DEBITS = frozenset((Movement.CASH, Movement.PASSBOOK_PURCHASE, Movement.PURSE_PURCHASE, Movement.COMPOUND))


@dataclass(frozen=True, slots=True)
class Cached:
    """A record held back by a compound purchase until its debit: ``index`` is its place in ``ef``."""

    ef: Ef
    index: int
    record: bytes


@dataclass(slots=True)
class Open:
    """A transaction between INITIALIZE and its partner.  ``random`` and ``key`` wait for what the partner brings."""

    movement: Movement
    ef: Ef
    key: Key
    amount: int
    terminal: bytes
    random: bytes
    cached: list[Cached] = field(default_factory=list)


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def two(value: int) -> bytes:
    return value.to_bytes(2, "big")


def three(value: int) -> bytes:
    return value.to_bytes(3, "big")


def four(value: int) -> bytes:
    return value.to_bytes(4, "big")
