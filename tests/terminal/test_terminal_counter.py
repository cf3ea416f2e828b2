"""PIN, purse and blocks at the counter, on the strict software card: what is sent, what is refused, no try wasted."""

from __future__ import annotations

from datetime import datetime

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.purse import LogEntry, Movement
from sscard.emulator import SoftwareCard, Tear
from sscard.emulator.nodes import KeyType
from sscard.errors import (
    CounterError,
    CustodyError,
    GuardRefused,
    SscardError,
    StatusError,
    TransportError,
    UsageError,
)
from sscard.keys.hierarchy import memory_service
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.personalize.sample import personalized_card
from sscard.terminal import CardSession, change_pin, profile_for, reload_pin, unblock_pin, verify_pin
from sscard.terminal.block import block_application, block_card
from sscard.terminal.identify import identify, pin_tries
from sscard.terminal.purse import CardPurse
from sscard.terminal.session import pin_block

PIN = "123456"
TERMINAL = bytes.fromhex("990101000042")
TIME = datetime(2026, 1, 15, 9, 30, 45)
OURS, FOREIGN = memory_service(), memory_service(seed=99)


class Watched:
    """The card, and all that was sent to it."""

    def __init__(self, card: SoftwareCard) -> None:
        self.card = card
        self.sent: list[bytes] = []
        self.name = card.name

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, apdu: bytes, /) -> bytes:
        self.sent.append(apdu)
        return self.alter(apdu, self.card.transmit(apdu))

    def alter(self, apdu: bytes, answer: bytes) -> bytes:
        return answer

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        self.card.close()

    def headers(self) -> list[str]:
        return [apdu[:2].hex() for apdu in self.sent]


@pytest.fixture
def card() -> Watched:
    return Watched(personalized_card())


def session(card: Watched, keys: KeyService | None = OURS, pin: str = PIN) -> CardSession:
    card.reset()
    channel = Channel(card)
    identity = identify(channel)
    card.sent.clear()
    return CardSession(channel, profile_for(identity), identity, keys, pin_block(pin) if pin else None)


def tries(card: Watched, name: str) -> int:
    """Tries left of a key or the PIN on the card, looked at from inside."""
    opened = card.card.directory("DDF1")
    kind, number = {"PIN": (KeyType.PIN, None), "PUK": (KeyType.EXTERNAL, 6), "BK": (KeyType.EXTERNAL, 5)}[name]
    key = opened.key(kind, number)
    assert key is not None
    return key.tries


def spend_pin(card: Watched, count: int) -> None:
    card.reset()
    channel = Channel(card)
    identify(channel)
    for _ in range(count):
        channel.send(Command(0x00, 0x20, 0x00, 0x00, bytes.fromhex("999999")))


