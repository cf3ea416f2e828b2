"""One error class for each thing a caller would handle differently.

An error carries a catalogue key and fields, never a finished sentence: the sentence is made when it is shown,
in the reader's language (``sscard.messages.errors``).  Fields never hold keys, PINs or unmasked people.
"""

from __future__ import annotations

from enum import IntEnum

from sscard.messages import Lang, current, parts


class Exit(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_READER = 3
    REFUSED = 4
    PARTLY = 5
    INTERRUPTED = 130


class SscardError(Exception):
    """Base of all errors of the toolkit.  ``key`` names a text of ``sscard.messages.errors``."""

    exit_code = Exit.FAILED

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        self.fields = fields

    @property
    def code(self) -> str:
        """Stable code shown to people and taken by ``sscard explain``."""
        return self.key.upper()

    def parts(self, lang: Lang | None = None) -> tuple[str, str]:
        """``(what happened, what to do)`` in ``lang``."""
        return parts(f"errors.{self.key}", lang, **self.fields)

    def __str__(self) -> str:
        what, remedy = self.parts()
        return f"{self.code}: {what}" + (f" {remedy}" if remedy else "")


class TransportError(SscardError):
    """The wire failed: after this the handle is dead, reconnect with a reset."""


class ServiceMissing(TransportError):
    """No PC/SC service, no permission for it, or no driver."""

    exit_code = Exit.NO_READER


class ReaderMissing(TransportError):
    """No reader, or none of that name, or more than one matches."""

    exit_code = Exit.NO_READER


class ReaderLost(TransportError):
    """The reader went away while in use."""

    exit_code = Exit.NO_READER


class CardMissing(TransportError):
    """No card in the reader."""

    exit_code = Exit.NO_READER


class CardRemoved(TransportError):
    """The card was taken out, lost power or was exchanged."""


class CardReset(TransportError):
    """Somebody else reset the card: its security state is gone."""


class CardMute(TransportError):
    """The card gave no answer."""


class ProtocolError(SscardError):
    """The card or the caller broke ISO 7816 framing."""


class StatusError(SscardError):
    """The card answered with an unexpected status word."""

    def __init__(self, sw: int, command: str, key: str = "status", /, **fields: object) -> None:
        super().__init__(key, sw=f"{sw:04X}", command=command, **fields)
        self.sw = sw
        self.command = command

    def parts(self, lang: Lang | None = None) -> tuple[str, str]:
        from sscard.apdu.status import meaning  # the wire itself raises errors

        zh, en = meaning(self.sw)
        told = zh if (lang or current()) == "zh" else en
        return parts(f"errors.{self.key}", lang, meaning=told, **self.fields)


class CounterError(SscardError):
    """A key or PIN was refused; ``tries`` left, or None where the card did not say."""

    def __init__(self, key: str, /, tries: int | None, **fields: object) -> None:
        super().__init__(key, tries="?" if tries is None else tries, **fields)
        self.tries = tries


class GuardRefused(SscardError):
    """A safety rule of the toolkit said no before anything was sent."""

    exit_code = Exit.REFUSED


class CustodyError(SscardError):
    """A key is missing, locked away, or not usable for what was asked."""


class CertificateError(SscardError):
    """A certificate, public key or envelope is not what it should be."""


class NotServed(CustodyError):
    """This back end of custody cannot do the operation at all; another one may."""


class KeyServiceMissing(CustodyError):
    """The place where the keys are cannot be reached: no library, no token, no answer from the key server.

    A card in work is left as it stands and can be resumed.
    """

    exit_code = Exit.NO_READER


class ProfileError(SscardError):
    """A card profile or dialect file is wrong."""

    exit_code = Exit.USAGE


class PlanError(SscardError):
    """No plan can be made: the profile, the record and the keys do not fit together."""


class Quarantined(SscardError):
    """The card's state is not the one the journal tells: set it aside, never write to it."""


class JournalError(SscardError):
    """The journal or the ledger cannot be written or read."""


class Undelivered(SscardError):
    """No receipt of a return file came: it stays in the outbox and is sent again under the same key."""

    exit_code = Exit.PARTLY


class DeliveryRefused(SscardError):
    """A receiver said no to a return file, or nothing can be sent to it as it is set up; trying again does not help."""


class BatchError(SscardError):
    """The batch file cannot be used; findings tell file, line, column and rule."""


class BatchUnusable(BatchError):
    """There is nothing to check: no such file, or not a text file at all."""

    exit_code = Exit.USAGE


class ScriptError(SscardError):
    """A ceremony script is wrong, or an answer has not the form it asks for."""

    exit_code = Exit.USAGE


class FormatError(SscardError):
    """A format file is wrong, or a format has no layout for what was asked; tells file and place."""

    exit_code = Exit.USAGE


class FaceError(SscardError):
    """A card face cannot be drawn: layout, font or photo."""


class UsageError(SscardError):
    """What was typed cannot be meant."""

    exit_code = Exit.USAGE


class WorkspaceError(SscardError):
    """The workspace folder is missing, damaged or of another kind."""

    exit_code = Exit.USAGE


class VectorFileError(SscardError):
    """A file of test vectors cannot be read or has a vector of the wrong form; tells file and line."""

    exit_code = Exit.USAGE
