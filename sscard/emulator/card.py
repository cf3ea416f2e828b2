"""The software card: a strict social-security card of any generation with T514 administration.

It is a :class:`sscard.apdu.transport.Transport` in process.  Same seed, same commands: the same card, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
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
    pki_delivery,
    purse,
    records,
    selection,
    wire,
)
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Counted, Directory, Ef
from sscard.emulator.options import CardOptions
from sscard.emulator.tearing import Cut, Tear, committed
from sscard.emulator.words import UNKNOWN_INS, WRONG_CLA, WRONG_LENGTH, Refusal
from sscard.errors import CardRemoved
from sscard.keys.family import Algorithm

Handler = Callable[[Chip, bytes], bytes]
Journal = Callable[[str], None]

HEAD: Final = bytes.fromhex("00812611018699")
"""T1–T7 of a software card: chip maker, submission date, COS version, card maker."""
RESET_LINE: Final = "reset"
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
_PKI_HANDLERS: Final[dict[bytes, Handler]] = {
    bytes((cla, ins)): handler for cla, ins, handler in pki_delivery.COMMANDS
}
_PKI_INS: Final = frozenset(ins for _, ins, _ in pki_delivery.COMMANDS)


def _atr_of(chip: Chip) -> bytes:
    return wire.answer_to_reset(chip.historical, chip.protocol, chip.interface)


def _protocol_of(interface: Interface) -> Protocol:
    return Protocol.T1 if interface is Interface.CONTACTLESS else Protocol.T0


class SoftwareCard:
    """One card.  Make it with :meth:`blank`, or load it with ``sscard.emulator.image``.

    ``name`` is what people call the place it sits in.  ``file`` and ``directories`` look inside without any right.
    """

    def __init__(self, chip: Chip, name: str = "emulator") -> None:
        self.chip = chip
        self.name = name
        self._atr = _atr_of(chip)
        self._powered = True
        self._cut: Cut | None = None
        self._commands_to_cut = 0
        self._journal: Journal | None = None
        self._watched = False

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
        ValueError for an area or serial that do not fit, for a contactless card with T=0 and for the PKI application
        on a card that has no SM4.
        """
        if interface is Interface.CONTACTLESS and protocol is Protocol.T0:
            raise ValueError("a contactless card does not speak T=0")
        if len(area) != 4 or not (area.isascii() and area.isdigit()):
            raise ValueError("area is four digits")
        if not 0 <= serial <= 0xFFFFFFFF:
            raise ValueError("serial has four bytes")
        options = options or CardOptions()
        chip = Chip(
            historical=HEAD + bytes.fromhex(area) + serial.to_bytes(4, "big"),
            algorithm=algorithm,
            protocol=protocol or _protocol_of(interface),
            interface=interface,
            options=options,
            seed=seed,
            transport_code=Counted(transport_code, options.transport_tries, options.transport_tries),
        )
        if options.pki_application:
            if algorithm is not Algorithm.SM4:
                raise ValueError("the PKI application is made for SM4 cards")
            pki_delivery.deliver(chip.root)
            chip.index_names()
        return cls(chip)

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    @property
    def ats(self) -> bytes:
        """Answer to select of the contactless interface, as a reader sees it before it makes an ATR of it."""
        return wire.answer_to_select(self.chip.historical)

    @property
    def interface(self) -> Interface:
        """How a reader reaches this card now."""
        return self.chip.interface

    def present(self, interface: Interface) -> None:
        """Put the card to a reader of that interface, with the protocol usual there; its power is cut in between."""
        self.power_off()
        self.chip.speak(_protocol_of(interface), interface)
        self._atr = _atr_of(self.chip)
        self.reset()

    @property
    def serial(self) -> int:
        """TA–TD of the ATR."""
        return int.from_bytes(self.chip.historical[-4:], "big")

    @property
    def powered(self) -> bool:
        """Whether the card has power: not torn out, switched off or closed."""
        return self._powered

    @property
    def sealed(self) -> bool:
        """Whether END PRE-ISSUE was done."""
        return self.chip.sealed

    @property
    def commands(self) -> int:
        """Commands executed in the card's life."""
        return self.chip.commands

    def transmit(self, apdu: bytes, /) -> bytes:
        """Execute one command.  Raises CardRemoved while the card has no power."""
        return self._watch(apdu) if self._watched else self.execute(apdu)

    def execute(self, apdu: bytes, /) -> bytes:
        """The command itself, without power, tear and journal: what :meth:`transmit` does on a plain card."""
        chip = self.chip
        chip.commands += 1
        if chip.pending and apdu[1:2] != _GET_RESPONSE:
            chip.pending = b""
        if chip.transaction is not None and not purse.continues(chip, apdu):
            chip.transaction = None
        handler = (_PKI_HANDLERS if chip.current.pki else _HANDLERS).get(apdu[:2])
        try:
            if chip.closed is not None and (chip.blocked or apdu[1:2] != _SELECT):
                return chip.closed
            if len(apdu) < 4:
                return WRONG_LENGTH
            if handler is None:
                return WRONG_CLA if apdu[1] in (_PKI_INS if chip.current.pki else _KNOWN_INS) else UNKNOWN_INS
            return handler(chip, apdu)
        except Refusal as refusal:
            return refusal.word

    def _watch(self, apdu: bytes) -> bytes:
        if not self._powered:
            raise CardRemoved("card-removed")
        cut = self._due()
        if cut is None or self._outlasts(apdu, cut):
            if self._journal is not None:
                self._journal(apdu.hex())
            answer = self.execute(apdu)
            if cut is None:
                return answer
        self.power_off()
        raise CardRemoved("card-removed")

    def _due(self) -> Cut | None:
        """The cut of power that meets the command now at hand."""
        cut = self._cut
        if cut is None:
            return None
        self._commands_to_cut -= 1
        if self._commands_to_cut:
            return None
        self._cut = None
        return cut

    def _outlasts(self, apdu: bytes, cut: Cut) -> bool:
        """Whether what the command changes is in force after the cut; tried on a copy of the chip."""
        if cut.when is not Tear.DURING:
            return cut.when is Tear.AFTER
        twin = SoftwareCard(deepcopy(self.chip))
        twin.execute(apdu)
        return committed(self.chip, twin.chip, cut.at)

    def tear(self, after: int, when: Tear, at: int = 0) -> None:
        """Cut power at the ``after``-th next command (1 = the very next); reset puts the card back in.

        With DURING power fails when ``at`` bytes of the command's write log are written: up to the commit mark the
        old state stands, from it on the new one, never a mixture.  A command that writes nothing is carried out.
        Raises ValueError for ``after`` below 1 or ``at`` below 0.
        """
        self._cut = Cut(after, when, at)
        self._commands_to_cut = after
        self._settle()

    def power_off(self) -> None:
        """Take power away: security state and challenge are lost."""
        self._powered = False
        self.chip.power_on()
        self._settle()
        if self._journal is not None:
            self._journal(RESET_LINE)

    def reset(self) -> bytes:
        """Reset the card, or put it back in; returns the ATR."""
        self._powered = True
        self.chip.power_on()
        self._settle()
        if self._journal is not None:
            self._journal(RESET_LINE)
        return self._atr

    def close(self) -> None:
        """Take the card out; idempotent.  ``reset`` would put it back in."""
        if self._powered:
            self.power_off()

    def _settle(self) -> None:
        self._watched = not self._powered or self._cut is not None or self._journal is not None

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
