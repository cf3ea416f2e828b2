"""COS whose rights are intervals over one state register a directory: FMCOS, SmartCOS and their kin.

All bytes stand in the table of the dialect; this strategy puts them in order.  Keys are used directly, records are
appended once and updated afterwards.  A file's id is its SFI, for only ids up to 1F surely have one, and its rights
are intervals over states assigned here.
Bytes and decisions: docs/fmcos.md; how to declare another one: docs/dialects.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.cos import template
from sscard.cos.actions import LineGuard, LoadFirstKey, LoadKey, LoadPin, Move, PresentCode, Refused, Send
from sscard.cos.authentication import DirectProof
from sscard.cos.commands import SELECT_MF, append_record, select_directory, select_fid, update_binary, update_record
from sscard.cos.dialect import BlankCheck, Costs, Making
from sscard.cos.key_loading import LOADINGS, KeyLoading
from sscard.cos.mark import CardMark
from sscard.cos.model import Directory, File, KeyKind, KeySlot, Profile, Protection, Structure
from sscard.cos.rights import Latest
from sscard.cos.states import Interval, States, assign
from sscard.errors import PlanError
from sscard.keys.catalog import TRANSPORT
from sscard.keys.family import Algorithm

_SHORT_KEY: Final = 8
_PIN_ROOM: Final = 8
_PROBE_FID: Final = 0xEFEE
_MF: Final = "MF"
_MF_FID: Final = 0x3F00
_NAME_SIZES: Final = range(5, 17)
_LINE_KEYS: Final = 4
_NO_SFI: Final = 0x1F
_MAC_SIZE: Final = 4
_BLOCK: Final = 8


class IntervalCos:
    """Builds the administration commands of one such COS from its table."""

    authentication = DirectProof()
    rights = Latest()
    keys_reach_below = False
    tells_pin_tries = False

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.name: str = table["name"]
        self.title_zh: str = table["title_zh"]
        self.title_en: str = table["title_en"]
        card = table["card"]
        self.mark = CardMark(card["historical"], tuple((at, byte) for at, byte in card["fixed"]))
        keyless = ((Command.parse(bytes.fromhex(card["find_key"])), frozenset(card["no_key"])),)
        self.blank = BlankCheck(frozenset(card["absent"]), keyless)
        self.mf_name: bytes = card["mf_name"].encode("ascii")
        self.unwritten = frozenset((0x9000, *card["unwritten"]))
        self.exists = frozenset(card["exists"])
        self._ended = frozenset(card["ended"])
        self.master_key_id: int = table["master_key_id"]
        self.commands: Mapping[str, str] = table["commands"]
        self._interval = Interval(**table["interval"])
        self._erase: int = table["erase"]
        self._files: Mapping[str, int] = table["file_types"]
        self._protections: Mapping[str, int] = table["protection"]
        self._room: Mapping[str, int] = table["room"]
        self._limits: Mapping[str, int] = table["limits"]
        self._key_types: Mapping[str, int] = table["key_types"]
        self._key_records: Mapping[str, str] = table["key_records"]
        self._enciphered_type: int = table["enciphered_type"]
        self._loading: KeyLoading = LOADINGS[table["loading"]](self)
        self.costs = Costs(1, 3, 3, self._loading.master_cost, proof=1, sealed=2, together=False)

    def key_id(self, slot: KeySlot) -> int:
        return self.master_key_id if slot.kind is KeyKind.MASTER else slot.id

    def path(self, profile: Profile, directory: Directory, here: Directory | None = None) -> tuple[Command, ...]:
        """A DF in or beside the current one is found at once, everything else from the MF down."""
        if here is not None and (directory.parent or _MF) in (here.name, _above(here)):
            return (select_directory(directory),)
        above = (profile.directory(directory.parent),) if directory.parent else ()
        return (SELECT_MF, *(select_directory(part) for part in (*above, directory)))

    def present_transport_code(self, code: bytes) -> Command:
        """CREATE of the MF, which the code stands in; rights as those of every directory."""
        fields = {"code": code, "create": bytes((self._interval.byte(0xF, 0xF),)), "erase": bytes((self._erase,))}
        return template.command(self.commands["create_mf"], fields)

    def opening(self, making: Making) -> Iterator[Move]:
        """An MF that is there already and has no keys serves as well."""
        action = PresentCode(making.ref(TRANSPORT), self.exists)
        yield Move(purpose="transport", target=TRANSPORT, action=action, session=True, durable=True)

    def first_key(self, making: Making) -> Iterator[Move]:
        yield from self._loading.begin_card(making, making.mf)

    def make_directory(self, making: Making, directory: Directory) -> Iterator[Move]:
        states = self.states(directory)
        if len(directory.aid) not in _NAME_SIZES:
            raise PlanError("dialect-name", dialect=self.name, directory=directory.name)
        if directory.aid == self.mf_name:
            raise PlanError("dialect-name-taken", dialect=self.name, directory=directory.name)
        fields = self._directory_fields(making.profile, directory, states) | {"name": directory.aid}
        yield Move(
            purpose="create-directory",
            target=directory.name,
            action=Send(template.command(self.commands["create_directory"], fields)),
            already=self.exists,
            durable=True,
            undo="erase",
        )
        select = Send(select_fid(directory.fid))
        yield Move(purpose="select", target=directory.name, action=select, session=True)
        yield from self._loading.begin(making, directory)

    def overtake(self, making: Making, directory: Directory) -> LoadKey | LoadPin:
        return self._loading.overtake(making, directory)

    def file_id(self, file: File) -> int:
        return file.sfi

    def create_file(self, making: Making, directory: Directory, file: File) -> Command:
        place = f"{directory.name}/{file.name}"
        if not file.sfi:
            raise PlanError("dialect-sfi", dialect=self.name, file=place)
        number = self._files.get(file.structure.value)
        protection = self._protections.get(file.protection.value)
        if number is None or protection is None:
            raise PlanError("dialect-protection", dialect=self.name, file=place)
        count = _count(file)
        if file.record_length and count < self._limits["records"]:
            raise PlanError("dialect-records", dialect=self.name, file=place, least=self._limits["records"])
        longest = max(_lengths(file), default=0)
        room = self._limits["data"] if file.protection is Protection.PLAIN else _protected(self._limits["data"], file)
        if longest > room:
            raise PlanError("dialect-length", dialect=self.name, file=place, length=longest, limit=room)
        states = self.states(directory)
        fields = {
            "fid": self.file_id(file).to_bytes(2, "big"),
            "kind": bytes((number | protection,)),
            "size": file.size.to_bytes(2, "big"),
            "count": bytes((count,)),
            "length": bytes((file.record_length,)),
            "read": bytes((states.rule(file.read),)),
            "update": bytes((states.rule(file.update),)),
            "line": bytes((self._line(directory, file),)),
            "log": bytes((_sfi(directory, file.log),)),
        }
        return template.command(self.commands[_making_line(file)], fields)

    def create_probe(self, making: Making, directory: Directory) -> Command:
        fields = {"fid": _PROBE_FID.to_bytes(2, "big"), "size": b"\x00\x01", "line": b"\xff"}
        fields |= {"kind": bytes((self._files[Structure.TRANSPARENT.value],))}
        free = bytes((self._interval.free,))
        return template.command(self.commands["create_file"], fields | {"read": free, "update": free})

    def load_key(self, making: Making, directory: Directory, slot: KeySlot) -> Iterator[Move]:
        for version in slot.versions:
            yield self._loading.load(making, directory, slot, version)

    def write_record(self, making: Making, directory: Directory, file: File, number: int, record: bytes) -> Move:
        """Appended; where it is unknown whether that was done, an update tells."""
        guard = self._guard(making, file)
        return Move(
            purpose="write-item",
            target=file.name,
            action=Send(append_record(file, record), guard),
            probe=Send(update_record(file, number, record), guard),
            absent=frozenset({0x6A83}),
            durable=True,
        )

    def rewrite_record(self, making: Making, directory: Directory, file: File, number: int, record: bytes) -> Move:
        """Updated: done twice it is the same."""
        action = Send(update_record(file, number, record), self._guard(making, file))
        return Move(purpose="write-item", target=file.name, action=action, durable=True)

    def write_content(self, making: Making, directory: Directory, file: File, content: bytes) -> Move:
        action = Send(update_binary(file, content), self._guard(making, file))
        return Move(purpose="write-item", target=file.name, action=action, durable=True)

    def read_runs(self, file: File, lengths: tuple[int, ...]) -> Iterator[tuple[Command, int]]:
        """One record at a time."""
        for number, length in enumerate(lengths, 1):
            yield Command(0x00, 0xB2, number, file.sfi << 3 | 4, le=length), 1

    def read_guard(self, making: Making, file: File) -> LineGuard | None:
        return self._guard(making, file) if file.protected_reading else None

    def close(self, making: Making, directory: Directory) -> Iterator[Move]:
        yield self._end("end_directory", "close", directory, "close")

    def seal(self, making: Making) -> Iterator[Move]:
        yield self._end("end_mf", "seal", making.mf, "seal")

    def prove_sealed(self, making: Making) -> Iterator[Move]:
        """Without a right nothing can be made in the first environment; the MF may be older, with rights of its own."""
        directory = making.profile.home
        for select in self.path(making.profile, directory, making.mf):
            yield Move(purpose="select", target=directory.name, action=Send(select), session=True)
        action = Refused(Send(self.create_probe(making, directory)))
        yield Move(purpose="prove-closed", target=directory.name, action=action, session=True)

    def file_room(self, file: File) -> int:
        each = self._room["record"] if file.record_length else 0
        return self._room["file"] + file.size + _count(file) * each

    def directory_room(self, profile: Profile, directory: Directory) -> int:
        return self._room["directory"] + len(directory.aid) + self._key_file_room(profile, directory)

    def states(self, directory: Directory) -> States:
        """The states of a directory's keys.  Raises PlanError for rules they cannot say."""
        return assign(directory, self._interval, self.name)

    def create_key_file(self, profile: Profile, directory: Directory) -> Command:
        """The key file, which must be the first of its directory."""
        states = self.states(directory)
        fields = self._directory_fields(profile, directory, states)
        fields |= {
            "size": (self._key_file_room(profile, directory) - self._room["file"]).to_bytes(2, "big"),
            "count": bytes((sum(len(slot.versions) for slot in (directory.master, *directory.keys)),)),
            "add": bytes((states.master,)),
        }
        line = "create_mf_key_file" if directory.fid == _MF_FID else ""
        return template.command(self.commands.get(line, self.commands["create_key_file"]), fields)

    def plain_load(self, making: Making, directory: Directory, slot: KeySlot) -> LoadFirstKey:
        """The first key of all, or of a directory, before anything can encipher it."""
        fields = self._key_fields(making.profile, directory, slot, slot.versions[0], 0)
        words = self._record(slot)
        return LoadFirstKey(
            making.ref(slot.name), template.header(self.commands["first_key"], fields), template.render(words, fields)
        )

    def load(
        self, making: Making, directory: Directory, slot: KeySlot, version: int, under: KeySlot, line: str = "load_key"
    ) -> LoadKey | LoadPin:
        """The enciphered load of one key under another, by the command of ``line``."""
        fields = self._key_fields(making.profile, directory, slot, version, self._enciphered_type)
        prefix = template.render(self._record(slot), fields)
        head = template.header(self.commands[line], fields)
        load = LoadPin if slot.kind is KeyKind.PIN else LoadKey
        return load(making.ref(slot.name, version), making.ref(under.name), head, prefix)

    def _record(self, slot: KeySlot) -> str:
        """What stands before a key value."""
        return self._key_records.get(slot.kind.value, self._key_records["default"])

    def _end(self, line: str, purpose: str, directory: Directory, stage: str) -> Move:
        if line not in self.commands:
            raise PlanError("dialect-stage", dialect=self.name, stage=stage)
        end = template.command(self.commands[line], {"fid": directory.fid.to_bytes(2, "big")})
        return Move(
            purpose=purpose,
            target=directory.name,
            action=Send(end),
            already=self._ended,
            durable=True,
            permanent=True,
        )

    def _directory_fields(self, profile: Profile, directory: Directory, states: States) -> dict[str, bytes]:
        dir_sfi = next((file.sfi for file in directory.files if file.structure is Structure.DIRECTORY), _NO_SFI)
        room = self._tree_room(profile, directory) - self._room["directory"] - len(directory.aid)
        return {
            "fid": directory.fid.to_bytes(2, "big"),
            "size": (room + self._room["spare"]).to_bytes(2, "big"),
            "create": bytes((states.master,)),
            "erase": bytes((self._erase,)),
            "app": bytes((dir_sfi if directory.is_ddf else 0x80 | _sfi(directory, directory.shown),)),
        }

    def _tree_room(self, profile: Profile, directory: Directory) -> int:
        own = self.directory_room(profile, directory) + sum(map(self.file_room, directory.files))
        below = (part for part in profile.directories if part.parent == directory.name)
        return own + sum(self._tree_room(profile, part) for part in below)

    def _key_file_room(self, profile: Profile, directory: Directory) -> int:
        room = self._room["file"]
        for slot in (directory.master, *directory.keys):
            length = _PIN_ROOM if slot.kind is KeyKind.PIN else profile.key_length(slot)
            room += len(slot.versions) * max(length + self._room["key"], self._room["least_key"])
        return room

    def _key_fields(
        self, profile: Profile, directory: Directory, slot: KeySlot, version: int, type_bits: int
    ) -> dict[str, bytes]:
        length = profile.key_length(slot)
        if profile.algorithm is not Algorithm.DES:
            name = profile.algorithm.name
            raise PlanError("dialect-algorithm", dialect=self.name, key=slot.name, algorithm=name, length=length)
        kind = self._key_types.get(slot.kind.value)
        if kind is None:
            raise PlanError("dialect-key-kind", dialect=self.name, key=slot.name, kind=slot.kind.value)
        number = self.key_id(slot)
        if slot.kind is KeyKind.EXTERNAL and number == self.master_key_id:
            raise PlanError("dialect-key-id", dialect=self.name, key=slot.name, id=f"{number:02X}")
        states = self.states(directory)
        numbers = {
            "type": kind | type_bits,
            "id": number + slot.versions.index(version),
            "version": version,
            "algorithm": self._key_types["short" if length == _SHORT_KEY else "long"],
            "usage": self._interval.free,
            "change": states.master,
            "state": states.by_right.get(slot.name, 0),
            "tries": slot.tries << 4 | slot.tries,
        }
        return {name: bytes((number,)) for name, number in numbers.items()}

    def _line(self, directory: Directory, file: File) -> int:
        """The byte that names the line key of a file; FF for none."""
        if file.protection is Protection.PLAIN:
            return 0xFF
        number = next(slot.id for slot in directory.keys if slot.name == file.line_key)
        if number >= _LINE_KEYS:
            raise PlanError("dialect-key-id", dialect=self.name, key=file.line_key, id=f"{number:02X}")
        code = _LINE_KEYS - 1 - number
        return (0 if file.protected_reading else 0x80) | 0x70 | code << 2 | code

    def _guard(self, making: Making, file: File) -> LineGuard | None:
        if file.protection is Protection.PLAIN:
            return None
        return LineGuard(making.ref(file.line_key), file.protection is Protection.CIPHER)


def _sfi(directory: Directory, name: str) -> int:
    """The SFI of a file by its name; 1F where none is named."""
    return directory.file(name).sfi if name else _NO_SFI


def _making_line(file: File) -> str:
    """The line of the table that makes a file."""
    if file.structure is Structure.PURSE:
        return "create_purse"
    return "create_record_file" if file.record_length else "create_file"


def _above(directory: Directory) -> str:
    return directory.parent or (_MF if directory.name != _MF else "")


def _count(file: File) -> int:
    return file.size // file.record_length if file.record_length else 0


def _lengths(file: File) -> Iterator[int]:
    """Bytes of each record that is written as a whole."""
    if file.record_length:
        yield file.record_length
    elif file.structure is Structure.TRANSPARENT and file.filled:
        yield file.size
    elif file.structure.is_tlv:
        yield from (2 + item.length for item in file.items)


def _protected(limit: int, file: File) -> int:
    """Plain bytes that fit a command of ``limit`` bytes of data with line protection."""
    room = limit - _MAC_SIZE
    return room if file.protection is Protection.MAC else room // _BLOCK * _BLOCK - 1
