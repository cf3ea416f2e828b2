"""Mother and transport cards: one without the other is nothing, either copy repairs the other."""

from __future__ import annotations

from contextlib import suppress

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.emulator import PersistentCard, image
from sscard.emulator.mother.card import CarrierSoftwareCard
from sscard.emulator.mother.chip import TRIES
from sscard.emulator.tearing import Tear
from sscard.errors import CardRemoved, CounterError, CustodyError, GuardRefused, WorkspaceError
from sscard.keys import keyblock
from sscard.keys.catalog import Level
from sscard.keys.ceremony.carriers import APPLICATION, Carrier, Label
from sscard.keys.ceremony.secure import carrier_key
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.store import KeyStore, Usage
from sscard.terminal.carrier import CarrierInReader

PIN = Secret(b"Right-PIN-1")
WRONG = Secret(b"Wrong-PIN-1")
CONTENT = bytes(range(256)) * 5
MOTHER, TRANSPORT = Carrier.MOTHER, Carrier.TRANSPORT
REPAIR = {"case": "R-001"}


def loaded(serial: int = 5, content: bytes = CONTENT) -> CarrierSoftwareCard:
    card = CarrierSoftwareCard.blank(serial, seed=serial)
    CarrierInReader(card).store(Label.of(MOTHER, 1, b"SET-0001", content), content, PIN)
    card.reset()
    return card


@pytest.fixture
def issued(hall):
    """A hall with a set of carriers for the province."""
    hall.hold("issue-keys", to="99", owner="local", version="1")
    return hall


def test_what_is_stored_is_fetched() -> None:
    assert CarrierInReader(loaded()).fetch(PIN) == CONTENT


@pytest.mark.parametrize("size", [0, 1, 219, 220, 221, 444, 4000])
def test_contents_of_any_size(size: int) -> None:
    assert CarrierInReader(loaded(content=bytes(size))).fetch(PIN) == bytes(size)


def test_the_pin_costs_tries_and_the_last_blocks_for_good() -> None:
    card = loaded()
    for left in range(TRIES - 1, 0, -1):
        with pytest.raises(CounterError) as raised:
            CarrierInReader(card).fetch(WRONG)
        assert raised.value.tries == left
    assert CarrierInReader(card).fetch(PIN) == CONTENT
    assert card.chip.tries == TRIES
    for _ in range(TRIES):
        with pytest.raises(CounterError):
            CarrierInReader(card).fetch(WRONG)
    with pytest.raises(CounterError) as raised:
        CarrierInReader(card).fetch(PIN)
    assert raised.value.tries == 0


def test_the_pin_and_the_content_never_cross_the_wire() -> None:
    heard = bytearray()

    class Wire:
        def __init__(self, card: CarrierSoftwareCard) -> None:
            self.card, self.atr, self.name, self.reset, self.close = card, card.atr, "wire", card.reset, card.close

        def transmit(self, apdu: bytes) -> bytes:
            answer = self.card.transmit(apdu)
            heard.extend(apdu + answer)
            return answer

    card = CarrierSoftwareCard.blank(5)
    secret = b"A SECRET OF THIRTY-TWO BYTES ..."
    CarrierInReader(Wire(card)).store(Label.of(TRANSPORT, 1, b"SET-0001", secret), secret, PIN)
    card.reset()
    assert CarrierInReader(Wire(card)).fetch(PIN) == secret
    assert len(heard) > 400
    assert PIN.reveal() not in heard
    assert secret[:8] not in heard
    assert card.chip.pin not in heard


