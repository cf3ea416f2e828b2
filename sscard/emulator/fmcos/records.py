"""READ RECORD, UPDATE RECORD and APPEND RECORD, and the record a compound purchase holds back.

P2 is SFI and mode: 4 by number, 0–3 by tag (first, last, next, previous; variable files only).
Source: FMCOS 2.0 manual, record commands; docs/fmcos.md.
"""

from __future__ import annotations

from typing import Final

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.line import reading, written
from sscard.emulator.fmcos.nodes import Ef, Kind
from sscard.emulator.fmcos.request import Request, reply
from sscard.emulator.words import (
    NO_RECORD,
    NO_ROOM,
    OK,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1P2,
    WRONG_STRUCTURE,
    Refusal,
    right_length,
)

_FIRST, _LAST, _NEXT, _PREVIOUS, _NUMBER = range(5)
_RECORD_KINDS: Final = frozenset((Kind.FIXED, Kind.VARIABLE, Kind.CYCLIC))
_CYCLIC_P1: Final = 0


def target(chip: FmcosChip, request: Request) -> Ef:
    """The record file of a command.  Raises Refusal 6A86, 6A82, 6986, 6981."""
    if request.p2 & 7 > _NUMBER:
        raise Refusal(WRONG_P1P2)
    ef = chip.locate(request.p2 >> 3)
    if ef.kind not in _RECORD_KINDS:
        raise Refusal(WRONG_STRUCTURE)
    return ef


def find(chip: FmcosChip, ef: Ef, p1: int, mode: int) -> int:
    """Index of the record that P1 and mode name; finding by tag moves the pointer.

    Raises Refusal 6A83 where there is none, 6981 for a tag where records have none.
    """
    if mode == _NUMBER:
        index = (p1 or chip.pointer) - 1
        if not 0 <= index < len(ef.records):
            raise Refusal(NO_RECORD)
        return index
    if ef.kind is not Kind.VARIABLE:
        raise Refusal(WRONG_STRUCTURE)
    start = chip.pointer - 1
    places = [index for index, record in enumerate(ef.records) if record[0] == p1]
    if mode == _NEXT and chip.pointer:
        places = [index for index in places if index > start]
    elif mode == _PREVIOUS and chip.pointer:
        places = [index for index in places if index < start]
    if not places:
        raise Refusal(NO_RECORD)
    index = places[0] if mode in (_FIRST, _NEXT) else places[-1]
    chip.pointer = index + 1
    return index


def read_record(chip: FmcosChip, request: Request) -> bytes:
    """READ RECORD, one whole record."""
    ef = target(chip, request)
    chip.need(ef.read, building=True)
    record = ef.records[find(chip, ef, request.p1, request.p2 & 7)]
    how = reading(chip, request, ef)
    if how.le and how.le != len(record):
        raise Refusal(right_length(len(record)))
    return reply(chip, request, how.seal(record))


def update_record(chip: FmcosChip, request: Request) -> bytes:
    """UPDATE RECORD; on a cyclic file it appends."""
    ef = target(chip, request)
    if not request.data:
        raise Refusal(WRONG_LENGTH)
    chip.need(ef.write, building=True)
    mode = request.p2 & 7
    if ef.kind is Kind.CYCLIC:
        documented = request.p1 == _CYCLIC_P1 and mode == _PREVIOUS
        if not (documented or chip.options.cyclic_update_in_any_form):
            raise Refusal(WRONG_P1P2)
        return _append(ef, written(chip, request, ef))
    index = find(chip, ef, request.p1, mode)
    record = written(chip, request, ef)
    fits(ef, index, record)
    ef.records[index] = record
    return OK


def fits(ef: Ef, index: int, record: bytes) -> None:
    """Check that ``record`` may stand in place of the one at ``index``.  Raises Refusal 6A80, 6700."""
    _check_form(ef, record)
    if len(record) != len(ef.records[index]):
        raise Refusal(WRONG_LENGTH)


def append_record(chip: FmcosChip, request: Request) -> bytes:
    """APPEND RECORD: P1 00, P2 SFI with mode 0 or 4."""
    if request.p1 or request.p2 & 7 not in (_FIRST, _NUMBER):
        raise Refusal(WRONG_P1P2)
    ef = target(chip, request)
    if not request.data:
        raise Refusal(WRONG_LENGTH)
    chip.need(ef.write, building=True)
    return _append(ef, written(chip, request, ef))


def _check_form(ef: Ef, record: bytes) -> None:
    """A record of fixed length has it, a variable one is tag, length and value.  Raises Refusal 6700, 6A80."""
    if ef.kind is Kind.VARIABLE:
        if len(record) < 2 or record[1] != len(record) - 2:
            raise Refusal(WRONG_DATA)
    elif len(record) != ef.record_length:
        raise Refusal(WRONG_LENGTH)


def _append(ef: Ef, record: bytes) -> bytes:
    """Add a record: the newest first in a cyclic file, where the oldest makes room.  Raises Refusal 6A84."""
    _check_form(ef, record)
    if ef.kind is Kind.CYCLIC:
        push(ef, record)
        return OK
    if ef.kind is Kind.FIXED:
        if len(ef.records) >= ef.count:
            raise Refusal(NO_ROOM)
    elif ef.used + len(record) > ef.size:
        raise Refusal(NO_ROOM)
    ef.records.append(record)
    return OK


def push(ef: Ef, record: bytes) -> None:
    """Put a record in front of a cyclic file."""
    ef.records = [record, *ef.records[: ef.count - 1]]
