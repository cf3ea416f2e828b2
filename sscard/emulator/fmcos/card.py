"""The FMCOS 2.0 software card (FM1208, FM1216): strict, deterministic from its seed, kept in readable images."""

from __future__ import annotations

from typing import Final, Self

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.emulator.fmcos.chip import ALL, FmcosChip
from sscard.emulator.fmcos.commands import FMCOS, respond
from sscard.emulator.fmcos.nodes import Directory, Ef, Use, master_file
from sscard.emulator.fmcos.options import FmcosOptions
from sscard.emulator.fmcos.system import System
from sscard.emulator.powered import PoweredCard, protocol_of

HEAD: Final = b"\x20\x90\x00"
"""Historical bytes before the serial: COS version 2.0, vendor, reserved."""
SERIAL_SIZE: Final = 8
_FREE: Final = 0xF0
_DIR_FILE: Final = 0x01


class FmcosCard(PoweredCard[FmcosChip]):
    """One card.  Make it with :meth:`blank`, or load it with ``sscard.emulator.image``.

    ``file``, ``directory`` and ``directories`` look inside without any right.
    """

    system = "fmcos"
    table: System = FMCOS
    head = HEAD
    usual_interface = Interface.CONTACTLESS

    def __init__(self, chip: FmcosChip, name: str = "emulator") -> None:
        super().__init__(chip, respond, name)

    @classmethod
    def blank(
        cls,
        serial: int,
        *,
        seed: int = 0,
        protocol: Protocol | None = None,
        interface: Interface | None = None,
        options: FmcosOptions | None = None,
        transport_code: bytes = b"\xff" * 8,
        with_mf: bool = False,
    ) -> Self:
        """A card as the factory delivers it: without MF, or with an empty one of the whole chip.

        ``serial`` has eight bytes.  ``interface`` is the usual one of the kind where nothing is said; ``protocol``
        then T=0, on a contactless card T=1.
        Raises ValueError for a serial or transport code that does not fit and for a contactless card with T=0.
        """
        interface = interface or cls.usual_interface
        if interface is Interface.CONTACTLESS and protocol is Protocol.T0:
            raise ValueError("a contactless card does not speak T=0")
        if not 0 <= serial < 1 << 8 * SERIAL_SIZE:
            raise ValueError("serial has eight bytes")
        if len(transport_code) != SERIAL_SIZE:
            raise ValueError("the transport code has eight bytes")
        return cls(
            FmcosChip(
                system=cls.table,
                historical=cls.head + serial.to_bytes(SERIAL_SIZE, "big"),
                protocol=protocol or protocol_of(interface),
                interface=interface,
                options=options or FmcosOptions(),
                seed=seed,
                transport_code=transport_code,
                root=master_file(ALL, _FREE, _FREE, _DIR_FILE) if with_mf else None,
            )
        )

    @property
    def factor(self) -> bytes:
        """The eight serial bytes: what diversifies this card's keys."""
        return self.chip.historical[-SERIAL_SIZE:]

    @property
    def serial(self) -> int:
        """The eight serial bytes as a number."""
        return int.from_bytes(self.factor, "big")

    @property
    def finished(self) -> bool:
        """Whether the holder's PIN is there, the last that is loaded."""
        return any(key.use is Use.PIN for directory in self.chip.directories() for key in directory.keys)

    def directories(self) -> tuple[str, ...]:
        """Paths of all directories in the order of creation, such as ``3F00/3F01``."""
        return tuple(directory.path for directory in self.chip.directories())

    def directory(self, path: str) -> Directory:
        """The first directory whose path ends with ``path``, such as ``3F01``, to look at.  Raises KeyError."""
        wanted = path.upper().split("/")
        for directory in self.chip.directories():
            if directory.path.split("/")[-len(wanted) :] == wanted:
                return directory
        raise KeyError(path)

    def file(self, path: str) -> Ef:
        """The EF at a path such as ``3F01/0015``, to look at.  Raises KeyError."""
        above, _, fid = path.rpartition("/")
        return self.directory(above or "3F00").files[int(fid, 16)]
