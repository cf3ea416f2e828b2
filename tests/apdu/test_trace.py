"""Traces: what they tell, what they never tell, and that they play again."""

from __future__ import annotations

import io
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu import Channel, Command
from sscard.apdu.commands import KINDS, Trait
from sscard.apdu.trace import ReplayTransport, Trace
from sscard.errors import ProtocolError

ATR = bytes.fromhex("3B6D000000812611018699990100000017")
KEY = bytes.fromhex("C0FFEE00112233445566778899AABBCC")
PIN = b"\x12\x34\x56"
NAME = "测试甲".encode("gb18030")
OK = b"\x90\x00"


class Clock:
    """Goes on by 12.34 ms at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.01234
        return self.now


def written(*pairs: tuple[bytes, bytes], show_person: bool = False) -> str:
    out = io.StringIO()
    trace = Trace(out, ATR, show_person=show_person, clock=Clock())
    for command, answer in pairs:
        trace(command, answer)
    return out.getvalue()


def played(path: Path, text: str) -> ReplayTransport:
    file = path / "session.trace"
    file.write_text(text, "utf-8")
    return ReplayTransport(file)


def shows(text: str, secret: bytes) -> bool:
    """Whether ``secret`` stands in the trace in any spelling of its bytes."""
    return secret.hex() in re.sub(r"[^0-9a-f]", "", text.lower())


def test_a_trace_reads_like_a_protocol() -> None:
    text = written((Command(0, 0x84, le=8), bytes(8) + OK))
    assert text == (
        "# sscard trace 1\n"
        "# ATR: 3B 6D 00 00 00 81 26 11 01 86 99 99 01 00 00 00 17\n"
        "# protocol: T=0\n"
        "→ 00 84 00 00 08                 ; GET CHALLENGE 取随机数\n"
        "← 00 00 00 00 00 00 00 00 90 00  ; 12.3 ms\n"
    )


def test_an_exchange_without_secrets_is_shown_whole() -> None:
    text = written((Command(0, 0xA4, 4, 0, b"sx1.sh.", le=0x20), b"\x6f\x02\x84\x00" + OK))
    assert shows(text, b"sx1.sh.")
    assert "6F 02 84 00 90 00" in text
    assert "**" not in text


@pytest.mark.parametrize(
    "command",
    [
        Command(0x00, 0x20, 0, 0, PIN),
        Command(0x00, 0x5E, 1, 0, PIN + b"\xff" + PIN),
        Command(0x80, 0x24, 0, 0, PIN),
        Command(0x00, 0xD4, 0, 0, KEY),
        Command(0x84, 0xD4, 1, 0, KEY),
        Command(0x80, 0xE0, 3, 0, KEY),
        Command(0x00, 0x82, 0, 0x0A, KEY),
        Command(0x00, 0x88, 0, 0x0A, KEY, le=8),
        Command(0x90, 0x77, 0, 0, KEY),
        bytes((0x00, 0x20, 0, 0, 9)) + PIN,
    ],
)
@pytest.mark.parametrize("show_person", [False, True])
def test_keys_pins_and_what_is_unknown_never_show(command: bytes, show_person: bool) -> None:
    text = written((command, KEY + OK), show_person=show_person)
    assert not shows(text, KEY)
    assert not shows(text, PIN)
    assert f"→ {command[:4].hex(' ').upper()}" in text
    assert re.search(r"^← (\*\* ){16}90 00", text, re.MULTILINE)


SECRET_KINDS = [kind for kind in KINDS if Trait.SECRET in kind.traits]


@given(
    kind=st.sampled_from(SECRET_KINDS),
    secret=st.binary(min_size=4, max_size=255),
    le=st.none() | st.integers(1, 256),
    show_person=st.booleans(),
)
def test_no_secret_command_shows_its_data(kind: object, secret: bytes, le: int | None, show_person: bool) -> None:
    assert hasattr(kind, "ins")
    command = Command(kind.cla or 0, kind.ins, kind.p1 or 0, 0, secret, le)
    chained = (bytes((0, 0xC0, 0, 0, len(secret) & 0xFF)), secret + OK)
    text = written((command, b"\x61" + bytes((len(secret) & 0xFF,))), chained, show_person=show_person)
    data_lines = [line.partition(";")[0] for line in text.splitlines()[3:]]
    hidden = [line.count("**") for line in data_lines]
    assert hidden == [len(secret), 0, 0, len(secret)]
    assert data_lines[0].split()[1:5] == command[:4].hex(" ").upper().split()


def test_a_person_shows_tag_and_length_only() -> None:
    item = b"\x09" + bytes((len(NAME),)) + NAME
    pairs = [
        (Command(0, 0xB2, 9, 0x30, le=8), item + OK),
        (Command(0, 0xDC, 9, 0x30, item), OK),
        (Command(4, 0xDC, 9, 0x30, item + b"\x01\x02\x03\x04"), OK),
        (Command(0, 0xB2, 9, 0x30, le=20), b"\x61\x08"),
        (bytes.fromhex("00C0000008"), item + OK),
    ]
    masked = written(*pairs)
    assert not shows(masked, NAME[:2])
    assert masked.count("09 06 ** ** ** ** ** **") == 4
    assert written(*pairs, show_person=True).count("09 06 B2 E2 CA D4 BC D7") == 4


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Command(0, 0xB0, 0x85, 0, le=8), b"\x20\x06" + NAME + OK),
        (Command(0, 0xD6, 0x85, 0, b"\x20\x06" + NAME), OK),
        (Command(0, 0xB2, 1, 0x34, le=6), NAME + OK),
    ],
)
def test_a_person_without_an_item_around_shows_nothing(command: bytes, answer: bytes) -> None:
    text = written((command, answer))
    assert not shows(text, NAME[:2])
    assert "20 06" not in text


def test_get_response_without_its_command_shows_nothing() -> None:
    assert not shows(written((bytes.fromhex("00C0000010"), KEY + OK), show_person=True), KEY[:2])


def test_a_reset_ends_the_claim_of_the_command_before() -> None:
    out = io.StringIO()
    trace = Trace(out, ATR, clock=Clock())
    trace(Command(0, 0xA4, 0, 0, b"\x3f\x00"), b"\x61\x10")
    trace.reset(ATR)
    trace(bytes.fromhex("00C0000010"), KEY + OK)
    assert not shows(out.getvalue(), KEY[:2])


def test_a_trace_file_is_its_owners_alone_and_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "a.trace"
    trace = Trace.to_file(file, ATR)
    trace(Command(0, 0x84, le=4), bytes(4) + OK)
    assert file.read_text("utf-8").count("→") == 1, "each exchange must be on disk at once"
    trace.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        Trace.to_file(file, ATR)


PAIRS = (
    (Command(0, 0xA4, 4, 0, b"sx1.sh."), b"\x61\x04"),
    (bytes.fromhex("00C0000004"), b"\x6f\x02\x84\x00" + OK),
    (Command(0, 0x20, 0, 0, PIN), OK),
    (Command(0, 0xB2, 9, 0x30, le=8), b"\x09\x06" + NAME + OK),
)


def test_a_trace_plays_again_as_a_card(tmp_path: Path) -> None:
    card = played(tmp_path, written(*PAIRS))
    channel = Channel(card)
    assert channel.atr.raw == ATR
    assert channel.call(Command(0, 0xA4, 4, 0, b"sx1.sh.", le=256)) == b"\x6f\x02\x84\x00"
    assert channel.call(Command(0, 0x20, 0, 0, b"\x99\x99\x99")) == b"", "a hidden byte fits any"
    assert not card.finished
    assert channel.call(Command(0, 0xB2, 9, 0x30, le=8)) == b"\x09\x06******"
    assert card.finished
    with pytest.raises(ProtocolError, match="TRACE-END"):
        channel.call(Command(0, 0x84, le=4))


@given(st.lists(st.tuples(st.binary(min_size=0, max_size=12), st.binary(max_size=20)), max_size=6))
def test_whatever_is_not_hidden_plays_again_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[bytes, bytes]]
) -> None:
    pairs = [(Command(0, 0xA4, 0, 0, data), answer + OK) for data, answer in parts]
    card = played(tmp_path_factory.mktemp("trace"), written(*pairs))
    assert [card.transmit(command) for command, _ in pairs] == [answer for _, answer in pairs]
    assert card.finished


@pytest.mark.parametrize(
    "command",
    [
        Command(0, 0xA4, 4, 0, b"sx1.sh?"),
        Command(0, 0xA4, 0, 0, b"sx1.sh."),
        Command(0, 0xA4, 4, 0, b"sx1.sh.", le=256),
        Command(0, 0x20, 0, 0, PIN),
    ],
)
def test_another_command_than_the_recorded_one_is_refused(tmp_path: Path, command: Command) -> None:
    card = played(tmp_path, written(*PAIRS))
    with pytest.raises(ProtocolError, match="TRACE-DIFFERS") as caught:
        card.transmit(command)
    assert not shows(str(caught.value), PIN)
    assert card.transmit(PAIRS[0][0]) == PAIRS[0][1], "a refused command must not count"


def test_resets_are_played_in_their_place(tmp_path: Path) -> None:
    out = io.StringIO()
    trace = Trace(out, ATR, clock=Clock())
    trace(*PAIRS[0])
    trace.reset(ATR[:-1] + b"\x05")
    trace(*PAIRS[0])
    card = played(tmp_path, out.getvalue())
    with pytest.raises(ProtocolError, match="TRACE-DIFFERS"):
        card.reset()
    card.transmit(PAIRS[0][0])
    with pytest.raises(ProtocolError, match="TRACE-DIFFERS"):
        card.transmit(PAIRS[0][0])
    assert card.reset() == card.atr == ATR[:-1] + b"\x05"
    card.transmit(PAIRS[0][0])
    assert card.finished


def test_a_trace_without_resets_allows_them(tmp_path: Path) -> None:
    card = played(tmp_path, written(*PAIRS))
    assert card.reset() == ATR
    assert card.transmit(PAIRS[0][0]) == PAIRS[0][1]


GOOD = "# sscard trace 1\n# ATR: 3B 00\n→ 00 84 00 00 04\n← 90 00\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("# some other file\n", 1),
        ("# sscard trace 1\n", 1),
        ("# sscard trace 1\n→ 00\n", 2),
        (GOOD + "→ 00 84\n", 5),
        (GOOD + "← 90 00\n", 5),
        (GOOD + "→ 00 84\n→ 00 84\n", 6),
        (GOOD + "→ 00 84\n# reset: 3B 00\n", 6),
        (GOOD + "→ 0084\n← 90 00\n", 5),
        (GOOD + "→ 00 8\n← 90 00\n", 5),
        (GOOD + "→ 00 zz\n← 90 00\n", 5),
        (GOOD + "9000\n", 5),
    ],
)
def test_a_file_that_is_no_trace_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    assert played(tmp_path, GOOD).transmit(bytes.fromhex("0084000004")) == OK
    with pytest.raises(ProtocolError) as caught:
        played(tmp_path, text)
    assert caught.value.key == "trace-form"
    assert caught.value.fields["line"] == line
