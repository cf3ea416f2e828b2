"""Key pairs of the PKI application: made on the card, read, opened and brought in.

Source: docs/pki.md, "key pairs" and "the encryption pair".  Everything but reading wants the user's PIN.  The signature
pair is made here and its private key never leaves; it opens the envelope in which the encryption pair comes.
"""

from __future__ import annotations

from typing import Final

from sscard.certificates import sm2
from sscard.cos.pki import BLOCK, PUBLIC_HEADER, PkiFile
from sscard.emulator.chip import Chip, PkiWork
from sscard.emulator.nodes import Directory
from sscard.emulator.pki import require_user
from sscard.emulator.wire import data_of, deliver, expected
from sscard.emulator.words import (
    MAC_WRONG,
    NO_FILE,
    NO_KEY,
    NOT_NOW,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    right_length,
)

_PUBLIC_TAG: Final = 0xC0
_PRIVATE_TAG: Final = 0xC2


def _named(tag: int, file: PkiFile) -> bytes:
    return bytes((tag, 2)) + file.to_bytes(2, "big")


_SIGNATURE_PUBLIC: Final = _named(_PUBLIC_TAG, PkiFile.SIGNATURE_PUBLIC)
_SIGNATURE_PRIVATE: Final = _named(_PRIVATE_TAG, PkiFile.SIGNATURE_PRIVATE)
_PAIRS: Final = {
    _named(_PUBLIC_TAG, public) + _named(_PRIVATE_TAG, private): public
    for public, private in (
        (PkiFile.SIGNATURE_PUBLIC, PkiFile.SIGNATURE_PRIVATE),
        (PkiFile.ENCRYPTION_PUBLIC, PkiFile.ENCRYPTION_PRIVATE),
    )
}
_ENVELOPE: Final = _SIGNATURE_PRIVATE + bytes((0xC1, 0x82)) + (sm2.POINT + sm2.DIGEST + BLOCK).to_bytes(2, "big")
_SESSION_KEY: Final = bytes((0xC1, BLOCK))
_IMPORT_PUBLIC: Final = _named(_PUBLIC_TAG, PkiFile.ENCRYPTION_PUBLIC) + bytes((0xCA, sm2.POINT))
_IMPORT_PRIVATE: Final = _named(_PRIVATE_TAG, PkiFile.ENCRYPTION_PRIVATE) + bytes((0xCB, sm2.SCALAR))


def generate(chip: Chip, apdu: bytes) -> bytes:
    """``80 40 00 00``: make the signature pair, from the card's own randomness; the pair before is gone."""
    body = data_of(chip, apdu)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    if body != _SIGNATURE_PUBLIC + _SIGNATURE_PRIVATE:
        raise Refusal(WRONG_DATA)
    place = _application(chip)
    require_user(chip)
    private, public = sm2.generate(lambda bits: _random_bits(chip, bits))
    _store(place, PkiFile.SIGNATURE_PRIVATE, private)
    _store(place, PkiFile.SIGNATURE_PUBLIC, PUBLIC_HEADER + public)
    return OK


