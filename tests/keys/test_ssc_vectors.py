"""Worked examples of the key rules: factors, diversification, session keys, authentication data, secure messages.

Keys and challenges are invented, region 990101 and 339901 do not exist; 650100 is the example printed in the draft.
The values were computed with two implementations other than this one.
"""

import pytest

from sscard.errors import CustodyError
from sscard.keys.diversify import card_factor, city_factor, province_factor
from sscard.keys.family import Algorithm, family_of, pad_length, unpad_length

h = bytes.fromhex

FACTORS = [
    ("990101", "00812611018699990100000017", "3939303030307368", "3939303130317378", "8699990100000017"),
    ("650100", "00812611018699650100000019", "3635303030307368", "3635303130307378", "8699650100000019"),
    ("339901", "00812611018699339900000018", "3333303030307368", "3333393930307378", "8699339900000018"),
]

ROOTS = {
    "3des": (Algorithm.DES, "5A3C1E0FD2B496870123579BDF02468A"),
    "des": (Algorithm.DES, "13579BDF2468ACE0"),
    "sm4": (Algorithm.SM4, "C0FFEE00112358D1321345589E3779B9"),
}

CHAINS = [
    (
        "3des",
        0,
        "F63416D8050763CB4943BA4E3EA0A626",
        "7E59A2262C4CE32DA268B0A4861D2528",
        "52151B99021A3FFD8CF2C9F7F0E75397",
    ),
    (
        "sm4",
        0,
        "DAC048039303A8C4D939620BE9F6B16B",
        "0A472BC2679318801ABF2FC5BA2D7DEC",
        "04C3447E0BEEF5CF612190525BA017B9",
    ),
    ("des", 0, "602304BAF182B6A5", "063A244F269672F8", "7880771AE1DCE836"),
    (
        "3des",
        2,
        "DE93ED3F85FA7F64EE31BCE98B5B9A2A",
        "1D7799444D756525FC480BEA78958B57",
        "05C2339EBA817211594BD8A56AB54AFE",
    ),
    (
        "sm4",
        2,
        "E3AEC0816BBDE644C5D206CA0F6086CE",
        "F1F961F54A7D2E8C5591388C84030836",
        "B7E3E6D442A541DF1C050CED9391C86B",
    ),
]

SESSION_KEYS = [
    ("3des", "4D5A6B7C8D9EAFB0", "173720DB9DA77517"),
    ("3des", "4D5A6B7C", "DD019CBC5DB877A7"),
    ("sm4", "4D5A6B7C8D9EAFB0", "27E63735A7A92A16A447B5FBD4F235B3"),
    ("sm4", "4D5A6B7C", "3865AC683F68422132D8D54389AD757C"),
    ("des", "4D5A6B7C8D9EAFB0", "9C1647FF4C273B25"),
    ("sm4", "000102030405060708090A0B0C0D0E0F", "3CBF9AC62757FCEF4E0B6C8D38CCA1F7"),
]

CARD_KEYS = {name: (ROOTS[name][0], card) for name, region, _, _, card in CHAINS if region == 0}

SECURE_MESSAGES = [
    ("3des", "84240001", "0C", "123456", "D86F2068EA80F5E9", "41F1674F"),
    ("3des", "84240000", "04", None, "", "EFE7634F"),
    ("3des", "841E0001", "04", None, "", "5539DA94"),
    ("3des", "84160000", "04", None, "", "F069AA15"),
    ("des", "84240001", "0C", "123456", "15E0B7F03C00E5D9", "B4DA7CAB"),
    ("des", "84240000", "04", None, "", "9041038D"),
    ("des", "841E0001", "04", None, "", "0D4D67C4"),
    ("des", "84160000", "04", None, "", "C235FED3"),
    ("sm4", "84240001", "14", "123456", "A2C8307BA5AE89A2B047D8480FC4F3D6", "4AC7061B"),
    ("sm4", "84240000", "04", None, "", "18BB06C7"),
    ("sm4", "841E0001", "04", None, "", "743311F1"),
    ("sm4", "84160000", "04", None, "", "9A3D2947"),
    ("sm4", "84240001", "14", "12345678901234", "0560E16E2915788ED26CF1A9E7F7625E", "BFFEC407"),
    ("sm4", "84240001", "14", "1234567890123456", "2C2E6040E0C311E02A6CD000853F23B9", "DB47E5C8"),
    ("sm4", "84240001", "14", "12345F", "56F5860DC187A1AC7354D837B8E522B5", "295F84B4"),
]
SECURE_CHALLENGE = h("A1B2C3D4E5F60718")


