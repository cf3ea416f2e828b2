"""``sscard keys``: the catalogue and the vault, never a key value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.commands.keys_component import component
from sscard.commands.keys_handover import derive, import_blocks
from sscard.commands.keys_token import token
from sscard.commands.keys_watch import anchor, change_state, impact
from sscard.errors import CustodyError, Exit

if TYPE_CHECKING:
    from sscard.keys.catalog import CatalogKey
    from sscard.keys.store import Entry


@click.group(help=messages.text("keys.group"))
def command() -> None:
    pass


for _subcommand in (derive, import_blocks, impact, change_state, anchor, component, token):
    command.add_command(_subcommand)


@command.command("catalog", help=messages.text("keys.catalog-help"))
@click.argument("name", required=False)
@click.option("--level", type=click.Choice(["national", "local"]), help=messages.text("keys.option-level"))
@json_option
def catalog(name: str | None, level: str | None, as_json: bool) -> int:
    from sscard.keys.catalog import find, load

    rows = (find(name),) if name else load()
    rows = tuple(row for row in rows if level in (None, row.level.value))
    if as_json:
        for row in rows:
            emit(_catalog_facts(row))
        return Exit.OK
    if name:
        for row in rows:
            _print_sheet(row)
        return Exit.OK
    _print_table(("number", "name", "kind", "directory", "id", "psam", "function"), map(_catalog_cells, rows))
    return Exit.OK


@command.command("list", help=messages.text("keys.list-help"))
@click.option("--name", metavar="KEY", help=messages.text("keys.option-name"))
@click.option("--version", type=click.IntRange(1, 255), help=messages.text("keys.option-version"))
@workspace_option
@keys_option
@json_option
def list_keys(name: str | None, version: int | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.unlock import own_vault
    from sscard.keys.catalog import canonical
    from sscard.personalize.workspace import open_workspace

    vault = own_vault(open_workspace(workspace))
    entries = [
        entry for entry in vault if (name is None or entry.name == canonical(name)) and version in (None, entry.version)
    ]
    if name is not None and not entries:
        raise CustodyError("key-missing", ref=name)
    if as_json:
        for entry in entries:
            emit(_entry_facts(entry))
        return Exit.OK
    titles = ("name", "level", "place", "version", "usage", "state", "check", "method")
    _print_table(titles, (_entry_cells(entry) for entry in entries))
    click.echo(messages.text("keys.list-total", count=len(entries)))
    if vault.demo:
        click.echo(messages.text("keys.list-demo"))
    return Exit.OK


@command.command("check", help=messages.text("keys.check-help"))
@workspace_option
@keys_option
@click.option("--pass", "pass_name", metavar="NAME", help=messages.text("modes.help-pass"))
@click.option("--on", "link", type=click.Choice(["ssn", "card_no"]), help=messages.text("modes.help-on"))
@json_option
def check(workspace: Path, pass_name: str | None, link: str | None, as_json: bool) -> int:
    from sscard.commands.unlock import unlock
    from sscard.cos.model import KeyKind, Profile
    from sscard.cos.passes import WHOLE
    from sscard.cos.profile import load_profile
    from sscard.keys.catalog import TRANSPORT
    from sscard.keys.service import KeyRef
    from sscard.personalize.job import compile_pass, pass_of
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    service = unlock(opened)
    profile: Profile = load_profile(opened.profile)
    service.require(profile.algorithm)
    slots = [profile.card_master, *(slot for node in profile.directories for slot in (node.master, *node.keys))]
    wanted = [(slot.name, version, slot.zh, slot.en) for slot in slots for version in slot.versions]
    presented = {slot.name for slot in slots if slot.kind is KeyKind.PIN} | {TRANSPORT}
    wanted.append((TRANSPORT, 1, "传输码", "transport code"))
    pass_ = pass_of(profile, pass_name or opened.pass_name)
    if pass_.name != WHOLE:
        template, _, arrival = compile_pass(opened, profile, pass_, pass_.link and (link or pass_.link))
        needed = {(ref.name, ref.version) for ref in template.key_refs() | arrival.key_refs()}
        wanted = [row for row in wanted if row[:2] in needed]
    missing = 0
    for name, version, zh, en in wanted:
        ref = KeyRef(name, opened.region, version=version)
        try:
            value = "" if name in presented else service.check_value(ref).hex().upper()
            if name in presented:
                service.presentation(ref).wipe()
        except CustodyError as error:
            missing += 1
            if as_json:
                emit({"key": name, "version": version, "found": False, "error": error.code})
            elif error.key == "key-missing":
                click.echo(messages.text("keys.check-missing", name=name, version=version, zh=zh, en=en))
            else:
                click.echo(messages.text("keys.check-unusable", name=name, version=version, reason=error.parts()[0]))
        else:
            if as_json:
                emit({"key": name, "version": version, "found": True, "check_value": value})
    if missing:
        raise CustodyError("keys-incomplete", count=missing)
    if not as_json:
        facts = {"profile": profile.name, "region": opened.region, "count": len(wanted)}
        click.echo(messages.text("keys.check-complete", **facts))
    return Exit.OK


def _catalog_facts(row: CatalogKey) -> dict[str, object]:
    return {
        "number": row.number,
        "name": row.name,
        "aliases": list(row.aliases),
        "level": row.level.value,
        "kind": row.kind.value,
        "directory": row.directory,
        "function_zh": row.zh,
        "function_zh_now": row.zh_now,
        "function_en": row.en,
        "id": None if row.key_id is None else f"{row.key_id:02X}",
        "id_from": [mark.value for mark in row.evidence],
        "psam_classes": [f"{number:X}" for number in row.psam.classes],
        "psam_ids": [f"{number:02X}" for number in row.psam.ids],
        "psam_usages": [f"{number:02X}" for number in row.psam.usages],
        "addresses": [f"{number:04X}" for number in row.addresses],
        "groups": row.groups,
    }


def _catalog_cells(row: CatalogKey) -> tuple[str, ...]:
    return (
        row.number,
        row.name,
        messages.text(f"keys.kind-{row.kind.value}"),
        row.directory,
        "–" if row.key_id is None else f"{row.key_id:02X}",
        f"{row.psam.classes[0]:X}·{row.psam.ids[0]:02X}",
        row.zh if messages.current() == "zh" else f"{row.zh} {row.en}",
    )


def _print_sheet(row: CatalogKey) -> None:
    """Everything about one key, a line a fact."""
    facts = {
        "number": row.number,
        "name": " = ".join((row.name, *row.aliases)),
        "function": row.zh if row.zh == row.zh_now else f"{row.zh} → {row.zh_now}",
        "english": row.en,
        "level": messages.text(f"keys.level-{row.level.value}"),
        "kind": messages.text(f"keys.kind-{row.kind.value}"),
        "directory": row.directory,
        "id": "–" if row.key_id is None else f"{row.key_id:02X}",
        "evidence": ", ".join(messages.text(f"keys.evidence-{mark.value}") for mark in row.evidence),
        "psam": " ".join(f"{row.psam.classes[0]:X}·{number:02X}" for number in row.psam.ids),
        "usages": " ".join(f"{number:02X}" for number in row.psam.usages) or "–",
        "address": " ".join(f"{number:04X}" for number in row.addresses),
        "groups": str(row.groups),
    }
    _print_columns([(messages.text(f"keys.col-{title}"), value) for title, value in facts.items()])


def _entry_facts(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "level": entry.level.value,
        "region": entry.region,
        "version": entry.version,
        "algorithm": entry.algorithm.name,
        "usage": entry.usage.value,
        "state": entry.state.value,
        "incidents": list(entry.incidents),
        "demo": entry.demo,
        "check_value": entry.check_value.hex().upper(),
        "method": entry.method.value if entry.check_value else "",
        "exportable": entry.exportable,
    }


def _entry_cells(entry: Entry) -> tuple[str, ...]:
    return (
        entry.name,
        messages.text(f"keys.level-{entry.level.value}"),
        messages.text(f"keys.place-{len(entry.region)}", region=entry.region),
        str(entry.version),
        messages.text(f"keys.usage-{entry.usage.value}"),
        messages.text("keys.frozen", incidents=" ".join(entry.incidents))
        if entry.incidents
        else messages.text(f"keys.state-{entry.state.value}"),
        entry.check_value.hex().upper() or "–",
        entry.method.value if entry.check_value else "–",
    )


def _print_table(titles: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    _print_columns([tuple(messages.text(f"keys.col-{title}") for title in titles), *rows])


def _print_columns(table: Sequence[tuple[str, ...]]) -> None:
    """Plain columns, each as wide as its widest cell; Chinese characters count two."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
