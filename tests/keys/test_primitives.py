"""Published known answers for the ciphers and digests underneath, run through the family rules where they fit."""

from collections.abc import Iterator
from importlib import resources

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SM3, Hash

from sscard.keys.family import Algorithm, family_of, unpad_length

DES = family_of(Algorithm.DES)
SM4_FAMILY = family_of(Algorithm.SM4)


def records(path: str) -> Iterator[dict[str, str]]:
    """The ``NAME = value`` groups of a vector file, closed by a blank line, with the heading they stand under."""
    text = (resources.files("cryptography_vectors") / path).read_text(encoding="utf-8")
    heading, group = "", dict[str, str]()
    for line in [*text.splitlines(), ""]:
        name, equals, value = (part.strip() for part in line.partition("="))
        if line.startswith("["):
            heading = line.strip("[] \n")
        elif equals and not line.startswith("#"):
            group[name.upper()] = value.split("#")[0].strip(' "')
        elif not line.strip() and group:
            yield {"HEADING": heading, **group}
            group = {}


def h(text: str) -> bytes:
    return bytes.fromhex(text)


TDES_ECB = [f"ciphers/3DES/ECB/TECB{name}.rsp" for name in ("invperm", "permop", "subtab", "varkey", "vartext")]


@pytest.mark.parametrize("path", TDES_ECB)
def test_single_des_of_the_family_on_the_nist_tables(path: str) -> None:
    """These tables use one DES key three times, which is what the family does with 8 bytes."""
    count = 0
    for record in records(path):
        if "KEYS" not in record:
            continue
        key, plain, cipher = h(record["KEYS"]), h(record["PLAINTEXT"]), h(record["CIPHERTEXT"])
        assert DES.encrypt(key, plain) == cipher
        assert DES.keyed(key).encrypt(plain) == cipher
        assert DES.encrypt(key * 2, plain) == cipher
        count += 1
    assert count >= 38


@pytest.mark.parametrize("number", [1, 2, 3])
def test_two_key_3des_on_the_nist_multi_block_messages(number: int) -> None:
    """Set 2 has K1 = K3, the two-key form of the field; sets 1 and 3 go through the library alone."""
    count = two_key = 0
    for record in records(f"ciphers/3DES/ECB/TECBMMT{number}.rsp"):
        if "KEY1" not in record:
            continue
        keys = [h(record[f"KEY{place}"]) for place in (1, 2, 3)]
        plain, cipher = h(record["PLAINTEXT"]), h(record["CIPHERTEXT"])
        assert Cipher(TripleDES(b"".join(keys)), modes.ECB()).encryptor().update(plain) == cipher
        if keys[0] == keys[2]:
            assert DES.encrypt(keys[0] + keys[1], plain) == cipher
            two_key += 1
        count += 1
    assert count == 20
    assert two_key == (20 if number in (1, 2) else 0)


def test_a_wrong_key_half_does_not_pass() -> None:
    record = next(record for record in records("ciphers/3DES/ECB/TECBMMT2.rsp") if "KEY1" in record)
    swapped = h(record["KEY2"]) + h(record["KEY1"])
    assert DES.encrypt(swapped, h(record["PLAINTEXT"])) != h(record["CIPHERTEXT"])


def test_cbc_mode_of_the_library_on_the_nist_messages() -> None:
    """The MAC rules stand on CBC: K1 = K3 messages of the NIST set."""
    count = 0
    for record in records("ciphers/3DES/CBC/TCBCMMT2.rsp"):
        if "KEY1" not in record:
            continue
        key = h(record["KEY1"]) + h(record["KEY2"]) + h(record["KEY3"])
        chain = Cipher(TripleDES(key), modes.CBC(h(record["IV"]))).encryptor()
        assert chain.update(h(record["PLAINTEXT"])) == h(record["CIPHERTEXT"])
        count += 1
    assert count == 20


def test_sm4_of_the_family_on_the_published_messages() -> None:
    count = 0
    for record in records("ciphers/SM4/draft-ribose-cfrg-sm4-10-ecb.txt"):
        key, plain, cipher = h(record["KEY"]), h(record["PLAINTEXT"]), h(record["CIPHERTEXT"])
        assert SM4_FAMILY.encrypt(key, plain) == cipher
        assert SM4_FAMILY.keyed(key).encrypt(plain) == cipher
        count += 1
    assert count >= 2


def test_sm4_cbc_of_the_library_on_the_published_messages() -> None:
    count = 0
    for record in records("ciphers/SM4/draft-ribose-cfrg-sm4-10-cbc.txt"):
        chain = Cipher(SM4(h(record["KEY"])), modes.CBC(h(record["IV"]))).encryptor()
        assert chain.update(h(record["PLAINTEXT"])) == h(record["CIPHERTEXT"])
        count += 1
    assert count >= 2


def test_sm4_of_the_family_a_million_times_over() -> None:
    """GB/T 32907 example 2: the block of example 1 enciphered 1,000,000 times under the same key."""
    key = block = h("0123456789ABCDEFFEDCBA9876543210")
    encipher = SM4_FAMILY.keyed(key).encrypt
    for _ in range(1_000_000):
        block = encipher(block)
    assert block == h("595298C7C6FD271F0402F804C33D3F66")


def test_sm4_gcm_of_the_library_on_rfc_8998() -> None:
    record = next(records("ciphers/SM4/rfc8998.txt"))
    cipher = Cipher(SM4(h(record["KEY"])), modes.GCM(h(record["IV"]))).encryptor()
    cipher.authenticate_additional_data(h(record["AAD"]))
    assert cipher.update(h(record["PLAINTEXT"])) == h(record["CIPHERTEXT"])
    assert cipher.finalize() == b""
    assert cipher.tag == h(record["TAG"])


def test_cmac_of_the_library_on_the_nist_messages() -> None:
    """SP 800-38B for 3DES: a MAC rule the field does not use, kept as a check of the cipher's chaining."""
    count = 0
    for record in records("CMAC/nist-800-38b-3des.txt"):
        keys = b"".join(h(record[f"KEY{place}"]) for place in (1, 2, 3))
        cmac = CMAC(TripleDES(keys))
        cmac.update(h(record.get("MESSAGE", "")))
        assert cmac.finalize() == h(record["OUTPUT"])
        count += 1
    assert count >= 8


def test_sm3_of_the_library_on_the_published_messages() -> None:
    count = 0
    for record in records("hashes/SM3/oscca.txt"):
        digest = Hash(SM3())
        digest.update(h(record["MSG"])[: int(record["LEN"]) // 8])
        assert digest.finalize() == h(record["MD"])
        count += 1
    assert count >= 2


@pytest.mark.parametrize("padded", [b"", b"\x01", b"\x02\xaa", b"\x03\xaa", b"\x10" + bytes(15)])
def test_a_length_byte_past_the_end_is_no_padding(padded: bytes) -> None:
    with pytest.raises(ValueError, match="length byte"):
        unpad_length(padded)


def test_a_length_byte_at_the_end_is_taken() -> None:
    assert unpad_length(b"\x0f" + bytes(range(15))) == bytes(range(15))
    assert unpad_length(b"\x00\x80") == b""
