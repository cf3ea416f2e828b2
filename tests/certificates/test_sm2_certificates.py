"""Certificates: ours judged by openssl, openssl's judged here, and everything that is no certificate."""

from __future__ import annotations

import base64
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.certificates import Certificate, DemoAuthority, Holder, sm2
from sscard.certificates.x509 import cut, public_from
from sscard.errors import CertificateError

NOW = datetime.now(UTC)
HOLDER = Holder("测试甲", "990101200001010022", "T00000044")
CA = DemoAuthority(NOW)
PRIVATE, PUBLIC = sm2.generate()
ISSUED = CA.issue(HOLDER, PUBLIC)
USER_ID = "1234567812345678"


def openssl(folder: Path, words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *words.split()], cwd=folder, capture_output=True, encoding="utf-8", check=check)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").write_text(CA.certificate.pem)
    (tmp_path / "signature.pem").write_text(ISSUED.signature.pem)
    (tmp_path / "encryption.pem").write_text(ISSUED.encryption.pem)
    return tmp_path


class TestOpensslJudges:
    def test_both_certificates_and_the_root(self, folder):
        checked = openssl(
            folder, f"verify -x509_strict -vfyopt distid:{USER_ID} -CAfile ca.pem ca.pem signature.pem encryption.pem"
        )
        assert checked.stdout.split() == ["ca.pem:", "OK", "signature.pem:", "OK", "encryption.pem:", "OK"]

    @pytest.mark.parametrize("at", [-1, 150])
    def test_it_refuses_an_altered_one(self, folder, at):
        altered = bytearray(ISSUED.signature.der)
        altered[at] ^= 1
        (folder / "signature.pem").write_text(replace(ISSUED.signature, der=bytes(altered)).pem)
        assert openssl(folder, f"verify -vfyopt distid:{USER_ID} -CAfile ca.pem signature.pem", check=False).returncode

    def test_what_it_reads(self, folder):
        text = openssl(folder, "x509 -in encryption.pem -noout -text -nameopt utf8,sep_comma_plus").stdout
        for words in (
            "Signature Algorithm: SM2-with-SM3",
            "ASN1 OID: SM2",
            "CN=测试甲",
            "CA:FALSE",
            "Key Encipherment, Data Encipherment, Key Agreement",
            "1.2.156.10260.4.1.1",
            "1.2.156.10260.4.1.2",
        ):
            assert words in text
        openssl(folder, "x509 -in signature.pem -noout -pubkey -out public.pem")
        assert public_from((folder / "public.pem").read_bytes()) == PUBLIC

    def test_ten_years(self, folder):
        assert ISSUED.signature.not_after.year == ISSUED.signature.not_before.year + 10
        leap = DemoAuthority(datetime(2028, 2, 29, 12, tzinfo=UTC)).certificate
        assert leap.not_after == datetime(2038, 2, 28, 12, tzinfo=UTC)


