"""The state of one card: what lasts on the chip, and what lives from reset to power-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_256
from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.cos.bound import Act
from sscard.emulator.access import Security
from sscard.emulator.amounts import OpenLoad, OpenPurchase
from sscard.emulator.answers import answer_to_reset, answer_to_select
from sscard.emulator.cells import QuickCopy, values
from sscard.emulator.nodes import MF_FID, Counted, Directory, DirectoryKind, Ef, EfType
from sscard.emulator.options import CardOptions
from sscard.emulator.words import APPLICATION_BLOCKED, NO_CHALLENGE, NOT_NOW, UNSUPPORTED, Refusal
from sscard.keys.family import Algorithm, family_of

_CHUNK: Final = 4096
_CHALLENGE_SIZE_OF_ALL_FAMILIES: Final = 8
_DERIVED: Final = frozenset(("parent", "by_sfi", "fci", "directories", "files", "records", "content"))


class Randomness:
    """Reproducible random numbers: SHAKE-256 of seed, card and block number, never the same bytes twice.

    ``position`` counts the bytes used and is all that must be kept to go on after a restart.
    """

    __slots__ = ("_block", "_chunk", "_offset", "_seed")

    def __init__(self, seed: bytes, position: int) -> None:
        self._seed = seed
        self._block, self._offset = divmod(position, _CHUNK)
        self._chunk = self._make()

    def _make(self) -> bytes:
        return shake_256(self._seed + self._block.to_bytes(8, "big")).digest(_CHUNK)

    @property
    def position(self) -> int:
        return self._block * _CHUNK + self._offset

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes (at most a chunk)."""
        end = self._offset + count
        if end > _CHUNK:
            self._block += 1
            self._chunk = self._make()
            self._offset, end = 0, count
        start, self._offset = self._offset, end
        return self._chunk[start:end]


@dataclass(slots=True)
class PkiWork:
    """What the PKI application keeps from one command to another, in one directory and under power.

    ``session_key`` is the one loaded for an import; ``chosen`` the public key that waits to be read, with the count of
    the command that chose it.
    """

    session_key: bytes = b""
    chosen: bytes = b""
    chosen_at: int = 0


