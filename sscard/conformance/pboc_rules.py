"""Rules of the PBOC purse: what the host sends, reads and reckons, held against published exchanges.

The session key, the fields each code covers and both commands come from the code that the counter runs
(:mod:`sscard.terminal.pboc_commands`, :mod:`sscard.cos.pboc`); what a vector prints of them is judged, not used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.cos.pboc import Movement, Order, PurseKind
from sscard.keys.family import Algorithm, family_of
from sscard.keys.transaction import transaction_code
from sscard.terminal.pboc_commands import Opening, debit_command, initialize_command, online_command

Given = Mapping[str, Any]
Values = dict[str, object]
_DES: Final = family_of(Algorithm.DES)


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _bytes(given: Given, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _opened(given: Given, word: str) -> tuple[Order, Opening]:
    """The order behind a printed INITIALIZE, and its answer.  Raises ValueError where the host would not say it so."""
    printed = Command.parse(_bytes(given, "init_apdu"))
    movement = Movement.of(word, PurseKind(printed.p2))
    time = bytes.fromhex(given.get("datetime", ""))
    order = Order(movement, int.from_bytes(printed.data[1:5], "big"), printed.data[5:], time)
    said = initialize_command(order, printed.data[0])
    if (said[:4], said.data) != (printed[:4], printed.data):
        raise ValueError(f"{_hex(said)}: {_hex(printed)}")
    return order, Opening.parse(movement, _bytes(given, "init_response"))


def load(given: Given) -> Values:
    """A load; where the vector has its time, MAC2, TAC and the command as well."""
    order, opening = _opened(given, "load")
    session = _DES.session_key(_bytes(given, "load_key"), opening.online_seed)
    values: Values = {
        "session_key": _hex(session),
        "mac1": _hex(_DES.session_mac(session, order.card_mac1(opening.balance))),
    }
    if order.time:
        mac2 = _DES.session_mac(session, order.host_mac)
        fields = order.online_code(opening.balance + order.amount, opening.serial)
        command = online_command(order, mac2)
        values |= {
            "mac2": _hex(mac2),
            "tac": _hex(transaction_code(_DES, _bytes(given, "tac_key"), fields)),
            "credit_apdu": _hex(Command(command.cla, command.ins, command.p1, command.p2, command.data)),
        }
    return values


def purchase(given: Given) -> Values:
    """A purchase."""
    order, opening = _opened(given, "purchase")
    serial = _bytes(given, "terminal_serial")
    session = _DES.session_key(_bytes(given, "purchase_key"), opening.offline_seed(serial))
    mac1 = _DES.session_mac(session, order.host_mac)
    return {
        "session_key": _hex(session),
        "mac1": _hex(mac1),
        "mac2": _hex(_DES.session_mac(session, order.sum)),
        "tac": _hex(transaction_code(_DES, _bytes(given, "tac_key"), order.offline_code(serial))),
        "debit_apdu": _hex(debit_command(order, serial, mac1)),
    }


RULES: Final[dict[str, Callable[[Given], Values]]] = {"pboc-load": load, "pboc-purchase": purchase}
