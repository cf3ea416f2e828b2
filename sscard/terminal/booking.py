"""What every purse at a counter shares: numbers that fit, times as cards take them, keys of a purse, bookings, proof.

Source: LD/T 32 draft, medical purse, and PBOC, electronic purse, which agree in all of this; docs/purse.md.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.model import Directory, KeyKind, KeySlot
from sscard.cos.purse import AMOUNT_LIMIT, TERMINAL_SIZE
from sscard.errors import GuardRefused, SscardError, StatusError, UsageError

_NO_PROOF: Final = 0x9406


@dataclass(frozen=True, slots=True)
class Booking:
    """A transaction the card has booked.

    ``movement`` is a type of its purse, ``counter`` its number on the card before it was raised, ``account`` what the
    purse holds now (fen), ``tac`` its code, 4 bytes, ``terminal_counter`` the terminal's number of it where it has
    one, 4 bytes.  ``tac_checked`` is False where the counter's keys cannot make codes: a PSAM's cannot.
    """

    movement: Enum
    counter: int
    account: int
    tac: bytes
    terminal_counter: bytes = b""
    tac_checked: bool = True


@dataclass(frozen=True, slots=True)
class Proof:
    """The codes of the last transaction, 4 bytes each: that it was booked."""

    mac: bytes
    tac: bytes


def pack_time(time: datetime) -> bytes:
    """A time as the card takes it: fourteen digits, packed."""
    return bytes.fromhex(f"{time:%Y%m%d%H%M%S}")


def amount_in(number: int, limit: int = AMOUNT_LIMIT) -> int:
    """A number that a card can hold.  Raises UsageError("amount-range")."""
    if not 0 <= number <= limit:
        raise UsageError("amount-range")
    return number


def terminal_number(number: bytes) -> bytes:
    """A terminal's number: six bytes of packed digits.  Raises UsageError("terminal-form")."""
    if len(number) != TERMINAL_SIZE or not number.hex().isdigit():
        raise UsageError("terminal-form")
    return number


def number_of(data: bytes) -> int:
    """A number of a card's answer."""
    return int.from_bytes(data, "big")


def purse_key(directory: Directory, kind: KeyKind) -> KeySlot:
    """The key of that kind.  Raises GuardRefused("purse-key-absent")."""
    slot = next((slot for slot in directory.keys if slot.kind is kind), None)
    if slot is None:
        raise GuardRefused("purse-key-absent", kind=kind.value, directory=directory.name)
    return slot


def ask_proof(channel: Channel, command: Command) -> Proof | None:
    """Codes of the last transaction if it was the one asked for, else None.  Raises StatusError for other refusals."""
    answer = channel.send(command)
    if answer.sw == _NO_PROOF:
        return None
    if not answer.ok:
        raise StatusError(answer.sw, "GET TRANSACTION PROOF")
    return Proof(answer.data[:4], answer.data[4:])


def check_code(expected: bytes, given: bytes, counter: int) -> None:
    """Check a code of a transaction that is booked already.  Raises SscardError("purse-answer")."""
    if not hmac.compare_digest(expected, given):
        raise SscardError("purse-answer", counter=counter)
