"""What the CA sent back, put on the card: the encryption pair and both certificates.

Everything is held against the card and against each other before the first command that writes.  Each step may be
repeated, so after a torn card the whole is simply done again.
"""

from __future__ import annotations

from sscard.certificates.envelope import Envelope
from sscard.certificates.x509 import Certificate
from sscard.errors import GuardRefused
from sscard.terminal.pki import Pair, PkiCard
from sscard.terminal.pki_check import used_for


def install(card: PkiCard, signature: Certificate, encryption: Certificate, envelope: Envelope) -> None:
    """Import the pair of ``envelope`` and write both certificates; wants the user's PIN verified.

    Raises GuardRefused: pki-no-pair, pki-other-card, pki-other-envelope, pki-usage, before anything is written.
    """
    suitable(card, signature, encryption, envelope)
    card.import_pair(envelope)
    card.write_certificate(Pair.SIGNATURE, signature)
    card.write_certificate(Pair.ENCRYPTION, encryption)


def suitable(card: PkiCard, signature: Certificate, encryption: Certificate, envelope: Envelope) -> None:
    """Raise GuardRefused where :func:`install` would; no PIN is needed."""
    public = card.public_key(Pair.SIGNATURE)
    if public is None:
        raise GuardRefused("pki-no-pair")
    if signature.public != public:
        raise GuardRefused("pki-other-card")
    if encryption.public != envelope.public:
        raise GuardRefused("pki-other-envelope")
    for pair, certificate in ((Pair.SIGNATURE, signature), (Pair.ENCRYPTION, encryption)):
        if not used_for(pair, certificate):
            raise GuardRefused("pki-usage", file=f"{pair.certificate:04X}")
