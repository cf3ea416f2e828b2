"""``sscard keys token``: the keys of a workspace's city in a PKCS#11 token."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.commands.layout import columns
from sscard.errors import Exit, UsageError

if TYPE_CHECKING:
    from sscard.keys.backend import TokenBackend
    from sscard.keys.store import Entry
    from sscard.personalize.workspace import Workspace


@click.group(help=messages.text("keys.token-help"))
def token() -> None:
    pass


@token.command("load", help=messages.text("keys.token-load-help"))
@workspace_option
@keys_option
@json_option
def load(workspace: Path, as_json: bool) -> int:
    from sscard.commands.unlock import open_vault, token_pin
    from sscard.keys.pkcs11_load import load_token
    from sscard.keys.pkcs11_token import TokenAddress
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    backend = _token_backend(place)
    vault = open_vault(place)
    pin = token_pin(backend)
    try:
        loaded = load_token(TokenAddress(backend.module, backend.label), pin, vault, place.region)
    finally:
        pin.wipe()
        vault.wipe()
    _show(loaded, as_json=as_json)
    if not as_json:
        click.echo(messages.text("keys.token-loaded", count=len(loaded), token=backend.label))
    return Exit.OK


@token.command("list", help=messages.text("keys.token-list-help"))
@workspace_option
@keys_option
@json_option
def list_token(workspace: Path, as_json: bool) -> int:
    from contextlib import closing
    from dataclasses import replace

    from sscard.commands.unlock import token_pin
    from sscard.keys.pkcs11_token import TokenAddress, TokenCustody
    from sscard.keys.store import Usage
    from sscard.personalize.workspace import open_workspace

    backend = _token_backend(open_workspace(workspace))
    with closing(TokenCustody(TokenAddress(backend.module, backend.label), token_pin(backend))) as custody:
        entries = [
            replace(entry, check_value=custody.branch(entry, ()).check_value())
            if entry.usage is Usage.DIVERSIFY
            else entry
            for entry in custody.entries()
        ]
    _show(sorted(entries, key=lambda entry: entry.place), as_json=as_json)
    return Exit.OK


def _token_backend(workspace: Workspace) -> TokenBackend:
    from sscard.commands.unlock import chosen_backend
    from sscard.keys.backend import TokenBackend

    backend = chosen_backend(workspace)
    if not isinstance(backend, TokenBackend):
        raise UsageError("usage", cause=messages.text("keys.token-needed"))
    return backend


def _show(entries: Iterable[Entry], *, as_json: bool) -> None:
    rows = []
    for entry in entries:
        check = entry.check_value.hex().upper()
        if as_json:
            facts = {"name": entry.name, "level": entry.level.value, "region": entry.region, "version": entry.version}
            emit({**facts, "usage": entry.usage.value, "demo": entry.demo, "check_value": check})
        else:
            level = messages.text(f"keys.level-{entry.level.value}")
            rows.append((entry.name, level, entry.region or "–", str(entry.version), check or "–"))
    for line in columns(rows) if rows else ():
        click.echo(line)
