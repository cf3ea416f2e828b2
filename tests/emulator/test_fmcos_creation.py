"""CREATE FILE and ERASE DF: kinds, ids, levels, space, and every refusal of the manual."""

from __future__ import annotations

import pytest

from sscard.emulator.fmcos import FmcosCard, FmcosOptions
from sscard.emulator.fmcos.building import room
from tests.emulator.fmcos_desk import Desk, key, make_desk

DF = "38{size}F0F095FFFF{name}"


def opened(**options: object) -> Desk:
    desk = Desk(FmcosCard.blank(1, options=FmcosOptions(**options)))
    desk.ok("80E03F000D38FFFFF0F001" + "FF" * 7)
    return desk


def create_df(desk: Desk, fid: str, name: str = "A00000000386980701", size: str = "0100", word: str = "FFFF") -> str:
    body = f"38{size}F0F095{word}{name}"
    return desk.send(f"80E0{fid}{len(body) // 2:02X}{body}")


@pytest.mark.parametrize(
    ("apdu", "word"),
    [
        ("80E0000507280010F0F0FFFF", "9000"),
        ("80E0000507A80010F0F0FFFF", "9000"),
        ("80E0000507E80010F0F0FFFF", "9000"),
        ("80E00005072A0210F0F0FFFF", "9000"),
        ("80E00005072A02F8F0F0FFFF", "9000"),
        ("80E00005072C0010F0F0FFFF", "9000"),
        ("80E00005072E0210F0F0FFFF", "9000"),
        ("80E00001072F0208F000FF18", "9000"),
        ("80E00002072F0208F000FF18", "9000"),
        ("80E00000073F0040 95F0FFFF", "9000"),
        ("80E00005072A0110F0F0FFFF", "6A80"),
        ("80E00005072E0110F0F0FFFF", "6A80"),
        ("80E00005072A02F9F0F0FFFF", "6A80"),
        ("80E00005072A0200F0F0FFFF", "6A80"),
        ("80E00003072F0208F000FF18", "6A80"),
        ("80E00001072F0308F000FF18", "6A80"),
        ("80E0000107AF0208F000FF18", "6A80"),
        ("80E0000507290010F0F0FFFF", "6A80"),
        ("80E0000507080010F0F0FFFF", "6A80"),
        ("80E0000506280010F0F0FF", "6700"),
        ("80E0000508280010F0F0FFFFFF", "6700"),
        ("80E00005", "6700"),
        ("80E00005072A1FF8F0F0FFFF", "9000"),
        ("80E00005072A21F8F0F0FFFF", "6A84"),
        ("80E000050728FFFFF0F0FFFF", "6A84"),
        ("80E03F0007280010F0F0FFFF", "6A86"),
    ],
)
def test_what_may_be_created(apdu: str, word: str) -> None:
    assert opened().send(apdu) == word


def test_an_id_is_given_once() -> None:
    desk = opened()
    desk.ok("80E0000507280010F0F0FFFF")
    assert desk.send("80E00005072A0210F0F0FFFF") == "6A86"
    assert create_df(desk, "0005") == "6A86"


def test_the_key_file_comes_first_and_once() -> None:
    desk = opened()
    desk.ok("80E00000073F0040 01F0FFFF")
    assert desk.send("80E00001073F004001F0FFFF") == "6A86"
    other = opened()
    other.ok("80E0000507280010F0F0FFFF")
    assert other.send("80E00000073F004001F0FFFF") == "6A80"


def test_three_levels_and_no_more() -> None:
    desk = opened()
    assert create_df(desk, "3F01", "A000000003") == "9000"
    assert desk.card.chip.here.fid == 0x3F00
    desk.enter("3F01")
    assert create_df(desk, "3F02", "A000000004") == "9000"
    desk.enter("3F02")
    assert create_df(desk, "3F03", "A000000005") == "6A80"
    assert desk.card.directories() == ("3F00", "3F00/3F01", "3F00/3F01/3F02")


@pytest.mark.parametrize(
    ("name", "word", "answer"),
    [
        ("A0" * 5, "FFFF", "9000"),
        ("A0" * 16, "FFFF", "9000"),
        ("A0" * 5, "7FFF", "9000"),
        ("A0" * 4, "FFFF", "6700"),
        ("A0" * 17, "FFFF", "6700"),
        ("A0" * 5, "0000", "6A80"),
    ],
)
def test_the_name_and_the_reserved_word_of_a_df(name: str, word: str, answer: str) -> None:
    assert create_df(opened(), "3F01", name, word=word) == answer


