"""A desk to work on software cards: commands in hex, and the host's arithmetic with an SM4 other than the card's."""

from __future__ import annotations

import pytest
from gmssl.sm3 import sm3_hash
from gmssl.sm4 import SM4_ENCRYPT, CryptSM4

from sscard.apdu.exchange import Protocol
from sscard.emulator import CardOptions, SoftwareCard

SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
AID1 = bytes.fromhex("D15600000500")
AID2 = bytes.fromhex("D15600000501")
PIN = "123456"
ORIGINAL = bytes.fromhex("0102030405060708")


def key(name: str) -> bytes:
    """A recognisable test key."""
    return name.encode().ljust(16, b".")[:16]


def sm4(key: bytes, blocks: bytes) -> bytes:
    cipher = CryptSM4()
    cipher.set_key(key, SM4_ENCRYPT)
    return b"".join(cipher.crypt_ecb(blocks[i : i + 16])[:16] for i in range(0, len(blocks), 16))


def session(key: bytes, challenge: bytes) -> bytes:
    return sm4(key, challenge + bytes(16 - len(challenge)))


def cryptogram(key: bytes, challenge: bytes, original: bytes = ORIGINAL) -> bytes:
    block = sm4(session(key, challenge), original + bytes(8))
    return bytes(a ^ b for a, b in zip(block[:8], block[8:], strict=True))


def mac(key: bytes, message: bytes, initial: bytes = b"") -> bytes:
    padded = message + b"\x80" + bytes(-(len(message) + 1) % 16)
    state = initial + bytes(16 - len(initial))
    for start in range(0, len(padded), 16):
        state = sm4(key, bytes(a ^ b for a, b in zip(state, padded[start : start + 16], strict=True)))
    words = [int.from_bytes(state[i : i + 4], "big") for i in range(0, 16, 4)]
    return (words[0] ^ words[1] ^ words[2] ^ words[3]).to_bytes(4, "big")


def padded_length(plain: bytes) -> bytes:
    framed = bytes((len(plain),)) + plain
    return framed if len(framed) % 16 == 0 else framed + b"\x80" + bytes(-(len(framed) + 1) % 16)


