"""PKCS#11 with SoftHSM2: keys go in and never come out, one call a key and batch, and clear words when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sscard.errors import CustodyError, GuardRefused, KeyServiceMissing
from sscard.keys import catalog
from sscard.keys.catalog import Level
from sscard.keys.custody import Batch
from sscard.keys.custody_service import CustodyService
from sscard.keys.family import Algorithm, family_of
from sscard.keys.hierarchy import fill_demo
from sscard.keys.pkcs11_load import load_token
from sscard.keys.pkcs11_token import TokenAddress, TokenCustody, open_session
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore, State, Usage

CITY, CARD = "990101", bytes.fromhex("8699990100000017")
PIN = b"DEMO1234"


def pin() -> Secret:
    return Secret(PIN)


def store(algorithm: Algorithm = Algorithm.DES, *, demo: bool = True) -> KeyStore:
    made = KeyStore(demo=demo)
    fill_demo(made, region=CITY, seed=9, algorithm=algorithm)
    return made


@pytest.fixture
def scratch(softhsm: TokenAddress) -> Iterator[TokenAddress]:
    """An empty token, emptied again afterwards."""
    address = TokenAddress(softhsm.module, "scratch")
    yield address
    with closing(open_session(address, pin(), write=True)) as session:
        for item in list(session.get_objects()):
            item.destroy()


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises((CustodyError, GuardRefused)) as caught:
        call()
    assert PIN.decode() not in str(caught.value)
    return caught.value.key


def test_keys_are_sensitive_and_only_encipher(loaded_token: TokenAddress) -> None:
    """What the token itself says of each key, and what it answers to attempts."""
    from pkcs11 import Attribute, Mechanism, ObjectClass, PKCS11Error

    with closing(open_session(loaded_token, pin(), write=True)) as session:
        keys = list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))
        assert len(keys) > 60
        for key in keys:
            assert key[Attribute.SENSITIVE]
            assert not key[Attribute.EXTRACTABLE]
            assert not any(key[name] for name in (Attribute.WRAP, Attribute.DERIVE, Attribute.DECRYPT, Attribute.SIGN))
        with pytest.raises(PKCS11Error):
            keys[0][Attribute.VALUE]
        with pytest.raises(PKCS11Error):
            keys[0][Attribute.EXTRACTABLE] = True
        with pytest.raises((PKCS11Error, AttributeError)):
            keys[0].decrypt(bytes(8), mechanism=Mechanism.DES3_ECB)
    with closing(open_session_without_pin(loaded_token)) as public:
        assert list(public.get_objects()) == []


def open_session_without_pin(address: TokenAddress) -> Any:
    import pkcs11

    return pkcs11.lib(str(address.module)).get_token(token_label=address.label).open()


def test_one_call_a_key_and_batch(loaded_token: TokenAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(TokenCustody(loaded_token, pin())) as custody:
        entry = next(entry for entry in custody.entries() if entry.name == "RKSSSE")
        branch = custody.branch(entry, ())
        calls: list[int] = []
        encrypt = type(branch)._encrypt
        monkeypatch.setattr(type(branch), "_encrypt", lambda self, data: calls.append(len(data)) or encrypt(self, data))
        service = CustodyService(custody)
        cards = [number.to_bytes(8, "big") for number in range(200)]
        service.prepare([KeyRef("RKSSSE", CITY), KeyRef("STKSSSE", CITY), KeyRef("PIN", CITY)], cards)
        assert calls == [200 * 16, 200 * 8]
        for card in cards:
            service.authentication_data(KeyRef("RKSSSE", CITY, card), card, card)
        assert len(calls) == 2, "what is prepared needs the token no more"


def test_only_the_citys_keys_are_loaded_and_each_is_proven(scratch: TokenAddress) -> None:
    """From the nation's roots alone the loader makes the city's keys, as the vault's own derivation does."""
    roots = KeyStore(demo=True)
    whole = store()
    for entry in whole:
        if entry.region in ("", "99") and not (entry.region == "99" and entry.level is Level.NATIONAL):
            roots.add(entry.name, whole.value(entry), level=entry.level, algorithm=entry.algorithm,
                      region=entry.region, version=entry.version, usage=entry.usage)  # fmt: skip
    loaded = load_token(scratch, pin(), roots, CITY)
    assert {entry.region for entry in loaded if entry.usage is Usage.DIVERSIFY} == {CITY}
    city = {entry.place: entry.check_value for entry in whole if entry.region == CITY}
    assert all(entry.check_value == city[entry.place] for entry in loaded if entry.usage is Usage.DIVERSIFY)
    diversified = [entry for entry in loaded if entry.usage is Usage.DIVERSIFY]
    assert len(diversified) == sum(len(row.versions) for row in catalog.load())


