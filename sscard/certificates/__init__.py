"""SM2 keys, certificates, the envelope for encryption pairs, and a demonstration CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.certificates.authority import DemoAuthority, Holder, Issued
    from sscard.certificates.envelope import Envelope
    from sscard.certificates.x509 import Certificate, Usage

_NAMES = {
    "Certificate": "x509",
    "DemoAuthority": "authority",
    "Envelope": "envelope",
    "Holder": "authority",
    "Issued": "authority",
    "Usage": "x509",
}

__all__ = ["Certificate", "DemoAuthority", "Envelope", "Holder", "Issued", "Usage"]

__getattr__ = attach(__name__, _NAMES)
