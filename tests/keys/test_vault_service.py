"""The key service: right answers, agreement from every level of storage, refusals, threads, and no master ever out."""

import copy
import inspect
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.errors import CustodyError
from sscard.keys import catalog, hierarchy
from sscard.keys.catalog import ISSUER_MASTERS, Level
from sscard.keys.diversify import city_factor, province_factor
from sscard.keys.family import Algorithm, family_of, pad_length
from sscard.keys.hierarchy import fill_demo, memory_service
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.keys.store import Entry, KeyStore, State, Usage
from sscard.keys.vault import Vault
from sscard.keys.vault_service import VaultKeyService

h = bytes.fromhex
CITY = "990101"
CARD = h("8699990100000017")
OTHER = h("8699990100000018")
ROOT = h("C0FFEE00112358D1321345589E3779B9")
PROVINCE = h("DAC048039303A8C4D939620BE9F6B16B")
CITY_KEY = h("0A472BC2679318801ABF2FC5BA2D7DEC")
CARD_KEY = h("04C3447E0BEEF5CF612190525BA017B9")
MASTER = h("000102030405060708090A0B0C0D0E0F")
SM4 = family_of(Algorithm.SM4)


def refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(CustodyError) as caught:
        call(*arguments)
    assert str(caught.value)
    return caught.value.key


def store_with(value: bytes, region: str, **changes: Any) -> KeyStore:
    store = KeyStore(demo=True)
    facts = {"level": Level.NATIONAL, "algorithm": Algorithm.SM4} | changes
    store.add("RKSSSE", Secret(value), region=region, **facts)
    store.add("MKSSSE", Secret(MASTER), level=Level.ISSUER, algorithm=facts["algorithm"], region=CITY)
    return store


RK = KeyRef("RKSSSE", CITY, CARD)
MK = KeyRef("MKSSSE", CITY, CARD)


@pytest.mark.parametrize(("value", "region"), [(ROOT, ""), (PROVINCE, "99"), (CITY_KEY, CITY)])
def test_the_same_card_key_from_every_level(value: bytes, region: str) -> None:
    service = VaultKeyService(store_with(value, region))
    proof = service.authentication_data(RK, h("4D5A6B7C8D9EAFB0"), h("0F1E2D3C4B5A6978"))
    assert proof == h("04AAF61E96BCC317")
    assert service.check_value(RK) == SM4.encrypt(CARD_KEY, bytes(16))[:3]
    assert service.session_mac(RK, h("A1B2C3D4E5F60718"), h("8424000004")) == h("18BB06C7")


def test_the_nearest_stored_level_counts() -> None:
    store = store_with(ROOT, "")
    store.add("RKSSSE", Secret(MASTER), level=Level.NATIONAL, algorithm=Algorithm.SM4, region="99")
    service = VaultKeyService(store)
    assert service.check_value(KeyRef("RKSSSE", "")) == SM4.encrypt(ROOT, bytes(16))[:3]
    assert service.check_value(KeyRef("RKSSSE", "99")) == SM4.encrypt(MASTER, bytes(16))[:3]
    city = SM4.diversify(MASTER, city_factor(CITY))
    assert service.check_value(KeyRef("RKSSSE", CITY)) == SM4.encrypt(city, bytes(16))[:3]
    elsewhere = SM4.diversify(ROOT, province_factor("339901"))
    assert service.check_value(KeyRef("RKSSSE", "33")) == SM4.encrypt(elsewhere, bytes(16))[:3]


def test_an_entry_that_is_not_active_is_not_stepped_over() -> None:
    store = store_with(ROOT, "")
    store.add(
        "RKSSSE", Secret(CITY_KEY), level=Level.NATIONAL, algorithm=Algorithm.SM4, region=CITY, state=State.RETIRED
    )
    assert refusal(VaultKeyService(store).check_value, RK) == "key-state"


def test_issuer_masters_take_the_card_factor_alone() -> None:
    service = VaultKeyService(store_with(ROOT, ""))
    assert service.first_key(MK) == Secret(SM4.diversify(MASTER, CARD))


@pytest.mark.parametrize("region", ["", "99"])
def test_issuer_masters_kept_above_the_city_take_no_region_factor(region: str) -> None:
    store = KeyStore(demo=True)
    store.add("MKSSSE", Secret(MASTER), level=Level.ISSUER, algorithm=Algorithm.SM4, region=region)
    assert VaultKeyService(store).first_key(MK) == Secret(SM4.diversify(MASTER, CARD))


