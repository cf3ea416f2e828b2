"""What each PC/SC result becomes, and how a connection behaves on a service that misbehaves: no daemon needed."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu import pcsc
from sscard.apdu.pcsc import PcscSlot, PcscTransport, find_reader, list_readers
from sscard.apdu.pcsc_service import failure
from sscard.errors import (
    CardMissing,
    CardMute,
    CardRemoved,
    CardReset,
    Exit,
    ReaderLost,
    ReaderMissing,
    ServiceMissing,
    TransportError,
)

ATR_T0 = bytes.fromhex("3B6D000000812611018699990100000001")
ATR_T1 = bytes.fromhex("3B800181")
ATR_BOTH = bytes.fromhex("3B90118001F0")
ATR_CONTACTLESS = bytes.fromhex("3B80800101")
PRESENT, EMPTY, MUTE = 0x20, 0x10, 0x220


@pytest.mark.parametrize(
    ("code", "kind", "key"),
    [
        (0x80100003, ServiceMissing, "pcsc-service-lost"),
        (0x80100009, ReaderLost, "reader-lost"),
        (0x8010000B, TransportError, "reader-busy"),
        (0x8010000C, CardMissing, "card-missing"),
        (0x8010000F, TransportError, "card-protocol"),
        (0x80100013, ServiceMissing, "pcsc-service-lost"),
        (0x80100016, CardMute, "card-mute"),
        (0x80100017, ReaderLost, "reader-lost"),
        (0x8010001D, ServiceMissing, "pcsc-service"),
        (0x8010001E, ServiceMissing, "pcsc-service"),
        (0x8010002E, ReaderMissing, "reader-none"),
        (0x80100066, CardMute, "card-mute"),
        (0x80100068, CardReset, "card-reset"),
        (0x80100069, CardRemoved, "card-removed"),
        (0x8010006A, ServiceMissing, "pcsc-permission"),
        (0x80100001, TransportError, "pcsc-failed"),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_each_result_has_its_error(code: int, kind: type[TransportError], key: str, signed: bool) -> None:
    error = failure(code - (1 << 32) if signed else code, None, "Reader 7")
    assert type(error) is kind
    assert error.key == key
    assert all(error.parts("zh") + error.parts("en")), "each must say what happened and what to do"
    if issubclass(kind, ServiceMissing | ReaderMissing | ReaderLost):
        assert error.exit_code == Exit.NO_READER


@given(st.integers(1, 0xFFFFFFFF))
def test_no_failure_is_ever_taken_for_success(code: int) -> None:
    assert isinstance(failure(code, [0x90, 0x00], "R"), TransportError)


@given(st.lists(st.integers(0, 255), max_size=300))
def test_success_needs_a_status_word(answer: list[int]) -> None:
    error = failure(0, answer, "R")
    assert (error is None) == (len(answer) >= 2)
    assert failure(0, None, "R") is None


class FakeScard(ModuleType):
    """A PC/SC service of one reader: what it answers is set by the test, what it was asked is kept."""

    SCARD_SCOPE_USER = 0
    SCARD_SHARE_EXCLUSIVE = 1

    def __init__(self) -> None:
        super().__init__("smartcard.scard")
        self.names = ["Reader 7"]
        self.event = PRESENT | 1 << 16
        self.atr = ATR_T0
        self.connects: list[tuple[int, int]] = []
        self.transmits: list[tuple[int, list[int]]] = [(0, [0x90, 0x00])]
        self.sent: list[list[int]] = []
        self.dispositions: list[int] = []
        self.contexts = 0
        self.on_connect: Any = lambda: None

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        self.contexts += 1
        return 0, 1

    def SCardReleaseContext(self, context: int) -> int:
        self.contexts -= 1
        return 0

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        return (0, self.names) if self.names else (0x8010002E, [])

    def SCardGetStatusChange(self, context: int, timeout: int, known: list[tuple[str, int]]) -> tuple[int, list[Any]]:
        if any(name not in self.names for name, _ in known):
            return 0x80100009, []
        return 0, [(name, self.event, list(self.atr)) for name, _ in known]

    def SCardConnect(self, context: int, reader: str, share: int, mask: int) -> tuple[int, int, int]:
        self.on_connect()
        self.connects.append((share, mask))
        return 0, 5, mask & -mask

    def SCardReconnect(self, card: int, share: int, mask: int, disposition: int) -> tuple[int, int]:
        return 0, mask

    def SCardTransmit(self, card: int, protocol: int, apdu: list[int]) -> tuple[int, list[int]]:
        self.sent.append(apdu)
        return self.transmits.pop(0)

    def SCardDisconnect(self, card: int, disposition: int) -> int:
        self.dispositions.append(disposition)
        return 0


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard()
    package = ModuleType("smartcard")
    package.scard = fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "smartcard", package)
    monkeypatch.setitem(sys.modules, "smartcard.scard", fake)
    monkeypatch.setattr(pcsc, "_ABSENCE", 0.02)
    return fake


@pytest.mark.parametrize(("atr", "mask"), [(ATR_T0, 1), (ATR_T1, 2), (ATR_BOTH, 1), (ATR_CONTACTLESS, 2), (b"\x00", 3)])
def test_the_card_is_held_alone_in_the_protocol_of_its_atr(scard: FakeScard, atr: bytes, mask: int) -> None:
    scard.atr = atr
    PcscTransport("Reader 7").close()
    assert scard.connects == [(1, mask)]
    assert scard.dispositions == [1]
    assert scard.contexts == 0


def test_an_atr_that_was_out_of_date_is_read_again(scard: FakeScard) -> None:
    def power_on() -> None:
        scard.atr = ATR_T1

    scard.on_connect = power_on
    transport = PcscTransport("Reader 7")
    assert [mask for _, mask in scard.connects] == [1, 2]
    assert transport.atr == ATR_T1
    transport.close()


def test_a_protocol_that_cannot_be_had_is_told(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeScard, "SCardConnect", lambda *_: (0x8010000F, 0, 0))
    with pytest.raises(TransportError) as caught:
        PcscTransport("Reader 7")
    assert caught.value.key == "card-protocol"
    assert scard.contexts == 0


def test_a_card_exchanged_during_the_connection_is_not_taken(scard: FakeScard) -> None:
    def exchange() -> None:
        scard.event += 2 << 16

    scard.on_connect = exchange
    with pytest.raises(CardRemoved):
        PcscTransport("Reader 7")
    assert scard.dispositions == [1]
    assert scard.contexts == 0


@pytest.mark.parametrize(
    ("code", "answer", "kind"),
    [
        (0, [], CardMute),
        (0, [0x90], CardMute),
        (0x80100016, [], CardMute),
        (0x80100017, [], ReaderLost),
        (0x80100068, [], CardReset),
        (0x80100013, [], ServiceMissing),
    ],
)
def test_the_first_failure_is_final_and_nothing_is_sent_again(
    scard: FakeScard, code: int, answer: list[int], kind: type[TransportError]
) -> None:
    scard.transmits = [(code, answer), (0, [0x90, 0])]
    transport = PcscTransport("Reader 7")
    for attempt in (transport.transmit, transport.transmit, lambda _: transport.reset()):
        with pytest.raises(kind):
            attempt(b"\x00\xd6\x00\x00")
    assert len(scard.sent) == 1
    transport.close()


def test_a_closed_card_takes_nothing(scard: FakeScard) -> None:
    transport = PcscTransport("Reader 7")
    transport.close()
    with pytest.raises(TransportError) as caught:
        transport.transmit(b"\x00\x84\x00\x00")
    assert caught.value.key == "card-closed"
    assert scard.sent == []


def test_a_silent_card_that_the_service_then_misses_was_removed(scard: FakeScard) -> None:
    transport = PcscTransport("Reader 7")
    scard.transmits = [(0, [])]
    scard.event = EMPTY | 2 << 16
    with pytest.raises(CardRemoved):
        transport.transmit(b"\x00\xd6\x00\x00")
    transport.close()


def test_a_reset_over_an_absence_does_not_reach_the_next_card(scard: FakeScard) -> None:
    transport = PcscTransport("Reader 7")
    scard.event = PRESENT | 3 << 16
    with pytest.raises(CardRemoved):
        transport.reset()
    with pytest.raises(CardRemoved):
        transport.transmit(b"\x00\xd6\x00\x00")
    assert scard.sent == []
    transport.close()


def test_a_card_without_answer_to_reset_is_told_once(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeScard, "SCardConnect", lambda *_: (0x80100066, 0, 0))
    scard.event = MUTE | 1 << 16
    slot = PcscSlot("Reader 7")
    with pytest.raises(CardMute):
        slot.next_card(0)
    assert slot.next_card(0.1) is None
    scard.event = MUTE | 3 << 16
    with pytest.raises(CardMute):
        slot.next_card(0)
    assert scard.contexts == 0


def test_no_reader_at_all(scard: FakeScard) -> None:
    scard.names = []
    assert list_readers() == []
    with pytest.raises(ReaderMissing) as caught:
        find_reader(None)
    assert caught.value.key == "reader-none"


def test_the_only_reader_needs_no_name(scard: FakeScard) -> None:
    assert find_reader(None) == "Reader 7"
    scard.names = ["Reader 7", "Reader 77"]
    assert find_reader("Reader 7") == "Reader 7", "an exact name wins over names that contain it"
    with pytest.raises(ReaderMissing) as caught:
        find_reader("eader")
    assert caught.value.fields["candidates"] == "Reader 7, Reader 77"
