"""The PBOC e-purse (电子存折 ED, 电子钱包 EP) as card and host both reckon it: types, codes, log, serial.

Amounts are whole fen (分), serials whole numbers; terminals are 6 bytes and times 7 bytes of packed digits.
Source: PBOC electronic purse as in the FMCOS 2.0 manual, purse commands; docs/purse.md, "the PBOC purse".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from sscard.apdu.command import Command
from sscard.cos.purse import TERMINAL_SIZE, TIME_SIZE

LOG_LENGTH: Final = 23
BALANCE_SIZE: Final = 4
OVERDRAFT_LIMIT: Final = 0xFFFFFF
ALGORITHMS: Final = frozenset((0x00, 0x01))
"""Algorithm bytes of a purse key that mean DES; cards take others and then answer with codes of no rule."""


class PurseKind(IntEnum):
    """The two purses of an application: P2 of their commands, and the id of their files."""

    ED = 0x01
    EP = 0x02


class Movement(IntEnum):
    """Transaction type as MACs, TAC and log carry it."""

    PASSBOOK_LOAD = 0x01
    PURSE_LOAD = 0x02
    UNLOAD = 0x03
    CASH = 0x04
    PASSBOOK_PURCHASE = 0x05
    PURSE_PURCHASE = 0x06
    OVERDRAFT = 0x07
    COMPOUND = 0x09

    @property
    def purse(self) -> PurseKind:
        """The purse it moves."""
        return PurseKind.EP if self in _OF_PURSE else PurseKind.ED

    @property
    def word(self) -> str:
        """What it does, as commands and texts call it, whichever purse it moves."""
        return _WORDS.get(self, self.name.lower())

    @classmethod
    def of(cls, word: str, purse: PurseKind) -> Movement:
        """The movement of that word, of the purse where both have it.  Raises ValueError for an unknown word."""
        found = [movement for movement in cls if movement.word == word]
        if not found:
            raise ValueError(word)
        return next((movement for movement in found if movement.purse is purse), found[0])


_OF_PURSE: Final = frozenset((Movement.PURSE_LOAD, Movement.PURSE_PURCHASE, Movement.COMPOUND))
_WORDS: Final = {
    Movement.PASSBOOK_LOAD: "load",
    Movement.PURSE_LOAD: "load",
    Movement.PASSBOOK_PURCHASE: "purchase",
    Movement.PURSE_PURCHASE: "purchase",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What host or terminal wants moved: ``amount`` is fen, of an overdraft the new limit, ``time`` 7 packed bytes."""

    movement: Movement
    amount: int
    terminal: bytes
    time: bytes

    @property
    def sum(self) -> bytes:
        """The amount as MACs carry it: 4 bytes, an overdraft limit 3."""
        return self.amount.to_bytes(3 if self.movement is Movement.OVERDRAFT else 4, "big")

    @property
    def tail(self) -> bytes:
        """Type and terminal."""
        return bytes((self.movement,)) + self.terminal

    def card_mac1(self, balance: int, overdraft: int = 0) -> bytes:
        """What the card's MAC1 covers (load, unload, overdraft): with an overdraft the old limit."""
        middle = overdraft.to_bytes(3, "big") if self.movement is Movement.OVERDRAFT else self.sum
        return balance.to_bytes(4, "big") + middle + self.tail

    @property
    def host_mac(self) -> bytes:
        """What the host's MAC2, or the terminal's MAC1, covers."""
        return self.sum + self.tail + self.time

    def online_code(self, balance: int, serial: int) -> bytes:
        """What TAC of load and overdraft, and MAC3 of unload, cover: the balance after, the serial before."""
        return balance.to_bytes(4, "big") + serial.to_bytes(2, "big") + self.host_mac

    def offline_code(self, terminal_serial: bytes) -> bytes:
        """What the TAC of purchase and cash covers; the terminal's serial has 4 bytes."""
        return self.sum + self.tail + terminal_serial + self.time


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record of the log.  ``serial`` is that after the transaction on real cards, before it in the manual."""

    serial: int
    overdraft: int
    amount: int
    code: int
    terminal: bytes
    time: bytes

    @classmethod
    def parse(cls, record: bytes) -> Self:
        """Read a stored record.  Raises ValueError for one of another length."""
        if len(record) != LOG_LENGTH:
            raise ValueError("log record length")
        number = int.from_bytes
        overdraft, amount = number(record[2:5], "big"), number(record[5:9], "big")
        terminal, time = record[10 : 10 + TERMINAL_SIZE], record[-TIME_SIZE:]
        return cls(number(record[:2], "big"), overdraft, amount, record[9], terminal, time)

    @property
    def movement(self) -> Movement | None:
        """The type; None for one nobody knows."""
        return Movement(self.code) if self.code in Movement.__members__.values() else None


def balance_command(purse: int) -> Command:
    """GET BALANCE."""
    return Command(0x80, 0x5C, 0x00, purse, le=4)


def application_serial(region: str, serial: bytes) -> str:
    """Application serial number (应用序列号) that this project gives a purse card: area 6, zeros 6, card serial 8."""
    return f"{region}000000{serial.hex().upper()}"


def serial_of(application: bytes) -> str:
    """The application serial number in the content of file 0015, 20 digits; empty where it holds none."""
    serial = application[10:20]
    return serial.hex().upper() if len(serial) == 10 and serial.strip(b"\0") and serial.strip(b"\xff") else ""
