"""A PSAM in a reader: its environments, what it tells of itself, and its commands, host side.

Source: LD/T 32 draft, PSAM part; docs/psam.md.  Reading and probing spend no try of any key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sscard.apdu.command import Command, Response
from sscard.apdu.transport import Channel
from sscard.cos.psam import (
    COUNTER_FID,
    INFORMATION_SIZE,
    PUBLIC_FID,
    PUBLIC_SIZE,
    TERMINAL_FID,
    TERMINAL_SIZE,
    ApplicationInfo,
    Authority,
    PsamStructure,
    PublicInfo,
    structure,
)
from sscard.errors import CustodyError, GuardRefused, StatusError
from sscard.keys import catalog
from sscard.keys.diversify import FACTOR_SIZE
from sscard.keys.family import MAC_SIZE, Algorithm, family_of, pad80
from sscard.keys.psam import MAX_LEVELS, KeyPlace, PsamClass, Usage

MAX_BLOCKS: Final = 8
CHALLENGE_SIZE: Final = 8
_SFI: Final = 0x80
_ONLY, _FIRST, _NEXT, _LAST = 0x05, 0x07, 0x03, 0x01
_ABSENT: Final = 0x6A88
_PRESENT: Final = frozenset((0x9000, 0x6985))
"""A key that is there answers DELIVERY with 9000, a purchase key with 6985: it serves purchases only."""


@dataclass(frozen=True, slots=True)
class PsamFacts:
    """What a PSAM tells of itself.

    ``terminal`` has 12 digits and is empty while it has none; ``counter`` is the next number.  ``information`` holds
    what each authority that has loaded says of its keys.
    """

    public: PublicInfo
    terminal: str
    counter: int
    information: dict[Authority, ApplicationInfo]

    def valid(self, day: str) -> bool:
        """Whether no authority's period leaves a day (YYYYMMDD) out."""
        return all(info.holds(day) for info in self.information.values())


@dataclass(frozen=True, slots=True)
class Present:
    """One key a probe has found: the catalogue's name, its version for purchase keys, and where it is."""

    name: str
    version: int
    place: KeyPlace


