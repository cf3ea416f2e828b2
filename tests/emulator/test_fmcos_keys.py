"""WRITE KEY in every form, and the authentication commands."""

from __future__ import annotations

import pytest

from sscard.emulator.fmcos import FmcosCard, FmcosOptions
from tests.emulator.fmcos_desk import Desk, des, framed, key, mac, make_desk


@pytest.fixture
def desk() -> Desk:
    ready = make_desk()
    ready.enter()
    return ready


def strong(desk: Desk) -> None:
    """The states that add and change keys in the furnished application."""
    assert desk.authenticate(0, key("master")) == "9000"


RECORD = bytes.fromhex("F0F00133")


def test_adding_needs_its_right_and_a_place(desk: Desk) -> None:
    assert desk.write_key(0x39, 7, "F0F00133", key("new")) == "6982"
    strong(desk)
    assert desk.write_key(0x39, 7, "F0F00133", key("new")) == "9000"
    assert desk.write_key(0x39, 7, "F0F00133", key("new")) == "6A86"
    assert desk.authenticate(7, key("new")) == "9000"


@pytest.mark.parametrize(
    ("apdu", "word"),
    [
        ("80D401FF0D39F0F00133FFFFFFFFFFFFFFFF", "6A86"),
        ("80D401070D35F0F00133FFFFFFFFFFFFFFFF", "6A80"),
        ("80D401070D79F0F00133FFFFFFFFFFFFFFFF", "9000"),
        ("80D401070DB9F0F00133FFFFFFFFFFFFFFFF", "6A80"),
        ("80D401070DF9F0F00133FFFFFFFFFFFFFFFF", "6987"),
        ("80D401070C39F0F00133FFFFFFFFFFFFFF", "6700"),
        ("80D401070639F0F00133FF", "6700"),
        ("80D401070539F0F00133", "6700"),
        ("80D401070439F0F001", "6700"),
        ("80D401070139", "6700"),
        ("80D40107063AF0F0013312", "6700"),
        ("80D40107073AF0F001331234", "9000"),
        ("80D401070E3AF0F00133123456789012345678", "6700"),
        ("80D439770D39F0F00133FFFFFFFFFFFFFFFF", "6A88"),
    ],
)
def test_what_write_key_refuses(desk: Desk, apdu: str, word: str) -> None:
    strong(desk)
    assert desk.send(apdu) == word


def test_in_a_free_directory_any_key_is_changed_whatever_its_right() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x39, 1, "F0EF0133", key("one")) == "9000"
    assert desk.write_key(0x39, 1, "F0EF0133", key("two"), p1=0x39) == "9000"
    desk.card.reset()
    assert desk.write_key(0x39, 1, "F0EF0133", key("six"), p1=0x39) == "6982"
    assert desk.authenticate(1, key("two")) == "9000"


def test_a_used_up_key_is_not_changed(desk: Desk) -> None:
    strong(desk)
    for left in "210":
        assert desk.write_key(0x39, 9, "F0F00133", key("nine")) in ("9000", "6A86")
        assert desk.authenticate(9, key("wrong")) == f"63C{left}"
    assert desk.write_key(0x39, 9, "F0F00133", key("ten"), p1=0x39) == "6983"


def test_without_a_key_file_there_is_no_place() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    assert desk.write_key(0x39, 0, "F0F00133", key("k")) == "6A82"
    assert desk.authenticate(0, key("k")) == "6A82"
    assert desk.verify() == "6A82"


def test_an_update_needs_the_right_to_change_and_the_same_shape(desk: Desk) -> None:
    assert desk.write_key(0x3E, 1, "F0F20100", key("other"), p1=0x3E) == "6982"
    strong(desk)
    assert desk.write_key(0x3E, 1, "F0F20100", key("other", 8), p1=0x3E) == "6700"
    assert desk.write_key(0x3F, 1, "F0F20100", key("other"), p1=0x3E) == "6A80"
    assert desk.write_key(0x3E, 1, "F0F20200", key("other"), p1=0x3E) == "9000"
    assert desk.begin_purchase(0)[9:11] == b"\x02\x00"
    assert desk.write_key(0x39, 1, "11EF0333", key("other"), p1=0x39) == "6982"


