"""The load list of PSAMs (annex 11, PSAM密钥加载清单) as a file: which keys, at which level, yes or no.

A list belongs to one authority: the ministry loads national keys, the province local ones, the city keys of its own.
Source: issuing management process of 2014, annexes 10 and 11; docs/psam.md, "the load list".
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sscard.cos.profile_table import Table
from sscard.cos.psam import ApplicationInfo, Authority
from sscard.errors import ProfileError
from sscard.keys import catalog
from sscard.keys.catalog import CatalogKey, Level
from sscard.keys.family import Algorithm
from sscard.keys.psam import KeyPlace, PsamClass, Usage, catalog_place
from sscard.keys.service import KeyRef
from sscard.psam.uses import declared

FORMAT: Final = 1
_CITY: Final = re.compile(r"[0-9]{6}")
_DAY: Final = re.compile(r"[0-9]{8}")
_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9_]{1,31}")
LEVELS: Final = {"nation": 3, "province": 2, "city": 1}
_OWN_RANGES: Final = {
    Authority.PROVINCE: (range(0x10, 0x18), range(0x40, 0x80)),
    Authority.CITY: (range(0x18, 0x20), range(0x80, 0xC0)),
}
"""Ids of keys that stand in no national list, for the card's environment and for its applications."""
_OFFICIAL: Final = {Authority.NATIONAL: Level.NATIONAL, Authority.PROVINCE: Level.LOCAL}
_DIGEST_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class ListRow:
    """One key of a list.  ``level`` is nation, province or city; ``load`` the yes or no of the form."""

    name: str
    version: int
    level: str
    place: KeyPlace
    load: bool

    def root(self, city: str) -> KeyRef:
        """The root that is loaded: the city's path cut to the level."""
        return KeyRef(self.name, {"nation": "", "province": city[:2], "city": city}[self.level], version=self.version)


@dataclass(frozen=True, slots=True)
class LoadList:
    """A list as read.  ``city`` has six digits, ``digest`` tells two files apart, ``info`` goes into the PSAM."""

    authority: Authority
    city: str
    algorithm: Algorithm
    purpose: str
    count: int
    supplier: str
    services: tuple[str, ...]
    debug: bool
    info: ApplicationInfo
    rows: tuple[ListRow, ...]
    digest: str

    def chosen(self) -> Iterator[ListRow]:
        """The rows with yes."""
        return (row for row in self.rows if row.load)

    @property
    def full(self) -> bool:
        """Whether every key of the authority's official list is to be loaded."""
        official = {row.name for row in official_keys(self.authority)}
        return bool(official) and official <= {row.name for row in self.chosen()}


def official_keys(authority: Authority) -> tuple[CatalogKey, ...]:
    """The keys of the 55 that an authority makes, in the order of its list; none for a city."""
    level = _OFFICIAL.get(authority)
    return tuple(row for row in catalog.load() if row.level is level)


