"""The contract of the key service, held by every back end: right answers, refusals, threads, and nothing secret out."""

from __future__ import annotations

import inspect
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sscard.errors import CustodyError, NotServed
from sscard.keys import catalog
from sscard.keys.custody_service import CARDS_KEPT, CustodyService
from sscard.keys.family import Algorithm
from sscard.keys.psam import KeyPlace, PsamClass
from sscard.keys.psam import Usage as PsamUsage
from sscard.keys.remote import RemoteKeyService
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.keys.store import Usage

h = bytes.fromhex
CITY, CARD, OTHER = "990101", h("8699990100000017"), h("8699990100000018")
HEADS = 16
RK, MK = KeyRef("RKSSSE", CITY, CARD), KeyRef("MKSSSE", CITY, CARD)
STORED = KeyRef("RKSSSE", CITY)
CHALLENGE, ORIGINAL = h("4D5A6B7C8D9EAFB0"), h("0F1E2D3C4B5A6978")
OPERATIONS = {
    "algorithm": (),
    "check_value": (),
    "authentication_data": (CHALLENGE, ORIGINAL),
    "session_mac": (CHALLENGE, b"message"),
    "session_cipher": (CHALLENGE, h("123456")),
    "transaction_code": (b"fields of a purchase",),
    "direct_cryptogram": (CHALLENGE[:4],),
    "direct_cipher": (b"enciphered line",),
    "folded_mac": (b"message",),
    "key_mac": (CHALLENGE[:4], b"message"),
    "wrap_key": (MK, b"\x0d\x0a\x01\x00", b"\xff"),
    "first_key": (),
    "presentation": (),
}
"""Every operation on one key, with the arguments after the reference."""


def outcome(service: Any, operation: str, ref: KeyRef, *arguments: Any) -> Any:
    """What a call gives: bytes, an algorithm, or the code and fields of its refusal."""
    try:
        answer = getattr(service, operation)(ref, *arguments)
    except CustodyError as error:
        return error.key, str(error), {name: str(value) for name, value in error.fields.items()}
    return answer.reveal() if isinstance(answer, Secret) else answer


def test_the_worked_examples(backend: Any) -> None:
    """Answers worked out by hand and by other programs, not by the twin."""
    ref, service = KeyRef("KAT", CITY, CARD), backend.service
    mac = service.session_mac(ref, h("A1B2C3D4E5F60718"), h("8424000004"))
    if backend.algorithm is Algorithm.SM4:
        assert service.authentication_data(ref, CHALLENGE, ORIGINAL) == h("04AAF61E96BCC317")
        assert mac == h("18BB06C7")
    else:
        assert mac == h("9041038D")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_agrees_with_the_keys_in_memory(backend: Any, operation: str) -> None:
    """Answers and refusals, for card keys of every kind, stored keys, unknown keys and presented values."""
    arguments = OPERATIONS[operation]
    names = ["RKSSSE", "IRK", "STKSSSE", "STK", "DTK", "DPK", "PUK", "MKSSSE", "MKDF04", "PIN", "TRANSPORT", "NONE"]
    refs = [KeyRef(name, CITY, card, version) for name in names for card in (CARD, b"") for version in (1, 2)]
    refs += [KeyRef("DPK", CITY, CARD, 3), KeyRef("RKSSSE", CITY, CARD[:7]), KeyRef("RKSSSE", "9901", CARD)]
    answers = 0
    for ref in refs:
        wanted = outcome(backend.twin, operation, ref, *arguments)
        assert outcome(backend.service, operation, ref, *arguments) == wanted, ref
        answers += not isinstance(wanted, tuple)
    assert answers or (backend.algorithm is Algorithm.SM4 and operation in ("direct_cryptogram", "folded_mac"))