@pytest.mark.parametrize(("taken", "tries"), [(False, (3, 2)), (True, (6, 6))])
def test_an_update_and_the_counter(taken: bool, tries: tuple[int, int]) -> None:
    desk = make_desk(update_sets_counter=taken)
    desk.enter()
    assert desk.authenticate(0, key("wrong")) == "63C2"
    desk.card.chip.reach(2)
    assert desk.write_key(0x39, 0, "F0F20266", key("new"), p1=0x39) == "9000"
    kept = desk.card.directory("3F01").keys[8]
    assert (kept.limit, kept.tries) == tries
    assert kept.value == key("new")


def enciphered(desk: Desk, p1: int, ident: int, record: bytes, master: bytes, *, fault: bool = False) -> str:
    return desk.secure(f"84D4{p1:02X}{ident:02X}", master, record, cipher=True, fault=fault)


def test_cipher_and_mac_add_and_change(desk: Desk) -> None:
    strong(desk)
    record = b"\xf9" + RECORD + key("sealed")
    assert enciphered(desk, 1, 7, record, key("master")) == "9000"
    assert desk.authenticate(7, key("sealed")) == "9000"
    strong(desk)
    plain = b"\x39" + RECORD + key("plain")
    assert desk.send(b"\x80\xd4\xf9\x07\x15" + plain) == "6987"
    assert desk.send(b"\x80\xd4\x39\x07\x15" + plain) == "6A88"
    assert enciphered(desk, 0xF9, 7, plain, key("master")) == "6A80"
    assert enciphered(desk, 0xF9, 7, b"\xf9" + RECORD + key("again"), key("master")) == "9000"
    assert desk.authenticate(7, key("again")) == "9000"


def test_a_plain_key_can_become_a_protected_one(desk: Desk) -> None:
    strong(desk)
    assert desk.write_key(0x39, 7, "F0F00233", key("plain")) == "9000"
    sealed = b"\xf9" + bytes.fromhex("F0F00233") + key("sealed")
    assert desk.send(b"\x80\xd4\x39\x07\x15" + sealed) == "6987"
    assert enciphered(desk, 0x39, 7, sealed, key("master")) == "9000"
    assert desk.authenticate(7, key("sealed")) == "9000"


def test_the_published_key_load() -> None:
    """F9 key 02 under an 8-byte master of FF: cipher and MAC as printed, for the printed challenge."""
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x39, 0, "F0F0AA33", b"\xff" * 8) == "9000"
    desk.card.chip.drawn = bytes.fromhex("4C45BAB9")
    assert desk.send("84D40102147C87BC23140021B3AFEA67E6359DDCFED7C943F6") == "9000"
    assert desk.authenticate(2, bytes.fromhex("1122334455667788")) == "9000"


def test_a_wrong_mac_costs_the_master_key_a_try(desk: Desk) -> None:
    strong(desk)
    record = b"\x39" + RECORD + key("new")
    for _ in range(3):
        assert enciphered(desk, 1, 7, record, key("master"), fault=True) == "9302"
    assert enciphered(desk, 1, 7, record, key("master")) == "6983"
    desk.card.reset()
    desk.enter()
    assert desk.authenticate(0, key("master")) == "6983"
    kinder = make_desk(key_load_mac_costs_try=False)
    kinder.enter()
    strong(kinder)
    for _ in range(4):
        assert enciphered(kinder, 1, 7, record, key("master"), fault=True) == "9302"
    assert enciphered(kinder, 1, 7, record, key("master")) == "9000"


def test_a_challenge_serves_the_next_command_only(desk: Desk) -> None:
    strong(desk)
    body = des(key("master"), framed(b"\x39" + RECORD + key("new")))
    head = bytes.fromhex("84D40107") + bytes((len(body) + 4,)) + body
    assert desk.send(head + mac(key("master"), head, bytes(4))) == "6984"
    challenge = desk.challenge()
    desk.send("805C000204")
    assert desk.send(head + mac(key("master"), head, challenge)) == "6984"
    challenge = desk.challenge()
    proof = des(key("master"), challenge.ljust(8, b"\0"))
    desk.challenge()
    assert desk.send(b"\x00\x82\x00\x00\x08" + proof) == "63C2"
    challenge = desk.challenge()
    desk.enter()
    assert desk.send(b"\x00\x82\x00\x00\x08" + proof) == "6984"


