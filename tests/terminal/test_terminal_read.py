"""Reading by profile on the strict software card: rights gained, rights missing, and no try wasted."""

from __future__ import annotations

import pytest

from sscard.apdu.atr import Interface
from sscard.apdu.transport import Channel
from sscard.cos.model import Profile
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard
from sscard.errors import CounterError, GuardRefused, ProfileError, UsageError
from sscard.keys.hierarchy import memory_service
from sscard.keys.secret import Secret
from sscard.keys.service import KeyService
from sscard.personalize.sample import PERSON, personalized_card
from sscard.terminal.identify import identify, pin_tries
from sscard.terminal.read import FileResult, Outcome, profile_for, read_files, targets
from sscard.terminal.session import CardSession, Refusal, pin_block
from sscard.terminal.show import shown

PIN = "123456"


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("ssc3-sm4")


@pytest.fixture(params=list(Interface), ids=lambda interface: interface.value)
def card(request: pytest.FixtureRequest) -> SoftwareCard:
    return personalized_card(interface=request.param)


def session(card: SoftwareCard, keys: KeyService | None = None, pin: str = "") -> CardSession:
    channel = Channel(card)
    identity = identify(channel)
    return CardSession(channel, profile_for(identity), identity, keys, pin_block(pin) if pin else None)


def read(card: SoftwareCard, *words: str, keys: KeyService | None = None, pin: str = "") -> list[FileResult]:
    opened = session(card, keys, pin)
    return list(read_files(opened, targets(opened.profile, words)))


def test_what_is_free_needs_nothing(card: SoftwareCard) -> None:
    (result,) = read(card, "EF05")
    texts = {value.item.source: value.text for value in result.values if value.item}
    assert (result.outcome, result.rights) == (Outcome.READ, ())
    assert texts["card_no"] == PERSON.card_no
    assert texts["issue_date"] == PERSON.issue_date


def test_holder_basics_open_with_our_key(card: SoftwareCard) -> None:
    (result,) = read(card, "SSSE/EF06", keys=memory_service())
    texts = {value.item.source: value.text for value in result.values if value.item}
    assert (result.outcome, result.rights) == (Outcome.READ, ("RKSSSE",))
    assert (texts["ssn"], texts["name"], texts["birth"]) == (PERSON.ssn, PERSON.name, PERSON.birth)
    assert result.holder == PERSON.name


def test_without_keys_nothing_is_tried(card: SoftwareCard) -> None:
    (result,) = read(card, "EF06")
    assert (result.outcome, result.refused) == (Outcome.DENIED, Refusal.NO_KEY)
    (result,) = read(card, "EF06", pin=PIN)
    assert result.refused is Refusal.NO_KEY


def test_the_whole_card_with_keys_and_pin(card: SoftwareCard, profile: Profile) -> None:
    results = read(card, "all", keys=memory_service(), pin=PIN)
    assert len(results) == sum(len(directory.files) for directory in profile.directories)
    assert {result.outcome for result in results} == {Outcome.READ}
    for result in results:
        if result.file.structure.is_tlv:
            stored = sum(2 + len(value.raw) for value in result.values)
            assert stored == result.file.size, (result.directory.name, result.file.name)
            assert all(value.item is not None for value in result.values)
    offline = next(r for r in results if (r.directory.name, r.file.name) == ("DF04", "EF06"))
    assert set(offline.rights) == {"PIN", "RK1DF04"}
    bank = next(r for r in results if r.directory.name == "DEBIT")
    assert PERSON.bank_pan in bank.values[0].text
    entries = next(r for r in results if r.file.name == "EF1E").values
    assert [v.item.en for v in entries if v.item][3] == "social insurance 2 (medical)"


def test_the_pin_serves_where_a_key_is_missing(card: SoftwareCard) -> None:
    (result,) = read(card, "DF01/EF05", pin=PIN)
    assert (result.outcome, result.rights) == (Outcome.READ, ("PIN",))
    (both,) = read(card, "DF04/EF06", pin=PIN)
    assert (both.outcome, both.refused) == (Outcome.DENIED, Refusal.NO_KEY)
    (log,) = read(card, "DF04/EF08", keys=memory_service())
    assert (log.outcome, log.refused) == (Outcome.DENIED, Refusal.NO_PIN)


def test_keys_of_another_hierarchy_are_never_tried(card: SoftwareCard) -> None:
    foreign = memory_service(seed=9)
    for _ in range(6):
        (result,) = read(card, "EF06", keys=foreign)
        assert (result.outcome, result.refused) == (Outcome.DENIED, Refusal.FOREIGN)
    (result,) = read(card, "EF06", keys=memory_service())
    assert result.outcome is Outcome.READ


class NotOurs:
    """A service whose reading key is wrong although the card is genuine."""

    def __init__(self) -> None:
        self._good = memory_service()

    def __getattr__(self, name: str) -> object:
        return getattr(self._good, name)

    def authentication_data(self, ref: object, challenge: bytes, original: bytes) -> bytes:
        good = self._good.authentication_data(ref, challenge, original)  # type: ignore[arg-type]
        return good if ref.name == "IRK" else bytes(8)  # type: ignore[attr-defined]


