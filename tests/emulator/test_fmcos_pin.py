"""PIN commands of FMCOS."""

from __future__ import annotations

import pytest

from sscard.emulator.fmcos import FmcosCard
from tests.emulator.fmcos_desk import Desk, folded, key, mac, make_desk


@pytest.fixture
def desk() -> Desk:
    ready = make_desk()
    ready.enter()
    return ready


def test_filling_bytes_may_be_left_out(desk: Desk) -> None:
    for sent in ("123456", "123456FF", "123456FFFFFFFFFF"):
        assert desk.verify(sent) == "9000"
    assert desk.verify("1234") == "63C2"
    assert desk.verify("123456FE") == "63C1"
    assert desk.verify() == "9000"
    assert desk.verify("000000") == "63C2"


@pytest.mark.parametrize(
    ("apdu", "word"),
    [("0020000001FF", "63C2"), ("002000000112", "6700"), ("0020000009" + "12" * 9, "6700"), ("00200000", "6700"),
     ("0020010003123456", "6A86"), ("0020000703123456", "6A88")],
)  # fmt: skip
def test_what_verify_refuses(desk: Desk, apdu: str, word: str) -> None:
    assert desk.send(apdu) == word


def test_longest_pin_is_an_option() -> None:
    desk = make_desk(longest_pin=6)
    desk.enter()
    assert desk.verify("123456FFFFFFFF") == "6700"
    assert desk.verify("123456FFFFFF") == "9000"


def test_an_exhausted_pin_stays_so_and_comes_back_by_reload(desk: Desk) -> None:
    assert [desk.verify("654321") for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    desk.card.reset()
    desk.enter()
    assert desk.verify() == "6983"
    assert desk.send("805E010007123456FF654321") == "6983"
    assert reload(desk, "654321") == "9000"
    assert desk.verify("654321") == "9000"


def reload(desk: Desk, new: str, *, fault: bool = False) -> str:
    body = bytes.fromhex(new)
    code = mac(folded(key("reload")), body)
    if fault:
        code = code[::-1]
    return desk.send(bytes((0x80, 0x5E, 0, 0, len(body) + 4)) + body + code)


def test_changing_the_pin(desk: Desk) -> None:
    assert desk.send("805E010007654321FF123456") == "63C2"
    assert desk.send("805E010007123456FF654321") == "9000"
    assert desk.verify() == "63C2"
    assert desk.verify("654321") == "9000"
    assert desk.card.chip.state == 1


@pytest.mark.parametrize(
    ("apdu", "word"),
    [("805E0100041234FF56", "6700"), ("805E010006123456123456", "6A80"), ("805E010005123456FF12", "6700"),
     ("805E020007123456FF654321", "6A86"), ("805E010707123456FF654321", "6A88")],
)  # fmt: skip
def test_what_change_refuses_costs_no_try(desk: Desk, apdu: str, word: str) -> None:
    assert desk.send(apdu) == word
    assert desk.card.directory("3F01").keys[-1].tries == 3


def test_the_lengths_of_change_and_reload(desk: Desk) -> None:
    assert desk.send("805E01000D" + "123456FF" + "112233445566778899") == "6700"
    assert reload(desk, "11") == "6700"
    assert reload(desk, "112233445566778899") == "6700"
    assert reload(desk, "1122334455667788") == "9000"
    assert reload(desk, "112233445566") == "9000"
    assert desk.send("805E01000E112233445566FF66554433221100") == "6700"
    assert desk.send("805E01000D112233445566FF665544332211") == "9000"
    assert desk.verify("665544332211") == "9000"
    assert reload(desk, "1234") == "9000"
    assert desk.send("805E0100051234FF4321") == "9000"


def test_reload_takes_three_wrong_macs(desk: Desk) -> None:
    assert reload(desk, "1111", fault=True) == "9302"
    assert reload(desk, "1111") == "9000"
    assert desk.verify("1111") == "9000"
    assert [reload(desk, "2222", fault=True) for _ in range(3)] == ["9302"] * 3
    assert reload(desk, "2222") == "6983"
    desk.card.reset()
    desk.enter()
    assert reload(desk, "2222") == "6983"
    assert desk.verify("1111") == "9000"


def test_reload_without_its_key() -> None:
    desk = make_desk()
    desk.card.directory("3F01").key_file.keys = [k for k in desk.card.directory("3F01").keys if k.use != 0x38]
    desk.enter()
    assert reload(desk, "1111") == "9403"


@pytest.mark.parametrize("p2", ["00", "01"])
def test_unblocking(desk: Desk, p2: str) -> None:
    for _ in range(3):
        desk.verify("0000")
    assert desk.verify() == "6983"
    assert desk.secure(f"842400{p2}", key("unblock"), bytes.fromhex("223344"), cipher=True) == "9000"
    assert desk.verify("223344") == "9000"


def test_unblocking_refuses(desk: Desk) -> None:
    assert desk.secure("84240002", key("unblock"), bytes.fromhex("223344"), cipher=True) == "6A86"
    assert desk.secure("84240700", key("unblock"), bytes.fromhex("223344"), cipher=True) == "6A88"
    assert desk.secure("84240000", key("unblock"), bytes.fromhex("223344")) == "6700"
    head = bytes.fromhex("842400000C") + bytes(8)
    assert desk.send(head + bytes(4)) == "6984"
    for _ in range(3):
        assert desk.secure("84240000", key("unblock"), b"\x11\x11", cipher=True, fault=True) == "9302"
    assert desk.secure("84240000", key("unblock"), b"\x11\x11", cipher=True) == "6983"
    assert desk.verify() == "9000"


def test_garbage_under_a_right_mac_is_no_pin(desk: Desk) -> None:
    assert desk.secure("84240000", key("unblock"), bytes(8)) == "9302"
    assert desk.verify() == "9000"


def test_unblocking_options() -> None:
    desk = make_desk(unblock_key=0x36, unblock_p2_one=False)
    desk.enter()
    assert desk.secure("84240001", key("line"), b"\x11\x11", cipher=True) == "6A86"
    assert desk.secure("84240000", key("unblock"), b"\x11\x11", cipher=True) == "9302"
    assert desk.secure("84240000", key("line"), b"\x11\x11", cipher=True) == "9000"


@pytest.mark.parametrize("new", ["1234", "1234567890123456"])
def test_the_shortest_and_the_longest_pin_by_both_ways_back(desk: Desk, new: str) -> None:
    assert reload(desk, new) == "9000"
    assert desk.verify(new) == "9000"
    assert desk.secure("84240000", key("unblock"), bytes.fromhex(new), cipher=True) == "9000"
    assert desk.verify(new) == "9000"


@pytest.mark.parametrize("new", ["", "12" * 9])
def test_pins_of_other_lengths_are_not_reloaded(desk: Desk, new: str) -> None:
    assert reload(desk, new) == "6700"


def test_without_a_key_file_there_is_no_pin_to_bring_back() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    assert desk.send("805E000006" + "12" * 6) == "6A82"
    assert desk.send("842400000C" + "00" * 12) == "6A82"