def test_a_mac_alone_protects_changes_and_by_option_adding(desk: Desk) -> None:
    strong(desk)
    guarded = b"\x79" + RECORD + key("guarded")
    assert desk.send(b"\x80\xd4\x01\x07\x15" + guarded) == "9000"
    assert desk.send(b"\x80\xd4\x79\x07\x15" + guarded) == "6987"
    assert desk.secure("84D47907", key("master"), b"\x79" + RECORD + key("newer")) == "9000"
    assert desk.authenticate(7, key("newer")) == "9000"
    assert desk.secure("84D40108", key("master"), b"\x39" + RECORD + key("x")) == "6700"
    lenient = make_desk(add_under_mac_alone=True)
    lenient.enter()
    strong(lenient)
    assert lenient.secure("84D40108", key("master"), b"\x39" + RECORD + key("x")) == "9000"


def test_without_a_master_key_nothing_comes_under_mac() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.secure("84D40107", key("none"), b"\x39" + RECORD + key("x"), cipher=True) == "6A88"


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("count", [4, 8])
def test_external_authentication(size: int, count: int) -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x39, 5, "F0F00433", key("proof", size)) == "9000"
    assert desk.authenticate(5, key("proof", size), count) == "9000"
    assert desk.card.chip.state == 4


def test_the_published_proof() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x39, 1, "F0F00133", bytes.fromhex("0102030405060708")) == "9000"
    desk.card.chip.drawn = bytes.fromhex("BB83BFF3")
    assert desk.send("008200010874B0047DD681D96C") == "9000"
    desk.card.chip.drawn = bytes.fromhex("BB83BFF3")
    assert desk.send("008200010874B0047DD681D96D") == "63C2"


def test_an_external_key_never_comes_back_from_zero(desk: Desk) -> None:
    assert [desk.authenticate(0, key("wrong")) for _ in range(3)] == ["63C2", "63C1", "63C0"]
    assert desk.authenticate(0, key("master")) == "6983"
    desk.card.reset()
    desk.enter()
    assert desk.authenticate(0, key("master")) == "6983"
    other = make_desk()
    other.enter()
    assert [other.authenticate(0, key("wrong")) for _ in range(2)] == ["63C2", "63C1"]
    assert other.authenticate(0, key("master")) == "9000"
    assert other.authenticate(0, key("wrong")) == "63C2"


@pytest.mark.parametrize(
    ("apdu", "word"),
    [
        ("0082000308" + "00" * 8, "6981"),
        ("0082007708" + "00" * 8, "6A88"),
        ("0082010008" + "00" * 8, "6A86"),
        ("0082000007" + "00" * 7, "6700"),
        ("0082000008" + "00" * 8, "6984"),
        ("0084000010", "6700"),
        ("0084000108", "6A86"),
        ("00840000", "6700"),
        ("0088000008" + "00" * 7, "6700"),
        ("0088000007" + "00" * 7, "6700"),
        ("0088030008" + "00" * 8, "6A86"),
        ("0088020008" + "00" * 8, "6981"),
        ("0088007708" + "00" * 8, "6A88"),
    ],
)
def test_what_authentication_refuses(desk: Desk, apdu: str, word: str) -> None:
    assert desk.send(apdu) == word


def test_internal_authentication_and_its_published_values(desk: Desk) -> None:
    block = bytes.fromhex("0102030405060708")
    assert desk.ok("0088000008" + block.hex()) == des(key("encrypt"), block).hex().upper()
    assert desk.ok("0088010008" + block.hex()) == des(key("decrypt"), block, undo=True).hex().upper()
    assert desk.ok("0088020305" + "0102030405") == mac(key("mac"), bytes.fromhex("0102030405")).hex().upper()
    assert desk.card.chip.state == 0
    plain = Desk(FmcosCard.blank(1, with_mf=True))
    plain.ok("80E00000073F008001F0FFFF")
    for kind, ident in ((0x30, 1), (0x32, 3)):
        assert plain.write_key(kind, ident, "F0F00101", bytes.fromhex("1122334455667788")) == "9000"
    assert plain.ok("00880001080102030405060708") == "178F59F8578E0D3F"
    assert plain.ok("00880203080102030405060708") == "A82A8CEB"


def test_the_flag_of_a_mac_key_is_an_option() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True, options=FmcosOptions(key_mac_flag=0x80)))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x79, 1, "F0F00133", key("k")) == "6A80"
    assert desk.write_key(0xB9, 1, "F0F00133", key("k")) == "9000"
