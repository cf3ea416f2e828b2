"""Citizen numbers, card numbers, names over two items, masks: single values."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sscard.cos.names import join_name, split_name
from sscard.personalize import cardnumber, masking, ssn


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("D2143569", "X"),  # printed in annex A of the V2.0 notice
        ("T0000001", "X"),
        ("T0000004", "4"),
        ("TA0B1C2D", "5"),
        ("T0000006", "0"),
        ("T0000028", "X"),
    ],
)
def test_card_number_check(body: str, check: str) -> None:
    assert cardnumber.check_character(body) == check
    assert cardnumber.has_shape(body + check)


@pytest.mark.parametrize("number", ["t0000001X", "00000001X", "T000001X", "T0000001XX", "T00000０1X"])
def test_card_number_shape_refused(number: str) -> None:
    assert not cardnumber.has_shape(number)


@pytest.mark.parametrize("number", ["11010519491231002X", "990101200001010022", "990101198802290132"])
def test_citizen_number_check(number: str) -> None:
    assert ssn.check_character(number[:17]) == number[17]
    assert ssn.has_shape(number)


def test_luhn() -> None:
    assert cardnumber.luhn_digit("7992739871") == "3"


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_change_of_a_citizen_number_is_found(body: str, position: int, other: str) -> None:
    number = body + ssn.check_character(body)
    changed = number[:position] + other + number[position + 1 :]
    assume(changed != number)
    assert not ssn.has_shape(changed) or ssn.check_character(changed[:17]) != changed[17]


def test_age_turns_on_the_birthday() -> None:
    born = ssn.parse_date("19880229")
    assert born is not None
    days = [ssn.parse_date(text) for text in ("20260228", "20260301", "19880228")]
    assert [ssn.age_on(born, day) for day in days if day] == [37, 38, -1]


@pytest.mark.parametrize("text", ["20260230", "2026061", "２０２６０６０１", "00000101", "+2026601"])
def test_no_such_day(text: str) -> None:
    assert ssn.parse_date(text) is None


def test_name_overflow() -> None:
    first, rest = split_name("测试测试测试测试测试测试甲乙丙丁")
    assert first.hex().upper() == "B2E2CAD4B2E2CAD4B2E2CAD4B2E2CAD4B2E2CAD4B2E2CAD4BCD7D2D2B1FB"
    assert rest == bytes.fromhex("B6A1")


def test_name_border_inside_a_character() -> None:
    first, rest = split_name("A测测测测测测测测测测测测测测测")
    assert (len(first), rest) == (29, bytes.fromhex("B2E2"))
    assert join_name(first + b"\0", rest + bytes(18)) == "A测测测测测测测测测测测测测测测"


def test_name_never_ends_its_first_part_with_a_blank() -> None:
    name = "TESTING ALEXANDER MAXIMILIAN  VON"
    assert name[28:30] == "  "
    first, rest = split_name(name)
    assert (first, rest) == (b"TESTING ALEXANDER MAXIMILIAN", b"  VON")


def test_name_fill_of_every_kind_is_stripped() -> None:
    assert join_name("测试甲".encode("gb18030").ljust(30, b"\x20"), b"\xff" * 20) == "测试甲"


@pytest.mark.parametrize("name", ["测" * 26, "A" + "测" * 24 + "甲", "𬱖" * 12 + "甲乙", "测试 ", "测试\0", "\ud800"])
def test_name_that_does_not_fit(name: str) -> None:
    if name == "A" + "测" * 24 + "甲":
        assert len(name.encode("gb18030")) == 51
    with pytest.raises(ValueError, match=r".+"):
        split_name(name)


def test_fifty_bytes_may_still_not_fit() -> None:
    name = "测" + "𬱖" * 12
    assert len(name.encode("gb18030")) == 50
    first, rest = split_name(name)
    assert (len(first), len(rest)) == (30, 20)
    with pytest.raises(ValueError, match="50 bytes"):
        split_name("A" + "𬱖" * 12 + "B")


_CHARACTERS = st.one_of(st.sampled_from("测试甲·A 𬱖䶮\u3447"), st.characters(codec="gb18030"))


@given(st.text(_CHARACTERS, max_size=50))
def test_names_round_trip_on_character_borders(name: str) -> None:
    encoded = name.encode("gb18030")
    assume(len(encoded) <= 50)
    try:
        first, rest = split_name(name)
    except ValueError:
        slack = 3 + len(name) - len(name.replace(" ", "").replace("\0", ""))
        assert len(encoded) > 50 - slack or name.endswith((" ", "\0")) or "\0" in name
        return
    assert len(first) <= 30
    assert len(rest) <= 20
    assert first.decode("gb18030") + rest.decode("gb18030") == name
    assert join_name(first.ljust(30, b"\0"), rest.ljust(20, b"\0")) == name


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("ssn", "990101198503170026", "990101********0026"),
        ("ssn", "9901011985", "99********"),
        ("name", "测试甲", "测*甲"),
        ("name", "测试", "测*"),
        ("name", "测", "*"),
        ("bank_pan", "9901010000000000016", "990101*********0016"),
        ("card_no", "T0000001X", "T0000001X"),
        ("card_no", "990101198503170026", "9*****************"),
        ("ethnic", "990101198503170026", "9*****************"),
        ("address", "测试市测试路1号", "测*******"),
        ("sex", "", ""),
        ("reason", "a\x1b[2J", "a<U+001B>[2J"),
    ],
)
def test_masks(column: str, value: str, shown: str) -> None:
    assert masking.mask(column, value) == shown


@given(st.sampled_from(["ssn", "name", "bank_pan", "birth", "address", "sex", "ethnic"]), st.text(max_size=30))
def test_masks_never_move_the_cursor_nor_show_a_long_value(column: str, value: str) -> None:
    shown = masking.mask(column, value)
    assert shown.isprintable()
    assert len(value) < 10 or "*" in shown
