"""X.509 certificates with SM2 keys: reading, issuing, checking.

Source: GB/T 20518 and GM/T 0015 (profile, extensions of persons), RFC 5280.  DER is asn1crypto's work; key algorithm
1.2.156.10197.1.301 on id-ecPublicKey, signature 1.2.156.10197.1.501 without parameters.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, Self

from asn1crypto import core, keys, parser, pem
from asn1crypto import x509 as asn1

from sscard.certificates import sm2
from sscard.errors import CertificateError

_CURVE: Final = "1.2.156.10197.1.301"
_SIGNATURE: Final = "1.2.156.10197.1.501"
_SERIAL_BITS: Final = 127
_RAW: Final = b"\x04"
_SEQUENCE: Final = b"\x30"
_INTEGERS: Final = 2

keys.NamedCurve.register("sm2p256v1", _CURVE, sm2.SCALAR)


class Usage(Enum):
    """What a certificate's key is for, with the bits of its key usage."""

    AUTHORITY = frozenset({"key_cert_sign", "crl_sign"})
    SIGNATURE = frozenset({"digital_signature", "non_repudiation"})
    ENCRYPTION = frozenset({"key_encipherment", "data_encipherment", "key_agreement"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate.  ``public`` is X ‖ Y, ``usage`` the names of its key usage bits, empty where it has none."""

    der: bytes
    subject: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    public: bytes
    usage: frozenset[str]
    is_authority: bool

    @classmethod
    def parse(cls, der: bytes) -> Self:
        """Read DER.  Raises CertificateError: certificate-form, certificate-algorithm for another key than SM2."""
        try:
            tree = asn1.Certificate.load(der, strict=True)
            tree.native  # noqa: B018 - reads every part, which the library puts off
            return cls._of(der, tree)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
            raise CertificateError("certificate-form", detail=type(error).__name__) from None

    @classmethod
    def _of(cls, der: bytes, tree: Any) -> Self:
        body, key = tree["tbs_certificate"], tree.public_key
        curve = key["algorithm"]["parameters"]
        if key.algorithm != "ec" or curve.name != "named" or curve.chosen.dotted != _CURVE:
            raise CertificateError("certificate-algorithm", algorithm=key.algorithm)
        signature = tree["signature_algorithm"]["algorithm"].dotted
        if signature != _SIGNATURE or body["signature"]["algorithm"].dotted != signature:
            raise CertificateError("certificate-algorithm", algorithm=signature)
        basic, usage = tree.basic_constraints_value, tree.key_usage_value
        return cls(
            der=der,
            subject=tree.subject.human_friendly,
            issuer=tree.issuer.human_friendly,
            serial=tree.serial_number,
            not_before=tree.not_valid_before,
            not_after=tree.not_valid_after,
            public=_point(key["public_key"].native),
            usage=frozenset(usage.native) if usage is not None else frozenset(),
            is_authority=bool(basic and basic["ca"].native),
        )

    @classmethod
    def parse_any(cls, content: bytes) -> Self:
        """Read DER, PEM or base64 without head and foot.  Raises CertificateError."""
        try:
            if pem.detect(content):
                content = pem.unarmor(content)[2]
            elif content[:1] != _SEQUENCE:
                content = b64decode(b"".join(content.split()), validate=True)
        except ValueError:
            raise CertificateError("certificate-form", detail="PEM") from None
        return cls.parse(content)

    @property
    def pem(self) -> str:
        return _armored("CERTIFICATE", self.der)

    def signed_by(self, authority: Certificate) -> bool:
        """Whether ``authority`` is a CA of the issuer's name and its key made this signature."""
        tree = asn1.Certificate.load(self.der)
        above = asn1.Certificate.load(authority.der)
        if not authority.is_authority or tree.issuer != above.subject:
            return False
        signature = _plain_signature(tree["signature_value"].native)
        return signature is not None and sm2.verify(authority.public, tree["tbs_certificate"].dump(), signature)

    def valid_at(self, moment: datetime) -> bool:
        """Whether ``moment`` (with a time zone) is within the validity."""
        return self.not_before <= moment <= self.not_after


def cut(content: bytes) -> bytes:
    """The certificate at the start of a file filled with 00; empty where there is none.  Raises CertificateError."""
    if not content.strip(b"\0"):
        return b""
    try:
        size = parser.peek(content)
    except ValueError:
        raise CertificateError("certificate-form", detail="DER") from None
    if content[size:].strip(b"\0"):
        raise CertificateError("certificate-form", detail="00")
    return content[:size]


def issue(
    subject: Mapping[str, str],
    public: bytes,
    usage: Usage,
    validity: tuple[datetime, datetime],
    signer: tuple[Certificate | None, bytes],
    extensions: Mapping[str, core.Asn1Value] | None = None,
) -> Certificate:
    """A certificate for ``public``; ``signer`` is the CA's certificate (None: self-signed) and private key.

    ``extensions`` are further ones by object identifier, not critical.
    """
    name = asn1.Name.build(dict(subject))
    above, private = signer
    authority = sm2.public_of(private)
    body = asn1.TbsCertificate(
        {
            "version": "v3",
            "serial_number": secrets.randbits(_SERIAL_BITS) | 1,
            "signature": {"algorithm": _SIGNATURE},
            "issuer": name if above is None else asn1.Certificate.load(above.der).subject,
            "validity": {
                "not_before": asn1.Time({"utc_time": validity[0]}),
                "not_after": asn1.Time({"utc_time": validity[1]}),
            },
            "subject": name,
            "subject_public_key_info": _key_info(public),
            "extensions": [
                _extension("basic_constraints", {"ca": usage is Usage.AUTHORITY}, critical=True),
                _extension("key_usage", set(usage.value), critical=True),
                _extension("key_identifier", _identifier(public)),
                _extension("authority_key_identifier", {"key_identifier": _identifier(authority)}),
                *(_extension(number, core.ParsableOctetString(value.dump())) for number, value in _items(extensions)),
            ],
        }
    )
    signature = sm2.sign(private, body.dump())
    r, s = (int.from_bytes(half, "big") for half in (signature[: sm2.SCALAR], signature[sm2.SCALAR :]))
    der = asn1.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": {"algorithm": _SIGNATURE},
            "signature_value": core.OctetBitString(core.SequenceOf([r, s], spec=core.Integer).dump()),
        }
    ).dump()
    return Certificate.parse(der)


