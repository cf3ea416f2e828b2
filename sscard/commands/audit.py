"""``sscard audit``: whether journals, chain, ledger and return files still fit together, and evidence to take away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.personalize.audit import Evidence
    from sscard.personalize.workspace import Workspace


@click.group(
    help=text("audit.help")
    + """

\b
  sscard audit verify --workspace ws
  sscard audit export evidence.zip --workspace ws
"""
)
def command() -> None:
    """Group of the audit commands."""


@command.command(
    "verify",
    help=text("audit.help-verify")
    + """

\b
  sscard audit verify --workspace ws
  sscard audit verify --workspace ws --json
""",
)
@workspace_option
@click.option("--job", metavar="JOB", help=text("audit.option-job"))
@click.option("--head", "place", metavar="N:HASH", help=text("audit.option-head"))
@json_option
def verify_command(workspace: Path, job: str | None, place: str | None, as_json: bool) -> int:
    """Check the evidence; returns 1 where something does not fit."""
    from sscard.personalize.audit import noted

    opened, evidence = _evidence(workspace, job)
    if place is not None:
        evidence = noted(evidence, opened.station, place)
    count = 0
    for finding in evidence.findings():
        count += 1
        if as_json:
            emit(finding._asdict())
            continue
        where = f"{finding.place}:{finding.line}" if finding.line else finding.place
        click.echo(f"{where}  {text(f'audit.finding-{finding.kind}')}  {finding.detail}".rstrip())
    numbers = {
        "chains": len(evidence.chains),
        "journals": sum(map(len, evidence.journals.values())),
        "cards": len(evidence.cards),
    }
    if as_json:
        emit({"summary": True, "findings": count, **numbers})
    else:
        click.echo(text("audit.found" if count else "audit.sound", count=count, **numbers))
    return Exit.FAILED if count else Exit.OK


@command.command(
    "head",
    help=text("audit.help-head")
    + """

\b
  sscard audit head --workspace ws
""",
)
@workspace_option
@json_option
def head_command(workspace: Path, as_json: bool) -> int:
    """Print where the station's chain ends."""
    from sscard.personalize.audit import head
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    place = head(opened)
    if as_json:
        emit({"station": opened.station, "number": place.number, "hash": place.hash})
    else:
        click.echo(f"{opened.station}  {place}")
    return Exit.OK


@command.command(
    "export",
    help=text("audit.help-export")
    + """

\b
  sscard audit export evidence.zip --workspace ws
""",
)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@workspace_option
@click.option("--job", metavar="JOB", help=text("audit.option-job"))
@json_option
def export_command(out: Path, workspace: Path, job: str | None, as_json: bool) -> int:
    """Pack the evidence with its checker."""
    from sscard.personalize.audit import export

    _, evidence = _evidence(workspace, job)
    count = export(evidence, out)
    if as_json:
        emit({"file": str(out), "files": count})
    else:
        click.echo(text("audit.exported", path=out, count=count))
    return Exit.OK


def _evidence(workspace: Path, job: str | None) -> tuple[Workspace, Evidence]:
    from sscard.personalize.audit import collect
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    ledger = open_ledger(opened)
    try:
        return opened, collect(opened, ledger, job)
    finally:
        ledger.close()
