"""The medical purse at a counter: balance, load, purchase, proof, starting day and log.

The counter plays the host and, for a purchase, the terminal's security module: it has DLK, DPK and DTK in its key
service.  Nothing is booked before the card has proved itself; every code of the card is checked.  When contact is lost
in the middle of a booking, the proof tells whether it was made.  Source: LD/T 32 draft, medical purse; docs/purse.md.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.model import Directory, KeyKind
from sscard.cos.purse import (
    Amount,
    Load,
    LogEntry,
    Movement,
    Purchase,
    load_seed,
    start_day_of,
)
from sscard.errors import GuardRefused, NotServed, SscardError, TransportError, UsageError
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
from sscard.terminal.purchase import KeyServiceModule, PurchaseModule
from sscard.terminal.read import records
from sscard.terminal.session import CardSession

CLA: Final = 0xB0
_MEDICAL: Final = "DF04"
_LOG_FILE: Final = "EF08"
_STARTING_DAY_KEY: Final = "DSK"


@dataclass(frozen=True, slots=True)
class Balance:
    """Account, and what was paid in the settlement ``year`` (0 before the first).  Amounts in fen."""

    account: int
    own: int
    fund: int
    year: int


class CardPurse:
    """The purse of the card of a session.

    Methods raise GuardRefused where a rule of the toolkit forbids the step, StatusError where the card does, and what
    :meth:`CardSession.present_pin` raises.
    """

    def __init__(self, session: CardSession) -> None:
        self._session = session
        self._channel = session.channel

    def balance(self) -> Balance:
        """What is in the purse; needs the PIN."""
        self._enter()
        self._session.present_pin()
        account, own, fund = (self._channel.call(balance_command(amount)) for amount in Amount)
        return Balance(number_of(account), number_of(own[:4]), number_of(fund[:4]), int(fund[4:].hex()))

    def load(self, amount: int, terminal: bytes, time: datetime, key_index: int = 1) -> Booking:
        """帐户划入: put ``amount`` fen into the account; needs the PIN.  ``time`` is the host's.

        Raises TransportError("purse-unknown") when contact is lost before the answer: then ask for the proof.
        """
        order = Load(amount_in(amount), terminal_number(terminal))
        directory = self._ready()
        answer = self._channel.call(initialize_load_command(order, key_index))
        balance, counter = number_of(answer[:4]), number_of(answer[4:6])
        key = self._session.ref(purse_key(directory, KeyKind.LOAD), answer[6])
        seed = load_seed(answer[8:12], counter)
        keys, packed = self._session.keys, pack_time(time)
        if not hmac.compare_digest(keys.session_mac(key, seed, order.mac1(balance)), answer[12:16]):
            raise GuardRefused("purse-card-mac")
        mac2 = keys.session_mac(key, seed, order.mac2(packed))
        tac = self._book(credit_command(packed, mac2), Movement.LOAD, counter)
        checked = self._check_tac(directory, order.tac(balance + amount, counter, packed), tac, counter)
        return Booking(Movement.LOAD, counter, balance + amount, tac, tac_checked=checked)

    def purchase(
        self,
        *,
        account: int,
        own: int,
        fund: int,
        terminal: bytes,
        terminal_counter: int,
        time: datetime,
        key_index: int = 1,
    ) -> Booking:
        """医疗消费: pay ``account`` fen from the account and book own and fund part; needs the PIN.

        ``terminal_counter`` is the terminal's own transaction number, used once.  Raises as :meth:`load` does.
        """
        module = KeyServiceModule(self._session.keys, terminal_number(terminal), amount_in(terminal_counter))
        return self.purchase_with(module, account=account, own=own, fund=fund, time=time, key_index=key_index)

    def purchase_with(
        self, module: PurchaseModule, *, account: int, own: int, fund: int, time: datetime, key_index: int = 1
    ) -> Booking:
        """:meth:`purchase` with a security module, which gives the terminal's number and counter and checks MAC2."""
        order = Purchase(amount_in(account), amount_in(own), amount_in(fund), module.terminal)
        directory = self._ready()
        answer = self._channel.call(initialize_purchase_command(order, key_index))
        balance, counter = number_of(answer[:4]), number_of(answer[14:16])
        key = self._session.ref(purse_key(directory, KeyKind.PURCHASE), answer[16])
        packed = pack_time(time)
        number, mac1 = module.start(key, answer[18:22], counter, order, packed)
        codes = self._book(debit_command(number, packed, mac1), Movement.PURCHASE, counter)
        tac, mac2 = codes[:4], codes[4:]
        if not module.confirms(mac2):
            raise SscardError("purse-answer", counter=counter)
        checked = self._check_tac(directory, order.tac(number, packed), tac, counter)
        return Booking(Movement.PURCHASE, counter, balance - account, tac, number, checked)

    def proof(self, movement: Movement, counter: int) -> Proof | None:
        """Codes of the last transaction if it was this one, else None; needs no PIN."""
        self._enter()
        return ask_proof(self._channel, proof_command(movement, counter))

    def starting_day(self) -> str:
        """First day of the settlement year, MMDD."""
        self._enter()
        return self._channel.call(get_starting_day_command()).hex()

    def set_starting_day(self, month_day: str) -> None:
        """Move the first day of the settlement year; needs DSK.  Raises UsageError unless MMDD is a day."""
        try:
            packed = bytes.fromhex(month_day)
            start_day_of(packed)
            if len(packed) != 2:
                raise ValueError
        except ValueError:
            raise UsageError("starting-day-form") from None
        self._enter()
        self._session.require(_STARTING_DAY_KEY)
        self._channel.call(set_starting_day_command(packed))

    def log(self) -> list[LogEntry]:
        """The transactions the card remembers, newest first; needs the PIN."""
        directory = self._enter()
        self._session.present_pin()
        return [LogEntry.parse(record) for record in records(self._session, directory.file(_LOG_FILE))]

    def _enter(self) -> Directory:
        directory = self._session.profile.directory(_MEDICAL)
        if not self._session.enter(directory):
            raise GuardRefused("directory-absent", directory=directory.name)
        return directory

    def _ready(self) -> Directory:
        directory = self._enter()
        self._session.prove()
        self._session.present_pin()
        return directory

    def _book(self, command: Command, movement: Movement, counter: int) -> bytes:
        try:
            return self._channel.call(command)
        except TransportError as error:
            raise TransportError("purse-unknown", movement=movement.name.lower(), counter=counter) from error

    def _check_tac(self, directory: Directory, fields: bytes, tac: bytes, counter: int) -> bool:
        """Check the code of a transaction that is booked already; False where only the back office can."""
        key = self._session.ref(purse_key(directory, KeyKind.TAC))
        try:
            right = self._session.keys.transaction_code(key, fields)
        except NotServed:
            return False
        check_code(right, tac, counter)
        return True


