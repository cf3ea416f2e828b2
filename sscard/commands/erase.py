"""``sscard erase``: what held people is overwritten and removed after a job, on record."""

from __future__ import annotations

from pathlib import Path

import click

from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit
from sscard.messages import text


@click.command(
    help=text("erase.help")
    + """

\b
  sscard erase b-1a2b3c4d b.csv --workspace ws
  sscard erase b-1a2b3c4d --verify . --workspace ws
"""
)
@click.argument("job")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|FOLDER]...")
@workspace_option
@click.option("--verify", is_flag=True, help=text("erase.option-verify"))
@click.option("--approval", metavar="NAME=FILE", multiple=True, help=text("operator.help-approval"))
@click.option("--yes", is_flag=True, help=text("erase.option-yes"))
@json_option
def command(
    job: str,
    paths: tuple[Path, ...],
    workspace: Path,
    verify: bool,
    approval: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> int:
    from sscard.commands.approvals import signers
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.erasure import erase, remains, require_over
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    ledger = open_ledger(place)
    try:
        over = require_over(place, ledger, job)
        if verify:
            found = remains(place, over, paths)
        else:
            if not yes and not click.confirm(text("erase.confirm", job=job), err=True):
                return Exit.REFUSED
            found = erase(place, ledger, over, paths, signers(place, over, approval))
    finally:
        ledger.close()
    for path in found:
        if as_json:
            emit({"path": str(path), "erased": not verify})
        else:
            click.echo(text("erase.remains" if verify else "erase.erased", path=path))
    if verify and not found and not as_json:
        click.echo(text("erase.none", job=job))
    return Exit.FAILED if verify and found else Exit.OK
