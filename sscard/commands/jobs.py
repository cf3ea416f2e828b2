"""``sscard jobs``: what is being made, what stopped in the middle, and giving up a lost card."""

from __future__ import annotations

from pathlib import Path

import click

from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit
from sscard.messages import text


@click.group(
    invoke_without_command=True,
    help=text("help.jobs")
    + """

\b
  sscard jobs --workspace ws
  sscard jobs lose 3 --workspace ws
""",
)
@workspace_option
@json_option
@click.pass_context
def command(context: click.Context, workspace: Path, as_json: bool) -> int:
    context.obj = workspace
    if context.invoked_subcommand is not None:
        return Exit.OK
    from sscard.commands.board import balance_facts, resume_line
    from sscard.personalize.job import open_ledger
    from sscard.personalize.ledger import State
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    ledger = open_ledger(place)
    jobs = ledger.jobs()
    if not jobs and not as_json:
        click.echo(text("personalize.jobs-none"))
    for job in jobs:
        waiting = ledger.cards(job.job, State.WORK)
        if as_json:
            cards = [{"seq": entry.seq, "reset_info": entry.card} for entry in waiting]
            emit({**balance_facts(ledger, job.job), "batch": job.batch, "created": job.created, "in_work": cards})
            continue
        balance = ledger.balance(job.job)
        click.echo(
            text(
                "personalize.jobs-line",
                job=job.job,
                good=balance.good,
                spoiled=balance.spoiled,
                work=balance.work,
                left=balance.left,
                rows=balance.rows,
            )
        )
        for entry in waiting:
            click.echo("  " + resume_line(place, ledger, entry))
    return Exit.OK


@command.command(
    help=text("personalize.help-lose")
    + """

\b
  sscard jobs --workspace ws lose 3
"""
)
@click.argument("seq", type=click.IntRange(min=1))
@click.option("--job", help=text("personalize.help-job"))
@click.option("--workspace", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@json_option
@click.pass_context
def lose(context: click.Context, seq: int, job: str | None, workspace: Path | None, as_json: bool) -> int:
    from sscard.personalize.job import declare_lost, open_ledger
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace or context.obj)
    lost = declare_lost(place, open_ledger(place), seq, job)
    if as_json:
        emit({"lost": lost.card, "seq": seq, "job": lost.job})
    else:
        click.echo(text("personalize.lost-done", seq=seq, card=lost.card))
    return Exit.OK
