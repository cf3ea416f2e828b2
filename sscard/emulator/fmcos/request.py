"""A command as its handler sees it, and the way its answer leaves.

Source: FMCOS 2.0 manual, command format: short lengths, at most 239 bytes each way, Le 00 for all there is.  Over the
air data come at once; under T=0 the answer of a command that brings data waits for GET RESPONSE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sscard.emulator.words import NO_DATA, OK, WRONG_LENGTH, WRONG_P1P2, Refusal, right_length, waiting

if TYPE_CHECKING:
    from sscard.emulator.fmcos.chip import FmcosChip

LONGEST: Final = 239
"""Most bytes of data and most bytes asked for."""


@dataclass(slots=True)
class Request:
    """One command.  ``le`` is None where none was sent, 0 for 00; ``header`` holds CLA to P2."""

    header: bytes
    data: bytes
    le: int | None

    @classmethod
    def parse(cls, apdu: bytes) -> Request:
        """Raises Refusal 6700 where lengths do not add up or are beyond the card's."""
        size = len(apdu)
        if size < 4:
            raise Refusal(WRONG_LENGTH)
        header = apdu[:4]
        if size <= 5:
            le = apdu[4] if size == 5 else None
            if le is not None and le > LONGEST:
                raise Refusal(WRONG_LENGTH)
            return cls(header, b"", le)
        count = apdu[4]
        if not 0 < count <= LONGEST or size - count not in (5, 6):
            raise Refusal(WRONG_LENGTH)
        return cls(header, apdu[5 : 5 + count], apdu[-1] if size == count + 6 else None)

    @property
    def p1(self) -> int:
        return self.header[2]

    @property
    def p2(self) -> int:
        return self.header[3]

    @property
    def secure(self) -> bool:
        """Whether the class announces line protection."""
        return bool(self.header[0] & 0x04)

    @property
    def mac_input(self) -> bytes:
        """Header and Lc, with which the input of a MAC begins."""
        return self.header + bytes((len(self.data),))

    def parameters(self, p1: int, p2: int) -> None:
        """Check P1 and P2.  Raises Refusal 6A86."""
        if (self.p1, self.p2) != (p1, p2):
            raise Refusal(WRONG_P1P2)

    def no_data(self) -> None:
        """Check that nothing is brought and nothing wanted: four bytes, or a fifth of 00.  Raises Refusal 6700."""
        if self.data or self.le:
            raise Refusal(WRONG_LENGTH)

    def body(self, *sizes: int) -> bytes:
        """The data, of one of ``sizes``.  Raises Refusal 6700."""
        if len(self.data) not in sizes:
            raise Refusal(WRONG_LENGTH)
        return self.data

    def room_for(self, count: int) -> None:
        """Check, before anything changes, that ``count`` bytes may be answered.  Raises Refusal 6Cxx."""
        if self.le and self.le < count:
            raise Refusal(right_length(count))


def reply(chip: FmcosChip, request: Request, data: bytes, word: bytes = OK) -> bytes:
    """The answer ``data`` with ``word``."""
    if chip.t0 and request.data:
        chip.pending, chip.pending_word = data, word
        return waiting(len(data))
    return data + word


def get_response(chip: FmcosChip, request: Request) -> bytes:
    """GET RESPONSE: the waiting data, in one or several pieces."""
    request.parameters(0, 0)
    if request.data:
        raise Refusal(WRONG_LENGTH)
    held = chip.pending
    count = request.le or len(held)
    if not held:
        raise Refusal(NO_DATA)
    if count > len(held):
        raise Refusal(right_length(len(held)))
    chip.pending = held[count:]
    return held[:count] + (waiting(len(chip.pending)) if chip.pending else chip.pending_word)
