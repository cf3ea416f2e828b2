"""SELECT, FCI, GET RESPONSE, ATR and the answers to what is no command."""

import pytest

from sscard.apdu.atr import Atr
from sscard.apdu.exchange import Protocol
from sscard.emulator import SoftwareCard

FCI_SSSE = "6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C03860103"


def test_the_answer_to_reset_carries_area_and_serial():
    card = SoftwareCard.blank(0x17, area="9901")
    assert card.atr.hex().upper() == "3B6D000000812611018699990100000017"
    assert card.serial == 0x17


def test_a_t1_card_announces_t1_with_a_right_check_byte():
    atr = SoftwareCard.blank(0x17, protocol=Protocol.T1).atr
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert check == 0
    assert Atr.parse(atr).protocols == (1,)
    assert Atr.parse(atr).historical.hex() == "00812611018699990100000017"


@pytest.mark.parametrize(("area", "serial"), [("99", 1), ("99AB", 1), ("9901", -1), ("9901", 1 << 32)])
def test_a_blank_card_wants_an_area_and_a_serial_that_fit(area, serial):
    with pytest.raises(ValueError, match=r"area|serial"):
        SoftwareCard.blank(serial, area=area)


def test_the_environment_tells_its_dir_file_and_algorithm(desk):
    assert desk.send("00A404000F" + desk.ssse.hex()) == "611E"
    assert desk.ok("00C000001E") == FCI_SSSE


@pytest.mark.parametrize(
    ("select", "fci"),
    [
        ("00A4000000", "6F0484023F00"),
        ("00A40000023F00", "6F0484023F00"),
        ("00A4040006D15600000500", "6F088406D15600000500"),
    ],
)
def test_the_fci_of_mf_and_adf(desk, select, fci):
    assert desk.send(select) == f"61{len(fci) // 2:02X}"
    assert desk.ok(f"00C00000{len(fci) // 2:02X}") == fci


def test_a_nameless_directory_is_called_by_its_fid(blank):
    blank.transport()
    blank.create_df(0xDDF3, 1)
    assert blank.send("00A4000002DDF3") == "6106"
    assert blank.ok("00C0000006") == "6F048402DDF3"


@pytest.mark.parametrize(
    ("where", "select", "answer"),
    [
        (None, "00A4000002DDF1", "611E"),
        (None, "00A4000002DF01", "6A82"),
        ("ssse", "00A4000002DF01", "610A"),
        ("ssse", "00A4000002DDF1", "611E"),
        ("aid1", "00A4000002DF01", "610A"),
        ("aid1", "00A4000002DF02", "610A"),
        ("aid1", "00A4000002DDF1", "611E"),
        ("aid1", "00A40000023F00", "6106"),
        ("aid1", "00A4000002EF05", "9000"),
        ("aid1", "00A4020002EF05", "9000"),
        ("aid1", "00A4020002EF77", "6A82"),
        ("aid1", "00A4000002EF77", "6A82"),
        ("aid1", "00A4020002DF01", "6A82"),
        ("aid1", "00A4020002EF80", "6A82"),
    ],
)
def test_search_by_file_identifier(desk, where, select, answer):
    if where:
        desk.enter(getattr(desk, where))
    assert desk.send(select) == answer


@pytest.mark.parametrize(
    ("select", "answer"),
    [
        ("00A4040004D1560000", "6700"),
        ("00A4040011" + "11" * 17, "6700"),
        ("00A4040000", "6700"),
        ("00A4020000", "6700"),
        ("00A4000001EF", "6700"),
        ("00A4000003EF0500", "6700"),
        ("00A4000002EF", "6700"),
        ("00A4010002EF05", "6A86"),
        ("00A4000C02EF05", "6A86"),
        ("00A4040106D15600000500", "6A86"),
        ("00A4040006D15600000599", "6A82"),
        ("80A4000000", "6E00"),
        ("00A40000", "6106"),
    ],
)
def test_forms_of_select(desk, select, answer):
    assert desk.send(select) == answer


