"""The state of one PSAM: what lasts on the chip, and what lives from reset to power-off.

The terminal counter is one for the whole PSAM, whatever environment uses it up: with one terminal number a second
counter would give the same number twice.  Source: LD/T 32 draft, PSAM part; docs/psam.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.cos.psam import COUNTER_FID, DIRECTORY_FID, EnvironmentSpec, FileSpec, Place, PsamStructure
from sscard.emulator.answers import answer_to_reset, answer_to_select
from sscard.emulator.cells import QuickCopy, values
from sscard.emulator.chip import Randomness
from sscard.emulator.nodes import Counted
from sscard.emulator.words import NO_CHALLENGE, NO_KEY, NOT_NOW, UNSUPPORTED, Refusal
from sscard.keys.family import Family, family_of, served
from sscard.keys.psam import Usage

COUNTER_LIMIT: Final = 0xFFFFFFFF


@dataclass(slots=True, eq=False)
class StoredKey:
    """One record of a key file."""

    usage: Usage
    id: int
    algorithm: int
    value: bytes


@dataclass(slots=True, eq=False)
class Environment:
    """One algorithm's world.  ``own`` holds the PSAM's own keys by name, ``keys`` the key files by number."""

    spec: EnvironmentSpec
    own: dict[str, Counted] = field(default_factory=dict)
    records: list[bytes] = field(default_factory=list)
    contents: dict[int, bytes] = field(default_factory=dict)
    keys: dict[int, list[StoredKey]] = field(default_factory=dict)

    def find(self, usage: Usage, key_id: int) -> StoredKey | None:
        """The key of a usage and id, whatever file it is in."""
        for stored in self.keys.values():
            for key in stored:
                if (key.usage, key.id) == (usage, key_id):
                    return key
        return None

    def family(self) -> Family:
        """The cipher.  Raises Refusal 6A81 where this PSAM cannot compute it."""
        if not served(self.spec.algorithm):
            raise Refusal(UNSUPPORTED)
        return family_of(self.spec.algorithm)


class Work(Enum):
    """What a session key has been used for; it stays with that."""

    NONE = "none"
    CIPHER = "cipher"
    MAC = "mac"


@dataclass(slots=True)
class Delivered:
    """A session key, the class of the key it came from, and a MAC under way (None between runs)."""

    key: bytes
    usage: Usage
    work: Work = Work.NONE
    chain: bytes | None = None


@dataclass(frozen=True, slots=True)
class OpenPurchase:
    """What CREDIT SAM FOR PURCHASE will compare."""

    mac2: bytes


class PsamChip(QuickCopy):
    """Memory and security state of a PSAM; the commands of this package are functions over it.

    ``inside`` is whether the application is selected in the current environment, ``ef`` the FID of the current EF.
    """

    def __init__(
        self,
        *,
        structure: PsamStructure,
        historical: bytes,
        protocol: Protocol,
        seed: int,
        environments: list[Environment],
        shared: dict[int, bytes],
        counter: int = 1,
        interface: Interface = Interface.CONTACT,
        random_position: int = 0,
        commands: int = 0,
    ) -> None:
        self.structure = structure
        self.historical = historical
        self.seed = seed
        self.randomness = Randomness(f"psam:{seed}:".encode() + historical, random_position)
        self.environments = environments
        self.shared = shared
        self.counter = counter
        self.commands = commands
        self.pending = b""
        self.speak(protocol, interface)
        self.power_on()

    def speak(self, protocol: Protocol, interface: Interface) -> None:
        """Settle how the PSAM is reached from now on."""
        self.protocol = protocol
        self.interface = interface
        self.t0 = protocol is Protocol.T0

    def answer_to_reset(self) -> bytes:
        """The ATR, as a reader sees it."""
        return answer_to_reset(self.historical, self.protocol, self.interface)

    def answer_to_select(self) -> bytes:
        """The ATS."""
        return answer_to_select(self.historical)

    def stored(self, name: bytes, fid: int) -> list[bytes] | None:
        """What a transparent EF of the environment of that name holds; None where it is not there."""
        for environment in self.environments:
            if environment.spec.name == name:
                content = self.shared.get(fid, environment.contents.get(fid))
                return None if content is None else [content]
        return None

    def power_on(self) -> None:
        """Reset: no rights, no challenge, no session key, the MF current."""
        self.current = self.environments[0]
        self.inside = False
        self.ef: int | None = None
        self.rights: set[str] = set()
        self.challenge: bytes | None = None
        self.delivered: Delivered | None = None
        self.purchase: OpenPurchase | None = None
        self.pending = b""

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """All that lasts on the chip, by place."""
        yield "counter", self.counter.to_bytes(4, "big")
        for fid, content in self.shared.items():
            yield f"{fid:04X}", content
        for environment in self.environments:
            place = environment.spec.name.hex()
            yield from values(f"{place}/DIR", environment.records)
            for name, own in environment.own.items():
                yield from values(f"{place}/{name}", own)
            for fid, content in environment.contents.items():
                yield f"{place}/{fid:04X}", content
            for number, stored in environment.keys.items():
                yield from values(f"{place}/{number:02X}", stored)

    def enter(self, environment: Environment, *, inside: bool) -> None:
        """Make a directory current.  Another one than before costs rights and challenge."""
        if environment is not self.current or inside is not self.inside:
            self.rights.clear()
            self.challenge = None
        self.current, self.inside, self.ef = environment, inside, None
        self.delivered = self.purchase = None

    def visible(self, fid: int) -> bool:
        """Whether an EF stands in the current directory."""
        if fid == DIRECTORY_FID:
            return not self.inside
        try:
            return (self.spec(fid).place is Place.APPLICATION) is self.inside
        except KeyError:
            return False

    def spec(self, fid: int) -> FileSpec:
        """The structure of a transparent EF.  Raises KeyError."""
        return self.structure.file(fid)

    def content(self, fid: int) -> bytes:
        """What a transparent EF shows in the current environment."""
        if fid == COUNTER_FID:
            return self.counter.to_bytes(4, "big")
        return self.shared[fid] if self.spec(fid).shared else self.current.contents[fid]

    def write(self, fid: int, content: bytes) -> None:
        """Replace the content of a transparent EF in the current environment."""
        place = self.shared if self.spec(fid).shared else self.current.contents
        place[fid] = content

    def application(self) -> Environment:
        """The current environment with its application selected.  Raises Refusal 6985, 6A81."""
        if not self.inside:
            raise Refusal(NOT_NOW)
        self.current.family()
        return self.current

    def own(self, name: str) -> Counted:
        """An own key of the current environment.  Raises Refusal 6A88."""
        key = self.current.own.get(name)
        if key is None:
            raise Refusal(NO_KEY)
        return key

    def take_challenge(self) -> bytes:
        """Use the challenge up.  Raises Refusal 6984 where there is none."""
        challenge, self.challenge = self.challenge, None
        if challenge is None:
            raise Refusal(NO_CHALLENGE)
        return challenge

    def draw_counter(self) -> bytes:
        """The terminal's next number, 4 bytes; the one after it is stored.  Raises Refusal 6985 where none is left."""
        number = self.counter
        if number >= COUNTER_LIMIT:
            raise Refusal(NOT_NOW)
        self.counter = number + 1
        return number.to_bytes(4, "big")
