"""``sscard tree``: directories, files, access rules and keys of a card profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.commands.layout import columns, named
from sscard.errors import Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sscard.cos.model import Access, Directory, File, Item, KeySlot, Profile


@click.command(help=messages.text("cos.tree-help"))
@click.argument("what", required=False)
@click.option(
    "--profile", "profile_name", default="ssc3-sm4", show_default=True, help=messages.text("cos.option-profile")
)
@json_option
def command(what: str | None, profile_name: str, as_json: bool) -> int:
    from sscard.cos.profile import load_profile

    show(load_profile(profile_name), what, as_json=as_json)
    return Exit.OK


def show(profile: Profile, what: str | None, *, as_json: bool) -> None:
    """Print a profile, one of its directories or one of its files.  Raises UsageError for a word that means none."""
    directories, file = _meant(profile, what)
    if as_json:
        _emit(directories, file)
    elif file:
        _print_items(directories[0], file)
    else:
        _print_tree(profile, directories, detailed=what is not None)


def headline(profile: Profile) -> str:
    """Generation, algorithm (with a remark where only an HSM has it) and dialect in one line."""
    from sscard.keys.family import served

    algorithm = profile.algorithm.name
    if not served(profile.algorithm):
        algorithm += f" ({messages.text('profile.hsm-only')})"
    return f"{profile.generation} · {algorithm} · {profile.dialect}"


def _meant(profile: Profile, what: str | None) -> tuple[tuple[Directory, ...], File | None]:
    if what is None:
        return profile.directories, None
    where, _, name = what.upper().partition("/")
    try:
        directory = profile.directory(where)
        return (directory,), directory.file(name) if name else None
    except KeyError:
        known = ", ".join(directory.name for directory in profile.directories)
        raise UsageError("target-unknown", word=what, known=known) from None


def _emit(directories: Sequence[Directory], file: File | None) -> None:
    for directory in directories:
        if file is None:
            emit(_directory_facts(directory))
        for each in directory.files if file is None else (file,):
            emit(_file_facts(directory, each))


def _directory_facts(directory: Directory) -> dict[str, object]:
    return {
        "node": "directory",
        "directory": directory.name,
        "fid": f"{directory.fid:04X}",
        "aid": directory.aid.hex().upper(),
        "parent": directory.parent or "MF",
        "kind": "DDF" if directory.is_ddf else "ADF",
        "zh": directory.zh,
        "en": directory.en,
        "master": directory.master.name,
        "keys": [
            {"name": slot.name, "kind": slot.kind.value, "id": f"{slot.id:02X}", "tries": slot.tries}
            for slot in directory.keys
        ],
    }


def _file_facts(directory: Directory, file: File) -> dict[str, object]:
    return {
        "node": "file",
        "directory": directory.name,
        "file": file.name,
        "fid": f"{file.fid:04X}",
        "sfi": f"{file.sfi:02X}",
        "zh": file.zh,
        "en": file.en,
        "structure": file.structure.value,
        "size": file.size,
        "record_length": file.record_length,
        "records": _record_count(file),
        "read": str(file.read),
        "update": str(file.update),
        "items": [_item_facts(item) for item in file.items],
    }


def _item_facts(item: Item) -> dict[str, object]:
    facts: dict[str, object] = {
        "tag": f"{item.tag:02X}" if item.tag else "",
        "zh": item.zh,
        "en": item.en,
        "type": item.coding.value,
        "length": item.length,
        "count": item.count,
    }
    if item.members:
        facts["members"] = [_item_facts(member) for member in item.members]
    return facts


def _print_tree(profile: Profile, directories: Sequence[Directory], *, detailed: bool) -> None:
    if not detailed:
        title = named(profile.title_zh, profile.title_en)
        click.echo(f"{profile.name}  {title}  {headline(profile)}")
    chosen = {directory.name for directory in directories}
    rows: list[tuple[str, str]] = []
    for directory in directories:
        if directory.parent not in chosen:
            rows += _branch(directory, directories)
    for line in columns(rows):
        click.echo(line)
    if detailed:
        _print_keys(directories[0])


def _branch(directory: Directory, directories: Sequence[Directory]) -> list[tuple[str, str]]:
    """The rows of a directory: itself, its files, the directories below."""
    count = messages.text("cos.key-count", count=len(directory.keys) + 1)
    rows = [(f"{directory.name} {named(directory.zh, directory.en)}", f"{directory.aid.hex().upper()}   {count}")]
    below = [child for child in directories if child.parent == directory.name]
    for file in directory.files:
        last = file is directory.files[-1] and not below
        rows.append((f"{'└─' if last else '├─'} {file.name} {named(file.zh, file.en)}", _file_line(file)))
    for child in below:
        last = child is below[-1]
        head, *tail = _branch(child, directories)
        rows.append((f"{'└─' if last else '├─'} {head[0]}", head[1]))
        rows += [(f"{'   ' if last else '│  '}{left}", right) for left, right in tail]
    return rows


def _file_line(file: File) -> str:
    structure = messages.text(
        f"cos.structure-{file.structure.value}",
        records=_record_count(file),
        length=file.record_length,
        size=file.size,
    )
    return messages.text("cos.line-file", read=_rule(file.read), update=_rule(file.update), structure=structure)


def _print_keys(directory: Directory) -> None:
    click.echo(messages.text("cos.keys"))
    for line in columns([_key_row(slot) for slot in (directory.master, *directory.keys)]):
        click.echo(f"  {line}")


def _key_row(slot: KeySlot) -> tuple[str, str, str, str]:
    return f"{slot.id:02X}", slot.name, messages.text("cos.tries", tries=slot.tries), named(slot.zh, slot.en)


def _print_items(directory: Directory, file: File) -> None:
    click.echo(f"{directory.name}/{file.name} {named(file.zh, file.en)}   {_file_line(file)}")
    rows = []
    for item in file.items:
        rows.append(_item_row(item, f"{item.tag:02X}" if item.tag else "–"))
        rows += [_item_row(member, f"  {member.tag:02X}") for member in item.members]
    for line in columns(rows):
        click.echo(f"  {line}")


def _item_row(item: Item, label: str) -> tuple[str, str, str, str]:
    times = f" ×{item.count}" if item.count > 1 else ""
    return label, item.coding.value, messages.text("cos.bytes", size=item.length) + times, named(item.zh, item.en)


def _record_count(file: File) -> int:
    """Records the file is made for; 0 for a transparent file."""
    if file.structure.is_tlv:
        return sum(item.count for item in file.items)
    return file.size // file.record_length if file.record_length else 0


def _rule(access: Access) -> str:
    if access.never:
        return messages.text("cos.never")
    return messages.text("cos.free") if access.free else str(access)