def test_secured_commands_need_a_right_pin_their_order_and_their_header() -> None:
    card = loaded()
    channel = Channel(card)
    assert channel.send(Command(0x04, 0xB0, 0, 0, bytes(17), le=20)).sw == 0x6985
    reader = CarrierInReader(card)
    assert channel.send(Command(0x04, 0xB0, 0, 0, bytes(17), le=20)).sw == 0x6982
    session = reader._verify(PIN)
    first = session.seal_command(b"\x04\xb0\x00\x00", b"\x04")
    assert channel.send(Command(0x04, 0xB0, 0, 4, first, le=20)).sw == 0x6988
    assert channel.send(Command(0x04, 0xB0, 0, 0, first, le=20)).sw == 0x6982
    session = reader._verify(PIN)
    first = session.seal_command(b"\x04\xb0\x00\x00", b"\x04")
    assert channel.send(Command(0x04, 0xB0, 0, 0, first, le=20)).sw == 0x9000
    assert channel.send(Command(0x04, 0xB0, 0, 0, first, le=20)).sw == 0x6988


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("00A4040004DEADBEEF", 0x6A82),
        ("00A4000002 3F00", 0x6A86),
        ("0084000008", 0x6700),
        ("00200000 20" + "00" * 32, 0x6984),
        ("00B000002A", 0x6982),
        ("00D60000", 0x6E00),
        ("00CA0000", 0x6D00),
        ("0020", 0x6700),
        ("00200000", 0x63C5),
    ],
)
def test_status_words_of_the_command_set(apdu: str, sw: int) -> None:
    card = loaded()
    CarrierInReader(card)
    assert int.from_bytes(card.transmit(bytes.fromhex(apdu))[-2:], "big") == sw


def test_before_select_there_is_nothing() -> None:
    card = loaded()
    assert card.transmit(bytes.fromhex("0084000010")) == b"\x69\x85"
    assert card.transmit(Command(0x00, 0xA4, 4, 0, APPLICATION, le=256))[-2:] == b"\x90\x00"


def test_images_hold_a_card_as_it_is_and_damaged_ones_are_refused(tmp_path) -> None:
    card = loaded()
    text = image.dump(card)
    assert image.dump(image.load(text)) == text
    assert CarrierInReader(image.load(text)).fetch(PIN) == CONTENT
    for old, new in (('"tries": 5', '"tries": 99'), ('"factory": false', '"factory": 0'), ('"pin"', '"pun"')):
        with pytest.raises(WorkspaceError):
            image.load(text.replace(old, new))
    path = tmp_path / "card.json"
    with PersistentCard(path, loaded) as kept:
        CarrierInReader(kept).store(Label.of(MOTHER, 2, b"SET-0002", b"new"), b"new", PIN)
    with PersistentCard(path) as kept:
        assert CarrierInReader(kept).fetch(PIN) == b"new"


@pytest.mark.parametrize("when", list(Tear))
@pytest.mark.parametrize("after", range(1, 13))
def test_torn_at_any_command_of_a_store_it_is_stored_again(after: int, when: Tear) -> None:
    card = CarrierSoftwareCard.blank(5)
    label = Label.of(MOTHER, 1, b"SET-0001", CONTENT)
    card.tear(after, when, 10)
    with suppress(CardRemoved):
        CarrierInReader(card).store(label, CONTENT, PIN)
    assert not card.powered
    card.reset()
    CarrierInReader(card).store(label, CONTENT, PIN)
    card.reset()
    assert CarrierInReader(card).fetch(PIN) == CONTENT


def test_another_card_is_told_apart() -> None:
    from sscard.emulator import SoftwareCard

    with pytest.raises(GuardRefused) as raised:
        CarrierInReader(SoftwareCard.blank(1))
    assert raised.value.key == "carrier-other"


def test_a_mother_card_alone_is_useless(issued) -> None:
    content = issued.people.cards[MOTHER, 1].chip.content
    vault = issued.vault()
    values = [vault.value(entry).reveal() for entry in vault if len(entry.check_value)]
    assert len(values) > 100
    assert not [value for value in values if value in content or value.hex().upper().encode() in content]
    store = KeyStore(demo=True)
    guess = carrier_key(Secret(bytes(32)), bytes(8), 16)
    under = store.add("CARRIER", guess, level=Level.ISSUER, algorithm=Algorithm.SM4, usage=Usage.WRAP)
    with pytest.raises(CustodyError) as raised:
        keyblock.unwrap(content[4:].decode().splitlines()[0], store, under)
    assert raised.value.key == "block-mac"


def test_a_transport_card_alone_holds_thirty_two_bytes_that_are_no_key(issued) -> None:
    content = issued.people.cards[TRANSPORT, 1].chip.content[4:]
    assert len(content) == 32
    vault = issued.vault()
    values = {vault.value(entry).reveal() for entry in vault}
    assert not values & {content, content[:16], content[16:]}


