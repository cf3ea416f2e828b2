"""DELIVERY SESSION KEY and CIPHER DATA.

Source: LD/T 32 draft, PSAM part.  One session key serves one kind of work, encipherment or MAC, as far as the class of
the key it came from allows; docs/psam.md, "session keys".
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sscard.emulator.psam.chip import Delivered, Environment, PsamChip, StoredKey, Work
from sscard.emulator.wire import data_of, deliver
from sscard.emulator.words import (
    NO_KEY,
    NOT_IN_STATE,
    NOT_NOW,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)
from sscard.keys.diversify import FACTOR_SIZE
from sscard.keys.family import MAC_SIZE, Family
from sscard.keys.psam import MAX_LEVELS, PsamClass, Usage

MAX_BLOCKS: Final = 8
_MAY: Final = {
    PsamClass.MAC: (Work.MAC,),
    PsamClass.CIPHER: (Work.CIPHER,),
    PsamClass.BOTH: (Work.CIPHER, Work.MAC),
    PsamClass.LOAD: (Work.MAC,),
    PsamClass.TAC: (Work.MAC,),
}


class Run(IntEnum):
    """P1 of CIPHER DATA."""

    CIPHER = 0x00
    MAC_LAST = 0x01
    CIPHER_MORE = 0x02
    MAC_NEXT = 0x03
    MAC_ONLY = 0x05
    MAC_FIRST = 0x07

    @property
    def work(self) -> Work:
        return Work.CIPHER if self in (Run.CIPHER, Run.CIPHER_MORE) else Work.MAC


def deliver_session_key(chip: PsamChip, apdu: bytes) -> bytes:
    """Factors, nearest level first, then the process factor: diversify, make the session key and keep it.

    Raises Refusal 6985 outside the application and for purchase keys, 6700 for a length no number of factors gives,
    6A88 where no such key is, 6A80 where the number of factors is not that of its usage.
    """
    body = data_of(chip, apdu)
    environment = chip.application()
    family = environment.family()
    count, rest = divmod(len(body) - family.block, FACTOR_SIZE)
    if rest or not 0 <= count <= MAX_LEVELS:
        raise Refusal(WRONG_LENGTH)
    key = _key(environment, apdu[2], apdu[3])
    if key.usage.kind not in _MAY:
        raise Refusal(NOT_NOW)
    if count != key.usage.levels:
        raise Refusal(WRONG_DATA)
    end = count * FACTOR_SIZE
    value = diversified(family, key.value, body[:end])
    chip.delivered = Delivered(family.session_key(value, body[end:]), key.usage)
    return OK


def _key(environment: Environment, usage: int, key_id: int) -> StoredKey:
    try:
        key = environment.find(Usage.parse(usage), key_id)
    except ValueError:
        raise Refusal(NO_KEY) from None
    if key is None:
        raise Refusal(NO_KEY)
    return key


def diversified(family: Family, value: bytes, factors: bytes) -> bytes:
    """The card key: the last factor, the highest level, goes first."""
    for start in range(len(factors) - FACTOR_SIZE, -1, -FACTOR_SIZE):
        value = family.diversify(value, factors[start : start + FACTOR_SIZE])
    return value


def cipher_data(chip: PsamChip, apdu: bytes) -> bytes:
    """Encipher blocks, or take them into a MAC.  Raises Refusal 6A86, 6901, 6985, 6700."""
    body = data_of(chip, apdu)
    if apdu[3] or apdu[2] not in tuple(Run):
        raise Refusal(WRONG_P1P2)
    run, delivered = Run(apdu[2]), chip.delivered
    if delivered is None or delivered.work not in (Work.NONE, run.work):
        raise Refusal(NOT_IN_STATE)
    if run.work not in _MAY[delivered.usage.kind]:
        raise Refusal(NOT_NOW)
    family = chip.current.family()
    least = 2 if run is Run.MAC_ONLY else 1
    blocks, rest = divmod(len(body), family.block)
    if rest or not least <= blocks <= MAX_BLOCKS:
        raise Refusal(WRONG_LENGTH)
    if run.work is Work.CIPHER:
        delivered.work = Work.CIPHER
        return deliver(chip, apdu, family.encrypt(delivered.key, body))
    return _mac(chip, apdu, run, delivered, body)


def _mac(chip: PsamChip, apdu: bytes, run: Run, delivered: Delivered, body: bytes) -> bytes:
    """One run of a CBC-MAC.  The first and the only run begin with the initial value; 01 and 03 go on."""
    family = chip.current.family()
    if run in (Run.MAC_ONLY, Run.MAC_FIRST):
        chain, body = body[: family.block], body[family.block :]
    elif delivered.chain is None:
        raise Refusal(NOT_NOW)
    else:
        chain = delivered.chain
    for start in range(0, len(body), family.block):
        block = zip(chain, body[start : start + family.block], strict=True)
        chain = family.encrypt(delivered.key, bytes(left ^ right for left, right in block))
    delivered.work = Work.MAC
    if run in (Run.MAC_FIRST, Run.MAC_NEXT):
        delivered.chain = chain
        return OK
    delivered.chain = None
    return deliver(chip, apdu, _answer(chain, chip.structure.mac_answer))


def _answer(last: bytes, size: int) -> bytes:
    """The MAC of the last block: its left 4 bytes, of a 16-byte block the XOR of its four words, or the block."""
    if size >= len(last):
        return last
    if len(last) == 8:
        return last[:MAC_SIZE]
    words = (int.from_bytes(last[start : start + MAC_SIZE], "big") for start in range(0, len(last), MAC_SIZE))
    mac = 0
    for word in words:
        mac ^= word
    return mac.to_bytes(MAC_SIZE, "big")