def public_pem(public: bytes) -> str:
    """A public key (X ‖ Y) as SubjectPublicKeyInfo in PEM."""
    return _armored("PUBLIC KEY", _key_info(public).dump())


def public_from(content: bytes) -> bytes:
    """X ‖ Y of a public key in PEM, in DER, or as 64 bytes in hex.  Raises CertificateError("public-key-form")."""
    try:
        if pem.detect(content):
            content = pem.unarmor(content)[2]
        elif not content.startswith(b"\x30\x59"):
            return _checked(bytes.fromhex(content.decode("ascii").strip()))
        key = keys.PublicKeyInfo.load(content, strict=True)
        if key["algorithm"]["parameters"].chosen.dotted != _CURVE:
            raise ValueError("curve")
        return _checked(_point(key["public_key"].native))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CertificateError("public-key-form") from None


def _armored(kind: str, der: bytes) -> str:
    return str(pem.armor(kind, der), "ascii")


def _checked(public: bytes) -> bytes:
    if not sm2.is_public(public):
        raise ValueError("point")
    return public


def _point(encoded: bytes) -> bytes:
    if len(encoded) != 1 + sm2.POINT or encoded[:1] != _RAW:
        raise ValueError("point form")
    return encoded[1:]


def _plain_signature(der: bytes) -> bytes | None:
    """r ‖ s of a signature in DER; None where it has not that form."""
    try:
        numbers = core.SequenceOf.load(der, strict=True, spec=core.Integer).native
        if len(numbers) != _INTEGERS:
            return None
        return b"".join(number.to_bytes(sm2.SCALAR, "big") for number in numbers)
    except (ValueError, TypeError, OverflowError):
        return None


def _key_info(public: bytes) -> Any:
    return keys.PublicKeyInfo(
        {
            "algorithm": {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", keys.NamedCurve(_CURVE))},
            "public_key": keys.ECPointBitString(_RAW + public),
        }
    )


def _identifier(public: bytes) -> bytes:
    return sm2.sm3(_RAW + public)[:20]


def _extension(name: str, value: object, *, critical: bool = False) -> dict[str, object]:
    return {"extn_id": name, "critical": critical, "extn_value": value}


def _items(extensions: Mapping[str, core.Asn1Value] | None) -> list[tuple[str, Any]]:
    return list((extensions or {}).items())
