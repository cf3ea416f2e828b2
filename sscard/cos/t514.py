"""The T514 dialect (大唐 COS_T514).  Bytes and decisions: docs/t514.md; numbers: dialects/t514.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.cos.model import Access, Directory, File, Join, KeyKind, KeySlot, Profile
from sscard.errors import PlanError

_ADD: Final = 0x00
_MASTER: Final = 0x01


class T514:
    """Builds the administration commands of T514 from its table."""

    exists: Final = frozenset({0x6A89})
    sealed_already: Final = frozenset({0x6985})

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.name: str = table["name"]
        self.master_key_id: int = table["master_key_id"]
        self._files: Mapping[str, int] = table["file_types"]
        self._directory: Mapping[str, int] = table["directory"]
        self._access: Mapping[str, int] = table["access"]
        self._keys: Mapping[str, int] = table["key_types"]
        self._block: Mapping[str, Any] = table["key_block"]

    def present_transport_code(self, code: bytes) -> Command:
        return Command(0x80, 0xE0, 0x03, 0x00, code)

    def create_directory(self, directory: Directory) -> Command:
        numbers = self._directory
        kind = numbers["ddf"] if directory.is_ddf else numbers["adf"]
        body = bytes((0, self._lock_number(directory), 0, 0xFF, 1)) + directory.fid.to_bytes(2, "big")
        body += bytes((kind, 0, 0, numbers["fci_sfi"], 0, 0, numbers["key_file_sfi"], 0))
        body += bytes((numbers["transaction_file_sfi"],)) + directory.aid
        return Command(0x80, 0xE0, 0x01, 0x00, body)

    def create_file(self, profile: Profile, directory: Directory, file: File) -> Command:
        read, read_both = self._pair(profile, directory, file, file.read)
        update, update_both = self._pair(profile, directory, file, file.update)
        both = self._access["both_halves"]
        condition = (both << 4 if read_both else 0) | (both if update_both else 0)
        body = bytes(3) + file.size.to_bytes(2, "big") + file.fid.to_bytes(2, "big")
        body += bytes((self._files[file.structure.value], 0, file.sfi, condition, file.record_length))
        return Command(0x80, 0xE0, 0x01, 0x00, body + read + update)

    def key_prefix(self, profile: Profile, slot: KeySlot, version: int) -> bytes:
        is_pin = slot.kind is KeyKind.PIN
        length = self._block["field"] if is_pin else profile.key_length(slot)
        algorithm = 0 if is_pin else self._algorithm(profile, slot, length)
        level = self._block["pin_level"] if is_pin else 0
        tries = slot.tries << 4 | slot.tries
        return bytes((self._keys[slot.kind.value], slot.id, version, 0, tries, algorithm, level, length))

    def key_fill(self, profile: Profile, slot: KeySlot) -> bytes:
        short = 0 if slot.kind is KeyKind.PIN else self._block["field"] - profile.key_length(slot)
        return bytes((self._block["fill"],)) * short

    def write_key_header(self, slot: KeySlot) -> bytes:
        return bytes((0x84, 0xD4, _key_mode(slot), 0x00))

    def write_first_key(self, slot: KeySlot, block: bytes) -> Command:
        return Command(0x00, 0xD4, _key_mode(slot), 0x00, block)

    def seal(self) -> Command:
        return Command(0x80, 0xE0, 0x02, 0x00, le=256)

    def _algorithm(self, profile: Profile, slot: KeySlot, length: int) -> int:
        """Byte 6 of the key block.  Raises PlanError for an algorithm or length the COS has no number for."""
        table = self._block["algorithms" if length == self._block["field"] else "algorithms_short"]
        number: int | None = table.get(profile.algorithm.name)
        if number is None:
            name = profile.algorithm.name
            raise PlanError("dialect-algorithm", dialect=self.name, key=slot.name, algorithm=name, length=length)
        return number

    def _lock_number(self, directory: Directory) -> int:
        return next((slot.id for slot in directory.keys if slot.name == directory.lock_key), 0)

    def _pair(self, profile: Profile, directory: Directory, file: File, rule: Access) -> tuple[bytes, bool]:
        """``(parent half, own half)`` of a rule, and whether both must hold."""
        if rule.never:
            return bytes((0, self._access["never"])), False
        halves = [0, 0]
        for right in rule.rights:
            owner, number = self._number(profile, right)
            half = 1 if owner == directory.name else 0
            if halves[half] or owner not in (directory.name, directory.parent):
                raise PlanError(
                    "dialect-access", dialect=self.name, file=f"{directory.name}/{file.name}", rule=str(rule)
                )
            halves[half] = number
        return bytes(halves), len(rule.rights) == 2 and rule.join is Join.ALL

    def _number(self, profile: Profile, right: str) -> tuple[str, int]:
        owner, slot = profile.key(right)
        if slot.kind is KeyKind.MASTER:
            return owner.name, self._access["master"]
        return owner.name, self._block["pin_level"] if slot.kind is KeyKind.PIN else slot.id


def _key_mode(slot: KeySlot) -> int:
    return _MASTER if slot.kind is KeyKind.MASTER else _ADD
