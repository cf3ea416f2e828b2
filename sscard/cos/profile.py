"""Reads a card profile from its TOML file.

A profile is package data (``sscard/cos/profiles``, by name) or a file of the bureau's own (by path).  Every error is a
ProfileError with the file and the place in it, such as ``DF01/EF15/40/57``.  Nothing unknown and nothing missing
passes; what must agree across the file is checked by :mod:`sscard.cos.profile_check`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from sscard.apdu.atr import Interface
from sscard.cos.access import parse_access
from sscard.cos.bound import Act, Bound
from sscard.cos.coding import DIRECTORY_SOURCE
from sscard.cos.model import Access, Coding, Directory, File, Item, KeyKind, KeySlot, Profile, Protection, Structure
from sscard.cos.passes import LINKS, Book, Pass
from sscard.cos.profile_check import check
from sscard.cos.profile_overlay import apply
from sscard.cos.profile_source import JOINT, OVERLAY, Source, locate, packaged
from sscard.cos.profile_table import Table
from sscard.errors import ProfileError
from sscard.keys.family import CARD_ALGORITHMS, card_algorithm

_TAG_APPLICATION: Final = 0x61
_TAG_NAME: Final = 0x4F
_TAG_LABEL: Final = 0x50
_CODINGS: Final = {coding.value: coding for coding in Coding}
_STRUCTURES: Final = {structure.value: structure for structure in Structure}
_PROTECTIONS: Final = {protection.value: protection for protection in Protection}
_SLOT_KINDS: Final = {kind.value: kind for kind in KeyKind if kind is not KeyKind.MASTER}


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that come with the toolkit, sorted; overlays are not among them."""
    return tuple(name for name in packaged() if not name.startswith(OVERLAY))


def overlay_names() -> tuple[str, ...]:
    """Names of the overlays that come with the toolkit, sorted."""
    return tuple(name for name in packaged() if name.startswith(OVERLAY))


