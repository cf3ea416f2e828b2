"""FMCOS rights: access bytes as intervals, states, and the freedom of a directory nobody has finished."""

from __future__ import annotations

import pytest

from sscard.emulator.fmcos import FmcosCard, FmcosOptions, access
from tests.emulator.fmcos_desk import Desk, key, make_desk


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.mark.parametrize(
    ("byte", "mf", "states"),
    [
        (0x00, 0, set(range(16))),
        (0x02, 2, set(range(16))),
        (0x02, 1, set()),
        (0x53, 0, {3, 4, 5}),
        (0x55, 0, {5}),
        (0x35, 0, set()),
        (0xEF, 15, set()),
        (0xF0, 0, set(range(16))),
        (0xF1, 0, set(range(1, 16))),
        (0xFF, 0, {15}),
    ],
)
def test_an_access_byte_is_an_interval_of_the_state(byte: int, mf: int, states: set[int]) -> None:
    assert {state for state in range(16) if access.fmcos(byte, mf, state, 0)} == states


def test_the_other_reading_lets_f_ask_for_the_state_of_the_mf() -> None:
    assert access.fmcos(0xF2, 2, 0, 0xF)
    assert not access.fmcos(0xF2, 1, 15, 0xF)
    assert not access.fmcos(0x02, 15, 2, 0xF)


def test_the_worked_sequence_of_the_manual() -> None:
    """Read F1, write F2; PIN gives 1, the key asks for 1 and gives 2."""
    card = Desk(FmcosCard.blank(1))
    card.ok("80E03F000D38FFFFF0F001" + "FF" * 7)
    card.ok("80E00000073F0080 01F0FFFF")
    assert card.write_key(0x3A, 0, "F0EF0133", bytes.fromhex("123456")) == "9000"
    assert card.write_key(0x39, 1, "11EF0233", key("k", 8)) == "9000"
    card.ok("80E00005 07 280008F1F2FFFF")
    card.ok("00D6850001AA")
    card.card.reset()
    assert card.send("00B0850001") == "6982"
    assert card.authenticate(1, key("k", 8)) == "6982"
    assert card.verify() == "9000"
    assert card.send("00B0850001") == "AA9000"
    assert card.send("00D6850001BB") == "6982"
    assert card.authenticate(1, key("k", 8)) == "9000"
    assert card.send("00D6850001BB") == "9000"
    assert card.send("00B0850001") == "BB9000"


def test_a_proof_in_the_mf_moves_both_registers_and_one_in_a_df_its_own(desk: Desk) -> None:
    desk.enter()
    assert desk.send("00B08A0001") == "6982"
    desk.mf()
    assert desk.authenticate(0, key("mf master")) == "9000"
    assert (desk.card.chip.mf_state, desk.card.chip.state) == (0xA, 0xA)
    desk.enter()
    assert (desk.card.chip.mf_state, desk.card.chip.state) == (0xA, 0)
    assert desk.send("00B08A0001") == "006281"
    assert desk.verify() == "9000"
    assert (desk.card.chip.mf_state, desk.card.chip.state) == (0xA, 1)
    desk.enter()
    assert desk.card.chip.state == 0
    desk.mf()
    assert desk.card.chip.state == 0xA


def test_reset_takes_both_states(desk: Desk) -> None:
    desk.mf()
    assert desk.authenticate(0, key("mf master")) == "9000"
    desk.card.reset()
    desk.enter()
    assert desk.send("00B08A0001") == "6982"


def test_never_is_never(desk: Desk) -> None:
    desk.enter()
    assert desk.send("00B0890001") == "6982"
    for state in range(16):
        desk.card.chip.reach(state)
        assert desk.send("00B0890001") == "6982"


def test_a_fresh_directory_is_free_until_it_is_entered_again() -> None:
    card = Desk(FmcosCard.blank(1))
    card.ok("80E03F000D38FFFFEFEF01" + "FF" * 7)
    card.ok("80E00000073F008001EFFFFF")
    assert card.write_key(0x39, 0, "F0EF0133", key("k")) == "9000"
    card.ok("80E0000507280008EFEFFFFF")
    assert card.send("00D6850001AA") == "9000"
    assert card.send("00B0850001") == "AA9000"
    assert card.write_key(0x39, 0, "F0EF0133", key("k"), p1=0x39) == "9000"
    card.mf()
    assert card.write_key(0x39, 0, "F0EF0133", key("k"), p1=0x39) == "6982"
    assert card.send("80E0000607280008F0F0FFFF") == "6982"
    assert card.write_key(0x39, 1, "F0EF0133", key("k")) == "6982"
    assert card.send("00B0850001") == "6982"
    assert card.send("00D6850001AA") == "6982"


def test_a_directory_with_a_file_and_no_keys_is_not_free() -> None:
    card = Desk(FmcosCard.blank(1))
    card.ok("80E03F000D38FFFFEFEF01" + "FF" * 7)
    card.ok("80E0000507280008EFEFFFFF")
    card.card.reset()
    assert card.send("80E0000607280008F0F0FFFF") == "6982"


def test_freedom_does_not_lend_the_right_to_use_a_key() -> None:
    card = Desk(FmcosCard.blank(1))
    card.ok("80E03F000D38FFFFF0F001" + "FF" * 7)
    card.ok("80E00000073F008001F0FFFF")
    assert card.write_key(0x39, 1, "11EF0233", key("k")) == "9000"
    assert card.authenticate(1, key("k")) == "6982"


def test_before_the_mf_there_is_nothing() -> None:
    card = Desk(FmcosCard.blank(1))
    assert card.send("00A40000023F00") == "6A81"
    assert card.send("80E0000507280008F0F0FFFF") == "6A81"
    assert card.send("80D401000D36F0F0FF33FFFFFFFFFFFFFFFF") == "6A81"
    assert card.send("00B0850001") == "6A81"
    assert card.send("00B0000001") == "6986"


def test_a_card_may_come_with_an_empty_mf() -> None:
    card = Desk(FmcosCard.blank(1, with_mf=True))
    assert card.mf() == "6F10840E315041592E5359532E4444463031"
    assert card.send("80E03F000D38FFFFF0F001" + "FF" * 7) == "6A86"
    assert card.send("80E00000073F008001F0FFFF") == "9000"


def test_the_transport_code_is_asked_for() -> None:
    made = FmcosCard.blank(1, transport_code=bytes.fromhex("0102030405060708"))
    card = Desk(made)
    assert card.send("80E03F000E38FFFFF0F001" + "FF" * 8) == "6982"
    assert card.send("80E03F000D38FFFFF0F00101020304050607") == "9000"
    strict = Desk(FmcosCard.blank(1, options=FmcosOptions(short_transport_code=False)))
    assert strict.send("80E03F000D38FFFFF0F001" + "FF" * 7) == "6700"
    assert strict.send("80E03F000E38FFFFF0F001" + "FF" * 8) == "9000"
