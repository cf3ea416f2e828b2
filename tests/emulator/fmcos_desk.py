"""A desk to work on FMCOS cards: commands in hex, and the host's arithmetic on DES alone, written from the manual."""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from sscard.apdu.atr import Interface
from sscard.emulator.fmcos import FmcosCard, FmcosOptions

NAME = bytes.fromhex("A00000000386980701")
TERMINAL = bytes.fromhex("112233445566")
TIME = bytes.fromhex("20260601120000")
PIN = "123456"


def key(name: str, size: int = 16) -> bytes:
    """A recognisable test key, its halves different."""
    return name.encode().ljust(size, b".")[:size]


def des(value: bytes, block: bytes, *, undo: bool = False) -> bytes:
    cipher = Cipher(TripleDES(value * 3 if len(value) == 8 else value + value[:8]), modes.ECB())
    return (cipher.decryptor() if undo else cipher.encryptor()).update(block)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def mac(value: bytes, message: bytes, initial: bytes = bytes(8)) -> bytes:
    """DES-CBC with the left half, the last block ended with the right half undone and the left again."""
    padded = message + b"\x80" + bytes(-(len(message) + 1) % 8)
    state = initial.ljust(8, b"\0")
    for start in range(0, len(padded), 8):
        state = des(value[:8], xor(state, padded[start : start + 8]))
    if len(value) == 16:
        state = des(value[:8], des(value[8:], state, undo=True))
    return state[:4]


def framed(plain: bytes) -> bytes:
    block = bytes((len(plain),)) + plain
    return block if len(block) % 8 == 0 else block + b"\x80" + bytes(-(len(block) + 1) % 8)


def folded(value: bytes) -> bytes:
    return xor(value[:8], value[8:]) if len(value) == 16 else value


class Desk:
    """One card and what a host would do with it.  Answers are hex, upper case."""

    def __init__(self, card: FmcosCard) -> None:
        self.card = card

    def send(self, apdu: str | bytes) -> str:
        raw = bytes.fromhex(apdu) if isinstance(apdu, str) else apdu
        return self.card.transmit(raw).hex().upper()

    def ok(self, apdu: str | bytes) -> str:
        answer = self.send(apdu)
        assert answer.endswith("9000"), f"{apdu!r}: {answer}"
        return answer[:-4]

    def mf(self) -> str:
        return self.ok("00A40000023F00")

    def enter(self, fid: str = "3F01") -> str:
        return self.ok(f"00A4000002{fid}")

    def challenge(self, count: int = 4) -> bytes:
        return bytes.fromhex(self.ok(f"00840000{count:02X}"))

    def authenticate(self, ident: int, value: bytes, count: int = 4) -> str:
        proof = des(value, self.challenge(count).ljust(8, b"\0"))
        return self.send(bytes((0, 0x82, 0, ident, 8)) + proof)

    def verify(self, pin: str = PIN, ident: int = 0) -> str:
        return self.send(f"002000{ident:02X}{len(pin) // 2:02X}{pin}")

    def write_key(self, kind: int, ident: int, record: str, value: bytes, p1: int = 1) -> str:
        body = bytes((kind,)) + bytes.fromhex(record) + value
        return self.send(bytes((0x80, 0xD4, p1, ident, len(body))) + body)

    def secure(
        self, header: str, value: bytes, plain: bytes = b"", *, cipher: bool = False, fault: bool = False, le: str = ""
    ) -> str:
        """A command with MAC under the key itself, its data enciphered on request."""
        body = des(value, framed(plain)) if cipher else plain
        head = bytes.fromhex(header) + bytes((len(body) + 4,)) + body
        code = mac(value, head, self.challenge())
        if fault:
            code = bytes((code[0] ^ 1,)) + code[1:]
        return self.send(head + code + bytes.fromhex(le))

    def load(self, amount: int, *, purse: int = 2, ident: int = 1, fault: bool = False) -> str:
        """A whole load; returns the last answer."""
        opening = self.ok(bytes((0x80, 0x50, 0, purse, 11, ident)) + amount.to_bytes(4, "big") + TERMINAL + b"\x10")
        return self.credit(bytes.fromhex(opening), amount, purse, ident, fault=fault)

    def credit(self, opening: bytes, amount: int, purse: int = 2, ident: int = 1, *, fault: bool = False) -> str:
        balance, serial, random, mac1 = opening[:4], opening[4:6], opening[8:12], opening[12:]
        session = des(key(f"load {ident}"), random + serial + b"\x80\x00")
        amounts = amount.to_bytes(4, "big")
        tail = bytes((purse,)) + TERMINAL
        assert mac(session, balance + amounts + tail) == mac1
        mac2 = mac(session, amounts + tail + TIME)
        if fault:
            mac2 = mac2[::-1]
        answer = self.send(bytes.fromhex("805200000B") + TIME + mac2 + b"\x04")
        if answer.endswith("9000"):
            new = (int.from_bytes(balance, "big") + amount).to_bytes(4, "big")
            tac = mac(folded(key("tac")), new + serial + amounts + tail + TIME)
            assert answer == tac.hex().upper() + "9000"
        return answer

    def begin_purchase(self, amount: int, *, purse: int = 2, p1: int = 1, ident: int = 1) -> bytes:
        head = bytes((0x80, 0x50, p1, purse, 11, ident))
        return bytes.fromhex(self.ok(head + amount.to_bytes(4, "big") + TERMINAL + b"\x0f"))

    def debit(self, opening: bytes, amount: int, kind: int = 6, *, ident: int = 1, fault: bool = False) -> str:
        serial, random = opening[4:6], opening[11:15]
        terminal_serial = bytes.fromhex("00000007")
        session = des(key(f"purchase {ident}"), random + serial + terminal_serial[2:])
        amounts = amount.to_bytes(4, "big")
        tail = bytes((kind,)) + TERMINAL
        mac1 = mac(session, amounts + tail + TIME)
        if fault:
            mac1 = mac1[::-1]
        answer = self.send(bytes.fromhex("805401000F") + terminal_serial + TIME + mac1 + b"\x08")
        if answer.endswith("9000"):
            tac = mac(folded(key("tac")), amounts + tail + terminal_serial + TIME)
            assert answer == (tac + mac(session, amounts)).hex().upper() + "9000"
        return answer

    def purchase(self, amount: int, *, purse: int = 2, fault: bool = False) -> str:
        return self.debit(self.begin_purchase(amount, purse=purse), amount, purse + 4, fault=fault)


