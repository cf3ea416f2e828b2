"""What one card holds, as a readable file: every item a counter could read, by name, with its bytes and their reading.

The file holds the person in full.  JSON; ``raw`` is hex.  What the card kept to itself stands in it as an outcome.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sscard.cos.model import Profile
from sscard.errors import WorkspaceError
from sscard.terminal.read import FileResult, ItemValue, Outcome, read_files, targets, values_of
from sscard.terminal.session import CardSession

FORMAT: Final = "sscard-card-export"
VERSION: Final = 1
_NOTICE: Final = "本文件含持卡人全部个人信息, 请妥善保管 / This file holds the person in full: guard it"
_EVERYTHING: Final = ("all",)


@dataclass(frozen=True, slots=True)
class ExportedValue:
    """One value.  ``record`` counts from 1, 0 in a transparent file; ``tag`` is 0 where values have none."""

    record: int
    tag: int
    zh: str
    en: str
    person: bool
    raw: bytes
    text: str


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One EF as far as it could be read."""

    directory: str
    file: str
    zh: str
    en: str
    outcome: Outcome
    values: tuple[ExportedValue, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.directory}/{self.file}"


@dataclass(frozen=True, slots=True)
class CardExport:
    """One card.  ``profile`` names the profile it was read by, ``historical`` are the bytes that name the chip."""

    profile: str
    historical: bytes
    files: tuple[ExportedFile, ...]

    def file(self, place: str) -> ExportedFile | None:
        """The file at a place such as ``DF01/EF05``."""
        return next((file for file in self.files if file.place == place), None)

    @property
    def complete(self) -> bool:
        """Whether every file gave its content."""
        return all(file.outcome is Outcome.READ for file in self.files)


def export_card(session: CardSession) -> CardExport:
    """Read all files of a card.  Raises what :func:`sscard.terminal.read.read_files` raises."""
    profile = session.profile
    results = read_files(session, targets(profile, _EVERYTHING))
    return CardExport(profile.name, session.identity.atr.historical, tuple(map(_exported, results)))


def export_contents(profile: Profile, historical: bytes, contents: Mapping[str, Iterable[bytes]]) -> CardExport:
    """The export of stored contents: by place the records of a file, a transparent one as the only record."""
    files = []
    for directory, file in targets(profile, _EVERYTHING):
        stored = contents.get(f"{directory.name}/{file.name}")
        outcome = Outcome.ABSENT if stored is None else Outcome.READ
        values = () if stored is None else tuple(values_of(profile, file, stored))
        files.append(_exported(FileResult(directory, file, outcome, values=values)))
    return CardExport(profile.name, historical, tuple(files))


def _exported(result: FileResult) -> ExportedFile:
    file = result.file
    values = tuple(map(_value, result.values))
    return ExportedFile(result.directory.name, file.name, file.zh, file.en, result.outcome, values)


def _value(value: ItemValue) -> ExportedValue:
    item = value.item
    person = item is None or item.person or any(member.person for member in item.members)
    return ExportedValue(
        value.record, value.tag, item.zh if item else "", item.en if item else "", person, value.raw, value.text
    )


def dump(export: CardExport) -> str:
    """The export as text, ending with a newline."""
    tree = {
        "format": FORMAT,
        "version": VERSION,
        "notice": _NOTICE,
        "profile": export.profile,
        "historical": _hex(export.historical),
        "files": [_file_tree(file) for file in export.files],
    }
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def load(text: str, *, path: str = "-") -> CardExport:
    """The export of a text; ``path`` is named in errors.

    Raises WorkspaceError: export-damaged for anything but a whole export, export-newer for a later version.
    """
    try:
        tree = json.loads(text)
    except ValueError:
        raise WorkspaceError("export-damaged", path=path, detail="not JSON") from None
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise WorkspaceError("export-damaged", path=path, detail="not a card export")
    version = tree.get("version")
    if isinstance(version, int) and version > VERSION:
        raise WorkspaceError("export-newer", path=path, version=version, known=VERSION)
    try:
        files = tuple(map(_load_file, tree["files"]))
        return CardExport(str(tree["profile"]), bytes.fromhex(tree["historical"]), files)
    except KeyError as error:
        raise WorkspaceError("export-damaged", path=path, detail=f"{error.args[0]}") from None
    except (TypeError, ValueError, AttributeError):
        raise WorkspaceError("export-damaged", path=path, detail="wrong value") from None


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _file_tree(file: ExportedFile) -> dict[str, Any]:
    return {
        "directory": file.directory,
        "file": file.file,
        "zh": file.zh,
        "en": file.en,
        "outcome": file.outcome.value,
        "values": [_value_tree(value) for value in file.values],
    }


def _value_tree(value: ExportedValue) -> dict[str, Any]:
    return {
        "record": value.record,
        "tag": f"{value.tag:02X}" if value.tag else "",
        "zh": value.zh,
        "en": value.en,
        "person": value.person,
        "text": value.text,
        "raw": _hex(value.raw),
    }


def _load_file(tree: dict[str, Any]) -> ExportedFile:
    values = tuple(map(_load_value, tree["values"]))
    return ExportedFile(
        str(tree["directory"]), str(tree["file"]), str(tree["zh"]), str(tree["en"]), Outcome(tree["outcome"]), values
    )


def _load_value(tree: dict[str, Any]) -> ExportedValue:
    return ExportedValue(
        int(tree["record"]),
        int(tree["tag"] or "0", 16),
        str(tree["zh"]),
        str(tree["en"]),
        bool(tree["person"]),
        bytes.fromhex(tree["raw"]),
        str(tree["text"]),
    )
