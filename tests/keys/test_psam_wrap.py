"""The one way a root leaves custody: only as what it is, only under one PSAM's own master."""

from __future__ import annotations

from pathlib import Path

import pytest

from sscard.errors import CustodyError
from sscard.keys import catalog
from sscard.keys.family import Algorithm, family_of, pad_length
from sscard.keys.hierarchy import fill_demo, memory_service
from sscard.keys.psam import (
    APPLICATION_MASTER,
    OWN_KEYS,
    KeyPlace,
    PsamClass,
    Usage,
    catalog_place,
    factors_of,
    is_application_id,
    levels_of,
)
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore
from sscard.keys.vault_service import VaultKeyService

FACTOR = bytes.fromhex("0100000000000042")
UNDER = KeyRef(APPLICATION_MASTER, "990101", FACTOR)
SM4 = memory_service()


def head(name: str, region: str, version: int = 1, algorithm: Algorithm = Algorithm.SM4, size: int = 16) -> bytes:
    return catalog_place(name, levels_of(region), version).create_head(algorithm, size)


@pytest.mark.parametrize("algorithm", [Algorithm.SM4, Algorithm.DES])
@pytest.mark.parametrize("region", ["", "99", "990101"])
def test_every_national_key_at_every_level(algorithm: Algorithm, region: str) -> None:
    """What is inside opens with the PSAM's master and makes the same card key as the service itself."""
    keys, family = memory_service(algorithm=algorithm), family_of(algorithm)
    master = keys.first_key(UNDER).reveal()
    for row in catalog.load():
        if row.level is not catalog.Level.NATIONAL:
            continue
        size = 8 if algorithm is Algorithm.DES and row.kind is catalog.Kind.MAINTENANCE else 16
        for version in row.versions:
            start = head(row.name, region, version, algorithm, size)
            plain = family.decrypt(master, keys.wrap_for_psam(KeyRef(row.name, region, version=version), UNDER, start))
            assert plain[1:9] == start
            value = plain[9 : plain[0] + 1]
            ref = KeyRef(row.name, "990101", b"factor12", version)
            for factor in reversed(factors_of(ref, levels_of(region))):
                value = family.diversify(value, factor)
            assert family.encrypt(value, bytes(family.block))[:3] == keys.check_value(ref)


def test_a_change_has_the_short_head() -> None:
    place = catalog_place("RK1DF04", 3)
    block = SM4.wrap_for_psam(KeyRef("RK1DF04"), UNDER, place.change_head())
    assert len(block) == 32
    plain = family_of(Algorithm.SM4).decrypt(SM4.first_key(UNDER).reveal(), block)
    assert plain == pad_length(plain[1 : plain[0] + 1], 16)
    assert plain[1:4] == b"\x67\x2d\x00"