def furnish(desk: Desk) -> None:
    """An MF with keys and DIR, an application with keys, a file of each kind and both purses; just reset."""
    desk.ok("80E03F000D38FFFFF0F001" + "FF" * 7)
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x36, 0, "F0F0FF33", key("mf line")) == "9000"
    assert desk.write_key(0x39, 0, "F0F0AA33", key("mf master")) == "9000"
    desk.ok("80E00001072A0213F000FFFF")
    desk.ok("00E200081361114F09A00000000386980701500450424F43")
    desk.ok("80E03F011138036FA0F095FFFF" + NAME.hex())
    desk.enter()
    desk.ok("80E00000073F018F95F1FFFF")
    for kind, ident, record, name in (
        (0x30, 0, "F0F10100", "encrypt"),
        (0x31, 0, "F0F10100", "decrypt"),
        (0x32, 3, "F0F10100", "mac"),
        (0x34, 0, "F0F10100", "tac"),
        (0x36, 0, "F0F2FF33", "line"),
        (0x36, 1, "F0F2FF33", "line 1"),
        (0x37, 0, "F0F2FF33", "unblock"),
        (0x38, 0, "F0F2FF33", "reload"),
        (0x39, 0, "F0F20233", "master"),
        (0x39, 1, "11EF0333", "officer"),
        (0x3E, 1, "F0F20100", "purchase 1"),
        (0x3F, 1, "F0F20100", "load 1"),
        (0x3D, 1, "F0F20100", "unload 1"),
        (0x3C, 1, "F0F20100", "overdraft 1"),
    ):
        assert desk.write_key(kind, ident, record, key(name)) == "9000", name
    assert desk.write_key(0x3A, 0, "F0EF0133", bytes.fromhex(PIN + "FFFFFFFFFF")) == "9000"
    for apdu in (
        "80E0001507A8001EF0F0FFFF",
        "80E000160728 0027 F1 F2 FFFF",
        "80E0000307E80010F0F0FFFE",
        "80E0000407A80010F0F0FF7F",
        "80E00005072A0304F0F2FFFF",
        "80E00006072C0020F0F0FFFF",
        "80E00007072E0304F0F0FFFF",
        "80E00008072C0020F0F0FFFF",
        "80E0000907280010EFEFFFFF",
        "80E0000A07280010 02F0FFFF",
        "80E0000B07AE0304F0F0FFFF",
        "80E00018072E0317F0EFFFFF",
        "80E00001072F0208F100FF18",
        "80E00002072F0208F000FF18",
    ):
        desk.ok(apdu)
    desk.ok("00E200280401020304")
    desk.ok("00E200300420020A0B")
    desk.ok("00E20040060904AABBCCDD")
    desk.card.reset()


def make_desk(interface: Interface = Interface.CONTACTLESS, **options: object) -> Desk:
    """A furnished card; furnished over the air, then put to the reader asked for."""
    desk = Desk(FmcosCard.blank(0x0000990100000017, options=FmcosOptions(**options)))
    furnish(desk)
    if interface is not Interface.CONTACTLESS:
        desk.card.present(interface)
    return desk
