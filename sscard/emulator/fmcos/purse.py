"""The e-purse: passbook (ED) and purse (EP) from INITIALIZE to the code that proves a transaction.

Between INITIALIZE and its partner nothing lasting changes; the partner books purse, log and held-back records whole or
not at all, for all that can go wrong has been checked before the first byte changes.
Source: PBOC electronic purse as in the FMCOS 2.0 manual, purse commands; docs/fmcos.md.
"""

from __future__ import annotations

from dataclasses import replace
from hmac import compare_digest
from typing import Final

from sscard.cos.pboc import LOG_LENGTH, Movement
from sscard.emulator.fmcos.accounts import DEBITS, LOADS, Cached, Open, four, number, three, two
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import DES, NOT_PROTECTED
from sscard.emulator.fmcos.nodes import Ef, Key, Kind, Proof, Protection, Purse, Use
from sscard.emulator.fmcos.records import find, fits, push, target
from sscard.emulator.fmcos.request import Request, reply
from sscard.emulator.words import (
    COUNTER_FULL,
    NO_FILE,
    NO_KEY_INDEX,
    NO_MONEY,
    NO_PROOF,
    NOT_ALLOWED,
    NOT_IN_STATE,
    NOT_NOW,
    OK,
    PURSE_MAC_WRONG,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)
from sscard.keys.transaction import transaction_code

PASSBOOK, PURSE = 0x01, 0x02
_RANDOM: Final = 4
_INITIALIZE_SIZE, _OVERDRAFT_SIZE = 11, 7
_CREDIT_SIZE, _DEBIT_SIZE, _NEW_LIMIT_SIZE = 11, 15, 14
_CODE: Final = 4
_SERIAL_LIMIT, _AMOUNT_LIMIT = 0xFFFF, 0xFFFFFFFF
_TAC_ID: Final = 0x00
_ENDING: Final = b"\x80\x00"
_SPOILING_ALGORITHMS: Final = frozenset((0x02, 0x03))
_RETRY: Final = 0x6C

_BEGINNINGS: Final[dict[bytes, tuple[Movement, Use]]] = {
    b"\x00\x01": (Movement.PASSBOOK_LOAD, Use.LOAD),
    b"\x00\x02": (Movement.PURSE_LOAD, Use.LOAD),
    b"\x01\x01": (Movement.PASSBOOK_PURCHASE, Use.PURCHASE),
    b"\x01\x02": (Movement.PURSE_PURCHASE, Use.PURCHASE),
    b"\x02\x01": (Movement.CASH, Use.PURCHASE),
    b"\x03\x02": (Movement.COMPOUND, Use.PURCHASE),
    b"\x04\x01": (Movement.OVERDRAFT, Use.OVERDRAFT),
    b"\x05\x01": (Movement.UNLOAD, Use.UNLOAD),
}


def initialize(chip: FmcosChip, request: Request) -> bytes:
    """INITIALIZE FOR LOAD, PURCHASE, CASH, compound PURCHASE, OVERDRAFT and UNLOAD.

    Checked in this order: 6A86, 6700, 6A82, 6982, 9403, 9402, 9401.
    """
    beginning = _BEGINNINGS.get(request.header[2:])
    if beginning is None:
        raise Refusal(WRONG_P1P2)
    movement, use = beginning
    overdraft = movement is Movement.OVERDRAFT
    body = request.body(_OVERDRAFT_SIZE if overdraft else _INITIALIZE_SIZE)
    ef, purse = _purse(chip, request.p2)
    _log(chip, ef)
    chip.need(ef.read)
    if _needs_pin(chip, movement) and not chip.pin_passed:
        raise Refusal(NOT_ALLOWED)
    key = _key(chip, use, body[0])
    _key(chip, Use.TAC, _TAC_ID)
    debit = movement in DEBITS
    if (purse.offline if debit else purse.online) == _SERIAL_LIMIT:
        raise Refusal(COUNTER_FULL)
    amount = 0 if overdraft else number(body[1:5])
    if (debit or movement is Movement.UNLOAD) and amount > purse.balance:
        raise Refusal(NO_MONEY)
    opened = Open(movement, ef, key, amount, body[-6:], b"")
    request.room_for(15 if debit else 19 if overdraft else 16)
    opened.random = chip.randomness.take(_RANDOM)
    answer = four(purse.balance) + two(purse.offline if debit else purse.online)
    if debit or overdraft:
        answer += three(purse.overdraft)
    answer += bytes((key.version, key.algorithm)) + opened.random
    if not debit:
        answer += _mac1(chip, opened, purse)
    chip.open = opened
    return reply(chip, request, answer)


def _needs_pin(chip: FmcosChip, movement: Movement) -> bool:
    if movement in (Movement.PURSE_PURCHASE, Movement.COMPOUND):
        return False
    return movement is not Movement.PURSE_LOAD or chip.options.load_needs_pin


