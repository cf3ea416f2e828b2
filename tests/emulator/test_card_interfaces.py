"""One chip at two interfaces: the same historical bytes, files, keys and counters; only the wire differs."""

from __future__ import annotations

import json
from functools import reduce
from operator import xor
from typing import Any

import pytest

from sscard.apdu.atr import Atr, Interface
from sscard.apdu.exchange import Protocol
from sscard.apdu.transport import Channel
from sscard.emulator import PersistentCard, Rack, SoftwareCard, image, open_card
from sscard.errors import CardRemoved
from sscard.personalize.sample import personalized_card
from sscard.terminal.identify import SSSE_NAME, CardState, identify

HISTORICAL = "00812611018699990100000017"


def blank(**how: Any) -> SoftwareCard:
    return SoftwareCard.blank(0x17, **how)


def test_the_ats_and_what_a_reader_makes_of_it() -> None:
    card = blank(interface=Interface.CONTACTLESS)
    assert card.ats == bytes.fromhex("127880A002" + HISTORICAL)
    assert card.ats[0] == len(card.ats)
    assert card.atr[:-1] == bytes.fromhex("3B8D8001" + HISTORICAL)
    assert reduce(xor, card.atr[1:]) == 0
    assert Atr.parse(card.atr).historical == Atr.parse(blank().atr).historical == bytes.fromhex(HISTORICAL)


def test_over_the_air_the_card_speaks_t1() -> None:
    card = blank(interface=Interface.CONTACTLESS)
    assert card.interface is Interface.CONTACTLESS
    assert Channel(card).protocol is Protocol.T1
    answer = card.transmit(bytes.fromhex("00A40000023F0000"))
    assert answer[0] == 0x6F
    assert answer[-2:] == b"\x90\x00"
    assert blank().transmit(bytes.fromhex("00A40000023F0000"))[0] == 0x61
    with pytest.raises(ValueError, match="T=0"):
        blank(interface=Interface.CONTACTLESS, protocol=Protocol.T0)


def test_a_card_goes_from_one_reader_to_the_other() -> None:
    card = personalized_card()
    first = identify(Channel(card))
    card.present(Interface.CONTACTLESS)
    second = identify(Channel(card))
    assert (first.card_id, first.card_no, first.state) == (second.card_id, second.card_no, CardState.ISSUED)
    assert first.atr.interface is Interface.CONTACT
    assert second.atr.interface is Interface.CONTACTLESS
    assert first.atr.card_factor == second.atr.card_factor
    card.present(Interface.CONTACT)
    assert card.atr == first.atr.raw


def test_rights_do_not_cross_with_it() -> None:
    card = personalized_card()
    select = b"\x00\xa4\x04\x00\x0f" + SSSE_NAME
    card.transmit(select)
    card.transmit(bytes.fromhex("0020000003123456"))
    assert card.chip.security.pins
    card.present(Interface.CONTACTLESS)
    assert not card.chip.security.pins
    assert card.powered


def test_the_same_card_is_made_over_both() -> None:
    contact, air = (personalized_card(interface=interface) for interface in Interface)
    trees = [json.loads(image.dump(card)) for card in (contact, air)]
    for tree in trees:
        for name in ("interface", "protocol", "commands", "random_position"):
            del tree[name]
    assert trees[0] == trees[1]


def test_images_know_the_interface() -> None:
    card = personalized_card(interface=Interface.CONTACTLESS)
    text = image.dump(card)
    again = image.load(text)
    assert image.dump(again) == text
    assert (again.atr, again.interface) == (card.atr, Interface.CONTACTLESS)


def test_images_of_version_one_are_contact_cards() -> None:
    tree = json.loads(image.dump(blank()))
    tree["version"] = 1
    del tree["interface"]
    card = image.load(json.dumps(tree))
    assert card.interface is Interface.CONTACT
    assert image.dump(card) == image.dump(blank())


def test_a_card_on_disk_keeps_how_it_was_presented(tmp_path: Any) -> None:
    path = tmp_path / "card.json"
    card = PersistentCard(path, blank)
    card.present(Interface.CONTACTLESS)
    card.transmit(bytes.fromhex("80E00300080000000000000000"))
    card._log, log = -1, card._log
    with pytest.raises(CardRemoved):
        card.reset()
    card._log = log
    card.close()
    with open_card(path) as again:
        assert again.interface is Interface.CONTACTLESS
        assert again.chip.transport_code.tries == 2


def test_a_rack_of_contactless_cards() -> None:
    card = Rack(interface=Interface.CONTACTLESS).slot(1).next_card(0)
    assert card is not None
    assert card.interface is Interface.CONTACTLESS
