"""Rules of the PSAM: key records, session keys and MACs through it, and its side of a purchase."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.cos.purse import Purchase, purchase_seed
from sscard.keys.family import Algorithm, Family, family_of, pad80, pad_length
from sscard.keys.psam import KeyPlace, Usage
from sscard.psam.module import purchase_data
from sscard.psam.reader import credit_purchase_command, delivery_command, fold_mac, init_purchase_command

Given = Mapping[str, Any]
Values = dict[str, object]

_LEVEL_BITS: Final = {3: 0x68, 2: 0x48, 1: 0x28}


def _bytes(given: Given, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _family(given: Given) -> Family:
    return family_of(Algorithm[given["algorithm"]])


def _place(usage: str, key_id: str) -> KeyPlace:
    return KeyPlace(Usage.parse(int(usage, 16)), int(key_id, 16))


def _down(family: Family, key: bytes, factors: list[bytes]) -> bytes:
    """The card key: factors are sent nearest level first, so the last is applied first."""
    for factor in reversed(factors):
        key = family.diversify(key, factor)
    return key


def session_key(given: Given) -> Values:
    """DELIVERY SESSION KEY with two factors, CIPHER DATA, and what the user card is then sent."""
    family, process, original = _family(given), _bytes(given, "process_factor"), _bytes(given, "original")
    factors = [_bytes(given, "card_factor"), _bytes(given, "city_factor")]
    root = _bytes(given, "psam_key")
    card = _down(family, root, factors)
    session = family.session_key(card, process)
    block = original.ljust(family.block, b"\0")
    data = family.authentication_data(session, original)
    body = b"".join(factors) + process.ljust(family.block, b"\0")
    return {
        "psam_key_level2": _hex(root),
        "card_UKSSSE": _hex(card),
        "session_key": _hex(session),
        "cipher_data_result": _hex(family.encrypt(session, block)),
        "delivery_apdu": _hex(delivery_command(_place(given["usage"], given["id"]), body)),
        "cipher_apdu": _hex(Command(0x80, 0xFA, 0x00, 0x00, block)),
        "get_response": _hex(Command(0x00, 0xC0, 0x00, 0x00, le=family.block)),
        "authentication_data": _hex(data),
        "card_apdu": _hex(Command(0x00, 0x82, 0x00, 0x04, data + original)),
    }


def levels(given: Given) -> Values:
    """The same key with three, two and one factor."""
    block = _family(given).block
    factors = [bytes.fromhex(factor) for factor in given["factors"]]
    process = _bytes(given, "process_factor").ljust(block, b"\0")
    return {
        f"usage_{usage:02X}": _hex(
            delivery_command(_place(f"{usage:02X}", given["id"]), b"".join(factors[:count]) + process)
        )
        for count, usage in _LEVEL_BITS.items()
    }


def mac(given: Given) -> Values:
    """A MAC in one run: initial value first, padded by the host."""
    family, key, message = _family(given), _bytes(given, "session_key"), _bytes(given, "message")
    padded = pad80(message, family.block)
    last = _bytes(given, "iv")
    for start in range(0, len(padded), family.block):
        mixed = zip(last, padded[start : start + family.block], strict=True)
        last = family.encrypt(key, bytes(left ^ right for left, right in mixed))
    return {
        "last_block": _hex(last),
        "cipher_apdu": _hex(Command(0x80, 0xFA, 0x05, 0x00, _bytes(given, "iv") + padded)),
        "mac": _hex(fold_mac(last)),
    }


def write_key(given: Given) -> Values:
    """CREATE KEY or CHANGE KEY, by the length of the record's head."""
    family, master = _family(given), _bytes(given, "adf_master_key")
    record, challenge = _bytes(given, "key_record"), _bytes(given, "challenge")
    plain = pad_length(record, family.block)
    cipher = family.encrypt(master, plain)
    change = len(record) in (3 + 8, 3 + 16)
    header = bytes((0x84, 0xD4, change, int(given["key_file"], 16), len(cipher) + 4))
    code = family.key_mac(master, header + cipher, challenge)
    return {
        "plain_block": _hex(plain),
        "cipher": _hex(cipher),
        "mac_iv": _hex(challenge.ljust(family.block, b"\0")),
        "mac": _hex(code),
        "apdu": _hex(Command.parse(header + cipher + code)),
    }


def external_authentication(given: Given) -> Values:
    """EXTERNAL AUTHENTICATION with KID-01."""
    family, original = _family(given), _bytes(given, "original")
    session = family.session_key(_bytes(given, "key"), _bytes(given, "challenge"))
    data = family.authentication_data(session, original)
    return {"session_key": _hex(session), "apdu": _hex(Command(0x00, 0x82, 0x00, 0x01, data + original))}


def purchase(given: Given) -> Values:
    """INIT and CREDIT SAM FOR PURCHASE."""
    family, algorithm = _family(given), Algorithm[given["algorithm"]]
    factors = [bytes.fromhex(factor) for factor in given["factors_sent"]]
    account, own, fund = (int(given[name], 16) for name in ("account", "self_paid", "fund"))
    order = Purchase(account, own, fund, _bytes(given, "terminal_no"), int(given["type"], 16))
    random, counter, time = _bytes(given, "random"), int(given["purchase_seq"], 16), _bytes(given, "terminal_time")
    number, version = _bytes(given, "terminal_seq"), int(given["version"], 16)
    key = _down(family, _bytes(given, "national_purchase_root"), factors)
    session = family.session_key(key, purchase_seed(random, counter, number))

    def command(count: int) -> Command:
        body = purchase_data(algorithm, version, random, counter, order, time, tuple(factors[:count]))
        return init_purchase_command(body)

    return {
        "DPK": _hex(key),
        "SESPK": _hex(session),
        "init_apdu": _hex(command(len(factors))),
        "init_response": _hex(number + family.session_mac(session, order.mac1(time))),
        "credit_apdu": _hex(credit_purchase_command(family.session_mac(session, order.amounts))),
        "lc_by_levels": {str(count): f"{command(count)[4]:02X}" for count in (3, 2, 1)},
    }


RULES: Final[dict[str, Callable[[Given], Values]]] = {
    "psam-session-key": session_key,
    "psam-levels": levels,
    "psam-mac": mac,
    "psam-write-key": write_key,
    "psam-external-authentication": external_authentication,
    "psam-purchase": purchase,
}
