"""Promises D9, D10 and D12 to D14: which card may be written, whose it becomes, and what wrong keys may cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuzz.blanks import Liar
from sscard.apdu.atr import Interface
from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard, Tear
from sscard.emulator.fmcos.card import FmcosCard
from sscard.errors import CounterError, GuardRefused, SscardError
from sscard.keys.hierarchy import memory_service
from sscard.personalize.admission import require_blank
from sscard.personalize.heads import Kind
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, personalized_card, sample_keys
from tests.emulator.test_card_bound_interfaces import profile_with
from tests.personalize.test_bad_cards import Foreign, Tray, balance, bank, half_made, holder, state, told

Make = Callable[[int], Any]
PROFILE = load_profile("ssc3-sm4")
DIALECT = load_dialect(PROFILE.dialect)
READS = {0xA4, 0xB2, 0xB0, 0xC0, 0xCA, 0x84}

STRANGERS: dict[str, tuple[Callable[[], Any], str]] = {
    "memory card": (lambda: Foreign("A2131091"), "card-foreign"),
    "contactless memory card": (lambda: Foreign("3B8F8001804F0CA000000306030001000000006A"), "card-foreign"),
    "bank card of another vendor": (lambda: Foreign("3B6500002063CBA000"), "card-foreign"),
    "card of our kind that is no blank": (lambda: Foreign("3B6D00000081261101869999010000AAAA"), "card-not-blank"),
    "bank card": (bank, "card-bank"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_d09_a_wrong_card_is_only_read(make_bureau: Make, name: str) -> None:
    """What is no blank of ours is told by its answer to reset or by reading; it gets not one writing command."""
    make, key = STRANGERS[name]
    bureau, card = make_bureau(1), make()
    sent: list[bytes] = []
    transmit = card.transmit
    card.transmit = lambda apdu: (sent.append(apdu), transmit(apdu))[1]
    bureau.run([Tray("tray", [card, SoftwareCard.blank(1)])]).close()
    assert [event.error.key for event in told(bureau, Kind.REFUSED)] == [key]
    assert {apdu[1] for apdu in sent} <= READS
    assert (balance(bureau).good, balance(bureau).spoiled) == (1, 0)


def test_d09_a_card_of_another_system_is_named(make_bureau: Make) -> None:
    """A blank of another operating system, here FMCOS, is refused with what it is."""
    bureau = make_bureau(1)
    bureau.run([Tray("tray", [FmcosCard.blank(1), SoftwareCard.blank(1)])]).close()
    (event,) = told(bureau, Kind.REFUSED)
    assert event.error.key == "card-dialect"
    assert "FMCOS" in event.error.parts("en")[0]


def test_d09_a_blank_that_has_only_an_aerial(make_bureau: Make) -> None:
    """A profile that binds its files to the contacts refuses a card in the field of a contactless reader."""
    rule = '[[bound]]\nact = "update"\nat = "SSSE/EF05"\nonly = "contact"\nevidence = "test"\n'
    bound = profile_with(rule)
    card = SoftwareCard.blank(1, interface=Interface.CONTACTLESS)
    before = state(card)
    with pytest.raises(GuardRefused) as caught:
        require_blank(Channel(card), bound)
    assert caught.value.key == "card-contactless"
    assert state(card) == before


@pytest.mark.parametrize("until", ["holder", ""], ids=["initialised", "personalized"])
def test_d10_a_used_card_is_never_overwritten(make_bureau: Make, until: str) -> None:
    """A card with an environment or a person on it is refused and stays as it is; no option says otherwise."""
    from sscard.commands.personalize import command

    card = half_made(until) if until else personalized_card()
    before, bureau = state(card), make_bureau(1)
    bureau.run([Tray("tray", [card, SoftwareCard.blank(1)])]).close()
    assert [event.error.key for event in told(bureau, Kind.REFUSED)] == ["card-initialised" if until else "card-used"]
    assert state(card) == before
    assert not [option for option in command.params if "force" in option.name]


class Mixed(SoftwareCard):
    """A card on which somebody else's name stands after the reset before the proof."""

    resets = 0

    def reset(self) -> bytes:
        self.resets += 1
        if self.resets == 3:
            for directory in self.chip.root.walk():
                ef = directory.files.get(0xEF06)
                if ef and ef.records:
                    ef.records[1] = ef.records[1][:2] + "测试乙".encode("gb18030").ljust(30, b"\0")
        return super().reset()


def test_d12_another_person_on_the_chip_stops_the_card(make_bureau: Make) -> None:
    """Every item is read back from the chip and compared with the record: what differs is set aside."""
    bureau, mixed = make_bureau(1), Mixed.blank(1)
    after = SoftwareCard.blank(2)
    bureau.run([Tray("tray", [mixed, after])]).close()
    (event,) = told(bureau, Kind.SPOILED)
    assert event.error.key == "quarantine-differs"
    assert (balance(bureau).good, balance(bureau).spoiled) == (1, 1)
    assert holder(after) == next(iter(bureau.batch.records())).card_no


