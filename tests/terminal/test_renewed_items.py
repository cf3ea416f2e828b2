"""First-generation cards rewritten with the items of V2.0: the E at the end tells which meaning a value has."""

from __future__ import annotations

import pytest

from sscard.apdu.transport import Channel
from sscard.cos.profile import load_profile
from sscard.personalize.sample import personalized_card, sample_keys
from sscard.terminal.identify import identify
from sscard.terminal.read import read_files, targets
from sscard.terminal.session import CardSession, pin_block

Shown = dict[int, tuple[str, str]]


def read_back(place: str, values: dict[int, str]) -> Shown:
    """Name and text of every item of a file after ``values`` (hex by tag) were put on the card."""
    profile, card = load_profile("ssc1-des"), personalized_card("ssc1-des")
    records = card.file(place).records
    for index, record in enumerate(records):
        if record[0] in values:
            value = bytes.fromhex(values[record[0]])
            records[index] = bytes((record[0], len(value))) + value
    channel = Channel(card)
    session = CardSession(channel, profile, identify(channel), sample_keys(profile), pin_block("123456"))
    (result,) = read_files(session, targets(profile, [place]))
    return {value.tag: (value.item.zh, value.text) for value in result.values if value.item}


# file, values put on the card, what a terminal makes of some of them
CASES = {
    "old": ("DF01/EF09", {0x32: "313130"}, {0x32: ("单位经济类型", "110")}),
    "new": ("DF01/EF09", {0x32: "3031EE"}, {0x32: ("人员身份类别", "01")}),
    "another type": ("DF01/EF0A", {0x37: "43484EEE"}, {0x37: ("国籍", "CHN")}),
    "old number": ("DF01/EF0A", {0x37: "00123456"}, {0x37: ("缴费基数", "123456")}),
    "judged by another": (
        "DF01/EF0A",
        {0x38: "3031EEEE", 0x39: "19990909"},
        {0x38: ("政治面貌", "01"), 0x39: ("参加党派日期", "19990909")},
    ),
    "not judged by itself": ("DF01/EF0A", {0x39: "199909EE"}, {0x39: ("工资信息更新日期", "199909EE")}),
    "grown": ("DF02/EF06", {0x4B: "3132333435"}, {0x4B: ("就业登记类型及形式", "12345")}),
    "not grown": ("DF02/EF06", {0x4B: "20010203"}, {0x4B: ("首次参加工作日期", "20010203")}),
    "area": ("DF02/EF06", {0x4D: "990101EE"}, {0x4D: ("就业登记地行政区划代码", "990101")}),
    "certificate": (
        "DF02/EF09",
        {0x55: "1234567890123456EEEE", 0x96: "20200101", 0x97: "990101EE"},
        {
            0x55: ("就业失业登记证编号", "1234567890123456"),
            0x96: ("发证/年检日期", "20200101"),
            0x97: ("发证地行政区划代码", "990101"),
        },
    ),
    "pension": (
        "DF03/EF07",
        {0x71: "990101EE", 0x70: "313130"},
        {0x71: ("养老保险参保地", "990101"), 0x70: ("养老保险险种类型", "110")},
    ),
    "settlement": (
        "DF04/EF06",
        {0x90: "31EEEEEE", 0x92: "00000150", 0x93: "3033EEEE"},
        {
            0x90: ("准许脱网医保结算标识", "1"),
            0x92: ("脱网医保结算累计金额", "150"),
            0x93: ("脱网医保结算累计次数", "3"),
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_which_meaning_a_value_has(case: str) -> None:
    place, values, expected = CASES[case]
    shown = read_back(place, values)
    assert {tag: shown[tag] for tag in expected} == expected


def test_the_annex_is_whole() -> None:
    tags = {
        item.tag: item.judged_by
        for directory in load_profile("ssc1-des").directories
        for file in directory.files
        for item in file.items
        if item.later
    }
    assert tags == {
        0x32: 0, 0x37: 0, 0x38: 0, 0x39: 0x38, 0x4B: 0, 0x4D: 0, 0x4F: 0, 0x50: 0, 0x55: 0, 0x56: 0x55, 0x96: 0x55,
        0x97: 0, 0x61: 0, 0x6F: 0x71, 0x70: 0x71, 0x71: 0, 0x81: 0, 0x84: 0, 0x87: 0, 0x90: 0, 0x92: 0x90, 0x93: 0,
    }  # fmt: skip
