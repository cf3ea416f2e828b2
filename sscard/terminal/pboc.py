"""The PBOC purse at a counter: balance, load, unload, overdraft, purchase, cash, compound purchase, proof and log.

The counter plays host and terminal: it has the purse keys and the TAC key in its key service.  What the card must prove
first (MAC1) is checked before anything is sent that books, every other code after it.  A booking whose answer was lost
is pending: :meth:`PbocPurse.settle` asks the card for its proof, and nothing is ever sent a second time.
Source: PBOC electronic purse as in the FMCOS 2.0 manual, purse commands; docs/purse.md, "the PBOC purse".
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.model import Directory, KeyKind, Profile, Structure
from sscard.cos.pboc import ALGORITHMS, OVERDRAFT_LIMIT, LogEntry, Movement, Order, PurseKind, balance_command
from sscard.errors import GuardRefused, StatusError, TransportError
from sscard.keys.service import KeyRef
from sscard.terminal.booking import (
    Booking,
    Proof,
    amount_in,
    ask_proof,
    check_code,
    number_of,
    pack_time,
    purse_key,
    terminal_number,
)
from sscard.terminal.pboc_commands import (
    KEYS,
    Opening,
    cache_command,
    debit_command,
    initialize_command,
    online_command,
    proof_command,
)
from sscard.terminal.read import records
from sscard.terminal.session import CardSession

_MEMORY_FAILED: Final = 0x6581
_NO_PIN: Final = frozenset((Movement.PURSE_PURCHASE, Movement.COMPOUND))
_PURCHASES: Final = {PurseKind.ED: Movement.PASSBOOK_PURCHASE, PurseKind.EP: Movement.PURSE_PURCHASE}
_LOADS: Final = {PurseKind.ED: Movement.PASSBOOK_LOAD, PurseKind.EP: Movement.PURSE_LOAD}


@dataclass(frozen=True, slots=True)
class CachedRecord:
    """A record that a compound purchase writes with its debit: file by name, number from 1."""

    file: str
    number: int
    record: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """A booking that the card (by its factor) may have made: its answer never came, or was not understood."""

    card: bytes
    booking: Booking


def purse_directory(profile: Profile) -> Directory | None:
    """The application with PBOC purses; None where a profile has none."""
    places = (place for place in profile.directories if any(f.structure is Structure.PURSE for f in place.files))
    return next(places, None)


class PbocPurse:
    """Passbook and purse of the card of a session.

    ``pending`` is set while it is unknown whether the last booking was made.  Methods that book raise UsageError for
    amounts and terminals that do not fit, GuardRefused where a rule of the toolkit forbids the step ("purse-card-mac":
    nothing was booked; "purse-pending": settle first), StatusError where the card refuses, CustodyError without a key,
    TransportError("epurse-unknown") when contact is lost in the middle, SscardError("purse-answer") for a booking whose
    codes are wrong, and what :meth:`CardSession.present_pin` raises.
    """

    def __init__(self, session: CardSession) -> None:
        self._session = session
        self._channel = session.channel
        self.pending: Pending | None = None

    def balance(self, purse: PurseKind) -> int:
        """What a purse holds (fen); the passbook needs the PIN."""
        self._enter()
        if purse is PurseKind.ED:
            self._session.present_pin()
        return number_of(self._channel.call(balance_command(purse)))

    def load(
        self, purse: PurseKind, amount: int, terminal: bytes, time: datetime, key_index: int | None = None
    ) -> Booking:
        """圈存: put ``amount`` fen into a purse; needs the PIN.  ``key_index`` is that of the first key where None."""
        return self._online(_LOADS[purse], amount_in(amount), terminal, time, key_index)

    def unload(self, amount: int, terminal: bytes, time: datetime, key_index: int | None = None) -> Booking:
        """圈提: take ``amount`` fen out of the passbook, back to the bank; needs the PIN."""
        return self._online(Movement.UNLOAD, amount_in(amount), terminal, time, key_index)

    def set_overdraft(self, limit: int, terminal: bytes, time: datetime, key_index: int | None = None) -> Booking:
        """修改透支限额: new limit of the passbook (fen, 3 bytes); the balance moves by the change.  Needs the PIN."""
        return self._online(Movement.OVERDRAFT, amount_in(limit, OVERDRAFT_LIMIT), terminal, time, key_index)

    def purchase(
        self,
        purse: PurseKind,
        amount: int,
        *,
        terminal: bytes,
        terminal_serial: int,
        time: datetime,
        key_index: int | None = None,
    ) -> Booking:
        """消费: pay ``amount`` fen; from the passbook with the PIN.  ``terminal_serial`` is used once a terminal."""
        return self._offline(_PURCHASES[purse], amount, terminal, terminal_serial, time, key_index)

    def cash(
        self, amount: int, *, terminal: bytes, terminal_serial: int, time: datetime, key_index: int | None = None
    ) -> Booking:
        """取现: draw ``amount`` fen in cash from the passbook; needs the PIN."""
        return self._offline(Movement.CASH, amount, terminal, terminal_serial, time, key_index)

    def compound(
        self,
        amount: int,
        cached: Sequence[CachedRecord],
        *,
        terminal: bytes,
        terminal_serial: int,
        time: datetime,
        key_index: int | None = None,
    ) -> Booking:
        """复合应用消费: pay ``amount`` fen from the purse and write records, all together or nothing."""
        return self._offline(Movement.COMPOUND, amount, terminal, terminal_serial, time, key_index, cached)

    def proof(self, movement: Movement, counter: int) -> Proof | None:
        """Codes of the last transaction if it was this one, else None; needs no PIN."""
        self._enter()
        return ask_proof(self._channel, proof_command(movement, counter))

    def settle(self, pending: Pending | None = None) -> Booking | None:
        """Reset the card and let its proof tell what became of a pending booking: the booking, or None: not made.

        ``pending`` may be of another session with the same card.  Raises GuardRefused("card-other") for another card,
        SscardError("purse-answer") where the proof is not that of the booking, TransportError while there is no card:
        it stays pending then.
        """
        open_one = pending or self.pending
        if open_one is None:
            return None
        if open_one.card != self._session.identity.factor:
            raise GuardRefused("card-other")
        self._session.restart()
        found = self.proof(Movement(open_one.booking.movement.value), open_one.booking.counter)
        self.pending = None
        if found is None:
            return None
        check_code(open_one.booking.tac, found.tac, open_one.booking.counter)
        return open_one.booking

    def log(self) -> list[LogEntry]:
        """The transactions the card remembers, newest first; needs what the log file asks for."""
        directory = self._enter()
        name = next(file.log for file in directory.files if file.structure is Structure.PURSE)
        file = directory.file(name)
        if self._session.gain(file.read).refused is not None:
            raise GuardRefused("pin-needed")
        return [LogEntry.parse(record) for record in records(self._session, file)]

    def _online(
        self, movement: Movement, amount: int, terminal: bytes, time: datetime, key_index: int | None
    ) -> Booking:
        """A transaction with the host: MAC1 proves the card, MAC2 the host, the last code the booking."""
        order = Order(movement, amount, terminal_number(terminal), pack_time(time))
        directory = self._ready(movement)
        key, opening = self._initialize(directory, order, key_index)
        keys, seed = self._session.keys, opening.online_seed
        covered = order.card_mac1(opening.balance, opening.overdraft)
        if not hmac.compare_digest(keys.session_mac(key, seed, covered), opening.mac1):
            raise GuardRefused("purse-card-mac")
        after = amount_in(opening.balance + _change(order, opening))
        fields = order.online_code(after, opening.serial)
        tac = keys.folded_mac(self._tac_key(directory), fields)
        expected = keys.session_mac(key, seed, fields) if movement is Movement.UNLOAD else tac
        mac2 = keys.session_mac(key, seed, order.host_mac)
        booking = Booking(movement, opening.serial, after, tac)
        check_code(expected, self._book(booking, online_command(order, mac2)), opening.serial)
        return booking

    def _offline(
        self,
        movement: Movement,
        amount: int,
        terminal: bytes,
        terminal_serial: int,
        time: datetime,
        key_index: int | None,
        cached: Sequence[CachedRecord] = (),
    ) -> Booking:
        """A transaction with a terminal: its MAC1 lets the card book, TAC and MAC2 prove it."""
        order = Order(movement, amount_in(amount), terminal_number(terminal), pack_time(time))
        number = amount_in(terminal_serial).to_bytes(4, "big")
        directory = self._ready(movement)
        key, opening = self._initialize(directory, order, key_index)
        for held in cached:
            self._channel.call(cache_command(directory.file(held.file).sfi, held.number, held.record))
        keys, seed = self._session.keys, opening.offline_seed(number)
        tac = keys.folded_mac(self._tac_key(directory), order.offline_code(number))
        mac1, mac2 = (keys.session_mac(key, seed, fields) for fields in (order.host_mac, order.sum))
        booking = Booking(movement, opening.serial, opening.balance - amount, tac)
        check_code(tac + mac2, self._book(booking, debit_command(order, number, mac1)), opening.serial)
        return booking

    def _initialize(self, directory: Directory, order: Order, key_index: int | None) -> tuple[KeyRef, Opening]:
        """INITIALIZE; the key the card names, and its answer."""
        slot = purse_key(directory, KEYS[order.movement])
        index = slot.id if key_index is None else key_index
        opening = Opening.parse(order.movement, self._channel.call(initialize_command(order, index)))
        if opening.algorithm not in ALGORITHMS:
            raise GuardRefused("purse-algorithm", algorithm=f"{opening.algorithm:02X}")
        return self._session.ref(slot, opening.version), opening

    def _book(self, booking: Booking, command: Command) -> bytes:
        """Send what books; until its answer is there the booking is pending."""
        self.pending = Pending(self._session.identity.factor, booking)
        try:
            answer = self._channel.call(command)
        except StatusError as error:
            if error.sw != _MEMORY_FAILED:
                self.pending = None
            raise
        except TransportError as error:
            movement = Movement(booking.movement.value)
            facts = {"movement": movement.word, "purse": movement.purse.name.lower(), "counter": booking.counter}
            raise TransportError("epurse-unknown", **facts) from error
        self.pending = None
        return answer

    def _tac_key(self, directory: Directory) -> KeyRef:
        return self._session.ref(purse_key(directory, KeyKind.TAC))

    def _enter(self) -> Directory:
        directory = purse_directory(self._session.profile)
        if directory is None or not self._session.enter(directory):
            raise GuardRefused("directory-absent", directory=directory.name if directory else "ED/EP")
        return directory

    def _ready(self, movement: Movement) -> Directory:
        if self.pending is not None:
            raise GuardRefused("purse-pending", counter=self.pending.booking.counter)
        directory = self._enter()
        self._session.prove()
        if movement not in _NO_PIN:
            self._session.present_pin()
        return directory


def _change(order: Order, opening: Opening) -> int:
    """What a transaction with the host adds to the balance."""
    match order.movement:
        case Movement.UNLOAD:
            return -order.amount
        case Movement.OVERDRAFT:
            return order.amount - opening.overdraft
    return order.amount
