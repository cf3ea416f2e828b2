"""Item coding: published shapes, worked records, refusals, and round trips over open-ended inputs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.cos import coding
from sscard.cos.model import Coding, File, Item
from sscard.cos.names import split_name
from sscard.cos.profile import directory_entry, load_profile

PROFILE = load_profile("ssc3-sm4")


def the_item(directory: str, file: str, tag: int) -> Item:
    return next(item for item in PROFILE.directory(directory).file(file).items if item.tag == tag)


def plain(coded: Coding, length: int, *, number: bool = False) -> Item:
    return Item(0x7E, "试", "test", coded, length, number=number)


# (directory, file, tag, text, record): worked by hand from the rules of the standard
RECORDS = [
    ("SSSE", "EF05", 0x01, "990101D15600000500000017FFFFFFFF", "0110990101D15600000500000017FFFFFFFF"),
    ("SSSE", "EF05", 0x03, "3.00", "0304332E3030"),
    ("SSSE", "EF05", 0x03, "2.0", "0304322E3000"),
    ("SSSE", "EF05", 0x04, "915600000299010099010101", "040C915600000299010099010101"),
    ("SSSE", "EF05", 0x05, "20260115", "050420260115"),
    ("SSSE", "EF05", 0x07, "T0000001X", "0709543030303030303158"),
    ("SSSE", "EF06", 0x08, "990101200001010022", "0812393930313031323030303031303130303232"),
    ("SSSE", "EF06", 0x09, "测试甲", "091EB2E2CAD4BCD7" + "00" * 24),
    ("SSSE", "EF06", 0x0A, "2", "0A0132"),
    ("SSSE", "EF06", 0x0B, "01", "0B0101"),
    ("SSSE", "EF06", 0x0B, "1", "0B011F"),
    ("SSSE", "EF06", 0x0B, "", "0B01FF"),
    ("SSSE", "EF06", 0x0C, "990101", "0C03990101"),
    ("DF01", "EF06", 0x28, "00000000000", "280F" + "30" * 11 + "00" * 4),
    ("DF02", "EF15", 0x1F, "99010", "1F0399010F"),
    ("DF03", "EF05", 0x63, "12", "6303303132"),
    ("DF04", "EF06", 0x92, "1234567", "920401234567"),
    ("DF04", "EF06", 0x92, "", "9204FFFFFFFF"),
    ("DF04", "EF06", 0x93, "7", "93023037"),
]


@pytest.mark.parametrize(("directory", "file", "tag", "text", "stored"), RECORDS)
def test_records(directory: str, file: str, tag: int, text: str, stored: str) -> None:
    item = the_item(directory, file, tag)
    record = coding.record(item, coding.encode(item, text))
    assert record.hex().upper() == stored
    assert coding.decode(item, record[2:]) == text.rstrip("F")


@pytest.mark.parametrize(
    ("name", "first", "rest"),
    [
        ("测试测试测试测试测试测试甲乙丙丁", "B2E2CAD4" * 6 + "BCD7D2D2B1FB", "B6A1" + "00" * 18),
        ("A测测测测测测测测测测测测测测测", "41" + "B2E2" * 14 + "00", "B2E2" + "00" * 18),
    ],
)
def test_a_long_name_over_two_items(name: str, first: str, rest: str) -> None:
    parts = split_name(name)
    items = the_item("SSSE", "EF06", 0x09), the_item("SSSE", "EF06", 0x4E)
    stored = [coding.encode(item, part.decode("gb18030")) for item, part in zip(items, parts, strict=True)]
    assert [value.hex().upper() for value in stored] == [first, rest]


def test_b_tlv() -> None:
    degree = the_item("DF01", "EF15", 0x40)
    record = coding.record(degree, coding.encode(degree, {0x57: "201", 0x58: "080601", 0x59: "测试大学"}))
    assert record.hex().upper() == "403457033230315803080601" + "5928B2E2CAD4B4F3D1A7" + "00" * 32
    assert coding.decode_members(degree, record[2:]) == {0x57: "201", 0x58: "080601", 0x59: "测试大学"}
    assert coding.decode(degree, record[2:]) == "57=201 58=080601 59=测试大学"
    assert coding.blank(degree).hex().upper() == "5703000000" + "5803FFFFFF" + "5928" + "00" * 40
    assert coding.encode(degree, {0x57: "201"})[5:] == coding.blank(degree)[5:]
    assert coding.decode(degree, coding.blank(degree)) == ""


def test_cyclic_record() -> None:
    file = PROFILE.directory("DF02").file("EF07")
    texts = {"occupation": "2020203", "from": "20200101", "to": "20221231", "employer": "测试单位"}
    record = coding.cyclic_record(file, texts)
    assert record.hex().upper() == "32303230323033" + "20200101" + "20221231" + "B2E2CAD4B5A5CEBB" + "00" * 62
    assert len(record) == file.record_length
    assert {item.en: coding.decode(item, raw) for item, _, raw in coding.split_record(file, record) if item} == texts
    with pytest.raises(ValueError, match="wage"):
        coding.cyclic_record(file, {"wage": "1"})


def test_numbers_of_the_transaction_log() -> None:
    file = PROFILE.directory("DF04").file("EF08")
    texts = {
        "serial": "258", "kind": "2", "terminal": "990101000001", "time": "20260601120000",
        "account amount (fen)": "100", "own payment (fen)": "0", "fund payment (fen)": "65536",
    }  # fmt: skip
    record = coding.cyclic_record(file, texts)
    assert record.hex().upper() == "010232990101000001202606011200000000006400000000" + "00010000"
    assert {item.en: coding.decode(item, raw) for item, _, raw in coding.split_record(file, record) if item} == texts


def test_dir_entries_read_as_name_and_label() -> None:
    item = PROFILE.directory("SSSE").file("EF1E").items[3]
    entry = directory_entry(PROFILE.directory("DF04"))
    assert coding.record(item, entry)[:4].hex() == f"61{len(entry):02x}4f06"
    assert coding.decode(item, entry) == "D15600000503 社会保险信息区2"
    assert coding.decode(item, b"\x4f") == ""


REFUSED = [
    (plain(Coding.CN, 2), "12345", "room for 4 digits"),
    (plain(Coding.CN, 2), "12X4", "digits only"),
    (plain(Coding.CN, 2, number=True), "12A4", "digits only"),
    (plain(Coding.AN, 4), "测试甲", "room for 4 bytes"),
    (plain(Coding.AN, 4), "\ud800", "GB18030"),
    (plain(Coding.AN, 3, number=True), "1x", "takes a number"),
    (plain(Coding.AN, 3, number=True), "1234", "room for 3 bytes"),
    (plain(Coding.B, 2), "010203", "room for 2 bytes"),
    (plain(Coding.B, 2), "0x1", "takes hex"),
    (plain(Coding.B, 2, number=True), "65536", "takes a number"),
    (plain(Coding.B, 2, number=True), "-1", "takes a number"),
    (plain(Coding.BTLV, 2), "secret", "texts of its members"),
]


@pytest.mark.parametrize(("item", "text", "reason"), REFUSED)
def test_what_does_not_fit_is_refused_without_showing_it(item: Item, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        coding.encode(item, text)
    assert str(caught.value).startswith("7E 试 test: ")
    assert text not in str(caught.value).removeprefix("7E 试 test: ")


def test_unknown_members_and_long_values_are_refused() -> None:
    degree = the_item("DF01", "EF15", 0x40)
    with pytest.raises(ValueError, match="no member 5A"):
        coding.encode(degree, {0x5A: "1"})
    with pytest.raises(ValueError, match="has 52 bytes, not 53"):
        coding.record(degree, bytes(53))


def test_readers_strip_every_fill_in_use() -> None:
    item = plain(Coding.AN, 8)
    assert {coding.decode(item, b"AB" + fill * 6) for fill in (b"\0", b" ", b"\xff")} == {"AB"}
    assert coding.decode(plain(Coding.CN, 2), b"\xff\xff") == ""
    assert coding.decode(plain(Coding.CN, 4, number=True), bytes(4)) == "0"
    assert coding.decode(plain(Coding.AN, 3, number=True), bytes(3)) == ""
    assert coding.decode(plain(Coding.B, 2), b"\0\1") == "0001"


@given(st.integers(1, 20), st.data())
def test_cn_round_trip(length: int, data: st.DataObject) -> None:
    item = plain(Coding.CN, length)
    text = data.draw(st.text("0123456789", max_size=2 * length))
    stored = coding.encode(item, text)
    assert len(stored) == length
    assert coding.decode(item, stored) == text


@given(st.text(st.characters(codec="gb18030", exclude_characters="\0 "), max_size=20), st.integers(0, 40))
def test_an_round_trip(text: str, spare: int) -> None:
    stored_size = len(text.encode("gb18030"))
    item = plain(Coding.AN, stored_size + spare + 1)
    stored = coding.encode(item, text)
    assert len(stored) == item.length
    assert coding.decode(item, stored) == text


@given(st.sampled_from((Coding.CN, Coding.AN, Coding.B)), st.integers(0, 999))
def test_number_round_trip(coded: Coding, number: int) -> None:
    item = plain(coded, 3, number=True)
    stored = coding.encode(item, str(number))
    assert len(stored) == 3
    assert coding.decode(item, stored) == str(number)


@given(st.binary(max_size=40), st.integers(0, 8))
def test_b_round_trip(raw: bytes, spare: int) -> None:
    item = plain(Coding.B, len(raw) + spare + 1)
    assert bytes.fromhex(coding.decode(item, coding.encode(item, raw.hex()))) == raw.ljust(item.length, b"\0")


ITEMS = [(file, item) for directory in PROFILE.directories for file in directory.files for item in file.items]


@given(st.sampled_from(ITEMS), st.binary(max_size=80))
def test_reading_takes_anything_a_card_holds(place: tuple[File, Item], raw: bytes) -> None:
    file, item = place
    assert isinstance(coding.decode(item, raw), str)
    for found, tag, part in coding.split_record(file, raw):
        assert found is None or found.tag == tag
        assert part in raw


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=30)), max_size=6), st.binary(max_size=1))
def test_simple_tlv_ends_where_data_end(objects: list[tuple[int, bytes]], rest: bytes) -> None:
    run = b"".join(bytes((tag, len(value))) + value for tag, value in objects)
    assert list(coding.split_tlv(run + rest)) == objects
    if objects and objects[-1][1]:
        assert list(coding.split_tlv(run[:-1])) == objects[:-1]


def test_the_whole_issuer_file_in_one_answer() -> None:
    answer = bytes.fromhex(
        "0110990101D15600000500000017FFFFFFFF0201330304332E3030040C915600000299010099010101"
        "0504202601150604203601150709543030303030303158"
    )
    file = PROFILE.directory("SSSE").file("EF05")
    assert len(answer) == file.size == 0x40
    texts = {item.source: coding.decode(item, raw) for item, _, raw in coding.split_record(file, answer) if item}
    assert texts == {
        "card_id": "990101D15600000500000017",
        "card_class": "3",
        "version": "3.00",
        "init_org": "915600000299010099010101",
        "issue_date": "20260115",
        "expire_date": "20360115",
        "card_no": "T0000001X",
    }
