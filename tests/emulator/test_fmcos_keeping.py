"""FMCOS cards on disk, torn at every byte, and behind both interfaces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.apdu.atr import Atr, Interface
from sscard.apdu.exchange import Protocol
from sscard.apdu.transport import Channel
from sscard.cos.profile import load_profile
from sscard.emulator import PersistentCard, Rack, SoftwareCard, Tear, image
from sscard.emulator.blank import blank_card
from sscard.emulator.fmcos import FmcosCard, FmcosOptions
from sscard.emulator.structure import changes
from sscard.emulator.tearing import log_size
from sscard.errors import CardRemoved, WorkspaceError
from tests.emulator.fmcos_desk import TERMINAL, TIME, Desk, des, key, mac, make_desk


def used() -> Desk:
    desk = make_desk(mf_nibble=0, longest_pin=6)
    desk.enter()
    desk.verify()
    desk.load(1000)
    desk.purchase(1)
    desk.secure("04D69500", key("line"), b"\xaa")
    desk.verify("0000")
    desk.card.reset()
    return desk


def test_an_image_loads_back_byte_for_byte() -> None:
    text = image.dump(used().card)
    loaded = image.load(text)
    assert isinstance(loaded, FmcosCard)
    assert image.dump(loaded) == text
    assert json.loads(text)["system"] == "fmcos"
    blank = image.dump(FmcosCard.blank(1))
    assert image.dump(image.load(blank)) == blank


def test_a_loaded_card_goes_on_the_same_way() -> None:
    one = used()
    two = Desk(image.load(image.dump(one.card)))
    for desk in (one, two):
        desk.enter()
        desk.verify()
    assert one.load(5) == two.load(5)
    assert image.dump(one.card) == image.dump(two.card)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda text: text[: len(text) // 2], "image-damaged"),
        (lambda text: text.replace('"version": 2', '"version": 99'), "image-newer"),
        (lambda text: text.replace('"system": "fmcos"', '"system": "nocos"'), "image-system"),
        (lambda text: text.replace('"balance"', '"weight"'), "image-damaged"),
        (lambda text: text.replace('"balance": 999', '"balance": -1'), "image-damaged"),
        (lambda text: text.replace('"use": "TAC"', '"use": "TIC"'), "image-damaged"),
        (lambda text: text.replace('"content": "AA', '"content": "'), "image-damaged"),
        (lambda text: text.replace('"create": "F0"', '"create": "F0F0"'), "image-damaged"),
        (lambda text: text.replace('"longest_pin"', '"longest_pun"'), "image-damaged"),
    ],
)
def test_what_is_no_image_is_told(edit, error: str) -> None:
    text = image.dump(used().card)
    spoiled = edit(text)
    assert spoiled != text
    with pytest.raises(WorkspaceError) as caught:
        image.load(spoiled)
    assert caught.value.key == error


def test_a_card_outlives_its_program(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    made = used().card
    card = PersistentCard(path, lambda: made)
    desk = Desk(card)
    desk.enter()
    desk.verify()
    desk.load(7)
    log = path.with_name("card.json.log").read_bytes()
    before = path.read_bytes()
    card.close()
    path.write_bytes(before)
    path.with_name("card.json.log").write_bytes(log)
    with PersistentCard(path) as again:
        assert again.system == "fmcos"
        assert again.ats.hex().upper().startswith("1078809002")
        assert Desk(again).enter()
        assert Desk(again).send("805C000204") == "000003EE9000"


def purchase_of(desk: Desk) -> bytes:
    """The debit that follows a purchase begun now."""
    desk.enter()
    opening = desk.begin_purchase(100)
    session = des(key("purchase 1"), opening[11:15] + opening[4:6] + b"\0\7")
    body = b"\0\0\0\7" + TIME + mac(session, b"\0\0\0\x64\6" + TERMINAL + TIME)
    return b"\x80\x54\x01\x00\x0f" + body + b"\x08"


def test_a_purchase_torn_at_any_byte_is_whole_or_not_at_all() -> None:
    pattern = image.dump(used().card)
    whole = Desk(image.load(pattern))
    old = Desk(image.load(pattern))
    whole.ok(purchase_of(whole))
    size = log_size(old.card.chip, whole.card.chip)
    assert size > 20
    seen = set()
    for when, at in [(Tear.BEFORE, 0), (Tear.AFTER, 0), *((Tear.DURING, at) for at in range(size + 3))]:
        desk = Desk(image.load(pattern))
        debit = purchase_of(desk)
        desk.card.tear(1, when, at)
        with pytest.raises(CardRemoved):
            desk.send(debit)
        desk.card.reset()
        desk.enter()
        balance, log = desk.ok("805C000204"), desk.ok("00B201C400")
        seen.add((balance, log[18:20], desk.card.file("3F01/0002").purse.offline))
        expected = when is Tear.AFTER or (when is Tear.DURING and at > size)
        assert (balance == "00000383") is expected
        proof = desk.send("805A0006020001" + "08")
        assert proof.endswith("9000") is expected
    assert len(seen) == 2


def test_a_record_torn_at_any_byte_is_the_old_or_the_new() -> None:
    for at in range(20):
        desk = make_desk()
        desk.enter()
        desk.card.tear(1, Tear.DURING, at)
        with pytest.raises(CardRemoved):
            desk.send("00DC0940060904FFEEFF00")
        desk.card.reset()
        desk.enter()
        assert desk.ok("00B2094000") in ("0904AABBCCDD", "0904FFEEFF00")


def test_a_torn_key_load_leaves_no_half_key() -> None:
    for at in range(40):
        desk = make_desk()
        desk.enter()
        assert desk.authenticate(0, key("master")) == "9000"
        desk.card.tear(1, Tear.DURING, at)
        with pytest.raises(CardRemoved):
            desk.write_key(0x39, 7, "F0F00133", key("new"))
        desk.card.reset()
        desk.enter()
        assert desk.authenticate(7, key("new")) in ("6A88", "9000")


def test_both_interfaces_answer_with_the_same_historical_bytes() -> None:
    card = FmcosCard.blank(0x66799D24)
    assert card.ats.hex().upper() == "10788090022090000000000066799D24"
    air = Atr.parse(card.atr)
    card.present(Interface.CONTACT)
    wire = Atr.parse(card.atr)
    assert air.historical == wire.historical == bytes.fromhex("2090000000000066799D24")
    assert (air.interface, wire.interface) == (Interface.CONTACTLESS, Interface.CONTACT)
    assert card.factor == bytes.fromhex("0000000066799D24")
    assert not air.is_social_security


@pytest.mark.parametrize("interface", Interface)
def test_the_exchange_gets_the_same_data_on_both(interface: Interface) -> None:
    desk = make_desk(interface)
    channel = Channel(desk.card)
    from sscard.apdu.command import Command

    answer = channel.send(Command.parse(bytes.fromhex("00A40000023F0100")))
    assert (answer.sw, answer.data[:1]) == (0x9000, b"\x6f")
    assert channel.send(Command.parse(bytes.fromhex("00B2012C05"))).data == bytes.fromhex("01020304")


def test_cards_that_cannot_be() -> None:
    for words in (
        {"interface": Interface.CONTACTLESS, "protocol": Protocol.T0},
        {"transport_code": b"\xff"},
    ):
        with pytest.raises(ValueError, match=r"contactless|transport code"):
            FmcosCard.blank(1, **words)
    for serial in (-1, 1 << 64):
        with pytest.raises(ValueError, match="eight bytes"):
            FmcosCard.blank(serial)


def test_the_dialect_of_a_profile_chooses_the_card() -> None:
    from dataclasses import replace

    profile = load_profile("ssc2-des")
    assert isinstance(blank_card(profile, 1), SoftwareCard)
    training = replace(profile, dialect="fmcos", chip_bytes=8192)
    card = blank_card(training, 0x17, area="9901", interface=Interface.CONTACT)
    assert isinstance(card, FmcosCard)
    assert card.factor.hex() == "0000990100000017"
    assert card.interface is Interface.CONTACT
    assert blank_card(training, 1).interface is Interface.CONTACTLESS
    rack = Rack(make=lambda serial: blank_card(training, serial))
    fed = rack.slot(1).next_card(0)
    assert isinstance(fed, FmcosCard)
    assert fed.serial == 0x990100000001


def test_what_two_cards_differ_in() -> None:
    one, two = make_desk(), make_desk()
    assert list(changes(one.card, two.card)) == []
    two.enter()
    two.verify("0000")
    two.authenticate(0, key("master"))
    two.write_key(0x39, 7, "F0F00133", key("new"))
    two.ok("80E0000C07280008F0F0FFFF")
    two.secure("841E0000", key("line"))
    told = {(change.path, change.what) for change in changes(one.card, two.card)}
    assert told == {
        ("3F00/3F01", "blocked"),
        ("3F00/3F01/key PIN 00", "tries"),
        ("3F00/3F01/key EXTERNAL 07", "there"),
        ("3F00/3F01/000C", "there"),
    }
    assert {change.what for change in changes(one.card, two.card, state=False)} == {"there"}
    other = FmcosCard.blank(1, options=FmcosOptions())
    assert ("3F00", "chip") in {(change.path, change.what) for change in changes(one.card, other)}