def test_a_refused_key_stops_everything_after_one_try(card: SoftwareCard) -> None:
    opened = session(card, NotOurs())  # type: ignore[arg-type]
    with pytest.raises(CounterError) as caught:
        list(read_files(opened, targets(opened.profile, ("EF06", "EF07"))))
    assert caught.value.tries == 2


def test_a_wrong_pin_is_presented_once(card: SoftwareCard) -> None:
    opened = session(card, pin="654321")
    with pytest.raises(CounterError) as caught:
        list(read_files(opened, targets(opened.profile, ("DF01",))))
    assert caught.value.tries == 5
    results = list(read_files(opened, targets(opened.profile, ("DF01/EF05",))))
    assert results[0].outcome is Outcome.DENIED
    assert pin_tries(Channel(card)) == 5


def test_the_last_try_of_the_pin_is_left_to_the_holder(card: SoftwareCard) -> None:
    for _ in range(5):
        with pytest.raises(CounterError):
            read(card, "DF01/EF05", pin="654321")
    with pytest.raises(GuardRefused, match="PIN-FLOOR"):
        read(card, "DF01/EF05", pin=PIN)
    assert pin_tries(Channel(card)) == 1


def test_rights_end_with_the_directory_and_are_gained_again(card: SoftwareCard) -> None:
    results = read(card, "DF01/EF05", "DF02/EF05", "DF01/EF06", keys=memory_service(), pin=PIN)
    assert [result.rights for result in results] == [("RK1DF01",), ("RK1DF02",), ("RK1DF01",)]


def test_an_absent_application(card: SoftwareCard, profile: Profile) -> None:
    opened = session(SoftwareCardWithout(card, profile.directory("DF07").aid), memory_service())  # type: ignore[arg-type]
    results = list(read_files(opened, targets(profile, ("DF07", "EF05"))))
    assert [result.outcome for result in results] == [Outcome.ABSENT] * 3 + [Outcome.READ]


class SoftwareCardWithout:
    """The card with one application hidden, or answering ``sw`` to its SELECT."""

    def __init__(self, card: SoftwareCard, aid: bytes, sw: str = "6A82") -> None:
        self.card, self.aid, self.sw = card, aid, bytes.fromhex(sw)
        self.atr, self.name = card.atr, card.name

    def transmit(self, apdu: bytes, /) -> bytes:
        return self.sw if apdu[1] == 0xA4 and self.aid in apdu else self.card.transmit(apdu)


def test_a_blocked_application_does_not_end_the_reading(card: SoftwareCard, profile: Profile) -> None:
    blocked = SoftwareCardWithout(card, profile.directory("DF03").aid, "9303")
    opened = session(blocked, memory_service())  # type: ignore[arg-type]
    results = list(read_files(opened, targets(profile, ("DF03/EF05", "EF05"))))
    assert [result.outcome for result in results] == [Outcome.BLOCKED, Outcome.READ]


def test_targets(profile: Profile) -> None:
    def names(*words: str) -> list[str]:
        return [f"{directory.name}/{file.name}" for directory, file in targets(profile, words)]

    assert names() == [f"SSSE/EF{n}" for n in ("1E", "05", "06", "07", "08")]
    assert names("ef05", "df04/ef06", "DF04") == ["SSSE/EF05", "DF04/EF06", "DF04/EF05", "DF04/EF08", "DF04/EF15"]
    assert len(names("all")) == 40
    for word in ("DF09", "DF04/EF77", "XX"):
        with pytest.raises(UsageError, match=f"TARGET-UNKNOWN.*{word}"):
            names(word)


def test_no_profile_for_an_old_card(card: SoftwareCard) -> None:
    from dataclasses import replace

    identity = replace(identify(Channel(card)), version="1.00")
    with pytest.raises(ProfileError, match=r"PROFILE-NONE-FITS: .* 1\.0 .* SM4"):
        profile_for(identity)


@pytest.mark.parametrize("digits", ["", "123", "12345678901234567", "12a4", "１２３４"])
def test_what_is_no_pin(digits: str) -> None:
    with pytest.raises(UsageError, match="PIN-FORM") as caught:
        pin_block(digits)
    assert not digits or digits not in str(caught.value)


def test_pin_blocks() -> None:
    assert pin_block("123456") == Secret(bytes.fromhex("123456"))
    assert pin_block("12345") == Secret(bytes.fromhex("12345F"))


def test_people_are_masked_unless_asked_for(card: SoftwareCard) -> None:
    results = read(card, "all", keys=memory_service(), pin=PIN)
    masked = "\n".join(shown(result, value, person=False) for result in results for value in result.values)
    plain = "\n".join(shown(result, value, person=True) for result in results for value in result.values)
    for secret in (PERSON.ssn, PERSON.name, PERSON.bank_pan, PERSON.birth, "2000-01-01"):
        assert secret not in masked
    for secret in (PERSON.ssn, PERSON.name, PERSON.bank_pan, "2000-01-01"):
        assert secret in plain
    for kept in ("990101********0022", "测*甲", PERSON.card_no, "2026-06-01", "D15600000503 社会保险信息区2"):
        assert kept in masked
