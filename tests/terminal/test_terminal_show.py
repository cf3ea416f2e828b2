"""What stands on the screen: masked people, dates, large contents, and nothing that moves the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.cos import coding
from sscard.cos.masking import mask_name, mask_pan, mask_ssn, printable
from sscard.cos.model import Item
from sscard.cos.names import split_name
from sscard.cos.profile import load_profile
from sscard.terminal.read import FileResult, ItemValue, Outcome
from sscard.terminal.show import shown

PROFILE = load_profile("ssc3-sm4")
LONG_NAME = "测试测试测试测试测试测试测试测试甲"


def result(directory: str, file: str, raws: dict[int, bytes]) -> FileResult:
    """A file as read, with these values by tag."""
    where = PROFILE.directory(directory)
    known = {item.tag: item for item in where.file(file).items}
    values = tuple(value(known.get(tag), tag, number, raw) for number, (tag, raw) in enumerate(raws.items(), 1))
    return FileResult(where, where.file(file), Outcome.READ, values=values)


def value(item: Item | None, tag: int, number: int, raw: bytes) -> ItemValue:
    return ItemValue(item, tag, number, raw, coding.decode(item, raw) if item else raw.hex().upper())


def test_a_long_name_is_masked_as_one() -> None:
    first, rest = split_name(LONG_NAME)
    read = result("SSSE", "EF06", {0x09: first.ljust(30, b"\0"), 0x4E: rest.ljust(20, b"\0")})
    assert read.holder == LONG_NAME
    assert [shown(read, v, person=False) for v in read.values] == ["测" + "*" * 15 + "甲", "***"]
    assert "".join(shown(read, v, person=True) for v in read.values) == LONG_NAME


def test_a_name_that_is_no_text_is_still_masked() -> None:
    read = result("SSSE", "EF06", {0x09: b"\x81" + bytes(29)})
    assert set(shown(read, read.values[0], person=False)) <= {"*", "\ufffd"}
    assert result("SSSE", "EF05", {0x03: b"3.00"}).holder == ""


def test_members_are_masked_one_by_one() -> None:
    item = PROFILE.directory("DF02").file("EF05").items[2]
    raw = coding.encode(item, {0x5A: "2020203", 0x5D: "20200131", 0x5E: "T990101123456789"})
    read = result("DF02", "EF05", {0x43: raw})
    assert shown(read, read.values[0], person=False) == "5A 2020203  5D 2020-01-31  5E T" + "*" * 15
    assert "5E T990101123456789" in shown(read, read.values[0], person=True)
    stray = result("DF02", "EF05", {0x43: b"\x01\x02AB" + raw})
    assert shown(stray, stray.values[0], person=False).startswith("01 ***  5A")


def test_large_contents_show_their_size() -> None:
    photo = result("SSSE", "EF08", {0: bytes(range(256)) * 16})
    assert shown(photo, photo.values[0], person=False) == "4096 B"
    assert shown(photo, photo.values[0], person=True).startswith("4096 B sha256 ")
    reserved = result("DF01", "EF16", {0: b"\1" * 296})
    assert shown(reserved, reserved.values[0], person=False).startswith("296 B sha256 ")


def test_unknown_tags_are_hidden() -> None:
    read = result("SSSE", "EF05", {0xEE: b"secret"})
    assert shown(read, read.values[0], person=False) == "6 B"
    assert shown(read, read.values[0], person=True) == b"secret".hex().upper()


def test_a_card_cannot_write_on_the_terminal() -> None:
    read = result("SSSE", "EF05", {0x07: b"T\x1b[2J\x07\r00"})
    assert shown(read, read.values[0], person=False) == "T<U+001B>[2J<U+0007><U+000D>00"


@given(
    st.binary(max_size=60),
    st.booleans(),
    st.sampled_from([(d.name, f.name) for d in PROFILE.directories for f in d.files]),
)
def test_whatever_a_card_holds_can_be_shown(raw: bytes, person: bool, place: tuple[str, str]) -> None:
    tags = [item.tag for item in PROFILE.directory(place[0]).file(place[1]).items]
    read = result(*place, {tags[0]: raw})
    assert shown(read, read.values[0], person=person).isprintable()


@pytest.mark.parametrize(
    ("mask", "plain", "masked"),
    [
        (mask_ssn, "990101200001010022", "990101********0022"),
        (mask_ssn, "99010120", "99******"),
        (mask_ssn, "", ""),
        (mask_pan, "9901010000000000004", "990101*********0004"),
        (mask_name, "测试甲", "测*甲"),
        (mask_name, "测甲", "测*"),
        (mask_name, "甲", "*"),
        (mask_name, "", ""),
        (printable, "a\u202eb", "a<U+202E>b"),
    ],
)
def test_masks(mask: object, plain: str, masked: str) -> None:
    assert mask(plain) == masked  # type: ignore[operator]


@given(st.text(min_size=1, max_size=20))
def test_a_mask_always_hides_something(text: str) -> None:
    for mask in (mask_ssn, mask_pan, mask_name):
        assert "*" in mask(text)