def test_des_with_a_single_key() -> None:
    store = store_with(h("13579BDF2468ACE0"), "", algorithm=Algorithm.DES)
    service = VaultKeyService(store)
    assert service.algorithm(RK) is Algorithm.DES
    assert service.session_mac(RK, h("A1B2C3D4E5F60718"), h("8424000004")) == h("9041038D")


def test_wrapping_and_its_mac() -> None:
    service = VaultKeyService(store_with(ROOT, ""))
    prefix = h("0D0A01003303000010")[:8]
    under = SM4.diversify(MASTER, CARD)
    assert service.wrap_key(RK, MK, prefix) == SM4.encrypt(under, pad_length(prefix + CARD_KEY, 16))
    assert service.key_mac(MK, h("01020304"), b"message") == SM4.key_mac(under, b"message", h("01020304"))


@pytest.mark.parametrize("algorithm", [Algorithm.SM4, Algorithm.DES])
def test_the_pin_goes_in_its_padded_field(algorithm: Algorithm) -> None:
    service = memory_service(algorithm=algorithm)
    family = family_of(algorithm)
    under = service.first_key(MK).reveal()
    block = h("0100010066030110") + h("123456") + b"\xff" * 13
    assert service.wrap_key(KeyRef("PIN", CITY, CARD), MK, block[:8]) == family.encrypt(
        under, pad_length(block, family.block)
    )
    assert service.presentation(KeyRef("PIN", CITY)) == Secret(h("123456"))
    assert service.presentation(KeyRef("TRANSPORT")) == Secret(b"\xff" * 8)


def test_a_presented_value_is_a_copy() -> None:
    service = memory_service()
    service.presentation(KeyRef("PIN")).wipe()
    assert service.presentation(KeyRef("PIN")) == Secret(h("123456"))


STORED = KeyRef("RKSSSE", CITY)


@pytest.mark.parametrize(
    ("operation", "arguments", "key"),
    [
        ("wrap_key", (STORED, MK, b""), "key-card-level"),
        ("wrap_key", (RK, KeyRef("MKSSSE", CITY), b""), "key-other-card"),
        ("wrap_key", (RK, KeyRef("MKSSSE", CITY, OTHER), b""), "key-other-card"),
        ("wrap_key", (RK, KeyRef("MKSSSE", "990102", CARD), b""), "key-other-card"),
        ("wrap_key", (RK, KeyRef("IRK", CITY, CARD), b""), "key-not-master"),
        ("wrap_key", (RK, KeyRef("PIN", CITY, CARD), b""), "key-presented-only"),
        ("wrap_key", (KeyRef("PIN", CITY), MK, b""), "key-card-level"),
        ("wrap_key", (KeyRef("TRANSPORT", CITY, CARD), MK, b""), "key-presented-only"),
        ("wrap_key", (RK, MK, bytes(17)), "key-prefix"),
        ("first_key", (KeyRef("MKSSSE", CITY),), "key-card-level"),
        ("first_key", (RK,), "key-not-master"),
        ("first_key", (KeyRef("PIN", CITY, CARD),), "key-presented-only"),
        ("presentation", (RK,), "key-not-presented"),
        ("presentation", (KeyRef("MKSSSE", CITY),), "key-not-presented"),
        ("authentication_data", (STORED, bytes(8), bytes(8)), "key-card-level"),
        ("authentication_data", (RK, bytes(8), bytes(7)), "key-input"),
        ("authentication_data", (RK, bytes(5), bytes(8)), "key-input"),
        ("authentication_data", (RK, bytes(17), bytes(8)), "key-input"),
        ("session_mac", (STORED, bytes(8), b""), "key-card-level"),
        ("session_mac", (RK, b"", b""), "key-input"),
        ("key_mac", (KeyRef("MKSSSE", CITY), bytes(4), b""), "key-card-level"),
        ("key_mac", (MK, bytes(3), b""), "key-input"),
        ("check_value", (KeyRef("PIN", CITY),), "key-presented-only"),
        ("check_value", (KeyRef("RKSSSE", CITY, CARD[:7]),), "card-factor"),
        ("check_value", (KeyRef("RKSSSE", "99", CARD),), "key-city"),
        ("check_value", (KeyRef("RKSSSE", "", CARD),), "key-city"),
        ("check_value", (KeyRef("RKSSSE", "9901", CARD),), "key-region-path"),
        ("check_value", (KeyRef("RKSSSE", CITY, CARD, 2),), "key-missing"),
        ("check_value", (KeyRef("UK1DF05", CITY, CARD),), "key-missing"),
        ("check_value", (KeyRef("UK1DF01", ""),), "key-missing"),
        ("algorithm", (KeyRef("NONE", CITY),), "key-missing"),
        ("presentation", (KeyRef("NONE", CITY),), "key-missing"),
    ],
)
def test_refusals(operation: str, arguments: tuple[Any, ...], key: str) -> None:
    assert refusal(getattr(memory_service(), operation), *arguments) == key


