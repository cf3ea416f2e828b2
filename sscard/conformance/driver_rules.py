"""Rules of the terminal driver interface: error numbers, addresses, and the strings of the two-step form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.apdu.atr import historical_of_ats
from sscard.keys.family import Algorithm, Family, family_of, pad_length
from sscard.terminal.driver import (
    BasicAnswer,
    BasicRequest,
    Proof,
    address_text,
    error_number,
    parse_address,
    pin_command,
    pin_request,
)

Given = Mapping[str, Any]
Values = dict[str, object]
_READ_KEY: Final = 0x0A
_RELOAD: Final = "84240001"


def _bytes(given: Given, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _hex(value: bytes) -> str:
    return value.hex().upper()


def errors(given: Given) -> Values:
    """Numbers of all status words that the interface lists."""
    return {word: error_number(int(word, 16)) for word in given["status_words"]}


def address(given: Given) -> Values:
    """An address taken apart, and put together again."""
    files = parse_address(given["pFileAddr"])
    parsed = [[file.directory, file.file, [[item.tag, item.occurrence] for item in file.items]] for file in files]
    return {"parsed": parsed, "again": address_text(files)}


def _proof(family: Family, key: bytes, proof: Proof) -> bytes:
    return family.authentication_data(family.session_key(key, proof.factor), proof.original) + proof.original


def two_step_read(given: Given) -> Values:
    """Both steps of reading basic data, with the platform's part in between."""
    internal = Proof(_bytes(given, "int_factor"), _bytes(given, "int_data"))
    external = Proof(_bytes(given, "ext_factor"), _bytes(given, "ext_data"))
    number = int(given["algorithm"])

    def ask(algorithm: int, second: Proof | None) -> str:
        historical = _bytes(given, "historical_bytes")
        return BasicRequest(given["city"], historical, algorithm, given["card_id"], internal, second).text()

    family = family_of(Algorithm(number))
    answers = (
        _proof(family, _bytes(given, "IRK"), internal),
        _proof(family, _bytes(given, "RKSSSE"), external),
    )
    text = "".join(f"{_hex(answer)}|" for answer in answers)
    read = BasicAnswer.parse(text, _READ_KEY)
    return {
        "step1_out": ask(number, external),
        "step1_out_gen2": ask(Algorithm.DES.value, None),
        "step2_in": text,
        "card_compare": _hex(read.internal),
        "card_apdu": _hex(read.external) if read.external else "",
    }


def two_step_pin(given: Given) -> Values:
    """Steps 2 and 3 of PIN reload in both families, with the platform's part in between."""
    values: Values = {}
    for algorithm in (Algorithm.SM4, Algorithm.DES):
        family, name = family_of(algorithm), algorithm.name.lower()
        factor, pin = _bytes(given, "challenge"), given["pin"]
        session = family.session_key(_bytes(given, f"key_{name}"), factor)
        cipher = family.encrypt(session, pad_length(bytes.fromhex(pin), family.block))
        header = bytes.fromhex(_RELOAD) + bytes((len(cipher) + 4,))
        asked = pin_request(algorithm.value, int(given["key_address"], 16), factor, header, pin)
        answer = _hex(header + cipher + family.session_mac(session, header + cipher))
        values[f"step2_out_{name}"] = asked.reveal().decode("ascii")
        values[f"step3_in_{name}"] = _hex(pin_command(answer))
        values[f"step3_len_{name}"] = len(answer)
    return values


def ats(given: Given) -> Values:
    """What stands in an answer to select."""
    return {"historical_bytes": _hex(historical_of_ats(_bytes(given, "ats")))}


RULES: Final[dict[str, Callable[[Given], Values]]] = {
    "driver-error-from-sw": errors,
    "driver-addr-grammar": address,
    "driver-two-step-read": two_step_read,
    "driver-two-step-pin": two_step_pin,
    "ats": ats,
}
