"""The PKI application as the vendor delivers it on a blank third-generation card, and its commands.

Source: docs/pki.md, "files": a DDF of its own in the MF, with its PINs, and one ADF.  What is said there to be derived
is this project's decision: the FID of the DDF, free reading of public keys and certificates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sscard.certificates.sm2 import POINT, SCALAR
from sscard.cos.pki import (
    APPLICATION_FID,
    APPLICATION_NAME,
    CERTIFICATE_SIZE,
    ENVIRONMENT_FID,
    ENVIRONMENT_NAME,
    MASTER_TRIES,
    PIN_TRIES,
    PUBLIC_HEADER,
    TRANSPORT_MASTER,
    PinRole,
    PkiFile,
)
from sscard.emulator import authentication, binary, pki, pki_keys, selection, wire
from sscard.emulator.access import ABSENT, NEVER, Rule, number_of
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, DirectoryKind, Ef, EfType, Key, KeyType

COMMANDS: Final[tuple[tuple[int, int, Callable[[Chip, bytes], bytes]], ...]] = (
    (0x00, 0xA4, selection.select),
    (0x00, 0xC0, wire.get_response),
    (0x00, 0x84, authentication.get_challenge),
    (0x00, 0xB0, binary.read_binary),
    (0x00, 0xD6, binary.update_binary),
    (0x80, 0xC4, pki.digest),
    (0x00, 0x20, pki.verify),
    (0x84, 0x5E, pki.change_pin),
    (0x00, 0x82, pki.authenticate),
    (0x84, 0xD4, pki.write_master),
    (0x80, 0x40, pki_keys.generate),
    (0x80, 0xC9, pki_keys.read_public),
    (0x80, 0x4E, pki_keys.open_envelope),
    (0x80, 0x4A, pki_keys.load_session_key),
    (0x80, 0xC2, pki_keys.import_key),
)
"""CLA, INS and handler of the commands that answer inside the application."""

_FREE: Final = Rule(ABSENT, ABSENT, both=False)
_CLOSED: Final = Rule(ABSENT, NEVER, both=False)
_USER: Final = Rule(number_of(PinRole.USER.p2), ABSENT, both=False)
_FILES: Final = (
    (PkiFile.SIGNATURE_PUBLIC, len(PUBLIC_HEADER) + POINT, _FREE, _CLOSED),
    (PkiFile.SIGNATURE_PRIVATE, SCALAR, _CLOSED, _CLOSED),
    (PkiFile.ENCRYPTION_PUBLIC, len(PUBLIC_HEADER) + POINT, _FREE, _CLOSED),
    (PkiFile.ENCRYPTION_PRIVATE, SCALAR, _CLOSED, _CLOSED),
    (PkiFile.SIGNATURE_CERTIFICATE, CERTIFICATE_SIZE, _FREE, _USER),
    (PkiFile.ENCRYPTION_CERTIFICATE, CERTIFICATE_SIZE, _FREE, _USER),
)


def deliver(root: Directory) -> None:
    """Put the application into an MF."""
    environment = Directory(ENVIRONMENT_FID, DirectoryKind.DDF, ENVIRONMENT_NAME, root, pki=True)
    environment.keys = [_master(), *(_pin(role) for role in PinRole)]
    application = Directory(APPLICATION_FID, DirectoryKind.ADF, APPLICATION_NAME, environment, pki=True)
    application.keys = [_master()]
    for fid, size, read, update in _FILES:
        application.add_file(Ef(fid.value, 0, EfType.TRANSPARENT, size, 0, read, update, content=bytes(size)))
    environment.directories[application.fid] = application
    root.directories[environment.fid] = environment


def _key(kind: KeyType, number: int, value: bytes, tries: int) -> Key:
    return Key(value, tries, tries, type=kind, id=number, version=1, level=0, option=0)


def _master() -> Key:
    return _key(KeyType.MASTER, 0, TRANSPORT_MASTER, MASTER_TRIES)


def _pin(role: PinRole) -> Key:
    return _key(KeyType.PIN, role.p2, bytes.fromhex(role.delivered), PIN_TRIES)
