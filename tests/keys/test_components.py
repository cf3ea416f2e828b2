"""Components: what all of them give back, what fewer do not, and that slips are found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.errors import CustodyError
from sscard.keys import shamir
from sscard.keys.checkvalue import CheckMethod, check_value
from sscard.keys.components import Component, combine, combine_shares, combine_xor, split_shares, split_xor
from sscard.keys.secret import Secret

KEY = Secret(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))


def refused(key: str, action: Callable[[], object]) -> None:
    with pytest.raises(CustodyError) as caught:
        action()
    assert caught.value.key == key


@given(st.binary(min_size=1, max_size=40), st.sampled_from([2, 3]))
def test_xor_components_give_the_secret_back_in_any_order(value: bytes, count: int) -> None:
    parts = split_xor(Secret(value), count)
    assert [part.index for part in parts] == list(range(1, count + 1))
    assert combine_xor(parts[::-1]) == Secret(value)
    assert len({len(part.value) for part in parts}) == 1


@given(st.binary(min_size=1, max_size=40), st.integers(2, 5), st.data())
def test_any_k_shares_give_the_secret_back(value: bytes, k: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(k, 9))
    parts = split_shares(Secret(value), k, n)
    chosen = data.draw(st.permutations(parts))[: data.draw(st.integers(k, n))]
    assert combine_shares(chosen) == combine(chosen) == Secret(value)


def test_every_pair_of_shares_and_no_single_one() -> None:
    parts = split_shares(KEY, 2, 5)
    assert all(combine(pair) == KEY for pair in combinations(parts, 2))
    for part in parts:
        refused("component-missing", lambda part=part: combine([part]))
        assert part.value != KEY


def test_fewer_shares_than_needed_fit_every_secret() -> None:
    """With one share of two given, each possible secret has exactly one second share: the one says nothing."""
    point = {1: b"\x5a"}
    seconds = {shamir.interpolate({0: bytes((secret,)), **point}, 2) for secret in range(256)}
    assert len(seconds) == 256


def test_the_field_is_that_of_aes() -> None:
    """FIPS 197, sections 4.2 and 4.2.1: {57}·{83} = {c1}, {57}·{13} = {fe}."""
    assert shamir.multiply(0x57, 0x83) == 0xC1
    assert shamir.multiply(0x57, 0x13) == 0xFE
    for element in range(1, 256):
        assert shamir.multiply(element, shamir.divide(1, element)) == 1
    assert shamir.divide(0, 7) == 0


@pytest.mark.parametrize(
    ("places", "at_zero", "at_four"),
    [
        ((1, 2), "b2562a2538785b3505cdc477814a1286", "1691f82a04dbf26e2e312a63770aaea5"),
        ((1, 2, 3), "ce593d85af4f6aa0ac630452f5138b93", "b4c4251018fdf66c635106abad60e866"),
        ((2, 5, 255), "fe2ae1e334e467ccfd89d65056591be7", "95882eaddc13d114966b9db692527560"),
        ((7, 3, 200, 91), "c51b62aba3004a45a7e0f3392cb3e9cd", "4a044aaed83a6ecd951f8790544b42d1"),
    ],
)
def test_interpolation_agrees_with_another_program(places: tuple[int, ...], at_zero: str, at_four: str) -> None:
    """Values of shamir-mnemonic 0.3 (SLIP-39, the same field) for shares made from a digest of their place."""
    shares = {x: hashlib.sha256(f"share {x}".encode()).digest()[:16] for x in places}
    assert shamir.interpolate(shares).hex() == at_zero
    assert shamir.interpolate(shares, 4).hex() == at_four


@pytest.mark.parametrize("shared", [False, True])
def test_a_slip_is_found_before_combining(shared: bool) -> None:
    parts = list(split_shares(KEY, 2, 2) if shared else split_xor(KEY, 2))
    typed = bytearray(parts[1].value.reveal())
    typed[3] ^= 0x10
    parts[1] = replace(parts[1], value=Secret(bytes(typed)))
    refused("component-check", lambda: combine(parts))


def test_sets_that_are_no_sets() -> None:
    one, other = split_xor(KEY, 2), split_xor(KEY, 3)
    shares = split_shares(KEY, 2, 3)
    refused("component-mixed", lambda: combine((*one, other[2])))
    refused("component-twice", lambda: combine((one[0], one[0])))
    refused("component-kind", lambda: combine((one[0], shares[1])))
    refused("component-kind", lambda: combine_shares(one))
    refused("component-missing", lambda: combine(()))
    refused("component-missing", lambda: combine(other[:2]))
    refused("component-index", lambda: combine((one[0], replace(one[1], index=9))))
    refused("component-disagree", lambda: combine((*shares[:2], split_shares(KEY, 2, 3)[2])))
    refused("component-count", lambda: split_xor(KEY, 4))
    refused("component-shares", lambda: split_shares(KEY, 4, 3))
    refused("component-empty", lambda: split_xor(Secret(b""), 2))
    refused("component-empty", lambda: split_shares(Secret(b""), 2, 2))


@pytest.mark.parametrize(
    ("method", "value", "check"),
    [
        (CheckMethod.DES_ZERO, "0123456789ABCDEF", "D5D44F"),
        (CheckMethod.DES_ZERO, "0123456789ABCDEFFEDCBA9876543210", "08D7B4"),
        (CheckMethod.SM4_ZERO, "0123456789ABCDEFFEDCBA9876543210", "2677F4"),
    ],
)
def test_check_values(method: CheckMethod, value: str, check: str) -> None:
    """Zero block under the key; values of OpenSSL's command line."""
    assert check_value(method, bytes.fromhex(value)).hex().upper() == check


def test_components_do_not_show_themselves() -> None:
    part = split_xor(KEY, 2, CheckMethod.SM4_ZERO)[0]
    assert part.value.reveal().hex() not in repr(part).lower()
    assert isinstance(part, Component)
    part.verify()
