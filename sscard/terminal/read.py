"""Reads the files of a card by its profile, gaining the rights each file asks for.

Source: LD/T 32 draft (READ RECORD by number, READ BINARY with SFI); V2.0 notice (what stands in which file).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sscard.apdu.command import MAX_ANSWER, Command
from sscard.cos import coding
from sscard.cos.model import Directory, File, Item, Profile, Structure
from sscard.cos.names import join_name
from sscard.cos.pboc import balance_command
from sscard.cos.profile import directory_entry, load_profile, profile_names
from sscard.cos.renewal import meaning
from sscard.errors import ProfileError, StatusError, UsageError
from sscard.terminal.identify import Identity
from sscard.terminal.session import CardSession, Refusal

Target = tuple[Directory, File]

_END: Final = 0x6A83
_ABSENT: Final = 0x6A82
_DENIED: Final = frozenset({0x6982, 0x6985})
_BLOCKED: Final = frozenset({0x6A81, 0x6283, 0x9303})
_LAST_RECORD: Final = 0xFE
_BY_NUMBER: Final = 4
_SFI_IN_P1: Final = 0x80
_EVERYTHING: Final = "all"


class Outcome(Enum):
    """What became of one file."""

    READ = "read"
    DENIED = "denied"
    ABSENT = "absent"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class ItemValue:
    """One value: ``item`` is None where the profile does not know the tag (0 in cyclic and transparent files).

    ``record`` is the record number, from 1, and 0 in a transparent file; ``raw`` the stored bytes, ``text`` their
    reading, empty where unset.
    """

    item: Item | None
    tag: int
    record: int
    raw: bytes
    text: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file as read.  ``rights`` are those used; ``refused`` tells why a file is denied, where we know it."""

    directory: Directory
    file: File
    outcome: Outcome
    rights: tuple[str, ...] = ()
    refused: Refusal | None = None
    values: tuple[ItemValue, ...] = ()

    @property
    def holder(self) -> str:
        """The holder's whole name where this file holds its parts, else empty."""
        parts = {value.item.source: value.raw for value in self.values if value.item}
        if "name" not in parts:
            return ""
        try:
            return join_name(parts["name"], parts.get("name_extension", b""))
        except ValueError:
            return next(value.text for value in self.values if value.item and value.item.source == "name")


def profile_for(identity: Identity) -> Profile:
    """The packaged profile for a card's generation and algorithm.  Raises ProfileError where none fits."""
    for name in profile_names():
        profile = load_profile(name)
        if identity.application and profile.home.aid == identity.application:
            return profile
        fits = profile.generation[:3] == identity.generation and profile.algorithm is identity.algorithm
        if fits and identity.system in ("", profile.dialect):
            return profile
    algorithm = identity.algorithm.name if identity.algorithm else "?"
    raise ProfileError("profile-none-fits", generation=identity.generation or "?", algorithm=algorithm)


def targets(profile: Profile, words: Sequence[str]) -> list[Target]:
    """The files meant by ``DF04``, ``DF04/EF05``, ``EF05`` (at home) or ``all``; without words all files at home.

    Raises UsageError for a word that means none.
    """
    chosen: dict[tuple[str, str], Target] = {}
    for word in words or (profile.home.name,):
        for directory, file in _meant(profile, word):
            chosen[directory.name, file.name] = (directory, file)
    return list(chosen.values())


def read_files(session: CardSession, files: Iterable[Target]) -> Iterator[FileResult]:
    """Read one file after the other.

    A file that is absent, blocked or closed to us gives a result that says so.  Raises CounterError where the card
    refuses a key or the PIN (nothing more is tried), StatusError for any other status, TransportError.
    """
    for directory, file in files:
        try:
            yield _read_file(session, directory, file)
        except StatusError as error:
            yield FileResult(directory, file, _outcome(error))


def records(session: CardSession, file: File) -> Iterator[bytes]:
    """Every record of a file by number, asking for the length the profile tells; a card corrects a wrong one (6Cxx)."""
    lengths = [2 + item.length for _, _, item in file.records()] if file.structure.is_tlv else []
    for number in range(1, _LAST_RECORD + 1):
        expected = file.record_length or (lengths[number - 1] if number <= len(lengths) else MAX_ANSWER)
        command = Command(0x00, 0xB2, number, file.sfi << 3 | _BY_NUMBER, le=expected)
        answer = session.channel.send(command)
        if answer.sw == _END:
            return
        if not answer.ok:
            raise StatusError(answer.sw, "READ RECORD")
        yield answer.data