def _mac1(chip: FmcosChip, opened: Open, purse: Purse) -> bytes:
    """The card's proof to the host: balance, amount (or overdraft limit), type and terminal."""
    if chip.options.reserved_algorithm_spoils_mac and opened.key.algorithm in _SPOILING_ALGORITHMS:
        return bytes(_CODE)
    middle = three(purse.overdraft) if opened.movement is Movement.OVERDRAFT else four(opened.amount)
    return DES.session_mac(_online_key(opened, purse), four(purse.balance) + middle + _tail(opened))


def _tail(opened: Open) -> bytes:
    return bytes((opened.movement,)) + opened.terminal


def _online_key(opened: Open, purse: Purse) -> bytes:
    return DES.encrypt(opened.key.value, opened.random + two(purse.online) + _ENDING)


def _partner(chip: FmcosChip, movements: frozenset[Movement]) -> tuple[Open, Purse]:
    """The transaction that the command at hand ends.  Raises Refusal 6901 where another, or none, was begun."""
    opened = chip.open
    if opened is None or opened.movement not in movements or opened.ef.purse is None:
        raise Refusal(NOT_IN_STATE)
    return opened, opened.ef.purse


def _check(session_key: bytes, fields: bytes, mac: bytes) -> None:
    if not compare_digest(DES.session_mac(session_key, fields), mac):
        raise Refusal(PURSE_MAC_WRONG)


def credit(chip: FmcosChip, request: Request) -> bytes:
    """CREDIT FOR LOAD: date and time 7, MAC2 4; the answer is the TAC."""
    opened, purse = _partner(chip, LOADS)
    request.parameters(0, 0)
    body = request.body(_CREDIT_SIZE)
    request.room_for(_CODE)
    time, mac2 = body[:7], body[7:]
    _check(_online_key(opened, purse), four(opened.amount) + _tail(opened) + time, mac2)
    balance = purse.balance + opened.amount
    if balance > _AMOUNT_LIMIT:
        raise Refusal(NOT_NOW)
    tac = _tac(chip, four(balance) + two(purse.online) + four(opened.amount) + _tail(opened) + time)
    _book(chip, opened, replace(purse, balance=balance, online=purse.online + 1), purse.online, time, (mac2, tac))
    return reply(chip, request, tac)


def debit(chip: FmcosChip, request: Request) -> bytes:
    """DEBIT FOR PURCHASE and for CASH (54 01) and for UNLOAD (54 03)."""
    if request.p2 or request.p1 not in (1, 3):
        raise Refusal(WRONG_P1P2)
    return _spend(chip, request) if request.p1 == 1 else _unload(chip, request)


def _spend(chip: FmcosChip, request: Request) -> bytes:
    """Terminal serial 4, date and time 7, MAC1 4; the answer is TAC and MAC2."""
    opened, purse = _partner(chip, DEBITS)
    body = request.body(_DEBIT_SIZE)
    request.room_for(2 * _CODE)
    terminal_serial, time, mac1 = body[:4], body[4:11], body[11:]
    session_key = DES.encrypt(opened.key.value, opened.random + two(purse.offline) + terminal_serial[2:])
    _check(session_key, four(opened.amount) + _tail(opened) + time, mac1)
    mac2 = DES.session_mac(session_key, four(opened.amount))
    tac = _tac(chip, four(opened.amount) + _tail(opened) + terminal_serial + time)
    booked = replace(purse, balance=purse.balance - opened.amount, offline=purse.offline + 1)
    for held in opened.cached:
        held.ef.records[held.index] = held.record
    _book(chip, opened, booked, purse.offline, time, (mac2, tac))
    return reply(chip, request, tac + mac2)


def _unload(chip: FmcosChip, request: Request) -> bytes:
    """Date and time 7, MAC2 4; the answer is MAC3."""
    opened, purse = _partner(chip, frozenset((Movement.UNLOAD,)))
    body = request.body(_CREDIT_SIZE)
    request.room_for(_CODE)
    time, mac2 = body[:7], body[7:]
    session_key = _online_key(opened, purse)
    _check(session_key, four(opened.amount) + _tail(opened) + time, mac2)
    balance = purse.balance - opened.amount
    fields = four(balance) + two(purse.online) + four(opened.amount) + _tail(opened) + time
    mac3 = DES.session_mac(session_key, fields)
    booked = replace(purse, balance=balance, online=purse.online + 1)
    _book(chip, opened, booked, purse.online, time, (mac3, _tac(chip, fields)))
    return reply(chip, request, mac3)


def change_overdraft(chip: FmcosChip, request: Request) -> bytes:
    """UPDATE OVERDRAFT LIMIT: new limit 3, date and time 7, MAC2 4; the answer is the TAC."""
    opened, purse = _partner(chip, frozenset((Movement.OVERDRAFT,)))
    request.parameters(0, 0)
    body = request.body(_NEW_LIMIT_SIZE)
    request.room_for(_CODE)
    limit, time, mac2 = body[:3], body[3:10], body[10:]
    _check(_online_key(opened, purse), limit + _tail(opened) + time, mac2)
    balance = purse.balance
    if chip.options.overdraft_moves_balance:
        balance += number(limit) - purse.overdraft
    if balance < 0:
        raise Refusal(NO_MONEY)
    if balance > _AMOUNT_LIMIT:
        raise Refusal(NOT_NOW)
    fields = four(balance) + two(purse.online) + limit + _tail(opened) + time
    tac = _tac(chip, fields, folded=chip.options.folded_key_for_overdraft)
    booked = replace(purse, balance=balance, overdraft=number(limit), online=purse.online + 1)
    opened.amount = number(limit)
    _book(chip, opened, booked, purse.online, time, (mac2, tac))
    return reply(chip, request, tac)


