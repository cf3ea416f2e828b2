"""Answers to reset: the parts, the rates, and what is not one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.atr import Atr, Interface
from sscard.apdu.exchange import Protocol
from sscard.errors import ProtocolError

CARD = bytes.fromhex("3B6D000000812611018699990100000017")


def test_the_social_security_form() -> None:
    atr = Atr.parse(CARD)
    assert atr.historical == bytes.fromhex("00812611018699990100000017")
    assert atr.card_factor == bytes.fromhex("8699990100000017")
    assert (atr.area, atr.serial) == ("9901", bytes.fromhex("00000017"))
    assert atr.protocols == (0,)
    assert atr.protocol is Protocol.T0
    assert atr.ta1 is None
    assert atr.is_social_security


@pytest.mark.parametrize(
    ("text", "protocols", "protocol", "historical"),
    [
        ("3B00", (0,), Protocol.T0, ""),
        ("3F00", (0,), Protocol.T0, ""),
        ("3B02AABB", (0,), Protocol.T0, "AABB"),
        ("3B8000", (0,), Protocol.T0, ""),
        ("3B800181", (1,), Protocol.T1, ""),
        ("3B80800101", (0, 1), Protocol.T1, ""),
        ("3B90118001F0", (0, 1), Protocol.T0, ""),
        ("3B8180014A4A", (0, 1), Protocol.T1, "4A"),
    ],
)
def test_protocols_and_lengths(text: str, protocols: tuple[int, ...], protocol: Protocol, historical: str) -> None:
    atr = Atr.parse(bytes.fromhex(text))
    assert atr.protocols == protocols
    assert atr.protocol is protocol
    assert atr.historical == bytes.fromhex(historical)


def test_an_interface_chain_over_three_levels() -> None:
    atr = Atr.parse(bytes.fromhex("3BF21800008131FE45AABB71"))
    assert atr.ta1 == 0x18
    assert atr.protocols == (1, 1)
    assert atr.protocol is Protocol.T1
    assert atr.historical == b"\xaa\xbb"


@pytest.mark.parametrize(
    ("ta1", "rate"),
    [
        (None, 4_000_000 // 372),
        (0x11, 4_000_000 // 372),
        (0x13, 4_000_000 * 4 // 372),
        (0x18, 4_000_000 * 12 // 372),
        (0x94, 4_000_000 * 8 // 512),
        (0x95, 4_000_000 * 16 // 512),
        (0x96, 125_000 * 2),
        (0x97, 500_000),
        (0x10, 4_000_000 // 372),
        (0x71, 4_000_000 // 372),
        (0xFF, 4_000_000 // 372),
    ],
)
def test_rates(ta1: int | None, rate: int) -> None:
    atr = Atr.parse(bytes.fromhex("3B00") if ta1 is None else bytes((0x3B, 0x10, ta1)))
    assert atr.bits_per_second == 10752
    assert atr.negotiable_bits_per_second == rate


def test_only_ta1_counts_for_the_rate() -> None:
    atr = Atr.parse(bytes.fromhex("3B801095"))
    assert atr.ta1 is None
    assert atr.negotiable_bits_per_second == atr.bits_per_second


@pytest.mark.parametrize("text", ["3B00", "3B6C0000" + "00" * 12, "3F6D0000" + "00" * 13])
def test_a_foreign_card_has_no_card_factor(text: str) -> None:
    atr = Atr.parse(bytes.fromhex(text))
    assert not atr.is_social_security
    with pytest.raises(ProtocolError) as raised:
        _ = atr.card_factor
    assert raised.value.key == "atr-foreign"


@pytest.mark.parametrize(
    "text",
    ["", "3B", "3A00", "6D0000", "3B01", "3B00AA", "3B10", "3B80", "3B8001", "3B6D0000AABB", "3B800100AA", "3B800000"],
)
def test_malformed(text: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        Atr.parse(bytes.fromhex(text))
    assert raised.value.key == "atr-form"


def test_more_than_33_bytes_are_no_atr() -> None:
    chain = bytes((0x3B, 0xF0)) + bytes((0, 0, 0, 0xF0)) * 6 + bytes((0, 0, 0, 0x70, 0, 0, 0))
    assert len(chain) == 33
    assert Atr.parse(chain).protocols == (0,) * 7
    longer = bytes((0x3B, 0xF0)) + bytes((0, 0, 0, 0xF0)) * 7 + bytes((0, 0, 0, 0x70, 0, 0, 0))
    with pytest.raises(ProtocolError):
        Atr.parse(longer)


@given(st.binary(max_size=40) | st.binary(max_size=34).map(lambda tail: b"\x3b" + tail))
def test_any_bytes_parse_or_are_refused(raw: bytes) -> None:
    try:
        atr = Atr.parse(raw)
    except ProtocolError:
        return
    assert atr.raw == raw
    assert len(atr.historical) == raw[1] & 0x0F
    assert atr.negotiable_bits_per_second > 0
    end = len(raw) - (1 if any(atr.protocols) else 0)
    assert raw[:end].endswith(atr.historical)


@given(
    levels=st.lists(st.tuples(*[st.none() | st.integers(0, 255)] * 3, st.integers(0, 15)), max_size=5),
    historical=st.binary(max_size=15),
    last=st.tuples(*[st.none() | st.integers(0, 255)] * 3),
)
def test_what_is_built_by_the_standard_is_read_back(
    levels: list[tuple[int | None, int | None, int | None, int]],
    historical: bytes,
    last: tuple[int | None, int | None, int | None],
) -> None:
    groups = [*((level[:3], level[3]) for level in levels), (last, None)]
    body = bytearray()
    low = len(historical)
    for characters, protocol in groups:
        flags = sum(1 << place for place, character in enumerate(characters) if character is not None)
        body.append((flags | (0 if protocol is None else 8)) << 4 | low)
        body += bytes(character for character in characters if character is not None)
        low = 0 if protocol is None else protocol
    body += historical
    announced = [protocol for _, protocol in groups if protocol is not None]
    if any(announced):
        check = 0
        for byte in body:
            check ^= byte
        body.append(check)
    raw = b"\x3b" + bytes(body)
    if len(raw) > 33:
        with pytest.raises(ProtocolError):
            Atr.parse(raw)
        return
    atr = Atr.parse(raw)
    assert atr.historical == historical
    assert atr.protocols == (tuple(announced) or (0,))
    assert atr.ta1 == groups[0][0][0]
    with pytest.raises(ProtocolError):
        Atr.parse(raw[:-1])


def test_the_atr_a_reader_makes_of_a_contactless_card() -> None:
    """PC/SC part 3: TS, T0, TD1 80, TD2 01, historical bytes, TCK; the card behind it speaks T=1."""
    atr = Atr.parse(bytes.fromhex("3B8D8001" + "00812611018699990100000017" + "28"))
    assert atr.interface is Interface.CONTACTLESS
    assert (atr.protocols, atr.protocol) == ((0, 1), Protocol.T1)
    assert atr.is_social_security
    assert atr.card_factor == Atr.parse(CARD).card_factor
    assert atr.bits_per_second == atr.negotiable_bits_per_second == 106_000


@pytest.mark.parametrize("text", ["3B6D0000" + "00" * 13, "3B800181", "3B90118001F0", "3F81800100" + "00"])
def test_other_atrs_are_contact(text: str) -> None:
    assert Atr.parse(bytes.fromhex(text)).interface is Interface.CONTACT
