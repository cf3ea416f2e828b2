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
from importlib.resources import files
from pathlib import Path
from typing import Final

from sscard.cos.access import parse_access
from sscard.cos.coding import DIRECTORY_SOURCE
from sscard.cos.model import Access, Coding, Directory, File, Item, KeyKind, KeySlot, Profile, Structure
from sscard.cos.profile_check import check
from sscard.cos.profile_table import Table
from sscard.errors import ProfileError
from sscard.keys.family import Algorithm

_SUFFIX: Final = ".toml"
_TAG_APPLICATION: Final = 0x61
_TAG_NAME: Final = 0x4F
_TAG_LABEL: Final = 0x50
_CODINGS: Final = {coding.value: coding for coding in Coding}
_STRUCTURES: Final = {structure.value: structure for structure in Structure}
_SLOT_KINDS: Final = {kind.value: kind for kind in KeyKind if kind is not KeyKind.MASTER}


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that come with the toolkit, sorted."""
    folder = files("sscard.cos") / "profiles"
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)))


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of that name, or of the TOML file at that path.

    Raises ProfileError where there is none, the file is no TOML, or its content contradicts itself.
    """
    path = Path(name_or_path)
    if path.suffix != _SUFFIX and len(path.parts) == 1:
        return _packaged(str(name_or_path))
    try:
        return parse_profile(path.read_bytes(), str(path))
    except OSError as error:
        raise ProfileError("profile-file", file=str(path), reason=error.strerror or "") from None


@cache
def _packaged(name: str) -> Profile:
    if name not in profile_names():
        raise ProfileError("profile-unknown", name=name, known=", ".join(profile_names()))
    return parse_profile((files("sscard.cos") / "profiles" / f"{name}{_SUFFIX}").read_bytes(), f"{name}{_SUFFIX}")


def parse_profile(raw: bytes, file: str) -> Profile:
    """The profile written in ``raw`` (TOML, UTF-8); ``file`` is what errors call it.  Raises ProfileError."""
    try:
        content = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError("profile-toml", file=file, reason=str(error)) from None
    profile = replace(_profile(Table(content, file, "")), digest=hashlib.sha256(raw).hexdigest())
    check(profile, file)
    return profile


def directory_entry(directory: Directory) -> bytes:
    """What a DIR file says of one directory: ``4F L name ‖ 50 L label`` (label in GBK), without the template 61."""
    entry = bytes((_TAG_NAME, len(directory.aid))) + directory.aid
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
        algorithm=Algorithm[table.choice("algorithm", Algorithm.__members__)],
        dialect=table.text("dialect"),
        card_master=_key(table.table("card_master"), KeyKind.MASTER),
        transport_tries=table.number("transport_tries", 1, 15),
        chip_bytes=table.number("chip_bytes", 1, 1 << 24),
        stages=table.texts("stages"),
        directories=tuple(_with_files(entry, head, by_name) for entry, head in heads),
        constants=table.table("constants").strings(),
    )
    title.finish()
    table.finish()
    return profile


def _head(table: Table) -> Directory:
    """A directory without its files."""
    directory = Directory(
        name=table.text("name"),
        fid=table.number("fid", 1, 0xFFFF),
        aid=table.octets("aid"),
        label=table.text("label", ""),
        zh=table.text("zh"),
        en=table.text("en"),
        parent=table.text("parent", ""),
        is_ddf=table.choice("kind", ("DDF", "ADF")) == "DDF",
        master=_key(table.table("master"), KeyKind.MASTER),
        keys=tuple(_key(slot, _SLOT_KINDS[slot.choice("kind", tuple(_SLOT_KINDS))]) for slot in table.tables("keys")),
        lock_key=table.text("lock_key", ""),
    )
    if not 5 <= len(directory.aid) <= 16:
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
    )
    table.finish()
    return file


def _extent(table: Table, structure: Structure, items: tuple[Item, ...]) -> tuple[int, int]:
    """``(size, record length)`` of a file, both in bytes; what the profile states must be what its items need."""
    if structure is Structure.TRANSPARENT:
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
    )
    table.finish()
    return item


def _access(table: Table, key: str) -> Access:
    rule = table.text(key)
    try:
        return parse_access(rule)
    except ValueError:
        table.fail("profile-access", key, rule=rule)
