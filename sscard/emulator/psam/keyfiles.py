"""CREATE KEY and CHANGE KEY: one record of a key file, enciphered and authenticated under the ADF master itself.

Source: LD/T 32 draft, PSAM part; docs/psam.md, "key records".  A wrong MAC or cipher is 6988, costs no try and uses the
challenge up.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.psam.chip import PsamChip, StoredKey
from sscard.emulator.secure import decipher
from sscard.emulator.wire import data_of
from sscard.emulator.words import (
    MAC_WRONG,
    NO_FILE,
    NO_KEY,
    NO_ROOM,
    NOT_ALLOWED,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)
from sscard.keys.family import MAC_SIZE, Algorithm
from sscard.keys.psam import (
    ALGORITHM_BYTES,
    APPLICATION_MASTER,
    CHANGE_HEAD,
    CREATE_HEAD,
    Usage,
    is_application_id,
)

_CREATE, _CHANGE = 0, 1
_HEADS: Final = {_CREATE: CREATE_HEAD, _CHANGE: CHANGE_HEAD}


def write_key(chip: PsamChip, apdu: bytes) -> bytes:
    """Checked in this order: 6A86, 6985, 6A82 (key file), 6982 (KID), 6700, 6A88, 6984, 6988, then the record."""
    body, which = data_of(chip, apdu), apdu[2]
    if which not in _HEADS:
        raise Refusal(WRONG_P1P2)
    environment = chip.application()
    opens = chip.structure.key_files.get(apdu[3])
    if opens is None:
        raise Refusal(NO_FILE)
    if opens not in chip.rights:
        raise Refusal(NOT_ALLOWED)
    family, algorithm = environment.family(), environment.spec.algorithm
    if len(body) not in _sizes(algorithm, which, family.block):
        raise Refusal(WRONG_LENGTH)
    master = chip.own(APPLICATION_MASTER).value
    payload, mac = body[:-MAC_SIZE], body[-MAC_SIZE:]
    if not compare_digest(family.key_mac(master, apdu[:5] + payload, chip.take_challenge()), mac):
        raise Refusal(MAC_WRONG)
    block = decipher(family, master, payload)
    if which == _CREATE:
        _create(chip, apdu[3], block)
    else:
        _change(chip, apdu[3], block)
    return OK


def _sizes(algorithm: Algorithm, which: int, block: int) -> set[int]:
    """Lc of a key record of that algorithm: the padded record and the MAC."""
    lengths = (1 + _HEADS[which] + size for known, size in ALGORITHM_BYTES if known is algorithm)
    return {-(-length // block) * block + MAC_SIZE for length in lengths}


def _create(chip: PsamChip, number: int, block: bytes) -> None:
    """``usage ‖ id ‖ 00 ‖ algorithm ‖ 00000000 ‖ key``.  Raises Refusal 6A80, 6A84."""
    environment = chip.current
    head, value = block[:CREATE_HEAD], block[CREATE_HEAD:]
    usage, key_id = _named(head)
    algorithm = ALGORITHM_BYTES.get((environment.spec.algorithm, len(value)))
    if head[2] or head[3] != algorithm or any(head[4:]) or not is_application_id(key_id, usage.kind):
        raise Refusal(WRONG_DATA)
    if environment.find(usage, key_id) is not None:
        raise Refusal(WRONG_DATA)
    stored = environment.keys[number]
    if len(stored) >= chip.structure.key_slots:
        raise Refusal(NO_ROOM)
    stored.append(StoredKey(usage, key_id, algorithm, value))


def _change(chip: PsamChip, number: int, block: bytes) -> None:
    """``usage ‖ id ‖ 00 ‖ key``; usage and id name the key, which keeps its length.  Raises Refusal 6A80, 6A88."""
    usage, key_id = _named(block[:CHANGE_HEAD])
    for key in chip.current.keys[number]:
        if (key.usage, key.id) == (usage, key_id):
            if block[2] or len(block) - CHANGE_HEAD != len(key.value):
                raise Refusal(WRONG_DATA)
            key.value = block[CHANGE_HEAD:]
            return
    raise Refusal(NO_KEY)


def _named(head: bytes) -> tuple[Usage, int]:
    try:
        return Usage.parse(head[0]), head[1]
    except (IndexError, ValueError):
        raise Refusal(WRONG_DATA) from None
