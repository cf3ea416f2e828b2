"""What may be put where: directories, files and keys that a creating command has described, and the room they take.

Source: FMCOS 2.0 manual, file system and CREATE FILE; docs/fmcos.md for the space of each kind.
"""

from __future__ import annotations

from sscard.emulator.fmcos.chip import ALL, FmcosChip
from sscard.emulator.fmcos.nodes import Directory, Ef, Key, KeyFile, Kind
from sscard.emulator.nodes import MF_FID
from sscard.emulator.words import NO_FILE, NO_ROOM, WRONG_DATA, WRONG_P1P2, Refusal

EXISTS = WRONG_P1P2
"""FMCOS answers 6A86 where an id is taken."""
PURSE_BODY = 22
_FEWEST_RECORDS = 2


def space(chip: FmcosChip, ef: Ef) -> int:
    """Bytes of EEPROM an EF takes, header and all."""
    body = ef.size
    if ef.kind in (Kind.FIXED, Kind.CYCLIC):
        body = ef.count * (ef.record_length + 1)
    if ef.kind is Kind.CYCLIC:
        body += chip.options.cyclic_extra_bytes
    return chip.system.file_header + (PURSE_BODY if ef.kind is Kind.PURSE else body)


def _content(chip: FmcosChip, directory: Directory) -> int:
    """Bytes taken inside a directory; a DF in it by its size where sizes are enforced, else by what it holds."""
    used = sum(space(chip, ef) for ef in directory.files.values())
    if directory.key_file is not None:
        used += chip.system.file_header + directory.key_file.size
    for below in directory.directories.values():
        inside = below.size if chip.options.enforce_directory_size else _content(chip, below)
        used += chip.system.file_header + inside + len(below.name)
    return used


def room(chip: FmcosChip, directory: Directory) -> int:
    """Bytes left for something new in a directory."""
    root = chip.root or directory
    chip_bytes = chip.options.chip_bytes - chip.system.file_header - len(root.name)
    whole = chip_bytes if root.size == ALL else min(root.size, chip_bytes)
    left = whole - _content(chip, root)
    if chip.options.enforce_directory_size and directory is not root:
        return min(left, directory.size - _content(chip, directory))
    return left


def _fits(chip: FmcosChip, size: int) -> None:
    if size > room(chip, chip.here):
        raise Refusal(NO_ROOM)


def _new_id(directory: Directory, fid: int) -> None:
    taken = directory.key_file is not None and directory.key_file.fid == fid
    if taken or fid == MF_FID or fid in directory.files or fid in directory.directories:
        raise Refusal(EXISTS)


def may_create(chip: FmcosChip) -> Directory:
    """The current directory, where its right to create is there.  Raises Refusal 6A81 without an MF, 6982."""
    here = chip.here
    chip.need(here.create, building=True)
    return here


def add_directory(chip: FmcosChip, directory: Directory) -> None:
    """Put a DF into the current directory.  Raises Refusal 6982, 6A80 too deep, 6A86, 6A84."""
    here = may_create(chip)
    if here.level >= chip.system.levels:
        raise Refusal(WRONG_DATA)
    _new_id(here, directory.fid)
    inside = directory.size if chip.options.enforce_directory_size else 0
    _fits(chip, chip.system.file_header + inside + len(directory.name))
    directory.parent = here
    here.directories[directory.fid] = directory


def add_key_file(chip: FmcosChip, key_file: KeyFile) -> None:
    """Give the current directory its key file, before any other file.  Raises Refusal 6982, 6A86, 6A80, 6A84."""
    here = may_create(chip)
    if here.key_file is not None:
        raise Refusal(EXISTS)
    if not here.empty:
        raise Refusal(WRONG_DATA)
    _fits(chip, chip.system.file_header + key_file.size)
    here.key_file = key_file


def add_file(chip: FmcosChip, ef: Ef) -> None:
    """Put an EF into the current directory.  Raises Refusal 6982, 6A80, 6A86, 6A84."""
    here = may_create(chip)
    if ef.kind in (Kind.FIXED, Kind.CYCLIC) and (
        ef.count < _FEWEST_RECORDS or not 0 < ef.record_length <= chip.system.longest_record
    ):
        raise Refusal(WRONG_DATA)
    _new_id(here, ef.fid)
    _fits(chip, space(chip, ef))
    here.files[ef.fid] = ef


def key_room(chip: FmcosChip, value: bytes) -> None:
    """Check that one more key fits the key file.  Raises Refusal 6A82 without one, 6A84."""
    key_file = chip.here.key_file
    if key_file is None:
        raise Refusal(NO_FILE)
    space = chip.system.key_space
    if sum(space(len(key.value)) for key in key_file.keys) + space(len(value)) > key_file.size:
        raise Refusal(NO_ROOM)


def add_key(chip: FmcosChip, key: Key) -> None:
    """Put a key into the key file.  Raises Refusal 6A86 where use and id are taken, 6A82, 6A84."""
    if chip.here.key(key.use, key.id) is not None:
        raise Refusal(EXISTS)
    key_room(chip, key.value)
    chip.here.keys.append(key)
