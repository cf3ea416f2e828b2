"""The medical purse: load, purchase, balance, proof and starting day, all of class B0.

Between INITIALIZE and its partner the card is in the state "load" or "purchase", else idle; a command that fails, and
by default any other command but GET RESPONSE, brings it back to idle.  A transaction is booked whole or not at all:
all that can go wrong has been checked before the first byte changes.
Source: LD/T 32 draft, medical purse; docs/purse.md for order of checks and what the draft leaves open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest
from typing import Final

from sscard.cos.bound import Act
from sscard.cos.purse import (
    ACCOUNT_ONLY_LENGTH,
    AMOUNT_LIMIT,
    COUNTER_LIMIT,
    Amount,
    Load,
    LogEntry,
    Movement,
    Purchase,
    Settlement,
    day_of,
    load_seed,
    purchase_seed,
    start_day_of,
)
from sscard.emulator.access import number_of
from sscard.emulator.amounts import OpenLoad, OpenPurchase, Proof, Purse
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import PURSE_LOG, Directory, Ef, Key, KeyType
from sscard.emulator.records import append
from sscard.emulator.wire import data_of, deliver, expected
from sscard.emulator.words import (
    COUNTER_FULL,
    MEMORY,
    NO_KEY_INDEX,
    NO_MONEY,
    NO_PROOF,
    NOT_ALLOWED,
    NOT_IN_STATE,
    NOT_NOW,
    OK,
    PURSE_MAC_WRONG,
    UNSUPPORTED,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    right_length,
)
from sscard.keys.transaction import transaction_code

CLA: Final = 0xB0
_LOAD, _PURCHASE, _CREDIT, _DEBIT = b"\x00\x01", b"\x01\x01", b"\x00\x00", b"\x01\x00"
_SET_DAY, _GET_DAY = b"\x00\x00", b"\x01\x00"
_RANDOM: Final = 4
_RETRY: Final = 0x6C
_GET_RESPONSE: Final = b"\x00\xc0"

_Handler = Callable[[Chip, Directory, Purse, bytes], bytes]


def command(chip: Chip, apdu: bytes) -> bytes:
    """Any purse command.  Outside DF04 with its EF08 there is no purse: 6A81."""
    try:
        directory = chip.current
        purse = directory.purse
        if purse is None:
            raise Refusal(UNSUPPORTED)
        if chip.shut:
            chip.require_open(Act.PURSE, directory)
        if purse.damaged:
            chip.blocked = True
            chip.settle()
            raise Refusal(MEMORY)
        return _HANDLERS[apdu[1]](chip, directory, purse, apdu)
    except Refusal as refusal:
        if refusal.word[0] != _RETRY:
            chip.transaction = None
        raise


def continues(chip: Chip, apdu: bytes) -> bool:
    """Whether a command leaves an initialized transaction standing until it is executed itself."""
    if not chip.options.initialize_for_next_command_only:
        return True
    return apdu[:2] == _GET_RESPONSE or (len(apdu) >= 4 and apdu[0] == CLA and apdu[1] in _HANDLERS)


def _initialize(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    """INITIALIZE FOR LOAD and FOR PURCHASE; either forgets the proof of the transaction before."""
    begin = {_LOAD: _begin_load, _PURCHASE: _begin_purchase}.get(apdu[2:4])
    if begin is None:
        raise Refusal(WRONG_P1P2)
    return begin(chip, directory, purse, apdu)


def _begin_load(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    body = _body(chip, apdu, 11)
    _require_pin(chip)
    key = _key(directory, KeyType.LOAD, number=number_of(body[0]))
    _tac_key(directory)
    if purse.load_counter == COUNTER_LIMIT:
        raise Refusal(COUNTER_FULL)
    order = Load(_number(body[1:5]), body[5:11], _code(chip, Movement.LOAD))
    random = chip.randomness.take(_RANDOM)
    session_key = chip.family.session_key(key.value, load_seed(random, purse.load_counter))
    mac1 = chip.family.session_mac(session_key, order.mac1(purse.balance))
    head = _four(purse.balance) + _two(purse.load_counter)
    answer = deliver(chip, apdu, head + _key_bytes(chip, key) + random + mac1)
    directory.purse = replace(purse, proof=None)
    chip.transaction = OpenLoad(order, session_key)
    return answer


def _begin_purchase(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    body = _body(chip, apdu, 19)
    _require_pin(chip)
    key = _key(directory, KeyType.PURCHASE, version=body[0])
    _tac_key(directory)
    if purse.purchase_counter == COUNTER_LIMIT:
        raise Refusal(COUNTER_FULL)
    account, own, fund = (_number(body[start : start + 4]) for start in (1, 5, 9))
    if account > purse.balance:
        raise Refusal(NO_MONEY)
    random = chip.randomness.take(_RANDOM)
    sums = _four(purse.balance) + _four(purse.own) + _four(purse.fund) + _digits(purse.year)
    answer = deliver(chip, apdu, sums + _two(purse.purchase_counter) + _key_bytes(chip, key) + random)
    directory.purse = replace(purse, proof=None)
    order = Purchase(account, own, fund, body[13:19], _code(chip, Movement.PURCHASE))
    chip.transaction = OpenPurchase(order, key.value, random)
    return answer


def _credit(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    """CREDIT FOR LOAD: host time 7 ‖ MAC2 4; the answer is the TAC."""
    body = _body(chip, apdu, 11, _CREDIT)
    _require_pin(chip)
    opened = chip.transaction
    if not isinstance(opened, OpenLoad):
        raise Refusal(NOT_IN_STATE)
    order, time, mac2 = opened.order, body[:7], body[7:]
    _check(chip, opened.session_key, order.mac2(time), mac2)
    balance = purse.balance + order.amount
    if balance > AMOUNT_LIMIT:
        raise Refusal(COUNTER_FULL)
    counter = purse.load_counter
    reckoned = balance if chip.options.load_tac_over_new_balance else purse.balance
    tac = transaction_code(chip.family, _tac_key(directory).value, order.tac(reckoned, counter, time))
    answer = deliver(chip, apdu, tac)
    booked = replace(purse, balance=balance, load_counter=counter + 1, proof=Proof(order.code, counter, mac2, tac))
    entry = LogEntry(_logged(chip, counter), order.code, order.terminal, time, order.amount)
    _book(chip, directory, booked, entry)
    return answer


def _debit(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    """DEBIT FOR PURCHASE: terminal counter 4 ‖ terminal time 7 ‖ MAC1 4; the answer is TAC ‖ MAC2."""
    body = _body(chip, apdu, 15, _DEBIT)
    _require_pin(chip)
    opened = chip.transaction
    if not isinstance(opened, OpenPurchase):
        raise Refusal(NOT_IN_STATE)
    order, terminal_counter, time = opened.order, body[:4], body[4:11]
    counter = purse.purchase_counter
    session_key = chip.family.session_key(opened.key, purchase_seed(opened.random, counter, terminal_counter))
    _check(chip, session_key, order.mac1(time), body[11:])
    spent = purse if _account_only(directory) else _add_to_year(purse, order, time)
    mac2 = chip.family.session_mac(session_key, order.amounts)
    tac = transaction_code(chip.family, _tac_key(directory).value, order.tac(terminal_counter, time))
    answer = deliver(chip, apdu, tac + mac2)
    booked = replace(
        spent,
        balance=purse.balance - order.account,
        purchase_counter=counter + 1,
        proof=Proof(order.code, counter, mac2, tac),
    )
    amounts = order.account, order.own, order.fund
    _book(chip, directory, booked, LogEntry(_logged(chip, counter), order.code, order.terminal, time, *amounts))
    return answer


def _add_to_year(purse: Purse, order: Purchase, time: bytes) -> Purse:
    """Own and fund payment in the sums of their year.  Raises Refusal 6A80 for an impossible date, 9402."""
    try:
        settlement = Settlement.of(day_of(time), purse.year, purse.start_day)
    except ValueError:
        raise Refusal(WRONG_DATA) from None
    if settlement.restarts:
        return replace(purse, year=settlement.real_year, own=order.own, fund=order.fund)
    own, fund = purse.own + order.own, purse.fund + order.fund
    if max(own, fund) > AMOUNT_LIMIT:
        raise Refusal(COUNTER_FULL)
    return replace(purse, own=own, fund=fund)


def _book(chip: Chip, directory: Directory, booked: Purse, entry: LogEntry) -> None:
    """Write the transaction: purse and log together, nothing of it can fail."""
    log = _log(directory)
    append(log, entry.record(log.record_length))
    directory.purse = booked
    chip.transaction = None


def _get_balance(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    p1, p2 = apdu[2:4]
    if p1 or p2 not in (amount.value for amount in Amount):
        raise Refusal(WRONG_P1P2)
    le = expected(chip, apdu)
    _require_pin(chip)
    if p2 == Amount.ACCOUNT.value:
        return _give(chip, le, _four(purse.balance))
    total = purse.own if p2 == Amount.OWN.value else purse.fund
    return _give(chip, le, _four(total) + _digits(purse.year))


def _get_proof(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    """GET TRANSACTION PROOF: MAC 4 ‖ TAC 4 of the last transaction, for its counter before it was raised; no PIN."""
    if apdu[2] or apdu[3] not in (_code(chip, movement) for movement in Movement):
        raise Refusal(WRONG_P1P2)
    counter = _number(_body(chip, apdu, 2))
    proof = purse.proof
    if proof is None or (proof.code, proof.counter) != (apdu[3], counter):
        raise Refusal(NO_PROOF)
    return deliver(chip, apdu, proof.mac + proof.tac)


def _starting_day(chip: Chip, directory: Directory, purse: Purse, apdu: bytes) -> bytes:
    """UPDATE STARTING DAY (mmdd, DSK or the right to create files) and GET STARTING DAY (free); either ends in idle."""
    if apdu[2:4] == _GET_DAY:
        answer = _give(chip, expected(chip, apdu), _digits(purse.start_day))
        chip.transaction = None
        return answer
    body = _body(chip, apdu, 2, _SET_DAY)
    security = chip.security
    right = (directory, chip.options.starting_day_key) in security.rights
    if not (right or security.transport or security.master(directory)):
        raise Refusal(NOT_ALLOWED)
    if _account_only(directory):
        raise Refusal(NOT_NOW)
    try:
        day = start_day_of(body)
    except ValueError:
        raise Refusal(WRONG_DATA) from None
    directory.purse = replace(purse, start_day=day)
    chip.transaction = None
    return OK


_HANDLERS: Final[dict[int, _Handler]] = {
    0x26: _get_balance,
    0x28: _initialize,
    0x2A: _credit,
    0x2C: _debit,
    0x2E: _get_proof,
    0x56: _starting_day,
}
INSTRUCTIONS: Final = tuple(_HANDLERS)


def _body(chip: Chip, apdu: bytes, size: int, parameters: bytes | None = None) -> bytes:
    body = data_of(chip, apdu)
    if len(body) != size:
        raise Refusal(WRONG_LENGTH)
    if parameters is not None and apdu[2:4] != parameters:
        raise Refusal(WRONG_P1P2)
    return body


def _give(chip: Chip, le: int, data: bytes) -> bytes:
    """The answer of a command without data; Le 00 and a longer Le as the card treats them in READ RECORD."""
    size = len(data)
    if le != size:
        taken = chip.zero_le_gives_data if not le else le > size and chip.options.long_le_gives_data
        if not taken:
            raise Refusal(right_length(size))
    return data + OK


def _require_pin(chip: Chip) -> None:
    """Raises Refusal 6982 while a PIN is set and was not verified."""
    place = chip.current.environment
    pin = place.pin
    if pin is not None and pin.value and place not in chip.security.pins:
        raise Refusal(NOT_ALLOWED)


def _key(directory: Directory, kind: KeyType, *, number: int | None = None, version: int | None = None) -> Key:
    key = directory.key(kind, number, version)
    if key is None:
        raise Refusal(NO_KEY_INDEX)
    return key


def _tac_key(directory: Directory) -> Key:
    """The first DTK.  Raises Refusal 6985: without it no transaction may begin."""
    key = directory.key(KeyType.TAC)
    if key is None:
        raise Refusal(NOT_NOW)
    return key


def _check(chip: Chip, session_key: bytes, fields: bytes, mac: bytes) -> None:
    if not compare_digest(chip.family.session_mac(session_key, fields), mac):
        raise Refusal(PURSE_MAC_WRONG)


def _log(directory: Directory) -> Ef:
    return directory.files[PURSE_LOG]


def _account_only(directory: Directory) -> bool:
    return _log(directory).record_length == ACCOUNT_ONLY_LENGTH


def _code(chip: Chip, movement: Movement) -> int:
    return movement.code(ascii_digit=chip.options.purse_type_ascii)


def _key_bytes(chip: Chip, key: Key) -> bytes:
    """Version and algorithm of a key as the answer shows them."""
    return bytes((key.version, chip.algorithm.value if chip.options.purse_algorithm_as_in_fci else key.option))


def _logged(chip: Chip, counter: int) -> int:
    return counter if chip.options.log_counter_before else counter + 1


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _four(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _digits(number: int) -> bytes:
    """Four decimal digits, packed."""
    return bytes.fromhex(f"{number:04d}")