@pytest.mark.parametrize(
    ("operation", "arguments", "key"),
    [
        ("wrap_key", (STORED, MK, b""), "key-card-level"),
        ("wrap_key", (RK, KeyRef("MKSSSE", CITY, OTHER), b""), "key-other-card"),
        ("wrap_key", (RK, KeyRef("IRK", CITY, CARD), b""), "key-not-master"),
        ("wrap_key", (RK, MK, bytes(17)), "key-prefix"),
        ("first_key", (KeyRef("MKSSSE", CITY),), "key-card-level"),
        ("first_key", (RK,), "key-not-master"),
        ("presentation", (RK,), "key-not-presented"),
        ("presentation", (MK,), "key-not-presented"),
        ("check_value", (KeyRef("PIN", CITY),), "key-presented-only"),
        ("check_value", (KeyRef("RKSSSE", CITY, CARD, 4),), "key-missing"),
        ("check_value", (KeyRef("UK9DF09", CITY, CARD),), "key-missing"),
        ("transaction_code", (RK, b"fields"), "key-not-tac"),
        ("session_cipher", (RK, CHALLENGE, bytes(9)), "key-plain"),
        ("session_mac", (RK, bytes(5), b""), "key-input"),
        ("authentication_data", (STORED, CHALLENGE, ORIGINAL), "key-card-level"),
        ("prepare", ([RK], [CARD]), "key-stored-level"),
        ("prepare", ([STORED], [CARD[:7]]), "card-factor"),
        ("prepare", ([KeyRef("NONE", CITY)], [CARD]), "key-missing"),
        ("require", (Algorithm.SSF33,), ("algorithm-unpublished", "custody-algorithm")),
    ],
)
def test_what_is_refused(backend: Any, operation: str, arguments: tuple[Any, ...], key: str | tuple[str, ...]) -> None:
    with pytest.raises(CustodyError) as caught:
        getattr(backend.service, operation)(*arguments)
    assert caught.value.key in key


def test_roots_are_wrapped_for_psams_where_they_may_leave(backend: Any) -> None:
    """The vault, and a server over it, wrap them; a device whose keys cannot leave says so."""
    row = catalog.find("IRK")
    place = KeyPlace(PsamUsage(1, PsamClass(row.psam.classes[0])), row.psam.ids[0])
    arguments = KeyRef("IRK", CITY), KeyRef("PSAMADF", CITY, CARD), place.create_head(backend.algorithm, 16)
    if backend.name.startswith(("pkcs11", "sdf")):
        with pytest.raises(NotServed) as caught:
            backend.service.wrap_for_psam(*arguments)
        assert caught.value.key == "custody-root"
    else:
        wrapped = backend.service.wrap_for_psam(*arguments)
        assert wrapped == backend.twin.wrap_for_psam(*arguments)
        assert len(wrapped) == 32


def test_a_missing_key_is_named(backend: Any) -> None:
    with pytest.raises(CustodyError, match=r"UK9DF09:v3@990101/8699990100000017"):
        backend.service.check_value(KeyRef("UK9DF09", CITY, CARD, 3))


def test_its_algorithm_is_said_before_a_job(backend: Any) -> None:
    backend.service.require(backend.algorithm)
    if "pkcs11" in backend.name:
        for other in (Algorithm.SM4, Algorithm.SM1, Algorithm.SSF33):
            with pytest.raises(CustodyError) as caught:
                backend.service.require(other)
            assert caught.value.key == "custody-algorithm"
            assert other.name in str(caught.value)


def test_demonstration_keys_are_marked(backend: Any) -> None:
    assert backend.service.demo is True


def test_every_key_of_the_card_serves(backend: Any) -> None:
    """All 55, the issuer's masters, each version: the right key, and never that of the neighbour."""
    names = [(row.name, version) for row in catalog.load() for version in row.versions]
    names += [(name, 1) for name in catalog.ISSUER_MASTERS]
    proofs = set()
    for name, version in names:
        ref = KeyRef(name, CITY, CARD, version)
        proof = backend.service.authentication_data(ref, CHALLENGE, ORIGINAL)
        assert proof == backend.twin.authentication_data(ref, CHALLENGE, ORIGINAL), ref
        proofs.add(proof)
    assert len(proofs) == len(names)