def _random_bits(chip: Chip, bits: int) -> int:
    size = -(-bits // 8)
    return int.from_bytes(chip.randomness.take(size), "big") >> 8 * size - bits


def read_public(chip: Chip, apdu: bytes) -> bytes:
    """``80 C9 82``: P2 00 chooses a pair, P2 80 as the very next command gives header ‖ X ‖ Y."""
    if apdu[2] != 0x82 or apdu[3] not in (0x00, 0x80):
        raise Refusal(WRONG_P1P2)
    place = _application(chip)
    if apdu[3]:
        return _chosen(chip, apdu)
    public = _PAIRS.get(data_of(chip, apdu))
    if public is None:
        raise Refusal(WRONG_DATA)
    content = place.files[public].content
    if not content.startswith(PUBLIC_HEADER):
        raise Refusal(NO_KEY)
    chip.pki = PkiWork(_session_key(chip), content, chip.commands)
    return OK


def _chosen(chip: Chip, apdu: bytes) -> bytes:
    count = expected(chip, apdu) or 256
    work = chip.pki
    if work is None or not work.chosen or work.chosen_at + 1 != chip.commands:
        raise Refusal(NOT_NOW)
    if count != len(work.chosen):
        work.chosen_at = chip.commands
        raise Refusal(right_length(len(work.chosen)))
    return work.chosen + OK


def open_envelope(chip: Chip, apdu: bytes) -> bytes:
    """``80 4E 00 01``: decipher C1 ‖ C3 ‖ C2 with the signature private key; the answer is the session key."""
    body = data_of(chip, apdu)
    if apdu[2] or apdu[3] != 1:
        raise Refusal(WRONG_P1P2)
    if not body.startswith(_ENVELOPE) or len(body) != len(_ENVELOPE) + sm2.POINT + sm2.DIGEST + BLOCK:
        raise Refusal(WRONG_DATA)
    place = _application(chip)
    require_user(chip)
    private = place.files[PkiFile.SIGNATURE_PRIVATE].content
    if not any(private):
        raise Refusal(NO_KEY)
    try:
        plain = sm2.decrypt(private, body[len(_ENVELOPE) :])
    except ValueError:
        raise Refusal(MAC_WRONG) from None
    return deliver(chip, apdu, plain)


def load_session_key(chip: Chip, apdu: bytes) -> bytes:
    """``80 4A 02 10``: the session key for one import of a private key; lost with power and directory."""
    body = data_of(chip, apdu)
    if apdu[2:4] != b"\x02\x10":
        raise Refusal(WRONG_P1P2)
    if len(body) != len(_SESSION_KEY) + BLOCK:
        raise Refusal(WRONG_LENGTH)
    if not body.startswith(_SESSION_KEY):
        raise Refusal(WRONG_DATA)
    _application(chip)
    require_user(chip)
    chip.pki = PkiWork(body[len(_SESSION_KEY) :])
    return OK


def import_key(chip: Chip, apdu: bytes) -> bytes:
    """``80 C2``: the public (P1 P2 40 00) or private key (C0 01) of the encryption pair."""
    body = data_of(chip, apdu)
    if apdu[2:4] == b"\x40\x00":
        _import_public(chip, body)
    elif apdu[2:4] == b"\xc0\x01":
        _import_private(chip, body)
    else:
        raise Refusal(WRONG_P1P2)
    return OK


def _import_public(chip: Chip, body: bytes) -> None:
    """A private key that does not belong to it is erased, so that the card never holds half of two pairs."""
    public = body[len(_IMPORT_PUBLIC) :]
    if not body.startswith(_IMPORT_PUBLIC) or len(public) != sm2.POINT:
        raise Refusal(WRONG_DATA)
    place = _application(chip)
    require_user(chip)
    if not sm2.is_public(public):
        raise Refusal(WRONG_DATA)
    content = PUBLIC_HEADER + public
    if place.files[PkiFile.ENCRYPTION_PUBLIC].content != content:
        _store(place, PkiFile.ENCRYPTION_PRIVATE, bytes(sm2.SCALAR))
    _store(place, PkiFile.ENCRYPTION_PUBLIC, content)


def _import_private(chip: Chip, body: bytes) -> None:
    cipher = body[len(_IMPORT_PRIVATE) :]
    if not body.startswith(_IMPORT_PRIVATE) or len(cipher) != sm2.SCALAR:
        raise Refusal(WRONG_DATA)
    place = _application(chip)
    require_user(chip)
    session_key = _session_key(chip)
    if not session_key:
        raise Refusal(NOT_NOW)
    chip.pki = None
    private = chip.family.decrypt(session_key, cipher)
    try:
        public = sm2.public_of(private)
    except ValueError:
        raise Refusal(WRONG_DATA) from None
    if place.files[PkiFile.ENCRYPTION_PUBLIC].content != PUBLIC_HEADER + public:
        raise Refusal(WRONG_DATA)
    _store(place, PkiFile.ENCRYPTION_PRIVATE, private)


def _application(chip: Chip) -> Directory:
    """The current ADF.  Raises Refusal 6A82 in the DDF, which has no key files."""
    if PkiFile.SIGNATURE_PRIVATE not in chip.current.files:
        raise Refusal(NO_FILE)
    return chip.current


def _session_key(chip: Chip) -> bytes:
    return chip.pki.session_key if chip.pki is not None else b""


def _store(place: Directory, file: PkiFile, content: bytes) -> None:
    place.files[file].content = content