def test_shorter_names_by_option() -> None:
    assert create_df(opened(shortest_name=2), "3F01", "A0A1") == "9000"


def test_every_byte_of_the_chip_is_counted() -> None:
    desk = opened()
    whole = 8192 - 11 - 14
    assert room(desk.card.chip, desk.card.chip.here) == whole
    desk.ok("80E00000073F0040 01F0FFFF")
    desk.ok("80E0000507280010F0F0FFFF")
    desk.ok("80E00006072E0317F0F0FFFF")
    desk.ok("80E00002072F0208F000FF18")
    assert create_df(desk, "3F01", "A000000003") == "9000"
    taken = (11 + 0x40) + (11 + 0x10) + (11 + 3 * 24) + (11 + 22) + (11 + 5)
    assert room(desk.card.chip, desk.card.chip.here) == whole - taken


def test_a_small_mf_leaves_the_rest_of_the_chip_lost() -> None:
    desk = Desk(FmcosCard.blank(1))
    desk.ok("80E03F000D380040F0F001" + "FF" * 7)
    assert desk.send("80E0000507280036F0F0FFFF") == "6A84"
    assert desk.send("80E0000507280035F0F0FFFF") == "9000"


def test_the_size_of_a_df_counts_where_it_is_enforced() -> None:
    for enforced, word in ((False, "9000"), (True, "6A84")):
        desk = opened(enforce_directory_size=enforced)
        assert create_df(desk, "3F01", size="0040") == "9000"
        desk.enter()
        assert desk.send("80E0000507280040F0F0FFFF") == word
        assert desk.send("80E0000607280020F0F0FFFF") == "9000"


def test_the_key_file_fills_up() -> None:
    desk = opened()
    desk.ok("80E00000073F0030 01F0FFFF")
    assert desk.write_key(0x39, 0, "F0F00133", key("a")) == "9000"
    assert desk.write_key(0x39, 1, "F0F00133", key("b", 8)) == "9000"
    assert desk.write_key(0x39, 2, "F0F00133", key("c", 8)) == "6A84"


def test_erasing_needs_its_right_and_leaves_the_directory() -> None:
    desk = make_desk()
    desk.enter()
    before = desk.card.directory("3F01")
    desk.ok("800E000000")
    assert desk.card.directory("3F01") is before
    assert before.empty
    assert desk.send("00A40000020015") == "6A82"
    desk.ok("80E00000073F004095F0FFFF")
    desk.mf()
    desk.ok("800E000000")
    assert desk.card.directories() == ("3F00",)
    assert desk.send("80E00000073F004001F0FFFF") == "9000"


def test_erasing_can_be_forbidden() -> None:
    desk = Desk(FmcosCard.blank(1))
    desk.ok("80E03F000D38FFFFF0EF01" + "FF" * 7)
    assert desk.send("800E000000") == "6982"
    assert desk.send("800E000100") == "6A86"
    assert desk.send("800E000001AA") == "6700"


@pytest.mark.parametrize("apdu", ["0000000000", "0002000000", "0004000000", "000A000000", "000C000000", "802C000000"])
def test_factory_commands_are_gone(apdu: str) -> None:
    assert make_desk().send(apdu) == "6D00"


@pytest.mark.parametrize(
    ("apdu", "word"),
    [("", "6700"), ("00A4", "6700"), ("80A40000023F00", "6E00"), ("FFEE0000", "6D00"), ("0020000002", "6700"),
     ("00D6850003AABB", "6700"), ("00B08500F0", "6700")],
)  # fmt: skip
def test_lengths_and_classes(apdu: str, word: str) -> None:
    assert make_desk().send(apdu) == word


def test_nothing_longer_than_239_bytes_is_taken() -> None:
    desk = opened()
    desk.ok("80E00005072801FFF0F0FFFF")
    assert desk.send("00D68500EF" + "AA" * 239) == "9000"
    assert desk.send("00D68500F0" + "AA" * 240) == "6700"
    assert len(desk.ok("00B0850000")) == 2 * 239
    assert desk.send("00B08500EF")[-4:] == "9000"
