"""``sscard psam issue | recall | destroy | where | overdue``: PSAMs after loading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sscard import messages
from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit, UsageError

if TYPE_CHECKING:
    from sscard.psam.entries import PsamEntry


def _day(_context: click.Context, _parameter: click.Parameter, digits: str | None) -> str | None:
    """A day YYYYMMDD."""
    from datetime import date

    if digits is None:
        return None
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        raise UsageError("psam-day", value=digits) from None
    return digits


def _common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every change to one PSAM."""
    by = click.option("--by", "who", required=True, help=messages.text("psam.option-by"))
    return click.argument("terminal")(by(workspace_option(json_option(function))))


@click.command("issue", help=messages.text("psam.issue-help"))
@click.option("--device", required=True, help=messages.text("psam.option-device"))
@click.option("--address", required=True, help=messages.text("psam.option-address"))
@click.option("--keeper", required=True, help=messages.text("psam.option-keeper"))
@click.option("--form", "shape", default="SIM", help=messages.text("psam.option-form"))
@click.option("--due", required=True, callback=_day, help=messages.text("psam.option-due"))
@click.option("--replaces", default="", help=messages.text("psam.option-replaces"))
@_common
def issue(
    terminal: str,
    who: str,
    device: str,
    address: str,
    keeper: str,
    shape: str,
    due: str,
    replaces: str,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.psam_open import register_of
    from sscard.personalize.workspace import open_workspace

    with register_of(open_workspace(workspace)) as register:
        facts = {"device": device, "address": address, "keeper": keeper, "form": shape, "due": due}
        entry = register.issue(terminal, who, **facts, replaces=replaces)
    return _shown([entry], as_json=as_json)


@click.command("recall", help=messages.text("psam.recall-help"))
@click.option("--reason", required=True, help=messages.text("psam.option-reason"))
@click.option("--lost", is_flag=True, help=messages.text("psam.option-lost"))
@_common
def recall(terminal: str, who: str, reason: str, lost: bool, workspace: Path, as_json: bool) -> int:
    from sscard.commands.psam_open import register_of
    from sscard.personalize.workspace import open_workspace

    with register_of(open_workspace(workspace)) as register:
        entry = (register.lose if lost else register.recall)(terminal, who, reason)
    return _shown([entry], as_json=as_json)


@click.command("destroy", help=messages.text("psam.destroy-help"))
@click.option("--reason", required=True, help=messages.text("psam.option-reason"))
@click.option("--witness", required=True, help=messages.text("psam.option-witness"))
@_common
def destroy(terminal: str, who: str, reason: str, witness: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.approvals import proved
    from sscard.commands.psam_open import register_of
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    with register_of(opened) as register:
        entry = register.destroy(terminal, proved(opened, who), proved(opened, witness), reason)
    return _shown([entry], as_json=as_json)


@click.command("where", help=messages.text("psam.where-help"))
@click.argument("terminal", required=False)
@click.option("--history", is_flag=True, help=messages.text("psam.option-history"))
@click.option("--holding", metavar="KEY", help=messages.text("psam.option-holding"))
@click.option("--version", type=click.IntRange(1, 255), default=1, help=messages.text("psam.option-version"))
@workspace_option
@json_option
def where(
    terminal: str | None, history: bool, holding: str | None, version: int, workspace: Path, as_json: bool
) -> int:
    from sscard.commands.psam_open import register_of
    from sscard.keys.catalog import canonical
    from sscard.personalize.impact import parse_ref
    from sscard.personalize.workspace import open_workspace

    with register_of(open_workspace(workspace)) as register:
        if holding:
            name, version = parse_ref(holding) if ":" in holding else (canonical(holding), version)
            entries = register.holding(name, version)
        else:
            entries = [register.where(terminal)] if terminal else register.psams()
        events = register.history(terminal) if terminal and history else []
    code = _shown(entries, as_json=as_json)
    for event in events:
        if as_json:
            emit(asdict(event))
        else:
            click.echo(messages.text("psam.event", **asdict(event)))
    return code


@click.command("overdue", help=messages.text("psam.overdue-help"))
@click.option("--day", callback=_day, help=messages.text("psam.option-day"))
@workspace_option
@json_option
def overdue(day: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.psam_open import register_of, today
    from sscard.personalize.workspace import open_workspace

    with register_of(open_workspace(workspace)) as register:
        entries = register.overdue(day or today())
    if not entries and not as_json:
        click.echo(messages.text("psam.overdue-none"))
        return Exit.OK
    _shown(entries, as_json=as_json)
    return Exit.PARTLY if entries else Exit.OK


def _shown(entries: Iterable[PsamEntry], *, as_json: bool) -> int:
    """A line a PSAM."""
    found = False
    for entry in entries:
        found = True
        if as_json:
            emit(asdict(entry))
            continue
        facts = {name: value or messages.text("psam.none") for name, value in asdict(entry).items()}
        facts["state"] = messages.text(f"psam.state-{entry.state.value}")
        click.echo(messages.text("psam.line", **facts))
    if not found and not as_json:
        click.echo(messages.text("psam.where-none"))
    return Exit.OK


COMMANDS: Final = (issue, recall, destroy, where, overdue)
