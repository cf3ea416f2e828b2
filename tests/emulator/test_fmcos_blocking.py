"""The firewall of FMCOS: what is blocked or exhausted stays so, and no directory opens anything in another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sscard.emulator import image
from tests.emulator.fmcos_desk import Desk, key, make_desk


@pytest.fixture
def desk() -> Desk:
    ready = make_desk()
    ready.enter()
    return ready


def for_ever(desk: Desk, check: Callable[[Desk], None]) -> None:
    """Now, after power-off, and on a card loaded from its image."""
    check(desk)
    desk.card.reset()
    check(desk)
    check(Desk(image.load(image.dump(desk.card))))


def test_card_block_is_the_end(desk: Desk) -> None:
    assert desk.secure("84160000", key("line"), fault=True) == "6988"
    assert desk.secure("84160000", key("line")) == "9000"

    def dead(card: Desk) -> None:
        for apdu in ("00A40000023F00", "0084000004", "00B0950001", "805C000204", "00C0000000", "FFFF0000"):
            assert card.send(apdu) == "6A81"

    for_ever(desk, dead)


def test_a_temporary_block_and_its_end(desk: Desk) -> None:
    assert desk.secure("841E0000", key("line")) == "9000"

    def barred(card: Desk) -> None:
        assert card.send("00A40000023F01") == "6A81"
        assert card.card.chip.here.fid == 0x3F01
        for apdu in ("00B0950001", "0020000003123456", "805C000204", "00A40000020015", "80E0000507280008F0F0FFFF"):
            assert card.send(apdu) == "6A81"

    for_ever(desk, barred)
    assert desk.secure("841E0000", key("line")) == "9000"
    assert desk.secure("84180000", key("line"), fault=True) == "6988"
    assert desk.secure("84180000", key("line")) == "9000"
    assert desk.secure("84180000", key("line")) == "9000"
    assert desk.send("00B0950001") == "006281"


def test_a_permanent_block(desk: Desk) -> None:
    assert desk.secure("841E0001", key("line")) == "9000"

    def barred(card: Desk) -> None:
        assert card.send("00A40000023F01") == "6A81"
        assert card.send("00B0950001") == "9303"
        assert card.secure("84180000", key("line")) == "9303"
        assert card.secure("841E0000", key("line")) == "9000"
        assert card.send("00B0950001") == "9303"
        assert card.mf()
        assert card.send("00B2010C00")[-4:] == "9000"

    for_ever(desk, barred)


def test_three_wrong_unblocks_lock_for_good(desk: Desk) -> None:
    desk.card.directory("3F01").keys[4].limit = desk.card.directory("3F01").keys[4].tries = 9
    assert desk.secure("841E0000", key("line")) == "9000"
    assert desk.secure("84180000", key("wrong")) == "6988"
    assert desk.secure("84180000", key("wrong")) == "6988"
    assert desk.secure("84180000", key("line")) == "9000"
    assert desk.secure("841E0000", key("line")) == "9000"
    answers = [desk.secure("84180000", key("wrong")) for _ in range(3)]
    assert answers == ["6988", "6988", "9303"]

    def locked(card: Desk) -> None:
        card.send("00A40000023F01")
        assert card.secure("84180000", key("line")) == "9303"

    for_ever(desk, locked)


def test_an_exhausted_line_key_cannot_unblock(desk: Desk) -> None:
    """The key itself has three tries, and they are gone with the third failure."""
    assert desk.secure("841E0000", key("line")) == "9000"
    assert [desk.secure("84180000", key("wrong")) for _ in range(2)] == ["6988", "6988"]
    assert desk.card.directory("3F01").keys[4].tries == 1


@pytest.mark.parametrize(
    ("apdu", "word"),
    [("8416000104000000 00", "6A86"), ("841E000204 00000000", "6A86"), ("841E010004 00000000", "6A86"),
     ("8418000104 00000000", "6A86"), ("84160000", "6700"), ("841E0000", "6700"), ("8418000005 0000000000", "6700"),
     ("8416000004 00000000", "6984"), ("8016000004 00000000", "6E00")],
)  # fmt: skip
def test_what_blocking_refuses(desk: Desk, apdu: str, word: str) -> None:
    assert desk.send(apdu.replace(" ", "")) == word


def test_a_card_that_shows_the_fci_of_a_blocked_application() -> None:
    desk = make_desk(blocked_select_gives_fci=True)
    desk.enter()
    desk.secure("841E0000", key("line"))
    answer = desk.send("00A40000023F01")
    assert answer.startswith("6F")
    assert answer.endswith("6A81")


def test_exhausted_keys_and_pins_stay_exhausted(desk: Desk) -> None:
    for _ in range(3):
        desk.verify("0000")
        desk.authenticate(0, key("wrong"))

    def gone(card: Desk) -> None:
        card.enter()
        assert card.verify() == "6983"
        assert card.authenticate(0, key("master")) == "6983"

    for_ever(desk, gone)


def test_states_of_one_application_open_nothing_in_another() -> None:
    desk = make_desk()
    desk.mf()
    desk.ok("80E03F020D380200F0F095FFFFA000000002")
    desk.enter("3F02")
    desk.ok("80E00000073F010095F0FFFF")
    assert desk.write_key(0x3A, 0, "F0EF0233", bytes.fromhex("112233")) == "9000"
    desk.ok("80E0000507280008F2F2FFFF")
    desk.enter()
    assert desk.verify() == "9000"
    assert desk.authenticate(0, key("master")) == "9000"
    desk.enter("3F02")
    assert desk.send("00B0850001") == "6982"
    assert desk.verify() == "63C2"
    assert desk.verify("112233") == "9000"
    assert desk.send("00B0850001")[-4:] == "6281"
    desk.enter()
    assert desk.send("00B0960001") == "6982"
    assert desk.send("805C000104") == "6982"
