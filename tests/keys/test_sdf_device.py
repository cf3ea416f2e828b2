"""SDF against the compiled double: the calls, the unpublished cipher through the device, error codes in words."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard.errors import CustodyError, KeyServiceMissing
from sscard.keys.catalog import Level
from sscard.keys.custody_service import CustodyService
from sscard.keys.family import Algorithm, Sm4Family, family_of, served
from sscard.keys.sdf import SdfDevice
from sscard.keys.sdf_custody import SdfCustody, SdfFamily
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import Entry, KeyStore, State, Usage

CITY, CARD = "990101", bytes.fromhex("8699990100000017")
KEK = b"\x11" * 16
INTERNAL = bytes(range(16))
SM4 = Sm4Family()


def swapped(key: bytes) -> bytes:
    return key[8:] + key[:8]


def refusal(call: Callable[[], object]) -> CustodyError:
    with pytest.raises(CustodyError) as caught:
        call()
    assert str(caught.value)
    return caught.value


def open_things(library: Path) -> int:
    return int(ctypes.CDLL(str(library)).double_open_things())


def entry(name: str, algorithm: Algorithm, check: bytes) -> Entry:
    return Entry(name, Level.NATIONAL, CITY, 1, algorithm, Usage.DIVERSIFY, State.ACTIVE, True, check)


def test_the_double_is_sm4(sdf_library: Path) -> None:
    """The standard's own example (GB/T 32907, annex A), through ctypes."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    with closing(SdfDevice(sdf_library)) as device:
        with device.session_key(key) as handle:
            cipher = device.encrypt(handle, Algorithm.SM4, key)
            assert cipher == bytes.fromhex("681EDF34D206965E86B3E94F536E4246")
            assert device.decrypt(handle, Algorithm.SM4, cipher) == key
        assert device.name == "sscard tests double"
        assert [device.has(algorithm) for algorithm in (Algorithm.SM4, Algorithm.SM1)] == [True, True]
        assert [device.has(algorithm) for algorithm in (Algorithm.SSF33, Algorithm.DES)] == [False, False]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.binary(min_size=16, max_size=16),
    message=st.binary(max_size=80),
    initial=st.sampled_from([b"", b"1234", b"12345678", b"0123456789abcdef"]),
    factor=st.binary(min_size=8, max_size=8),
)
def test_the_family_of_the_device_keeps_the_rules(
    sdf_library: Path, key: bytes, message: bytes, initial: bytes, factor: bytes
) -> None:
    """All rules of a 16-byte block, calculated in the device, against the project's own."""
    with closing(SdfDevice(sdf_library)) as device:
        ours = SdfFamily(device, Algorithm.SM4)
        assert ours.key_mac(key, message, initial) == SM4.key_mac(key, message, initial)
        assert ours.session_mac(key, message) == SM4.session_mac(key, message)
        assert ours.session_key(key, factor) == SM4.session_key(key, factor)
        assert ours.authentication_data(key, factor) == SM4.authentication_data(key, factor)
        assert ours.diversify(key, factor) == SM4.diversify(key, factor)
        assert ours.decrypt(key, ours.encrypt(key, key)) == key
        keyed, wanted = ours.keyed(key), SM4.keyed(key)
        assert keyed.diversify(factor) == wanted.diversify(factor)
        assert keyed.session_key(factor) == wanted.session_key(factor)
        assert keyed.key_mac(message, initial) == wanted.key_mac(message, initial)
        assert keyed.encrypt(key) == wanted.encrypt(key)
    assert open_things(sdf_library) == 0, "no key, session or device is left open"


def write(path: Path, *rows: str, mode: str = "demo") -> Path:
    path.write_text("\n".join(["format = 1", f'mode = "{mode}"', *(f"[[key]]\n{row}" for row in rows)]))
    return path


def row(name: str, place: str, check: bytes, algorithm: str = "SM4") -> str:
    return (
        f'name = "{name}"\nlevel = "national"\nregion = "{CITY}"\nalgorithm = "{algorithm}"\n{place}\n'
        f'check_value = "{check.hex()}"'
    )