@pytest.mark.parametrize(("city", "historical", "province", "of_city", "card"), FACTORS)
def test_factors(city: str, historical: str, province: str, of_city: str, card: str) -> None:
    assert province_factor(city) == h(province)
    assert city_factor(city) == h(of_city)
    assert card_factor(h(historical)) == h(card)


@pytest.mark.parametrize("wrong", ["", "99", "99010", "9901011", "99010x", "９９０１０１"])
def test_a_region_that_is_not_six_digits_has_no_factor(wrong: str) -> None:
    for factor in (province_factor, city_factor):
        with pytest.raises(CustodyError) as caught:
            factor(wrong)
        assert caught.value.key == "region-code"


@pytest.mark.parametrize(("root", "region", "province", "city", "card"), CHAINS)
def test_three_levels(root: str, region: int, province: str, city: str, card: str) -> None:
    algorithm, value = ROOTS[root]
    family = family_of(algorithm)
    key = h(value)
    for factor, child in zip(FACTORS[region][2:], (province, city, card), strict=True):
        key = family.diversify(key, h(factor))
        assert key == h(child)
    assert family.keyed(h(city)).diversify(h(FACTORS[region][4])) == h(card)


@pytest.mark.parametrize(("name", "challenge", "expected"), SESSION_KEYS)
def test_session_keys(name: str, challenge: str, expected: str) -> None:
    algorithm, key = CARD_KEYS[name]
    assert family_of(algorithm).session_key(h(key), h(challenge)) == h(expected)


@pytest.mark.parametrize(("name", "expected"), [("3des", "B99FC23903707E98"), ("sm4", "04AAF61E96BCC317")])
def test_authentication_data(name: str, expected: str) -> None:
    algorithm, key = CARD_KEYS[name]
    family = family_of(algorithm)
    session = family.session_key(h(key), h("4D5A6B7C8D9EAFB0"))
    assert family.authentication_data(session, h("0F1E2D3C4B5A6978")) == h(expected)
    assert family.authentication_data(session, h("0F1E2D3C4B5A6900")) != h(expected)


@pytest.mark.parametrize(("name", "header", "length", "pin", "cipher", "mac"), SECURE_MESSAGES)
def test_secure_messages(name: str, header: str, length: str, pin: str | None, cipher: str, mac: str) -> None:
    algorithm, key = CARD_KEYS[name]
    family = family_of(algorithm)
    session = family.session_key(h(key), SECURE_CHALLENGE)
    enciphered = b"" if pin is None else family.encrypt(session, pad_length(h(pin), family.block))
    assert enciphered == h(cipher)
    assert family.session_mac(session, h(header + length) + enciphered) == h(mac)


def test_plain_data_with_a_mac() -> None:
    family = family_of(Algorithm.SM4)
    session = family.session_key(h(CARD_KEYS["sm4"][1]), SECURE_CHALLENGE)
    assert family.session_mac(session, h("04DC012C07290131")) == h("7842EDD8")
    assert family.session_mac(session, h("84240001" + "04")) == h("4850931E")


def test_length_padding_comes_back() -> None:
    for size in range(40):
        assert unpad_length(pad_length(bytes(range(size)), 16)) == bytes(range(size))
    with pytest.raises(ValueError, match="length byte"):
        unpad_length(b"\x05abc")


def test_ssf33_is_left_to_hardware() -> None:
    with pytest.raises(CustodyError) as caught:
        family_of(Algorithm.SSF33)
    assert caught.value.key == "algorithm-unpublished"
