"""What differs between two cards, or between a card and its profile, item by item.

Two values differ where their bytes do.  Against a profile: files that are missing, records that are missing, too many
or of another length, fixed values that are others, and bytes that no text of the item's type gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sscard.cos import coding
from sscard.cos.masking import mask_private, printable
from sscard.cos.model import Coding, File, Item, Profile
from sscard.cos.profile import directory_entry
from sscard.terminal.export import CardExport, ExportedFile, ExportedValue
from sscard.terminal.read import Outcome

_LARGE: Final = 32
_PLAIN: Final = frozenset((Coding.CN, Coding.AN))


class Kind(Enum):
    """In what two sides differ."""

    VALUE = "value"
    LENGTH = "length"
    ONLY_LEFT = "only-left"
    ONLY_RIGHT = "only-right"
    FILE = "file"
    FORM = "form"
    UNREAD = "unread"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.  ``label`` is the tag or what is compared; ``left`` and ``right`` are for a screen, masked."""

    place: str
    label: str
    zh: str
    en: str
    kind: Kind
    left: str = ""
    right: str = ""


def compare(left: CardExport, right: CardExport) -> Iterator[Difference]:
    """Differences of two cards, in the order of the left one's files, then files only the right one has."""
    places = dict.fromkeys(file.place for file in (*left.files, *right.files))
    for place in places:
        one, other = left.file(place), right.file(place)
        known = one or other
        if known is None:
            continue
        if one is None or other is None or one.outcome is not other.outcome:
            yield _whole(known, one, other)
        elif one.outcome is Outcome.READ:
            yield from _values(one, other)
        elif one.outcome is not Outcome.ABSENT:
            yield Difference(place, "", known.zh, known.en, Kind.UNREAD, one.outcome.value, other.outcome.value)


def against_profile(card: CardExport, profile: Profile) -> Iterator[Difference]:
    """Differences of a card (left) from its profile (right)."""
    for directory in profile.directories:
        for file in directory.files:
            held = card.file(f"{directory.name}/{file.name}")
            if held is None or held.outcome is Outcome.ABSENT:
                yield Difference(f"{directory.name}/{file.name}", "", file.zh, file.en, Kind.FILE, "absent", "")
            elif held.outcome is not Outcome.READ:
                yield Difference(held.place, "", file.zh, file.en, Kind.UNREAD, held.outcome.value, "")
            elif file.structure.is_tlv:
                yield from _records(profile, file, held)


def _whole(known: ExportedFile, one: ExportedFile | None, other: ExportedFile | None) -> Difference:
    told = [file.outcome.value if file else Outcome.ABSENT.value for file in (one, other)]
    return Difference(known.place, "", known.zh, known.en, Kind.FILE, *told)


def _values(left: ExportedFile, right: ExportedFile) -> Iterator[Difference]:
    """Values are paired by record, tag and how often they came before in that record."""
    one, other = _numbered(left), _numbered(right)
    for name in dict.fromkeys((*one, *other)):
        mine, theirs = one.get(name), other.get(name)
        if mine is None and theirs is not None:
            yield _difference(left.place, theirs, Kind.ONLY_RIGHT, right=_shown(theirs))
        elif theirs is None and mine is not None:
            yield _difference(left.place, mine, Kind.ONLY_LEFT, left=_shown(mine))
        elif mine is not None and theirs is not None and mine.raw != theirs.raw:
            kind = Kind.VALUE if len(mine.raw) == len(theirs.raw) else Kind.LENGTH
            yield _difference(left.place, mine, kind, _shown(mine), _shown(theirs))


def _numbered(file: ExportedFile) -> dict[tuple[int, int, int], ExportedValue]:
    found: dict[tuple[int, int, int], ExportedValue] = {}
    for value in file.values:
        count = 0
        while (value.record, value.tag, count) in found:
            count += 1
        found[value.record, value.tag, count] = value
    return found


def _records(profile: Profile, file: File, held: ExportedFile) -> Iterator[Difference]:
    """Records are paired by tag and occurrence: their order on a card says nothing."""
    found: dict[int, list[ExportedValue]] = {}
    for value in held.values:
        found.setdefault(value.tag, []).append(value)
    for _, _, item in file.records():
        values = found.get(item.tag)
        if not values:
            yield Difference(held.place, f"{item.tag:02X}", item.zh, item.en, Kind.ONLY_RIGHT)
            continue
        value = values.pop(0)
        if len(value.raw) != item.length:
            sizes = f"{len(value.raw)} B", f"{item.length} B"
            yield _difference(held.place, value, Kind.LENGTH, *sizes)
        else:
            yield from _content(profile, held.place, item, value)
    for value in (value for left_over in found.values() for value in left_over):
        yield _difference(held.place, value, Kind.ONLY_LEFT, left=_shown(value))


def _content(profile: Profile, place: str, item: Item, value: ExportedValue) -> Iterator[Difference]:
    source = item.source
    if source in profile.constants:
        expected = coding.encode(item, profile.constants[source])
        if value.raw != expected:
            yield _difference(place, value, Kind.VALUE, _shown(value), profile.constants[source])
    elif source.startswith(coding.DIRECTORY_SOURCE):
        entry = directory_entry(profile.directory(source.removeprefix(coding.DIRECTORY_SOURCE)))
        if entry != value.raw:
            yield _difference(place, value, Kind.VALUE, _shown(value), coding.decode(item, entry))
    elif item.coding in _PLAIN and not item.number and not _well_formed(item, value):
        yield _difference(place, value, Kind.FORM, _shown(value), f"{item.coding.value} {item.length} B")


def _well_formed(item: Item, value: ExportedValue) -> bool:
    try:
        return coding.encode(item, coding.decode(item, value.raw)) == value.raw
    except ValueError:
        return False


def _difference(place: str, value: ExportedValue, kind: Kind, left: str = "", right: str = "") -> Difference:
    label = f"{value.tag:02X}" if value.tag else f"#{value.record}" if value.record else ""
    return Difference(place, label, value.zh, value.en, kind, left, right)


def _shown(value: ExportedValue) -> str:
    """The value for a screen: people masked, large contents by their size."""
    if len(value.raw) > _LARGE and (value.person or not value.text or len(value.text) >= 2 * len(value.raw)):
        return f"{len(value.raw)} B"
    if not value.text:
        return "–"
    return mask_private(value.text) if value.person else printable(value.text)