def test_the_next_occurrence_of_a_name_is_another_one(desk):
    assert desk.send("00A4040206D15600000500") == "610A"
    assert desk.send("00A4040206D15600000500") == "6A82"
    assert desk.send("00A4040206D15600000501") == "610A"


def test_a_le_behind_the_data_changes_nothing_under_t0(desk):
    assert desk.send("00A4040006D1560000050000") == "610A"


class TestGetResponse:
    def test_nothing_waits(self, desk):
        assert desk.send("00C0000008") == "6F00"
        assert desk.send("00C0000000") == "6F00"

    def test_le_00_and_too_long_tell_the_right_length_and_keep_the_data(self, desk):
        desk.send("00A4000000")
        assert desk.send("00C0000000") == "6C06"
        assert desk.send("00C0000007") == "6C06"
        assert desk.ok("00C0000006") == "6F0484023F00"
        assert desk.send("00C0000006") == "6F00"

    def test_in_pieces(self, desk):
        desk.send("00A4000000")
        assert desk.send("00C0000002") == "6F046104"
        assert desk.send("00C0000004") == "84023F009000"

    def test_another_command_voids_the_data(self, desk):
        desk.send("00A4000000")
        desk.challenge()
        assert desk.send("00C0000006") == "6F00"

    def test_parameters(self, desk):
        desk.send("00A4000000")
        assert desk.send("00C0010006") == "6A86"
        assert desk.send("00C000000600") == "6700"


class TestUnderT1:
    def test_data_come_at_once(self, make_desk):
        desk = make_desk(Protocol.T1)
        assert desk.send("00A4000000") == "6F0484023F009000"
        assert desk.send("00A40000023F0000") == "6F0484023F009000"

    def test_without_le_no_data(self, make_desk):
        desk = make_desk(Protocol.T1)
        assert desk.send("00A40000") == "9000"
        assert desk.send("00A40000023F00") == "9000"

    def test_a_short_le_tells_the_right_one(self, make_desk):
        desk = make_desk(Protocol.T1)
        assert desk.send("00A40000023F0004") == "6C06"
        assert desk.send("00A40000023F00FF") == "6F0484023F009000"


@pytest.mark.parametrize("apdu", ["", "00", "00A4", "00A400", "FF", "00FFFF"])
def test_less_than_a_header_is_a_wrong_length(desk, apdu):
    assert desk.send(apdu) == "6700"


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00FF000000", "6D00"),
        ("00E2000000", "6D00"),
        ("805C000204", "6D00"),
        ("8050000000", "6D00"),
        ("0028000000", "6E00"),
        ("B028000100", "6A81"),
        ("B02A000000", "6A81"),
        ("B02C010000", "6A81"),
        ("B026000104", "6A81"),
        ("B02E000000", "6A81"),
        ("B056010002", "6A81"),
        ("80B2010400", "6E00"),
        ("04B2010400", "6E00"),
        ("0024000004" + "00" * 4, "6E00"),
        ("001E000104" + "00" * 4, "6E00"),
        ("005E010003" + "00" * 3, "6E00"),
        ("00E0010000", "6E00"),
        ("00A400000000000000", "6700"),
        ("00820004001011", "6700"),
    ],
)
def test_unknown_commands_classes_and_the_purse_it_does_not_have(desk, apdu, answer):
    assert desk.send(apdu) == answer


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [("0084000000", "6700"), ("0084000005", "6700"), ("00840000", "6700"), ("0084010008", "6A86")],
)
def test_forms_of_get_challenge(desk, apdu, answer):
    assert desk.send(apdu) == answer


@pytest.mark.parametrize("count", [4, 8, 16])
def test_challenges_have_the_size_asked_for_and_never_repeat(desk, count):
    seen = {desk.challenge(count) for _ in range(2000)}
    assert len(seen) == 2000
    assert {len(challenge) for challenge in seen} == {count}