@pytest.mark.parametrize(
    ("ref", "under", "start", "code"),
    [
        (KeyRef("IRK", "990101", FACTOR), UNDER, head("IRK", "990101"), "PSAM-NOT-ROOT"),
        (KeyRef("MKCARD", "990101"), UNDER, head("IRK", "990101"), "PSAM-NOT-ROOT"),
        (KeyRef("PSAMADF"), UNDER, head("IRK", ""), "PSAM-NOT-ROOT"),
        (KeyRef("PIN"), UNDER, head("IRK", ""), "KEY-PRESENTED-ONLY"),
        (KeyRef("IRK"), KeyRef("MKCARD", "990101", FACTOR), head("IRK", ""), "PSAM-NOT-MASTER"),
        (KeyRef("IRK"), KeyRef("PSAMKID1", "990101", FACTOR), head("IRK", ""), "PSAM-NOT-MASTER"),
        (KeyRef("IRK"), KeyRef("PSAMADF", "990101"), head("IRK", ""), "PSAM-NOT-MASTER"),
        (KeyRef("IRK"), UNDER, head("IRK", "99"), "PSAM-HEAD"),
        (KeyRef("IRK", "99"), UNDER, head("IRK", ""), "PSAM-HEAD"),
        (KeyRef("IRK"), UNDER, head("RK1DF03", ""), "PSAM-HEAD"),
        (KeyRef("IRK"), UNDER, KeyPlace(Usage(3, PsamClass.BOTH), 8).create_head(Algorithm.SM4, 16), "PSAM-HEAD"),
        (KeyRef("IRK"), UNDER, head("IRK", "", algorithm=Algorithm.DES), "PSAM-HEAD"),
        (KeyRef("IRK"), UNDER, head("IRK", "")[:-1] + b"\1", "PSAM-HEAD"),
        (KeyRef("IRK"), UNDER, b"", "PSAM-HEAD"),
        (KeyRef("IRK"), UNDER, b"\xe7\x08\x00", "PSAM-HEAD"),
        (KeyRef("DPK", version=2), UNDER, head("DPK", "", 1), "PSAM-HEAD"),
        (KeyRef("UKSSSE"), UNDER, head("UKSSSE", ""), "KEY-ABOVE"),
        (KeyRef("IRK", "9"), UNDER, head("IRK", ""), "KEY-REGION-PATH"),
    ],
)
def test_what_is_refused(ref: KeyRef, under: KeyRef, start: bytes, code: str) -> None:
    with pytest.raises(CustodyError, match=code):
        SM4.wrap_for_psam(ref, under, start)


def test_keys_of_ones_own_take_application_ids_only() -> None:
    store = KeyStore(demo=True)
    from sscard.keys.hierarchy import DemoKey

    extra = [DemoKey("UKMFEF0D", catalog.Level.LOCAL, 1, 16)]
    fill_demo(store, region="990101", seed=0, algorithm=Algorithm.SM4, extra=extra)
    keys, ref = VaultKeyService(store), KeyRef("UKMFEF0D", "990101")
    for number, kind, fits in (
        (0x13, PsamClass.BOTH, True),
        (0xC5, PsamClass.BOTH, False),
        (1, PsamClass.PURCHASE, False),
    ):
        start = KeyPlace(Usage(1, kind), number).create_head(Algorithm.SM4, 16)
        if fits:
            assert len(keys.wrap_for_psam(ref, UNDER, start)) == 32
        else:
            with pytest.raises(CustodyError, match="PSAM-HEAD"):
                keys.wrap_for_psam(ref, UNDER, start)


def test_own_keys_never_leave_a_production_vault() -> None:
    store = KeyStore(demo=False)
    for name in OWN_KEYS:
        from sscard.keys.secret import Secret

        store.add(name, Secret(name.encode().ljust(16, b".")), level=catalog.Level.ISSUER, algorithm=Algorithm.SM4)
    for name in OWN_KEYS:
        with pytest.raises(CustodyError, match="PSAM-OWN-CLEAR"):
            VaultKeyService(store).first_key(KeyRef(name, "990101", FACTOR))
        assert len(SM4.first_key(KeyRef(name, "990101", FACTOR)).reveal()) == 16


def test_usage_bytes_and_ids() -> None:
    seen = {byte: Usage.parse(byte) for row in catalog.load() for byte in row.psam.usages}
    assert all(usage.byte == byte for byte, usage in seen.items())
    for byte in (0x85, 0x81, 0xE7, 0x00):
        with pytest.raises(ValueError, match=r"levels|PsamClass"):
            Usage.parse(byte)
    assert [n for n in range(256) if is_application_id(n, PsamClass.BOTH)] == list(range(0x08, 0xC0))
    assert [n for n in range(256) if is_application_id(n, PsamClass.PURCHASE)] == list(range(1, 8))


def test_the_facade_says_where_each_own_key_is_kept(tmp_path: Path) -> None:
    store = KeyStore(demo=True)
    fill_demo(store, region="990101", seed=0, algorithm=Algorithm.SM4)
    places = {entry.name: entry.region for entry in store if entry.name in OWN_KEYS}
    assert places == {"PSAMDDF": "", "PSAMADF": "", "PSAMKID1": "", "PSAMKID2": "99", "PSAMKID3": "990101"}
