"""Whether the PKI application of a card is whole: keys, certificates, and that they belong together.

Reads only, but for the proof of the private key, which wants the user's PIN verified before.
Source: docs/pki.md, "check".
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sscard.certificates import sm2
from sscard.certificates.x509 import Certificate, Usage
from sscard.cos.pki import BLOCK
from sscard.errors import CertificateError, StatusError
from sscard.terminal.pki import Pair, PkiCard

_CIPHER_WRONG: Final = 0x6988


class Rule(Enum):
    """What is looked at, in this order; the value is its stable name."""

    PUBLIC_KEY = "public-key"
    BOTH_WAYS = "both-ways"
    CERTIFICATE = "certificate"
    OWN_KEY = "own-key"
    USAGE = "usage"
    VALIDITY = "validity"
    ISSUER = "issuer"
    POSSESSION = "possession"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule for one pair."""

    pair: Pair
    rule: Rule
    passed: bool


def check(
    card: PkiCard, moment: datetime, authority: Certificate | None = None, *, possession: bool = False
) -> Iterator[Verdict]:
    """Judge both pairs; after a missing key or certificate nothing further is asked of that pair.

    ``authority`` adds the signature of the issuer; ``possession`` lets the card open a secret made for its key.
    """
    for pair in Pair:
        yield from _pair(card, pair, moment, authority, possession=possession and pair is Pair.SIGNATURE)


def proves_possession(card: PkiCard, public: bytes) -> bool:
    """Whether the card opens what was enciphered for ``public``; wants the user's PIN verified."""
    secret = secrets.token_bytes(BLOCK)
    try:
        opened = card.open_session_key(sm2.encrypt(public, secret))
    except StatusError as error:
        if error.sw != _CIPHER_WRONG:
            raise
        return False
    return hmac.compare_digest(opened, secret)


def _pair(
    card: PkiCard, pair: Pair, moment: datetime, authority: Certificate | None, *, possession: bool
) -> Iterator[Verdict]:
    try:
        public = card.public_key(pair)
    except CertificateError:
        public = None
    yield Verdict(pair, Rule.PUBLIC_KEY, public is not None)
    if public is None:
        return
    yield Verdict(pair, Rule.BOTH_WAYS, card.exported_key(pair) == public)
    if possession:
        yield Verdict(pair, Rule.POSSESSION, proves_possession(card, public))
    try:
        certificate = card.certificate(pair)
    except CertificateError:
        certificate = None
    yield Verdict(pair, Rule.CERTIFICATE, certificate is not None)
    if certificate is None:
        return
    yield Verdict(pair, Rule.OWN_KEY, certificate.public == public)
    yield Verdict(pair, Rule.USAGE, used_for(pair, certificate))
    yield Verdict(pair, Rule.VALIDITY, certificate.valid_at(moment))
    if authority is not None:
        yield Verdict(pair, Rule.ISSUER, certificate.signed_by(authority))


def used_for(pair: Pair, certificate: Certificate) -> bool:
    """Whether the key usage has a bit of its pair's purpose and none of the other's."""
    wanted, other = Usage.SIGNATURE.value, Usage.ENCRYPTION.value
    if pair is Pair.ENCRYPTION:
        wanted, other = other, wanted
    return bool(certificate.usage & wanted) and not certificate.usage & other