def _read_file(session: CardSession, directory: Directory, file: File) -> FileResult:
    if not session.enter(directory):
        return FileResult(directory, file, Outcome.ABSENT)
    grant = session.gain(file.read)
    if grant.refused is not None:
        return FileResult(directory, file, Outcome.DENIED, refused=grant.refused)
    return FileResult(directory, file, Outcome.READ, grant.used, values=tuple(_values(session, file)))


def _meant(profile: Profile, word: str) -> list[Target]:
    if word.lower() == _EVERYTHING:
        return [(directory, file) for directory in profile.directories for file in directory.files]
    where, _, name = word.upper().partition("/")
    if not name and where.startswith("EF"):
        where, name = profile.home.name, where
    try:
        directory = profile.directory(where)
        return [(directory, file) for file in ((directory.file(name),) if name else directory.files)]
    except KeyError:
        known = ", ".join(directory.name for directory in profile.directories)
        raise UsageError("target-unknown", word=word, known=known) from None


def _outcome(error: StatusError) -> Outcome:
    if error.sw == _ABSENT:
        return Outcome.ABSENT
    if error.sw in _DENIED:
        return Outcome.DENIED
    if error.sw in _BLOCKED:
        return Outcome.BLOCKED
    raise error


def _values(session: CardSession, file: File) -> Iterator[ItemValue]:
    match file.structure:
        case Structure.TRANSPARENT:
            stored: Iterable[bytes] = (_binary(session, file),)
        case Structure.PURSE:
            stored = (session.channel.call(balance_command(file.fid)),)
        case _:
            stored = records(session, file)
    return values_of(session.profile, file, stored)


def values_of(profile: Profile, file: File, stored: Iterable[bytes]) -> Iterator[ItemValue]:
    """The values in the records of a file, in their order.

    The content of a transparent file, or the balance of a purse, is given as the only record.
    """
    if file.structure in (Structure.TRANSPARENT, Structure.PURSE):
        for content in stored:
            for field, raw in _fields(file, content):
                text = "" if _unset(raw) and not field.number else coding.decode(field, raw)
                yield ItemValue(field, field.tag, 0, raw, text)
        return
    records = list(stored)
    others = {tag: raw for data in records for _, tag, raw in coding.split_record(file, data) if tag}
    for number, data in enumerate(records, 1):
        unset = file.structure is Structure.CYCLIC and _unset(data)
        for item, tag, raw in coding.split_record(file, data):
            if file.structure is Structure.DIRECTORY:
                item = _entry(profile, file, raw)
            if item is not None:
                item, raw = meaning(item, raw, others)
            text = "" if unset else coding.decode(item, raw) if item else raw.hex().upper()
            yield ItemValue(item, tag, number, raw, text)


def _fields(file: File, content: bytes) -> Iterator[tuple[Item, bytes]]:
    """The items of a file without records and their bytes; what is behind the last one belongs to it."""
    start = 0
    for item in file.items[:-1]:
        yield item, content[start : start + item.length]
        start += item.length
    yield file.items[-1], content[start:]


def _entry(profile: Profile, file: File, raw: bytes) -> Item | None:
    """The entry of a DIR file that names the same application as ``raw``; cards list them in any order."""
    for item in file.items:
        source = item.members[0].source if item.members else item.source
        directory = profile.directory(source.removeprefix(coding.DIRECTORY_SOURCE))
        if (directory.aid or directory_entry(directory)) in raw:
            return item
    return None


def _binary(session: CardSession, file: File) -> bytes:
    """The whole transparent file; the first read selects it by SFI, later ones give a 15-bit offset."""
    content = b""
    while len(content) < file.size:
        p1, p2 = divmod(len(content), 0x100) if content else (_SFI_IN_P1 | file.sfi, 0)
        part = session.channel.call(Command(0x00, 0xB0, p1, p2, le=min(MAX_ANSWER, file.size - len(content))))
        if not part:
            break
        content += part
    return content


def _unset(data: bytes) -> bool:
    return not data.strip(b"\0") or not data.strip(b"\xff")
