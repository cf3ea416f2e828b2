"""GET CHALLENGE, EXTERNAL AUTHENTICATE and INTERNAL AUTHENTICATE.

Source: FMCOS 2.0 manual, authentication commands; docs/fmcos.md.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import DES
from sscard.emulator.fmcos.nodes import Key, Use
from sscard.emulator.fmcos.request import Request, reply
from sscard.emulator.words import (
    NO_FILE,
    NO_KEY,
    OK,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    Refusal,
    tries_left,
)
from sscard.keys.family import AUTHENTICATION_SIZE

_CHALLENGES: Final = (4, 8)
_OPERATIONS: Final = (Use.ENCRYPT, Use.DECRYPT, Use.MAC)
"""By P1 of INTERNAL AUTHENTICATE."""


def get_challenge(chip: FmcosChip, request: Request) -> bytes:
    """GET CHALLENGE: 4 or 8 bytes, valid for the next command only."""
    request.parameters(0, 0)
    if request.data or request.le not in _CHALLENGES:
        raise Refusal(WRONG_LENGTH)
    chip.drawn = chip.randomness.take(request.le)
    return chip.drawn + OK


def _key(chip: FmcosChip, use: Use, ident: int) -> Key:
    """A key ready for use; 6981 where the id belongs to keys of other types only.  Raises what ``chip.key`` does."""
    here = chip.here
    if here.key_file is None:
        raise Refusal(NO_FILE)
    if here.key(use, ident) is None:
        raise Refusal(WRONG_STRUCTURE if any(key.id == ident for key in here.keys) else NO_KEY)
    return chip.key(use, ident)


def external_authenticate(chip: FmcosChip, request: Request) -> bytes:
    """EXTERNAL AUTHENTICATE: E(key, challenge filled with 00); gives the follow-up state of the key."""
    if request.p1:
        raise Refusal(WRONG_P1P2)
    given = request.body(AUTHENTICATION_SIZE)
    key = _key(chip, Use.EXTERNAL, request.p2)
    challenge = chip.take_challenge()
    if not compare_digest(DES.encrypt(key.value, challenge.ljust(DES.block, b"\0")), given):
        raise Refusal(tries_left(key.fail()))
    key.restore()
    chip.reach(key.follow_up)
    return OK


def internal_authenticate(chip: FmcosChip, request: Request) -> bytes:
    """INTERNAL AUTHENTICATE: encipher, decipher or MAC under a key made for it; no state changes."""
    if request.p1 >= len(_OPERATIONS):
        raise Refusal(WRONG_P1P2)
    use, data = _OPERATIONS[request.p1], request.data
    if not data or (use is not Use.MAC and len(data) % DES.block):
        raise Refusal(WRONG_LENGTH)
    key = _key(chip, use, request.p2)
    if use is Use.MAC:
        answer = DES.key_mac(key.value, data, b"")
    else:
        answer = (DES.encrypt if use is Use.ENCRYPT else DES.decrypt)(key.value, data)
    request.room_for(len(answer))
    return reply(chip, request, answer)