def read_list(path: Path) -> LoadList:
    """Read a list.  Raises ProfileError with file and place."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ProfileError("psam-list-unreadable", file=path.name, reason=error.strerror or "–") from None
    try:
        return parse_list(raw.decode("utf-8"), path.name)
    except UnicodeDecodeError:
        raise ProfileError("psam-list-toml", file=path.name, reason="UTF-8") from None


def parse_list(text: str, file: str) -> LoadList:
    """The list of a TOML text; ``file`` is named in errors.  Raises ProfileError."""
    try:
        top = Table(tomllib.loads(text), file, "")
    except tomllib.TOMLDecodeError as error:
        raise ProfileError("psam-list-toml", file=file, reason=str(error)) from None
    top.number("format", FORMAT, FORMAT)
    authority = Authority[top.choice("authority", [authority.name.lower() for authority in Authority]).upper()]
    services = top.texts("services")
    known = {service.name for service in declared()}
    for name in services:
        if name not in known:
            top.fail("profile-choice", "services", value=name, known=", ".join(sorted(known)))
    found = LoadList(
        authority=authority,
        city=_form(top, "city", _CITY, "990101"),
        algorithm=Algorithm[top.choice("algorithm", [algorithm.name for algorithm in Algorithm])],
        purpose=top.text("purpose"),
        count=top.number("count", 1, 999_999),
        supplier=top.text("supplier"),
        services=services,
        debug=top.flag("debug"),
        info=_information(top),
        rows=tuple(_row(table, authority) for table in top.tables("key")),
        digest=hashlib.sha256(text.encode("utf-8")).hexdigest()[:_DIGEST_SIZE],
    )
    top.finish()
    _check(found, top)
    return found


def _information(top: Table) -> ApplicationInfo:
    start, end = (_form(top, name, _DAY, "20260101") for name in ("start", "end"))
    for name, day in (("start", start), ("end", end)):
        try:
            date(int(day[:4]), int(day[4:6]), int(day[6:]))
        except ValueError:
            top.fail("psam-list-form", name, value=day, example="20260101")
    if end < start:
        top.fail("psam-list-period", "end", start=start, end=end)
    return ApplicationInfo(
        top.number("purchase_key_index", 1, 3, 1), top.number("authentication_key_version", 1, 255, 1), start, end
    )


def _row(table: Table, authority: Authority) -> ListRow:
    name, version = _form(table, "name", _NAME, "RK1DF04"), table.number("version", 1, 255, 1)
    level, load = table.choice("level", LEVELS), table.flag("load")
    levels, official = LEVELS[level], {row.name: row for row in official_keys(authority)}
    if name in {row.name for row in catalog.load()}:
        if name not in official:
            table.fail("psam-list-authority", "name", name=name)
        if level == "nation" and authority is not Authority.NATIONAL:
            table.fail("psam-list-level", "level", name=name)
        place = catalog_place(name, levels, version)
        kind = PsamClass(table.number("class", 0, 0x1F, place.usage.kind))
        if kind not in official[name].psam.classes:
            table.fail("psam-list-class", "class", name=name)
        if kind is PsamClass.PURCHASE and version not in official[name].psam_versions:
            table.fail("psam-list-version", "version", name=name)
        place = KeyPlace(Usage(levels, kind), place.id)
    else:
        place = _own_place(table, authority, levels)
    table.finish()
    return ListRow(name, version, level, place, load)


def _own_place(table: Table, authority: Authority, levels: int) -> KeyPlace:
    """Class and id of a key of no list, which the file must say."""
    number, kind = table.number("id", 0, 0xFF), table.number("class", 0, 0x1F)
    if kind not in tuple(PsamClass) or kind == PsamClass.PURCHASE:
        table.fail("psam-list-class", "class", name=table.place)
    if not any(number in ids for ids in _OWN_RANGES.get(authority, ())) or levels > LEVELS["province"]:
        table.fail("psam-list-id", "id", name=table.place)
    return KeyPlace(Usage(levels, PsamClass(kind)), number)


def _check(found: LoadList, top: Table) -> None:
    """What holds for the rows together."""
    names, places = set(), set()
    for row in found.rows:
        if (row.name, row.version) in names:
            top.fail("psam-list-twice", row.name, name=row.name)
        names.add((row.name, row.version))
        if row.load and row.place in places:
            top.fail("psam-list-place", row.name, name=row.name, where=str(row.place))
        if row.load:
            places.add(row.place)
        if row.place.usage.kind is not PsamClass.PURCHASE and row.version != found.info.authentication_key_version:
            top.fail("psam-list-version", row.name, name=row.name)
    if not places:
        top.fail("psam-list-empty", "key")
    if found.full and not found.debug:
        top.fail("psam-list-full", "debug")


def _form(table: Table, name: str, form: re.Pattern[str], example: str) -> str:
    value = table.text(name)
    if not form.fullmatch(value):
        table.fail("psam-list-form", name, value=value, example=example)
    return value
