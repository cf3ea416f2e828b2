"""The envelope of GM/T 0016: field by field, and everything that is none."""

from __future__ import annotations

import struct

import pytest
from gmssl.sm2 import CryptSM2
from gmssl.sm4 import SM4_DECRYPT, CryptSM4
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.certificates import Envelope, sm2
from sscard.certificates.envelope import seal, unseal
from sscard.errors import CertificateError

RECEIVER, RECEIVER_PUBLIC = sm2.generate()
PRIVATE, PUBLIC = sm2.generate()
ENVELOPE = seal(PRIVATE, RECEIVER_PUBLIC)
BLOB = ENVELOPE.pack()


def test_fields_stand_where_the_standard_has_them():
    hex_digits = BLOB.hex()
    assert len(BLOB) == 388
    assert struct.unpack("<III", BLOB[:12]) == (1, 0x401, 256)
    assert hex_digits[88:152] == ENVELOPE.private_cipher.hex()
    assert hex_digits[224:288] + hex_digits[352:416] == PUBLIC.hex()
    assert hex_digits[480:544] + hex_digits[608:672] + hex_digits[672:736] == ENVELOPE.session_cipher[:96].hex()
    assert hex_digits[736:744] == "10000000"
    assert hex_digits[744:] == ENVELOPE.session_cipher[96:].hex()


def test_round_trip():
    assert Envelope.parse(BLOB) == ENVELOPE
    assert Envelope.parse_text(f" {ENVELOPE.text()[:70]}\r\n{ENVELOPE.text()[70:]}\n") == ENVELOPE
    assert unseal(ENVELOPE, RECEIVER) == PRIVATE


def test_another_library_opens_it():
    session_key = CryptSM2(RECEIVER.hex(), RECEIVER_PUBLIC.hex(), mode=1).decrypt(ENVELOPE.session_cipher)
    cipher = CryptSM4()
    cipher.set_key(session_key, SM4_DECRYPT)
    halves = (ENVELOPE.private_cipher[:16], ENVELOPE.private_cipher[16:])
    assert b"".join(bytes(cipher.one_round(cipher.sk, list(half))) for half in halves) == PRIVATE


def test_only_its_receiver_opens_it():
    with pytest.raises(CertificateError) as error:
        unseal(ENVELOPE, PRIVATE)
    assert error.value.fields == {"part": "C3"}


@pytest.mark.parametrize(
    ("at", "part"),
    [
        (0, "head"),
        (5, "head"),
        (8, "head"),
        (12, "private key"),
        (43, "private key"),
        (77, "public key"),
        (80, "public key"),
        (112, "public key"),
        (175, "public key"),
        (208, "C1"),
        (240, "C1"),
        (335, "C1"),
        (368, "C2"),
    ],
)
def test_each_field_is_checked(at, part):
    altered = bytearray(BLOB)
    altered[at] ^= 1
    with pytest.raises(CertificateError) as error:
        Envelope.parse(bytes(altered))
    assert (error.value.key, error.value.fields) == ("envelope-form", {"part": part})


@pytest.mark.parametrize("text", ["", "?", "AAAA", ENVELOPE.text()[:-8], ENVELOPE.text() + "AAAA"])
def test_texts_that_are_none(text):
    with pytest.raises(CertificateError):
        Envelope.parse_text(text)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30) | st.binary(min_size=388, max_size=388).map(lambda raw: raw.hex()))
def test_any_text(text):
    with pytest.raises(CertificateError):
        Envelope.parse_text(text)
