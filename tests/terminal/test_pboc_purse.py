"""The PBOC purse at the counter, on the FMCOS software card: what is sent, what is checked, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sscard.cos.model import KeyKind
from sscard.cos.pboc import LogEntry, Movement, PurseKind
from sscard.emulator.fmcos.nodes import Use
from sscard.errors import CounterError, CustodyError, GuardRefused, ProtocolError, SscardError, StatusError, UsageError
from sscard.terminal.block import block_application, block_card
from sscard.terminal.booking import Booking
from sscard.terminal.pboc import CachedRecord, PbocPurse, purse_directory
from sscard.terminal.pboc_commands import Opening
from sscard.terminal.session import CardSession
from tests.terminal.pboc_counter import FOREIGN, OURS, TERMINAL, TIME, Watched, held, purse, session

ED, EP = PurseKind.ED, PurseKind.EP
OFFLINE = {"terminal": TERMINAL, "terminal_serial": 7, "time": TIME}
PACKED = bytes.fromhex("20260115093045")

BOOKINGS: dict[Movement, Callable[[PbocPurse], Booking]] = {
    Movement.PASSBOOK_LOAD: lambda counter: counter.load(ED, 100, TERMINAL, TIME),
    Movement.PURSE_LOAD: lambda counter: counter.load(EP, 100, TERMINAL, TIME),
    Movement.UNLOAD: lambda counter: counter.unload(100, TERMINAL, TIME),
    Movement.CASH: lambda counter: counter.cash(100, **OFFLINE),
    Movement.PASSBOOK_PURCHASE: lambda counter: counter.purchase(ED, 100, **OFFLINE),
    Movement.PURSE_PURCHASE: lambda counter: counter.purchase(EP, 100, **OFFLINE),
    Movement.OVERDRAFT: lambda counter: counter.set_overdraft(100, TERMINAL, TIME),
    Movement.COMPOUND: lambda counter: counter.compound(100, (), **OFFLINE),
}
every_booking = pytest.mark.parametrize("movement", list(Movement))


@pytest.fixture
def card() -> Watched:
    """A card with 1000 fen in both purses."""
    watched = Watched()
    filled = purse(watched)
    filled.load(ED, 1000, TERMINAL, TIME)
    filled.load(EP, 1000, TERMINAL, TIME)
    watched.sent.clear()
    return watched


def test_a_life(card: Watched) -> None:
    counter = purse(card)
    assert (counter.balance(ED), counter.balance(EP)) == (1000, 1000)
    paid = counter.purchase(EP, 300, **OFFLINE)
    assert (paid.movement, paid.counter, paid.account) == (Movement.PURSE_PURCHASE, 0, 700)
    assert counter.cash(50, **OFFLINE).account == 950
    assert counter.purchase(ED, 150, **OFFLINE).account == 800
    unloaded = counter.unload(100, TERMINAL, TIME)
    assert (unloaded.movement, unloaded.counter, unloaded.account) == (Movement.UNLOAD, 1, 700)
    lent = counter.set_overdraft(500, TERMINAL, TIME)
    assert (lent.counter, lent.account) == (2, 1200)
    assert counter.set_overdraft(200, TERMINAL, TIME).account == 900
    assert (counter.balance(ED), counter.balance(EP)) == (900, 700)
    first, *_, last = counter.log()
    assert first == LogEntry(4, 200, 200, 0x07, TERMINAL, PACKED)
    assert last == LogEntry(1, 0, 1000, 0x01, TERMINAL, PACKED)
    assert [entry.movement for entry in counter.log()][-2:] == [Movement.PURSE_LOAD, Movement.PASSBOOK_LOAD]
    proof = purse(card, None, "").proof(Movement.PURSE_PURCHASE, 0)
    assert proof is not None
    assert proof.tac == paid.tac
    assert counter.proof(Movement.PURSE_PURCHASE, 1) is None


@every_booking
def test_the_proof_of_each_has_the_code_of_the_booking(card: Watched, movement: Movement) -> None:
    counter = purse(card)
    booking = BOOKINGS[movement](counter)
    assert booking.movement is movement
    found = counter.proof(movement, booking.counter)
    assert found is not None
    assert found.tac == booking.tac
    assert counter.pending is None


@every_booking
def test_a_card_of_other_keys_sees_neither_pin_nor_order(card: Watched, movement: Movement) -> None:
    before = held(card)
    with pytest.raises(GuardRefused) as caught:
        BOOKINGS[movement](purse(card, FOREIGN))
    assert caught.value.key == "card-foreign"
    assert not {"0020", "8050"} & set(card.headers())
    assert held(card) == before


@every_booking
def test_the_pin_where_the_card_asks_for_it(card: Watched, movement: Movement) -> None:
    counter = purse(card, OURS, "")
    if movement in (Movement.PURSE_PURCHASE, Movement.COMPOUND):
        assert BOOKINGS[movement](counter).account == 900
        return
    with pytest.raises(GuardRefused) as caught:
        BOOKINGS[movement](counter)
    assert caught.value.key == "pin-needed"
    assert "8050" not in card.headers()


def test_balance_and_log_and_the_pin(card: Watched) -> None:
    counter = purse(card, None, "")
    assert counter.balance(EP) == 1000
    for asked in (lambda: counter.balance(ED), counter.log):
        with pytest.raises(GuardRefused) as caught:
            asked()
        assert caught.value.key == "pin-needed"
    with pytest.raises(CounterError):
        purse(card, OURS, "999999").balance(ED)
    assert card.headers().count("0020") == 3  # two questions without data, one PIN


ONLINE = (Movement.PASSBOOK_LOAD, Movement.PURSE_LOAD, Movement.UNLOAD, Movement.OVERDRAFT)


@pytest.mark.parametrize("movement", ONLINE)
def test_a_false_mac1_stops_before_anything_is_booked(card: Watched, movement: Movement) -> None:
    before = held(card)
    card.alter = lambda apdu, answer: (
        answer[:-3] + bytes((answer[-3] ^ 1,)) + answer[-2:] if apdu[1] == 0x50 else answer
    )
    with pytest.raises(GuardRefused) as caught:
        BOOKINGS[movement](purse(card))
    assert caught.value.key == "purse-card-mac"
    assert card.headers()[-1] == "8050"
    assert held(card) == before


@pytest.mark.parametrize("movement", ONLINE)
def test_a_balance_changed_on_the_way_is_a_false_mac1(card: Watched, movement: Movement) -> None:
    card.alter = lambda apdu, answer: b"\x7f" + answer[1:] if apdu[1] == 0x50 else answer
    with pytest.raises(GuardRefused) as caught:
        BOOKINGS[movement](purse(card))
    assert caught.value.key == "purse-card-mac"


@every_booking
def test_false_codes_after_booking_are_told(card: Watched, movement: Movement) -> None:
    """TAC, MAC2 and MAC3: each position of the answer is checked."""
    size = 4 if movement in ONLINE else 8
    for position in range(0, size, 4):
        watched = Watched()
        filled = purse(watched)
        filled.load(ED, 1000, TERMINAL, TIME)
        filled.load(EP, 1000, TERMINAL, TIME)

        def alter(apdu: bytes, answer: bytes, place: int = position) -> bytes:
            if apdu[1] not in (0x52, 0x54, 0x58):
                return answer
            return answer[:place] + bytes((answer[place] ^ 1,)) + answer[place + 1 :]

        watched.alter = alter
        counter = purse(watched)
        with pytest.raises(SscardError) as caught:
            BOOKINGS[movement](counter)
        assert caught.value.key == "purse-answer"
        assert counter.pending is None


def test_an_answer_of_another_length_books_nothing(card: Watched) -> None:
    card.alter = lambda apdu, answer: answer[1:] if apdu[1] == 0x50 else answer
    with pytest.raises(ProtocolError) as caught:
        purse(card).load(EP, 1, TERMINAL, TIME)
    assert (caught.value.key, card.headers()[-1]) == ("purse-opening", "8050")


@pytest.mark.parametrize("algorithm", [2, 3, 0x98])
def test_a_reserved_algorithm_is_refused(card: Watched, algorithm: int) -> None:
    """Cards take keys with such a byte and then answer with codes of no rule."""
    before = held(card)
    card.card.directory("3F01").key(Use.PURCHASE, 1).algorithm = algorithm
    with pytest.raises(GuardRefused) as caught:
        purse(card).purchase(EP, 1, **OFFLINE)
    assert (caught.value.key, caught.value.fields["algorithm"]) == ("purse-algorithm", f"{algorithm:02X}")
    assert held(card) == before


def test_the_card_says_no(card: Watched) -> None:
    counter = purse(card)
    for refused, word in (
        (lambda: counter.purchase(EP, 1001, **OFFLINE), 0x9401),
        (lambda: counter.purchase(ED, 1001, **OFFLINE), 0x9401),
        (lambda: counter.cash(1001, **OFFLINE), 0x9401),
        (lambda: counter.unload(1001, TERMINAL, TIME), 0x9401),
        (lambda: counter.load(EP, 1, TERMINAL, TIME, key_index=9), 0x9403),
    ):
        with pytest.raises(StatusError) as caught:
            refused()
        assert caught.value.sw == word
        assert counter.pending is None
    assert (counter.balance(ED), counter.balance(EP)) == (1000, 1000)


def test_numbers_that_do_not_fit(card: Watched) -> None:
    counter = purse(card)
    for refused in (
        lambda: counter.load(EP, -1, TERMINAL, TIME),
        lambda: counter.load(EP, 1 << 32, TERMINAL, TIME),
        lambda: counter.load(EP, 1, TERMINAL[:5], TIME),
        lambda: counter.load(EP, 1, b"\xff" * 6, TIME),
        lambda: counter.purchase(EP, 1, terminal=TERMINAL, terminal_serial=1 << 32, time=TIME),
        lambda: counter.set_overdraft(1 << 24, TERMINAL, TIME),
    ):
        with pytest.raises(UsageError):
            refused()
    assert card.sent == []
    with pytest.raises(UsageError) as caught:  # the sum, which the card alone knows
        counter.load(EP, 0xFFFFFFFF, TERMINAL, TIME)
    assert (caught.value.key, card.headers()[-1]) == ("amount-range", "8050")
    assert counter.balance(EP) == 1000


def test_an_overdraft_that_was_spent_is_not_taken_back(card: Watched) -> None:
    counter = purse(card)
    counter.set_overdraft(500, TERMINAL, TIME)
    counter.cash(1400, **OFFLINE)
    with pytest.raises(UsageError):
        counter.set_overdraft(0, TERMINAL, TIME)
    assert counter.balance(ED) == 100


def test_a_compound_purchase_writes_its_record_with_the_debit(card: Watched) -> None:
    place = card.card.directory("3F01")
    cached = place.files[0x18]
    fare = replace(cached, fid=0x07, records=[bytes(23)], write=0xF0, read=0xF0)
    place.files[0x07] = fare
    profile = session(card).profile
    directory = purse_directory(profile)
    assert directory is not None
    file = replace(directory.file("EF18"), name="EF07", fid=7, sfi=7)
    altered = replace(directory, files=(*directory.files, file))
    opened = session(card)
    counter = PbocPurse(
        CardSession(opened.channel, replace(profile, directories=(altered,)), opened.identity, OURS, None)
    )
    ticket = CachedRecord("EF07", 1, b"\x11" * 23)
    with pytest.raises(StatusError) as caught:
        counter.compound(100, [replace(ticket, record=b"\x11" * 24)], **OFFLINE)
    assert fare.records == [bytes(23)]
    assert caught.value.sw != 0x9000
    assert counter.compound(100, [ticket], **OFFLINE).account == 900
    assert fare.records[0] == b"\x11" * 23


def test_a_profile_without_the_key(card: Watched) -> None:
    opened = session(card)
    (directory,) = opened.profile.directories
    keys = tuple(slot for slot in directory.keys if slot.kind is not KeyKind.UNLOAD)
    poor = replace(opened.profile, directories=(replace(directory, keys=keys),))
    counter = PbocPurse(CardSession(opened.channel, poor, opened.identity, OURS, opened._pin))
    with pytest.raises(GuardRefused) as caught:
        counter.unload(1, TERMINAL, TIME)
    assert caught.value.key == "purse-key-absent"


def test_a_key_version_we_do_not_have_books_nothing(card: Watched) -> None:
    card.card.directory("3F01").key(Use.LOAD, 1).version = 9
    with pytest.raises(CustodyError):
        purse(card).load(EP, 1, TERMINAL, TIME)
    assert "8052" not in card.headers()


def test_a_card_without_purses() -> None:
    card = Watched()
    opened = session(card)
    (directory,) = opened.profile.directories
    files = tuple(file for file in directory.files if not file.log)
    poor = replace(opened.profile, directories=(replace(directory, files=files),))
    with pytest.raises(GuardRefused) as caught:
        PbocPurse(CardSession(opened.channel, poor, opened.identity)).balance(EP)
    assert caught.value.key == "directory-absent"


def test_no_key_and_no_pin_beyond_verify_is_ever_sent(card: Watched) -> None:
    counter = purse(card)
    for book in BOOKINGS.values():
        book(counter)
    keys = [key.value for place in card.card.chip.directories() for key in place.keys if len(key.value) == 16]
    wire = b"|".join(card.sent)
    assert len(keys) == 12
    assert not [key for key in keys if key in wire]
    assert [apdu[:2].hex() for apdu in card.sent if bytes.fromhex("123456") in apdu] == ["0020"]


def test_a_line_key_is_never_shown_as_an_external_one(card: Watched) -> None:
    """CARD BLOCK of FMCOS is not in this version; trying would cost the master key a try."""
    opened = session(card)
    for block in (
        lambda: block_card(opened, confirm=opened.identity.card_id),
        lambda: block_application(opened, opened.profile.home, confirm=opened.identity.card_id),
    ):
        with pytest.raises(GuardRefused) as caught:
            block()
        assert caught.value.key == "block-no-key"
    assert card.sent == []


def test_words_of_movements() -> None:
    for movement in Movement:
        assert Movement.of(movement.word, movement.purse) is movement
    with pytest.raises(ValueError, match="gift"):
        Movement.of("gift", EP)
    with pytest.raises(ValueError, match="length"):
        LogEntry.parse(bytes(22))
    assert LogEntry.parse(bytes(23)).movement is None
    with pytest.raises(ProtocolError):
        Opening.parse(Movement.CASH, bytes(16))
