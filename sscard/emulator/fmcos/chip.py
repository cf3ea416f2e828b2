"""The state of one FMCOS card: what lasts on the chip, and what lives from reset to power-off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.emulator.answers import answer_to_reset, answer_to_select
from sscard.emulator.cells import values
from sscard.emulator.chip import Randomness
from sscard.emulator.fmcos.accounts import Open
from sscard.emulator.fmcos.nodes import FIRST_SFI, Block, Directory, Ef, Key, Kind, Use
from sscard.emulator.fmcos.options import FmcosOptions
from sscard.emulator.fmcos.system import System
from sscard.emulator.words import (
    APPLICATION_BLOCKED,
    LOCKED,
    NO_CHALLENGE,
    NO_CURRENT_EF,
    NO_FILE,
    NO_KEY,
    NOT_ALLOWED,
    OK,
    UNSUPPORTED,
    Refusal,
)

_WAITING: Final = 0x90
"""TB of the ATS: FWI 9."""
_WALKED: Final = frozenset(("parent", "files", "directories"))
ALL: Final = 0xFFFF
"""Size of an MF that takes the whole chip."""


class FmcosChip:
    """One card's memory and security state; the commands of this package are functions over it.

    ``root`` is None until CREATE MF.  ``mf_state`` and ``state`` are the two security registers.  ``free`` says that
    the current directory was empty when it was entered, so that its rights do not count yet.  ``challenge`` is the
    random number that the command at hand may use, ``drawn`` the one that the next may.  ``proven`` is the key of
    a right MAC in the command at hand.  ``open`` is a purse transaction between INITIALIZE and its partner.
    """

    __slots__ = (
        "blocked",
        "challenge",
        "commands",
        "current",
        "drawn",
        "ef",
        "free",
        "historical",
        "interface",
        "mf_state",
        "open",
        "options",
        "pending",
        "pending_word",
        "pin_passed",
        "pointer",
        "protocol",
        "proven",
        "randomness",
        "root",
        "seed",
        "state",
        "system",
        "t0",
        "transport_code",
    )

    def __init__(
        self,
        *,
        system: System,
        historical: bytes,
        protocol: Protocol,
        interface: Interface,
        options: FmcosOptions,
        seed: int,
        transport_code: bytes,
        root: Directory | None = None,
        random_position: int = 0,
        commands: int = 0,
        blocked: bool = False,
    ) -> None:
        self.system = system
        self.historical = historical
        self.options = options
        self.speak(protocol, interface)
        self.seed = seed
        self.randomness = Randomness(f"{system.name}:{seed}:".encode() + historical, random_position)
        self.transport_code = transport_code
        self.root = root
        self.commands = commands
        self.blocked = blocked
        self.power_on()

    def speak(self, protocol: Protocol, interface: Interface) -> None:
        """Settle how the card is reached from now on."""
        self.protocol = protocol
        self.interface = interface
        self.t0 = protocol is Protocol.T0

    def answer_to_reset(self) -> bytes:
        """The ATR, as a reader of the card's interface sees it."""
        stated = bytes.fromhex(self.options.contact_atr)
        if stated and self.interface is Interface.CONTACT:
            return stated
        if self.t0:
            count = len(self.historical)
            return bytes((0x3B, 0x60 | count)) + self.system.contact_interface + self.historical
        return answer_to_reset(self.historical, self.protocol, self.interface)

    def answer_to_select(self) -> bytes:
        """The ATS."""
        return answer_to_select(self.historical, _WAITING)

    def power_on(self) -> None:
        """Reset: states 0, no challenge, no data waiting, no open transaction, the MF current."""
        self.challenge: bytes | None = None
        self.proven: Key | None = None
        self.drawn: bytes | None = None
        self.pending = b""
        self.pending_word = OK
        self.open: Open | None = None
        self.mf_state = 0
        self.current: Directory | None = None
        self.enter(self.root)

    def enter(self, directory: Directory | None) -> None:
        """Make a directory current (None only where there is no MF); its state begins at 0, the MF's goes on."""
        self.current = directory
        self.ef: Ef | None = None
        self.pointer = 0
        self.state = self.mf_state if directory is self.root else 0
        self.free = directory is not None and self.system.fresh(directory)
        self.pin_passed = False
        self.open = None
        self.drawn = None

    @property
    def here(self) -> Directory:
        """The current directory.  Raises Refusal 6A81 while there is no MF."""
        if self.current is None:
            raise Refusal(UNSUPPORTED)
        return self.current

    def reach(self, follow_up: int) -> None:
        """The state after a key or PIN was proved; in the MF it is also the state of the MF."""
        self.state = follow_up & 0x0F
        if self.current is self.root:
            self.mf_state = self.state

    def allows(self, byte: int) -> bool:
        """Whether an access byte is satisfied now."""
        return self.system.allows(byte, self.mf_state, self.state, self.options.mf_nibble)

    def need(self, byte: int, *, building: bool = False) -> None:
        """Raises Refusal 6982 for a right that is not there; ``building`` rights do not count in a fresh directory."""
        if not (building and self.free) and not self.allows(byte):
            raise Refusal(NOT_ALLOWED)

    def take_challenge(self) -> bytes:
        """Use the challenge up.  Raises Refusal 6984 where the command before did not draw one."""
        challenge, self.challenge = self.challenge, None
        if challenge is None:
            raise Refusal(NO_CHALLENGE)
        return challenge

    def key(self, use: Use, ident: int) -> Key:
        """A key of the current directory that may be used now.  Raises Refusal 6A82, 6A88, 6982, 6983."""
        if self.here.key_file is None:
            raise Refusal(NO_FILE)
        key = self.here.key(use, ident)
        if key is None:
            raise Refusal(NO_KEY)
        self.need(key.usage)
        if key.locked:
            raise Refusal(LOCKED)
        return key

    def by_sfi(self, sfi: int) -> Ef | None:
        """The EF of the current directory that answers to a short id."""
        ef = self.here.files.get(sfi)
        if ef is None and self.options.sfi_of_low_bits:
            ef = next((each for each in self.here.files.values() if each.fid & 0x1F == sfi), None)
        return ef

    def locate(self, sfi: int) -> Ef:
        """The EF of a short id, which becomes current; for 0 the current EF.  Raises Refusal 6A82, 6986."""
        if not sfi:
            if self.ef is None:
                raise Refusal(NO_CURRENT_EF)
            return self.ef
        ef = self.by_sfi(sfi) if sfi in FIRST_SFI else None
        if ef is None:
            raise Refusal(NO_FILE)
        if ef is not self.ef:
            self.ef, self.pointer = ef, 0
        return ef

    def barred(self) -> bytes | None:
        """What a blocked card or application answers to commands that no block lets through, else None."""
        if self.blocked:
            return UNSUPPORTED
        if self.current is None or self.current.block is Block.NONE:
            return None
        return APPLICATION_BLOCKED if self.current.block is Block.PERMANENT else UNSUPPORTED

    def directories(self) -> Iterator[Directory]:
        """All directories in the order of creation."""
        if self.root is not None:
            yield from self.root.walk()

    def stored(self, name: bytes, fid: int) -> list[bytes] | None:
        """What an EF of the directory of that name holds, looked at without any right; None where it is not there."""
        for directory in self.directories():
            ef = directory.files.get(fid)
            if directory.name == name and ef is not None:
                return [ef.content] if ef.kind is Kind.TRANSPARENT else list(ef.records)
        return None

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """All that lasts on the chip, by place."""
        yield "life", bytes((self.blocked,))
        for directory in self.directories():
            yield from values(directory.path, directory, _WALKED)
            yield f"{directory.path}.block", directory.block.value.encode()
            for ef in directory.files.values():
                place = f"{directory.path}/{ef.fid:04X}"
                yield from values(place, ef)
