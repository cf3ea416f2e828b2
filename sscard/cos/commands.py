"""Commands every COS here understands alike: SELECT, records by number with SFI.

Source: ISO 7816-4 as LD/T 32 and PBOC narrow it.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.command import Command
from sscard.cos.model import Directory, File

SELECT_MF: Final = Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00")


def select_name(name: bytes, le: int | None = None) -> Command:
    """SELECT by DF name or AID."""
    return Command(0x00, 0xA4, 0x04, 0x00, name, le)


def select_fid(fid: int) -> Command:
    """SELECT by FID, of what lies in the current directory."""
    return Command(0x00, 0xA4, 0x00, 0x00, fid.to_bytes(2, "big"))


def select_directory(directory: Directory) -> Command:
    """SELECT by name, or by FID where a directory has its label only; that works from inside its environment."""
    return select_name(directory.aid) if directory.aid else select_fid(directory.fid)


def update_record(file: File, number: int, record: bytes) -> Command:
    """UPDATE RECORD by number with SFI."""
    return Command(0x00, 0xDC, number, file.sfi << 3 | 4, record)


def update_binary(file: File, content: bytes) -> Command:
    """UPDATE BINARY from the beginning, with SFI."""
    return Command(0x00, 0xD6, 0x80 | file.sfi, 0x00, content)


def append_record(file: File, record: bytes) -> Command:
    """APPEND RECORD with SFI."""
    return Command(0x00, 0xE2, 0x00, file.sfi << 3 | 4, record)
