"""``sscard outbox``: return files on their way to those who wait for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, json_option, show_error, workspace_option
from sscard.errors import Exit, GuardRefused, SscardError
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.personalize.outbox import Item, Outbox
    from sscard.personalize.workspace import Workspace


@click.group(
    help=text("outbox.help")
    + """

\b
  sscard outbox list --workspace ws
  sscard outbox verify --workspace ws
"""
)
def command() -> None:
    """Group of the outbox commands."""


@command.command(
    "list",
    help=text("outbox.help-list")
    + """

\b
  sscard outbox list --workspace ws
""",
)
@workspace_option
@click.option("--job", metavar="JOB", help=text("outbox.option-job"))
@json_option
def list_command(workspace: Path, job: str | None, as_json: bool) -> int:
    """Show every file and its stage."""
    with _opened(workspace) as (place, outbox):
        items = outbox.items(job)
        for item in items:
            if as_json:
                emit({**_facts(item), "stage": item.stage.value})
            else:
                stage = text(f"outbox.stage-{item.stage}")
                click.echo(text("outbox.line", **_line(item), stage=stage))
        if not items and not as_json:
            click.echo(text("outbox.empty" if place.targets else "outbox.no-targets"))
    return Exit.OK


@command.command(
    "send",
    help=text("outbox.help-send")
    + """

\b
  sscard outbox send --workspace ws
""",
)
@workspace_option
@click.option("--job", metavar="JOB", help=text("outbox.option-job"))
@click.option("--target", "targets", metavar="NAME", multiple=True, help=text("outbox.option-target"))
@json_option
def send_command(workspace: Path, job: str | None, targets: tuple[str, ...], as_json: bool) -> int:
    """Send all that has no receipt; one failure does not keep the others back."""
    from sscard.personalize.outbox import Stage

    failed: list[SscardError] = []
    done = 0
    with _opened(workspace) as (place, outbox):
        if not place.targets:
            raise GuardRefused("outbox-no-targets")
        with outbox.hold():
            waiting = [item for item in outbox.items(job, targets) if item.stage is not Stage.ACKNOWLEDGED]
            for item in waiting:
                try:
                    receipt = outbox.send(item)
                except SscardError as error:
                    failed.append(error)
                    show_error(error, as_json=as_json)
                    continue
                done += 1
                if as_json:
                    emit({**_facts(item), "effect": receipt.effect.value, "note": receipt.note})
                else:
                    effect = text(f"outbox.effect-{receipt.effect}")
                    click.echo(text("outbox.sent", **_line(item), effect=effect, note=receipt.note).rstrip())
    if as_json:
        emit({"summary": True, "acknowledged": done, "open": len(failed)})
    elif waiting:
        click.echo(text("outbox.summary", acknowledged=done, open=len(failed)))
    else:
        click.echo(text("outbox.nothing"))
    return _worst(failed)


@command.command(
    "verify",
    help=text("outbox.help-verify")
    + """

\b
  sscard outbox verify --workspace ws
""",
)
@workspace_option
@json_option
def verify_command(workspace: Path, as_json: bool) -> int:
    """Hold files and receipts against the chain; returns 1 where something does not fit."""
    count = 0
    with _opened(workspace) as (_, outbox):
        for finding in outbox.findings():
            count += 1
            if as_json:
                emit(finding._asdict())
            else:
                click.echo(f"{finding.file}  {text(f'outbox.finding-{finding.kind}')}")
        numbers = {"files": outbox.files, "receipts": outbox.receipts}
    if as_json:
        emit({"summary": True, "findings": count, **numbers})
    else:
        click.echo(text("outbox.found" if count else "outbox.sound", count=count, **numbers))
    return Exit.FAILED if count else Exit.OK


@contextmanager
def _opened(workspace: Path) -> Iterator[tuple[Workspace, Outbox]]:
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.outbox import Outbox
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    ledger = open_ledger(place)
    try:
        yield place, Outbox(place, ledger)
    finally:
        ledger.close()


def _facts(item: Item) -> dict[str, object]:
    told = item.revision
    return {
        "file": told.name,
        "job": told.job,
        "kind": told.kind.value,
        "revision": told.number,
        "key": told.key,
        "supersedes": told.supersedes,
        "sha256": told.sha256,
        "records": told.records,
        "rows": told.rows,
        "good": told.good,
        "spoiled": told.spoiled,
        "target": item.target.name,
    }


def _line(item: Item) -> dict[str, object]:
    told = item.revision
    return {"file": told.name, "revision": told.number, "records": told.records, "target": item.target.name}


def _worst(failed: list[SscardError]) -> int:
    """A refusal is worse than a failure, a failure worse than what only has to be sent again."""
    codes = {int(error.exit_code) for error in failed}
    return next((code for code in (Exit.REFUSED, Exit.FAILED, Exit.PARTLY) if code in codes), Exit.OK)
