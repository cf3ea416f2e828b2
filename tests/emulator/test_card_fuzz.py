"""Whatever comes over the wire: an answer, never an exception, no door open, no counter up except by rule."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard.apdu.exchange import Protocol
from sscard.emulator import SoftwareCard, image

HEADERS = [
    "00A40000", "00A40200", "00A40400", "00C00000", "00840000", "00880000", "00820004", "0082000A", "008200FF",
    "00200000", "805E0100", "84240000", "84240001", "00B20134", "00B2002C", "00B20135", "00DC012C", "04DC012C",
    "00B08700", "00D68700", "04D68700", "841E0001", "84160000", "80E00100", "80E00200", "80E00300", "80E10000",
    "00D40000", "84D40000", "84D40100", "B0280001",
]  # fmt: skip

whole = st.binary(max_size=300)
header = st.sampled_from(HEADERS).map(bytes.fromhex)
body = st.binary(max_size=40)
framed = st.builds(lambda head, data: head + bytes((len(data),)) + data, header, body)
mutated = st.builds(
    lambda apdu, place, value: apdu[: place % len(apdu)] + bytes((value,)) + apdu[place % len(apdu) + 1 :],
    framed,
    st.integers(0, 50),
    st.integers(0, 255),
)
known = st.sampled_from(
    [bytes.fromhex(text) for text in ("00A4000002DDF1", "00A4000002DF01", "00A4000000", "0084000008", "00B2013408")]
)
commands = st.lists(st.one_of(whole, framed, mutated, known, st.tuples(header, body).map(b"".join)), max_size=40)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def pattern():
    """A furnished card's image, with something to steal in every protected file."""
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    spec = spec_from_file_location("desk_for_fuzz", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    desk = module.Desk(SoftwareCard.blank(0x17))
    module.furnish(desk)
    for directory in desk.card.chip.root.walk():
        for ef in directory.files.values():
            if not ef.read.free and ef.record_length == 0:
                ef.records = [SECRET]
    desk.transport()
    desk.ok("80E0020000")
    return image.dump(desk.card)


SECRET = b"\x7a\x10" + bytes.fromhex("DEADBEEF5EC2E7D00DFEEDFACECAFE99")


def counters(card):
    found = [card.chip.transport_code.tries]
    for directory in card.chip.root.walk():
        found += [key.tries for key in directory.keys]
    return found


@relaxed
@given(sequence=commands, protocol=st.sampled_from(Protocol))
def test_every_command_has_an_answer_and_opens_nothing(pattern, sequence, protocol):
    card = image.load(pattern.replace('"protocol": "T0"', f'"protocol": "{protocol.name}"'))
    structure = card.directories()
    for apdu in sequence:
        before = counters(card)
        answer = card.transmit(apdu)
        assert isinstance(answer, bytes)
        assert 2 <= len(answer) <= 258
        assert answer[0] in (0x61, 0x63, 0x90, 0x93) or len(answer) > 2 or answer[0] >> 4 == 6
        assert SECRET not in answer
        for old, new in zip(before, counters(card), strict=True):
            assert new <= old
    assert card.directories() == structure


@relaxed
@given(sequence=commands)
def test_a_blank_card_with_the_transport_right_never_fails(sequence):
    card = SoftwareCard.blank(1)
    card.transmit(bytes.fromhex("80E0030008" + "FF" * 8))
    for apdu in sequence:
        assert len(card.transmit(apdu)) >= 2
    card.reset()
    text = image.dump(card)
    assert image.dump(image.load(text)) == text


@relaxed
@given(sequence=commands, cut=st.integers(0, 40))
def test_an_image_taken_at_any_reset_goes_on_the_same_way(pattern, sequence, cut):
    one = image.load(pattern)
    for apdu in sequence[:cut]:
        one.transmit(apdu)
    one.reset()
    two = image.load(image.dump(one))
    for apdu in sequence[cut:]:
        assert two.transmit(apdu) == one.transmit(apdu)
    one.reset()
    assert image.dump(two) == image.dump(one)


@relaxed
@given(
    edits=st.lists(st.tuples(st.integers(1, 255), st.integers(0, 7), st.binary(min_size=1, max_size=30)), max_size=30)
)
def test_a_record_file_never_holds_more_than_its_size(edits):
    card = SoftwareCard.blank(1)
    card.transmit(bytes.fromhex("80E0030008" + "FF" * 8))
    card.transmit(bytes.fromhex("80E0010010000000" + "0040EF05C6000500000000" + "0000"))
    ef = card.file("EF05")
    for p1, mode, value in edits:
        record = bytes((p1 or 1, len(value))) + value
        before = list(ef.records)
        answer = card.transmit(bytes((0, 0xDC, p1, 0x28 | mode, len(record))) + record)
        assert ef.used <= ef.size
        assert all(kept[1] == len(kept) - 2 for kept in ef.records)
        if answer != b"\x90\x00":
            assert ef.records == before
