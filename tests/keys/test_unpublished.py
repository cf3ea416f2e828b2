"""SSF33 and SM1: refused with a clear sentence until a back end is registered, then served like any other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sscard.errors import CustodyError
from sscard.keys.family import Algorithm, Keyed, Sm4Family, family_of, register, served
from sscard.keys.hierarchy import memory_service
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef

UNPUBLISHED = (Algorithm.SSF33, Algorithm.SM1)
CARD = bytes.fromhex("8699990100000017")


def swapped(key: bytes) -> bytes:
    return key[8:] + key[:8]


class StandIn(Sm4Family):
    """A 16-byte block cipher nobody else uses: SM4 with the halves of its key exchanged."""

    def keyed(self, key: bytes) -> Keyed:
        return super().keyed(swapped(key))

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        return super().encrypt(swapped(key), blocks)

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        return super().decrypt(swapped(key), blocks)

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        return super().session_key(swapped(key), challenge)

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        return super().key_mac(swapped(key), message, initial)

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return super().diversify(swapped(key), factor)


@pytest.fixture(params=UNPUBLISHED, ids=lambda algorithm: algorithm.name)
def algorithm(request: pytest.FixtureRequest) -> Iterator[Algorithm]:
    withdraw = register(request.param, StandIn())
    yield request.param
    withdraw()


@pytest.mark.parametrize("unserved", UNPUBLISHED)
def test_without_a_back_end_only_an_hsm_is_named(unserved: Algorithm) -> None:
    assert not served(unserved)
    with pytest.raises(CustodyError) as caught:
        family_of(unserved)
    assert caught.value.key == "algorithm-unpublished"
    assert "HSM" in caught.value.parts("en")[1]
    assert "加密机" in caught.value.parts("zh")[1]
    with pytest.raises(CustodyError):
        memory_service(algorithm=unserved)


def test_the_cipher_of_transports_is_no_cards() -> None:
    with pytest.raises(CustodyError) as caught:
        family_of(Algorithm.AES)
    assert caught.value.key == "algorithm-transport"


def test_a_registered_back_end_serves_and_can_be_withdrawn() -> None:
    withdraw = register(Algorithm.SM1, StandIn())
    assert served(Algorithm.SM1)
    with pytest.raises(CustodyError) as caught:
        register(Algorithm.SM1, StandIn())
    assert caught.value.key == "algorithm-served"
    withdraw()
    withdraw()
    assert not served(Algorithm.SM1)


@pytest.mark.parametrize("built_in", [Algorithm.DES, Algorithm.SM4])
def test_a_published_algorithm_is_not_replaced(built_in: Algorithm) -> None:
    with pytest.raises(CustodyError):
        register(built_in, StandIn())
    assert not isinstance(family_of(built_in), StandIn)


def test_the_key_service_works_with_the_back_end(algorithm: Algorithm) -> None:
    service, sm4 = memory_service(algorithm=algorithm), memory_service()
    ref = KeyRef("RKSSSE", "990101", CARD)
    assert service.algorithm(ref) is algorithm
    assert service.authentication_data(ref, bytes(8), bytes(8)) != sm4.authentication_data(ref, bytes(8), bytes(8))
    master = KeyRef("MKSSSE", "990101", CARD)
    key = service.first_key(master)
    family = family_of(algorithm)
    cipher = service.wrap_key(master, master, b"\x0d" * 8)
    assert family.decrypt(key.reveal(), cipher)[9:25] == key.reveal()
    assert isinstance(key, Secret)


@pytest.mark.parametrize("built_in", [Algorithm.DES, Algorithm.SM4])
@pytest.mark.parametrize("size", [8, 16])
def test_decrypting_undoes_encrypting(built_in: Algorithm, size: int) -> None:
    if built_in is Algorithm.SM4 and size == 8:
        size = 16
    family, key = family_of(built_in), bytes(range(1, 1 + size))
    blocks = bytes(range(32))
    assert family.decrypt(key, family.encrypt(key, blocks)) == blocks != family.encrypt(key, blocks)


def test_only_published_identifiers_stand_in_an_fci() -> None:
    from sscard.terminal.fci import Fci

    assert {algorithm.name: algorithm.fci_id for algorithm in Algorithm} == {
        "DES": 1, "SSF33": 2, "SM4": 3, "SM1": None, "AES": None,
    }  # fmt: skip
    head = "6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C038601"
    assert Fci.parse(bytes.fromhex(head + "02")).algorithm is Algorithm.SSF33
    assert Fci.parse(bytes.fromhex(head + "04")).algorithm is None