def hold_record(chip: FmcosChip, request: Request) -> bytes:
    """UPDATE CAPP DATA CACHE: a record that the debit of the open compound purchase will write."""
    opened, _ = _partner(chip, frozenset((Movement.COMPOUND,)))
    ef = target(chip, request)
    if not request.data:
        raise Refusal(WRONG_LENGTH)
    chip.need(ef.write)
    if ef.protection is not Protection.PLAIN:
        raise Refusal(NOT_PROTECTED)
    index = find(chip, ef, request.p1, request.p2 & 7)
    fits(ef, index, request.data)
    opened.cached.append(Cached(ef, index, request.data))
    return OK


def balance(chip: FmcosChip, request: Request) -> bytes:
    """GET BALANCE: of the passbook with the PIN, of the purse without."""
    if request.p1 or request.p2 not in (PASSBOOK, PURSE):
        raise Refusal(WRONG_P1P2)
    if request.data:
        raise Refusal(WRONG_LENGTH)
    ef, purse = _purse(chip, request.p2)
    if chip.options.balance_right_in_purse:
        chip.need(ef.write)
    elif request.p2 == PASSBOOK and not chip.pin_passed:
        raise Refusal(NOT_ALLOWED)
    request.room_for(4)
    return reply(chip, request, four(purse.balance))


def proof(chip: FmcosChip, request: Request) -> bytes:
    """GET TRANSACTION PROOF: MAC and TAC of the last transaction of its type, by its serial before it was raised."""
    if request.p1 or request.p2 not in Movement.__members__.values():
        raise Refusal(WRONG_P1P2)
    serial = number(request.body(2))
    for ef in chip.here.files.values():
        kept = ef.purse.proof if ef.purse else None
        if kept is not None and (kept.type, kept.serial) == (request.p2, serial):
            request.room_for(2 * _CODE)
            return reply(chip, request, kept.mac + kept.tac)
    raise Refusal(NO_PROOF)


def continues(chip: FmcosChip, head: bytes) -> bool:
    """Whether a command leaves an initialized transaction standing until it is executed itself."""
    if not chip.options.init_for_next_command_only:
        return True
    return head in _PARTNERS


def ends(head: bytes, answer: bytes) -> bool:
    """Whether a command with that answer ends an initialized transaction; one the host must repeat does not."""
    return head in _PARTNERS and answer[-2] != _RETRY and (head != _HOLD or answer[-2:] != OK)


_HOLD: Final = b"\x80\xdc"
_PARTNERS: Final = frozenset((b"\x80\x52", b"\x80\x54", b"\x80\x58", _HOLD))


def _purse(chip: FmcosChip, fid: int) -> tuple[Ef, Purse]:
    ef = chip.here.files.get(fid)
    if ef is None or ef.purse is None:
        raise Refusal(NO_FILE)
    return ef, ef.purse


def _key(chip: FmcosChip, use: Use, ident: int) -> Key:
    """A purse key.  Raises Refusal 9403 where it is not there, 6982."""
    if chip.here.key(use, ident) is None:
        raise Refusal(NO_KEY_INDEX)
    return chip.key(use, ident)


def _tac(chip: FmcosChip, fields: bytes, *, folded: bool = True) -> bytes:
    key = _key(chip, Use.TAC, _TAC_ID).value
    return transaction_code(DES, key, fields) if folded else DES.key_mac(key, fields, b"")


def _log(chip: FmcosChip, ef: Ef) -> Ef:
    """The log of a purse.  Raises Refusal 6A82 where the file that it names is none."""
    log = chip.by_sfi(ef.log)
    if log is None or log.kind is not Kind.CYCLIC or log.record_length != LOG_LENGTH:
        raise Refusal(NO_FILE)
    return log


def _book(chip: FmcosChip, opened: Open, booked: Purse, serial: int, time: bytes, codes: tuple[bytes, bytes]) -> None:
    """Write the transaction: purse, proof and log together; nothing of it can fail."""
    mac, tac = codes
    opened.ef.purse = replace(booked, proof=Proof(opened.movement, serial, mac, tac))
    purchase = opened.movement in (Movement.PURSE_PURCHASE, Movement.COMPOUND)
    if chip.options.log_purse_purchases or not purchase:
        shown = serial + 1 if chip.options.log_serial_after else serial
        entry = two(shown) + three(booked.overdraft) + four(opened.amount) + _tail(opened) + time
        push(_log(chip, opened.ef), entry)
