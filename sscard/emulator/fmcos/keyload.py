"""WRITE KEY (D4): adding and updating keys, in clear, under a MAC, or enciphered with a MAC.

What protects is the master key of the same key file (external authentication key 00), the challenge being the initial
value of the MAC.  Source: FMCOS 2.0 manuals, WRITE KEY; docs/fmcos.md for the points where they differ.
"""

from __future__ import annotations

from typing import Final

from sscard.emulator.fmcos.building import add_key
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import DES, check, decipher
from sscard.emulator.fmcos.nodes import COUNTED, Key, Protection, Use
from sscard.emulator.fmcos.request import Request
from sscard.emulator.words import (
    LOCKED,
    MAC_MISSING,
    NO_FILE,
    NO_KEY,
    OK,
    PURSE_MAC_WRONG,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refusal,
)
from sscard.keys.family import MAC_SIZE

ADD: Final = 0x01
MASTER_ID: Final = 0x00
NO_ID: Final = 0xFF
_USE: Final = 0x3F
_BOTH_FLAGS: Final = 0xC0
_KEY_SIZES: Final = (8, 16)
PIN_SIZES: Final = range(2, 9)
_HEAD: Final = 5
"""Bytes of a record before the key: type, usage, change, and two that depend on the type."""


def protection_of(chip: FmcosChip, kind: int) -> Protection:
    """By the flags of a key type.  Raises Refusal 6A80 for a flag without meaning."""
    flags = {0: Protection.PLAIN, chip.options.key_mac_flag: Protection.MAC, _BOTH_FLAGS: Protection.CIPHER}
    try:
        return flags[kind & _BOTH_FLAGS]
    except KeyError:
        raise Refusal(WRONG_DATA) from None


def write_key(chip: FmcosChip, request: Request) -> bytes:
    """WRITE KEY: P1 01 adds, P1 = type byte updates the key of that type and of id P2."""
    here = chip.here
    if here.key_file is None:
        raise Refusal(NO_FILE)
    if request.p2 == NO_ID:
        raise Refusal(WRONG_P1P2)
    if request.p1 == ADD:
        chip.need(here.key_file.add, building=True)
        record, how = _opened(chip, request, may_mac=chip.options.add_under_mac_alone)
        key = _parse(chip, request.p2, record)
        if key.protection is Protection.CIPHER and how is not Protection.CIPHER:
            raise Refusal(MAC_MISSING)
        add_key(chip, key)
        return OK
    return _update(chip, request)


def _update(chip: FmcosChip, request: Request) -> bytes:
    """The length of the key stays, and by default its counter and follow-up state."""
    key = _named(chip, request)
    chip.need(key.change, building=True)
    if key.locked:
        raise Refusal(LOCKED)
    record, how = _opened(chip, request, may_mac=True)
    if how < key.protection:
        raise Refusal(MAC_MISSING)
    fresh = _parse(chip, request.p2, record)
    if fresh.use is not key.use or fresh.protection < key.protection:
        raise Refusal(WRONG_DATA)
    if fresh.protection is Protection.CIPHER and how is not Protection.CIPHER:
        raise Refusal(MAC_MISSING)
    if len(fresh.value) != len(key.value):
        raise Refusal(WRONG_LENGTH)
    key.value, key.protection = fresh.value, fresh.protection
    key.usage, key.change = fresh.usage, fresh.change
    key.version, key.algorithm = fresh.version, fresh.algorithm
    if chip.options.update_sets_counter:
        key.limit, key.tries, key.follow_up = fresh.limit, fresh.tries, fresh.follow_up
    return OK


def _named(chip: FmcosChip, request: Request) -> Key:
    """The key an update means: type with flags and id must be its own."""
    for key in chip.here.keys:
        same = key.use == request.p1 & _USE and key.id == request.p2
        if same and key.protection is protection_of(chip, request.p1):
            return key
    raise Refusal(NO_KEY)


def _opened(chip: FmcosChip, request: Request, *, may_mac: bool) -> tuple[bytes, Protection]:
    """The key record in clear, and how it was protected on its way; a MAC alone only where ``may_mac``."""
    if not request.secure:
        return request.data, Protection.PLAIN
    master = chip.here.key(Use.EXTERNAL, MASTER_ID)
    if master is None:
        raise Refusal(NO_KEY)
    if master.locked:
        raise Refusal(LOCKED)
    enciphered = (len(request.data) - MAC_SIZE) % DES.block == 0
    if not (enciphered or may_mac):
        raise Refusal(WRONG_LENGTH)
    payload = check(chip, request, master, PURSE_MAC_WRONG, costs_try=chip.options.key_load_mac_costs_try)
    if not enciphered:
        return payload, Protection.MAC
    return decipher(master, payload, PURSE_MAC_WRONG), Protection.CIPHER


def _parse(chip: FmcosChip, ident: int, record: bytes) -> Key:
    """A key of its record.  Raises Refusal 6700, 6A80 for an unknown type."""
    if len(record) < _HEAD:
        raise Refusal(WRONG_LENGTH)
    kind, usage, change, fourth, fifth = record[:_HEAD]
    value = record[_HEAD:]
    try:
        use = Use(kind & _USE)
    except ValueError:
        raise Refusal(WRONG_DATA) from None
    if len(value) not in (PIN_SIZES if use is Use.PIN else _KEY_SIZES):
        raise Refusal(WRONG_LENGTH)
    key = Key(value, 0, 0, use, ident, protection_of(chip, kind), usage, change)
    if use in COUNTED:
        key.follow_up, key.limit, key.tries = fourth, fifth >> 4, fifth & 0x0F
    else:
        key.version, key.algorithm = fourth, fifth
    return key
