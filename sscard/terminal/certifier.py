"""Certificates for a card in the line: key pair made on the card, public key to a CA, what it sends back onto the card.

Everything may be done again: a key pair that is there is kept, and what the CA answered for it is on disk before the
card gets any of it, so that a torn card asks nobody twice; a card that is proved needs it no more.  docs/modes.md,
"certificates"; docs/pki.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sscard.apdu.transport import Channel
from sscard.certificates.authority import Holder, Issued
from sscard.certificates.envelope import Envelope
from sscard.certificates.x509 import Certificate
from sscard.cos.actions import Certify
from sscard.cos.pki import PinRole
from sscard.durable import write_private
from sscard.errors import CertificateError, CustodyError, GuardRefused, Quarantined
from sscard.keys.secret import Secret
from sscard.terminal import pki_check, pki_install
from sscard.terminal.pki import Pair, PkiCard


class Authority(Protocol):
    """A CA.  ``certificate`` is its own, None where it does not tell."""

    @property
    def certificate(self) -> Certificate | None: ...

    def issue(self, holder: Holder, signature_public: bytes) -> Issued:
        """What goes onto the card with this signature key (X ‖ Y).  Raises CustodyError where no answer comes."""
        ...


class CardCertifier:
    """Serves the certificate actions of a plan.  ``kept`` is the folder of the CA's answers, ``now`` the clock."""

    def __init__(self, authority: Authority, kept: Path, now: Callable[[], datetime]) -> None:
        self._authority = authority
        self._kept = kept
        self._now = now

    def install(self, channel: Channel, pin: Secret, person: Certify) -> None:
        """Bring pair, certificates and envelope onto the card.

        Raises CustodyError("ca-answer") where the CA's answer is not for this card: nothing was written then but a key
        pair, and the card goes on later.
        """
        card = PkiCard(channel)
        card.verify(PinRole.USER, pin)
        public = card.public_key(Pair.SIGNATURE) or card.generate()
        issued = self._issued(Holder(person.name, person.ssn, person.card_no), public)
        try:
            pki_install.suitable(card, issued.signature, issued.encryption, issued.envelope)
        except GuardRefused as error:
            raise CustodyError("ca-answer", what=error.parts()[0]) from error
        pki_install.install(card, issued.signature, issued.encryption, issued.envelope)

    def prove(self, channel: Channel, pin: Secret) -> None:
        """Judge keys and certificates of a card just reset; then the CA's answer is removed, for it names the holder.

        Raises Quarantined("quarantine-certificate"), CustodyError("ca-kept").
        """
        card = PkiCard(channel)
        card.verify(PinRole.USER, pin)
        for verdict in pki_check.check(card, self._now(), self._authority.certificate, possession=True):
            if not verdict.passed:
                raise Quarantined("quarantine-certificate", pair=verdict.pair.name.lower(), rule=verdict.rule.value)
        public = card.public_key(Pair.SIGNATURE)
        if public is not None:
            path = self._path(public)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise CustodyError("ca-kept", path=str(path), cause=error.strerror) from error

    def _issued(self, holder: Holder, public: bytes) -> Issued:
        """The CA's answer for a key, asked for once."""
        path = self._path(public)
        try:
            if path.exists():
                return issued_from(path.read_bytes())
            issued = self._authority.issue(holder, public)
            self._kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, issued_bytes(issued))
        except OSError as error:
            raise CustodyError("ca-kept", path=str(path), cause=error.strerror) from error
        return issued

    def _path(self, public: bytes) -> Path:
        """Where the answer for a key is kept."""
        return self._kept / f"{sha256(public).hexdigest()[:32]}.json"


def issued_bytes(issued: Issued) -> bytes:
    """An answer as JSON: ``signature`` and ``encryption`` (PEM), ``envelope`` (base64)."""
    facts = {
        "signature": issued.signature.pem,
        "encryption": issued.encryption.pem,
        "envelope": issued.envelope.text(),
    }
    return json.dumps(facts).encode("ascii")


def issued_from(raw: bytes) -> Issued:
    """An answer read from JSON.  Raises CustodyError("ca-answer") for what is none."""
    try:
        facts = json.loads(raw)
        signature, encryption = (
            Certificate.parse_any(facts[name].encode("ascii")) for name in ("signature", "encryption")
        )
        return Issued(signature, encryption, Envelope.parse_text(facts["envelope"]))
    except CertificateError as error:
        raise CustodyError("ca-answer", what=error.parts()[0]) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CustodyError("ca-answer", what=type(error).__name__) from error
