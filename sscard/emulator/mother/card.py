"""A carrier card: SELECT, GET CHALLENGE, VERIFY, and READ, UPDATE, CHANGE PIN, TERMINATE over the secure channel."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, Self

from sscard.emulator.mother.chip import TRIES, CarrierChip
from sscard.emulator.powered import PoweredCard
from sscard.emulator.words import (
    LOCKED,
    MAC_WRONG,
    NO_CHALLENGE,
    NO_FILE,
    NO_ROOM,
    NOT_ALLOWED,
    NOT_NOW,
    OK,
    OUTSIDE_FILE,
    UNKNOWN_INS,
    WRONG_CLA,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    tries_left,
)
from sscard.keys.ceremony.carriers import APPLICATION, LABEL_PLACE, LABEL_SIZE, SERIAL_SIZE
from sscard.keys.ceremony.secure import (
    CHALLENGE_SIZE,
    PIN_KEY_SIZE,
    PROOF_SIZE,
    TAG_SIZE,
    Session,
    card_proof,
    station_proof,
)

CAPACITY: Final = 0x7FFF
"""Bytes of content."""
_TERMINATED: Final = b"\x62\x85"


def select(chip: CarrierChip, apdu: bytes) -> bytes:
    """SELECT by name: 6F {84 name, 85 version 01 ‖ serial ‖ factory PIN 01/00 ‖ tries}."""
    if apdu[2:4] != b"\x04\x00":
        raise Refusal(WRONG_P1P2)
    if _data(apdu) != APPLICATION:
        raise Refusal(NO_FILE)
    chip.power_on()
    chip.selected = True
    own = b"\x01" + chip.serial + bytes((chip.factory, chip.tries))
    inside = b"\x84" + bytes((len(APPLICATION),)) + APPLICATION + b"\x85" + bytes((len(own),)) + own
    return b"\x6f" + bytes((len(inside),)) + inside + (_TERMINATED if chip.terminated else OK)


def get_challenge(chip: CarrierChip, apdu: bytes) -> bytes:
    """GET CHALLENGE: 16 bytes for the next VERIFY."""
    if apdu[4:] != bytes((CHALLENGE_SIZE,)):
        raise Refusal(WRONG_LENGTH)
    chip.challenge = chip.randomness.take(CHALLENGE_SIZE)
    return chip.challenge + OK


def verify(chip: CarrierChip, apdu: bytes) -> bytes:
    """VERIFY: the station's challenge and proof; without data, the tries left.  If right it opens the channel."""
    chip.session = None
    if len(apdu) == 4:
        return tries_left(chip.tries) if chip.tries else LOCKED
    data = _data(apdu)
    if len(data) != CHALLENGE_SIZE + PROOF_SIZE:
        raise Refusal(WRONG_LENGTH)
    challenge, chip.challenge = chip.challenge, b""
    if not challenge:
        raise Refusal(NO_CHALLENGE)
    if not chip.tries:
        raise Refusal(LOCKED)
    theirs, proof = data[:CHALLENGE_SIZE], data[CHALLENGE_SIZE:]
    chip.tries -= 1
    if not hmac.compare_digest(proof, station_proof(chip.pin, challenge, theirs)):
        return tries_left(chip.tries) if chip.tries else LOCKED
    chip.tries = TRIES
    chip.session = Session(chip.pin, challenge, theirs)
    return card_proof(chip.pin, challenge, theirs) + OK


def read_plain(chip: CarrierChip, apdu: bytes) -> bytes:
    """READ BINARY of the label, which anybody may read."""
    if int.from_bytes(apdu[2:4], "big") != LABEL_PLACE:
        raise Refusal(NOT_ALLOWED)
    if apdu[4:] not in (b"\x00", bytes((LABEL_SIZE,))):
        raise Refusal(WRONG_LENGTH)
    return chip.label + OK


def read_secure(chip: CarrierChip, apdu: bytes) -> bytes:
    """READ BINARY of the content: one byte of data says how many bytes (1–224)."""
    session, plain = _secured(chip, apdu)
    offset = int.from_bytes(apdu[2:4], "big")
    if len(plain) != 1 or not 0 < plain[0] <= 224:
        raise Refusal(WRONG_DATA)
    if offset + plain[0] > len(chip.content):
        raise Refusal(OUTSIDE_FILE)
    return session.seal_answer(apdu[:4], chip.content[offset : offset + plain[0]]) + OK


