"""BER-TLV: shapes of ISO 7816, garbage, and round trips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu import tlv
from sscard.errors import ProtocolError

FCI = bytes.fromhex("6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C03860103")


def test_a_real_fci() -> None:
    assert tlv.find(FCI, 0x6F, 0x84) == bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
    assert tlv.find(FCI, 0x6F, 0xA5, 0x88) == b"\x1e"
    assert tlv.find(FCI, 0x6F, 0xA5, 0x9F0C, 0x86) == b"\x03"
    assert tlv.find(FCI, 0x6F, 0xA5, 0x50) is None
    assert tlv.find(FCI, 0x70) is None


@pytest.mark.parametrize(
    "damaged", ["84", "8405AB", "9F", "9F0C", "848", "84FF00", "8480", "8485AABBCCDDEE00", "8182", "84830001"]
)
def test_what_is_no_whole_object_is_refused_but_never_found_wrong(damaged: str) -> None:
    raw = bytes.fromhex(damaged if len(damaged) % 2 == 0 else damaged + "1")
    with pytest.raises(ProtocolError, match="TLV-FORM"):
        tlv.parse(raw)
    assert tlv.find(raw, 0x84) is None
    assert tlv.find(tlv.build(0x50, b"A") + raw, 0x50) == b"A"


def test_padding_between_objects() -> None:
    assert tlv.parse(bytes.fromhex("000050014100FF51014200")) == ((0x50, b"A"), (0x51, b"B"))


@pytest.mark.parametrize(("size", "length"), [(0, "00"), (127, "7F"), (128, "8180"), (255, "81FF"), (256, "820100")])
def test_lengths(size: int, length: str) -> None:
    built = tlv.build(0x70, bytes(size))
    assert built[1 : 1 + len(length) // 2].hex().upper() == length
    assert tlv.parse(built) == ((0x70, bytes(size)),)


TAGS = st.sampled_from((0x4F, 0x50, 0x61, 0x84, 0x9F0C, 0xBF0C, 0x5F50, 0xDF8101))


@given(st.lists(st.tuples(TAGS, st.binary(max_size=300)), max_size=5))
def test_round_trip(objects: list[tuple[int, bytes]]) -> None:
    run = b"".join(tlv.build(tag, value) for tag, value in objects)
    assert list(tlv.parse(run)) == objects
    assert tlv.parse(tlv.build(0x6F, run)) == ((0x6F, run),)


@given(st.binary(max_size=60), st.lists(TAGS, min_size=1, max_size=3))
def test_garbage_never_raises_in_find(raw: bytes, path: list[int]) -> None:
    found = tlv.find(raw, *path)
    assert found is None or found in raw
