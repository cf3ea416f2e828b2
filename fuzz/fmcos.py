"""The fuzzer for the FMCOS card: random and mutated commands, and right ones with every key in its hands.

Run: python -m fuzz.run --fmcos [--count N] [--seed S] [--contactless].
"""

from __future__ import annotations

from collections.abc import Callable

from fuzz.fmcos_reference import DEBITS, OVERDRAFT, UNLOAD, FmcosReference, des, folded, framed, mac
from fuzz.run import Fuzzer
from sscard.apdu.atr import Interface
from sscard.emulator import image
from sscard.emulator.fmcos import FmcosCard

TURN = 500
"""Commands of one card."""
EPILOGUE = 25
"""Commands a card still gets after it was blocked."""
SPOILED_ONE_IN = 12
TIME = bytes.fromhex("20260601120000")
PINS = tuple(bytes.fromhex(pin) for pin in ("123456", "1234", "000000", "12345F", "998877665544"))
HEADERS = tuple(
    bytes.fromhex(line[start : start + 8])
    for line in (
        "00A4000000A4040000C000000084000000880000008802030082000000820001002000 0080 5E0000 805E0100".replace(" ", ""),
        "84240000008495000084000004B0950004B0830004D6950004D6830000D6960000B0960000B2012C00B20140",
        "00B2013C00DC012C04DC005B00E2002C04E2005C80E03F0080E00005800E000080D4010080D4390084D40107",
        "8416000084180000841E0000841E0001805000018050000280500102805003028050040180500501",
        "80520000805401008054030080580000805A0006805C000180DC0940",
    )
    for start in range(0, len(line), 8)
)
SCRIPT = (
    "80E03F000D38FFFFEFEF01FFFFFFFFFFFFFF",
    "80E00000073F0080EFEFFFFF",
    "80D401001536F0EFFFFF" + "A0" * 16,
    "80D401001539F0EFAAFF" + "A1" * 8 + "B1" * 8,
    "80E00001072A0213F0EFFFFF",
    "00E200081361114F09A00000000386980701500450424F43",
    "80E03F01113803 6FEFEF95FFFFA00000000386980701".replace(" ", ""),
    "80E03F0211380200EFEF95FFFFA00000000386980702",
    "00A4040009A00000000386980702",
    "80E00000073F008095EFFFFF",
    "80D401001539F0EF02FF" + "C1" * 8 + "D1" * 8,
    "80D401000A3AF0EF01FF1122334455",
    "80E00005072800104301FFFF",
    "80E0000607280010EFEFFFFF",
    "00A4040009A00000000386980701",
    "80E00000073F018F95F2FFFF",
    "80D401001530F0F20100" + "01" * 8 + "02" * 8,
    "80D401001531F1F20100" + "03" * 8 + "04" * 8,
    "80D401031532F0F20100" + "05" * 8 + "06" * 8,
    "80D401001534F0F20100" + "07" * 8 + "08" * 8,
    "80D401001536F0F2FFFF" + "09" * 8 + "0A" * 8,
    "80D401010D36F0F2FFFF" + "0B" * 8,
    "80D401001537F0F2FFFF" + "0C" * 8 + "0D" * 8,
    "80D401001538F0F2FFFF" + "0E" * 8 + "0F" * 8,
    "80D401001539F0F202FF" + "10" * 8 + "11" * 8,
    "80D401011539 11EF03FF".replace(" ", "") + "12" * 8 + "13" * 8,
    "80D40101153EF0F20100" + "14" * 8 + "15" * 8,
    "80D40102 0D3EF0F20101".replace(" ", "") + "16" * 8,
    "80D40101153FF0F20100" + "17" * 8 + "18" * 8,
    "80D40101153DF0F20100" + "19" * 8 + "1A" * 8,
    "80D40101153CF0F20100" + "1B" * 8 + "1C" * 8,
    "80D401000D3AF0EF01FF123456FFFFFFFFFF",
    "80E0001507A8001EF0F0FFFF",
    "80E0001607280027F1F2FFFF",
    "80E0000307E80010F0F0FFFE",
    "80E0000407A80010F0F0FF7F",
    "80E00005072A0304F0F2FFFF",
    "80E00006072C0020F0F0FFFF",
    "80E00007072E0304F0F1FFFF",
    "80E00008072C0020F0F0FFFF",
    "80E0000907280010EFEFFFFF",
    "80E0000A0728001002F0FFFF",
    "80E0000B07AE0304F0F0FFFF",
    "80E00018072E0317F0EFFFFF",
    "80E00001072F0208F100FF18",
    "80E00002072F0208F000FF18",
    "00E200280401020304",
    "00E20040060904AABBCCDD",
)


def furnished(interface: Interface) -> str:
    """The image of a card with an application for every rule, and another one beside it."""
    card = FmcosCard.blank(0x17)
    for step in SCRIPT:
        answer = card.execute(bytes.fromhex(step))
        assert answer[-2:] == b"\x90\x00", (step, answer.hex())
    card.present(interface)
    return image.dump(card)


