"""The card's side of secure messaging: MAC check, decipherment, and which key protects what.

Source: LD/T 32 draft, secure messaging of the user card (session key from the last challenge, zero initial value).
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, Ef, Key, KeyType
from sscard.emulator.words import MAC_MISSING, MAC_WRONG, NO_CURRENT_EF, NO_FILE, NO_KEY, Refusal
from sscard.keys.family import MAC_SIZE, Family, pad_length, unpad_length

SECURE_CLA: Final = 0x04


def locate(chip: Chip, sfi: int) -> Ef:
    """The EF of an SFI, which becomes current; for SFI 0 the current EF.  Raises Refusal 6A82, 6986."""
    if sfi:
        ef = chip.current.by_sfi.get(sfi)
        if ef is None:
            raise Refusal(NO_FILE)
        chip.ef, chip.pointer = ef, 0
        return ef
    if chip.ef is None:
        raise Refusal(NO_CURRENT_EF)
    return chip.ef


def maintenance_key(directory: Directory) -> Key:
    """The STK of a directory.  Raises Refusal 6A88."""
    key = directory.key(KeyType.MAINTENANCE)
    if key is None:
        raise Refusal(NO_KEY)
    return key


def check_mac(chip: Chip, apdu: bytes, body: bytes, key: Key) -> tuple[bytes, bytes]:
    """Check the MAC at the end of ``body`` with the session key of the last challenge, which is used up.

    Returns ``(body without MAC, session key)``.  Raises Refusal 6984 without a challenge, 6988 for a wrong MAC.
    """
    session_key = chip.family.session_key(key.value, chip.take_challenge())
    payload, mac = body[:-MAC_SIZE], body[-MAC_SIZE:]
    if not compare_digest(chip.family.session_mac(session_key, apdu[:5] + payload), mac):
        raise Refusal(MAC_WRONG)
    return payload, session_key


def plain_update(chip: Chip, apdu: bytes, body: bytes) -> bytes:
    """The data of an UPDATE command; under CLA 04 after the check of its MAC with the STK of the current directory.

    Raises Refusal 6987 where no MAC can be there, 6A88, 6984, 6988.
    """
    if apdu[0] != SECURE_CLA:
        return body
    if len(body) <= MAC_SIZE:
        raise Refusal(MAC_MISSING)
    return check_mac(chip, apdu, body, maintenance_key(chip.current))[0]


def decipher(family: Family, key: bytes, blocks: bytes) -> bytes:
    """Undo ECB over ``LD ‖ plain ‖ 80 00…``.  Raises Refusal 6988 where the result has not that form."""
    if len(blocks) % family.block:
        raise Refusal(MAC_WRONG)
    padded = family.decrypt(key, blocks)
    try:
        plain = unpad_length(padded)
    except ValueError:
        raise Refusal(MAC_WRONG) from None
    if pad_length(plain, family.block) != padded:
        raise Refusal(MAC_WRONG)
    return plain
