"""``sscard keys derive`` and ``import``: keys on their way down, as check values or wrapped, never clear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.errors import CustodyError, Exit, GuardRefused, UsageError

if TYPE_CHECKING:
    from sscard.keys.derivation import Handed, Place
    from sscard.keys.handover import Received
    from sscard.keys.store import Entry
    from sscard.keys.vault import Vault


@click.command("derive", help=messages.text("custody.derive-help"))
@click.argument("names", nargs=-1, metavar="[KEY]...")
@click.option("--path", required=True, metavar="PATH", help=messages.text("custody.option-path"))
@click.option("--version", type=click.IntRange(1, 255), help=messages.text("custody.option-version"))
@click.option("--under", metavar="KEY", help=messages.text("custody.option-under"))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=messages.text("custody.option-out-blocks"))
@click.option("--no-export", is_flag=True, help=messages.text("custody.option-no-export"))
@workspace_option
@keys_option
@json_option
def derive(
    names: tuple[str, ...],
    path: str,
    version: int | None,
    under: str | None,
    out: Path | None,
    no_export: bool,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.unlock import own_vault
    from sscard.keys.derivation import Place
    from sscard.keys.handover import render
    from sscard.keys.keyblock import transport_key, wrap
    from sscard.personalize.workspace import open_workspace

    if (under is None) is not (out is None):
        raise UsageError("derive-out")
    place = Place.parse(path)
    opened = open_workspace(workspace)
    vault = own_vault(opened)
    keys = _handed(vault, place, names, version, exportable=not no_export)
    try:
        if under is not None and out is not None:
            transport = transport_key(vault, under)
            content = render((wrap(key, vault, transport) for key in keys), transport)
            if out.exists():
                raise GuardRefused("custody-exists", path=str(out))
            _note(workspace, "keys derive", path=place, under=under, count=len(keys))
            _write_blocks(out, content)
            _show_written(transport, len(keys), out, as_json=as_json)
            return Exit.OK
        for key in keys:
            if as_json:
                emit(_facts(key))
            else:
                click.echo(messages.text("custody.derive-line", **_shown(key)))
    finally:
        for key in keys:
            key.value.wipe()
    if not as_json:
        click.echo(messages.text("custody.derive-total", count=len(keys)))
    return Exit.OK


@click.command("import", help=messages.text("custody.import-help"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--under", required=True, metavar="KEY", help=messages.text("custody.option-under"))
@workspace_option
@keys_option
@json_option
def import_blocks(file: Path, under: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.unlock import own_vault
    from sscard.keys.handover import receive
    from sscard.keys.keyblock import transport_key
    from sscard.personalize.workspace import open_workspace

    vault = own_vault(open_workspace(workspace))
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CustodyError("custody-unreadable", path=str(file), reason=error.strerror) from None
    received = receive(content, vault, transport_key(vault, under))
    new = sum(each.new for each in received)
    if new:
        vault.save()
    _note(workspace, "keys import", under=under, new=new, known=len(received) - new)
    for each in received:
        _show_received(each, as_json=as_json)
    if not as_json:
        click.echo(messages.text("custody.import-total", new=new, known=len(received) - new))
    return Exit.OK


def _handed(
    vault: Vault, place: Place, names: tuple[str, ...], version: int | None, *, exportable: bool
) -> list[Handed]:
    """The keys asked for, at their place.  Raises CustodyError naming the first that cannot be had."""
    from sscard.keys.catalog import canonical
    from sscard.keys.derivation import candidates, hand_down

    wanted = tuple(canonical(name) for name in names)
    found = [(entry.name, entry.version) for entry in candidates(vault, place, wanted, version)]
    missing = set(wanted) - {name for name, _ in found}
    found += [(name, version or 1) for name in wanted if name in missing]
    if not found:
        raise CustodyError("derive-nothing", path=str(place))
    return [hand_down(vault, name, number, place, exportable=exportable) for name, number in found]


def _write_blocks(out: Path, content: bytes) -> None:
    """The file of key blocks; that they leave stands in the audit log before they do."""
    from sscard.keys.files import create_private

    try:
        create_private(out, content)
    except FileExistsError:
        raise GuardRefused("custody-exists", path=str(out)) from None
    except OSError as error:
        raise CustodyError("custody-unwritable", path=str(out), reason=error.strerror) from None


def _show_written(transport: Entry, count: int, out: Path, *, as_json: bool) -> None:
    facts = {
        "count": count,
        "under": f"{transport.name}:v{transport.version}",
        "check": transport.check_value.hex().upper(),
        "method": transport.method.value,
        "path": str(out),
    }
    if as_json:
        emit(facts)
    else:
        click.echo(messages.text("custody.derive-written", **facts))


def _note(workspace: Path, words: str, **facts: object) -> None:
    from sscard.commands.audit_log import audit
    from sscard.personalize.workspace import open_workspace

    audit(open_workspace(workspace), words, **facts)


def _facts(key: Handed) -> dict[str, object]:
    return {
        "name": key.name,
        "level": key.level.value,
        "path": str(key.place),
        "version": key.version,
        "algorithm": key.algorithm.name,
        "check_value": key.check_value.hex().upper(),
        "method": key.method.value,
    }


def _shown(key: Handed) -> dict[str, object]:
    return {
        "name": key.name,
        "version": key.version,
        "place": str(key.place),
        "check": key.check_value.hex().upper(),
        "method": key.method.value,
    }


def _show_received(each: Received, *, as_json: bool) -> None:
    entry = each.entry
    facts = {
        "name": entry.name,
        "version": entry.version,
        "place": entry.region,
        "check": entry.check_value.hex().upper(),
        "method": entry.method.value,
    }
    if as_json:
        emit({**facts, "new": each.new})
    else:
        click.echo(messages.text(f"custody.import-{'new' if each.new else 'known'}", **facts))