class FmcosFuzzer(Fuzzer):
    """As :class:`Fuzzer`, on an FMCOS card and with every key at hand."""

    model: FmcosReference

    def __init__(self, seed: int, interface: Interface = Interface.CONTACTLESS) -> None:
        super().__init__(seed, interface)

    @property
    def _after_challenge(self) -> tuple[Callable[[], bytes], ...]:
        proofs, messages = (self._authenticate,) * 2, (self._secured,) * 3
        return (*proofs, *messages, self._unblock_pin, self._block, self._load_key)

    def traffic(self, interface: Interface) -> tuple[list[bytes], str]:
        return [bytes.fromhex(step) for step in SCRIPT], furnished(interface)

    reference = FmcosReference
    headers = HEADERS

    def weights(self) -> tuple[tuple[Callable[[], bytes], int], ...]:
        return (
            (self._recorded, 3), (self._mutated, 8), (self._random, 3), (self._framed, 5), (self._select, 5),
            (self._challenge, 12), (self._verify, 4), (self._read, 8), (self._update, 6), (self._begin, 10),
            (self._change_pin, 2), (self._reload, 2), (self._balance, 2), (self._key, 2),
        )  # fmt: skip

    def _fresh(self) -> None:
        super()._fresh()
        self.left = TURN

    def step(self) -> None:
        model = self.model
        if model.open and self.random.randrange(4):
            self.send(self._finish())
        elif model.drawn and self.random.randrange(5):
            self.send(self.random.choice(self._after_challenge)())
        else:
            super().step()

    def send(self, apdu: bytes) -> None:
        blocked = self.model.dead
        super().send(apdu)
        self.left -= 1
        if self.model.dead and not blocked:
            self.left = EPILOGUE
        if not self.left or self.model.over:
            self._check_image()
            if not self.model.over:
                self.model.compare(image.dump(self.card))
            self._fresh()

    def counters(self) -> list[object]:
        return [key for node in self.card.chip.directories() for key in node.keys]

    def _spoiled(self, apdu: bytes) -> bytes:
        if self.random.randrange(SPOILED_ONE_IN):
            return apdu
        place = self.random.randrange(len(apdu))
        return apdu[:place] + bytes((apdu[place] ^ 1 << self.random.randrange(8),)) + apdu[place + 1 :]

    def _sealed(self, header: bytes, key: bytes, data: bytes = b"", tail: bytes = b"") -> bytes:
        head = header + bytes((len(data) + 4,)) + data
        return self._spoiled(head + mac(key or bytes(8), head, self.model.drawn) + tail)

    def _select(self) -> bytes:
        if self.random.randrange(2):
            return super()._select()
        fids = (0x3F00, 0x3F01, 0x3F01, 0x3F02, *self.model.current.files)
        return b"\x00\xa4\x00\x00\x02" + self.random.choice(fids).to_bytes(2, "big")

    def _challenge(self) -> bytes:
        return b"\x00\x84\x00\x00" + self.random.choice((b"\x04", b"\x04", b"\x08"))

    def _authenticate(self) -> bytes:
        ident = self.random.choice((0, 0, 1))
        key = self.model.key("EXTERNAL", ident) or bytes(8)
        proof = des(key, self.model.drawn.ljust(8, b"\0"))
        return self._spoiled(bytes((0, 0x82, 0, ident, 8)) + proof)

    def _verify(self) -> bytes:
        pin = self.model.key("PIN") if self.random.randrange(6) else self.random.choice(PINS)
        return self._spoiled(b"\x00\x20\x00\x00" + bytes((len(pin),)) + pin) if pin else b"\x00\x20\x00\x00"

    def _place(self) -> tuple[int, str, int]:
        """A file of the current directory: short id, kind, line byte."""
        files = self.model.current.files
        if not files:
            return 5, "TRANSPARENT", 0xFF
        fid = self.random.choice(list(files))
        return fid & 0x1F, files[fid]["kind"], int(files[fid]["line"], 16)

    def _read(self) -> bytes:
        sfi, kind, _ = self._place()
        if kind in ("TRANSPARENT", "PURSE"):
            return bytes((0, 0xB0, 0x80 | sfi, self.random.randrange(4), 0))
        return bytes((0, 0xB2, self.random.randrange(5), sfi << 3 | self.random.choice((4, 4, 0, 2)), 0))

    def _update(self) -> bytes:
        header, data = self._written(0)
        return self._spoiled(header + bytes((len(data),)) + data)

    def _written(self, cla: int) -> tuple[bytes, bytes]:
        sfi, kind, _ = self._place()
        if kind == "TRANSPARENT":
            return bytes((cla, 0xD6, 0x80 | sfi, self.random.randrange(4))), self.random.randbytes(4)
        if kind == "VARIABLE":
            return bytes((cla, 0xDC, 9, sfi << 3)), b"\x09\x04" + self.random.randbytes(4)
        return bytes((cla, self.random.choice((0xE2, 0xDC)), 0, sfi << 3 | 4)), self.random.randbytes(4)

    def _secured(self) -> bytes:
        """A protected read or write under the line key of the file, which may not be protected at all."""
        sfi, kind, line = self._place()
        if self.random.randrange(2):
            key = self.model.key("LINE", 3 - (line >> 2 & 3))
            head = bytes((4, 0xB0, 0x80 | sfi, 0)) if kind == "TRANSPARENT" else bytes((4, 0xB2, 1, sfi << 3 | 4))
            return self._sealed(head, key, tail=b"\0")
        header, data = self._written(4)
        sfi = header[2] & 0x1F if header[1] == 0xD6 else header[3] >> 3
        ef = self.model.current.files.get(sfi)
        if ef is None:
            return self._challenge()
        key = self.model.key("LINE", 3 - (int(ef["line"], 16) & 3))
        return self._sealed(header, key, des(key, framed(data)) if key and ef["protection"] == "CIPHER" else data)

    def _change_pin(self) -> bytes:
        body = self.model.key("PIN").rstrip(b"\xff") + b"\xff" + self.random.choice(PINS)
        return self._spoiled(b"\x80\x5e\x01\x00" + bytes((len(body),)) + body)

    def _reload(self) -> bytes:
        pin, key = self.random.choice(PINS), self.model.key("RELOAD")
        body = pin + mac(folded(key) or bytes(8), pin)
        return self._spoiled(b"\x80\x5e\x00\x00" + bytes((len(body),)) + body)

    def _unblock_pin(self) -> bytes:
        key = self.model.key("UNBLOCK") or bytes(8)
        return self._sealed(b"\x84\x24\x00" + self.random.choice((b"\0", b"\1")), key,
                            des(key, framed(self.random.choice(PINS))))  # fmt: skip

    def _block(self) -> bytes:
        header = self.random.choice(
            (b"\x84\x1e\0\0", b"\x84\x18\0\0", b"\x84\x18\0\0", b"\x84\x1e\0\1", b"\x84\x16\0\0")
        )
        if header[1] == 0x16 and self.random.randrange(4):
            header = b"\x84\x18\0\0"
        return self._sealed(header, self.model.key("LINE"))

    def _record(self) -> bytes:
        kind = self.random.choice((0x39, 0x3E, 0x3F, 0xF9, 0x79, 0x36, 0x35))
        return bytes((kind,)) + bytes.fromhex("F0F00133") + self.random.randbytes(self.random.choice((8, 16)))

    def _key(self) -> bytes:
        record = self._record()
        return (
            bytes((0x80, 0xD4, self.random.choice((1, 0x39, 0x3E)), self.random.choice((1, 7)), len(record))) + record
        )

    def _load_key(self) -> bytes:
        key = self.model.key("EXTERNAL") or bytes(8)
        return self._sealed(
            b"\x84\xd4" + self.random.choice((b"\1\7", b"\x3e\1")), key, des(key, framed(self._record()))
        )

    def _balance(self) -> bytes:
        return b"\x80\x5c\x00" + self.random.choice((b"\1", b"\2")) + b"\4"

    def _begin(self) -> bytes:
        p1, p2 = self.random.choice(((0, 1), (0, 2), (0, 2), (1, 1), (1, 2), (1, 2), (2, 1), (3, 2), (4, 1), (5, 1)))
        body = b"\1" + (b"" if p1 == 4 else self.random.randrange(400).to_bytes(4, "big")) + TIME[:6]
        return self._spoiled(bytes((0x80, 0x50, p1, p2, len(body))) + body + b"\0")

    def _finish(self) -> bytes:
        begun = self.model.open
        assert begun is not None
        if not begun.random:
            return b"\x00\xc0\x00\x00\x00"
        held, amount = begun.purse, begun.amount.to_bytes(4, "big")
        if begun.type == 9 and self.random.randrange(2):
            return b"\x80\xdc\x09\x40\x06\x09\x04" + self.random.randbytes(4)
        if begun.type in DEBITS:
            session = des(begun.key, begun.random + held["offline"].to_bytes(2, "big") + b"\0\7")
            body = b"\0\0\0\7" + TIME + mac(session, amount + begun.tail + TIME)
            return self._spoiled(b"\x80\x54\x01\x00\x0f" + body)
        if begun.type == OVERDRAFT:
            limit = self.random.randrange(300).to_bytes(3, "big")
            body = limit + TIME + mac(begun.online_key(), limit + begun.tail + TIME)
            return self._spoiled(b"\x80\x58\x00\x00\x0e" + body)
        header = b"\x80\x54\x03\x00\x0b" if begun.type == UNLOAD else b"\x80\x52\x00\x00\x0b"
        return self._spoiled(header + TIME + mac(begun.online_key(), amount + begun.tail + TIME))
