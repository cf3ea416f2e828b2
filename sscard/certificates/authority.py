"""A demonstration CA: what the platform's CA would send back for a card, made from a seed everybody knows.

DEMO: its root key protects nothing.  Source of the form: certificates of third-generation cards (docs/pki.md): ten
years, extensions of GM/T 0015 for the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import shake_256
from typing import Final

from asn1crypto import core

from sscard.certificates import sm2
from sscard.certificates.envelope import Envelope, seal
from sscard.certificates.x509 import Certificate, Usage, issue

_YEARS: Final = 10
_IDENTITY: Final = "1.2.156.10260.4.1.1"
_INSURANCE: Final = "1.2.156.10260.4.1.2"
_ROOT: Final = {"country_name": "CN", "organization_name": "DEMO sscard", "common_name": "DEMO 演示根证书 SM2"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate is for.  ``repr`` shows nothing of the person."""

    name: str
    ssn: str
    card_no: str

    @property
    def synthetic(self) -> bool:
        """Whether it is a made-up person: name 测试…, region 990101, card number T…."""
        return self.name.startswith("测试") and self.ssn.startswith("990101") and self.card_no.startswith("T")

    def __repr__(self) -> str:
        return "Holder(***)"


@dataclass(frozen=True, slots=True)
class Issued:
    """What goes back to the card: two certificates and the encryption pair in its envelope."""

    signature: Certificate
    encryption: Certificate
    envelope: Envelope


class DemoAuthority:
    """The CA of a seed at a moment: its certificate is self-signed and begins then."""

    def __init__(self, moment: datetime, seed: int = 0) -> None:
        self._private, public = sm2.generate(_Stream(f"sscard DEMO CA {seed}").bits)
        self._validity = (moment.replace(microsecond=0), _later(moment.replace(microsecond=0)))
        self.certificate: Final = issue(_ROOT, public, Usage.AUTHORITY, self._validity, (None, self._private))

    def issue(self, holder: Holder, signature_public: bytes) -> Issued:
        """Both certificates for a card whose signature key is ``signature_public``.

        The encryption pair is new; its private key is kept nowhere.  Raises ValueError for a key that is none.
        """
        private, public = sm2.generate()
        return Issued(
            self._certificate(holder, signature_public, Usage.SIGNATURE),
            self._certificate(holder, public, Usage.ENCRYPTION),
            seal(private, signature_public),
        )

    def _certificate(self, holder: Holder, public: bytes, usage: Usage) -> Certificate:
        subject = {"country_name": "CN", "organization_name": "DEMO", "common_name": holder.name}
        extensions = {
            _IDENTITY: core.PrintableString(holder.ssn),
            _INSURANCE: core.PrintableString(holder.card_no),
        }
        return issue(subject, public, usage, self._validity, (self.certificate, self._private), extensions)


class _Stream:
    """Bits drawn from a name: the same ones each time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._drawn = 0

    def bits(self, count: int) -> int:
        self._drawn += 1
        size = -(-count // 8)
        drawn = shake_256(f"{self._name}:{self._drawn}".encode()).digest(size)
        return int.from_bytes(drawn, "big") >> 8 * size - count


def _later(moment: datetime) -> datetime:
    """Ten years on; a leap day ends on the day before."""
    try:
        return moment.replace(year=moment.year + _YEARS)
    except ValueError:
        return moment.replace(year=moment.year + _YEARS, day=28)