def torn(bureau: Any, after: int) -> SoftwareCard:
    """A card of the bureau's job, left in work after so many commands."""
    card = SoftwareCard.blank(1)
    card.tear(after, Tear.AFTER)
    tray = Tray("tray", [card])
    feed = tray.next_card
    tray.next_card = lambda timeout: feed(timeout) if card.powered else None  # type: ignore[method-assign]
    bureau.run([tray]).close()
    assert balance(bureau).work == 1
    return card


def test_d13_other_keys_than_the_job_began_with(make_bureau: Make) -> None:
    """Refused before any card is asked: key, region and version are named, expected and found by check value."""
    bureau = make_bureau(1)
    card = torn(bureau, 200)
    before, right = state(card), bureau.service
    bureau.service = memory_service(REGION, 2)
    with pytest.raises(GuardRefused) as caught:
        bureau.open()
    assert caught.value.key == "job-other-keys"
    fields = caught.value.fields
    ref = next(ref for ref in sorted(template().key_refs(), key=str) if str(ref) == fields["key"])
    assert fields["expected"] == right.check_value(ref).hex().upper() != fields["found"]
    assert fields["found"] == bureau.service.check_value(ref).hex().upper()
    assert {str(fields[name]) in caught.value.parts("en")[0] for name in ("key", "expected", "found")} == {True}
    assert state(card) == before
    bureau.service = right
    bureau.run([Tray("tray", [card])]).close()
    assert balance(bureau).good == 1


@cache
def template() -> Any:
    return compile_profile(PROFILE, DIALECT, REGION, INIT_ORG)


def test_d13_a_card_with_another_key_costs_one_try(make_bureau: Make) -> None:
    """Where only the card can tell, its first refusal is the last question; the error names key and check value."""
    bureau = make_bureau(1)
    card = torn(bureau, 200)
    next(bureau.place.jobs_path.glob("*/keys.json")).unlink()
    bureau.service = memory_service(REGION, 2)
    bureau.run([Tray("tray", [card, SoftwareCard.blank(2)])]).close()
    (event,) = told(bureau, Kind.SPOILED)
    ref = next(ref for ref in template().key_refs() if ref == event.error.fields["key"])
    assert bureau.service.check_value(ref).hex().upper() in event.error.parts("en")[0]
    assert lost_tries(card) == 1


class Log:
    """A card's journal in memory, for cards that are resumed without a job."""

    def __init__(self) -> None:
        self.intents: set[int] = set()
        self.left: set[int] = set()
        self.last = -1
        self.renew()

    def renew(self) -> None:
        self.before = (frozenset(self.intents), frozenset(self.left), self.last)

    def intended(self, visit: int) -> bool:
        return visit in self.before[0]

    def finished(self, visit: int) -> bool:
        return visit in self.before[1]

    def last_done(self) -> int:
        return self.before[2]

    def intent(self, visit: int, first: int, last: int) -> None:
        self.intents.add(visit)

    def secure(self) -> None:
        """Memory is safe enough here."""

    def done(self, step: int) -> None:
        self.last = step

    def leave(self, visit: int) -> None:
        self.left.add(visit)


def lost_tries(card: SoftwareCard) -> int:
    """The most tries any secret of the card has lost."""
    secrets = [card.chip.transport_code, *(key for directory in card.chip.root.walk() for key in directory.keys)]
    return max(secret.limit - secret.tries for secret in secrets)


STATUSES = [
    bytes.fromhex(sw) for sw in ("6300", "63C2", "6581", "6700", "6982", "6983", "6985", "6988", "6A80", "6A82")
]
STATUSES += [bytes.fromhex(sw) for sw in ("6A84", "6A86", "6A88", "6D00", "9000")]
KEYS = sample_keys(PROFILE)


@settings(max_examples=100, deadline=None)
@given(at=st.integers(1, 480), status=st.sampled_from(STATUSES), tear=st.integers(1, 60))
@example(at=2, status=b"\x63\xc2", tear=1)
def test_d14_no_error_path_spends_a_second_try(at: int, status: bytes, tear: int) -> None:
    """Whatever a card answers to whatever command, and torn while it is resumed: no secret loses more than one try."""
    card, log = Liar.blank(1), Log()
    card.at, card.status = at, status
    for turn in range(3):
        card.reset()
        if turn == 1:
            card.tear(tear, Tear.AFTER)
        log.renew()
        channel = Channel(card)
        plan = template().plan(PERSON, channel.atr.serial)
        try:
            Runner(channel, DIALECT, KEYS, channel.atr.card_factor).run(plan, log)
        except CounterError:
            break
        except SscardError:
            continue
    assert lost_tries(card) <= 1


def test_d14_would_notice_a_second_try() -> None:
    """Two wrong transport codes are counted as two."""
    card = SoftwareCard.blank(1)
    for _ in range(2):
        Channel(card).send(DIALECT.present_transport_code(bytes(8)))
    assert lost_tries(card) == 2
