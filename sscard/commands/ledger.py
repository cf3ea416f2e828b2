"""``sscard ledger``: the ledger that stations share, made or brought to this version, and who works in it."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import click

from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit
from sscard.messages import text


@click.group(
    help=text("ledger.help")
    + """

\b
  sscard ledger show --workspace ws
  sscard ledger prepare --workspace ws
"""
)
def command() -> None:
    """Group of the ledger commands."""


@command.command(
    help=text("ledger.help-show")
    + """

\b
  sscard ledger show --workspace ws
"""
)
@workspace_option
@json_option
def show(workspace: Path, as_json: bool) -> int:
    from sscard.commands.board import silent_since, station_facts
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.ledger import State
    from sscard.personalize.workspace import open_workspace

    with closing(open_ledger(open_workspace(workspace))) as ledger:
        stations = ledger.stations()
        work = Counter(card.station for job in ledger.jobs() for card in ledger.cards(job.job, State.WORK))
        facts = {"place": ledger.place, "engine": ledger.engine, "version": ledger.version, "key": ledger.key_check}
        own = ledger.seat.station
    if as_json:
        emit(facts)
    else:
        click.echo(text("ledger.facts", **facts))
    for name, station in stations.items():
        if as_json:
            emit(station_facts(stations, name) | {"own": name == own, "in_work": work[name]})
            continue
        key = "ledger.station" if station.lives else "ledger.station-silent"
        mark = text("ledger.own") if name == own else ""
        click.echo(text(key, station=name, own=mark, work=work[name], since=silent_since(station)))
    return Exit.OK


@command.command(
    help=text("ledger.help-prepare")
    + """

\b
  sscard ledger prepare --workspace ws
"""
)
@workspace_option
@json_option
def prepare(workspace: Path, as_json: bool) -> int:
    from sscard.personalize.bookkeeping import has_own_people, person_key_path, prepare_ledger
    from sscard.personalize.ledger.schema import VERSION
    from sscard.personalize.takeover import take_over
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    place, before = prepare_ledger(opened)
    taken = take_over(opened) if has_own_people(opened) else None
    if as_json:
        emit({"place": place, "before": before, "version": VERSION, "taken_over": taken})
        return Exit.OK
    key = "ledger.made" if before == 0 else "ledger.current" if before == VERSION else "ledger.updated"
    click.echo(text(key, place=place, before=before, version=VERSION, key=person_key_path(opened)))
    if taken is not None:
        click.echo(text("ledger.taken-over", count=taken, path=opened.ledger_path))
    return Exit.OK
