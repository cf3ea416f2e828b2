"""``sscard jobs``: what is being made and what stopped, lost and spoiled cards, pauses, and closing a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, json_option, workspace_option
from sscard.cos.passes import plain
from sscard.errors import Exit
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.personalize.ledger import Ledger
    from sscard.personalize.workspace import Workspace

_own_workspace = click.option("--workspace", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")


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
    from sscard.commands.board import balance_facts, card_facts, resume_line, station_facts
    from sscard.personalize.joblock import is_running
    from sscard.personalize.ledger import State

    place, ledger = _place(context, workspace)
    jobs, stations = ledger.jobs(), ledger.stations()
    if not jobs and not as_json:
        click.echo(text("personalize.jobs-none"))
    for job in jobs:
        waiting = ledger.cards(job.job, State.WORK)
        standing = ledger.standing(job.job)
        running = is_running(place.jobs_path / job.job)
        if as_json:
            cards = [
                {"seq": entry.seq, "reset_info": plain(entry.card)} | station_facts(stations, entry.station)
                for entry in waiting
            ]
            emit(
                {**balance_facts(ledger, job.job), "batch": job.batch, "created": job.created}
                | {"standing": standing, "running": running, "in_work": cards}
            )
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
            + text(f"operator.mark-{standing}")
        )
        for entry in waiting:
            here = running and ledger.mine(entry)
            line = text("personalize.here", **card_facts(ledger, entry)) if here else resume_line(place, ledger, entry)
            click.echo(f"  {line}")
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
@_own_workspace
@json_option
@click.pass_context
def lose(context: click.Context, seq: int, job: str | None, workspace: Path | None, as_json: bool) -> int:
    from sscard.personalize.job import declare_lost

    lost = declare_lost(*_place(context, workspace), seq, job)
    if as_json:
        emit({"lost": plain(lost.card), "seq": seq, "job": lost.job})
    else:
        click.echo(text("personalize.lost-done", seq=seq, card=plain(lost.card)))
    return Exit.OK


@command.command(
    help=text("operator.help-spoil")
    + """

\b
  sscard jobs --workspace ws spoil 3 --reason 印刷
"""
)
@click.argument("seq", type=click.IntRange(min=1))
@click.option("--reason", required=True, help=text("operator.help-reason"))
@click.option("--job", help=text("personalize.help-job"))
@_own_workspace
@json_option
@click.pass_context
def spoil(context: click.Context, seq: int, reason: str, job: str | None, workspace: Path | None, as_json: bool) -> int:
    from sscard.personalize import decisions

    spoiled = decisions.spoil(*_place(context, workspace), seq, reason, job)
    if as_json:
        emit({"spoiled": plain(spoiled.card), "seq": seq, "job": spoiled.job})
    else:
        click.echo(text("operator.spoiled", seq=seq, card=plain(spoiled.card)))
    return Exit.OK


@command.command(
    help=text("operator.help-pause")
    + """

\b
  sscard jobs --workspace ws pause b-1a2b3c4d
"""
)
@click.argument("job")
@_own_workspace
@json_option
@click.pass_context
def pause(context: click.Context, job: str, workspace: Path | None, as_json: bool) -> int:
    from sscard.personalize import decisions

    decisions.pause(*_place(context, workspace), job)
    return _stands(job, "paused", as_json=as_json)


@command.command(
    "continue",
    help=text("operator.help-continue")
    + """

\b
  sscard jobs --workspace ws continue b-1a2b3c4d
""",
)
@click.argument("job")
@_own_workspace
@json_option
@click.pass_context
def go_on(context: click.Context, job: str, workspace: Path | None, as_json: bool) -> int:
    from sscard.personalize import decisions

    decisions.go_on(*_place(context, workspace), job)
    return _stands(job, "open", as_json=as_json)


@command.command(
    help=text("operator.help-close")
    + """

\b
  sscard jobs --workspace ws close b-1a2b3c4d --blanks 200 --left 3
"""
)
@click.argument("job")
@click.option("--blanks", type=click.IntRange(min=0), required=True, help=text("operator.help-blanks"))
@click.option("--left", type=click.IntRange(min=0), default=0, show_default=True, help=text("operator.help-left"))
@click.option("--give-up-rows", is_flag=True, help=text("operator.help-give-up"))
@_own_workspace
@json_option
@click.pass_context
def close(
    context: click.Context,
    job: str,
    blanks: int,
    left: int,
    give_up_rows: bool,
    workspace: Path | None,
    as_json: bool,
) -> int:
    from dataclasses import asdict

    from sscard.personalize import decisions

    closing = decisions.close(*_place(context, workspace), job, blanks=blanks, left=left, give_up_rows=give_up_rows)
    if as_json:
        emit(asdict(closing) | {"standing": "closed"})
    else:
        click.echo(text("operator.closed", **asdict(closing)))
    return Exit.OK


def _place(context: click.Context, workspace: Path | None) -> tuple[Workspace, Ledger]:
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace or context.obj)
    ledger = open_ledger(place)
    context.call_on_close(ledger.close)
    return place, ledger


def _stands(job: str, standing: str, *, as_json: bool) -> int:
    if as_json:
        emit({"job": job, "standing": standing})
    else:
        click.echo(text(f"operator.standing-{standing}", job=job))
    return Exit.OK
