"""The PC/SC transport and slot over a real pcscd with virtual readers."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from sscard.apdu.pcsc import PcscSlot, PcscTransport, find_reader, list_readers
from sscard.errors import (
    CardMissing,
    CardMute,
    CardRemoved,
    ProtocolError,
    ReaderLost,
    ReaderMissing,
    ServiceMissing,
    TransportError,
)

ATR_A = bytes.fromhex("3B6D000000812611018699990100000001")
ATR_B = bytes.fromhex("3B6D000000812611018699990100000002")
ATR_T1 = bytes.fromhex("3B800181")
PutCard = Callable[..., Any]


def test_readers_and_their_cards_are_listed(pcscd: Any, card_in: PutCard) -> None:
    card_in(1)
    states = {state.name: state for state in list_readers()}
    assert tuple(states) == pcscd.readers
    assert [state.present for state in states.values()] == [False, True, False, False]
    assert states[pcscd.readers[1]].atr == ATR_A
    assert states[pcscd.readers[0]].atr == b""


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("Virtual PCD 1 00 01", "Virtual PCD 1 00 01"),
        ("pcd 1 00 00", "Virtual PCD 1 00 00"),
        ("re:0 00 01$", "Virtual PCD 0 00 01"),
    ],
)
def test_a_reader_is_found_by_name_part_or_expression(pcscd: Any, pattern: str, found: str) -> None:
    assert find_reader(pattern) == found


@pytest.mark.parametrize(
    ("pattern", "key"),
    [(None, "reader-which"), ("PCD 1", "reader-which"), ("Gemalto", "reader-unknown"), ("re:[", "reader-pattern")],
)
def test_a_reader_that_is_not_clear_is_refused(pcscd: Any, pattern: str | None, key: str) -> None:
    with pytest.raises(ReaderMissing) as caught:
        find_reader(pattern)
    assert caught.value.key == key
    if key == "reader-which":
        assert "Virtual PCD 1 00 01" in str(caught.value)


def test_bytes_go_to_the_card_and_back(card_in: PutCard) -> None:
    card = card_in()
    card.answer = lambda apdu: apdu[::-1] + b"\x90\x00"
    transport = PcscTransport(card.reader)
    assert (transport.name, transport.atr) == (card.reader, ATR_A)
    for size in (0, 1, 127, 128, 250):
        apdu = bytes((0, 0xD6, 0, 0, size)) + bytes(range(size))
        assert transport.transmit(apdu) == apdu[::-1] + b"\x90\x00"
    transport.close()
    transport.close()


def test_the_protocol_is_the_one_of_the_atr(card_in: PutCard) -> None:
    card = card_in(insert=False)
    card.atr = ATR_T1
    card.insert()
    transport = PcscTransport(card.reader)
    assert transport.transmit(b"\0\x84\0\0") == b"\0\0\x90\0"
    transport.close()


def test_the_wire_is_not_slowed_by_delayed_acknowledgements(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        transport.transmit(b"\0\x84\0\0\x08")
        times.append(time.perf_counter() - start)
    transport.close()
    assert statistics.median(times) < 0.02, "a delayed acknowledgement costs 44 ms"


def test_too_short_a_command_never_reaches_the_reader(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)
    for apdu in (b"", b"\x04", b"\0\x84\0"):
        with pytest.raises(ProtocolError):
            transport.transmit(apdu)
    assert card.seen == []
    assert transport.transmit(b"\0\x84\0\0") == b"\0\0\x90\0"
    transport.close()


def test_reset_reaches_the_card_and_tells_its_atr(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)
    before = card.controls.count(2)
    assert transport.reset() == ATR_A
    assert card.controls.count(2) == before + 1
    assert transport.transmit(b"\0\x84\0\0") == b"\0\0\x90\0"
    transport.close()


def test_no_card(pcscd: Any) -> None:
    with pytest.raises(CardMissing, match="PCD 0 00 00"):
        PcscTransport(pcscd.readers[0])


def test_no_such_reader(pcscd: Any) -> None:
    with pytest.raises(ReaderLost):
        PcscTransport("Virtual PCD 9 00 00")
    with pytest.raises(ReaderLost):
        PcscSlot("Virtual PCD 9 00 00").next_card(0)


def test_a_card_is_held_by_one_alone(card_in: PutCard) -> None:
    card = card_in()
    first = PcscTransport(card.reader)
    with pytest.raises(TransportError) as caught:
        PcscTransport(card.reader)
    assert caught.value.key == "reader-busy"
    assert next(state.busy for state in list_readers() if state.name == card.reader)
    assert first.transmit(b"\0\x84\0\0") == b"\0\0\x90\0"
    first.close()
    PcscTransport(card.reader).close()


def test_a_slot_bears_another_program_for_a_while_only(card_in: PutCard) -> None:
    card = card_in()
    first = PcscTransport(card.reader)
    slot = PcscSlot(card.reader)
    assert slot.next_card(0.3) is None
    with pytest.raises(TransportError) as caught:
        slot.next_card(10)
    assert caught.value.key == "reader-busy"
    first.close()
    assert slot.next_card(1) is not None
    slot.close()


def test_a_busy_card_is_taken_when_it_becomes_free(card_in: PutCard) -> None:
    card = card_in()
    first = PcscTransport(card.reader)
    threading.Timer(0.3, first.close).start()
    slot = PcscSlot(card.reader)
    transport = slot.next_card(5)
    assert transport is not None
    assert transport.transmit(b"\0\x84\0\0") == b"\0\0\x90\0"
    slot.close()


def test_an_answer_without_status_is_a_mute_card_and_final(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)
    card.answer = lambda apdu: b"\x90"
    with pytest.raises(CardMute):
        transport.transmit(b"\0\x84\0\0")
    sent = len(card.seen)
    card.answer = lambda apdu: b"\x90\0"
    with pytest.raises(CardMute):
        transport.transmit(b"\0\x84\0\0")
    with pytest.raises(CardMute):
        transport.reset()
    assert len(card.seen) == sent, "a command was sent over a connection that had failed"
    transport.close()


def test_a_card_that_loses_contact_for_a_moment_is_not_taken_for_an_answer(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)

    def flicker(apdu: bytes) -> None:
        card.tear()
        card.connect()

    card.answer = flicker
    with pytest.raises(TransportError) as caught:
        transport.transmit(b"\0\xd6\0\0")
    assert isinstance(caught.value, CardMute | CardRemoved)
    assert len(card.seen) == 1, "the command was sent twice"
    transport.close()


def test_a_card_pulled_out_while_it_works_is_a_removed_card(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)

    def pulled(apdu: bytes) -> None:
        card.tear()

    card.answer = pulled
    with pytest.raises(CardRemoved):
        transport.transmit(b"\0\xd6\0\0")
    assert len(card.seen) == 1, "the command was sent twice"
    with pytest.raises(CardRemoved):
        transport.transmit(b"\0\x84\0\0")
    transport.close()


def test_a_card_exchanged_between_commands_is_never_spoken_to(card_in: PutCard) -> None:
    card = card_in()
    transport = PcscTransport(card.reader)
    card.remove()
    card.insert()
    with pytest.raises(CardRemoved):
        transport.transmit(b"\0\xd6\0\0")
    transport.close()
    transport = PcscTransport(card.reader)
    card.remove()
    card.insert()
    with pytest.raises(CardRemoved):
        transport.reset()
    transport.close()
    assert card.seen == []


def test_one_hung_card_does_not_stop_the_other_readers(card_in: PutCard) -> None:
    slow, quick = card_in(0), card_in(1)
    go_on = threading.Event()

    def hang(apdu: bytes) -> bytes:
        go_on.wait(15)
        return b"\x90\0"

    slow.answer = hang
    hung, other = PcscTransport(slow.reader), PcscTransport(quick.reader)
    answers: list[bytes] = []
    worker = threading.Thread(target=lambda: answers.append(hung.transmit(b"\0\x84\0\0")))
    worker.start()
    for _ in range(50):
        other.transmit(b"\0\x84\0\0")
    assert worker.is_alive(), "the other reader waited for the one that hangs"
    go_on.set()
    worker.join(5)
    assert answers == [b"\x90\0"]
    hung.close()
    other.close()


def test_a_killed_service_is_told_and_a_new_one_is_used(pcscd: Any, card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    transport = slot.next_card(1)
    assert transport is not None

    def kill(apdu: bytes) -> None:
        os.kill(pcscd.pid, signal.SIGKILL)
        time.sleep(0.2)

    card.answer = kill
    try:
        with pytest.raises(ServiceMissing) as caught:
            transport.transmit(b"\0\x84\0\0")
        assert caught.value.key == "pcsc-service-lost"
        with pytest.raises(ServiceMissing) as caught:
            slot.next_card(0)
        assert caught.value.key == "pcsc-service"
        with pytest.raises(ServiceMissing):
            list_readers()
    finally:
        pcscd.stop()
        pcscd.start()
    card.port = pcscd.ports[0]
    card.answer = lambda apdu: b"\x90\0"
    card.insert()
    fresh = slot.next_card(1)
    assert fresh is not None
    assert fresh.transmit(b"\0\x84\0\0") == b"\x90\0"
    slot.close()


def test_a_slot_waits_for_a_card(pcscd: Any, card_in: PutCard) -> None:
    card = card_in(insert=False)
    slot = PcscSlot(card.reader)
    start = time.monotonic()
    assert slot.next_card(0.2) is None
    assert time.monotonic() - start > 0.15
    threading.Timer(0.2, card.insert).start()
    transport = slot.next_card(5)
    assert transport is not None
    assert transport.atr == ATR_A
    slot.close()


def test_the_same_card_counts_again_only_without_a_release(card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    assert slot.next_card(1) is not None
    assert slot.next_card(1) is not None
    slot.release()
    assert soon(lambda: card.controls[-1] == 0), "a released card is switched off"
    assert slot.next_card(0.5) is None
    assert slot.next_card(0) is None
    slot.close()


def test_a_released_card_taken_out_and_put_back_is_another(card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    assert slot.next_card(1) is not None
    slot.release()
    card.remove()
    card.insert()
    assert slot.next_card(1) is not None
    slot.close()


def test_a_card_exchanged_before_the_release_is_another(card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    assert slot.next_card(1) is not None
    card.remove()
    card.insert()
    slot.release()
    assert slot.next_card(1) is not None
    slot.close()


def test_a_feeder_may_exchange_cards_while_they_are_off(card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    assert slot.next_card(1) is not None
    card.swap = ATR_B
    slot.release()
    start = time.monotonic()
    transport = slot.next_card(2)
    assert transport is not None
    assert transport.atr == ATR_B
    assert time.monotonic() - start < 0.3, "a card exchanged in place must not wait for the service's poll"
    assert transport.transmit(b"\0\x84\0\0") == b"\0\0\x90\0"
    slot.close()


def soon(holds: Callable[[], bool]) -> bool:
    """Whether it holds before long: pcscd tells the card a moment after it has answered the host."""
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_release_switches_off_a_card_that_was_closed_before(card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    transport = slot.next_card(1)
    assert transport is not None
    transport.close()
    assert soon(lambda: card.controls[-1] == 2)
    slot.release()
    assert soon(lambda: card.controls[-1] == 0)
    assert slot.next_card(0.1) is None
    slot.close()


def test_looking_at_a_released_card_becomes_rare(card_in: PutCard) -> None:
    card = card_in()
    slot = PcscSlot(card.reader)
    assert slot.next_card(1) is not None
    slot.release()
    before = card.controls.count(1)
    assert slot.next_card(1.5) is None
    assert card.controls.count(1) - before <= 6, "the card was switched on too often"
    slot.close()


def test_slots_work_side_by_side(pcscd: Any, card_in: PutCard) -> None:
    """No card answers before all four have a command in work: one reader after the other would never get there."""
    together = threading.Barrier(4, timeout=10)

    def meeting(apdu: bytes) -> bytes:
        together.wait()
        return b"\x90\0"

    for number in range(4):
        card_in(number).answer = meeting
    answers: list[bytes] = []

    def work(reader: str) -> None:
        slot = PcscSlot(reader)
        transport = slot.next_card(5)
        assert transport is not None
        answers.extend(transport.transmit(b"\0\x84\0\0") for _ in range(10))
        slot.close()

    workers = [threading.Thread(target=work, args=(reader,)) for reader in pcscd.readers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == [b"\x90\0"] * 40


def test_a_holder_that_dies_leaves_the_card_free(pcscd: Any, card_in: PutCard) -> None:
    card = card_in()
    program = (
        "import sys, time; from sscard.apdu.pcsc import PcscTransport; "
        f"t = PcscTransport({card.reader!r}); print('held', flush=True); time.sleep(30)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(TransportError) as caught:
            PcscTransport(card.reader)
        assert caught.value.key == "reader-busy"
        holder.kill()
    slot = PcscSlot(card.reader)
    assert slot.next_card(2) is not None
    slot.close()