def test_a_sixteen_byte_challenge_is_not_for_the_8_byte_family() -> None:
    service = memory_service(algorithm=Algorithm.DES)
    assert refusal(service.session_mac, RK, bytes(16), b"") == "key-input"
    assert len(service.session_mac(RK, bytes(8), b"")) == 4


def test_a_missing_key_is_named() -> None:
    with pytest.raises(CustodyError, match=r"UK9DF09:v3@990101/8699990100000017"):
        memory_service().check_value(KeyRef("UK9DF09", CITY, CARD, 3))


def test_aliases_mean_the_same_key() -> None:
    service = memory_service()
    for alias, name in (("STK", "STKSSSE"), ("UKMF", "UKSSSE")):
        assert service.check_value(KeyRef(alias, CITY, CARD)) == service.check_value(KeyRef(name, CITY, CARD))


@pytest.mark.parametrize("row", catalog.load(), ids=lambda row: row.name)
def test_every_catalogue_key_serves_and_differs_from_its_neighbours(row: catalog.CatalogKey) -> None:
    service = memory_service()
    for version in row.versions:
        ref = KeyRef(row.name, CITY, CARD, version)
        neighbours = [KeyRef(other.name, CITY, CARD) for other in catalog.load() if other is not row or version != 1]
        neighbours += [KeyRef(row.name, CITY, OTHER, version), KeyRef(row.name, "990102", CARD, version)]
        proof = service.authentication_data(ref, CARD, OTHER)
        assert len(proof) == 8
        assert all(service.authentication_data(other, CARD, OTHER) != proof for other in neighbours)
    assert refusal(service.check_value, KeyRef(row.name, CITY, CARD, row.versions[-1] + 1)) == "key-missing"


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**64), card=st.binary(min_size=8, max_size=8), city=st.from_regex(r"[0-9]{6}", fullmatch=True)
)
def test_two_services_of_one_seed_agree(seed: int, card: bytes, city: str) -> None:
    one, two = memory_service(city, seed), memory_service(city, seed)
    ref, under = KeyRef("UK1DF03", city, card), KeyRef("MKDF03", city, card)
    assert one.check_value(ref) == two.check_value(ref)
    assert one.wrap_key(ref, under, b"12345678") == two.wrap_key(ref, under, b"12345678")
    assert one.check_value(ref) != memory_service(city, seed + 1).check_value(ref)


def test_cards_of_one_service_never_share_a_key() -> None:
    service = memory_service()
    seen = set()
    for number in range(2000):
        card = CARD[:4] + number.to_bytes(4, "big")
        seen.add(service.first_key(KeyRef("MKCARD", CITY, card)).reveal())
        service.forget(card)
    assert len(seen) == 2000


def test_forget_wipes_and_the_next_use_derives_again(monkeypatch: pytest.MonkeyPatch) -> None:
    service = memory_service()
    before = service.check_value(RK)
    held = [key.value for key in service._cards[CARD].values()]
    assert held
    service.forget(CARD)
    service.forget(OTHER)
    assert CARD not in service._cards
    assert all(set(value.reveal()) == {0} for value in held)
    assert service.check_value(RK) == before


def test_derived_keys_are_kept_and_their_number_is_bounded() -> None:
    service = memory_service()
    service.check_value(RK)
    first = service._cards[CARD][RK]
    service.check_value(RK)
    assert service._cards[CARD][RK] is first
    for number in range(600):
        service.check_value(KeyRef("RKSSSE", CITY, number.to_bytes(8, "big")))
    assert len(service._cards) == 256
    assert CARD not in service._cards
    assert set(first.value.reveal()) == {0}


