"""Edges of challenges, PINs and ciphers that mutants of the card's code had got past the other tests."""

from __future__ import annotations

import pytest

from sscard.emulator import secure
from sscard.emulator.words import MAC_WRONG, Refusal
from sscard.keys.family import CARD_ALGORITHMS, Algorithm, family_of

SM4, DES = family_of(Algorithm.SM4), family_of(Algorithm.DES)
KEY = bytes(range(16))


@pytest.mark.parametrize("apdu", ["00840000", "0084000007", "0084000000", "00840000080102030405060708", "008400000800"])
def test_a_challenge_has_4_8_or_16_bytes(desk, apdu):
    assert desk.send(apdu) == "6700"
    assert len(desk.challenge(16)) == 16


def test_verify_takes_no_parameter(desk):
    desk.enter(desk.ssse)
    for wrong in ("0020000103123456", "0020010003123456"):
        assert desk.send(wrong) == "6A86"
    assert desk.verify() == "9000"


def test_the_longest_pin_is_changed(desk):
    desk.enter(desk.ssse)
    longest = "1234567890123456"
    desk.ok(f"805E01000C123456FF{longest}")
    assert desk.verify(longest) == "9000"
    desk.ok(f"805E01000C{longest}FF123456")
    assert desk.verify() == "9000"


def test_only_the_last_half_byte_of_a_new_pin_may_be_filling(desk):
    desk.enter(desk.ssse)
    assert desk.send("805E010007123456FF1234AF") == "6A80"
    assert desk.send("805E010007123456FF1234FF") == "6A80"
    assert desk.send("805E010007123456FF12345F") == "9000"


@pytest.mark.parametrize("size", [1, 8, 12, 19, 21, 28, 36, 37, 52])
def test_a_reload_brings_the_mac_and_at_most_one_block(desk, size):
    desk.enter(desk.ssse)
    assert desk.send(f"84240001{size:02X}" + "00" * size) == "6700"


@pytest.mark.parametrize("size", [4, 20])
def test_a_reload_of_a_possible_size_is_looked_at(desk, size):
    desk.enter(desk.ssse)
    assert desk.send(f"84240001{size:02X}" + "00" * size) == "6982"


def test_a_card_without_puk_unblocks_nothing(blank):
    assert blank.transport() == "9000"
    assert blank.create_df(0xDDF1, 1, blank.ssse) == "9000"
    assert blank.write_pin() == "9000"
    assert blank.send("8424000004" + "00" * 4) == "6A88"


@pytest.mark.parametrize("family", [SM4, DES], ids=["SM4", "DES"])
def test_a_cipher_is_whole_and_padded_as_it_must_be(family):
    block = family.block
    right = family.encrypt(KEY, b"\x03abc\x80".ljust(block, b"\0"))
    assert secure.decipher(family, KEY, right) == b"abc"
    for plain in (b"\x03abc\x81", b"\x03abc", b"\x03abc\x80\x01", b"\x03abc\x80".ljust(block, b"\0") + b"\x80"):
        with pytest.raises(Refusal) as caught:
            secure.decipher(family, KEY, family.encrypt(KEY, plain.ljust(-(-len(plain) // block) * block, b"\0")))
        assert caught.value.word == MAC_WRONG
    for cut in (right[:-1], right + b"\0"):
        with pytest.raises(Refusal) as caught:
            secure.decipher(family, KEY, cut)
        assert caught.value.word == MAC_WRONG


def test_the_numbers_of_the_algorithms_in_an_fci():
    assert {algorithm.name: algorithm.fci_id for algorithm in Algorithm if algorithm.name in CARD_ALGORITHMS} == {
        "DES": 1,
        "SSF33": 2,
        "SM4": 3,
        "SM1": None,
    }
