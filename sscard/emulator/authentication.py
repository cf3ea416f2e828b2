"""GET CHALLENGE, INTERNAL and EXTERNAL AUTHENTICATE.

Source: LD/T 32 draft, authentication; docs/t514.md for P2 = FF.  P2 names the key: bit 8 clear = the SSSE level,
set = the current directory, FF = the master key of the current directory.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.access import MASTER, number_of
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Directory, Key, KeyType
from sscard.emulator.wire import data_of, deliver
from sscard.emulator.words import (
    LOCKED,
    NO_CHALLENGE,
    NO_KEY,
    OK,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
    tries_left,
)
from sscard.keys.family import AUTHENTICATION_SIZE

CHALLENGE_SIZES: Final = frozenset((4, 8, 16))
_PAIR: Final = 16
_CURRENT_DIRECTORY: Final = 0x80


def get_challenge(chip: Chip, apdu: bytes) -> bytes:
    """GET CHALLENGE of 4, 8 or 16 bytes; valid once, in the current application."""
    if len(apdu) != 5 or apdu[4] not in CHALLENGE_SIZES:
        raise Refusal(WRONG_LENGTH)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    return chip.new_challenge(apdu[4]) + OK


def internal_authenticate(chip: Chip, apdu: bytes) -> bytes:
    """INTERNAL AUTHENTICATE: data are factor 8 ‖ original 8 [‖ key version]; the answer proves the card's key.

    The current directory's own internal key is used, else the IRK of SSSE.  No right and no challenge is touched.
    """
    body = data_of(chip, apdu)
    if len(body) not in (_PAIR, _PAIR + 1):
        raise Refusal(WRONG_LENGTH)
    if apdu[2] or apdu[3]:
        raise Refusal(WRONG_P1P2)
    version = body[_PAIR] if len(body) > _PAIR else None
    own = chip.current.key(KeyType.INTERNAL)
    place = chip.current if own is not None else chip.current.environment
    key = place.key(KeyType.INTERNAL, version=version)
    if key is None:
        raise Refusal(NO_KEY)
    session_key = chip.family.session_key(key.value, body[:8])
    return deliver(chip, apdu, chip.family.authentication_data(session_key, body[8:_PAIR]))


def external_authenticate(chip: Chip, apdu: bytes) -> bytes:
    """EXTERNAL AUTHENTICATE: authentication data 8 ‖ original 8 [‖ key version].

    Checked in this order: 6700, 6A86, 6A88, 6983 (the challenge stays), 6984, then 63Cx; the challenge is used up by
    success and failure alike.
    """
    body = data_of(chip, apdu)
    if len(body) not in (_PAIR, _PAIR + 1):
        raise Refusal(WRONG_LENGTH)
    if apdu[2]:
        raise Refusal(WRONG_P1P2)
    place, key = _named(chip, apdu[3], body[_PAIR] if len(body) > _PAIR else None)
    if not key.tries:
        raise Refusal(LOCKED)
    earlier = chip.previous_challenge
    challenge = chip.take_challenge()
    original = body[AUTHENTICATION_SIZE:_PAIR]
    if chip.options.original_must_be_challenge and original != earlier:
        raise Refusal(NO_CHALLENGE)
    right = chip.family.authentication_data(chip.family.session_key(key.value, challenge), original)
    if not compare_digest(right, body[:AUTHENTICATION_SIZE]):
        raise Refusal(tries_left(key.fail()))
    key.restore()
    chip.security.rights.add((place, MASTER if key.type is KeyType.MASTER else key.number))
    return OK


def _named(chip: Chip, p2: int, version: int | None) -> tuple[Directory, Key]:
    """The directory and key P2 names, in the first loaded version where none is asked.  Raises Refusal 6A88."""
    if p2 == MASTER:
        place, key = chip.current, chip.current.key(KeyType.MASTER, version=version)
    else:
        place = chip.current if p2 & _CURRENT_DIRECTORY else chip.current.environment
        key = place.key(KeyType.EXTERNAL, number_of(p2), version)
    if key is None:
        raise Refusal(NO_KEY)
    return place, key
