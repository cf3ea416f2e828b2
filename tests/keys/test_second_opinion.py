"""Second opinions on the families: gmssl, pycryptodome and the openssl command, with the field's rules spelled out.

The rules below are written from the standard, block by block, and share nothing with ``sscard.keys.family``.
"""

import shutil
import subprocess
from collections.abc import Callable

import pytest
from Cryptodome.Cipher import DES as PLAIN_DES
from cryptography.hazmat.primitives.hashes import SM3, Hash
from gmssl.sm3 import sm3_hash
from gmssl.sm4 import SM4_ENCRYPT, CryptSM4
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.keys.family import Algorithm, family_of, pad80, pad_length, unpad_length

DES = family_of(Algorithm.DES)
SM4 = family_of(Algorithm.SM4)

KEY8 = st.binary(min_size=8, max_size=8)
KEY16 = st.binary(min_size=16, max_size=16)
DES_KEY = KEY8 | KEY16
FACTOR = st.binary(min_size=8, max_size=8)
MESSAGE = st.binary(max_size=100)
CHALLENGE = st.sampled_from([4, 8]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
Block = Callable[[bytes], bytes]


def sm4_block(key: bytes) -> Block:
    cipher = CryptSM4(padding_mode=0)
    cipher.set_key(key, SM4_ENCRYPT)
    return lambda block: bytes(cipher.one_round(cipher.sk, list(block)))


def des_block(key: bytes) -> Block:
    """Single DES, or encrypt–decrypt–encrypt with the two halves."""
    if len(key) == 8:
        return PLAIN_DES.new(key, PLAIN_DES.MODE_ECB).encrypt
    left, right = (PLAIN_DES.new(half, PLAIN_DES.MODE_ECB) for half in (key[:8], key[8:]))
    return lambda block: left.encrypt(right.decrypt(left.encrypt(block)))


def padded(message: bytes, size: int) -> list[bytes]:
    text = bytearray(message)
    text.append(0x80)
    while len(text) % size:
        text.append(0)
    return [bytes(text[at : at + size]) for at in range(0, len(text), size)]


def chained(block: Block, blocks: list[bytes], initial: bytes) -> bytes:
    state = initial
    for part in blocks:
        state = block(bytes(a ^ b for a, b in zip(state, part, strict=True)))
    return state


def folded(last: bytes) -> bytes:
    return bytes(last[at] ^ last[at + 4] ^ last[at + 8] ^ last[at + 12] for at in range(4))


@given(KEY16, st.binary(min_size=1, max_size=6).map(lambda text: (text * 96)[:96]))
def test_sm4_blocks_agree_with_gmssl(key: bytes, text: bytes) -> None:
    block = sm4_block(key)
    expected = b"".join(block(text[at : at + 16]) for at in range(0, 96, 16))
    assert SM4.encrypt(key, text) == expected
    assert SM4.keyed(key).encrypt(text) == expected


@given(DES_KEY, st.binary(min_size=32, max_size=32))
def test_des_blocks_agree_with_single_des_spelled_out(key: bytes, text: bytes) -> None:
    block = des_block(key)
    expected = b"".join(block(text[at : at + 8]) for at in range(0, 32, 8))
    assert DES.encrypt(key, text) == expected
    assert DES.keyed(key).encrypt(text) == expected


@given(st.binary(max_size=200))
def test_sm3_agrees_with_gmssl(message: bytes) -> None:
    digest = Hash(SM3())
    digest.update(message)
    assert digest.finalize().hex() == sm3_hash(list(message))


@given(KEY16, CHALLENGE, FACTOR, MESSAGE)
def test_sm4_rules(key: bytes, challenge: bytes, original: bytes, message: bytes) -> None:
    session = SM4.session_key(key, challenge)
    assert session == sm4_block(key)(challenge + b"\0" * (16 - len(challenge)))
    answer = sm4_block(session)(original + b"\0" * 8)
    assert SM4.authentication_data(session, original) == bytes(answer[at] ^ answer[at + 8] for at in range(8))
    assert SM4.session_mac(session, message) == folded(chained(sm4_block(session), padded(message, 16), b"\0" * 16))
    initial = challenge + b"\0" * (16 - len(challenge))
    assert SM4.key_mac(key, message, challenge) == folded(chained(sm4_block(key), padded(message, 16), initial))


@given(KEY16, KEY16)
def test_sm4_takes_a_challenge_of_a_whole_block(key: bytes, challenge: bytes) -> None:
    assert SM4.session_key(key, challenge) == sm4_block(key)(challenge)


@given(DES_KEY, CHALLENGE, FACTOR, MESSAGE)
def test_des_rules(key: bytes, challenge: bytes, original: bytes, message: bytes) -> None:
    filled = challenge + b"\0" * (8 - len(challenge))
    session = DES.session_key(key, challenge)
    assert session == des_block(key)(filled)
    assert len(session) == 8
    assert DES.authentication_data(session, original) == des_block(session)(original)
    assert DES.session_mac(session, message) == chained(des_block(session), padded(message, 8), b"\0" * 8)[:4]
    last = chained(des_block(key[:8]), padded(message, 8), filled)
    if len(key) == 16:
        opened = PLAIN_DES.new(key[8:], PLAIN_DES.MODE_ECB).decrypt(last)
        last = des_block(key[:8])(opened)
    assert DES.key_mac(key, message, challenge) == last[:4]


@given(KEY8, KEY16, FACTOR)
def test_diversification(single: bytes, double: bytes, factor: bytes) -> None:
    opposite = bytes(255 - byte for byte in factor)
    assert DES.diversify(single, factor) == des_block(single)(factor)
    assert DES.diversify(double, factor) == des_block(double)(factor) + des_block(double)(opposite)
    assert SM4.diversify(double, factor) == sm4_block(double)(factor + opposite)


@given(DES_KEY, st.lists(st.tuples(CHALLENGE, FACTOR, MESSAGE), min_size=2, max_size=4))
def test_a_key_in_use_remembers_nothing_between_uses(key: bytes, uses: list[tuple[bytes, bytes, bytes]]) -> None:
    for family in (DES, SM4) if len(key) == 16 else (DES,):
        kept = family.keyed(key)
        for challenge, factor, message in uses:
            text = pad80(message, family.block)
            assert kept.key_mac(message, challenge) == family.key_mac(key, message, challenge)
            assert kept.encrypt(text) == family.encrypt(key, text)
            assert kept.session_key(challenge) == family.session_key(key, challenge)
            assert kept.diversify(factor) == family.diversify(key, factor)


@given(MESSAGE, st.sampled_from([8, 16]))
def test_padding_spelled_out(message: bytes, block: int) -> None:
    assert pad80(message, block) == b"".join(padded(message, block))
    framed = bytes((len(message),)) + message
    assert pad_length(message, block) == (framed if len(framed) % block == 0 else b"".join(padded(framed, block)))
    assert unpad_length(pad_length(message, block)) == message


@given(KEY16, MESSAGE, st.integers(0, 127))
def test_a_flipped_key_bit_changes_every_rule(key: bytes, message: bytes, place: int) -> None:
    other = bytearray(key)
    other[place // 8] ^= 0x80 >> place % 8
    wrong = bytes(other)
    assert SM4.key_mac(key, message, b"") != SM4.key_mac(wrong, message, b"")
    assert SM4.diversify(key, bytes(8)) != SM4.diversify(wrong, bytes(8))
    parity = place % 8 == 7
    assert (DES.diversify(key, bytes(8)) == DES.diversify(wrong, bytes(8))) is parity


@pytest.fixture(scope="module")
def openssl() -> str:
    program = shutil.which("openssl")
    assert program, "the openssl command is needed as a second opinion: install it"
    return program


def run(program: str, cipher: str, key: bytes, text: bytes, initial: bytes = b"") -> bytes:
    arguments = [program, "enc", "-e", f"-{cipher}", "-K", key.hex(), "-nopad"]
    if initial:
        arguments += ["-iv", initial.hex()]
    return subprocess.run(arguments, input=text, capture_output=True, check=True).stdout


SLOW = settings(max_examples=15, deadline=None)


@SLOW
@given(KEY16, st.binary(min_size=64, max_size=64))
def test_sm4_agrees_with_openssl(openssl: str, key: bytes, text: bytes) -> None:
    assert SM4.encrypt(key, text) == run(openssl, "sm4-ecb", key, text)


@SLOW
@given(DES_KEY, st.binary(min_size=64, max_size=64))
def test_des_agrees_with_openssl(openssl: str, key: bytes, text: bytes) -> None:
    assert DES.encrypt(key, text) == run(openssl, "des-ede", key if len(key) == 16 else key * 2, text)


@SLOW
@given(KEY16, MESSAGE, KEY16)
def test_sm4_mac_agrees_with_openssl_cbc(openssl: str, key: bytes, message: bytes, initial: bytes) -> None:
    chain = run(openssl, "sm4-cbc", key, b"".join(padded(message, 16)), initial)
    assert SM4.key_mac(key, message, initial) == folded(chain[-16:])


@SLOW
@given(KEY8, MESSAGE, FACTOR)
def test_des_mac_agrees_with_openssl_cbc(openssl: str, key: bytes, message: bytes, initial: bytes) -> None:
    chain = run(openssl, "des-ede-cbc", key * 2, b"".join(padded(message, 8)), initial)
    assert DES.key_mac(key, message, initial) == chain[-8:-4]


def test_openssl_would_notice_a_difference(openssl: str) -> None:
    assert run(openssl, "sm4-ecb", bytes(16), bytes(16)) != SM4.encrypt(bytes(15) + b"\1", bytes(16))