class TestOpensslIssues:
    @pytest.fixture
    def theirs(self, tmp_path: Path) -> Path:
        sign = f"-sigopt distid:{USER_ID} -sm3 -days 30"
        openssl(tmp_path, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out ca.key")
        openssl(tmp_path, f"req -x509 -new -key ca.key -subj /CN=Other -out ca.pem {sign}")
        openssl(tmp_path, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out key.pem")
        openssl(tmp_path, f"req -new -key key.pem -subj /CN=Leaf -sigopt distid:{USER_ID} -sm3 -out leaf.csr")
        openssl(
            tmp_path,
            f"x509 -req -in leaf.csr -vfyopt distid:{USER_ID} -CA ca.pem -CAkey ca.key -CAcreateserial"
            f" -out leaf.pem {sign}",
        )
        return tmp_path

    def test_its_certificates_are_good_here(self, theirs):
        authority, leaf = (Certificate.parse_any((theirs / name).read_bytes()) for name in ("ca.pem", "leaf.pem"))
        assert authority.is_authority
        assert authority.signed_by(authority)
        assert leaf.signed_by(authority)
        assert not leaf.signed_by(CA.certificate)
        assert not leaf.signed_by(leaf)
        openssl(theirs, "pkey -in key.pem -pubout -out public.pem")
        assert leaf.public == public_from((theirs / "public.pem").read_bytes())
        assert leaf.usage == frozenset()

    def test_another_curve_is_told(self, theirs):
        openssl(theirs, "ecparam -name prime256v1 -genkey -noout -out p256.key")
        openssl(theirs, "req -x509 -new -key p256.key -subj /CN=P256 -out p256.pem -days 3")
        with pytest.raises(CertificateError) as error:
            Certificate.parse_any((theirs / "p256.pem").read_bytes())
        assert error.value.key == "certificate-algorithm"
        openssl(theirs, "pkey -in p256.key -pubout -out p256.pub")
        with pytest.raises(CertificateError) as error:
            public_from((theirs / "p256.pub").read_bytes())
        assert error.value.key == "public-key-form"


class TestHere:
    def test_chain(self):
        assert CA.certificate.signed_by(CA.certificate)
        assert ISSUED.signature.signed_by(CA.certificate)
        assert not ISSUED.signature.signed_by(ISSUED.encryption)
        assert not ISSUED.signature.signed_by(DemoAuthority(NOW, seed=1).certificate)

    def test_the_demo_root_has_the_same_key_for_everybody(self):
        assert DemoAuthority(NOW + timedelta(days=1)).certificate.public == CA.certificate.public

    @pytest.mark.parametrize("at", range(8, len(ISSUED.signature.der), 29))
    def test_every_altered_byte_is_noticed(self, at):
        altered = bytearray(ISSUED.signature.der)
        altered[at] ^= 1
        with suppress(CertificateError):
            assert not Certificate.parse(bytes(altered)).signed_by(CA.certificate)

    def test_validity(self):
        certificate = ISSUED.signature
        assert certificate.valid_at(certificate.not_before)
        assert certificate.valid_at(certificate.not_after)
        assert not certificate.valid_at(certificate.not_before - timedelta(seconds=1))
        assert not certificate.valid_at(certificate.not_after + timedelta(seconds=1))

    def test_every_way_it_is_written(self):
        certificate = ISSUED.signature
        for content in (certificate.der, certificate.pem.encode(), base64.encodebytes(certificate.der)):
            assert Certificate.parse_any(content) == certificate

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"0",
            b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
            b"!!",
            ISSUED.signature.der + b"\0",
        ],
    )
    def test_what_is_none(self, content):
        with pytest.raises(CertificateError) as error:
            Certificate.parse_any(content)
        assert error.value.key == "certificate-form"

    @settings(max_examples=60, deadline=None)
    @given(at=st.integers(0, len(ISSUED.signature.der) - 1), value=st.integers(0, 255), end=st.integers(0, 40))
    def test_damage_is_an_error_of_ours(self, at, value, end):
        damaged = bytearray(ISSUED.signature.der)
        damaged[at] = value
        try:
            Certificate.parse(bytes(damaged[: len(damaged) - end]))
        except CertificateError:
            return
        assert not end

    @settings(max_examples=60, deadline=None)
    @given(content=st.binary(max_size=200))
    def test_any_bytes(self, content):
        for read in (Certificate.parse_any, public_from, cut):
            with suppress(CertificateError):
                read(content)

    def test_cut(self):
        der = ISSUED.signature.der
        assert cut(der.ljust(1020, b"\0")) == der
        assert cut(bytes(1020)) == b""
        with pytest.raises(CertificateError):
            cut(der + b"\0\1")
        with pytest.raises(CertificateError):
            cut(der[:100])

    def test_a_person_does_not_show(self):
        assert repr(HOLDER) == "Holder(***)"
        assert HOLDER.synthetic
        assert not replace(HOLDER, name="张三").synthetic
        assert not replace(HOLDER, ssn="110101200001010022").synthetic
        assert not replace(HOLDER, card_no="A00000044").synthetic