class Chip(QuickCopy):
    """One card's memory and security state; the commands of this package are functions over it.

    ``pointer`` is the current record number, 0 for none.  ``pending`` waits for GET RESPONSE, ``transaction`` for its
    CREDIT or DEBIT, ``pki`` for the rest of an import.  ``closed`` is the answer to everything while the card (or, but
    for SELECT, the current application) is blocked.
    """

    __slots__ = (
        "algorithm",
        "blocked",
        "challenge",
        "challenge_at",
        "closed",
        "commands",
        "current",
        "ef",
        "family",
        "historical",
        "interface",
        "names",
        "options",
        "pending",
        "pki",
        "pointer",
        "previous_challenge",
        "protocol",
        "randomness",
        "root",
        "sealed",
        "security",
        "seed",
        "shut",
        "t0",
        "transaction",
        "transport_code",
        "zero_le_gives_data",
    )

    def __init__(
        self,
        *,
        historical: bytes,
        algorithm: Algorithm,
        protocol: Protocol,
        options: CardOptions,
        seed: int,
        transport_code: Counted,
        interface: Interface = Interface.CONTACT,
        root: Directory | None = None,
        random_position: int = 0,
        commands: int = 0,
        sealed: bool = False,
        blocked: bool = False,
    ) -> None:
        self.historical = historical
        self.algorithm = algorithm
        self.family = family_of(algorithm)
        self.options = options
        self.speak(protocol, interface)
        self.seed = seed
        self.randomness = Randomness(f"{seed}:".encode() + historical, random_position)
        self.transport_code = transport_code
        self.root = root or Directory(MF_FID, DirectoryKind.MF, b"", None)
        self.commands = commands
        self.sealed = sealed
        self.blocked = blocked
        self.names: dict[bytes, Directory] = {}
        self.index_names()
        self.power_on()

    def speak(self, protocol: Protocol, interface: Interface) -> None:
        """Settle how the card is reached from now on."""
        self.protocol = protocol
        self.interface = interface
        self.t0 = protocol is Protocol.T0
        self.shut = frozenset((Act(act), path) for act, path, only in self.options.bound if only != interface.value)
        stated = self.options.zero_le_gives_data
        self.zero_le_gives_data = not self.t0 if stated is None else stated

    def answer_to_reset(self) -> bytes:
        """The ATR, as a reader of the card's interface sees it."""
        return answer_to_reset(self.historical, self.protocol, self.interface)

    def answer_to_select(self) -> bytes:
        """The ATS."""
        return answer_to_select(self.historical)

    def power_on(self) -> None:
        """Reset: no rights, no challenge, no data waiting, the MF current."""
        self.current = self.root
        self.ef: Ef | None = None
        self.pointer = 0
        self.security = Security()
        self.challenge: bytes | None = None
        self.previous_challenge: bytes | None = None
        self.challenge_at = 0
        self.pending = b""
        self.transaction: OpenLoad | OpenPurchase | None = None
        self.pki: PkiWork | None = None
        self.settle()

    def settle(self) -> None:
        """Bring ``closed`` up to date with the locks of card and current application."""
        self.closed: bytes | None = None
        if self.blocked:
            self.closed = UNSUPPORTED
        elif self.current.blocked:
            self.closed = APPLICATION_BLOCKED

    def index_names(self) -> None:
        """Bring the table of DF names up to date with the tree."""
        self.names = {directory.name: directory for directory in self.root.walk() if directory.name}

    def enter(self, directory: Directory) -> None:
        """Make a directory current.  Another one than before costs the key rights and the challenge."""
        self.ef = None
        self.pointer = 0
        self.transaction = None
        if directory is self.current:
            return
        self.current = directory
        self.security.leave(directory, keep_environment=self.options.keep_environment_rights)
        self.challenge = self.previous_challenge = None
        self.pki = None
        self.settle()

    def new_challenge(self, count: int) -> bytes:
        """Draw a challenge; it replaces the one before."""
        challenge = self.randomness.take(count)
        self.previous_challenge = self.challenge
        self.challenge = challenge
        self.challenge_at = self.commands
        return challenge

    def take_challenge(self) -> bytes:
        """Use the challenge up.  Raises Refusal 6984 where none is valid or it is too long for the card's block."""
        challenge, self.challenge = self.challenge, None
        if challenge is None:
            raise Refusal(NO_CHALLENGE)
        if self.options.challenge_for_next_command_only and self.commands != self.challenge_at + 1:
            raise Refusal(NO_CHALLENGE)
        if len(challenge) > max(self.family.block, _CHALLENGE_SIZE_OF_ALL_FAMILIES):
            raise Refusal(NO_CHALLENGE)
        return challenge

    def require_open(self, act: Act, directory: Directory, ef: Ef | None = None) -> None:
        """Raises Refusal 6985 for what is ``shut``: done at the other interface only; a SELECT, also for what is above.

        To be asked where anything is shut at all.
        """
        place: Directory | None = directory
        while place is not None:
            path = place.path if ef is None else f"{place.path}/{ef.fid:04X}"
            if (act, path) in self.shut:
                raise Refusal(NOT_NOW)
            place = place.parent if act is Act.SELECT else None

    def room(self) -> int:
        """Bytes left for EFs."""
        used = sum(ef.size for directory in self.root.walk() for ef in directory.files.values())
        return self.options.chip_bytes - used

    def stored(self, name: bytes, fid: int) -> list[bytes] | None:
        """What an EF of the directory of that name holds, looked at without any right; None where it is not there."""
        directory = self.names.get(name)
        ef = directory.files.get(fid) if directory else None
        if ef is None:
            return None
        return [ef.content] if ef.type is EfType.TRANSPARENT else list(ef.records)

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """All that lasts on the chip, by place."""
        yield "life", bytes((self.sealed, self.blocked))
        yield from values("transport", self.transport_code)
        for directory in self.root.walk():
            yield from values(directory.path, directory, _DERIVED)
            for ef in directory.files.values():
                place = f"{directory.path}/{ef.fid:04X}"
                yield from values(place, ef, _DERIVED)
                yield f"{place}/content", b"".join(ef.records) or ef.content
