"""The memory of a carrier card and its state since power came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.emulator.answers import answer_to_reset, answer_to_select
from sscard.emulator.cells import values
from sscard.emulator.chip import Randomness
from sscard.keys.ceremony.carriers import LABEL_SIZE
from sscard.keys.ceremony.secure import FACTORY_PIN, Session, pin_key

TRIES: Final = 5
HEAD: Final = b"SSKEY"
"""Historical bytes of a carrier card: these five, then its serial number (8 bytes)."""


class CarrierChip:
    """``pin`` is what the card keeps of its PIN (32 bytes), ``factory`` whether that is still the blank card's."""

    def __init__(
        self,
        *,
        serial: bytes,
        seed: int,
        pin: bytes | None = None,
        factory: bool = True,
        tries: int = TRIES,
        label: bytes = bytes(LABEL_SIZE),
        content: bytes = b"",
        terminated: bool = False,
        random_position: int = 0,
        commands: int = 0,
        interface: Interface = Interface.CONTACT,
    ) -> None:
        self.serial = serial
        self.seed = seed
        self.historical = HEAD + serial
        self.interface = interface
        self.pin = pin_key(serial, FACTORY_PIN) if pin is None else pin
        self.factory = factory
        self.tries = tries
        self.label = label
        self.content = content
        self.terminated = terminated
        self.commands = commands
        self.randomness = Randomness(f"{seed}:".encode() + serial, random_position)
        self.power_on()

    def speak(self, _protocol: Protocol, interface: Interface) -> None:
        """A carrier card speaks T=1 only, whatever the reader would like."""
        self.interface = interface

    def answer_to_reset(self) -> bytes:
        """The ATR, T=1."""
        return answer_to_reset(self.historical, Protocol.T1, self.interface)

    def answer_to_select(self) -> bytes:
        """The ATS."""
        return answer_to_select(self.historical)

    def stored(self, name: bytes, fid: int) -> list[bytes] | None:
        """A carrier has no files to look at: always None."""
        return None

    def power_on(self) -> None:
        """Reset: nothing selected, no challenge, no session."""
        self.selected = False
        self.challenge = b""
        self.session: Session | None = None

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """All that lasts on the chip, by place."""
        for name in ("pin", "factory", "tries", "label", "content", "terminated"):
            yield from values(name, getattr(self, name))
