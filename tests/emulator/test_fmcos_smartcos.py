"""SmartCOS: the other administration on the same states, files and purse."""

from __future__ import annotations

import pytest

from sscard.apdu.atr import Interface
from sscard.emulator import image
from sscard.emulator.fmcos import SmartCosCard, access
from tests.emulator.fmcos_desk import Desk, key

CODE = "FF" * 8


def create(desk: Desk, p1: int, body: str) -> str:
    return desk.send(f"80E0{p1:02X}00{len(body) // 2:02X}{body}")


def write(desk: Desk, ident: int, kind: int, value: bytes, usage: str = "0F", follow: str = "01") -> str:
    body = f"{ident:02X}0100{kind:02X}{usage}{follow}0F33" + value.hex()
    return desk.send(f"80E80000{len(body) // 2:02X}{body}")


@pytest.fixture
def desk() -> Desk:
    made = Desk(SmartCosCard.blank(0x17, interface=Interface.CONTACTLESS))
    assert create(made, 0, CODE + "0F01" + b"1PAY.SYS.DDF01".hex()) == "9000"
    assert create(made, 2, "0000" + "05" + "0F00" + "0519") == "9000"
    assert write(made, 1, 8, key("mf")) == "9000"
    assert create(made, 1, "3F010F00" + "A000000003") == "9000"
    assert made.card.chip.here.fid == 0x3F01
    assert create(made, 2, "0000" + "05" + "0F00" + "0A19") == "9000"
    for ident, kind, name in ((0, 2, "tac"), (0, 5, "line"), (1, 0, "purchase 1"), (1, 1, "load 1"), (0, 8, "ext")):
        assert write(made, ident, kind, key(name)) == "9000"
    assert write(made, 0, 0x0B, bytes.fromhex("123456")) == "9000"
    assert create(made, 2, "0015" + "08" + "0F0F" + "0010") == "9000"
    assert create(made, 2, "0005" + "00" + "1FF0" + "0010") == "9000"
    assert create(made, 2, "0018" + "03" + "0FF0" + "0317") == "9000"
    assert create(made, 2, "0002" + "06" + "0F00" + "0000") == "9000"
    assert made.send("80E00101023F01") == "9000"
    made.mf()
    made.card.reset()
    return made


def test_the_order_of_nibbles_is_the_other_one() -> None:
    assert [state for state in range(16) if access.smartcos(0x35, 0, state, 0)] == [3, 4, 5]
    assert not any(access.smartcos(0x53, 0, state, 0) for state in range(16))


def test_rights_hold_after_create_end(desk: Desk) -> None:
    desk.enter()
    assert desk.send("00B0850001") == "6982"
    assert desk.verify() == "9000"
    assert desk.send("00B0850001")[-4:] == "6281"
    assert desk.send("00D6850001AA") == "6982"
    assert desk.send("80E00101023F01") == "6985"


def test_before_create_end_everything_is_free() -> None:
    card = Desk(SmartCosCard.blank(1, interface=Interface.CONTACTLESS))
    assert create(card, 0, CODE + "F001" + "A0A0") == "9000"
    assert create(card, 2, "0005" + "00" + "F0F0" + "0010") == "9000"
    assert card.send("00D6850001AA") == "9000"
    assert card.send("80E00001023F01") == "6A82"
    assert card.send("80E00101023F00") == "6A82"
    assert card.send("80E00001023F00") == "9000"
    assert card.send("00D6850001AA") == "6982"
    assert create(card, 2, "0006" + "00" + "F0F0" + "0010") == "6982"


def test_the_purse_is_the_same(desk: Desk) -> None:
    desk.enter()
    assert desk.verify() == "9000"
    assert desk.load(100)[-4:] == "9000"
    assert desk.purchase(30)[-4:] == "9000"
    assert desk.send("805C000204") == "000000469000"


def test_a_file_under_protection(desk: Desk) -> None:
    desk.enter()
    assert desk.send("00D6950001AA") == "6987"
    assert desk.secure("04D69500", key("line"), b"\xaa") == "9000"


def sealed(desk: Desk, protecting: bytes, record: bytes) -> str:
    return desk.secure("84E80000", protecting, record, cipher=True)


def test_a_sealed_key_file_takes_keys_under_the_key_above() -> None:
    card = Desk(SmartCosCard.blank(1, interface=Interface.CONTACTLESS))
    assert create(card, 0, CODE + "0F01" + "A0A0") == "9000"
    assert create(card, 2, "0000" + "05" + "0F80" + "0519") == "9000"
    record = bytes.fromhex("01010008" + "0F010F33") + key("mf")
    assert write(card, 1, 8, key("mf")) == "6987"
    assert sealed(card, b"\0" * 8, record) == "9302"
    assert sealed(card, b"\xff" * 8, record) == "9000"
    assert create(card, 1, "3F010F00" + "A000000003") == "9000"
    assert create(card, 2, "0000" + "05" + "0F80" + "0519") == "9000"
    assert sealed(card, key("mf"), bytes.fromhex("00010008" + "0F010F33") + key("df")) == "9000"
    assert card.authenticate(0, key("df")) == "9000"
    for _ in range(3):
        assert sealed(card, key("no"), record) == "9302"
    assert sealed(card, key("mf"), record) == "6983"


@pytest.mark.parametrize(
    ("p1", "body", "word"),
    [
        (3, "00", "6A86"),
        (0, CODE + "0F01A0", "6A86"),
        (1, "3F020F01A000000003", "6A80"),
        (1, "3F020F00", "6700"),
        (2, "000700" + "0F0F0010" + "00", "6700"),
        (2, "000704" + "0F0F0010", "6A80"),
        (2, "000703" + "0F0F036F", "6A80"),
        (2, "000703" + "0F0F036E", "9000"),
        (2, "000306" + "0F0F0000", "6A80"),
        (2, "000E0E" + "0F0F0000", "6A80"),
    ],
)
def test_what_create_refuses(desk: Desk, p1: int, body: str, word: str) -> None:
    assert create(desk, p1, body) == word


def test_writing_keys(desk: Desk) -> None:
    assert write(desk, 2, 9, key("x")) == "6A80"
    assert write(desk, 2, 8, key("x", 9)) == "6700"
    assert write(desk, 1, 8, key("new")) == "9000"
    assert desk.authenticate(1, key("new")) == "9000"
    assert write(desk, 1, 8, key("new", 8)) == "6700"
    for ident in range(2, 6):
        assert write(desk, ident, 8, key("x", 8)) == "9000"
    assert write(desk, 6, 8, key("x", 8)) == "6A84"
    assert desk.send("80E8000005" + "0001000B0F") == "6700"
    assert desk.send("80D401000D36F0F0FF33FFFFFFFFFFFFFFFF") == "6D00"
    assert desk.send("800E000000") == "6D00"


def test_the_image_names_the_system(desk: Desk) -> None:
    text = image.dump(desk.card)
    assert '"system": "smartcos"' in text
    loaded = image.load(text)
    assert isinstance(loaded, SmartCosCard)
    assert image.dump(loaded) == text
    assert Desk(loaded).enter()


def test_the_contact_atr() -> None:
    card = SmartCosCard.blank(0x17)
    assert card.atr.hex().upper() == "3B6C000200008600" + "0000000000000017"