def overlay_title(name: str) -> tuple[str, str]:
    """Chinese and English title of an overlay.  Raises ProfileError."""
    source = locate(name)
    title = Table(_toml(source), source.file, "").table("title")
    return title.text("zh"), title.text("en")


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of that name, or of the TOML file at that path, with overlays behind ``+`` put on it.

    Raises ProfileError where there is none, the file is no TOML, or its content contradicts itself.
    """
    return _packaged(name_or_path) if name_or_path in profile_names() else _checked(str(name_or_path))


@cache
def _packaged(name: str) -> Profile:
    return _checked(name)


def _checked(name_or_path: str) -> Profile:
    profile, file = read_profile(name_or_path)
    check(profile, file)
    return profile


def read_profile(name_or_path: str | Path) -> tuple[Profile, str]:
    """A profile as :func:`load_profile` reads it and what errors call it; its contradictions are left for lint.

    Raises ProfileError where there is none or a value is missing, unknown or of the wrong kind.
    """
    words = str(name_or_path)
    whole = JOINT not in words or Path(words).is_file()
    base, *overlays = [words] if whole else words.split(JOINT)
    source = locate(base)
    content, digests = _resolve(source, ())
    names, file = [content.get("name", "")], source.file
    for word in overlays:
        overlay = locate(word)
        difference = _toml(overlay)
        if "overlay" not in difference:
            raise ProfileError("overlay-not-one", file=overlay.file)
        content = apply(content, {key: value for key, value in difference.items() if key != "title"}, overlay.file)
        digests.append(hashlib.sha256(overlay.raw).digest())
        names.append(f"{OVERLAY}{difference['overlay']}")
        file = overlay.file
    if overlays:
        content["name"] = JOINT.join(map(str, names))
    return replace(_profile(Table(content, file, "")), digest=_joined(digests)), file


def parse_profile(raw: bytes, file: str) -> Profile:
    """The profile written in ``raw`` (TOML, UTF-8); ``file`` is what errors call it.  Raises ProfileError."""
    content, digests = _resolve(Source(raw, file), ())
    profile = replace(_profile(Table(content, file, "")), digest=_joined(digests))
    check(profile, file)
    return profile


def _joined(digests: list[bytes]) -> str:
    """The digest of a profile: that of its file, or over those of all files it is made of."""
    return (digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()).hex()


def _resolve(source: Source, above: tuple[str, ...]) -> tuple[dict[str, Any], list[bytes]]:
    """The content of a file with that of the profile it extends, and the SHA-256 of each file, the base first."""
    content = _toml(source)
    if "overlay" in content:
        raise ProfileError("overlay-alone", file=source.file)
    digest = hashlib.sha256(source.raw).digest()
    if "extends" not in content:
        return content, [digest]
    if source.file in above:
        raise ProfileError("overlay-circle", file=source.file)
    base = source.sibling(Table(content, source.file, "").text("extends"))
    below, digests = _resolve(base, (*above, source.file))
    return apply(below, content, source.file), [*digests, digest]


def _toml(source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError("profile-toml", file=source.file, reason=str(error)) from None


def directory_entry(directory: Directory) -> bytes:
    """What a DIR file says of one directory: ``[4F L name] ‖ [50 L label]`` (label in GBK), without the template 61."""
    entry = bytes((_TAG_NAME, len(directory.aid))) + directory.aid if directory.aid else b""
    label = directory.label.encode("gbk")
    return entry + bytes((_TAG_LABEL, len(label))) + label if label else entry


def _profile(table: Table) -> Profile:
    title = table.table("title")
    heads = [(entry, _head(entry)) for entry in table.tables("directory")]
    by_name = {head.name: head for _, head in heads}
    profile = Profile(
        name=table.text("name"),
        version=table.number("version", 1, 0xFFFF),
        title_zh=title.text("zh"),
        title_en=title.text("en"),
        generation=table.text("generation"),
        algorithm=card_algorithm(table.choice("algorithm", CARD_ALGORITHMS)),
        dialect=table.text("dialect"),
        card_master=_key(table.table("card_master"), KeyKind.MASTER),
        transport_tries=table.number("transport_tries", 1, 15),
        chip_bytes=table.number("chip_bytes", 1, 1 << 24),
        stages=table.texts("stages"),
        directories=tuple(_with_files(entry, head, by_name) for entry, head in heads),
        constants=table.table("constants").strings(),
        algorithm_in_fci=table.flag("algorithm_in_fci", True),
        key_lengths={
            KeyKind(kind): size for kind, size in table.sizes("key_lengths", tuple(_SLOT_KINDS), 8, 16).items()
        },
        pki_application=table.flag("pki_application"),
        bounds=tuple(_bound(entry) for entry in table.tables("bound")),
        passes=tuple(_pass(entry) for entry in table.tables("pass")),
    )
    title.finish()
    table.finish()
    return profile


def _pass(table: Table) -> Pass:
    found = Pass(
        name=table.text("name"),
        zh=table.text("zh"),
        en=table.text("en"),
        stages=table.texts("stages"),
        book=Book(table.choice("book", [book.value for book in Book], Book.PERSON.value)),
        after=table.text("after", ""),
        link=table.choice("link", ("", *LINKS), ""),
        must_be_set=table.texts("must_be_set", ()),
        must_be_empty=table.texts("must_be_empty", ()),
    )
    table.finish()
    return found


def _bound(table: Table) -> Bound:
    bound = Bound(
        act=Act(table.choice("act", [act.value for act in Act])),
        at=table.text("at"),
        only=Interface(table.choice("only", [interface.value for interface in Interface])),
        evidence=table.text("evidence"),
    )
    table.finish()
    return bound


def _head(table: Table) -> Directory:
    """A directory without its files."""
    directory = Directory(
        name=table.text("name"),
        fid=table.number("fid", 1, 0xFFFF),
        aid=table.octets("aid", b""),
        label=table.text("label", ""),
        zh=table.text("zh"),
        en=table.text("en"),
        parent=table.text("parent", ""),
        is_ddf=table.choice("kind", ("DDF", "ADF")) == "DDF",
        master=_key(table.table("master"), KeyKind.MASTER),
        keys=tuple(_key(slot, _SLOT_KINDS[slot.choice("kind", tuple(_SLOT_KINDS))]) for slot in table.tables("keys")),
        lock_key=table.text("lock_key", ""),
        shown=table.text("shown", ""),
    )
    by_label = not directory.is_ddf and directory.label and not directory.aid
    if not by_label and not 5 <= len(directory.aid) <= 16:
        table.fail("profile-range", "aid", low="5", high="10", value=f"{len(directory.aid):X}")
    return directory


def _with_files(table: Table, head: Directory, heads: Mapping[str, Directory]) -> Directory:
    directory = replace(head, files=tuple(_file(entry, heads) for entry in table.tables("file")))
    table.finish()
    return directory


def _key(table: Table, kind: KeyKind) -> KeySlot:
    slot = KeySlot(
        name=table.text("name"),
        kind=kind,
        id=table.number("id", 0, 0xFF),
        zh=table.text("zh"),
        en=table.text("en"),
        tries=table.number("tries", 1, 15),
        versions=table.numbers("versions", 1, 0xFF, (1,)),
    )
    table.finish()
    return slot


def _file(table: Table, heads: Mapping[str, Directory]) -> File:
    structure = _STRUCTURES[table.choice("structure", tuple(_STRUCTURES))]
    if structure is Structure.DIRECTORY:
        items = _entries(table, heads)
    else:
        items = tuple(_item(entry, tagged=structure.is_tlv) for entry in table.tables("items"))
    size, record_length = _extent(table, structure, items)
    file = File(
        name=table.text("name"),
        fid=table.number("fid", 1, 0xFFFF),
        sfi=table.number("sfi", 0, 0x1E),
        zh=table.text("zh"),
        en=table.text("en"),
        structure=structure,
        size=size,
        read=_access(table, "read"),
        update=_access(table, "update"),
        record_length=record_length,
        items=items,
        protection=_PROTECTIONS[table.choice("protection", tuple(_PROTECTIONS), Protection.PLAIN.value)],
        protected_reading=table.flag("protected_reading"),
        line_key=table.text("line_key", ""),
        log=table.text("log", ""),
    )
    table.finish()
    return file


def _extent(table: Table, structure: Structure, items: tuple[Item, ...]) -> tuple[int, int]:
    """``(size, record length)`` of a file, both in bytes; what the profile states must be what its items need."""
    if structure in (Structure.TRANSPARENT, Structure.PURSE):
        return table.number("size", 1, 0xFFFF), 0
    if structure is Structure.CYCLIC:
        length = table.number("record_length", 1, 0xFF)
        return length * table.number("records", 1, 0xFE), length
    lengths = [2 + item.length for item in items for _ in range(item.count)]
    size = table.number("size", sum(lengths), 0xFFFF, sum(lengths))
    if structure is not Structure.FIXED:
        return size, 0
    if len(set(lengths)) != 1:
        table.fail("profile-fixed")
    return size, lengths[0]


def _entries(table: Table, heads: Mapping[str, Directory]) -> tuple[Item, ...]:
    """One item for each entry of a DIR file, inside the template the file uses (61 alone, or 61 inside 70)."""
    template = table.number("template", 1, 0xFE)
    items = []
    for name in table.texts("entries"):
        if name not in heads:
            table.fail("profile-unknown-directory", "entries", name=name)
        head = heads[name]
        item = Item(
            _TAG_APPLICATION,
            head.zh,
            head.en,
            Coding.BTLV,
            len(directory_entry(head)),
            source=f"{DIRECTORY_SOURCE}{name}",
        )
        if template != _TAG_APPLICATION:
            item = Item(template, head.zh, head.en, Coding.BTLV, 2 + item.length, members=(item,))
        items.append(item)
    return tuple(items)


def _item(table: Table, *, tagged: bool) -> Item:
    later = next(iter(table.tables("later")), None)
    item = Item(
        tag=table.number("tag", 1 if tagged else 0, 0xFE if tagged else 0),
        zh=table.text("zh"),
        en=table.text("en"),
        coding=_CODINGS[table.choice("type", tuple(_CODINGS))],
        length=table.number("length", 1, 0xFF if tagged else 0xFFFF),
        count=table.number("count", 1, 0xFE, 1),
        source=table.text("source", ""),
        person=table.flag("person"),
        members=tuple(_item(member, tagged=True) for member in table.tables("members")),
        number=table.flag("number"),
        later=_item(later, tagged=True) if later is not None else None,
        judged_by=table.number("judged_by", 0, 0xFE, 0),
    )
    table.finish()
    return item


def _access(table: Table, key: str) -> Access:
    rule = table.text(key)
    try:
        return parse_access(rule)
    except ValueError:
        table.fail("profile-access", key, rule=rule)
