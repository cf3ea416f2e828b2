"""SM2 and SM3 against the standard's printed examples, the openssl tool and a second library."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from asn1crypto import core, pem
from gmssl.sm2 import CryptSM2, default_ecc_table
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.certificates import sm2
from sscard.certificates.x509 import public_from, public_pem

PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
CIPHER = bytes.fromhex(
    "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
    "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
    "21886CA989CA9C7D58087307CA93092D651EFA"
)
PLAIN = b"encryption standard"
MESSAGE = b"message digest"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


class TestPrinted:
    """Examples of GB/T 32905 and GB/T 32918.5."""

    def test_digest(self):
        assert sm2.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

    def test_public_key(self):
        assert sm2.public_of(PRIVATE) == PUBLIC

    def test_signature(self):
        assert sm2.verify(PUBLIC, MESSAGE, SIGNATURE)

    def test_cipher(self):
        assert sm2.decrypt(PRIVATE, CIPHER) == PLAIN


class TestRefused:
    @pytest.mark.parametrize("at", [0, 31, 32, 63])
    def test_altered_signature(self, at):
        altered = bytearray(SIGNATURE)
        altered[at] ^= 1
        assert not sm2.verify(PUBLIC, MESSAGE, bytes(altered))

    @pytest.mark.parametrize(
        "signature", [b"", SIGNATURE[:-1], bytes(64), b"\xff" * 64, SIGNATURE[:32] + bytes(32)], ids=repr
    )
    def test_signature_out_of_range(self, signature):
        assert not sm2.verify(PUBLIC, MESSAGE, signature)

    def test_other_message_and_other_user(self):
        assert not sm2.verify(PUBLIC, MESSAGE + b"!", SIGNATURE)
        assert not sm2.verify(PUBLIC, MESSAGE, SIGNATURE, b"ALICE123@YAHOO.COM")

    @pytest.mark.parametrize("at", range(0, len(CIPHER), 13))
    def test_altered_cipher(self, at):
        altered = bytearray(CIPHER)
        altered[at] ^= 1
        with pytest.raises(ValueError, match=r"[Cc]urve|hash"):
            sm2.decrypt(PRIVATE, bytes(altered))

    def test_cipher_without_text(self):
        with pytest.raises(ValueError, match="short"):
            sm2.decrypt(PRIVATE, CIPHER[:96])

    @pytest.mark.parametrize(
        "point",
        [
            b"",
            PUBLIC[:-1],
            bytes(64),
            PUBLIC[:-1] + b"\0",
            PUBLIC[32:] + PUBLIC[:32],
            b"\xff" * 64,
            (int.from_bytes(PUBLIC[:32], "big")).to_bytes(32, "big") + b"\xff" * 32,
        ],
        ids=lambda point: point[-2:].hex(),
    )
    def test_points_that_are_no_keys(self, point):
        assert sm2.is_public(PUBLIC)
        assert not sm2.is_public(point)
        assert not sm2.verify(point, MESSAGE, SIGNATURE)
        with pytest.raises(ValueError, match="public key"):
            sm2.encrypt(point, PLAIN)

    @pytest.mark.parametrize("number", [0, ORDER - 1, ORDER, 2**256 - 1])
    def test_numbers_that_are_no_private_keys(self, number):
        with pytest.raises(ValueError, match="private key"):
            sm2.public_of(number.to_bytes(32, "big"))

    def test_the_largest_private_key(self):
        assert sm2.is_public(sm2.public_of((ORDER - 2).to_bytes(32, "big")))


class TestRandomness:
    def test_the_same_bits_make_the_same_pair(self):
        assert sm2.generate(lambda bits: 1 << bits - 2) == sm2.generate(lambda bits: 1 << bits - 2)

    def test_without_bits_no_pair_comes_twice(self):
        assert sm2.generate() != sm2.generate()

    def test_a_small_private_key_keeps_its_length(self):
        drawn = iter((5,))
        private, public = sm2.generate(lambda _bits: next(drawn))
        assert len(private) == 32
        assert int.from_bytes(private, "big") in (5, 6)
        assert public == sm2.public_of(private)

    @settings(max_examples=8, deadline=None)
    @given(plain=st.binary(min_size=1, max_size=80))
    def test_round_trip(self, plain):
        assert sm2.decrypt(PRIVATE, sm2.encrypt(PUBLIC, plain)) == plain
        assert sm2.verify(PUBLIC, plain, sm2.sign(PRIVATE, plain))


class TestSecondLibrary:
    """gmssl, another implementation."""

    other = CryptSM2(PRIVATE.hex(), PUBLIC.hex(), mode=1)

    def test_public_key(self):
        private, public = sm2.generate()
        assert self.other._kg(int.from_bytes(private, "big"), default_ecc_table["g"]) == public.hex()

    def test_cipher_both_ways(self):
        assert self.other.decrypt(sm2.encrypt(PUBLIC, PLAIN)) == PLAIN
        assert sm2.decrypt(PRIVATE, self.other.encrypt(PLAIN)) == PLAIN

    def test_signature_both_ways(self):
        assert self.other.verify_with_sm3(sm2.sign(PRIVATE, MESSAGE).hex(), MESSAGE)
        assert sm2.verify(PUBLIC, MESSAGE, bytes.fromhex(self.other.sign_with_sm3(MESSAGE)))


class TestOpenssl:
    """The openssl command line."""

    @pytest.fixture
    def key(self, tmp_path: Path) -> Path:
        run(tmp_path, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out key.pem")
        run(tmp_path, "pkey -in key.pem -pubout -out public.pem")
        (tmp_path / "message").write_bytes(MESSAGE)
        return tmp_path

    def test_its_signature_is_good_here(self, key):
        run(key, f"pkeyutl -sign -rawin -digest sm3 -inkey key.pem -in message -out signature {USER}")
        numbers = core.SequenceOf.load((key / "signature").read_bytes(), spec=core.Integer).native
        signature = b"".join(number.to_bytes(32, "big") for number in numbers)
        public = public_from((key / "public.pem").read_bytes())
        assert sm2.verify(public, MESSAGE, signature)
        assert not sm2.verify(public, MESSAGE[1:], signature)

    def test_our_signature_is_good_there(self, key):
        private, public = sm2.generate()
        (key / "ours.pem").write_text(public_pem(public))
        signature = sm2.sign(private, MESSAGE)
        numbers = [int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")]
        (key / "signature").write_bytes(core.SequenceOf(numbers, spec=core.Integer).dump())
        check = f"pkeyutl -verify -rawin -digest sm3 -pubin -inkey ours.pem -sigfile signature {USER} -in"
        run(key, f"{check} message")
        (key / "message").write_bytes(MESSAGE[1:])
        with pytest.raises(subprocess.CalledProcessError):
            run(key, f"{check} message")

    def test_it_opens_what_we_encipher(self, key):
        public = public_from((key / "public.pem").read_bytes())
        (key / "cipher").write_bytes(cipher_der(sm2.encrypt(public, PLAIN)))
        assert run(key, "pkeyutl -decrypt -inkey key.pem -in cipher") == PLAIN

    def test_its_public_keys_read_the_same_in_every_form(self, key):
        encoded = (key / "public.pem").read_bytes()
        public = public_from(encoded)
        assert public_from(pem.unarmor(encoded)[2]) == public
        assert public_from(public.hex().encode() + b"\n") == public
        assert public_pem(public).encode() == encoded


USER = "-pkeyopt distid:1234567812345678"


class CipherText(core.Sequence):
    """The form of SM2 ciphers outside cards (GM/T 0009)."""

    _fields = [("x", core.Integer), ("y", core.Integer), ("hash", core.OctetString), ("text", core.OctetString)]  # noqa: RUF012


def cipher_der(cipher: bytes) -> bytes:
    x, y = (int.from_bytes(half, "big") for half in (cipher[:32], cipher[32:64]))
    return CipherText({"x": x, "y": y, "hash": cipher[64:96], "text": cipher[96:]}).dump()


def run(folder: Path, words: str) -> bytes:
    return subprocess.run(["openssl", *words.split()], cwd=folder, capture_output=True, check=True).stdout