def test_keys_inside_and_keys_brought_in(sdf_library: Path, tmp_path: Path) -> None:
    """By number and under a key-encrypting key: each the key it should be, checked against the list."""
    value = bytes.fromhex("C0FFEE00112358D1321345589E3779B9")
    wrapped = SM4.encrypt(KEK, value).hex()
    listed = write(
        tmp_path / "keys.toml",
        row("RKSSSE", "index = 5", SM4.encrypt(INTERNAL, bytes(16))[:3]),
        row("IRK", f'kek = 1\nwrapped = "{wrapped}"', SM4.encrypt(value, bytes(16))[:3]),
        row("UK1DF01", "index = 5", b"bad"),
    )
    with closing(CustodyService(SdfCustody(sdf_library, listed))) as service:
        for name, key in (("RKSSSE", INTERNAL), ("IRK", value)):
            card_key = SM4.diversify(key, CARD)
            assert service.check_value(KeyRef(name, CITY, CARD)) == SM4.encrypt(card_key, bytes(16))[:3]
        assert refusal(lambda: service.check_value(KeyRef("UK1DF01", CITY))).key == "sdf-differs"
        assert refusal(lambda: service.algorithm(KeyRef("UK1DF01", CITY))).key == "sdf-differs", "before a job"
        assert service.demo


def test_an_unpublished_cipher_lives_in_the_device(sdf_library: Path, tmp_path: Path) -> None:
    """SM1 is served while the device is open: derivation, session keys and MACs all there, and gone with it."""
    check = SM4.encrypt(swapped(INTERNAL), bytes(16))[:3]
    listed = write(tmp_path / "keys.toml", row("RKSSSE", "index = 5", check, "SM1"))
    assert not served(Algorithm.SM1)
    ref, challenge = KeyRef("RKSSSE", CITY, CARD), b"12345678"
    with closing(CustodyService(SdfCustody(sdf_library, listed))) as service:
        service.require(Algorithm.SM1)
        assert service.algorithm(ref) is Algorithm.SM1
        card_key = SM4.diversify(swapped(INTERNAL), CARD)
        session = SM4.session_key(swapped(card_key), challenge)
        assert service.session_mac(ref, challenge, b"message") == SM4.session_mac(swapped(session), b"message")
        proof = service.authentication_data(ref, challenge, challenge)
        assert proof == SM4.authentication_data(swapped(session), challenge)
        for missing in (Algorithm.SSF33, Algorithm.DES):
            error = refusal(lambda: service.require(missing))  # noqa: B023
            assert error.key == "custody-algorithm"
            assert "sscard tests double" in str(error)
    assert not served(Algorithm.SM1)
    assert open_things(sdf_library) == 0, "no handle outlives the custody"


@pytest.mark.parametrize(
    ("place", "key", "word"),
    [
        ("index = 7", "sdf-key-missing", "KEYNOTEXIST"),
        ("index = 9", "sdf-right", "PARDENY"),
        ("index = 66", "sdf-device", "COMMFAIL"),
        ('kek = 2\nwrapped = "' + "00" * 16 + '"', "sdf-key-missing", "01000008"),
        ('kek = 1\nwrapped = "' + "00" * 8 + '"', "sdf-failed", "INARGERR"),
    ],
)
def test_error_codes_become_words(sdf_library: Path, tmp_path: Path, place: str, key: str, word: str) -> None:
    listed = write(tmp_path / "keys.toml", row("RKSSSE", place, bytes(3)))
    with closing(SdfCustody(sdf_library, listed)) as custody:
        error = refusal(lambda: custody.branch(entry("RKSSSE", Algorithm.SM4, bytes(3)), ()))
        assert error.key == key
        assert word in str(error)
        assert isinstance(error, KeyServiceMissing) is (key == "sdf-device")


