"""The rules that vectors name: each computes, with the library's own functions, what the standard says must come out.

A rule takes the ``given`` of a vector and returns named values, bytes as upper-case hex.  It raises KeyError for a
value the vector does not give and ValueError for one that makes no sense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command
from sscard.conformance import (
    driver_rules,
    fmcos_rules,
    keyblock_rules,
    pboc_rules,
    pki_rules,
    psam_rules,
    purse_rules,
    record_rules,
)
from sscard.errors import SscardError
from sscard.keys.diversify import card_factor, city_factor, province_factor
from sscard.keys.family import Family, card_algorithm, family_of, pad80, pad_length
from sscard.personalize import cardnumber, ssn
from sscard.terminal.fci import Fci, algorithm_of

Given = Mapping[str, Any]
Values = dict[str, object]
Rule = Callable[[Given], Values]


def _bytes(given: Given, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _family(given: Given) -> Family:
    return family_of(card_algorithm(given["algorithm"]))


def diversification_factors(given: Given) -> Values:
    """The three factors of a city code and the historical bytes of a card."""
    city = given["city_code"]
    return {
        "factor1_province": _hex(province_factor(city)),
        "factor2_city": _hex(city_factor(city)),
        "factor3_card": _hex(card_factor(_bytes(given, "historical_bytes"))),
    }


def diversification_chain(given: Given) -> Values:
    """Root key to card key; the factors are given or follow from city code and historical bytes."""
    family = _family(given)
    if "city_code" in given:
        city = given["city_code"]
        factors = [province_factor(city), city_factor(city), card_factor(_bytes(given, "historical_bytes"))]
    else:
        factors = [_bytes(given, f"factor{level}") for level in (1, 2, 3)]
    keys = [_bytes(given, "root_key")]
    for factor in factors:
        keys.append(family.diversify(keys[-1], factor))
    opposite = bytes(byte ^ 0xFF for byte in factors[0])
    return {
        **{f"factor{level}": _hex(factor) for level, factor in enumerate(factors, 1)},
        "not_factor1": _hex(opposite),
        "block1": _hex(factors[0] + opposite),
        "after_factor1": _hex(keys[1]),
        "after_factor2": _hex(keys[2]),
        "card_key": _hex(keys[3]),
    }


def diversify(given: Given) -> Values:
    """One level; ``left`` and ``right`` are the halves of the child key."""
    child = _family(given).diversify(_bytes(given, "key"), _bytes(given, "factor"))
    return {"key": _hex(child), "left": _hex(child[:8]), "right": _hex(child[8:])}


def session_key(given: Given) -> Values:
    """Session key from a challenge."""
    family, challenge = _family(given), _bytes(given, "challenge")
    return {
        "input_block": _hex(challenge.ljust(family.block, b"\0")),
        "session_key": _hex(family.session_key(_bytes(given, "key"), challenge)),
    }


def authentication_data(given: Given) -> Values:
    """Authentication data and the two commands that carry it, for key id 0A of EXTERNAL AUTHENTICATE."""
    family, factor, original = _family(given), _bytes(given, "process_factor"), _bytes(given, "original")
    session = family.session_key(_bytes(given, "key"), factor)
    block = original.ljust(family.block, b"\0")
    data = family.authentication_data(session, original)
    return {
        "session_key": _hex(session),
        "input_block": _hex(block),
        "cipher_block": _hex(family.encrypt(session, block)),
        "authentication_data": _hex(data),
        "internal_auth_apdu": _hex(Command(0x00, 0x88, 0x00, 0x00, factor + original, le=256)),
        "internal_auth_response": _hex(data),
        "external_auth_apdu": _hex(Command(0x00, 0x82, 0x00, 0x0A, data + original)),
        "external_auth_apdu_with_version": _hex(Command(0x00, 0x82, 0x00, 0x0A, data + original + b"\1")),
    }


def external_authentication(given: Given) -> Values:
    """Whether a card that gave ``challenge`` accepts the command."""
    family, body = _family(given), Command.parse(_bytes(given, "apdu")).data
    session = family.session_key(_bytes(given, "key"), _bytes(given, "challenge"))
    return {"accepted": family.authentication_data(session, body[8:16]) == body[:8]}


def secure_message(given: Given) -> Values:
    """A command with MAC under a session key; a PIN is enciphered, other data stay plain."""
    family = _family(given)
    session = family.session_key(_bytes(given, "key"), _bytes(given, "challenge"))
    values: Values = {"session_key": _hex(session)}
    body = _bytes(given, "data") if "data" in given else b""
    if given.get("pin"):
        pin = record_rules.packed_digits(given["pin"])
        plain = pad_length(pin, family.block)
        body = family.encrypt(session, plain)
        values |= {"pin_cn": _hex(pin), "plain_block": _hex(plain), "cipher": _hex(body)}
    message = _bytes(given, "header") + bytes((len(body) + 4,)) + body
    mac = family.session_mac(session, message)
    return values | {
        "mac_input_padded": _hex(pad80(message, family.block)),
        "mac": _hex(mac),
        "apdu": _hex(Command.parse(message + mac)),
    }


def write_key(given: Given) -> Values:
    """A key record enciphered and authenticated under the protecting key itself, challenge as initial value."""
    family, key = _family(given), _bytes(given, "key")
    challenge = _bytes(given, "challenge")
    plain = pad_length(_bytes(given, "key_record"), family.block)
    cipher = family.encrypt(key, plain)
    message = _bytes(given, "header") + bytes((len(cipher) + 4,)) + cipher
    mac = family.key_mac(key, message, challenge)
    return {
        "plain_block": _hex(plain),
        "initial": _hex(challenge.ljust(family.block, b"\0")),
        "cipher": _hex(cipher),
        "mac": _hex(mac),
        "apdu": _hex(Command.parse(message + mac)),
    }


def key_mac(given: Given) -> Values:
    """MAC of any message under the key itself."""
    family, initial = _family(given), _bytes(given, "initial")
    return {
        "initial_block": _hex(initial.ljust(family.block, b"\0")),
        "mac": _hex(family.key_mac(_bytes(given, "key"), _bytes(given, "message"), initial)),
    }


def encipher(given: Given) -> Values:
    """ECB of whole blocks."""
    return {"cipher": _hex(_family(given).encrypt(_bytes(given, "key"), _bytes(given, "plain")))}


def length_padded_cipher(given: Given) -> Values:
    """ECB of plain text behind its length byte."""
    family = _family(given)
    plain = pad_length(_bytes(given, "plain"), family.block)
    return {"plain_block": _hex(plain), "cipher": _hex(family.encrypt(_bytes(given, "key"), plain))}


def apdu_form(given: Given) -> Values:
    """How many of the commands have length bytes that add up."""

    def lawful(apdu: str) -> bool:
        try:
            Command.parse(bytes.fromhex(apdu))
        except SscardError:
            return False
        return True

    return {"lawful": sum(lawful(entry["apdu"]) for entry in given["apdus"])}


def atr(given: Given) -> Values:
    """Parts of a social-security card's answer to reset."""
    parsed = Atr.parse(_bytes(given, "atr"))
    return {
        "historical_bytes": _hex(parsed.historical),
        "card_factor": _hex(parsed.card_factor),
        "area": parsed.area,
        "serial": _hex(parsed.serial),
    }