def test_several_heads_at_once() -> None:
    """Four threads, distinct and shared cards, forgetting all the while: every answer equals the one made alone."""
    alone, shared = memory_service(), memory_service()
    names = [row.name for row in catalog.load()]
    start = threading.Barrier(4)

    def head(number: int) -> None:
        start.wait()
        for turn in range(25):
            card = bytes(7) + bytes((turn % 5 if number % 2 else 100 + number,))
            for name in names[number::4]:
                ref, under = KeyRef(name, CITY, card), KeyRef("MKSSSE", CITY, card)
                got = shared.wrap_key(ref, under, b"prefix"), shared.authentication_data(ref, card, card)
                with lock:
                    assert got == (alone.wrap_key(ref, under, b"prefix"), alone.authentication_data(ref, card, card))
            shared.forget(card)

    lock = threading.Lock()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(head, number) for number in range(4)]:
            done.result()


def test_a_card_costs_little() -> None:
    """About 66 wraps with MACs and 60 authentications: well under 10 ms of this process, most of it the ciphers."""
    service = memory_service()
    names = [row.name for row in catalog.load()]

    def card(number: int) -> None:
        factor = number.to_bytes(8, "big")
        under = KeyRef("MKSSSE", CITY, factor)
        for name in names:
            ref = KeyRef(name, CITY, factor)
            block = service.wrap_key(ref, under, b"12345678")
            service.key_mac(under, b"1234", block)
            service.authentication_data(ref, factor, factor)
        service.forget(factor)

    card(0)
    best = 1.0
    for number in range(1, 20):
        started = time.process_time()
        card(number)
        best = min(best, time.process_time() - started)
    assert best < 0.01


def test_it_is_a_key_service() -> None:
    """Same names, same parameters, same types as the contract."""
    for name, wanted in vars(KeyService).items():
        if name.startswith("_"):
            continue
        given_ = inspect.getattr_static(VaultKeyService, name)
        if isinstance(wanted, property):
            assert isinstance(given_, property)
            continue
        assert inspect.signature(given_) == inspect.signature(wanted), name


def every_output(service: VaultKeyService) -> list[bytes]:
    """All that the public methods give for references of every name, place, card and version, refusals included."""
    names = [*(row.name for row in catalog.load()), *ISSUER_MASTERS, "PIN", "TRANSPORT"]
    found: list[bytes] = []

    def call(operation: Any, *arguments: Any) -> None:
        try:
            answer = operation(*arguments)
        except CustodyError as error:
            found.append(repr((error, error.fields)).encode() + str(error).encode())
            return
        found.append(answer.reveal() if isinstance(answer, Secret) else answer if isinstance(answer, bytes) else b"")
        found.append(repr(answer).encode())

    for name in names:
        for region in ("", "99", CITY):
            for factor in (b"", CARD):
                for version in (1, 2):
                    ref = KeyRef(name, region, factor, version)
                    for operation, arguments in {
                        "algorithm": (),
                        "check_value": (),
                        "first_key": (),
                        "presentation": (),
                        "authentication_data": (CARD, OTHER),
                        "session_mac": (CARD, b"message"),
                        "key_mac": (CARD, b"message"),
                        "session_cipher": (CARD, b"\x12\x34\x56"),
                        "transaction_code": (b"message",),
                        "wrap_key": (KeyRef("MKDF01", region, factor), b"prefix"),
                    }.items():
                        call(getattr(service, operation), ref, *arguments)
    return found


@pytest.mark.parametrize("algorithm", [Algorithm.SM4, Algorithm.DES])
def test_no_master_ever_comes_out(algorithm: Algorithm) -> None:
    store = KeyStore(demo=True)
    fill_demo(store, region=CITY, seed=5, algorithm=algorithm)
    masters = {store.value(entry).reveal() for entry in store if entry.usage is Usage.DIVERSIFY}
    assert len(masters) == 41 * 3 + 16 * 2 + 9
    service = VaultKeyService(store)
    public = {name for name in dir(service) if not name.startswith("_")}
    assert public == {name for name in vars(KeyService) if not name.startswith("_")}, "search a new method too"
    haystack = b"\n".join([*every_output(service), repr(service).encode(), str(service).encode()])
    assert service.first_key(KeyRef("MKDF01", CITY, CARD)).reveal() in haystack, "the search can find a key"
    for master in masters:
        for form in (master, master[:8], master[8:] or master, master.hex().encode(), master.hex().upper().encode()):
            assert form not in haystack