def test_prepared_cards_answer_like_others(backend: Any) -> None:
    refs = [KeyRef(name, CITY) for name in ("RKSSSE", "STKDF01", "MKSSSE", "PIN", "TRANSPORT")]
    cards = [number.to_bytes(8, "big") for number in range(CARDS_KEPT)]
    backend.service.prepare(refs, cards)
    backend.service.prepare(refs, [])
    for card in (cards[0], cards[100], cards[-1], OTHER):
        for ref in refs[:3]:
            assert backend.service.check_value(ref.for_card(card)) == backend.twin.check_value(ref.for_card(card))


def test_forgotten_cards_are_made_again(backend: Any) -> None:
    before = backend.service.authentication_data(RK, CHALLENGE, ORIGINAL)
    backend.service.forget(CARD)
    backend.service.forget(OTHER)
    assert backend.service.authentication_data(RK, CHALLENGE, ORIGINAL) == before


def test_sixteen_heads_at_once(backend: Any) -> None:
    """Shared and own cards, forgetting and preparing all the while: every answer equals the one made alone."""
    names = [row.name for row in catalog.load()]
    start = threading.Barrier(HEADS)
    cards = [bytes(7) + bytes((number % 5,)) for number in range(HEADS)]
    wanted = {
        (name, card): backend.twin.wrap_key(KeyRef(name, CITY, card), KeyRef("MKSSSE", CITY, card), b"prefix")
        for name in names
        for card in cards
    }

    def head(number: int) -> int:
        start.wait()
        card, done = cards[number], 0
        for turn in range(3):
            for name in names[number::4]:
                got = backend.service.wrap_key(KeyRef(name, CITY, card), KeyRef("MKSSSE", CITY, card), b"prefix")
                assert got == wanted[name, card]
                done += 1
            if turn == number % 3:
                backend.service.prepare([KeyRef("IRK", CITY)], [card, OTHER])
            backend.service.forget(card)
        return done

    with ThreadPoolExecutor(HEADS) as pool:
        assert all(pool.map(head, range(HEADS)))


def test_no_secret_in_what_can_be_shown(backend: Any) -> None:
    """Masters never come out; nothing of them, of card keys or of the PIN stands in reprs, errors or attributes."""
    store = backend.store
    masters = [store.value(entry).reveal() for entry in store if entry.usage is Usage.DIVERSIFY]
    shown, answers = [repr(backend.service), str(vars(backend.service))], []
    for operation, arguments in OPERATIONS.items():
        for ref in (RK, MK, STORED, KeyRef("DTK", CITY, CARD), KeyRef("PIN", CITY, CARD), KeyRef("NONE", CITY)):
            found = outcome(backend.service, operation, ref, *arguments)
            (answers if isinstance(found, bytes) else shown).append(found)
    first = backend.service.first_key(MK).reveal()
    assert first in answers, "the search can find a key"
    text, raw = json.dumps([str(item) for item in shown]).upper(), b"\n".join(answers)
    for secret in masters:
        assert secret not in raw
        assert secret.hex().upper() not in text
    for secret in (first, b"DEMO1234", h("123456")):
        assert secret.hex().upper() not in text
        assert repr(secret)[2:-1].upper() not in text


def test_closing_is_done_once(backend: Any) -> None:
    backend.service.check_value(RK)
    backend.service.close()
    backend.service.close()


@pytest.mark.parametrize("kind", [CustodyService, RemoteKeyService])
def test_they_are_key_services(kind: type) -> None:
    """Same names, same parameters, same types as the contract."""
    for name, wanted in vars(KeyService).items():
        if name.startswith("_"):
            continue
        given = inspect.getattr_static(kind, name)
        if isinstance(wanted, property):
            assert isinstance(given, property)
            continue
        assert inspect.signature(given) == inspect.signature(wanted), name


def test_every_operation_is_in_these_tests() -> None:
    public = {name for name in vars(KeyService) if not name.startswith("_")}
    assert public == {*OPERATIONS, "demo", "require", "prepare", "forget", "close", "wrap_for_psam"}