def test_cards_of_two_sets_do_not_open_each_other(issued, other_hall) -> None:
    first = dict(issued.people.cards)
    issued.people.cards.clear()
    issued.hold("issue-keys", to="99/990101", owner="local", version="1")
    other_hall.people.cards = {**first, (TRANSPORT, 1): issued.people.cards[TRANSPORT, 1]}
    with pytest.raises(GuardRefused) as raised:
        other_hall.hold("receive-keys", region="99", version="1")
    assert raised.value.key == "carrier-set"


def test_keys_of_another_region_are_not_received(issued, other_hall) -> None:
    other_hall.people.cards = issued.people.cards
    with pytest.raises(CustodyError) as raised:
        other_hall.hold("receive-keys", region="99/990101", version="1")
    assert raised.value.key == "carrier-place"
    assert not [entry for entry in other_hall.vault() if entry.level is Level.LOCAL]


@pytest.mark.parametrize("carrier", list(Carrier))
@pytest.mark.parametrize("good", [1, 2])
def test_either_copy_repairs_the_other_and_both_pairs_open(issued, carrier: Carrier, good: int) -> None:
    other = 3 - good
    before = issued.story(issued.running).fact("cards.set_check")
    dead = issued.people.cards.pop((carrier, other))
    dead.close()
    issued.people.cards[carrier, other] = CarrierSoftwareCard.blank(0xB1A, seed=9)
    story = issued.hold("repair-carrier", carrier=carrier.name.lower(), good=str(good), **REPAIR)
    assert story.fact("prove.set_check") == before
    made = issued.people.cards[carrier, other].chip
    assert made.label[1] == other
    assert made.content == issued.people.cards[carrier, good].chip.content


def test_a_card_whose_memory_failed_is_found_and_repaired_in_place(issued) -> None:
    chip = issued.people.cards[MOTHER, 2].chip
    chip.content = chip.content[:50] + b"?" + chip.content[51:]
    with pytest.raises(CustodyError) as raised:
        issued.people.carrier(MOTHER, 2).fetch(Secret(issued.people.pins[MOTHER].encode()))
    assert raised.value.key == "carrier-damaged"
    assert issued.hold("repair-carrier", carrier="mother", good="1", **REPAIR).finished


def test_a_good_card_that_is_not_good_repairs_nothing(issued) -> None:
    chip = issued.people.cards[MOTHER, 1].chip
    chip.content = chip.content[:-1] + b"?"
    with pytest.raises(CustodyError):
        issued.hold("repair-carrier", carrier="mother", good="1", **REPAIR)


def test_a_card_with_other_keys_is_never_written_over(issued) -> None:
    before = dict(issued.people.cards)
    with pytest.raises(GuardRefused) as raised:
        issued.hold("issue-keys", to="99/990101", owner="local", version="1")
    assert raised.value.key == "carrier-used"
    assert all(before[place].chip.content == card.chip.content for place, card in issued.people.cards.items())


def test_one_card_is_not_both_copies(hall) -> None:
    card = CarrierSoftwareCard.blank(7)
    hall.people.cards = {(MOTHER, 1): card, (MOTHER, 2): card}
    with pytest.raises(GuardRefused) as raised:
        hall.hold("issue-keys", to="99", owner="local", version="1")
    assert raised.value.key == "carrier-used"


def test_the_two_kinds_have_two_pins_of_eight_characters(hall) -> None:
    hall.people.pins = dict.fromkeys(Carrier, "Same-PIN-1")
    with pytest.raises(GuardRefused) as raised:
        hall.hold("issue-keys", to="99", owner="local", version="1")
    assert raised.value.key == "carrier-pins"
    hall.people.pins[MOTHER] = "short"
    with pytest.raises(CustodyError) as raised:
        hall.conduct(hall.go_on())
    assert raised.value.key == "carrier-pin"


def test_a_wrong_pin_stops_the_step_and_the_run_goes_on_later(issued) -> None:
    right = dict(issued.people.pins)
    issued.people.pins[MOTHER] = "Not-the-PIN"
    with pytest.raises(CounterError):
        issued.hold("destroy-carriers", case="D-003")
    issued.people.pins = right
    assert issued.conduct(issued.go_on()).finished


def test_keys_of_another_version_are_not_received(issued, other_hall) -> None:
    other_hall.people.cards = issued.people.cards
    with pytest.raises(CustodyError) as raised:
        other_hall.hold("receive-keys", region="99", version="2")
    assert raised.value.key == "carrier-place"