def test_a_key_that_is_there_is_never_covered(scratch: TokenAddress) -> None:
    keys = sum(len(row.versions) for row in catalog.load()) + len(catalog.ISSUER_MASTERS) + len(("PSAMKID3",))
    assert len(load_token(scratch, pin(), store(), CITY)) == keys + len(("PIN", "TRANSPORT"))
    assert refusal(lambda: load_token(scratch, pin(), store(), CITY)) == "token-holds"
    assert refusal(lambda: load_token(scratch, pin(), store(demo=False), CITY)) == "token-holds"


def test_all_or_nothing(scratch: TokenAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that calculates wrongly at the 20th key is left empty."""
    from sscard.keys import pkcs11_load

    prove, count = pkcs11_load._prove, iter(range(1000))

    def failing(item: Any, entry: Any) -> None:
        prove(item, entry)
        if next(count) == 20:
            raise CustodyError("token-differs", key=str(entry))

    monkeypatch.setattr(pkcs11_load, "_prove", failing)
    assert refusal(lambda: load_token(scratch, pin(), store(), CITY)) == "token-differs"
    assert refusal(lambda: TokenCustody(scratch, pin())) == "token-empty"


def test_a_key_that_is_not_the_one_meant_is_found_out(scratch: TokenAddress) -> None:
    made = KeyStore(demo=True)
    entry = made.add("RKSSSE", Secret(bytes(16)), level=Level.NATIONAL, algorithm=Algorithm.DES, region=CITY)
    made._values[entry.place] = Secret(bytes(range(16)))
    assert refusal(lambda: load_token(scratch, pin(), made, CITY)) == "token-differs"


def test_sm4_is_refused_before_anything_is_loaded(scratch: TokenAddress) -> None:
    with pytest.raises(CustodyError, match="SM4") as caught:
        load_token(scratch, pin(), store(Algorithm.SM4), CITY)
    assert caught.value.key == "custody-algorithm"
    assert refusal(lambda: TokenCustody(scratch, pin())) == "token-empty"


def test_keys_out_of_use_stay_outside(scratch: TokenAddress) -> None:
    made = store()
    made.add("OLD", Secret(bytes(16)), level=Level.NATIONAL, algorithm=Algorithm.DES, state=State.RETIRED)
    assert "OLD" not in {entry.name for entry in load_token(scratch, pin(), made, CITY)}


def test_another_city_would_need_a_key_to_leave(loaded_token: TokenAddress) -> None:
    from dataclasses import replace

    with closing(TokenCustody(loaded_token, pin())) as custody:
        entry = next(iter(custody.entries()))
        assert refusal(lambda: custody.branch(replace(entry, region="99"), (b"990102sx",))) == "custody-level"
        assert refusal(lambda: CustodyService(custody).algorithm(KeyRef("RKSSSE", "990102"))) == "key-above"


def test_wrong_pin_wrong_label_wrong_library(loaded_token: TokenAddress, tmp_path: Path) -> None:
    assert refusal(lambda: TokenCustody(loaded_token, Secret(b"DEMO0000"))) == "token-pin"
    with pytest.raises(KeyServiceMissing) as caught:
        TokenCustody(TokenAddress(loaded_token.module, "nowhere"), pin())
    assert caught.value.key == "token-missing"
    (tmp_path / "no.so").write_bytes(b"no library")
    for module in (tmp_path / "no.so", tmp_path / "none.so"):
        with pytest.raises(KeyServiceMissing) as caught:
            TokenCustody(TokenAddress(module, "x"), pin())
        assert caught.value.key == "pkcs11-module"


def test_a_token_is_opened_once(loaded_token: TokenAddress) -> None:
    with closing(TokenCustody(loaded_token, pin())):
        assert refusal(lambda: TokenCustody(loaded_token, pin())) == "token-in-use"


def create(address: TokenAddress, label: str, mark: bytes, **changes: Any) -> None:
    from pkcs11 import Attribute, KeyType, ObjectClass

    facts = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.DES2, Attribute.VALUE: bytes(16)}
    flags = {Attribute.TOKEN: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.ENCRYPT: True}
    flags |= {Attribute[name]: value for name, value in changes.items()}
    with closing(open_session(address, pin(), write=True)) as session:
        session.create_object({**facts, **flags, Attribute.LABEL: label, Attribute.ID: mark})


def test_demonstration_and_production_keys_do_not_share_a_token(softhsm: TokenAddress) -> None:
    address = TokenAddress(softhsm.module, "mixed")
    create(address, "DEMO RKSSSE:v1@990101", b"sscard:1:demo:national:16")
    create(address, "IRK:v1@990101", b"sscard:1:production:national:16")
    assert refusal(lambda: TokenCustody(address, pin())) == "token-mixed"


def test_other_peoples_objects_are_passed_over_and_leaking_keys_refused(softhsm: TokenAddress) -> None:
    address = TokenAddress(softhsm.module, "strange")
    create(address, "somebody else's", b"\xff\x00")
    create(address, "not a name of ours", b"sscard:1:demo:national:16")
    create(address, "DEMO RKSSSE:v1@990101", b"sscard:1:demo:national:16")
    with closing(TokenCustody(address, pin())) as custody:
        assert [str(entry) for entry in custody.entries()] == ["RKSSSE:v1@990101"]
        assert custody.demo
    create(address, "DEMO IRK:v1@990101", b"sscard:1:demo:national:16", EXTRACTABLE=True)
    assert refusal(lambda: TokenCustody(address, pin())) == "token-extractable"


def test_a_token_that_fails_in_use_is_named(loaded_token: TokenAddress) -> None:
    custody = TokenCustody(loaded_token, pin())
    branch = custody.branch(next(entry for entry in custody.entries() if entry.name == "RKSSSE"), ())
    custody.close()
    with pytest.raises(CustodyError, match=r"RKSSSE:v\d@990101 \(") as caught:
        branch.diversify(Batch([CARD]))
    assert caught.value.key == "token-failed"


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "pkcs11.py").write_text("raise ImportError\n")
    code = (
        "from sscard.keys.pkcs11_token import *\n"
        "try: TokenCustody(TokenAddress(Path('x'), 'y'), Secret(b''))\n"
        "except KeyServiceMissing as error: print(error)\n"
    )
    path = os.pathsep.join((str(tmp_path), *sys.path))
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path})
    assert "sscard[pkcs11]" in answer.stdout, answer.stderr


def test_a_single_des_key_is_the_same_key_in_the_token(loaded_token: TokenAddress) -> None:
    """Maintenance keys of DES cards have 8 bytes; the token holds them twice over."""
    with closing(CustodyService(TokenCustody(loaded_token, pin()))) as service:
        ref = KeyRef("STKSSSE", CITY)
        des = family_of(Algorithm.DES)
        source = KeyStore(demo=True)
        fill_demo(source, region=CITY, seed=5, algorithm=Algorithm.DES)
        value = source.value(next(e for e in source if e.place == ("STKSSSE", CITY, 1))).reveal()
        assert len(value) == 8
        assert service.check_value(ref) == des.encrypt(value, bytes(8))[:3]
