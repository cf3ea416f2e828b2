"""What a profile may get wrong without contradicting itself: keys and files that do not meet, chips, local additions.

Findings are told in the words of the error catalogue; those that the loader would refuse come first.
Source: V2.0 notice (every file has its key; rules of extension); docs/card.md, "lint".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

from sscard.cos.dialect import Dialect, Making, load_dialect
from sscard.cos.model import Directory, File, KeyKind, KeySlot, Profile, Structure
from sscard.cos.national import (
    FIRST_LOCAL_DIRECTORY,
    FIRST_LOCAL_FILE,
    SSSE,
    National,
    all_items,
    national,
    under_standard,
)
from sscard.cos.profile import load_profile, profile_names
from sscard.cos.profile_check import contradictions
from sscard.errors import PlanError, ProfileError
from sscard.keys.catalog import Evidence, Kind, canonical, load
from sscard.keys.family import served
from sscard.messages import Lang, parts

_CHIPS: Final = (80 * 1024, 224 * 1024)
"""Bytes of the chips that third-generation cards are made with."""
_THIRD_GENERATION: Final = "3."
_PUBLISHED: Final = frozenset({Evidence.DRAFT, Evidence.LOG})
_OPENS_FILES: Final = frozenset({Kind.UPDATE, Kind.READ})
_DIRECTORY_OWN: Final = frozenset({KeyKind.MASTER, KeyKind.PIN})


class Severity(Enum):
    """An ``ERROR`` keeps a profile from production, a ``WARNING`` is for a person to judge."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark.  ``rule`` is a key of the error catalogue, ``fields`` fill its text."""

    rule: str
    severity: Severity
    place: str
    fields: dict[str, object]

    def parts(self, lang: Lang | None = None) -> tuple[str, str]:
        """``(what is wrong, what to do)``."""
        return parts(f"errors.{self.rule}", lang, **self.fields)


def lint(profile: Profile, file: str) -> tuple[Finding, ...]:
    """All findings on a profile, also on one that the loader would refuse; ``file`` is what messages call it."""
    found = [(rule, Severity.ERROR, place, fields) for rule, place, fields in contradictions(profile)]
    found += [] if found else list(_said(profile))
    found += [*_keys_and_files(profile), *_chip(profile), *_cipher(profile), *_additions(profile)]
    once: dict[tuple[str, str], Finding] = {}
    for rule, severity, place, fields in found:
        finding = Finding(rule, severity, place, {"file": file, "place": place, **fields})
        once.setdefault((rule, finding.parts("en")[0]), finding)
    return tuple(once.values())


def require_sound(profile: Profile) -> None:
    """Raise ProfileError for the first error of a profile that is not one of the toolkit's own."""
    if profile.name in profile_names() and load_profile(profile.name).digest == profile.digest:
        return
    for finding in lint(profile, profile.name):
        if finding.severity is Severity.ERROR:
            raise ProfileError(finding.rule, **finding.fields)


_Found = tuple[str, Severity, str, dict[str, object]]


def _said(profile: Profile) -> Iterator[_Found]:
    """What the COS of a profile cannot express; the profile does not contradict itself."""
    for place, work in _asked(load_dialect(profile.dialect), Making(profile, "")):
        try:
            work()
        except PlanError as error:
            yield error.key, Severity.ERROR, place, dict(error.fields)


def _asked(dialect: Dialect, making: Making) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything a plan will ask of a dialect, by place."""
    for directory in making.profile.directories:
        yield directory.name, partial(tuple, dialect.make_directory(making, directory))
        for file in directory.files:
            yield f"{directory.name}/{file.name}", partial(dialect.create_file, making, directory, file)
        for slot in directory.keys:
            yield f"{directory.name}/{slot.name}", partial(tuple, dialect.load_key(making, directory, slot))


def _keys_and_files(profile: Profile) -> Iterator[_Found]:
    purposes = {row.name: row.kind for row in load()}
    for directory in profile.directories:
        for file in directory.files:
            written_by_card = file.structure in (Structure.CYCLIC, Structure.PURSE) and file.update.never
            if not file.update.rights and not written_by_card:
                rule = str(file.update)
                yield "lint-file-without-key", Severity.ERROR, f"{directory.name}/{file.name}", {"rule": rule}
        within = [other for other in profile.directories if directory.name in (other.name, other.parent)]
        used = {right for other in within for file in other.files for right in (*file.read.rights, *file.update.rights)}
        for slot in directory.keys:
            purpose = purposes.get(canonical(slot.name), Kind.UPDATE)
            opens = slot.kind is KeyKind.EXTERNAL and purpose in _OPENS_FILES
            if opens and slot.name not in used and slot.name != directory.lock_key:
                yield "lint-key-without-file", Severity.WARNING, f"{directory.name}/{slot.name}", {}


def _chip(profile: Profile) -> Iterator[_Found]:
    low, high = _CHIPS
    if profile.generation.startswith(_THIRD_GENERATION) and not low <= profile.chip_bytes <= high:
        yield (
            "lint-chip",
            Severity.ERROR,
            "chip_bytes",
            {"chip": profile.chip_bytes, "low": low, "high": high},
        )


def _cipher(profile: Profile) -> Iterator[_Found]:
    if not served(profile.algorithm):
        yield "lint-hsm-only", Severity.WARNING, "algorithm", {"algorithm": profile.algorithm.name}


def _additions(profile: Profile) -> Iterator[_Found]:
    """Everything that is not the standard's must keep clear of it."""
    taken = national()
    for directory in under_standard(profile):
        own = taken.directories.get(directory.name)
        if own is None:
            yield from _local_directory(directory, taken)
        elif (directory.fid, directory.aid) != (own.fid, own.aid) and directory.name != SSSE:
            yield _reused(directory.name, "name", directory.name, own.zh, own.en)
        for slot in directory.keys:
            yield from _key(directory, slot, taken)
        for file in directory.files:
            yield from _file(directory, file, taken)


