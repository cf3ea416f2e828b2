"""The commands of the PBOC purse as a host sends them, and what INITIALIZE answers.

Source: PBOC electronic purse as in the FMCOS 2.0 manual, purse commands; docs/purse.md, "the PBOC purse".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from sscard.apdu.command import Command
from sscard.cos.model import KeyKind
from sscard.cos.pboc import Movement, Order
from sscard.cos.purse import load_seed, purchase_seed
from sscard.errors import ProtocolError

CLA: Final = 0x80
_MAC1_SIZE: Final = 4

KEYS: Final[dict[Movement, KeyKind]] = {
    Movement.PASSBOOK_LOAD: KeyKind.LOAD,
    Movement.PURSE_LOAD: KeyKind.LOAD,
    Movement.UNLOAD: KeyKind.UNLOAD,
    Movement.CASH: KeyKind.PURCHASE,
    Movement.PASSBOOK_PURCHASE: KeyKind.PURCHASE,
    Movement.PURSE_PURCHASE: KeyKind.PURCHASE,
    Movement.COMPOUND: KeyKind.PURCHASE,
    Movement.OVERDRAFT: KeyKind.OVERDRAFT,
}
"""Which key makes the session key of a transaction."""
_STEPS: Final[dict[Movement, int]] = {
    Movement.PASSBOOK_LOAD: 0x00,
    Movement.PURSE_LOAD: 0x00,
    Movement.PASSBOOK_PURCHASE: 0x01,
    Movement.PURSE_PURCHASE: 0x01,
    Movement.CASH: 0x02,
    Movement.COMPOUND: 0x03,
    Movement.OVERDRAFT: 0x04,
    Movement.UNLOAD: 0x05,
}
"""P1 of INITIALIZE."""
DEBITS: Final = frozenset(movement for movement, kind in KEYS.items() if kind is KeyKind.PURCHASE)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the card answers to INITIALIZE: balance (fen) and serial before, key, random, and for the host its MAC1."""

    balance: int
    serial: int
    overdraft: int
    version: int
    algorithm: int
    random: bytes
    mac1: bytes

    @classmethod
    def parse(cls, movement: Movement, answer: bytes) -> Self:
        """Read an answer.  Raises ProtocolError("answer-length") for one of another length."""
        if len(answer) != answer_size(movement):
            raise ProtocolError("purse-opening", size=len(answer), wanted=answer_size(movement))
        middle = 3 if _tells_overdraft(movement) else 0
        key, number = 6 + middle, int.from_bytes
        return cls(
            number(answer[:4], "big"),
            number(answer[4:6], "big"),
            number(answer[6:key], "big"),
            answer[key],
            answer[key + 1],
            answer[key + 2 : key + 6],
            answer[key + 6 :],
        )

    @property
    def online_seed(self) -> bytes:
        """Input of the session key of load, unload and overdraft."""
        return load_seed(self.random, self.serial)

    def offline_seed(self, terminal_serial: bytes) -> bytes:
        """Input of the session key of purchase and cash."""
        return purchase_seed(self.random, self.serial, terminal_serial)


def _tells_overdraft(movement: Movement) -> bool:
    return movement in DEBITS or movement is Movement.OVERDRAFT


def answer_size(movement: Movement) -> int:
    """Bytes of the answer to INITIALIZE."""
    size = 12 + (3 if _tells_overdraft(movement) else 0)
    return size if movement in DEBITS else size + _MAC1_SIZE


def initialize_command(order: Order, key_index: int) -> Command:
    """INITIALIZE: key index, amount (not for an overdraft) and terminal."""
    amount = b"" if order.movement is Movement.OVERDRAFT else order.sum
    body = bytes((key_index,)) + amount + order.terminal
    return Command(CLA, 0x50, _STEPS[order.movement], order.movement.purse, body, le=answer_size(order.movement))


def online_command(order: Order, mac2: bytes) -> Command:
    """CREDIT FOR LOAD, DEBIT FOR UNLOAD, UPDATE OVERDRAFT LIMIT."""
    match order.movement:
        case Movement.UNLOAD:
            return Command(CLA, 0x54, 0x03, 0x00, order.time + mac2, le=4)
        case Movement.OVERDRAFT:
            return Command(CLA, 0x58, 0x00, 0x00, order.sum + order.time + mac2, le=4)
    return Command(CLA, 0x52, 0x00, 0x00, order.time + mac2, le=4)


def debit_command(order: Order, terminal_serial: bytes, mac1: bytes) -> Command:
    """DEBIT FOR PURCHASE and CASH."""
    return Command(CLA, 0x54, 0x01, 0x00, terminal_serial + order.time + mac1, le=8)


def cache_command(sfi: int, number: int, record: bytes) -> Command:
    """UPDATE CAPP DATA CACHE: a record, by its number, that the debit of a compound purchase writes."""
    return Command(CLA, 0xDC, number, sfi << 3 | 4, record)


def proof_command(movement: Movement, serial: int) -> Command:
    """GET TRANSACTION PROOF for a transaction by the serial it had before it was raised."""
    return Command(CLA, 0x5A, 0x00, movement, serial.to_bytes(2, "big"), le=8)