class TestPin:
    def test_verify(self, card: Watched) -> None:
        verify_pin(session(card))
        assert card.headers().index("0088") < card.headers().index("0020")

    def test_without_keys_the_pin_is_taken_all_the_same(self, card: Watched) -> None:
        verify_pin(session(card, None))
        assert "0088" not in card.headers()

    def test_a_foreign_card_sees_no_pin(self, card: Watched) -> None:
        opened = session(card, FOREIGN)
        for action in (
            lambda: verify_pin(opened),
            lambda: change_pin(opened, pin_block(PIN), pin_block("654321")),
            lambda: reload_pin(opened, pin_block("654321")),
            lambda: unblock_pin(opened),
        ):
            with pytest.raises(GuardRefused) as caught:
                action()
            assert caught.value.key == "card-foreign"
        assert not {"0020", "805e", "0082", "8424"} & set(card.headers())

    def test_a_wrong_pin_is_presented_once(self, card: Watched) -> None:
        opened = session(card, pin="999999")
        with pytest.raises(CounterError) as caught:
            verify_pin(opened)
        assert caught.value.tries == 5
        with pytest.raises(GuardRefused) as refused:
            verify_pin(opened)
        assert refused.value.key == "pin-needed"
        assert tries(card, "PIN") == 5

    def test_the_last_try_is_kept(self, card: Watched) -> None:
        spend_pin(card, 5)
        opened = session(card)
        for action in (lambda: verify_pin(opened), lambda: change_pin(opened, pin_block(PIN), pin_block("654321"))):
            with pytest.raises(GuardRefused) as caught:
                action()
            assert caught.value.key == "pin-floor"
        assert tries(card, "PIN") == 1

    def test_change(self, card: Watched) -> None:
        change_pin(session(card, pin=""), pin_block(PIN), pin_block("65432"))
        assert card.sent[-1].hex() == "805e010007123456ff65432f"
        verify_pin(session(card, pin="65432"))

    def test_change_with_a_wrong_old_pin(self, card: Watched) -> None:
        with pytest.raises(CounterError) as caught:
            change_pin(session(card, pin=""), pin_block("999999"), pin_block("654321"))
        assert caught.value.tries == 5

    @pytest.mark.parametrize("pin", ["654321", "1234", "12345", "1234567890123456"])
    def test_reload(self, card: Watched, pin: str) -> None:
        spend_pin(card, 6)
        assert tries(card, "PIN") == 0
        reload_pin(session(card, pin=""), pin_block(pin))
        verify_pin(session(card, pin=pin))
        assert tries(card, "PIN") == 6

    def test_reload_with_an_empty_pin(self, card: Watched) -> None:
        reload_pin(session(card), Secret(b""))
        assert card.sent[-1][:5].hex() == "8424000104"
        opened = session(card, pin="")
        opened.present_pin()
        assert opened.channel.send(Command(0x00, 0x20)).ok

    def test_the_pin_never_travels_plain_when_reloaded(self, card: Watched) -> None:
        reload_pin(session(card), pin_block("73915846"))
        assert not any(bytes.fromhex("73915846") in apdu for apdu in card.sent)

    def test_unblock_keeps_the_pin(self, card: Watched) -> None:
        spend_pin(card, 6)
        opened = session(card)
        unblock_pin(opened)
        assert pin_tries(opened.channel) == 6
        verify_pin(session(card))

    def test_a_refused_puk_stops_there(self, card: Watched) -> None:
        puk = card.card.directory("DDF1").key(KeyType.EXTERNAL, 6)
        assert puk is not None
        puk.value = bytes(16)
        with pytest.raises(CounterError) as caught:
            unblock_pin(session(card))
        assert caught.value.tries == 2
        assert "8424" not in card.headers()

    def test_a_wrong_maintenance_key_costs_one_try_of_the_puk_and_stops(self, card: Watched) -> None:
        stk = card.card.directory("DDF1").key(KeyType.MAINTENANCE)
        assert stk is not None
        stk.value = bytes(16)
        with pytest.raises(StatusError) as caught:
            unblock_pin(session(card))
        assert (caught.value.sw, card.headers().count("8424"), tries(card, "PUK")) == (0x6988, 1, 2)

    def test_without_keys(self, card: Watched) -> None:
        with pytest.raises(CustodyError) as caught:
            unblock_pin(session(card, None))
        assert caught.value.key == "keys-none"


class TestBlock:
    def test_nothing_without_the_word(self, card: Watched) -> None:
        opened = session(card)
        directory = opened.profile.directory("DF04")
        for word in ("", "yes", opened.identity.card_id[:-1], opened.identity.card_no):
            for action in (
                lambda word=word: block_application(opened, directory, confirm=word),
                lambda word=word: block_card(opened, confirm=word),
            ):
                with pytest.raises(GuardRefused) as caught:
                    action()
                assert caught.value.key == "block-unconfirmed"
        assert card.sent == []

    def test_a_foreign_card_is_not_blocked(self, card: Watched) -> None:
        opened = session(card, FOREIGN)
        with pytest.raises(GuardRefused) as caught:
            block_card(opened, confirm=opened.identity.card_id)
        assert caught.value.key == "card-foreign"
        assert tries(card, "BK") == 3

    def test_an_environment_is_no_application(self, card: Watched) -> None:
        opened = session(card)
        with pytest.raises(GuardRefused) as caught:
            block_application(opened, opened.profile.directory("SSSE"), confirm=opened.identity.card_id)
        assert caught.value.key == "block-environment"

    def test_an_application_without_lock_key(self, card: Watched) -> None:
        opened = session(card)
        with pytest.raises(GuardRefused) as caught:
            block_application(opened, opened.profile.directory("DF01"), confirm=opened.identity.card_id)
        assert caught.value.key == "block-no-key"

    def test_application(self, card: Watched) -> None:
        opened = session(card)
        block_application(opened, opened.profile.directory("DF04"), confirm=opened.identity.card_id)
        again = session(card)
        with pytest.raises(StatusError) as caught:
            CardPurse(again).balance()
        assert caught.value.sw == 0x9303
        assert again.enter(again.profile.directory("DF03"))

    def test_card(self, card: Watched) -> None:
        opened = session(card)
        block_card(opened, confirm=opened.identity.card_id)
        card.reset()
        assert card.transmit(bytes.fromhex("00A4000000")) == bytes.fromhex("6A81")