def fci(given: Given) -> Values:
    """Name, directory file and algorithm told by an FCI, with the fallback by the card identification code."""
    parsed = Fci.parse(_bytes(given, "fci"))
    algorithm, _ = algorithm_of(parsed, given["card_id_first_bytes"], "")
    return {
        "df_name": _hex(parsed.name),
        "dir_sfi": None if parsed.dir_sfi is None else f"{parsed.dir_sfi:02X}",
        "algorithm": algorithm.name,
    }


def card_number(given: Given) -> Values:
    """Check character of a card number."""
    check = cardnumber.check_character(given["body"])
    return {"check": check, "card_number": given["body"] + check}


def citizen_number(given: Given) -> Values:
    """Check character of a citizen number."""
    check = ssn.check_character(given["body"])
    return {"check": check, "number": given["body"] + check}


CAPABILITIES: Final = frozenset(
    {
        "keys",
        "records",
        "numbers",
        "atr",
        "fci",
        "apdu",
        "card",
        "purse",
        "pin",
        "contactless",
        "generation-1",
        "fmcos",
        "pki",
        "psam",
        "driver",
    }
)
"""What this version of the toolkit can do; a vector that requires anything else is reported as not supported."""

RULES: Final[dict[str, Rule]] = {
    "diversification-factors": diversification_factors,
    "diversification-chain": diversification_chain,
    "diversify": diversify,
    "session-key": session_key,
    "authentication-data": authentication_data,
    "external-authentication": external_authentication,
    "secure-message": secure_message,
    "write-key": write_key,
    "key-mac": key_mac,
    "encipher": encipher,
    "length-padded-cipher": length_padded_cipher,
    "apdu-form": apdu_form,
    "atr": atr,
    "fci": fci,
    "card-number": card_number,
    "citizen-number": citizen_number,
    **record_rules.RULES,
    **purse_rules.RULES,
    **fmcos_rules.RULES,
    **pki_rules.RULES,
    **psam_rules.RULES,
    **driver_rules.RULES,
    **keyblock_rules.RULES,
    **pboc_rules.RULES,
}
