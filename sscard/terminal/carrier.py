"""A mother or transport card in a reader: the station's side of docs/ceremony.md, "carrier commands"."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel, Transport
from sscard.errors import CustodyError, GuardRefused, StatusError
from sscard.keys.ceremony.carriers import APPLICATION, LABEL_PLACE, LABEL_SIZE, SERIAL_SIZE, Label, check_pin
from sscard.keys.ceremony.secure import (
    CHALLENGE_SIZE,
    FACTORY_PIN,
    PROOF_SIZE,
    TAG_SIZE,
    Session,
    card_proof,
    pin_key,
    station_proof,
)
from sscard.keys.secret import Secret

_CHUNK: Final = 224
_LENGTH_SIZE: Final = 4
_TERMINATED: Final = 0x6285
_FACTS_AT: Final = 6 + len(APPLICATION)
"""Where the version byte stands in the answer to SELECT: 6F L, 84 L name, 85 L."""


class CarrierInReader:
    """:class:`sscard.keys.ceremony.carriers.CarrierCard` over a transport."""

    def __init__(self, transport: Transport) -> None:
        """Select the carrier application.

        Raises GuardRefused: "carrier-other" (not a carrier card), "carrier-terminated"; TransportError.
        """
        self._channel = Channel(transport)
        answer = self._channel.send(Command(0x00, 0xA4, 0x04, 0x00, APPLICATION, le=256))
        facts = answer.data[_FACTS_AT:]
        if not (answer.ok or answer.sw == _TERMINATED) or len(facts) != 1 + SERIAL_SIZE + 2 or facts[0] != 1:
            raise GuardRefused("carrier-other", reader=transport.name)
        self._serial = facts[1 : 1 + SERIAL_SIZE]
        if answer.sw == _TERMINATED:
            raise GuardRefused("carrier-terminated", serial=self.serial)
        self._factory = bool(facts[-2])

    @property
    def serial(self) -> str:
        return self._serial.hex().upper()

    def label(self) -> Label | None:
        return Label.parse(self._channel.call(_at(0x00, 0xB0, LABEL_PLACE, le=LABEL_SIZE)))

    def fetch(self, pin: Secret) -> bytes:
        label = self.label()
        if label is None or self._factory:
            raise GuardRefused("carrier-blank", serial=self.serial)
        session = self._verify(pin)
        try:
            size = int.from_bytes(self._read(session, 0, _LENGTH_SIZE), "big")
            content = b"".join(
                self._read(session, _LENGTH_SIZE + start, min(_CHUNK, size - start)) for start in range(0, size, _CHUNK)
            )
        except (StatusError, ValueError):
            raise CustodyError("carrier-damaged", serial=self.serial) from None
        if not label.fits(content):
            raise CustodyError("carrier-damaged", serial=self.serial)
        return content

    def store(self, label: Label, content: bytes, pin: Secret) -> None:
        check_pin(pin)
        session = self._verify(Secret(FACTORY_PIN) if self._factory else pin)
        self._update(session, LABEL_PLACE, bytes(LABEL_SIZE))
        framed = len(content).to_bytes(_LENGTH_SIZE, "big") + content
        for start in range(0, len(framed), _CHUNK):
            self._update(session, start, framed[start : start + _CHUNK])
        self._update(session, LABEL_PLACE, bytes(label))
        if self._factory:
            self._secured(session, 0x24, 0x0100, pin_key(self._serial, pin.reveal()))
            self._factory = False

    def terminate(self, pin: Secret) -> None:
        self._secured(self._verify(Secret(FACTORY_PIN) if self._factory else pin), 0xFE, 0, b"")

    def close(self) -> None:
        self._channel.close()

    def _verify(self, pin: Secret) -> Session:
        """Prove the PIN to the card and have the card prove that it knows it too.  Raises CounterError."""
        check_pin(pin)
        key = pin_key(self._serial, pin.reveal())
        challenge = self._channel.call(Command(0x00, 0x84, 0, 0, le=CHALLENGE_SIZE))
        ours = secrets.token_bytes(CHALLENGE_SIZE)
        data = ours + station_proof(key, challenge, ours)
        answer = self._channel.call(Command(0x00, 0x20, 0, 0, data, le=PROOF_SIZE))
        if not hmac.compare_digest(answer, card_proof(key, challenge, ours)):
            raise CustodyError("carrier-foreign", serial=self.serial)
        return Session(key, challenge, ours)

    def _read(self, session: Session, offset: int, count: int) -> bytes:
        header = _header(0xB0, offset)
        sealed = session.seal_command(header, bytes((count,)))
        return session.open_answer(header, self._send(header, sealed, count + TAG_SIZE))

    def _update(self, session: Session, place: int, plain: bytes) -> None:
        self._secured(session, 0xD6, place, plain)

    def _secured(self, session: Session, ins: int, place: int, plain: bytes) -> None:
        header = _header(ins, place)
        self._send(header, session.seal_command(header, plain))

    def _send(self, header: bytes, data: bytes, le: int | None = None) -> bytes:
        cla, ins, p1, p2 = header
        return self._channel.call(Command(cla, ins, p1, p2, data, le))


def _header(ins: int, place: int) -> bytes:
    """The four bytes of a secured command; ``place`` is P1 P2."""
    return bytes((0x04, ins)) + place.to_bytes(2, "big")


def _at(cla: int, ins: int, place: int, le: int) -> Command:
    return Command(cla, ins, place >> 8, place & 0xFF, le=le)