class TestPurse:
    def test_a_life(self, card: Watched) -> None:
        purse = CardPurse(session(card))
        assert purse.balance().year == 0
        loaded = purse.load(10_000, TERMINAL, TIME)
        assert (loaded.movement, loaded.counter, loaded.account) == (Movement.LOAD, 0, 10_000)
        paid = purse.purchase(account=2_500, own=100, fund=7, terminal=TERMINAL, terminal_counter=7, time=TIME)
        assert (paid.movement, paid.counter, paid.account) == (Movement.PURCHASE, 0, 7_500)
        held = purse.balance()
        assert (held.account, held.own, held.fund, held.year) == (7_500, 100, 7, 2026)
        time = bytes.fromhex("20260115093045")
        assert purse.log() == [
            LogEntry(0, 0x32, TERMINAL, time, 2_500, 100, 7),
            LogEntry(0, 0x31, TERMINAL, time, 10_000),
        ]
        proof = CardPurse(session(card, None, "")).proof(Movement.PURCHASE, 0)
        assert proof is not None
        assert proof.tac == paid.tac
        assert purse.proof(Movement.LOAD, 0) is None

    @pytest.mark.parametrize("index", [1, 2, 3])
    def test_each_version_of_the_purchase_key(self, card: Watched, index: int) -> None:
        purse = CardPurse(session(card))
        facts = {"terminal": TERMINAL, "terminal_counter": 0xFFFFFFFF, "time": TIME, "key_index": index}
        assert purse.purchase(account=0, own=1, fund=0, **facts).counter == 0

    def test_the_card_proves_itself_first(self, card: Watched) -> None:
        for action in (
            lambda purse: purse.load(1, TERMINAL, TIME),
            lambda purse: purse.purchase(account=0, own=0, fund=0, terminal=TERMINAL, terminal_counter=0, time=TIME),
            lambda purse: purse.set_starting_day("0401"),
        ):
            with pytest.raises(GuardRefused) as caught:
                action(CardPurse(session(card, FOREIGN)))
            assert caught.value.key == "card-foreign"
            assert {apdu[0] for apdu in card.sent} <= {0x00}
            assert not {"0020", "0082"} & set(card.headers())

    def test_the_pin_is_asked_for(self, card: Watched) -> None:
        for action in (lambda purse: purse.balance(), lambda purse: purse.log()):
            with pytest.raises(GuardRefused) as caught:
                action(CardPurse(session(card, pin="")))
            assert caught.value.key == "pin-needed"

    @pytest.mark.parametrize("answered", ["credit", "initialize"])
    def test_wrong_codes_of_the_card(self, card: Watched, monkeypatch: pytest.MonkeyPatch, answered: str) -> None:
        """A false MAC1 stops before anything is booked; a false TAC is told after it was."""
        position = {"initialize": -3, "credit": 0}[answered]

        def alter(_apdu: bytes, answer: bytes) -> bytes:
            size = {"initialize": 18, "credit": 6}[answered]
            if card.sent[-1][:2] != b"\x00\xc0" or len(answer) != size:
                return answer
            changed = bytearray(answer)
            changed[position] ^= 1
            return bytes(changed)

        monkeypatch.setattr(card, "alter", alter)
        with pytest.raises(SscardError) as caught:
            CardPurse(session(card)).load(100, TERMINAL, TIME)
        purse = card.card.directory("DF04").purse
        assert purse is not None
        wanted = ("purse-card-mac", 0) if answered == "initialize" else ("purse-answer", 100)
        assert (caught.value.key, purse.balance) == wanted

    @pytest.mark.parametrize("position", [0, 4])
    def test_wrong_codes_of_a_purchase(self, card: Watched, monkeypatch: pytest.MonkeyPatch, position: int) -> None:
        def alter(_apdu: bytes, answer: bytes) -> bytes:
            if len(answer) != 10 or card.sent[-2][:2] != b"\xb0\x2c":
                return answer
            return answer[:position] + bytes((answer[position] ^ 1,)) + answer[position + 1 :]

        monkeypatch.setattr(card, "alter", alter)
        with pytest.raises(SscardError) as caught:
            CardPurse(session(card)).purchase(
                account=0, own=1, fund=1, terminal=TERMINAL, terminal_counter=1, time=TIME
            )
        assert caught.value.key == "purse-answer"

    @pytest.mark.parametrize("when", list(Tear))
    def test_contact_lost_while_booking(self, card: Watched, monkeypatch: pytest.MonkeyPatch, when: Tear) -> None:
        transmit = card.transmit

        def torn(apdu: bytes) -> bytes:
            if apdu[:2] == b"\xb0\x2a":
                card.card.tear(1, when)
            return transmit(apdu)

        monkeypatch.setattr(card, "transmit", torn)
        with pytest.raises(TransportError) as caught:
            CardPurse(session(card)).load(100, TERMINAL, TIME)
        assert caught.value.key == "purse-unknown"
        assert "purse proof load 0" in str(caught.value)
        booked = CardPurse(session(card, None, "")).proof(Movement.LOAD, 0)
        assert (booked is not None) == (when is Tear.AFTER)

    def test_the_card_says_no(self, card: Watched) -> None:
        purse = CardPurse(session(card))
        facts = {"own": 0, "fund": 0, "terminal": TERMINAL, "terminal_counter": 0, "time": TIME}
        with pytest.raises(StatusError) as caught:
            purse.purchase(account=1, **facts)
        assert caught.value.sw == 0x9401
        with pytest.raises(StatusError) as caught:
            purse.load(1, TERMINAL, TIME, key_index=9)
        assert caught.value.sw == 0x9403

    def test_starting_day(self, card: Watched) -> None:
        purse = CardPurse(session(card))
        assert purse.starting_day() == "0101"
        purse.set_starting_day("0401")
        assert CardPurse(session(card, None, "")).starting_day() == "0401"

    @pytest.mark.parametrize("day", ["", "04", "0432", "1301", "04010", "040101", "ab"])
    def test_days_that_are_none(self, card: Watched, day: str) -> None:
        with pytest.raises(UsageError):
            CardPurse(session(card)).set_starting_day(day)
        assert card.sent == []

    def test_numbers_and_terminals_that_do_not_fit(self, card: Watched) -> None:
        purse = CardPurse(session(card))
        for amount, terminal in ((-1, TERMINAL), (1 << 32, TERMINAL), (1, TERMINAL[:5]), (1, b"\xff" * 6)):
            with pytest.raises(UsageError):
                purse.load(amount, terminal, TIME)
        assert card.sent == []

    def test_a_key_version_we_do_not_have_books_nothing(self, card: Watched) -> None:
        key = card.card.directory("DF04").key(KeyType.LOAD)
        assert key is not None
        key.version = 9
        with pytest.raises(CustodyError):
            CardPurse(session(card)).load(1, TERMINAL, TIME)
        assert b"\xb0\x2a" not in {apdu[:2] for apdu in card.sent}


def test_no_key_of_the_card_is_ever_sent(card: Watched) -> None:
    purse = CardPurse(session(card))
    purse.load(100, TERMINAL, TIME)
    purse.purchase(account=1, own=1, fund=1, terminal=TERMINAL, terminal_counter=1, time=TIME)
    sent = list(card.sent)
    reload_pin(session(card), pin_block("654321"))
    wire = b"|".join(sent + card.sent)
    assert bytes.fromhex("b0280001") in wire
    keys = [key.value for directory in card.card.chip.root.walk() for key in directory.keys if len(key.value) == 16]
    assert len(keys) > 50
    assert not [key for key in keys if key in wire]


def test_references_name_this_card_and_the_first_version(card: Watched) -> None:
    opened = session(card)
    _, slot = opened.profile.key("DPK")
    assert opened.ref(slot) == KeyRef("DPK", "990101", opened.identity.atr.card_factor, 1)
    assert opened.ref(slot, 3).version == 3
