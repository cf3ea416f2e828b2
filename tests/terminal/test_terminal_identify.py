"""Which card is this: real shapes of FCI, cards of every state, foreign cards, and nothing written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command
from sscard.apdu.commands import Trait, describe
from sscard.apdu.transport import Channel
from sscard.commands.psam_open import sample_psam
from sscard.emulator import SoftwareCard
from sscard.keys.family import Algorithm
from sscard.personalize.sample import PERSON, personalized_card
from sscard.terminal.fci import Fci, algorithm_of
from sscard.terminal.identify import SSSE_NAME, CardKind, CardState, Identity, identify

SOCIAL_ATR = bytes.fromhex("3B6D000000812611018699990100000017")
OTHER_ATR = bytes.fromhex("3B6800000073C84000009000")
HEAD = "6F1C840F7378312E73682EC9E7BBE1B1A3D5CF"
FCIS = {
    HEAD + "A50988011E9F0C03860103": (0x1E, Algorithm.SM4),
    HEAD + "A50988011E9F0C03860101": (0x1E, Algorithm.DES),
    HEAD + "A50988011E9F0C03860102": (0x1E, Algorithm.SSF33),
    "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B": (0x0B, None),
    "6F11840F7378312E73682EC9E7BBE1B1A3D5CF": (None, None),
    HEAD + "A50988011E9F0C03860109": (0x1E, None),
}


class Scripted:
    """A card that answers from a table: commands by their beginning, anything else 6A82."""

    name = "scripted"

    def __init__(self, atr: bytes, answers: dict[str, str]) -> None:
        self.atr = atr
        self.answers = answers
        self.seen: list[bytes] = []

    def transmit(self, apdu: bytes, /) -> bytes:
        self.seen.append(apdu)
        for start, answer in self.answers.items():
            if apdu.hex().upper().startswith(start):
                return bytes.fromhex(answer)
        return b"\x6a\x82"

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        pass


SELECT_SSSE = "00A404000F" + SSSE_NAME.hex().upper()


@pytest.mark.parametrize("fci", FCIS)
def test_fci(fci: str) -> None:
    parsed = Fci.parse(bytes.fromhex(fci))
    assert parsed.name == SSSE_NAME
    assert (parsed.dir_sfi, parsed.algorithm) == FCIS[fci]


@given(st.binary(max_size=40))
def test_any_fci_is_taken(raw: bytes) -> None:
    parsed = Fci.parse(raw)
    assert parsed.name in raw


@pytest.mark.parametrize(
    ("stated", "card_id", "version", "expected"),
    [
        (Algorithm.DES, "110000", "3.00", (Algorithm.DES, True)),
        (None, "990101", "", (Algorithm.DES, False)),
        (None, "110000", "", (Algorithm.SSF33, False)),
        (None, "110000", "2.0", (Algorithm.SSF33, False)),
        (None, "990101", "3.00", (Algorithm.SM4, False)),
    ],
)
def test_algorithm(stated: Algorithm | None, card_id: str, version: str, expected: tuple[Algorithm, bool]) -> None:
    assert algorithm_of(Fci(b"", None, stated), card_id, version) == expected


def test_atr_of_a_social_security_card() -> None:
    atr = Atr.parse(SOCIAL_ATR)
    assert atr.is_social_security
    assert atr.card_factor.hex().upper() == "8699990100000017"
    assert (atr.area, atr.serial.hex()) == ("9901", "00000017")


def test_a_personalized_card() -> None:
    card = personalized_card()
    identity = identify(Channel(card))
    assert (identity.kind, identity.state) == (CardKind.SOCIAL_SECURITY, CardState.ISSUED)
    assert (identity.generation, identity.version) == ("3.0", "3.00")
    assert (identity.algorithm, identity.algorithm_stated) == (Algorithm.SM4, True)
    assert identity.card_id == "990101D15600000500000017"
    assert (identity.card_no, identity.region, identity.pin_tries) == (PERSON.card_no, "990101", 6)


def test_looking_writes_nothing_and_spends_nothing() -> None:
    card = personalized_card()
    sent: list[bytes] = []
    channel = Channel(card, [lambda apdu, _answer: sent.append(apdu)])
    identities = {identify(channel) for _ in range(20)}
    assert len(identities) == 1
    assert len(sent) >= 20
    for apdu in sent:
        kind = describe(apdu)
        query = kind.name == "VERIFY" and not Command(*apdu[:4]).data and len(apdu) <= 5
        assert query or not kind.traits & (Trait.WRITES | Trait.SPENDS_TRY | Trait.IRREVERSIBLE), apdu.hex()


def test_a_blank_card() -> None:
    identity = identify(Channel(SoftwareCard.blank(7)))
    assert (identity.kind, identity.state, identity.generation) == (CardKind.BLANK, None, "")
    assert identity.region == ""


@pytest.mark.parametrize("environment", ["1PAY.SYS.DDF01", "2PAY.SYS.DDF01"])
def test_a_bank_card(environment: str) -> None:
    card = Scripted(OTHER_ATR, {"00A404000E" + environment.encode().hex().upper(): "9000"})
    assert identify(Channel(card)).kind is CardKind.BANK


def test_an_unknown_card() -> None:
    assert identify(Channel(Scripted(OTHER_ATR, {}))).kind is CardKind.UNKNOWN
    assert identify(Channel(Scripted(OTHER_ATR, {"00A4": "6A81"}))).kind is CardKind.UNKNOWN


@pytest.mark.parametrize("sw", ["6A81", "9303", "6283"])
def test_a_blocked_card(sw: str) -> None:
    identity = identify(Channel(Scripted(SOCIAL_ATR, {"00A4": sw})))
    assert (identity.kind, identity.state) == (CardKind.SOCIAL_SECURITY, CardState.BLOCKED)


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ({}, CardState.EMPTY),
        ({"00B20128": "0110990101D15600000500000017FFFFFFFF9000"}, CardState.INITIALIZED),
        (
            {
                "00B20128": "0110990101D15600000500000017FFFFFFFF9000",
                "00B20728": "0709" + "00" * 9 + "9000",
            },
            CardState.INITIALIZED,
        ),
        ({"00B20728": "07095430303030303034349000"}, CardState.ISSUED),
    ],
)
def test_states_between(records: dict[str, str], state: CardState) -> None:
    identity = identify(Channel(Scripted(SOCIAL_ATR, {SELECT_SSSE: "9000", **records})))
    assert identity.state is state


@pytest.mark.parametrize(
    ("version", "generation"), [("312E3030", "1.0"), ("322E3000", "2.0"), ("322E3030", "2.0"), ("00000000", "1.0")]
)
def test_generation_from_the_version_item(version: str, generation: str) -> None:
    identity = identify(Channel(Scripted(SOCIAL_ATR, {SELECT_SSSE: "9000", "00B20328": f"0304{version}9000"})))
    assert identity.generation == generation
    assert (identity.algorithm, identity.algorithm_stated) == (Algorithm.DES, False)


def test_a_record_of_another_tag_is_not_taken_for_the_card_number() -> None:
    answers = {SELECT_SSSE: "9000", "00B20728": "0809543030303030303434" + "9000"}
    assert identify(Channel(Scripted(SOCIAL_ATR, answers))).card_no == ""


@pytest.mark.parametrize(("sw", "tries"), [("63C4", 4), ("63C0", 0), ("6983", 0), ("9000", None), ("6A88", None)])
def test_tries_of_the_pin(sw: str, tries: int | None) -> None:
    assert identify(Channel(Scripted(SOCIAL_ATR, {SELECT_SSSE: "9000", "0020": sw}))).pin_tries == tries


def test_the_same_card_is_told_by_atr_and_identification_code() -> None:
    first = identify(Channel(personalized_card()))
    again = identify(Channel(personalized_card()))
    assert first.same_card(again)
    assert not first.same_card(Identity(first.atr, first.kind, card_id="990101D15600000500000018"))
    assert not first.same_card(Identity(Atr.parse(OTHER_ATR), first.kind, card_id=first.card_id))


def test_a_psam_is_no_user_card() -> None:
    module = sample_psam(Algorithm.DES)
    known = identify(Channel(module))
    assert (known.kind, known.state, known.algorithm) == (CardKind.PSAM, None, None)
