"""The worked examples of PIN reload, unblock and blocks, carried to a software card with their key and challenge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.emulator import SoftwareCard
from sscard.emulator.access import ABSENT, Rule
from sscard.emulator.nodes import Directory, DirectoryKind, Ef, EfType, Key, KeyType
from sscard.keys.family import Algorithm

h = bytes.fromhex
ROWS = {
    row["id"]: row
    for row in json.loads((Path(__file__).parents[2] / "vectors" / "secure-messaging.json").read_text("utf-8"))
    if row["rule"] == "secure-message" and not row.get("negative")
}
PIN = h("999999")


def key(kind: KeyType, number: int, value: bytes = b"?" * 16) -> Key:
    return Key(value, 3, 3, kind, number, 1, 0, 3)


class Bench:
    """A card in which the rights are held and the challenge is that of the example."""

    def __init__(self, row: dict[str, dict[str, str]]) -> None:
        given = row["given"]
        self.card = SoftwareCard.blank(1, algorithm=Algorithm[given["algorithm"]])
        chip = self.card.chip
        self.environment = Directory(0xDDF1, DirectoryKind.DDF, b"sx1.sh", chip.root)
        self.application = Directory(0xDF04, DirectoryKind.ADF, b"medical", self.environment)
        chip.root.directories[0xDDF1] = self.environment
        self.environment.directories[0xDF04] = self.application
        stk = h(given["key"])
        self.pin = Key(PIN, 6, 0, KeyType.PIN, 0, 1, 1, 0)
        self.environment.keys = [
            self.pin,
            key(KeyType.MAINTENANCE, 2, stk),
            key(KeyType.EXTERNAL, 5),
            key(KeyType.EXTERNAL, 6),
        ]
        self.application.keys = [key(KeyType.MAINTENANCE, 0x82, stk), key(KeyType.EXTERNAL, 0x83)]
        free = Rule(ABSENT, ABSENT, both=False)
        for place in (self.environment, self.application):
            for fid in (0xEF05, 0xEF06):
                place.add_file(Ef(fid, fid & 0x1F, EfType.VARIABLE, 0x80, 0, free, free, [b"\x08\x01?", b"\x09\x01?"]))
        self.challenge = h(given["challenge"])

    def send(self, apdu: bytes, place: Directory, challenge: bytes | None = None) -> str:
        chip = self.card.chip
        chip.enter(place)
        rights = {(self.environment, 5), (self.environment, 6), (self.application, 3)}
        chip.security.rights |= rights
        chip.challenge = self.challenge if challenge is None else challenge
        return self.card.transmit(apdu).hex().upper()


def names(*starts: str) -> list[str]:
    found = [name for name in ROWS if name.startswith(starts)]
    assert found
    return found


@pytest.mark.parametrize("name", names("sm-pin-reload", "sm-pin-empty", "sm-pin-unblock"))
@pytest.mark.parametrize("inside", ["environment", "application"])
def test_pin(name: str, inside: str) -> None:
    row = ROWS[name]
    bench = Bench(row)
    assert bench.send(h(row["expect"]["apdu"]), getattr(bench, inside)) == "9000"
    digits = row["given"].get("pin", "")
    new = h(digits + "F" * (len(digits) % 2)) if "reload" in name or "empty" in name else PIN
    assert (bench.pin.value, bench.pin.tries) == (new, 6)


@pytest.mark.parametrize("name", names("sm-app-block", "sm-card-block"))
def test_blocks(name: str) -> None:
    row = ROWS[name]
    bench = Bench(row)
    whole = "card" in name
    assert bench.send(h(row["expect"]["apdu"]), bench.environment if whole else bench.application) == "9000"
    assert (bench.card.chip.blocked, bench.application.blocked) == (whole, not whole)


@pytest.mark.parametrize("name", names("sm-pin", "sm-app-block", "sm-card-block"))
def test_each_is_refused_with_another_challenge_and_with_a_bit_changed(name: str) -> None:
    row = ROWS[name]
    bench, apdu = Bench(row), h(row["expect"]["apdu"])
    place = bench.application if "app" in name else bench.environment
    wrong = bytes((bench.challenge[0] ^ 1,)) + bench.challenge[1:]
    assert bench.send(apdu, place, wrong) == "6988"
    for position in range(5, len(apdu)):
        fresh = Bench(row)
        changed = apdu[:position] + bytes((apdu[position] ^ 0x40,)) + apdu[position + 1 :]
        assert fresh.send(changed, fresh.application if "app" in name else fresh.environment) == "6988"
        assert (fresh.pin.value, fresh.pin.tries, fresh.card.chip.blocked) == (PIN, 0, False)
