"""Wire path: building a command, the exchange and the status check, against a bare loop that does the same by hand.

Run: .venv/bin/python bench/wire.py
"""

from __future__ import annotations

from measure import PROCESSOR, compare

from sscard.apdu import Channel, Command

CALLS = 100_000
ROUNDS = 9


class Instant:
    """A card that costs nothing: what remains is the toolkit."""

    atr = bytes.fromhex("3B6D000000812611018699990100000017")
    name = "instant"

    def transmit(self, _apdu: bytes) -> bytes:
        return b"\x01" * 16 + b"\x90\x00"

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        pass


def bare_read() -> None:
    transmit = Instant().transmit
    for _ in range(CALLS):
        answer = transmit(bytes((0x00, 0xB2, 0x01, 0x2C)) + b"\x10")
        if answer[-2:] != b"\x90\x00":
            raise ValueError


def our_read() -> None:
    call = Channel(Instant()).call
    for _ in range(CALLS):
        call(Command(0x00, 0xB2, 0x01, 0x2C, le=16))


def bare_write() -> None:
    transmit, data = Instant().transmit, bytes(16)
    for _ in range(CALLS):
        answer = transmit(bytes((0x00, 0x82, 0x00, 0x0A, 16)) + data)
        if answer[-2:] != b"\x90\x00":
            raise ValueError


def our_write() -> None:
    call, data = Channel(Instant()).call, bytes(16)
    for _ in range(CALLS):
        call(Command(0x00, 0x82, 0x00, 0x0A, data))


if __name__ == "__main__":
    compare("wire-path read", our_read, bare_read, rounds=ROUNDS, unit="s/APDU", each=CALLS, clock=PROCESSOR)
    compare("wire-path write", our_write, bare_write, rounds=ROUNDS, unit="s/APDU", each=CALLS, clock=PROCESSOR)
