"""WRITE KEY of COS_T514 in its three forms.

Source: docs/t514.md: ``00 D4`` plain while the transport right lasts; ``84 D4`` plain ‖ MAC; ``84 D4`` cipher ‖ MAC.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, Key, KeyType
from sscard.emulator.pin import is_pin
from sscard.emulator.secure import decipher
from sscard.emulator.wire import data_of
from sscard.emulator.words import MAC_WRONG, NO_KEY, NOT_ALLOWED, OK, WRONG_DATA, WRONG_LENGTH, WRONG_P1P2, Refusal
from sscard.keys.family import MAC_SIZE, Algorithm

BLOCK: Final = 24
_CIPHER: Final = 32
_SECURE: Final = 0x84
_ADD, _MASTER = 0, 1
_TYPES: Final = {kind.value: kind for kind in KeyType}
_COUNTED: Final = frozenset((KeyType.MASTER, KeyType.PIN, KeyType.EXTERNAL))
_FILL: Final = b"\xff"
_ALGORITHM_BYTES: Final = {
    (Algorithm.SM4, 16): 0x03,
    (Algorithm.DES, 16): 0x00,
    (Algorithm.DES, 8): 0x01,
    (Algorithm.SSF33, 16): 0x02,
    (Algorithm.SM1, 16): 0x04,
}


def write_key(chip: Chip, apdu: bytes) -> bytes:
    """Load or replace a key of the current directory.

    A wrong MAC or cipher is 6988 and costs no try; the challenge is used up.
    """
    body = data_of(chip, apdu)
    if apdu[2] not in (_ADD, _MASTER) or apdu[3]:
        raise Refusal(WRONG_P1P2)
    if apdu[0] == _SECURE:
        if len(body) not in (BLOCK + MAC_SIZE, _CIPHER + MAC_SIZE):
            raise Refusal(WRONG_LENGTH)
        block = _protected(chip, apdu, body)
    else:
        if len(body) != BLOCK:
            raise Refusal(WRONG_LENGTH)
        if not chip.security.transport:
            raise Refusal(NOT_ALLOWED)
        block = body
    key = _parse(chip, block)
    if (key.type is KeyType.MASTER) != (apdu[2] == _MASTER):
        raise Refusal(WRONG_DATA)
    _store(chip, key)
    return OK


def _protected(chip: Chip, apdu: bytes, body: bytes) -> bytes:
    """Check right, MAC and cipher of ``84 D4``.  Raises Refusal 6982, 6A88, 6984, 6988.

    The first master key of a directory comes under the nearest master key above, and its MAC is authority enough.
    """
    current = chip.current
    first_master = current.master is None and apdu[2] == _MASTER
    if not (first_master or chip.security.transport or chip.security.master(current)):
        raise Refusal(NOT_ALLOWED)
    master = _nearest_master(current)
    challenge = chip.take_challenge()
    key, initial = master.value, challenge
    if chip.options.key_load_by_session_key:
        key, initial = chip.family.session_key(key, challenge), b""
    payload, mac = body[:-MAC_SIZE], body[-MAC_SIZE:]
    if not compare_digest(chip.family.key_mac(key, apdu[:5] + payload, initial), mac):
        raise Refusal(MAC_WRONG)
    if len(payload) == BLOCK:
        return payload
    block = decipher(chip.family, key, payload)
    if len(block) != BLOCK:
        raise Refusal(MAC_WRONG)
    return block


def _nearest_master(directory: Directory) -> Key:
    place: Directory | None = directory
    while place is not None:
        if (master := place.master) is not None:
            return master
        place = place.parent
    raise Refusal(NO_KEY)


def _parse(chip: Chip, block: bytes) -> Key:
    """``type id version EF errCnt byte6 level length ‖ key 16``.  Raises Refusal 6A80."""
    kind = _TYPES.get(block[0])
    limit = block[4] & 0x0F or block[4] >> 4
    if kind is None or block[3] or (kind in _COUNTED and not limit):
        raise Refusal(WRONG_DATA)
    length, value = block[7], block[8:]
    if kind is KeyType.PIN:
        value = value.rstrip(_FILL)
        if not is_pin(value):
            raise Refusal(WRONG_DATA)
    else:
        if _ALGORITHM_BYTES.get((chip.algorithm, length)) != block[5]:
            raise Refusal(WRONG_DATA)
        value, fill = value[:length], value[length:]
        if fill.strip(_FILL):
            raise Refusal(WRONG_DATA)
    return Key(
        value=value,
        limit=limit,
        tries=limit,
        type=kind,
        id=block[1],
        version=block[2],
        level=block[6],
        option=block[5],
    )


def _store(chip: Chip, key: Key) -> None:
    """Replace the same key (type, id, version; a directory has one master key), else put it behind the rest."""
    keys = chip.current.keys
    for position, old in enumerate(keys):
        same = (old.id, old.version) == (key.id, key.version) or key.type is KeyType.MASTER
        if old.type is key.type and same:
            if not chip.options.replace_keys:
                raise Refusal(WRONG_DATA)
            keys[position] = key
            return
    keys.append(key)
