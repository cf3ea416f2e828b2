"""Power cut at any byte: a card holds the state before a command or the state after it, and nothing between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard.cli import main
from sscard.emulator import Cut, PersistentCard, SoftwareCard, Tear, image, open_card
from sscard.emulator.tearing import log_size
from sscard.errors import CardRemoved, Exit

WRITES = {
    "record": ("DF01", "00DC0154050103AABBCC"),
    "binary": ("DF01", "00D6890003112233"),
    "cyclic": ("DF01", "00DC003B0400000001"),
    "counter": ("DF01", "0020000003111111"),
    "creation": ("DF01", "80E0010010" + "0000000040EF15C4001500000000" + "0000"),
}


def lasting(card: SoftwareCard) -> Any:
    """What stays on the chip: all but how often it was asked."""
    return {name: value for name, value in image.tree(card).items() if name not in ("commands", "random_position")}


def prepared(desk: Any, kind: str) -> tuple[Any, bytes]:
    """The furnished card, ready for the write, and the write."""
    if kind == "creation":
        desk.transport()
    desk.enter(desk.aid1)
    if kind == "cyclic":
        desk.gain(0x84, "DF01 UK1")
    return desk, bytes.fromhex(WRITES[kind][1])


def outcome(make_desk: Any, kind: str, cut: Cut | None) -> Any:
    desk, write = prepared(make_desk(), kind)
    if cut is not None:
        desk.card.tear(cut.after, cut.when, cut.at)
        with pytest.raises(CardRemoved):
            desk.send(write)
        desk.card.reset()
    else:
        desk.send(write)
    return lasting(desk.card)


@pytest.mark.parametrize("kind", WRITES)
def test_every_byte_gives_the_old_state_or_the_new(make_desk: Any, kind: str) -> None:
    old = outcome(make_desk, kind, Cut(1, Tear.BEFORE))
    new = outcome(make_desk, kind, None)
    assert old != new
    found = [outcome(make_desk, kind, Cut(1, Tear.DURING, at)) for at in range(120)]
    assert new in found, "the log of these writes is shorter"
    turn = found.index(new)
    assert turn > 1, "a commit mark comes behind at least one byte"
    assert found == [old] * turn + [new] * (120 - turn)
    assert outcome(make_desk, kind, Cut(1, Tear.AFTER)) == new


def test_the_log_has_the_changed_bytes_and_a_mark(make_desk: Any) -> None:
    states = {}
    for at in range(6):
        desk, write = prepared(make_desk(), "record")
        desk.card.tear(1, Tear.DURING, at)
        with pytest.raises(CardRemoved):
            desk.send(write)
        states[at] = bool(desk.card.file("DF01/EF0A").records)
    assert states == {0: False, 1: False, 2: False, 3: False, 4: False, 5: False}
    desk.card.reset()
    desk, write = prepared(desk, "record")
    desk.card.tear(1, Tear.DURING, 6)
    with pytest.raises(CardRemoved):
        desk.send(write)
    assert desk.card.file("DF01/EF0A").records == [write[5:]]


def test_a_command_that_writes_nothing_has_no_log(desk: Any) -> None:
    desk.card.tear(1, Tear.DURING)
    with pytest.raises(CardRemoved):
        desk.challenge()
    assert desk.card.commands > 0
    assert log_size(desk.card.chip, desk.card.chip) == 0


def test_a_torn_card_is_out_and_loses_its_rights(desk: Any) -> None:
    desk.enter(desk.aid1)
    desk.gain(0x84, "DF01 UK1")
    desk.card.tear(2, Tear.DURING, 1)
    desk.ok("00DC003B0400000001")
    with pytest.raises(CardRemoved):
        desk.send("00DC003B0400000002")
    assert not desk.card.powered
    desk.card.reset()
    desk.enter(desk.aid1)
    assert desk.send("00DC003B0400000003") == "6982"
    assert desk.card.file("DF01/EF07").records == [bytes.fromhex("00000001")]


@pytest.mark.parametrize(("at", "tries"), [(0, 3), (1, 3), (2, 2), (900, 2)])
def test_a_card_on_disk_comes_back_as_it_was_torn(tmp_path: Any, at: int, tries: int) -> None:
    path = tmp_path / "card.json"
    card = PersistentCard(path, lambda: SoftwareCard.blank(5))
    card.tear(1, Tear.DURING, at)
    with pytest.raises(CardRemoved):
        card.transmit(bytes.fromhex("80E00300080000000000000000"))
    assert card.chip.transport_code.tries == tries
    card.close()
    with open_card(path) as again:
        assert again.chip.transport_code.tries == tries


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    writes=st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=6)), min_size=1, max_size=8),
    cut=st.integers(1, 8),
    at=st.integers(0, 20),
)
def test_random_writes_torn_anywhere(make_desk: Any, writes: list[tuple[int, bytes]], cut: int, at: int) -> None:
    desk = make_desk()
    desk.enter(desk.aid1)
    commands = [bytes((0, 0xDC, number, 0x54, len(data) + 2, 1, len(data))) + data for number, data in writes]
    desk.card.tear(cut, Tear.DURING, at)
    states = [lasting(desk.card)]
    twin = image.load(image.dump(desk.card))
    twin.transmit(b"\x00\xa4\x04\x00\x06" + desk.aid1)
    for number, command in enumerate(commands, 1):
        twin.transmit(command)
        states.append(lasting(twin))
        if number == cut:
            with pytest.raises(CardRemoved):
                desk.send(command)
            assert lasting(desk.card) in states[-2:]
            return
        desk.send(command)
        assert lasting(desk.card) == states[-1]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("3", Cut(3, Tear.BEFORE)),
        ("1:after", Cut(1, Tear.AFTER)),
        ("40:during", Cut(40, Tear.DURING)),
        ("40:during:7", Cut(40, Tear.DURING, 7)),
    ],
)
def test_cuts_in_words(text: str, cut: Cut) -> None:
    assert Cut.parse(text) == cut


@pytest.mark.parametrize("text", ["", "0", "x", "1:", "1:later", "1:during:", "1:during:-1", "1:before:3", "1:after:x"])
def test_what_is_no_cut(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Cut.parse(text)


def test_emulate_refuses_what_is_no_cut(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("x", "0", "3:before:1"):
        assert main(["emulate", "--port", "27000", "--tear", words]) == Exit.USAGE
        assert "N[:before|during|after[:BYTE]]" in capsys.readouterr().err