class Desk:
    """One card and what a host would do with it.  Answers are hex, upper case."""

    key = staticmethod(key)
    original = ORIGINAL
    ssse = SSSE
    aid1 = AID1
    aid2 = AID2

    def __init__(self, card: SoftwareCard) -> None:
        self.card = card

    def send(self, apdu: str | bytes) -> str:
        raw = bytes.fromhex(apdu) if isinstance(apdu, str) else apdu
        return self.card.transmit(raw).hex().upper()

    def ok(self, apdu: str | bytes) -> str:
        answer = self.send(apdu)
        assert answer.endswith("9000"), f"{apdu!r}: {answer}"
        return answer[:-4]

    def mf(self) -> None:
        assert self.send("00A4000000")[:2] == "61"

    def enter(self, name: bytes) -> None:
        assert self.send(b"\x00\xa4\x04\x00" + bytes((len(name),)) + name)[:2] in ("61", "90")

    def challenge(self, count: int = 8) -> bytes:
        return bytes.fromhex(self.ok(f"00840000{count:02X}"))

    def authenticate(self, p2: int, value: bytes, version: int | None = None) -> str:
        tail = b"" if version is None else bytes((version,))
        return self.send(self._proof(p2, value, self.challenge(), tail))

    def proof(self, p2: int, name: str, challenge: bytes) -> bytes:
        """EXTERNAL AUTHENTICATE for a challenge drawn earlier."""
        return self._proof(p2, key(name), challenge, b"")

    @staticmethod
    def _proof(p2: int, value: bytes, challenge: bytes, tail: bytes) -> bytes:
        body = cryptogram(value, challenge) + ORIGINAL + tail
        return bytes((0, 0x82, 0, p2, len(body))) + body

    def gain(self, p2: int, name: str) -> None:
        assert self.authenticate(p2, key(name)) == "9000"

    def verify(self, pin: str = PIN) -> str:
        return self.send(f"00200000{len(pin) // 2:02X}{pin}")

    def secure(self, header: str, stk: bytes, data: bytes = b"", challenge: bytes | None = None) -> bytes:
        """A command of the user card with MAC under the session key of a fresh challenge."""
        head = bytes.fromhex(header) + bytes((len(data) + 4,))
        return head + data + mac(session(stk, challenge or self.challenge()), head + data)

    def cipher(self, stk: bytes, plain: bytes, challenge: bytes) -> bytes:
        return sm4(session(stk, challenge), padded_length(plain))

    def transport(self, code: str = "FF" * 8) -> str:
        return self.send(f"80E00300{len(code) // 2:02X}{code}")

    def create_ef(
        self,
        fid: int,
        kind: int,
        size: int,
        *,
        sfi: int | None = None,
        record: int = 0,
        read: str = "0000",
        update: str = "0000",
        scw: int = 0,
    ) -> str:
        sfi = fid & 0x1F if sfi is None else sfi
        body = f"000000{size:04X}{fid:04X}{kind:02X}00{sfi:02X}{scw:02X}{record:02X}{read}{update}"
        return self.send("80E0010010" + body)

    def create_df(self, fid: int, kind: int, name: bytes = b"", lock: int = 0) -> str:
        body = bytes((0, lock, 0, 0xFF, 1)) + fid.to_bytes(2, "big") + bytes((kind,))
        body += bytes.fromhex("0000230000800081") + name
        return self.send(bytes.fromhex("80E00100") + bytes((len(body),)) + body)

    def block(
        self, kind: int, ident: int, value: bytes, *, version: int = 1, tries: int = 3, option: int = 3, level: int = 0
    ) -> bytes:
        return bytes((kind, ident, version, 0, tries << 4 | tries, option, level, 16)) + value

    def write_key(self, kind: int, ident: int, value: bytes, **how: int) -> str:
        p1 = 1 if kind == 0 else 0
        return self.send(bytes((0, 0xD4, p1, 0, 24)) + self.block(kind, ident, value, **how))

    def write_pin(self, digits: str = PIN, tries: int = 6) -> str:
        value = bytes.fromhex(digits).ljust(16, b"\xff")
        return self.write_key(1, 0, value, tries=tries, option=0, level=1)

    def load_key(self, master: bytes, block: bytes, *, p1: int = 0, cipher: bool = True, fault: str = "") -> str:
        """``84 D4`` under a master key with a fresh challenge."""
        challenge = self.challenge()
        body = sm4(master, padded_length(block)) if cipher else block
        head = bytes((0x84, 0xD4, p1, 0, len(body) + 4))
        tag = mac(master, head + body, challenge)
        if fault == "mac":
            tag = bytes((tag[0] ^ 1,)) + tag[1:]
        return self.send(head + body + tag)


def furnish(desk: Desk) -> None:
    """SSSE and two ADFs with a key of each kind and a file for each rule."""
    assert desk.transport() == "9000"
    assert desk.write_key(0x00, 0, key("card master")) == "9000"
    assert desk.write_key(0x0D, 0x09, key("MF key")) == "9000"
    assert desk.create_df(0xDDF1, 1, SSSE) == "9000"
    for kind, ident, name in (
        (0x00, 0x00, "SSSE master"),
        (0x0E, 0x00, "IRK"),
        (0x07, 0x02, "STK"),
        (0x0D, 0x04, "UK"),
        (0x0D, 0x05, "BK"),
        (0x0D, 0x06, "PUK"),
        (0x0D, 0x0A, "RK"),
    ):
        assert desk.write_key(kind, ident, key(name)) == "9000"
    assert desk.write_key(0x0D, 0x04, key("UK v2"), version=2) == "9000"
    assert desk.write_pin() == "9000"
    for fid, kind, size, rules in (
        (0xEF05, 0xC6, 0x40, {"update": "0004"}),
        (0xEF06, 0xC6, 0x5B, {"read": "000A", "update": "0004"}),
        (0xEF07, 0xC4, 0x20, {"update": "0004"}),
        (0xEF1E, 0xD6, 0x40, {}),
        (0xEF10, 0xC6, 0x20, {"read": "00EF"}),
        (0xEF11, 0xC6, 0x20, {"read": "00FF"}),
        (0xEF12, 0xC6, 0x20, {"read": "0900"}),
        (0xEF13, 0xC3, 0x20, {}),
    ):
        assert desk.create_ef(fid, kind, size, **rules) == "9000"
    for name, aid in (("DF01", AID1), ("DF02", AID2)):
        assert desk.create_df(int(name, 16), 2, aid) == "9000"
        for kind, ident, label in (
            (0x00, 0x00, "master"),
            (0x07, 0x82, "STK"),
            (0x0D, 0x83, "LK"),
            (0x0D, 0x84, "UK1"),
            (0x0D, 0x88, "RK1"),
        ):
            assert desk.write_key(kind, ident, key(f"{name} {label}")) == "9000"
        for fid, kind, size, rules in (
            (0xEF05, 0xC6, 0x20, {"read": "0188", "update": "0084"}),
            (0xEF06, 0xC6, 0x20, {"read": "0188", "scw": 0x40}),
            (0xEF07, 0xC7, 12, {"record": 4, "update": "0084"}),
            (0xEF08, 0xC5, 12, {"record": 4}),
            (0xEF09, 0xC4, 0x140, {}),
            (0xEF0A, 0xC6, 21, {}),
            (0xEF0B, 0xC6, 0x20, {"read": "0100"}),
            (0xEF0C, 0xC6, 0x20, {"read": "0008"}),
        ):
            assert desk.create_ef(fid, kind, size, **rules) == "9000"
    desk.card.reset()


