"""Rules of the PKI application: PINs, master keys, the envelope of the encryption pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.certificates import sm2
from sscard.certificates.envelope import Envelope, unseal
from sscard.cos.pki import BLOCK, PinRole
from sscard.keys.family import MAC_SIZE, pad80, pad_length
from sscard.terminal import pki_commands

Given = Mapping[str, Any]
Values = dict[str, object]


def _bytes(given: Given, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _hex(value: bytes) -> str:
    return value.hex().upper()


def verify(given: Given) -> Values:
    """Digest of a PIN, and the PIN presented; its length tells whose it is."""
    pin, challenge = _bytes(given, "pin"), _bytes(given, "challenge")
    role = next((role for role in PinRole if role.digits == 2 * len(pin)), None)
    if role is None:
        raise ValueError("pin")
    return {
        "sm3": _hex(sm2.sm3(pin)),
        "CTK": _hex(pki_commands.pin_key(pin)),
        "block": _hex(challenge.ljust(BLOCK, b"\0")),
        "digest_apdu": _hex(pki_commands.digest(pin)),
        "digest_response": _hex(sm2.sm3(pin)),
        "challenge_apdu": _hex(pki_commands.GET_CHALLENGE),
        "verify_apdu": _hex(pki_commands.verify(role, pin, challenge)),
    }


def change_admin_pin(given: Given) -> Values:
    """Change of the administrator's PIN."""
    old, new = _bytes(given, "old_pin"), _bytes(given, "new_pin")
    command = pki_commands.change_pin(PinRole.ADMINISTRATOR, old, new, _bytes(given, "challenge"))
    return {"CTK_old": _hex(pki_commands.pin_key(old)), **_protected(command, new), "apdu": _hex(command)}


def update_master_key(given: Given) -> Values:
    """Authentication with the old master key, and its change."""
    old, new = _bytes(given, "old_mk"), _bytes(given, "new_mk")
    command = pki_commands.change_master(old, new, _bytes(given, "challenge2"))
    return {
        "auth_apdu": _hex(pki_commands.prove_master(old, _bytes(given, "challenge1"))),
        **_protected(command, bytes(3) + new),
        "update_apdu": _hex(command),
    }


def _protected(command: Command, plain: bytes) -> Values:
    cipher, mac = command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]
    return {
        "plain_block": _hex(pad_length(plain, BLOCK)),
        "cipher": _hex(cipher),
        "mac_input_padded": _hex(pad80(command[:5] + cipher, BLOCK)),
        "mac": _hex(mac),
    }


def envelope_open(given: Given) -> Values:
    """From the envelope to the commands that open it and bring the pair in."""
    private = _bytes(given, "signature_private_key")
    envelope = Envelope.parse_text(given["envelope_base64"])
    session_key = sm2.decrypt(private, envelope.session_cipher)
    return {
        "blob_length": len(envelope.pack()),
        "session_key": _hex(session_key),
        "encryption_private_key": _hex(unseal(envelope, private)),
        "open_apdu": _hex(_without_le(pki_commands.open_envelope(envelope.session_cipher))),
        "open_response": _hex(session_key),
        "load_session_key_apdu": _hex(pki_commands.load_session_key(session_key)),
        "import_public_apdu": _hex(pki_commands.import_public(envelope)),
        "import_private_apdu": _hex(pki_commands.import_private(envelope)),
        "signature_public_key": _hex(sm2.public_of(private)),
        "read_public_key": _hex(pki_commands.read(0, pki_commands.PUBLIC_SIZE)),
    }


def _without_le(command: Command) -> bytes:
    """As it goes over the wire under T=0."""
    return command[: 5 + len(command.data)]


RULES: Final[dict[str, Callable[[Given], Values]]] = {
    "pki-verify": verify,
    "pki-change-admin-pin": change_admin_pin,
    "pki-update-master-key": update_master_key,
    "pki-envelope-open": envelope_open,
}