def test_a_device_that_is_not_there(sdf_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(lambda: SdfDevice(tmp_path / "none.so")).key == "sdf-library"
    monkeypatch.setenv("SDF_DOUBLE_ABSENT", "1")
    error = refusal(lambda: SdfDevice(sdf_library))
    assert isinstance(error, KeyServiceMissing)
    assert "OPENDEVICE" in str(error)


def test_a_library_without_a_call(sdf_library: Path) -> None:
    with closing(SdfDevice(sdf_library)) as device:
        error = refusal(lambda: device._call("SDF_GenerateRandom"))
        assert error.key == "sdf-unsupported"
        with device.session_key(INTERNAL) as handle:
            error = refusal(lambda: device.encrypt(handle, Algorithm.SSF33, bytes(16)))
            assert "ALGNOTSUPPORT" in str(error)


def test_one_device_at_a_time_serves_a_cipher(sdf_library: Path, tmp_path: Path) -> None:
    listed = write(tmp_path / "keys.toml", row("RKSSSE", "index = 5", bytes(3)))
    with closing(SdfCustody(sdf_library, listed)):
        assert refusal(lambda: SdfCustody(sdf_library, listed)).key == "algorithm-served"
        assert served(Algorithm.SM1)
    assert not served(Algorithm.SM1)
    assert open_things(sdf_library) == 0


def test_no_master_key_leaves_to_reach_another_city(sdf_library: Path, tmp_path: Path) -> None:
    listed = write(tmp_path / "keys.toml", row("RKSSSE", "index = 5", bytes(3)).replace(CITY, ""))
    with closing(CustodyService(SdfCustody(sdf_library, listed))) as service:
        assert refusal(lambda: service.algorithm(KeyRef("RKSSSE", CITY, CARD))).key == "custody-level"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("format = 2\nmode = 'demo'", 0),
        ("format = 1\nmode = 'x'", 0),
        ("no toml", 0),
        ("format = 1\nmode = 'demo'\n[[key]]\nname = 'A'", 1),
        ("format = 1\nmode = 'demo'\n[[key]]\n" + row("RKSSSE", "kek = 1", bytes(3)), 1),
        ("format = 1\nmode = 'demo'\n[[key]]\n" + row("RKSSSE", "index = 1", bytes(2)), 1),
        ("format = 1\nmode = 'demo'\n[[key]]\n" + row("RKSSSE", "index = 1", bytes(3), "AES"), 1),
        ("format = 1\nmode = 'demo'\n[[key]]\n" + row("RKSSSE", "index = 1", bytes(3)).replace(CITY, "1"), 1),
    ],
)
def test_a_wrong_list_of_keys(sdf_library: Path, tmp_path: Path, text: str, number: int) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    error = refusal(lambda: SdfCustody(sdf_library, path))
    assert (error.key, error.fields["row"]) == ("sdf-keys", number)
    assert str(path) in str(error)
    assert refusal(lambda: SdfCustody(sdf_library, tmp_path / "none.toml")).key == "sdf-keys"


def test_presented_values_come_sealed(sdf_library: Path, sdf_list: Callable[[KeyStore], Path], tmp_path: Path) -> None:
    store = KeyStore(demo=True)
    store.add("PIN", Secret(b"\x12\x34\x56"), level=Level.ISSUER, algorithm=Algorithm.SM4, usage=Usage.PRESENT)
    listed = sdf_list(store)
    assert "123456" not in listed.read_text()
    with closing(CustodyService(SdfCustody(sdf_library, listed))) as service:
        assert service.presentation(KeyRef("PIN", CITY)) == Secret(b"\x12\x34\x56")
    text = listed.read_text()
    sealed = text.partition('sealed = "')[2].partition('"')[0]
    listed.write_text(text.replace(sealed, "ff" * 16))
    with closing(CustodyService(SdfCustody(sdf_library, listed))) as service:
        assert refusal(lambda: service.presentation(KeyRef("PIN", CITY))).key == "sdf-differs"
    assert family_of(Algorithm.SM4).block == 16
