"""Published PBOC exchanges against the host: to printed answers it sends the printed commands; altered, it stops."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sscard.apdu.transport import Channel
from sscard.conformance.pboc_rules import RULES, load
from sscard.cos.pboc import PurseKind
from sscard.errors import GuardRefused, SscardError
from sscard.keys.family import Algorithm, family_of
from sscard.keys.service import KeyRef
from sscard.keys.transaction import transaction_code
from sscard.terminal.identify import identify
from sscard.terminal.pboc import PbocPurse
from sscard.terminal.session import CardSession, pin_block
from tests.terminal.pboc_counter import OURS, PIN, PROFILE, Watched

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[2] / "vectors" / "fmcos.json").read_text(encoding="utf-8"))
}
DES = family_of(Algorithm.DES)
FIELDS = {"PLOAD": "load_key", "PPURCHASE": "purchase_key", "PTAC": "tac_key"}


class Printed:
    """A back end that has the keys of a published exchange as purse keys; all else is the demonstration's."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._printed = {name: bytes.fromhex(given[field]) for name, field in FIELDS.items() if field in given}

    def __getattr__(self, name: str) -> Any:
        return getattr(OURS, name)

    def session_mac(self, ref: KeyRef, challenge: bytes, message: bytes) -> bytes:
        return DES.session_mac(DES.session_key(self._printed[ref.name], challenge), message)

    def folded_mac(self, ref: KeyRef, message: bytes) -> bytes:
        return transaction_code(DES, self._printed[ref.name], message)


class Replayed(Watched):
    """The card, but its purse answers as printed."""

    def __init__(self, answers: dict[int, bytes]) -> None:
        super().__init__()
        self.answers = answers

    def transmit(self, apdu: bytes, /) -> bytes:
        printed = self.answers.get(apdu[1])
        if printed is None:
            return super().transmit(apdu)
        self.sent.append(apdu)
        return printed + b"\x90\x00"


def counter(card: Replayed, given: dict[str, Any]) -> PbocPurse:
    channel = Channel(card)
    return PbocPurse(CardSession(channel, PROFILE, identify(channel), Printed(given), pin_block(PIN)))


def replay(vector: dict[str, Any]) -> list[str]:
    """Play a vector through the counter; the purse commands it sent."""
    given, expect = vector["given"], vector["expect"]
    opening, init = bytes.fromhex(given["init_response"]), bytes.fromhex(given["init_apdu"])
    time = datetime.strptime(given["datetime"], "%Y%m%d%H%M%S")
    amount, terminal, index = int.from_bytes(init[6:10], "big"), init[10:16], init[5]
    if "load_key" in given:
        card = Replayed({0x50: opening, 0x52: bytes.fromhex(expect["tac"])})
        counter(card, given).load(PurseKind.EP, amount, terminal, time, index)
    else:
        card = Replayed({0x50: opening, 0x54: bytes.fromhex(expect["tac"] + expect["mac2"])})
        facts = {"terminal": terminal, "terminal_serial": int(given["terminal_serial"], 16), "time": time}
        counter(card, given).purchase(PurseKind.EP, amount, key_index=index, **facts)
    return [apdu.hex().upper() for apdu in card.sent if apdu[0] == 0x80]


def other(text: str) -> str:
    """Hex with its last digit changed."""
    return text[:-1] + f"{int(text[-1], 16) ^ 1:X}"


@pytest.mark.parametrize(("name", "last"), [("load-full-3des", "credit_apdu"), ("purchase-full-3des", "debit_apdu")])
def test_the_counter_sends_what_is_printed(name: str, last: str) -> None:
    vector = VECTORS[name]
    init, booking = replay(vector)
    assert init.startswith(vector["given"]["init_apdu"])
    assert booking.startswith(vector["expect"][last])
    assert len(booking) - len(vector["expect"][last]) <= 2  # Le, which the document leaves out


@pytest.mark.parametrize(
    ("name", "part", "reason"),
    [
        ("load-full-3des", "mac1", "purse-card-mac"),
        ("load-full-3des", "tac", "purse-answer"),
        ("purchase-full-3des", "tac", "purse-answer"),
        ("purchase-full-3des", "mac2", "purse-answer"),
    ],
)
def test_altered_answers_are_not_taken(name: str, part: str, reason: str) -> None:
    vector = json.loads(json.dumps(VECTORS[name]))
    if part == "mac1":
        vector["given"]["init_response"] = other(vector["given"]["init_response"])
    else:
        vector["expect"][part] = other(vector["expect"][part])
    with pytest.raises(SscardError) as caught:
        replay(vector)
    assert caught.value.key == reason


def test_the_card_with_a_reserved_algorithm_is_refused() -> None:
    given = VECTORS["load-mac1-bad-algorithm-id"]["given"]
    card = Replayed({0x50: bytes.fromhex(given["init_response"])})
    with pytest.raises(GuardRefused) as caught:
        counter(card, given).load(PurseKind.EP, 0x2000, bytes.fromhex("001122334455"), datetime(2016, 12, 16), 2)
    assert caught.value.key == "purse-algorithm"


PBOC = [name for name, vector in VECTORS.items() if vector["rule"] in RULES]


@pytest.mark.parametrize("name", PBOC)
def test_rules_run_on_host_code_and_twins_fail(name: str) -> None:
    vector = VECTORS[name]
    made = RULES[vector["rule"]](vector["given"])
    same = all(made[field] == value for field, value in vector["expect"].items())
    assert same is not vector.get("negative", False)


def test_every_rule_has_a_twin() -> None:
    twins = {VECTORS[name]["rule"] for name in PBOC if VECTORS[name].get("negative")}
    assert twins == set(RULES)


def test_a_command_the_host_would_not_say_is_no_example() -> None:
    given = dict(VECTORS["load-full-3des"]["given"])
    given["init_apdu"] = given["init_apdu"].replace("80500002", "80500102")
    with pytest.raises(ValueError, match="8050"):
        load(given)
