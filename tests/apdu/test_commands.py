"""What commands say of themselves: guard, dry run and trace mask trust this table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.commands import KINDS, UNKNOWN, Trait, describe


def name_of(text: str) -> str:
    return describe(bytes.fromhex(text)).name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("00A40400", "SELECT"),
        ("0084000008", "GET CHALLENGE"),
        ("00C000001E", "GET RESPONSE"),
        ("00880000", "INTERNAL AUTHENTICATE"),
        ("0082000A", "EXTERNAL AUTHENTICATE"),
        ("0020000003123456", "VERIFY"),
        ("805E0100", "CHANGE PIN"),
        ("84240001", "PIN CHANGE/UNBLOCK"),
        ("84240000", "PIN CHANGE/UNBLOCK"),
        ("00B2012812", "READ RECORD"),
        ("00DC01280612", "UPDATE RECORD"),
        ("04DC0128", "UPDATE RECORD"),
        ("00B08700", "READ BINARY"),
        ("00D68700", "UPDATE BINARY"),
        ("04D68700", "UPDATE BINARY"),
        ("841E0001", "APPLICATION BLOCK"),
        ("84160000", "CARD BLOCK"),
        ("B0260001", "GET BALANCE"),
        ("8040000008", "GENERATE KEY PAIR"),
        ("80C9820008", "EXPORT PUBLIC KEY"),
        ("80C4010305", "DIGEST"),
        ("804E000178", "OPEN ENVELOPE"),
        ("804A021012", "LOAD SESSION KEY"),
        ("80C2400046", "IMPORT KEY"),
        ("B0280001", "INITIALIZE FOR LOAD"),
        ("B0280101", "INITIALIZE FOR PURCHASE"),
        ("B02A0000", "CREDIT FOR LOAD"),
        ("B02C0100", "DEBIT FOR PURCHASE"),
        ("B02E0031", "GET TRANSACTION PROOF"),
        ("B0560000", "UPDATE STARTING DAY"),
        ("B0560100", "GET STARTING DAY"),
        ("805C0002", "GET BALANCE (PBOC)"),
        ("80500002", "INITIALIZE FOR LOAD (PBOC)"),
        ("80500102", "INITIALIZE FOR PURCHASE (PBOC)"),
        ("80500201", "INITIALIZE FOR CASH"),
        ("80500302", "INITIALIZE FOR CAPP PURCHASE"),
        ("80500401", "INITIALIZE FOR UPDATE"),
        ("80500501", "INITIALIZE FOR UNLOAD"),
        ("80520000", "CREDIT FOR LOAD (PBOC)"),
        ("80540100", "DEBIT FOR PURCHASE (PBOC)"),
        ("80540300", "DEBIT FOR UNLOAD"),
        ("80580000", "UPDATE OVERDRAFT LIMIT"),
        ("805A0006", "GET TRANSACTION PROOF (PBOC)"),
        ("80DC01C4", "UPDATE CAPP DATA CACHE"),
        ("80E00300", "VERIFY TRANSPORT CODE"),
        ("80E00100", "CREATE FILE"),
        ("80E00200", "END PRE-ISSUE"),
        ("80E10000", "DELETE FILE"),
        ("80D40000", "WRITE KEY"),
        ("84D40100", "WRITE KEY"),
        ("00D40000", "WRITE KEY"),
    ],
)
def test_every_command_of_the_card_is_known(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "00240001",
        "80280001",
        "00260001",
        "B0280201",
        "001E0001",
        "00160000",
        "00E00300",
        "00E00000",
        "00E10000",
        "00FF0000",
        "",
        "00A4",
    ],
)
def test_masks_keep_other_classes_and_parameters_out(text: str) -> None:
    assert describe(bytes.fromhex(text)) is UNKNOWN


@pytest.mark.parametrize("text", ["84E00300", "8FE00300", "88240001"])
def test_the_class_is_compared_by_its_high_nibble(text: str) -> None:
    assert describe(bytes.fromhex(text)) is not UNKNOWN


def test_the_unknown_is_taken_for_the_worst() -> None:
    for trait in (Trait.WRITES, Trait.IRREVERSIBLE, Trait.SECRET):
        assert trait in UNKNOWN.traits
    assert Trait.READS not in UNKNOWN.traits


@pytest.mark.parametrize("text", ["0082000A", "00200000", "805E0100", "84240001", "80E00300"])
def test_what_costs_a_try_says_so(text: str) -> None:
    assert Trait.SPENDS_TRY in describe(bytes.fromhex(text)).traits


@pytest.mark.parametrize("text", ["841E0001", "84160000", "80E00200", "80E10000", "84D40000"])
def test_what_cannot_be_undone_says_so(text: str) -> None:
    traits = describe(bytes.fromhex(text)).traits
    assert Trait.IRREVERSIBLE in traits
    assert Trait.WRITES in traits


@pytest.mark.parametrize("text", ["00B2012812", "00C000001E", "00DC0128", "00B08700", "00D68700"])
def test_what_moves_personal_data_says_so(text: str) -> None:
    assert Trait.PERSON in describe(bytes.fromhex(text)).traits


@pytest.mark.parametrize("text", ["00200000", "00820000", "00880000", "805E0100", "80D40000", "80E00300"])
def test_what_carries_a_secret_says_so(text: str) -> None:
    assert Trait.SECRET in describe(bytes.fromhex(text)).traits


def test_reading_commands_neither_write_nor_spend() -> None:
    for kind in KINDS:
        if Trait.READS in kind.traits:
            assert not kind.traits & (Trait.WRITES | Trait.SPENDS_TRY | Trait.IRREVERSIBLE), kind.name
        else:
            assert kind.traits & (Trait.WRITES | Trait.SPENDS_TRY), kind.name


def test_names_are_unique_and_every_row_has_both_languages() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.zh and kind.zh != kind.name for kind in KINDS)


@given(st.binary(max_size=12))
def test_anything_is_described(raw: bytes) -> None:
    kind = describe(raw)
    assert kind is UNKNOWN or kind.covers(raw)
    assert kind.traits