def _local_directory(directory: Directory, taken: National) -> Iterator[_Found]:
    for other in taken.directories.values():
        if other.fid == directory.fid:
            yield _reused(directory.name, "FID", f"{other.fid:04X}", other.zh, other.en)
        if directory.aid and other.aid == directory.aid:
            yield _reused(directory.name, "AID", other.aid.hex().upper(), other.zh, other.en)
    if directory.fid < FIRST_LOCAL_DIRECTORY:
        yield _too_low(directory.name, directory.fid, FIRST_LOCAL_DIRECTORY)


def _key(directory: Directory, slot: KeySlot, taken: National) -> Iterator[_Found]:
    place = f"{directory.name}/{slot.name}"
    name = canonical(slot.name)
    if name != slot.name:
        row = next(row for row in load() if row.name == name)
        yield _reused(place, "name", slot.name, row.zh_now, row.en)
    home, own = taken.keys.get(name, ("", None))
    if own is not None and home != directory.name:
        yield _reused(place, "name", slot.name, own.zh, own.en)
    if own is not None and slot.kind is own.kind and slot.id == own.id:
        return
    holder = taken.ids.get((directory.name, slot.kind, slot.id))
    if holder is None or holder.name == name or slot.kind in _DIRECTORY_OWN:
        return
    published = any(row.name == holder.name and _PUBLISHED & set(row.evidence) for row in load())
    if published:
        yield _reused(place, "id", f"{slot.id:02X}", holder.zh, holder.en)
    else:
        number = f"{slot.id:02X}"
        yield "lint-id-unpublished", Severity.WARNING, place, {"number": number, "zh": holder.zh, "en": holder.en}


def _file(directory: Directory, file: File, taken: National) -> Iterator[_Found]:
    place = f"{directory.name}/{file.name}"
    meanings = taken.files.get((directory.name, file.fid))
    if meanings is None:
        if file.fid < FIRST_LOCAL_FILE:
            yield _too_low(place, file.fid, FIRST_LOCAL_FILE)
    elif file.zh not in {own.zh for own in meanings}:
        yield _reused(place, "FID", f"{file.fid:04X}", meanings[-1].zh, meanings[-1].en)
    elif file.structure is Structure.CYCLIC and _fields(file) not in map(_fields, meanings):
        yield "lint-closed-file", Severity.ERROR, place, {}
    if file.structure is not Structure.DIRECTORY:
        yield from _items(directory, file, taken)


def _items(directory: Directory, file: File, taken: National) -> Iterator[_Found]:
    place = f"{directory.name}/{file.name}"
    for item in all_items(file):
        where = f"{place}/{item.tag:02X}"
        meanings = taken.items.get((directory.name, file.fid, item.tag), ())
        if not meanings and item.tag in taken.tags:
            home, other = taken.tags[item.tag]
            if other.zh != item.zh:
                yield _reused(where, "tag", f"{item.tag:02X}", f"{home} {other.zh}", f"{home} {other.en}")
        elif not meanings:
            if directory.name == SSSE and (directory.name, file.fid) in taken.files:
                yield "lint-closed-file", Severity.ERROR, where, {}
        elif item.zh not in {own.zh for own in meanings}:
            yield _reused(where, "tag", f"{item.tag:02X}", meanings[-1].zh, meanings[-1].en)
        elif (item.coding, item.length) not in {(own.coding, own.length) for own in meanings}:
            own = meanings[-1]
            stated = {"stated": f"{item.coding.value} {item.length:02X}", "own": f"{own.coding.value} {own.length:02X}"}
            yield "lint-changed", Severity.WARNING, where, dict(stated)


def _fields(file: File) -> tuple[tuple[str, int], ...]:
    return tuple((item.zh, item.length) for item in file.items)


def _reused(place: str, what: str, number: str, zh: str, en: str) -> _Found:
    return "lint-reused", Severity.ERROR, place, {"what": what, "number": number, "zh": zh, "en": en}


def _too_low(place: str, fid: int, first: int) -> _Found:
    return "lint-local-number", Severity.ERROR, place, {"number": f"{fid:04X}", "first": f"{first:04X}"}
