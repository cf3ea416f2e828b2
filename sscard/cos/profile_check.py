"""What must agree across a profile: unique names and numbers, rights in reach, lengths that add up, room on the chip.

Source: LD/T 32 (file structure and keys); docs/card.md, "the profile file".
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import pairwise

from sscard.cos.access import PIN
from sscard.cos.bound import wrong
from sscard.cos.dialect import dialect_names
from sscard.cos.model import Access, Coding, Directory, File, Item, KeyKind, KeySlot, Profile, Protection, Structure
from sscard.cos.passes import WHOLE
from sscard.cos.pboc import BALANCE_SIZE, LOG_LENGTH
from sscard.cos.room import profile_room
from sscard.errors import ProfileError
from sscard.keys.family import Algorithm

Contradiction = tuple[str, str, dict[str, object]]
"""Error key, place, fields."""


def check(profile: Profile, file: str) -> None:
    """Raise ProfileError for the first contradiction of ``profile``, naming ``file`` and the place in it."""
    for rule, place, fields in contradictions(profile):
        raise ProfileError(rule, file=file, place=place, **fields)


def contradictions(profile: Profile) -> Iterator[Contradiction]:
    """All contradictions of ``profile`` as ``(error key, place, fields)``."""
    directories = profile.directories
    if not profile.top:
        yield "profile-homeless", "", {}
        return
    yield from _repeated("name", "", ((directory.name, directory.name) for directory in directories))
    yield from _repeated("aid", "", ((directory.aid, directory.name) for directory in directories if directory.aid))
    yield from _repeated("fid", "", (((directory.parent, directory.fid), directory.name) for directory in directories))
    yield from _repeated("key", "", ((slot.name, place) for slot, place in _slots(profile)))
    environments = {directory.name for directory in directories if directory.is_ddf}
    for directory in directories:
        if directory.parent and directory.parent not in environments:
            yield "profile-unknown-directory", f"{directory.name}/parent", {"name": directory.parent}
        yield from _directory(profile, directory)
    for before, directory in pairwise(directories):
        if not directory.aid and directory.parent not in (before.name, before.parent):
            yield "profile-label-only", directory.name, {}
    if profile.pki_application and profile.algorithm is not Algorithm.SM4:
        yield "profile-pki", "pki_application", {"algorithm": profile.algorithm.name}
    for rule, bound in wrong(profile):
        yield rule, f"bound/{bound.at}", {"rule": str(bound)}
    yield from _passes(profile)
    if profile.dialect not in dialect_names():
        yield "dialect-unknown", "dialect", {"name": profile.dialect}
        return
    needed = profile_room(profile) + profile.delivered_bytes
    if needed > profile.chip_bytes:
        yield "profile-chip", "chip_bytes", {"needed": needed, "chip": profile.chip_bytes}


def _passes(profile: Profile) -> Iterator[Contradiction]:
    """Each pass has its own name, follows one that is there, and looks at what is there."""
    names = [WHOLE, *(each.name for each in profile.passes)]
    yield from _repeated("pass", "pass", ((name, name) for name in names))
    for each in profile.passes:
        place = f"pass/{each.name}"
        if each.takes_blanks is bool(each.after) or (each.after and each.after not in names):
            yield "profile-pass-after", f"{place}/after", {"after": each.after or "–"}
        if each.link and (each.takes_blanks or profile.place_of(each.link) is None):
            yield "profile-pass-link", f"{place}/link", {"link": each.link}
        for where in each.must_be_set:
            if not _is_item(profile, where):
                yield "profile-pass-place", f"{place}/must_be_set", {"at": where}
        for where in each.must_be_empty:
            if not _is_item(profile, where) and where not in {directory.name for directory in profile.top}:
                yield "profile-pass-place", f"{place}/must_be_empty", {"at": where}


def _is_item(profile: Profile, place: str) -> bool:
    try:
        profile.item(place)
    except KeyError:
        return False
    return True


def _slots(profile: Profile) -> Iterator[tuple[KeySlot, str]]:
    yield profile.card_master, "card_master"
    for directory in profile.directories:
        for slot in (directory.master, *directory.keys):
            yield slot, f"{directory.name}/{slot.name}"


def _directory(profile: Profile, directory: Directory) -> Iterator[Contradiction]:
    name = directory.name
    yield from _repeated("file", name, ((file.name, file.name) for file in directory.files))
    yield from _repeated("fid", name, ((file.fid, file.name) for file in directory.files))
    yield from _repeated("sfi", name, ((file.sfi, file.name) for file in directory.files if file.sfi))
    yield from _repeated("id", name, (((slot.kind, slot.id), slot.name) for slot in directory.keys))
    own = {slot.name for slot in directory.keys}
    files = {file.name: file for file in directory.files}
    if directory.shown and directory.shown not in files:
        yield "profile-unknown-file", f"{name}/shown", {"name": directory.shown}
    if directory.lock_key and directory.lock_key not in own:
        yield "profile-right", f"{name}/lock_key", {"right": directory.lock_key}
    above = {slot.name for parent in profile.directories if parent.name == directory.parent for slot in parent.keys}
    pins = {slot.name for slot in (*directory.keys, *_keys_above(profile, directory)) if slot.kind is KeyKind.PIN}
    rights = own | above | {directory.master.name} | ({PIN} if pins else set())
    for file in directory.files:
        place = f"{name}/{file.name}"
        yield from _unknown_rights(file.read, f"{place}/read", rights)
        yield from _unknown_rights(file.update, f"{place}/update", rights)
        yield from _line_key(directory, file, place)
        yield from _log(files, file, place)
        yield from _file(file, place)


def _keys_above(profile: Profile, directory: Directory) -> tuple[KeySlot, ...]:
    return profile.directory(directory.parent).keys if directory.parent else ()


def _unknown_rights(access: Access, place: str, rights: set[str]) -> Iterator[Contradiction]:
    for right in access.rights:
        if right not in rights:
            yield "profile-right", place, {"right": right}


def _line_key(directory: Directory, file: File, place: str) -> Iterator[Contradiction]:
    """A protected file names a maintenance key of its directory, and no other file names one."""
    if file.protection is Protection.PLAIN:
        if file.line_key or file.protected_reading:
            yield "profile-unprotected", place, {}
    elif not any(slot.name == file.line_key and slot.kind is KeyKind.MAINTENANCE for slot in directory.keys):
        yield "profile-line-key", f"{place}/line_key", {"key": file.line_key or "–"}


def _log(files: Mapping[str, File], file: File, place: str) -> Iterator[Contradiction]:
    """A purse names the log it writes, and no other file names one."""
    log = files.get(file.log)
    if file.structure is not Structure.PURSE:
        if file.log:
            yield "profile-purse-log", f"{place}/log", {"log": file.log}
    elif log is None or log.structure is not Structure.CYCLIC or log.record_length != LOG_LENGTH:
        yield "profile-purse-log", f"{place}/log", {"log": file.log or "–"}


def _file(file: File, place: str) -> Iterator[Contradiction]:
    if not file.items:
        yield "profile-missing", f"{place}/items", {}
    if file.structure.is_tlv:
        tags = (item.tag for item in file.items)
        if file.structure is not Structure.DIRECTORY:
            yield from _repeated("tag", place, ((tag, f"{tag:02X}") for tag in tags))
        for item in file.items:
            yield from _item(item, f"{place}/{item.tag:02X}")
        return
    total = sum(item.length * item.count for item in file.items)
    expected = BALANCE_SIZE if file.structure is Structure.PURSE else file.record_length or file.size
    if total != expected:
        yield "profile-sum", place, {"stated": f"{expected:X}", "sum": f"{total:X}"}


def _item(item: Item, place: str) -> Iterator[Contradiction]:
    if item.coding is not Coding.BTLV:
        if item.members:
            yield "profile-members", place, {}
        return
    if not item.members:
        if not item.source:
            yield "profile-members", place, {}
        return
    yield from _repeated("tag", place, ((member.tag, f"{member.tag:02X}") for member in item.members))
    total = sum((2 + member.length) * member.count for member in item.members)
    if total != item.length:
        yield "profile-sum", place, {"stated": f"{item.length:X}", "sum": f"{total:X}"}
    for member in item.members:
        yield from _item(member, f"{place}/{member.tag:02X}")


def _repeated(what: str, place: str, entries: Iterable[tuple[Hashable, str]]) -> Iterator[Contradiction]:
    """A finding for each entry whose value an earlier one has, placed at the later one."""
    seen: dict[Hashable, str] = {}
    for value, label in entries:
        if value in seen:
            where = "/".join(part for part in (place, label) if part)
            yield "profile-repeated", where, {"what": what, "first": seen[value]}
        seen.setdefault(value, label)