def test_card_keys_other_than_masters_never_come_out_either() -> None:
    store = KeyStore(demo=True)
    fill_demo(store, region=CITY, seed=6, algorithm=Algorithm.SM4)
    haystack = b"\n".join(every_output(VaultKeyService(store)))
    for row in catalog.load():
        city = next(entry for entry in store if entry.place == (row.name, CITY, 1))
        assert SM4.diversify(store.value(city).reveal(), CARD) not in haystack


def test_a_service_is_not_copied_or_stored() -> None:
    service = memory_service()
    service.check_value(RK)
    for carry in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            carry(service)
    assert "Secret(***)" in repr(service._cards[CARD][RK])


def test_demo_vault_holds_what_memory_holds(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    hierarchy.demo_vault(path, Secret(b"DEMO-passphrase"), seed=7)
    stored = VaultKeyService(Vault.open(path, Secret(b"DEMO-passphrase")))
    memory = memory_service(seed=7)
    assert stored.demo
    assert stored.check_value(RK) == memory.check_value(RK)
    assert stored.first_key(MK) == memory.first_key(MK)


def places(store: KeyStore, name: str) -> list[tuple[str, int]]:
    return [(entry.region, entry.version) for entry in store if entry.name == name]


@pytest.mark.parametrize("algorithm", [Algorithm.SM4, Algorithm.DES])
def test_the_hierarchy_is_whole(algorithm: Algorithm) -> None:
    store = KeyStore(demo=True)
    fill_demo(store, region="339901", seed=1, algorithm=algorithm)
    family = family_of(algorithm)
    for row in catalog.load():
        roots = [("", v) for v in row.versions] if row.level is Level.NATIONAL else []
        assert sorted(places(store, row.name)) == sorted(
            [*roots, *(("33", v) for v in row.versions), *(("339901", v) for v in row.versions)]
        )
    for name in ISSUER_MASTERS:
        assert places(store, name) == [("339901", 1)]

    def value(name: str, region: str) -> bytes:
        return store.value(next(e for e in store if e.place == (name, region, 1))).reveal()

    province = family.diversify(value("STKDF01", ""), b"330000sh")
    assert value("STKDF01", "33") == province
    assert value("STKDF01", "339901") == family.diversify(province, b"339900sx")
    assert len(province) == (8 if algorithm is Algorithm.DES else 16)
    assert len(value("IRK", "")) == 16


def test_random_hierarchies_differ_and_seeded_ones_share_the_nation() -> None:
    def entries(region: str, seed: int | None) -> dict[tuple[str, str, int], Entry]:
        store = KeyStore(demo=True)
        fill_demo(store, region=region, seed=seed, algorithm=Algorithm.SM4)
        return {entry.place: entry for entry in store}

    one, two = entries(CITY, None), entries(CITY, None)
    place = ("IRK", "", 1)
    assert one[place].check_value != two[place].check_value
    here, there = entries("990101", 3), entries("339901", 3)
    assert here[place] == there[place]
    assert here[("BK", "99", 1)].check_value != there[("BK", "33", 1)].check_value
    assert here[("MKCARD", "990101", 1)].check_value != there[("MKCARD", "339901", 1)].check_value


@pytest.mark.parametrize(("algorithm", "size"), [(Algorithm.SM4, 16), (Algorithm.DES, 8)])
def test_a_pin_is_enciphered_under_the_session_key(algorithm: Algorithm, size: int) -> None:
    service, family, ref = memory_service(algorithm=algorithm), family_of(algorithm), KeyRef("STKSSSE", CITY, CARD)
    challenge, pin = h("4D5A6B7C8D9EAFB0"), h("123456")
    cipher = service.session_cipher(ref, challenge, pin)
    assert len(cipher) == size
    assert cipher == service.session_cipher(ref, challenge, pin) != service.session_cipher(ref, OTHER, pin)
    store = KeyStore(demo=True)
    fill_demo(store, region=CITY, seed=0, algorithm=algorithm)
    city = next(entry for entry in store if entry.place == ("STKSSSE", CITY, 1))
    session = family.session_key(family.diversify(store.value(city).reveal(), CARD), challenge)
    assert cipher == family.encrypt(session, pad_length(pin, size))
    for wrong in (b"", bytes(9)):
        assert refusal(service.session_cipher, ref, challenge, wrong) == "key-plain"
    assert refusal(service.session_cipher, ref, b"abc", pin) == "key-input"
    assert refusal(service.session_cipher, KeyRef("STKSSSE", CITY), challenge, pin) == "key-card-level"


@pytest.mark.parametrize("algorithm", [Algorithm.SM4, Algorithm.DES])
def test_transaction_codes_come_from_dtk_alone(algorithm: Algorithm) -> None:
    service, family, ref = memory_service(algorithm=algorithm), family_of(algorithm), KeyRef("DTK", CITY, CARD)
    store = KeyStore(demo=True)
    fill_demo(store, region=CITY, seed=0, algorithm=algorithm)
    city = next(entry for entry in store if entry.place == ("DTK", CITY, 1))
    key = family.diversify(store.value(city).reveal(), CARD)
    if algorithm is Algorithm.DES:
        key = (int.from_bytes(key[:8], "big") ^ int.from_bytes(key[8:], "big")).to_bytes(8, "big")
    assert service.transaction_code(ref, b"fields") == family.session_mac(key, b"fields")
    for name in ("DLK", "DPK", "STKSSSE", "RKSSSE", "MKDF04", "PIN"):
        assert refusal(service.transaction_code, KeyRef(name, CITY, CARD), b"fields") == "key-not-tac"
    assert refusal(service.transaction_code, KeyRef("DTK", CITY), b"fields") == "key-card-level"


def card_key_of(name: str, algorithm: Algorithm) -> bytes:
    store = KeyStore(demo=True)
    fill_demo(store, region=CITY, seed=0, algorithm=algorithm)
    city = next(entry for entry in store if entry.place == (name, CITY, 1))
    return family_of(algorithm).diversify(store.value(city).reveal(), CARD)


def test_cards_without_session_keys_are_served_under_the_key_itself() -> None:
    service, des, ref = memory_service(algorithm=Algorithm.DES), family_of(Algorithm.DES), KeyRef("RKSSSE", CITY, CARD)
    key = card_key_of("RKSSSE", Algorithm.DES)
    assert service.direct_cryptogram(ref, h("4D5A6B7C")) == des.encrypt(key, h("4D5A6B7C00000000"))
    assert service.direct_cryptogram(ref, h("4D5A6B7C8D9EAFB0")) == des.encrypt(key, h("4D5A6B7C8D9EAFB0"))
    assert service.direct_cipher(ref, bytes(7)) == des.encrypt(key, h("0700000000000000"))
    assert service.direct_cipher(ref, bytes(8)) == des.encrypt(key, h("08") + bytes(8) + h("80") + bytes(6))
    folded = bytes(left ^ right for left, right in zip(key[:8], key[8:], strict=True))
    assert service.folded_mac(ref, h("123456")) == des.encrypt(folded, h("1234568000000000"))[:4]
    for wrong in (b"", bytes(5), bytes(16)):
        assert refusal(service.direct_cryptogram, ref, wrong) == "key-input"
    for wrong in (b"", bytes(240)):
        assert refusal(service.direct_cipher, ref, wrong) == "key-plain-direct"
    for call, data in (
        (service.direct_cryptogram, bytes(8)),
        (service.direct_cipher, bytes(8)),
        (service.folded_mac, b"1"),
    ):
        assert refusal(call, KeyRef("RKSSSE", CITY), data) == "key-card-level"


def test_what_only_des_cards_know_is_refused_for_sm4() -> None:
    service, ref = memory_service(algorithm=Algorithm.SM4), KeyRef("RKSSSE", CITY, CARD)
    assert refusal(service.direct_cryptogram, ref, bytes(8)) == "key-not-des"
    assert refusal(service.folded_mac, ref, bytes(8)) == "key-not-des"
    assert service.direct_cipher(ref, b"1") == SM4.encrypt(
        card_key_of("RKSSSE", Algorithm.SM4), h("013180") + bytes(13)
    )
