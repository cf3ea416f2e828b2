"""Building and reading APDUs at the length boundaries; responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.command import Command, Response
from sscard.errors import ProtocolError

BYTE = st.integers(0, 255)


@pytest.mark.parametrize("size", [1, 127, 128, 254, 255])
def test_data_of_every_short_length_is_carried(size: int) -> None:
    data = bytes(size)
    command = Command(0x00, 0xDC, 1, 2, data)
    assert bytes(command) == bytes((0x00, 0xDC, 1, 2, size)) + data
    assert (command.data, command.le) == (data, None)


def test_no_data_leaves_lc_out() -> None:
    assert bytes(Command(0x80, 0xE0, 2, 0)) == b"\x80\xe0\x02\x00"
    assert bytes(Command(0x80, 0xE0, 2, 0, b"")) == b"\x80\xe0\x02\x00"


def test_256_bytes_of_data_are_refused() -> None:
    with pytest.raises(ProtocolError) as raised:
        Command(0x00, 0xDC, 0, 0, bytes(256))
    assert raised.value.key == "apdu-too-long"
    assert raised.value.fields == {"length": 256}


@pytest.mark.parametrize(("le", "sent"), [(1, 1), (127, 127), (128, 128), (254, 254), (255, 255), (256, 0)])
def test_le_with_and_without_data(le: int, sent: int) -> None:
    assert bytes(Command(0x00, 0xB2, 1, 4, le=le)) == bytes((0x00, 0xB2, 1, 4, sent))
    assert bytes(Command(0x00, 0x88, 0, 0, b"\xaa", le=le)) == bytes((0x00, 0x88, 0, 0, 1, 0xAA, sent))
    assert Command(0x00, 0xB2, 1, 4, le=le).le == le
    assert Command(0x00, 0x88, 0, 0, b"\xaa", le=le).le == le


@pytest.mark.parametrize("le", [0, -1, 257, 65536])
@pytest.mark.parametrize("data", [b"", b"\xaa"])
def test_an_le_outside_1_to_256_is_refused(le: int, data: bytes) -> None:
    with pytest.raises(ProtocolError) as raised:
        Command(0x00, 0xB2, 1, 4, data, le=le)
    assert raised.value.key == "apdu-le"


def test_full_data_and_full_le() -> None:
    command = Command(0x00, 0x88, 0, 0, bytes(255), le=256)
    assert len(command) == 261
    assert (len(command.data), command.le) == (255, 256)


@given(BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.none() | st.integers(1, 256))
def test_parts_survive_building_and_parsing(cla: int, ins: int, p1: int, p2: int, data: bytes, le: int | None) -> None:
    built = Command(cla, ins, p1, p2, data, le)
    for command in (built, Command.parse(bytes(built))):
        assert (command.cla, command.ins, command.p1, command.p2, command.data, command.le) == (
            *(cla, ins, p1, p2),
            data,
            le,
        )
    assert isinstance(Command.parse(bytes(built)), Command)


@given(st.binary(max_size=300))
def test_parse_takes_exactly_the_short_forms(raw: bytes) -> None:
    size = len(raw)
    lawful = size in (4, 5) or (size > 5 and raw[4] > 0 and size in (5 + raw[4], 6 + raw[4]))
    if lawful:
        command = Command.parse(raw)
        assert bytes(command) == raw
        again = Command(command.cla, command.ins, command.p1, command.p2, command.data, command.le)
        assert bytes(again) == raw
    else:
        with pytest.raises(ProtocolError) as raised:
            Command.parse(raw)
        assert raised.value.key == "apdu-form"


@pytest.mark.parametrize("text", ["", "00", "00A404", "00A4040003AABB", "00A4040001AABBCC", "00A40400000102"])
def test_parse_refuses_what_does_not_add_up(text: str) -> None:
    with pytest.raises(ProtocolError):
        Command.parse(bytes.fromhex(text))


def test_a_shown_command_does_not_show_its_data() -> None:
    shown = repr(Command(0x00, 0x20, 0, 0, b"\x12\x34\x56"))
    assert shown == "Command(00 20 00 00, 3 bytes, le=None)"


@pytest.mark.parametrize(
    ("raw", "ok"),
    [("9000", True), ("AA9000", True), ("6110", True), ("6100", True), ("AA6102", True)]
    + [
        (sw, False)
        for sw in ("6C10", "6283", "63C3", "6581", "6700", "6982", "6A82", "6F00", "9001", "9302", "90006982")
    ],
)
def test_ok_is_success_or_waiting_data(raw: str, ok: bool) -> None:
    assert Response(bytes.fromhex(raw)).ok is ok


def test_a_response_gives_data_and_status_and_hides_the_data() -> None:
    response = Response(bytes.fromhex("DEADBEEF63C1"))
    assert response.data == bytes.fromhex("DEADBEEF")
    assert response.sw == 0x63C1
    assert repr(response) == "Response(4 bytes, 63C1)"
