"""The exchange, row by row of its table, for both protocols."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.command import Command, Response
from sscard.apdu.exchange import MAX_ROUNDS, Exchange, Protocol
from sscard.errors import CardMute, ProtocolError

CASE1 = Command(0x00, 0x20, 0x00, 0x00)
CASE2 = Command(0x00, 0xB2, 0x01, 0x2C, le=0x12)
CASE3 = Command(0x00, 0xDC, 0x01, 0x2C, b"\x03\x01\x31")
CASE4 = Command(0x00, 0xA4, 0x04, 0x00, b"sx1.sh", le=256)
BOTH = pytest.mark.parametrize("protocol", list(Protocol))


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def run(protocol: Protocol, command: Command, script: list[tuple[str, str]]) -> Response:
    """Play ``(bytes that must be sent, answer)`` pairs; the last answer must be final."""
    exchange = Exchange(protocol)
    step: bytes | Response = exchange.start(command)
    for number, (expected, answer) in enumerate(script):
        assert not isinstance(step, Response), f"ended before pair {number}"
        assert step.hex().upper() == expected.replace(" ", "")
        step = exchange.feed(h(answer))
    assert isinstance(step, Response), f"wants to send {step.hex()}"
    return step


@BOTH
@pytest.mark.parametrize("command", [CASE1, CASE2, CASE3], ids=["case1", "case2", "case3"])
def test_cases_without_both_data_and_le_go_as_they_are(protocol: Protocol, command: Command) -> None:
    assert Exchange(protocol).start(command) == bytes(command)


def test_t0_sends_case_4_without_its_le_and_t1_with_it() -> None:
    assert Exchange(Protocol.T0).start(CASE4) == bytes(CASE4)[:-1]
    assert Exchange(Protocol.T1).start(CASE4) == bytes(CASE4)


@pytest.mark.parametrize("size", [1, 127, 128, 255])
def test_t0_drops_le_for_every_length_of_data(size: int) -> None:
    command = Command(0x00, 0xA4, 4, 0, bytes(size), le=256)
    assert Exchange(Protocol.T0).start(command) == bytes((0, 0xA4, 4, 0, size)) + bytes(size)
    without = Command(0x00, 0xA4, 4, 0, bytes(size))
    assert Exchange(Protocol.T0).start(without) == bytes(without)


@BOTH
@pytest.mark.parametrize("sw", ["9000", "6982", "6A82", "63C2", "6283", "6B00"])
def test_other_status_words_are_final_with_their_data(protocol: Protocol, sw: str) -> None:
    response = run(protocol, CASE2, [("00B2012C12", "AABB" + sw)])
    assert (response.data, response.sw) == (h("AABB"), int(sw, 16))


def test_61_on_a_case_4_command_fetches_under_t0() -> None:
    answer = run(Protocol.T0, CASE4, [("00A4040006 7378312E7368", "6104"), ("00C0000004", "6F0284009000")])
    assert answer == h("6F0284009000")
    assert answer.ok


def test_61_on_a_case_4_command_fetches_under_t1_too() -> None:
    answer = run(Protocol.T1, CASE4, [("00A4040006 7378312E7368 00", "6102"), ("00C0000002", "AABB9000")])
    assert answer.data == h("AABB")


@BOTH
def test_61_on_a_case_2_command_fetches(protocol: Protocol) -> None:
    assert run(protocol, CASE2, [("00B2012C12", "6101"), ("00C0000001", "AA9000")]) == h("AA9000")


@BOTH
@pytest.mark.parametrize("command", [CASE1, CASE3], ids=["case1", "case3"])
def test_61_is_final_where_the_caller_wants_no_data(protocol: Protocol, command: Command) -> None:
    response = run(protocol, command, [(command.hex().upper(), "611E")])
    assert response.sw == 0x611E
    assert response.ok
    assert response.data == b""


@BOTH
def test_a_chain_collects_every_part_in_order(protocol: Protocol) -> None:
    script = [("00B2012C12", "6103"), ("00C0000003", "0102036102"), ("00C0000002", "04059000")]
    assert run(protocol, CASE2, script) == h("01020304059000")


def test_data_that_comes_with_61_is_kept() -> None:
    assert run(Protocol.T1, CASE2, [("00B2012C12", "AABB6101"), ("00C0000001", "CC9000")]) == h("AABBCC9000")


@BOTH
def test_6100_means_256_bytes(protocol: Protocol) -> None:
    body = bytes(range(256)).hex()
    response = run(protocol, CASE2, [("00B2012C12", "6100"), ("00C0000000", body + "6101"), ("00C0000001", "FF9000")])
    assert response.data == bytes(range(256)) + b"\xff"


@BOTH
def test_the_last_status_of_a_chain_is_the_one_seen(protocol: Protocol) -> None:
    response = run(protocol, CASE2, [("00B2012C12", "6102"), ("00C0000002", "AABB6281")])
    assert (response.data, response.sw) == (h("AABB"), 0x6281)


@BOTH
def test_get_response_failing_after_data_keeps_data_and_status(protocol: Protocol) -> None:
    response = run(protocol, CASE2, [("00B2012C12", "6102"), ("00C0000002", "AABB6101"), ("00C0000001", "6F00")])
    assert (response.data, response.sw) == (h("AABB"), 0x6F00)


@BOTH
def test_6c_repeats_a_case_2_command_once_with_the_right_le(protocol: Protocol) -> None:
    assert run(protocol, CASE2, [("00B2012C12", "6C06"), ("00B2012C06", "0102030405069000")]).data == bytes(range(1, 7))


@BOTH
def test_6c_again_is_final(protocol: Protocol) -> None:
    assert run(protocol, CASE2, [("00B2012C12", "6C06"), ("00B2012C06", "6C08")]).sw == 0x6C08


@BOTH
def test_6c00_asks_for_256(protocol: Protocol) -> None:
    script = [("00B2012C12", "6C00"), ("00B2012C00", bytes(256).hex() + "9000")]
    assert run(protocol, CASE2, script).data == bytes(256)


def test_6c_repeats_a_case_4_command_under_t1() -> None:
    script = [("00A4040006 7378312E7368 00", "6C02"), ("00A4040006 7378312E7368 02", "AABB9000")]
    assert run(Protocol.T1, CASE4, script).data == h("AABB")


def test_6c_is_final_for_a_case_4_command_under_t0_which_went_without_le() -> None:
    assert run(Protocol.T0, CASE4, [("00A4040006 7378312E7368", "6C02")]).sw == 0x6C02


@BOTH
@pytest.mark.parametrize("command", [CASE1, CASE3], ids=["case1", "case3"])
def test_6c_is_final_where_no_le_was_sent(protocol: Protocol, command: Command) -> None:
    assert run(protocol, command, [(command.hex().upper(), "6C10")]).sw == 0x6C10


@BOTH
def test_6c_on_get_response_corrects_the_get_response(protocol: Protocol) -> None:
    script = [("00B2012C12", "6100"), ("00C0000000", "6C02"), ("00C0000002", "AABB9000")]
    assert run(protocol, CASE2, script).data == h("AABB")


@BOTH
def test_6c_on_a_later_get_response_keeps_what_was_collected(protocol: Protocol) -> None:
    script = [
        ("00B2012C12", "6101"),
        ("00C0000001", "AA6100"),
        ("00C0000000", "6C02"),
        ("00C0000002", "BBCC9000"),
    ]
    assert run(protocol, CASE2, script).data == h("AABBCC")


@BOTH
def test_command_and_get_response_may_each_be_corrected_once(protocol: Protocol) -> None:
    script = [
        ("00B2012C12", "6C04"),
        ("00B2012C04", "6100"),
        ("00C0000000", "6C01"),
        ("00C0000001", "AA9000"),
    ]
    assert run(protocol, CASE2, script).data == h("AA")


@BOTH
def test_6c_twice_on_get_response_is_final(protocol: Protocol) -> None:
    script = [("00B2012C12", "6100"), ("00C0000000", "6C02"), ("00C0000002", "6C03")]
    assert run(protocol, CASE2, script).sw == 0x6C03


@pytest.mark.parametrize(("cla", "fetch"), [(0x00, 0x00), (0x01, 0x01), (0x84, 0x00), (0xB0, 0x00), (0x83, 0x03)])
def test_get_response_goes_on_the_logical_channel_in_interindustry_class(cla: int, fetch: int) -> None:
    exchange = Exchange(Protocol.T1)
    exchange.start(Command(cla, 0xB2, 1, 4, le=1))
    assert exchange.feed(h("6102")) == bytes((fetch, 0xC0, 0, 0, 2))


@BOTH
def test_an_endless_card_is_stopped(protocol: Protocol) -> None:
    exchange = Exchange(protocol)
    exchange.start(CASE2)
    for _ in range(MAX_ROUNDS):
        assert exchange.feed(h("AA6101")) == h("00C0000001")
    with pytest.raises(ProtocolError) as raised:
        exchange.feed(h("AA6101"))
    assert raised.value.key == "endless-answer"


@BOTH
@pytest.mark.parametrize("answer", ["", "90"])
def test_an_answer_without_status_word_is_a_mute_card(protocol: Protocol, answer: str) -> None:
    exchange = Exchange(protocol)
    exchange.start(CASE2)
    with pytest.raises(CardMute):
        exchange.feed(h(answer))


@BOTH
def test_a_new_command_starts_clean_after_a_broken_one(protocol: Protocol) -> None:
    exchange = Exchange(protocol)
    exchange.start(CASE2)
    exchange.feed(h("AABB6101"))
    with pytest.raises(CardMute):
        exchange.feed(b"")
    assert exchange.start(CASE2) == bytes(CASE2)
    assert exchange.feed(h("6C06")) == h("00B2012C06")
    assert exchange.feed(h("CC9000")) == h("CC9000")


@given(st.binary(min_size=1, max_size=700), st.integers(1, 256), st.sampled_from(list(Protocol)))
def test_any_answer_in_any_portions_comes_back_whole(data: bytes, portion: int, protocol: Protocol) -> None:
    exchange = Exchange(protocol)
    sent: bytes | Response = exchange.start(CASE4)
    rest, rounds = data, 0
    answer = b"\x61" + bytes((min(portion, len(rest)) & 0xFF,))
    while True:
        sent = exchange.feed(answer)
        if isinstance(sent, Response):
            break
        rounds += 1
        if rounds > MAX_ROUNDS - 1:
            return
        le = sent[4] or 256
        part, rest = rest[:le], rest[le:]
        answer = part + (b"\x61" + bytes((min(portion, len(rest)) & 0xFF,)) if rest else b"\x90\x00")
    assert sent.data == data
    assert sent.sw == 0x9000


@given(st.lists(st.binary(min_size=2, max_size=6), min_size=1, max_size=200), st.sampled_from(list(Protocol)))
def test_whatever_the_card_says_the_exchange_ends_or_raises(answers: list[bytes], protocol: Protocol) -> None:
    exchange = Exchange(protocol)
    exchange.start(CASE4)
    sends = 0
    for answer in answers:
        try:
            step = exchange.feed(answer)
        except ProtocolError:
            return
        if isinstance(step, Response):
            assert step[-2:] == answer[-2:]
            return
        sends += 1
        assert 5 <= len(step) <= len(CASE4)
    assert sends <= 2 * MAX_ROUNDS + 1
