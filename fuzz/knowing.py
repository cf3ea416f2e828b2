"""The fuzzer that knows every key of the card: master keys, and commands with right MACs, now and then spoiled."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from fuzz.reference import MASTER, Node, proof
from fuzz.run import ORIGINAL, Fuzzer
from fuzz.secure import ADMINISTRATION, CARD_LOCK, LOCK, PUK, Secured, framed, mac, session
from sscard.emulator import image

_PINS = tuple(bytes.fromhex(pin) for pin in ("123456", "654321", "1234", "00000000", "12345F", "ABCDEF", ""))
_KEY_TYPES = (0x00, 0x01, 0x07, 0x08, 0x09, 0x0A, 0x0D, 0x0E, 0x55)
_FILE_TYPES = (0xC4, 0xC5, 0xC6, 0xC7, 0xD6, 0x11)
_SPOILED_ONE_IN = 20


class Knowing(Fuzzer):
    """As :class:`Fuzzer`, with all keys in its hands.  A card's turn ends once it was administered or blocked."""

    reference = Secured
    model: Secured

    def weights(self) -> tuple[tuple[Callable[[], bytes], int], ...]:
        return (
            *super().weights(),
            (self._challenge, 24), (self._opener, 16), (self._master, 6), (self._pin_message, 8), (self._block, 3),
            (self._card_block, 2), (self._secure_update, 6), (self._key_load, 6), (self._building, 4),
        )  # fmt: skip

    def send(self, apdu: bytes) -> None:
        before = deepcopy(self.card.chip) if apdu[:2] in ADMINISTRATION and self.model.mastered else None
        super().send(apdu)
        if self.model.over:
            if before is not None:
                self.model.compare(image.dump(type(self.card)(before)), image.dump(self.card))
            self._fresh()

    def _spoiled(self, apdu: bytes) -> bytes:
        if self.random.randrange(_SPOILED_ONE_IN):
            return apdu
        place = self.random.randrange(4, len(apdu))
        return apdu[:place] + bytes((apdu[place] ^ 1 << self.random.randrange(8),)) + apdu[place + 1 :]

    def _sealed(self, header: bytes, data: bytes, key: bytes, initial: bytes) -> bytes:
        head = header + bytes((len(data) + 4,)) + data
        return self._spoiled(head + mac(key, initial, head))

    def _message(self, place: Node, header: bytes, data: bytes = b"") -> bytes:
        """A command with its MAC under the maintenance key of a directory and the last challenge."""
        return self._sealed(header, data, session(place.stk or bytes(16), self.model.challenge), b"")

    def _proven(self, key: bytes, p2: int) -> bytes:
        return self._spoiled(bytes((0, 0x82, 0, p2, 16)) + proof(key, self.model.challenge, ORIGINAL) + ORIGINAL)

    def _opener(self) -> bytes:
        """The right of a key that opens PIN reload or a block."""
        here, above = self.model.current, self.model.environment
        place, number = self.random.choice(((above, PUK), (above, CARD_LOCK), (here, here.lock & 0x7F or LOCK)))
        if number not in place.keys:
            return self._challenge()
        return self._proven(place.keys[number][0], number | 0x80 if place is here else number)

    def _master(self) -> bytes:
        return self._proven(self.model.current.master or bytes(16), MASTER)

    def _pin_message(self) -> bytes:
        place = self.model.environment
        if self.random.randrange(3) == 0:
            return self._message(place, b"\x84\x24\x00\x00")
        pin = self.random.choice(_PINS)
        key = session(place.stk or bytes(16), self.model.challenge)
        return self._message(place, b"\x84\x24\x00\x01", framed(key, pin) if pin else b"")

    def _block(self) -> bytes:
        return self._message(self.model.current, b"\x84\x1e\x00\x01")

    def _card_block(self) -> bytes:
        return self._message(self.model.environment, b"\x84\x16\x00\x00")

    def _secure_update(self) -> bytes:
        plain = self._update()
        return self._message(self.model.current, b"\x04" + plain[1:4], plain[5:])

    def _key_load(self) -> bytes:
        """A key block, plain or enciphered, under the master key of the current directory."""
        kind, number = self.random.choice(_KEY_TYPES), self.random.randrange(16)
        is_pin = kind == 0x01
        algorithm = self.random.choice((0 if is_pin else 3, 3, 0))
        value = bytes.fromhex("123456").ljust(16, b"\xff") if is_pin else self.random.randbytes(16)
        tries = self.random.choice((0x33, 0x66, 0x00))
        block = bytes((kind, number, self.random.choice((0, 1, 2)), 0, tries, algorithm, int(is_pin), 16)) + value
        master = self.model.current.master or bytes(16)
        data = framed(master, block) if self.random.randrange(2) else block
        header = bytes((0x84, 0xD4, int(kind == 0) if self.random.randrange(8) else 1, 0))
        return self._sealed(header, data, master, self.model.challenge)

    def _building(self) -> bytes:
        """CREATE of a file or directory that may be possible, or DELETE of what is current."""
        if self.random.randrange(4) == 0:
            return bytes((0x80, 0xE1, 0, 0, 1, self.random.randrange(1, 4)))
        fid = self.random.randrange(0xEF30, 0xEF3F).to_bytes(2, "big")
        if self.random.randrange(3) == 0:
            name = self.random.randbytes(self.random.choice((0, 5, 9, 16)))
            kind = self.random.choice((1, 2))
            body = bytes.fromhex("000000FF01") + fid + bytes((kind, 0, 0, 0x23, 0, 0, 0x80, 0, 0x81)) + name
        else:
            size = self.random.choice((0, 1, 16, 300, 0xFFFF)).to_bytes(2, "big")
            shape = bytes((self.random.choice(_FILE_TYPES), 0, self.random.choice((0, 0x1C, 0x05)), 0, 8))
            body = bytes(3) + size + fid + shape + self.random.choice((bytes(4), bytes.fromhex("00EF00EF")))
        return self._spoiled(bytes((0x80, 0xE0, 1, 0, len(body))) + body)