def update_secure(chip: CarrierChip, apdu: bytes) -> bytes:
    """UPDATE BINARY of label or content; the content grows only at its end, and offset 0 begins it anew."""
    _, plain = _secured(chip, apdu)
    place = int.from_bytes(apdu[2:4], "big")
    if place == LABEL_PLACE:
        if len(plain) != LABEL_SIZE:
            raise Refusal(WRONG_LENGTH)
        chip.label = plain
        return OK
    if place > CAPACITY or place > len(chip.content):
        raise Refusal(OUTSIDE_FILE)
    if place + len(plain) > CAPACITY:
        raise Refusal(NO_ROOM)
    chip.content = chip.content[:place] + plain
    return OK


def change_pin(chip: CarrierChip, apdu: bytes) -> bytes:
    """CHANGE REFERENCE DATA: the key of the new PIN; a new session needs it."""
    _, plain = _secured(chip, apdu)
    if len(plain) != PIN_KEY_SIZE:
        raise Refusal(WRONG_LENGTH)
    chip.pin, chip.factory = plain, False
    return OK


def terminate(chip: CarrierChip, apdu: bytes) -> bytes:
    """TERMINATE CARD USAGE: everything on the card is wiped, for good."""
    _secured(chip, apdu)
    chip.label, chip.content, chip.pin = bytes(LABEL_SIZE), b"", bytes(PIN_KEY_SIZE)
    chip.tries, chip.terminated, chip.session = 0, True, None
    return OK


_Handler = Callable[[CarrierChip, bytes], bytes]
_COMMANDS: Final[dict[tuple[int, int], _Handler]] = {
    (0x00, 0xA4): select,
    (0x00, 0x84): get_challenge,
    (0x00, 0x20): verify,
    (0x00, 0xB0): read_plain,
    (0x04, 0xB0): read_secure,
    (0x04, 0xD6): update_secure,
    (0x04, 0x24): change_pin,
    (0x04, 0xFE): terminate,
}
_KNOWN_INS: Final = frozenset(ins for _, ins in _COMMANDS)


def respond(chip: CarrierChip, apdu: bytes) -> bytes:
    """Execute one command."""
    chip.commands += 1
    if len(apdu) < 4:
        return WRONG_LENGTH
    handler = _COMMANDS.get((apdu[0], apdu[1]))
    if handler is None:
        return WRONG_CLA if apdu[1] in _KNOWN_INS else UNKNOWN_INS
    if handler is not select and (not chip.selected or chip.terminated):
        return NOT_NOW
    try:
        return handler(chip, apdu)
    except Refusal as refusal:
        return refusal.word


def _data(apdu: bytes) -> bytes:
    """Command data; a Le after it is allowed.  Raises Refusal 6700."""
    count = apdu[4] if len(apdu) > 5 else 0
    if not count or len(apdu) - count not in (5, 6):
        raise Refusal(WRONG_LENGTH)
    return apdu[5 : 5 + count]


def _secured(chip: CarrierChip, apdu: bytes) -> tuple[Session, bytes]:
    """Session and plain data of a secured command; one that does not open ends the session."""
    session = chip.session
    if session is None:
        raise Refusal(NOT_ALLOWED)
    data = _data(apdu)
    try:
        return session, session.open_command(apdu[:4], data)
    except ValueError:
        chip.session = None
        raise Refusal(MAC_WRONG if len(data) >= TAG_SIZE else WRONG_LENGTH) from None


class CarrierSoftwareCard(PoweredCard[CarrierChip]):
    """One carrier card, blank or loaded; images and virtual readers take it as they take any software card."""

    system = "carrier"

    def __init__(self, chip: CarrierChip, name: str = "emulator") -> None:
        super().__init__(chip, respond, name)

    @classmethod
    def blank(cls, serial: int, *, seed: int = 0) -> Self:
        """A carrier as it comes from the box.  Raises OverflowError for a serial number beyond 8 bytes."""
        return cls(CarrierChip(serial=serial.to_bytes(SERIAL_SIZE, "big"), seed=seed))
