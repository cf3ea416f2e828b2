"""The software card: a strict social-security card of any generation with T514 administration.

Same seed, same commands: the same card, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Self

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.emulator import (
    administration,
    authentication,
    binary,
    blocking,
    keyload,
    pin,
    purse,
    records,
    selection,
    wire,
)
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Counted, Directory, Ef
from sscard.emulator.options import CardOptions
from sscard.emulator.powered import PoweredCard, protocol_of
from sscard.emulator.words import UNKNOWN_INS, WRONG_CLA, WRONG_LENGTH, Refusal
from sscard.keys.family import Algorithm

Handler = Callable[[Chip, bytes], bytes]

HEAD: Final = bytes.fromhex("00812611018699")
"""T1–T7 of a software card: chip maker, submission date, COS version, card maker."""
_SELECT: Final = b"\xa4"
_GET_RESPONSE: Final = b"\xc0"


_COMMANDS: Final[tuple[tuple[str, int, Handler], ...]] = (
    ("00", 0xA4, selection.select),
    ("00", 0xC0, wire.get_response),
    ("00", 0x84, authentication.get_challenge),
    ("00", 0x88, authentication.internal_authenticate),
    ("00", 0x82, authentication.external_authenticate),
    ("00", 0x20, pin.verify),
    ("80", 0x5E, pin.change_pin),
    ("84", 0x24, pin.change_or_unblock),
    ("00", 0xB2, records.read_record),
    ("00 04", 0xDC, records.update_record),
    ("00", 0xB0, binary.read_binary),
    ("00 04", 0xD6, binary.update_binary),
    ("84", 0x1E, blocking.block_application),
    ("84", 0x16, blocking.block_card),
    ("80", 0xE0, administration.administer),
    ("80", 0xE1, administration.delete),
    ("00 84", 0xD4, keyload.write_key),
    *((f"{purse.CLA:02X}", ins, purse.command) for ins in purse.INSTRUCTIONS),
)
_HANDLERS: Final[dict[bytes, Handler]] = {
    bytes((cla, ins)): handler for classes, ins, handler in _COMMANDS for cla in bytes.fromhex(classes)
}
_KNOWN_INS: Final = frozenset(ins for _, ins, _ in _COMMANDS)


def respond(chip: Chip, apdu: bytes) -> bytes:
    """Execute one command on a chip."""
    chip.commands += 1
    if chip.pending and apdu[1:2] != _GET_RESPONSE:
        chip.pending = b""
    if chip.transaction is not None and not purse.continues(chip, apdu):
        chip.transaction = None
    handler = _HANDLERS.get(apdu[:2])
    try:
        if chip.closed is not None and (chip.blocked or apdu[1:2] != _SELECT):
            return chip.closed
        if len(apdu) < 4:
            return WRONG_LENGTH
        if handler is None:
            return WRONG_CLA if apdu[1] in _KNOWN_INS else UNKNOWN_INS
        return handler(chip, apdu)
    except Refusal as refusal:
        return refusal.word


class SoftwareCard(PoweredCard[Chip]):
    """One card.  Make it with :meth:`blank`, or load it with ``sscard.emulator.image``.

    ``file`` and ``directories`` look inside without any right.
    """

    system = "t514"

    def __init__(self, chip: Chip, name: str = "emulator") -> None:
        super().__init__(chip, respond, name)

    @classmethod
    def blank(
        cls,
        serial: int,
        *,
        seed: int = 0,
        area: str = "9901",
        algorithm: Algorithm = Algorithm.SM4,
        protocol: Protocol | None = None,
        interface: Interface = Interface.CONTACT,
        options: CardOptions | None = None,
        transport_code: bytes = b"\xff" * 8,
    ) -> Self:
        """A card as the factory delivers it: an empty MF, waiting for its transport code.

        ``area`` is four digits, ``serial`` 0–FFFFFFFF: T8–T9 and TA–TD of the ATR.  ``protocol`` is T=0 where nothing
        else is said, on a contactless card T=1.  Raises CustodyError for an algorithm that software cannot do,
        ValueError for an area or serial that do not fit and for a contactless card with T=0.
        """
        if interface is Interface.CONTACTLESS and protocol is Protocol.T0:
            raise ValueError("a contactless card does not speak T=0")
        if len(area) != 4 or not (area.isascii() and area.isdigit()):
            raise ValueError("area is four digits")
        if not 0 <= serial <= 0xFFFFFFFF:
            raise ValueError("serial has four bytes")
        options = options or CardOptions()
        return cls(
            Chip(
                historical=HEAD + bytes.fromhex(area) + serial.to_bytes(4, "big"),
                algorithm=algorithm,
                protocol=protocol or protocol_of(interface),
                interface=interface,
                options=options,
                seed=seed,
                transport_code=Counted(transport_code, options.transport_tries, options.transport_tries),
            )
        )

    @property
    def sealed(self) -> bool:
        """Whether END PRE-ISSUE was done."""
        return self.chip.sealed

    def directories(self) -> tuple[str, ...]:
        """Paths of all directories in the order of creation, such as ``3F00/DDF1/DF01``."""
        return tuple(directory.path for directory in self.chip.root.walk())

    def directory(self, path: str) -> Directory:
        """The first directory whose path ends with ``path``, such as ``DF01``, to look at.  Raises KeyError."""
        wanted = path.upper().split("/")
        for directory in self.chip.root.walk():
            if directory.path.split("/")[-len(wanted) :] == wanted:
                return directory
        raise KeyError(path)

    def file(self, path: str) -> Ef:
        """The EF at a path such as ``DF01/EF05``, to look at its ``records`` or ``content``.  Raises KeyError."""
        above, _, fid = path.rpartition("/")
        return self.directory(above or "3F00").files[int(fid, 16)]
