"""The medical purse (医保账户) as card and host both reckon it: what each code covers, the settlement year, the log.

Amounts are whole fen (分), counters whole numbers; terminals are 6 bytes and times 7 bytes of packed digits.
Source: LD/T 32 draft, medical purse; docs/purse.md for what it leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final, Self

AMOUNT_LIMIT: Final = 0xFFFFFFFF
COUNTER_LIMIT: Final = 0xFFFF
TERMINAL_SIZE: Final = 6
TIME_SIZE: Final = 7
LOG_LENGTH: Final = 0x1C
ACCOUNT_ONLY_LENGTH: Final = 0x14
"""Log record of a card that has the account only, without own and fund payments."""

_ASCII: Final = 0x30
_YEAR: Final = 10000
_LEAP: Final = 2000


class Movement(Enum):
    """What moved the account: the digit of the type byte."""

    LOAD = 1
    PURCHASE = 2

    def code(self, *, ascii_digit: bool = True) -> int:
        """The type byte: the digit as a character (31, 32) or as a number (01, 02)."""
        return self.value | (_ASCII if ascii_digit else 0)


class Amount(Enum):
    """P2 of GET BALANCE: account, own payments of the year, fund payments of the year."""

    ACCOUNT = 1
    OWN = 2
    FUND = 3


@dataclass(frozen=True, slots=True)
class Load:
    """帐户划入: money into the account.  ``code`` is the type byte."""

    amount: int
    terminal: bytes
    code: int = Movement.LOAD.code()

    def mac1(self, balance: int) -> bytes:
        """What the card's MAC1 covers; ``balance`` is that before the load."""
        return _four(balance) + self._order

    def mac2(self, time: bytes) -> bytes:
        """What the host's MAC2 covers."""
        return self._order + time

    def tac(self, balance: int, counter: int, time: bytes) -> bytes:
        """What the TAC covers; ``counter`` is that before the load."""
        return _four(balance) + _two(counter) + self._order + time

    @property
    def _order(self) -> bytes:
        return _four(self.amount) + bytes((self.code,)) + self.terminal


@dataclass(frozen=True, slots=True)
class Purchase:
    """医疗消费: a payment split into account, own and fund part; only the first leaves the account."""

    account: int
    own: int
    fund: int
    terminal: bytes
    code: int = Movement.PURCHASE.code()

    @property
    def amounts(self) -> bytes:
        """The three amounts; all that the card's MAC2 covers."""
        return _four(self.account) + _four(self.own) + _four(self.fund)

    def mac1(self, time: bytes) -> bytes:
        """What the terminal's MAC1 covers."""
        return self.amounts + bytes((self.code,)) + self.terminal + time

    def tac(self, terminal_counter: bytes, time: bytes) -> bytes:
        """What the TAC covers; the terminal's counter has 4 bytes."""
        return self.amounts + bytes((self.code,)) + self.terminal + terminal_counter + time


def load_seed(random: bytes, counter: int) -> bytes:
    """Input (8 bytes) of the session key of a load (SESLK, from DLK)."""
    return random + _two(counter) + b"\x80\x00"


def purchase_seed(random: bytes, counter: int, terminal_counter: bytes) -> bytes:
    """Input (8 bytes) of the session key of a purchase (SESPK, from DPK)."""
    return random + _two(counter) + terminal_counter[-2:]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where a day lies against the settlement year on the card.

    ``distance`` is the day less the first day of that year, both read as numbers YYYYMMDD.
    """

    distance: int
    real_year: int

    @classmethod
    def of(cls, day: int, year: int, start_day: int) -> Self:
        """``day`` is YYYYMMDD, ``year`` the year on the card, ``start_day`` MMDD."""
        calendar, month_day = divmod(day, _YEAR)
        return cls(day - (year * _YEAR + start_day), calendar - (month_day < start_day))

    @property
    def restarts(self) -> bool:
        """Whether a new year begins: the sums start again.  A day before the year still counts into it."""
        return self.distance >= _YEAR


def day_of(time: bytes) -> int:
    """YYYYMMDD of a packed time.  Raises ValueError for a day that is none."""
    digits = time.hex()[:8]
    date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    return int(digits)


def start_day_of(packed: bytes) -> int:
    """MMDD of two packed bytes, 29 February included.  Raises ValueError for a day that is none."""
    digits = packed.hex()
    date(_LEAP, int(digits[:2]), int(digits[2:]))
    return int(digits)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record of EF08 of DF04.  For a load ``account`` is the amount and ``time`` the host's."""

    counter: int
    code: int
    terminal: bytes
    time: bytes
    account: int
    own: int = 0
    fund: int = 0

    def record(self, length: int = LOG_LENGTH) -> bytes:
        """The record as stored; an account-only one ends after the account."""
        head = _two(self.counter) + bytes((self.code,)) + self.terminal + self.time
        return (head + _four(self.account) + _four(self.own) + _four(self.fund))[:length]

    @classmethod
    def parse(cls, record: bytes) -> Self:
        """Read a stored record of either length.  Raises ValueError for any other."""
        if len(record) not in (LOG_LENGTH, ACCOUNT_ONLY_LENGTH):
            raise ValueError("log record length")
        own, fund = record[20:24], record[24:28]
        amounts = (int.from_bytes(part, "big") for part in (record[16:20], own, fund))
        return cls(int.from_bytes(record[:2], "big"), record[2], record[3:9], record[9:16], *amounts)

    @property
    def movement(self) -> Movement | None:
        """Load or purchase by the digit of the type byte; None for any other."""
        digit = self.code & 0x0F
        return Movement(digit) if digit in (1, 2) and self.code >> 4 in (0, 3) else None


def _four(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")
