"""Speed of the software cards in process: APDUs a second beside a bare function call of the same run.

T514 over both protocols, and the FMCOS family.  A second is one of processor time: the card waits for nothing.

Run: python bench/emulator.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from measure import report

from sscard.apdu.exchange import Protocol
from sscard.emulator.card import SoftwareCard
from sscard.personalize.sample import personalized_card

ROUNDS = 9
LOOPS = 5_000
SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
SELECT = b"\x00\xa4\x04\x00\x0f" + SSSE
READ = bytes.fromhex("00B2012C10")
READ_CARD_ID = bytes.fromhex("00B2012C12")
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
    """Commands a second of processor time."""
    start = time.process_time()
    for _ in range(LOOPS):
        for command in commands:
            transmit(command)
    return LOOPS * len(commands) / (time.process_time() - start)


def constant(_apdu: bytes) -> bytes:
    return b"\x90\x00"


def cards() -> Iterator[tuple[str, Callable[[bytes], bytes], bytes]]:
    """Name, card and a command that reads a record of 16 bytes."""
    for protocol in Protocol:
        yield protocol.name, ready_card(protocol).transmit, READ
    for profile in ("training-fmcos", "training-smartcos"):
        yield profile.removeprefix("training-"), personalized_card(profile).transmit, READ_CARD_ID


def main() -> None:
    for kind, transmit, read in cards():
        if transmit(SELECT)[-2] not in (0x90, 0x61) or not transmit(read).endswith(b"\x90\x00"):
            raise SystemExit(f"{kind}: the mix does not pass")
        for name, commands in {
            "mix": (SELECT, read, CHALLENGE),
            "select": (SELECT,),
            "read-record": (read,),
            "get-challenge": (CHALLENGE,),
        }.items():
            value, baseline = [], []
            for _ in range(ROUNDS):
                value.append(rate(transmit, commands))
                baseline.append(rate(constant, commands))
            figure, floor = statistics.median(value), statistics.median(baseline)
            report(f"emulator {kind} {name}", round(figure), round(floor), figure / floor, "APDU/s", rounds=ROUNDS)


if __name__ == "__main__":
    main()
