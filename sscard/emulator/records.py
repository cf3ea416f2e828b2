"""READ RECORD and UPDATE RECORD.

P2 is SFI and mode: 4 by number, 5 and 6 all from P1 on or down to P1, 0–3 by identifier (the tag): first, last, next,
previous.  Identifier addressing moves the record pointer, number addressing does not.
Source: LD/T 32 draft, record commands; docs/card.md, "records".
"""

from __future__ import annotations

from typing import Final

from sscard.cos.bound import Act
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import RECORD_TYPES, Ef, EfType
from sscard.emulator.secure import locate, plain_update
from sscard.emulator.wire import data_of, expected
from sscard.emulator.words import (
    NO_RECORD,
    NO_ROOM,
    NOT_ALLOWED,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    WRONG_TLV,
    Refusal,
    right_length,
)

_FIRST, _LAST, _NEXT, _PREVIOUS, _NUMBER, _UPWARD, _DOWNWARD = range(7)
_RESERVED: Final = 0xFF
_LAST_NUMBER: Final = 0xFE
_MAX_ANSWER: Final = 256


def read_record(chip: Chip, apdu: bytes) -> bytes:
    """READ RECORD.  A command answered 6Cxx was not executed: current EF and pointer stay."""
    le = expected(chip, apdu)
    p1, p2 = apdu[2], apdu[3]
    mode = p2 & 7
    if p1 == _RESERVED or mode > _DOWNWARD:
        raise Refusal(WRONG_P1P2)
    before = chip.ef, chip.pointer
    ef = locate(chip, p2 >> 3)
    if ef.type not in RECORD_TYPES:
        raise Refusal(WRONG_STRUCTURE)
    if chip.shut:
        chip.require_open(Act.READ, chip.current, ef)
    rule = ef.read
    if not rule.free and not chip.security.allows(rule, chip.current):
        raise Refusal(NOT_ALLOWED)
    records = ef.records
    pointer = chip.pointer
    if mode < _NUMBER:
        if p1 and ef.type is EfType.CYCLIC:
            raise Refusal(WRONG_STRUCTURE)
        pointer = _find(records, p1, mode, pointer)
        number = pointer
    else:
        number = p1 or pointer
    if not 0 < number <= len(records):
        raise Refusal(NO_RECORD)
    data = records[number - 1] if mode <= _NUMBER else _run(records, number, mode)
    size = len(data)
    if le != size and not (
        chip.options.long_le_gives_data if le > size else not le and (chip.zero_le_gives_data or size == _MAX_ANSWER)
    ):
        chip.ef, chip.pointer = before
        raise Refusal(right_length(size))
    chip.pointer = pointer
    return data + OK


def _find(records: list[bytes], identifier: int, mode: int, pointer: int) -> int:
    """Number of the record sought, 0 where there is none.  Identifier 00 fits every record."""
    count = len(records)
    if mode == _FIRST:
        numbers = range(1, count + 1)
    elif mode == _NEXT:
        numbers = range(pointer + 1, count + 1)
    else:
        start = pointer - 1 if mode == _PREVIOUS and pointer else count
        numbers = range(start, 0, -1)
    for number in numbers:
        if not identifier or records[number - 1][0] == identifier:
            return number
    return 0


def _run(records: list[bytes], number: int, mode: int) -> bytes:
    """Whole records from ``number`` to the last, or from the last down to ``number``, as many as one answer holds."""
    chosen = records[number - 1 :]
    if mode == _DOWNWARD:
        chosen = chosen[::-1]
    data = b""
    for record in chosen:
        if len(data) + len(record) > _MAX_ANSWER:
            break
        data += record
    return data


def update_record(chip: Chip, apdu: bytes) -> bytes:
    """UPDATE RECORD: replace, add behind the last record, or append to a cyclic file; all or nothing."""
    body = data_of(chip, apdu)
    if not body:
        raise Refusal(WRONG_LENGTH)
    p1, p2 = apdu[2], apdu[3]
    mode = p2 & 7
    if p1 == _RESERVED or mode > _NUMBER:
        raise Refusal(WRONG_P1P2)
    ef = locate(chip, p2 >> 3)
    if ef.type not in RECORD_TYPES:
        raise Refusal(WRONG_STRUCTURE)
    cyclic = ef.type is EfType.CYCLIC
    if cyclic and mode < _NUMBER and (mode != _PREVIOUS or p1):
        raise Refusal(WRONG_STRUCTURE)
    if chip.shut:
        chip.require_open(Act.UPDATE, chip.current, ef)
    if not chip.security.allows(ef.update, chip.current):
        raise Refusal(NOT_ALLOWED)
    record = plain_update(chip, apdu, body)
    if cyclic:
        _update_cyclic(chip, ef, p1, mode, record)
    else:
        _update_linear(chip, ef, p1, mode, record)
    return OK


def _update_cyclic(chip: Chip, ef: Ef, p1: int, mode: int, record: bytes) -> None:
    if len(record) != ef.record_length:
        raise Refusal(WRONG_LENGTH)
    if mode == _PREVIOUS:
        append(ef, record)
        chip.pointer = 1
        return
    number = p1 or chip.pointer
    if not 0 < number <= len(ef.records):
        raise Refusal(NO_RECORD)
    ef.records[number - 1] = record


def append(ef: Ef, record: bytes) -> None:
    """Put a record in front of a cyclic file; the oldest leaves where there is no room."""
    ef.records = [record, *ef.records][: min(ef.size // ef.record_length, _LAST_NUMBER)]


def _update_linear(chip: Chip, ef: Ef, p1: int, mode: int, record: bytes) -> None:
    _check_tlv(ef, record)
    count = len(ef.records)
    if mode == _NUMBER:
        number = p1 or chip.pointer
    else:
        if p1 and record[0] != p1:
            raise Refusal(WRONG_DATA)
        number = _find(ef.records, p1, mode, chip.pointer) or (count + 1 if p1 else 0)
    if not 0 < number <= count + 1:
        raise Refusal(NO_RECORD)
    old = len(ef.records[number - 1]) if number <= count else 0
    grows = len(record) > old
    if number > _LAST_NUMBER or (grows and ef.used - old + len(record) > ef.size):
        raise Refusal(NO_ROOM)
    if old and grows and not chip.options.records_may_grow:
        raise Refusal(NO_ROOM)
    ef.records[number - 1 : number] = [record]
    if mode != _NUMBER:
        chip.pointer = number


def _check_tlv(ef: Ef, record: bytes) -> None:
    """One TLV of the record's length; tags 01–FE.  Raises Refusal 6A85, 6A80."""
    if len(record) < 2 or record[1] != len(record) - 2:
        raise Refusal(WRONG_TLV)
    if ef.type is EfType.FIXED and len(record) != ef.record_length:
        raise Refusal(WRONG_TLV)
    if record[0] in (0x00, _RESERVED):
        raise Refusal(WRONG_DATA)
