"""Meanings of status words and the tries they tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.status import MEANINGS, OK, meaning, tries_left


@pytest.mark.parametrize(("sw", "tries"), [(0x63C0, 0), (0x63C1, 1), (0x63CF, 15)])
def test_63cx_tells_the_tries(sw: int, tries: int) -> None:
    assert tries_left(sw) == tries
    assert str(tries) in meaning(sw)[0]
    assert str(tries) in meaning(sw)[1]


@pytest.mark.parametrize("sw", [OK, 0x6300, 0x63D3, 0x6983, 0x6982, 0x3C01])
def test_unknown_tries_are_none_not_zero(sw: int) -> None:
    assert tries_left(sw) is None


@pytest.mark.parametrize(("sw", "count"), [(0x6108, "8"), (0x6100, "256"), (0x6C12, "18"), (0x6C00, "256")])
def test_lengths_are_told_in_decimal(sw: int, count: str) -> None:
    assert all(count in text for text in meaning(sw))


@pytest.mark.parametrize("sw", [0x0000, 0x9001, 0x6FFF, 0xFFFF])
def test_the_unknown_is_called_unknown(sw: int) -> None:
    assert meaning(sw) == ("未知状态字", "unknown status word")


def test_every_status_has_a_text_of_its_own_in_both_languages() -> None:
    chinese = [zh for zh, _ in MEANINGS.values()]
    english = [en for _, en in MEANINGS.values()]
    assert len(set(chinese)) == len(chinese)
    assert len(set(english)) == len(english)
    assert all(text.isascii() for text in english)
    assert not any(text.isascii() for text in chinese)


@given(st.integers(0, 0xFFFF))
def test_every_number_has_a_meaning(sw: int) -> None:
    zh, en = meaning(sw)
    assert zh
    assert en
