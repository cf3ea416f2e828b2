"""Rules of the medical purse and of CHANGE PIN: key arithmetic, commands and answers, settlement year, log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.conformance.record_rules import packed_digits
from sscard.cos.purse import (
    Amount,
    Load,
    LogEntry,
    Movement,
    Purchase,
    Settlement,
    load_seed,
    purchase_seed,
)
from sscard.keys.family import Family, card_algorithm, family_of
from sscard.keys.secret import Secret
from sscard.keys.transaction import transaction_code, transaction_key
from sscard.terminal import purse
from sscard.terminal.pin import change_command

Given = Mapping[str, Any]
Values = dict[str, object]


def _bytes(given: Given, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _number(given: Given, name: str) -> int:
    return int(given[name], 16)


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _family(given: Given) -> Family:
    return family_of(card_algorithm(given["algorithm"]))


def load(given: Given) -> Values:
    """A whole load: commands, answers and codes."""
    family, time = _family(given), _bytes(given, "host_time")
    order = Load(_number(given, "amount"), _bytes(given, "terminal"), _number(given, "type"))
    balance, counter = _number(given, "balance_before"), _number(given, "load_seq")
    after = balance + order.amount
    seed = load_seed(_bytes(given, "random"), counter)
    session = family.session_key(_bytes(given, "DLK"), seed)
    mac1, mac2 = (family.session_mac(session, fields) for fields in (order.mac1(balance), order.mac2(time)))
    covered = order.tac(after, counter, time)
    tac = transaction_code(family, _bytes(given, "DTK"), covered)
    head = _bytes(given, "balance_before") + _bytes(given, "load_seq") + _echo(given)
    return {
        "SESLK_input": _hex(seed.ljust(family.block, b"\0")),
        "SESLK": _hex(session),
        "mac1_input": _hex(order.mac1(balance)),
        "mac2_input": _hex(order.mac2(time)),
        "tac_key": _hex(transaction_key(family, _bytes(given, "DTK"))),
        "tac_input": _hex(covered),
        "balance_after": f"{after:08X}",
        "init_apdu": _hex(purse.initialize_load_command(order, _number(given, "key_index"))),
        "init_response": _hex(head + mac1),
        "credit_apdu": _hex(purse.credit_command(time, mac2)),
        "credit_response": _hex(tac),
        "mac1": _hex(mac1),
        "mac2": _hex(mac2),
        "tac": _hex(tac),
    }


def purchase(given: Given) -> Values:
    """A whole purchase: commands, answers, codes, log record and the sums after it."""
    family, time = _family(given), _bytes(given, "terminal_time")
    account, own, fund = (_number(given, name) for name in ("account", "self_paid", "fund"))
    order = Purchase(account, own, fund, _bytes(given, "terminal"), _number(given, "type"))
    counter, terminal_counter = _number(given, "purchase_seq"), _bytes(given, "terminal_seq")
    seed = purchase_seed(_bytes(given, "random"), counter, terminal_counter)
    session = family.session_key(_bytes(given, "DPK"), seed)
    mac1, mac2 = (family.session_mac(session, fields) for fields in (order.mac1(time), order.amounts))
    covered = order.tac(terminal_counter, time)
    tac = transaction_code(family, _bytes(given, "DTK"), covered)
    before = ("balance_before", "SPIP_before", "SPFP_before", "settlement_year", "purchase_seq")
    settlement = Settlement.of(int(given["terminal_time"][:8]), int(given["settlement_year"]), int(given["start_day"]))
    own_before, fund_before = (
        (0, 0) if settlement.restarts else (_number(given, "SPIP_before"), _number(given, "SPFP_before"))
    )
    entry = LogEntry(counter, order.code, order.terminal, time, account, own, fund)
    return {
        "SESPK_input": _hex(seed.ljust(family.block, b"\0")),
        "SESPK": _hex(session),
        "mac1_input": _hex(order.mac1(time)),
        "mac1_input_length": len(order.mac1(time)),
        "mac2_input": _hex(order.amounts),
        "tac_key": _hex(transaction_key(family, _bytes(given, "DTK"))),
        "tac_input": _hex(covered),
        "init_apdu": _hex(purse.initialize_purchase_command(order, _number(given, "key_index"))),
        "init_response": _hex(b"".join(_bytes(given, name) for name in before) + _echo(given)),
        "debit_apdu": _hex(purse.debit_command(terminal_counter, time, mac1)),
        "debit_response": _hex(tac + mac2),
        "log_record": _hex(entry.record()),
        "balance_after": f"{_number(given, 'balance_before') - account:08X}",
        "SPIP_after": f"{own_before + own:08X}",
        "SPFP_after": f"{fund_before + fund:08X}",
        "purchase_seq_after": f"{counter + 1:04X}",
        "mac1": _hex(mac1),
        "mac2": _hex(mac2),
        "tac": _hex(tac),
    }


def _echo(given: Given) -> bytes:
    """Key version, algorithm and random as INITIALIZE answers them."""
    return _bytes(given, "key_version") + _bytes(given, "algorithm_id") + _bytes(given, "random")


def settlement_year(given: Given) -> Values:
    """Whether a day counts into the settlement year on the card or begins a new one."""
    settlement = Settlement.of(int(given["date"]), given["year"], int(given["start_day"]))
    restart = settlement.restarts
    return {"n": settlement.distance, "accumulate": not restart, "restart": restart}


def proof(given: Given) -> Values:
    """GET TRANSACTION PROOF."""
    movement = next(movement for movement in Movement if movement.code() == _number(given, "type"))
    return {"apdu": _hex(purse.proof_command(movement, _number(given, "counter")))}


def small_commands(given: Given) -> Values:
    """GET BALANCE and the starting day."""
    names = {"cia": Amount.ACCOUNT, "spip": Amount.OWN, "spfp": Amount.FUND}
    return {
        **{name: _hex(purse.balance_command(amount)) for name, amount in names.items()},
        "update_starting_day_0101": _hex(purse.set_starting_day_command(b"\x01\x01")),
        "get_starting_day": _hex(purse.get_starting_day_command()),
    }


def pin_change(given: Given) -> Values:
    """CHANGE PIN; an empty PIN is no digits."""
    old, new = (Secret(packed_digits(given[name])) for name in ("old", "new"))
    return {"apdu": _hex(change_command(old, new))}


RULES: Final[dict[str, Callable[[Given], Values]]] = {
    "purse-load": load,
    "purse-purchase": purchase,
    "purse-settlement-year": settlement_year,
    "purse-proof": proof,
    "purse-small-commands": small_commands,
    "pin-change": pin_change,
}
