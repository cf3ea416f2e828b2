"""The PKI application at a counter: PINs, key pairs, certificates, master keys.

Source: docs/pki.md.  The PIN itself never goes over the wire: what goes is a challenge under its digest.  A PIN with
one try left is not presented where the card tells its tries; what is refused ends the work.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from sscard.apdu.command import Command
from sscard.apdu.status import tries_left
from sscard.apdu.transport import Channel
from sscard.certificates import sm2
from sscard.certificates.envelope import Envelope
from sscard.certificates.x509 import Certificate, cut
from sscard.cos.pki import APPLICATION_NAME, CERTIFICATE_SIZE, ENVIRONMENT_NAME, PUBLIC_HEADER, PinRole, PkiFile
from sscard.errors import CertificateError, CounterError, GuardRefused, StatusError, UsageError
from sscard.keys.secret import Secret
from sscard.terminal import pki_commands as commands
from sscard.terminal.identify import select_name
from sscard.terminal.session import PIN_FLOOR

_ABSENT: Final = 0x6A82
_MAC_WRONG: Final = 0x6988
_PIECE: Final = 0x70
"""Bytes of a certificate in one UPDATE BINARY."""
_READ: Final = 0xFF


class Place(Enum):
    """The two directories, in the order in which their master keys are changed."""

    APPLICATION = "adf"
    ENVIRONMENT = "ddf"


class Pair(Enum):
    """A key pair: its files and its certificate."""

    SIGNATURE = (PkiFile.SIGNATURE_PUBLIC, PkiFile.SIGNATURE_PRIVATE, PkiFile.SIGNATURE_CERTIFICATE)
    ENCRYPTION = (PkiFile.ENCRYPTION_PUBLIC, PkiFile.ENCRYPTION_PRIVATE, PkiFile.ENCRYPTION_CERTIFICATE)

    def __init__(self, public: PkiFile, private: PkiFile, certificate: PkiFile) -> None:
        self.public = public
        self.private = private
        self.certificate = certificate


def pki_pin(digits: str, role: PinRole) -> Secret:
    """A PIN packed.  Raises UsageError("pki-pin-form") unless it has the digits of its role."""
    if len(digits) != role.digits or not (digits.isascii() and digits.isdigit()):
        raise UsageError("pki-pin-form", digits=role.digits)
    return Secret(bytes.fromhex(digits))


class PkiCard:
    """The application of one card; the ADF is selected when it is made.

    Raises GuardRefused("pki-absent") for a card without it.  Methods raise StatusError, and CounterError where a PIN
    or key is refused.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.enter(Place.APPLICATION)

    def enter(self, place: Place) -> None:
        """Select a directory: the environment, and from it the application."""
        self._select(ENVIRONMENT_NAME)
        if place is Place.APPLICATION:
            self._select(APPLICATION_NAME)

    def tries(self, role: PinRole) -> int | None:
        """Tries left for a PIN, asked by VERIFY without data; None where the card does not tell."""
        return tries_left(self.channel.send(commands.query(role)).sw)

    def verify(self, role: PinRole, pin: Secret) -> None:
        """Present a PIN (packed).  Raises GuardRefused("pin-floor") where it has no try to spare."""
        self._spare(role)
        self._call(commands.verify(role, pin.reveal(), self._challenge()))

    def change_pin(self, role: PinRole, old: Secret, new: Secret) -> None:
        """Change a PIN under the old one; that it is wrong shows as a wrong MAC.  Raises GuardRefused("pin-floor")."""
        self._spare(role)
        try:
            self._call(commands.change_pin(role, old.reveal(), new.reveal(), self._challenge()))
        except StatusError as error:
            if error.sw != _MAC_WRONG:
                raise
            raise CounterError("wrong-secret", self.tries(role), command="CHANGE PIN", sw=f"{error.sw:04X}") from error

    def generate(self) -> bytes:
        """Let the card make its signature pair, wants the user's PIN; the public key X ‖ Y.  The old pair is gone."""
        self._call(commands.generate())
        public = self.public_key(Pair.SIGNATURE)
        if public is None:
            raise CertificateError("public-key-card", file=f"{PkiFile.SIGNATURE_PUBLIC:04X}")
        return public

    def public_key(self, pair: Pair) -> bytes | None:
        """X ‖ Y read from its file; None while there is none.  Raises CertificateError("public-key-card")."""
        self._call(commands.select(pair.public))
        content = self._call(commands.read(0, commands.PUBLIC_SIZE))
        return _public(content, pair) if any(content) else None

    def exported_key(self, pair: Pair) -> bytes:
        """X ‖ Y by the export command, the other way to read it.  Raises CertificateError("public-key-card")."""
        choose, fetch = commands.export(pair.public, pair.private)
        self._call(choose)
        return _public(self._call(fetch), pair)

    def open_session_key(self, cipher: bytes) -> bytes:
        """Let the card decipher C1 ‖ C3 ‖ C2 (112 bytes) with its signature key: 16 bytes."""
        return self._call(commands.open_envelope(cipher))

    def import_pair(self, envelope: Envelope) -> None:
        """Bring in the encryption pair; wants the user's PIN."""
        session_key = Secret(self.open_session_key(envelope.session_cipher))
        try:
            self._call(commands.load_session_key(session_key.reveal()))
        finally:
            session_key.wipe()
        self._call(commands.import_public(envelope))
        self._call(commands.import_private(envelope))

    def write_certificate(self, pair: Pair, certificate: Certificate) -> None:
        """Write a certificate and what fills its file, wants the user's PIN; then read it back.

        Raises CertificateError: certificate-size, certificate-kept where the card holds something else afterwards.
        """
        if len(certificate.der) > CERTIFICATE_SIZE:
            raise CertificateError("certificate-size", size=len(certificate.der), limit=CERTIFICATE_SIZE)
        content = certificate.der.ljust(CERTIFICATE_SIZE, b"\0")
        self._call(commands.select(pair.certificate))
        for offset in range(0, CERTIFICATE_SIZE, _PIECE):
            self._call(commands.write(offset, content[offset : offset + _PIECE]))
        if self._content(pair.certificate) != content:
            raise CertificateError("certificate-kept", file=f"{pair.certificate:04X}")

    def certificate(self, pair: Pair) -> Certificate | None:
        """The certificate on the card; None where its file is empty.  Raises CertificateError."""
        der = cut(self._content(pair.certificate))
        return Certificate.parse(der) if der else None

    def change_master(self, place: Place, old: Secret, new: Secret) -> None:
        """Change the master key (16 bytes) of a directory, then see that the old one is refused and the new one works.

        Raises GuardRefused("pki-master-kept") where the card still takes the old key.
        """
        self.enter(place)
        self._authenticate(old)
        self._call(commands.change_master(old.reveal(), new.reveal(), self._challenge()))
        if old == new:
            return
        if self.channel.send(self._proof(old)).ok:
            raise GuardRefused("pki-master-kept", place=place.value.upper())
        self._authenticate(new)

    def _authenticate(self, master: Secret) -> None:
        self._call(self._proof(master))

    def _proof(self, master: Secret) -> Command:
        return commands.prove_master(master.reveal(), self._challenge())

    def _spare(self, role: PinRole) -> None:
        tries = self.tries(role)
        if tries is not None and tries <= PIN_FLOOR:
            raise GuardRefused("pin-floor", tries=tries)

    def _challenge(self) -> bytes:
        return self._call(commands.GET_CHALLENGE)

    def _select(self, name: bytes) -> None:
        answer = select_name(self.channel, name)
        if answer.sw == _ABSENT:
            raise GuardRefused("pki-absent")
        if not answer.ok:
            raise StatusError(answer.sw, "SELECT")

    def _content(self, file: PkiFile) -> bytes:
        """A certificate file, piece by piece."""
        self._call(commands.select(file))
        starts = range(0, CERTIFICATE_SIZE, _READ)
        return b"".join(self._call(commands.read(at, min(_READ, CERTIFICATE_SIZE - at))) for at in starts)

    def _call(self, command: Command) -> bytes:
        return self.channel.call(command)


def _public(content: bytes, pair: Pair) -> bytes:
    """X ‖ Y behind its header."""
    header, public = content[: len(PUBLIC_HEADER)], content[len(PUBLIC_HEADER) :]
    if header != PUBLIC_HEADER or not sm2.is_public(public):
        raise CertificateError("public-key-card", file=f"{pair.public:04X}")
    return public