class PkiDesk(Desk):
    """A desk for a card delivered with the PKI application."""

    environment = bytes.fromhex("504B492EC9E7BBE1B1A3D5CF")
    application = b"SS.CERT.ADF1"
    transport_key = bytes.fromhex("D1DDCABEB4ABCAE4D6F7BFD8C3DCD4BF")

    def adf(self) -> None:
        self.enter(self.environment)
        self.enter(self.application)

    def present(self, p2: int, pin: str, challenge: int = 16) -> str:
        """VERIFY of a PIN: 81 the user's, 00 the administrator's."""
        filled = self.challenge(challenge).ljust(16, b"\0")
        return self.send(bytes((0, 0x20, 1, p2, 16)) + sm4(pin_key(pin), filled))

    def user(self) -> None:
        """In the ADF with the user's right."""
        self.adf()
        assert self.present(0x81, "123456") == "9000"

    def new_pin(self, p2: int, old: str, plain: bytes, fault: int = 0) -> str:
        return self.protected(bytes((0x84, 0x5E, 1, p2)), pin_key(old), plain, fault)

    def prove(self, master: bytes, challenge: int = 16) -> str:
        filled = self.challenge(challenge).ljust(16, b"\0")
        return self.send(bytes((0, 0x82, 0, 0, 16)) + sm4(master, filled))

    def new_master(self, old: bytes, new: bytes, fault: int = 0, head: bytes = bytes(3)) -> str:
        return self.protected(bytes((0x84, 0xD4, 1, 0)), old, head + new, fault)

    def protected(self, head: bytes, secret: bytes, plain: bytes, fault: int = 0) -> str:
        challenge = self.challenge(16)
        cipher = sm4(secret, padded_length(plain))
        message = head + bytes((len(cipher) + 4,)) + cipher
        tag = mac(secret, message, challenge)
        return self.send(message + bytes((tag[0] ^ fault,)) + tag[1:])

    def fetch(self, apdu: str | bytes) -> bytes:
        """The data of a command, with GET RESPONSE under T=0."""
        answer = self.send(apdu)
        if answer[:2] == "61":
            answer = self.send("00C00000" + answer[2:])
        assert answer.endswith("9000"), answer
        return bytes.fromhex(answer[:-4])


def pin_key(pin: str) -> bytes:
    return bytes.fromhex(sm3_hash(list(bytes.fromhex(pin))))[:16]


@pytest.fixture
def pki() -> PkiDesk:
    """A blank card with the PKI application, T=0."""
    return PkiDesk(SoftwareCard.blank(0x17, options=CardOptions(pki_application=True)))


@pytest.fixture(scope="session")
def pki_desk() -> type[PkiDesk]:
    return PkiDesk


@pytest.fixture
def blank() -> Desk:
    return Desk(SoftwareCard.blank(0x17))


@pytest.fixture
def desk() -> Desk:
    """A furnished card, T=0, just reset."""
    furnished = Desk(SoftwareCard.blank(0x17))
    furnish(furnished)
    return furnished


@pytest.fixture
def make_desk():
    """Furnished cards of other protocols and options."""

    def make(protocol: Protocol = Protocol.T0, **options: object) -> Desk:
        made = Desk(SoftwareCard.blank(0x17, protocol=protocol, options=CardOptions(**options)))
        if protocol is Protocol.T0:
            furnish(made)
        return made

    return make


@pytest.fixture
def furnished():
    """The function that furnishes a desk's card."""
    return furnish
