"""The T514 dialect (大唐 COS_T514).  Bytes and decisions: docs/t514.md; numbers: dialects/t514.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from sscard.apdu.command import MAX_ANSWER, Command
from sscard.cos.actions import Authenticate, LoadFirstKey, LoadKey, Move, PresentCode, Refused, Send
from sscard.cos.authentication import SessionProof
from sscard.cos.commands import select_directory, select_fid, update_binary, update_record
from sscard.cos.dialect import BlankCheck, Costs, Making
from sscard.cos.mark import CardMark
from sscard.cos.model import Access, Directory, File, Join, KeyKind, KeySlot, Profile, Protection, Structure
from sscard.cos.rights import Cumulative
from sscard.errors import PlanError
from sscard.keys.catalog import TRANSPORT

_ADD: Final = 0x00
_MASTER: Final = 0x01


_PROBE_FID: Final = 0xEFEE
_SEALED: Final = frozenset({0x6985})


class T514:
    """Builds the administration commands of T514 from its table."""

    blank = BlankCheck(absent=frozenset({0x6A82}))
    authentication = SessionProof()
    costs = Costs(blank=0, begin=2, make=1, master=2, proof=2, sealed=1, together=True)
    mf_name = b""
    rights = Cumulative()
    keys_reach_below = True
    tells_pin_tries = True
    exists = frozenset({0x6A89})
    unwritten = frozenset({0x9000})

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.name: str = table["name"]
        self.title_zh: str = table["title_zh"]
        self.title_en: str = table["title_en"]
        self.mark = CardMark(table["card"]["historical"])
        self._master_key_id: int = table["master_key_id"]
        self._files: Mapping[str, int] = table["file_types"]
        self._directory: Mapping[str, int] = table["directory"]
        self._access: Mapping[str, int] = table["access"]
        self._keys: Mapping[str, int] = table["key_types"]
        self._block: Mapping[str, Any] = table["key_block"]

    def key_id(self, slot: KeySlot) -> int:
        if slot.kind is KeyKind.MASTER:
            return self._master_key_id
        return 0 if slot.kind in (KeyKind.PIN, KeyKind.INTERNAL) else slot.id

    def path(self, profile: Profile, directory: Directory, here: Directory | None = None) -> tuple[Command, ...]:
        return (select_directory(directory),)

    def present_transport_code(self, code: bytes) -> Command:
        return Command(0x80, 0xE0, 0x03, 0x00, code)

    def opening(self, making: Making) -> Iterator[Move]:
        yield Move(purpose="transport", target=TRANSPORT, action=PresentCode(making.ref(TRANSPORT)), session=True)

    def first_key(self, making: Making) -> Iterator[Move]:
        slot = making.profile.card_master
        prefix = self.key_prefix(making.profile, slot, slot.versions[0])
        action = LoadFirstKey(making.ref(slot.name), bytes((0x00, 0xD4, _key_mode(slot), 0x00)), prefix)
        probe = self._probe(making, slot)
        yield Move(purpose="load-key", target=slot.name, action=action, probe=probe, durable=True, permanent=True)

    def make_directory(self, making: Making, directory: Directory) -> Iterator[Move]:
        """CREATE, then the directory's own master key under the one above."""
        yield Move(
            purpose="create-directory",
            target=directory.name,
            action=Send(self._create_directory(directory)),
            restore=Send(select_fid(directory.fid)),
            already=self.exists,
            durable=True,
            undo="delete",
        )
        yield from self.load_key(making, directory, directory.master)

    def overtake(self, making: Making, directory: Directory) -> LoadKey:
        slot = directory.master
        return self._load(making, slot, slot.versions[0], making.profile.card_master)

    def load_key(self, making: Making, directory: Directory, slot: KeySlot) -> Iterator[Move]:
        """A master key can be probed, other keys are simply written again."""
        is_master = slot.kind is KeyKind.MASTER
        under = making.above(directory) if is_master else directory.master
        for version in slot.versions:
            yield Move(
                purpose="load-key",
                target=slot.name if len(slot.versions) == 1 else f"{slot.name} v{version}",
                action=self._load(making, slot, version, under),
                probe=self._probe(making, slot) if is_master else None,
                durable=True,
                permanent=True,
            )

    def write_record(self, making: Making, directory: Directory, file: File, number: int, record: bytes) -> Move:
        """UPDATE RECORD; a number one past the end adds the record."""
        action = Send(update_record(file, number, record))
        return Move(purpose="write-item", target=file.name, action=action, durable=True)

    rewrite_record = write_record

    def write_content(self, making: Making, directory: Directory, file: File, content: bytes) -> Move:
        action = Send(update_binary(file, content))
        return Move(purpose="write-item", target=file.name, action=action, durable=True)

    def read_runs(self, file: File, lengths: tuple[int, ...]) -> Iterator[tuple[Command, int]]:
        """As many whole records as one answer holds."""
        first, count, size = 1, 0, 0
        for length in lengths:
            if size + length > MAX_ANSWER:
                yield _read_from(file, first, size), count
                first, count, size = first + count, 0, 0
            count, size = count + 1, size + length
        if count:
            yield _read_from(file, first, size), count

    def read_guard(self, making: Making, file: File) -> None:
        return None

    def close(self, making: Making, directory: Directory) -> NoReturn:
        raise PlanError("dialect-stage", dialect=self.name, stage="close")

    def seal(self, making: Making) -> Iterator[Move]:
        command = Command(0x80, 0xE0, 0x02, 0x00, le=256)
        yield Move(purpose="seal", target="MF", action=Send(command), already=_SEALED, durable=True, permanent=True)

    def prove_sealed(self, making: Making) -> Iterator[Move]:
        action = Refused(PresentCode(making.ref(TRANSPORT)))
        yield Move(purpose="prove-sealed", target=TRANSPORT, action=action, session=True)

    def file_room(self, file: File) -> int:
        return file.size

    def directory_room(self, profile: Profile, directory: Directory) -> int:
        """Keys and heads lie outside the room for files."""
        return 0

    def _probe(self, making: Making, slot: KeySlot) -> Authenticate:
        return Authenticate(making.ref(slot.name), self._master_key_id)

    def _load(self, making: Making, slot: KeySlot, version: int, under: KeySlot) -> LoadKey:
        prefix = self.key_prefix(making.profile, slot, version)
        header = bytes((0x84, 0xD4, _key_mode(slot), 0x00))
        fill = self.key_fill(making.profile, slot)
        return LoadKey(making.ref(slot.name, version), making.ref(under.name), header, prefix, fill)

    def _create_directory(self, directory: Directory) -> Command:
        numbers = self._directory
        kind = numbers["ddf"] if directory.is_ddf else numbers["adf"]
        body = bytes((0, self._lock_number(directory), 0, 0xFF, 1)) + directory.fid.to_bytes(2, "big")
        body += bytes((kind, 0, 0, numbers["fci_sfi"], 0, 0, numbers["key_file_sfi"], 0))
        body += bytes((numbers["transaction_file_sfi"],)) + directory.aid
        return Command(0x80, 0xE0, 0x01, 0x00, body)

    def file_id(self, file: File) -> int:
        return file.fid

    def create_file(self, making: Making, directory: Directory, file: File) -> Command:
        if file.protection is not Protection.PLAIN or file.structure.value not in self._files:
            raise PlanError("dialect-protection", dialect=self.name, file=f"{directory.name}/{file.name}")
        profile = making.profile
        read, read_both = self._pair(profile, directory, file, file.read)
        update, update_both = self._pair(profile, directory, file, file.update)
        both = self._access["both_halves"]
        condition = (both << 4 if read_both else 0) | (both if update_both else 0)
        body = bytes(3) + file.size.to_bytes(2, "big") + file.fid.to_bytes(2, "big")
        body += bytes((self._files[file.structure.value], 0, file.sfi, condition, file.record_length))
        return Command(0x80, 0xE0, 0x01, 0x00, body + read + update)

    def create_probe(self, making: Making, directory: Directory) -> Command:
        probe = File("probe", _PROBE_FID, 0x1D, "", "", Structure.TRANSPARENT, 1, Access(), Access())
        return self.create_file(making, directory, probe)

    def key_prefix(self, profile: Profile, slot: KeySlot, version: int) -> bytes:
        """The bytes before the key value in a key block.  Raises PlanError for a key the COS cannot hold."""
        if slot.kind.value not in self._keys:
            raise PlanError("dialect-key-kind", dialect=self.name, key=slot.name, kind=slot.kind.value)
        is_pin = slot.kind is KeyKind.PIN
        length = self._block["field"] if is_pin else profile.key_length(slot)
        algorithm = 0 if is_pin else self._algorithm(profile, slot, length)
        level = self._block["pin_level"] if is_pin else 0
        tries = slot.tries << 4 | slot.tries
        return bytes((self._keys[slot.kind.value], slot.id, version, 0, tries, algorithm, level, length))

    def key_fill(self, profile: Profile, slot: KeySlot) -> bytes:
        """The bytes that stand behind a key value shorter than the field of the key block; the PIN's are not told."""
        short = 0 if slot.kind is KeyKind.PIN else self._block["field"] - profile.key_length(slot)
        return bytes((self._block["fill"],)) * short

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


def _read_from(file: File, first: int, size: int) -> Command:
    """READ RECORD of all records from the number ``first`` on, as far as ``size`` bytes reach."""
    return Command(0x00, 0xB2, first, file.sfi << 3 | 5, le=size)