class Psam:
    """A PSAM with the application of one environment selected.

    Raises GuardRefused("psam-none") where the card is none, ("psam-environment") where it has no such environment.
    """

    def __init__(self, channel: Channel, algorithm: Algorithm, layout: PsamStructure | None = None) -> None:
        self.channel = channel
        self.algorithm = algorithm
        self.layout = layout or structure()
        self.block = family_of(algorithm).block
        self._enter()

    def _enter(self) -> None:
        """Environment by name, application by AID, else by FID."""
        spec = self.layout.environment(self.algorithm)
        if not self._select(0x04, spec.name).ok:
            raise GuardRefused("psam-environment", algorithm=self.algorithm.name)
        if not self._select(0x04, self.layout.application).ok and not self._by_fid():
            raise GuardRefused("psam-none")

    def _by_fid(self) -> bool:
        """The application by FID; a user card has a DF01 too, but no EF of the terminal counter's FID in it."""
        found = self._select(0x00, self.layout.application_fid.to_bytes(2, "big")).ok
        return found and self._select(0x02, COUNTER_FID.to_bytes(2, "big")).ok

    def _select(self, p1: int, name: bytes) -> Response:
        return self.channel.send(Command(0x00, 0xA4, p1, 0x00, name, le=256))

    def facts(self) -> PsamFacts:
        """Read what is free to read.  Raises GuardRefused("psam-content") for contents that cannot be."""
        environment = self.layout.environment(self.algorithm)
        counter = self._read(COUNTER_FID, 4)
        information = {authority: self._read(authority.information_fid, INFORMATION_SIZE) for authority in Authority}
        self._select(0x04, environment.name)
        public, terminal = self._read(PUBLIC_FID, PUBLIC_SIZE), self._read(TERMINAL_FID, TERMINAL_SIZE)
        self._enter()
        try:
            told = {authority: ApplicationInfo.parse(content) for authority, content in information.items()}
            return PsamFacts(
                PublicInfo.parse(public),
                terminal.hex() if terminal.hex().isdigit() else "",
                int.from_bytes(counter, "big"),
                {authority: info for authority, info in told.items() if info is not None},
            )
        except ValueError:
            raise GuardRefused("psam-content") from None

    def _read(self, fid: int, size: int) -> bytes:
        return self.channel.call(Command(0x00, 0xB0, _SFI | fid & 0x1F, 0x00, le=size))

    def challenge(self, size: int = CHALLENGE_SIZE) -> bytes:
        """A fresh challenge of the PSAM."""
        return self.channel.call(Command(0x00, 0x84, 0x00, 0x00, le=size))

    def deliver(self, place: KeyPlace, factors: tuple[bytes, ...], process: bytes) -> Response:
        """DELIVERY SESSION KEY: factors nearest level first; ``process`` is right-filled with 00 to a block."""
        body = b"".join(factors) + process.ljust(self.block, b"\0")
        return self.channel.send(delivery_command(place, body))

    def encipher(self, blocks: bytes) -> bytes:
        """CIPHER DATA, encipherment of whole blocks, at most eight."""
        return self.channel.call(Command(0x80, 0xFA, 0x00, 0x00, blocks, le=len(blocks)))

    def authentication_data(self, original: bytes) -> bytes:
        """Authentication data (8 bytes) under the session key; a 16-byte answer is folded here."""
        answer = self.encipher(original.ljust(self.block, b"\0"))
        half = len(answer) // 2
        return answer if self.block == FACTOR_SIZE else _xor(answer[:half], answer[half:])

    def mac(self, message: bytes) -> bytes:
        """MAC (4 bytes) of a message, zero initial value; long messages go in several runs."""
        blocks = bytes(self.block) + pad80(message, self.block)
        step = MAX_BLOCKS * self.block
        pieces = [blocks[start : start + step] for start in range(0, len(blocks), step)]
        runs = [_ONLY] if len(pieces) == 1 else [_FIRST, *[_NEXT] * (len(pieces) - 2), _LAST]
        answer = b""
        for run, piece in zip(runs, pieces, strict=True):
            le = None if run in (_FIRST, _NEXT) else MAC_SIZE
            answer = self.channel.call(Command(0x80, 0xFA, run, 0x00, piece, le=le))
        return fold_mac(answer)

    def init_purchase(self, body: bytes) -> tuple[bytes, bytes]:
        """INIT SAM FOR PURCHASE: the terminal counter used (4 bytes) and MAC1 (4 bytes)."""
        answer = self.channel.call(init_purchase_command(body))
        return answer[:4], answer[4:]

    def credit_purchase(self, mac2: bytes) -> Response:
        """CREDIT SAM FOR PURCHASE: whether the card's MAC2 is right, once."""
        return self.channel.send(credit_purchase_command(mac2))

    def holds(self, place: KeyPlace) -> bool:
        """Whether a key is there.  Raises StatusError for an answer that tells nothing."""
        answer = self.deliver(place, (bytes(FACTOR_SIZE),) * place.usage.levels, bytes(CHALLENGE_SIZE))
        if answer.sw not in (*_PRESENT, _ABSENT):
            raise StatusError(answer.sw, "DELIVERY SESSION KEY")
        return answer.sw != _ABSENT

    def present(self) -> Iterator[Present]:
        """Which of the 55 keys are there, at every level and class a list knows."""
        for row in catalog.load():
            for kind in row.psam.classes:
                for version, number in enumerate(row.psam.ids, 1):
                    for levels in range(MAX_LEVELS, -1, -1):
                        place = KeyPlace(Usage(levels, PsamClass(kind)), number)
                        if self.holds(place):
                            yield Present(row.name, version, place)


def fold_mac(answer: bytes) -> bytes:
    """A MAC of 4 bytes from the answer of CIPHER DATA: as it is, the left 4 of 8, the XOR of the four words of 16.

    Raises CustodyError for any other length.
    """
    if len(answer) not in (MAC_SIZE, 8, 16):
        raise CustodyError("psam-answer", size=len(answer))
    if len(answer) < 16:
        return answer[:MAC_SIZE]
    half = _xor(answer[:8], answer[8:])
    return _xor(half[:4], half[4:])


def delivery_command(place: KeyPlace, body: bytes) -> Command:
    """DELIVERY SESSION KEY."""
    return Command(0xBF, 0xDE, place.usage.byte, place.id, body)


def init_purchase_command(body: bytes) -> Command:
    """INIT SAM FOR PURCHASE."""
    return Command(0x80, 0x70, 0x01, 0x00, body, le=8)


def credit_purchase_command(mac2: bytes) -> Command:
    """CREDIT SAM FOR PURCHASE."""
    return Command(0x80, 0x72, 0x00, 0x00, mac2)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
