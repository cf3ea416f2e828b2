"""Texts of the terminal driver interface: what is tolerated, what is refused; examples are in vectors/driver.json."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.atr import historical_of_ats
from sscard.apdu.command import Command
from sscard.emulator.answers import answer_to_select
from sscard.errors import ProtocolError, UsageError
from sscard.terminal.driver import (
    BasicAnswer,
    FileAddress,
    ItemAddress,
    address_text,
    error_number,
    parse_address,
    pin_command,
    pin_request,
)

ITEMS = st.builds(
    ItemAddress,
    st.integers(0, 255).map(lambda tag: f"{tag:02X}"),
    st.none() | st.integers(1, 99),
)
FILES = st.builds(
    FileAddress,
    st.sampled_from(["SSSE", "DF01", "DF0A"]),
    st.integers(0, 255).map(lambda number: f"EF{number:02X}"),
    st.lists(ITEMS, max_size=4).map(tuple),
)


@given(st.lists(FILES, min_size=1, max_size=4).map(tuple))
def test_addresses_survive_the_way(files: tuple[FileAddress, ...]) -> None:
    assert parse_address(address_text(files)) == files
    assert parse_address(address_text(files).removesuffix("$")) == files


def test_what_the_field_writes_is_understood() -> None:
    record = (FileAddress("DF02", "EF07", (ItemAddress("01"),)),)
    assert parse_address("DF02EF07:01$") == parse_address("DF02EF07|01|$") == record
    assert parse_address("MFEF05|07|") == (FileAddress("SSSE", "EF05", (ItemAddress("07"),)),)


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 1), ("$", 1), ("DF01", 1), ("SSSEEF05|07|$DF1EF05|$", 2), ("SSSEEF05|0x7|$", 1), ("SSSEEF05||07|$", 1)],
)
def test_what_cannot_be_meant_is_refused_by_number(text: str, number: int) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert (caught.value.key, caught.value.fields["number"]) == ("driver-address", number)


@pytest.mark.parametrize("text", ["", "00|", "0" * 32 + "|" + "1" * 30 + "|", "x" * 32, "|".join(["0" * 32] * 3)])
def test_answers_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        BasicAnswer.parse(text, 0x0A)
    assert caught.value.key == "driver-answer"


def test_a_card_that_wants_no_key_gets_no_command() -> None:
    answer = BasicAnswer.parse("04AAF61E96BCC3170F1E2D3C4B5A6978||", 0x0A)
    assert (answer.internal.hex(), answer.external) == ("04aaf61e96bcc317", None)


def test_unblocking_brings_a_mac_alone() -> None:
    assert pin_command("842400000418BB06C7") == Command(0x84, 0x24, 0x00, 0x00, bytes.fromhex("18BB06C7"))
    text = pin_request(3, 0x0173, bytes(8), bytes.fromhex("8424000004"))
    assert text.reveal() == b"03|0173|0000000000000000|8424000004||"
    assert "0173" not in repr(text)


@pytest.mark.parametrize("text", ["", "8424000004", "84240000051122334455", "002400000418BB06C7", "zz"])
def test_a_pin_answer_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        pin_command(text)


@given(st.binary(max_size=15))
def test_what_is_built_as_an_ats_is_read_as_one(historical: bytes) -> None:
    assert historical_of_ats(answer_to_select(historical)) == historical


@pytest.mark.parametrize("ats", ["", "02", "0378", "0578808002AA"])
def test_what_is_no_ats_is_refused(ats: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        historical_of_ats(bytes.fromhex(ats))
    assert caught.value.key == "ats-form"
    assert historical_of_ats(b"\x01") == b""


def test_numbers_are_the_negative_of_the_word() -> None:
    assert error_number(0x63C1) == -25537
