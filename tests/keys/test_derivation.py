"""Vaults at every level hand keys down and never up; what each level derives is what the one above would."""

from __future__ import annotations

import pytest

from sscard.errors import CustodyError
from sscard.keys import catalog
from sscard.keys.catalog import Level
from sscard.keys.derivation import Place, candidates, hand_down
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import fill_demo
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore, State, Usage
from sscard.keys.vault_service import VaultKeyService

CITY, CARD = "990101", bytes.fromhex("8699990100000017")
AT_CARD = Place(CITY, CARD)


def store(holds: str, region: str = CITY, algorithm: Algorithm = Algorithm.SM4) -> KeyStore:
    made = KeyStore(demo=True)
    fill_demo(made, region=region, seed=4, algorithm=algorithm, holds=holds)
    return made


def refused(vault: KeyStore, name: str, place: Place, version: int = 1) -> str:
    with pytest.raises(CustodyError) as caught:
        hand_down(vault, name, version, place)
    return caught.value.key


@pytest.mark.parametrize("algorithm", [Algorithm.SM4, Algorithm.DES])
@pytest.mark.parametrize("region", [CITY, "339901"])
def test_every_level_reaches_the_same_card_key(algorithm: Algorithm, region: str) -> None:
    """Of all 55 keys in all versions: nation → card equals province → card equals city → card equals the service."""
    levels = {holds: store(holds, region, algorithm) for holds in ("nation", "province", "city")}
    service = VaultKeyService(levels["city"])
    place = Place(region, CARD)
    count = 0
    for row in catalog.load():
        for version in row.versions:
            found = {
                hand_down(vault, row.name, version, place).check_value
                for holds, vault in levels.items()
                if holds != "nation" or row.level is Level.NATIONAL
            }
            assert found == {service.check_value(KeyRef(row.name, region, CARD, version))}
            count += 1
    assert count == sum(row.groups for row in catalog.load()) > 140


def test_what_each_level_holds_and_who_owns_it() -> None:
    nation, province, city = store("nation"), store("province"), store("city")
    assert {entry.name for entry in nation} == {row.name for row in catalog.load() if row.level is Level.NATIONAL}
    assert len({entry.name for entry in nation}) == 39
    assert len({entry.name for entry in province if entry.level is Level.LOCAL}) == 16
    assert {entry.region for entry in nation} == {""}
    assert {entry.region for entry in province} == {"99"}
    assert {entry.region for entry in city if entry.usage is Usage.DIVERSIFY} == {CITY}
    assert len(store("none")) == 0


def test_keys_go_only_downwards() -> None:
    city, province = store("city"), store("province")
    assert refused(city, "IRK", Place("99")) == "key-above"
    assert refused(city, "IRK", Place("")) == "key-above"
    assert refused(city, "IRK", Place("990102")) == "key-above", "nor sideways"
    assert refused(province, "IRK", Place("98")) == "key-above"
    assert refused(province, "IRK", Place("99", CARD)) == "key-city"
    assert refused(city, "NONE", Place(CITY)) == "key-missing"
    assert refused(city, "IRK", Place(CITY), version=4) == "key-missing"
    assert refused(city, "PIN", Place(CITY)) == "key-not-derived"


def test_a_wrong_factor_gives_another_key() -> None:
    nation = store("nation")
    checks = {
        hand_down(nation, "IRK", 1, Place.parse(path)).check_value for path in ("99", "98", "99/990101", "99/990102")
    }
    assert len(checks) == 4


def test_a_suspended_key_is_not_passed_by() -> None:
    vault = store("all")
    entry = vault.nearest("IRK", CITY, 1)
    assert vault.change_state(entry, State.SUSPENDED).state is State.SUSPENDED
    assert refused(vault, "IRK", AT_CARD) == "key-state"
    assert ("IRK", 1) in {(each.name, each.version) for each in candidates(vault, AT_CARD)}
    vault.change_state(entry, State.ACTIVE)
    assert hand_down(vault, "IRK", 1, AT_CARD).version == 1


def test_candidates_are_what_reaches_down() -> None:
    vault = store("province")
    assert {entry.version for entry in candidates(vault, Place("99"), ["IRK"])} == {1, 2, 3}
    assert [entry.name for entry in candidates(vault, Place(CITY), ["STKSSSE"], 1)] == ["STKSSSE"]
    assert list(candidates(vault, Place("98"))) == []
    assert list(candidates(vault, Place("99"), ["IRK"], 9)) == []


def test_extension_keys_take_no_name_of_the_lists() -> None:
    vault = store("none")
    vault.add("RKMFEF0C", Secret(bytes(16)), level=Level.LOCAL, algorithm=Algorithm.SM4, region="99")
    assert hand_down(vault, "RKMFEF0C", 1, AT_CARD).level is Level.LOCAL
    with pytest.raises(CustodyError) as caught:
        vault.add("UK4DF03", Secret(bytes(16)), level=Level.LOCAL, algorithm=Algorithm.SM4, region="99")
    assert caught.value.key == "key-owner"


@pytest.mark.parametrize(
    "path", ["", "9", "9901", "99/9901", "99/980101", "99/990101/", "99/990101/12", "99//", "９９"]
)
def test_paths_that_cannot_be_meant(path: str) -> None:
    with pytest.raises(CustodyError) as caught:
        Place.parse(path)
    assert caught.value.key == "key-path"


def test_paths() -> None:
    for path in ("99", "99/990101", "99/990101/8699990100000017"):
        assert str(Place.parse(path)) == path
    assert Place.parse("33/339901").region == "339901"
