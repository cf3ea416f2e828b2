"""Speed of the software card in process: APDUs a second beside a bare function call of the same run.

Run: python bench/emulator.py
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

from sscard.apdu.exchange import Protocol
from sscard.emulator.card import SoftwareCard

ROUNDS = 9
LOOPS = 5_000
SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
SELECT = b"\x00\xa4\x04\x00\x0f" + SSSE
READ = bytes.fromhex("00B2012C10")
CHALLENGE = bytes.fromhex("0084000008")


def ready_card(protocol: Protocol) -> SoftwareCard:
    """A card with SSSE and one free record of 16 bytes."""
    card = SoftwareCard.blank(1, protocol=protocol)
    for command in (
        "80E0030008FFFFFFFFFFFFFFFF",
        "80E001001F" + "000000FF01DDF10100002300008000" + "81" + SSSE.hex(),
        "80E0010010" + "0000000040EF05C6000500000000" + "0000",
        "00DC012C10" + "010E" + "11" * 14,
    ):
        answer = card.transmit(bytes.fromhex(command))
        if answer != b"\x90\x00":
            raise SystemExit(f"{command}: {answer.hex()}")
    return card


def rate(transmit: Callable[[bytes], bytes], commands: tuple[bytes, ...]) -> float:
    """Commands a second."""
    start = time.perf_counter()
    for _ in range(LOOPS):
        for command in commands:
            transmit(command)
    return LOOPS * len(commands) / (time.perf_counter() - start)


def constant(_apdu: bytes) -> bytes:
    return b"\x90\x00"


def main() -> None:
    for protocol in Protocol:
        card = ready_card(protocol)
        for name, commands in {
            "mix": (SELECT, READ, CHALLENGE),
            "select": (SELECT,),
            "read-record": (READ,),
            "get-challenge": (CHALLENGE,),
        }.items():
            value, baseline = [], []
            for _ in range(ROUNDS):
                value.append(rate(card.transmit, commands))
                baseline.append(rate(constant, commands))
            figure, floor = statistics.median(value), statistics.median(baseline)
            print(
                json.dumps(
                    {
                        "figure": f"emulator {protocol.name} {name}, APDU/s",
                        "value": round(figure),
                        "baseline": round(floor),
                        "ratio": round(figure / floor, 4),
                    }
                )
            )


if __name__ == "__main__":
    main()