def initialize_load_command(order: Load, key_index: int) -> Command:
    """INITIALIZE FOR LOAD."""
    body = bytes((key_index,)) + order.amount.to_bytes(4, "big") + order.terminal
    return Command(CLA, 0x28, 0x00, 0x01, body, le=16)


def credit_command(time: bytes, mac2: bytes) -> Command:
    """CREDIT FOR LOAD."""
    return Command(CLA, 0x2A, 0x00, 0x00, time + mac2, le=4)


def initialize_purchase_command(order: Purchase, key_index: int) -> Command:
    """INITIALIZE FOR PURCHASE."""
    return Command(CLA, 0x28, 0x01, 0x01, bytes((key_index,)) + order.amounts + order.terminal, le=22)


def debit_command(terminal_counter: bytes, time: bytes, mac1: bytes) -> Command:
    """DEBIT FOR PURCHASE."""
    return Command(CLA, 0x2C, 0x01, 0x00, terminal_counter + time + mac1, le=8)


def balance_command(amount: Amount) -> Command:
    """GET BALANCE: the account alone, the others with their year."""
    return Command(CLA, 0x26, 0x00, amount.value, le=4 if amount is Amount.ACCOUNT else 6)


def proof_command(movement: Movement, counter: int) -> Command:
    """GET TRANSACTION PROOF for a transaction by the counter it had before it was raised."""
    return Command(CLA, 0x2E, 0x00, movement.code(), counter.to_bytes(2, "big"), le=8)


def set_starting_day_command(month_day: bytes) -> Command:
    """UPDATE STARTING DAY."""
    return Command(CLA, 0x56, 0x00, 0x00, month_day)


def get_starting_day_command() -> Command:
    """GET STARTING DAY."""
    return Command(CLA, 0x56, 0x01, 0x00, le=2)
