"""``sscard demo``: the whole main job on software cards, one of them torn and recovered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, is_terminal, json_option
from sscard.errors import Exit, GuardRefused
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.emulator import Rack
    from sscard.keys.service import KeyService
    from sscard.personalize.heads import Event
    from sscard.personalize.job import Production

_MARK = ".made-by-demo"
_REGION = "990101"
_TORN_CARD = 2
_TORN_AFTER = 260
_WATCHED_PACE = 4.0
"""Milliseconds a command where a person watches: a card then takes about two seconds."""
_SHOWN = ("SSSE/EF05", "SSSE/EF06", "DEBIT")


@click.command(
    help=text("help.demo")
    + """

\b
  sscard demo
  sscard demo --dir /tmp/sscard-demo --count 20 --heads 8
"""
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-workspace"),
    show_default=True,
    help=text("personalize.help-demo-dir"),
)
@click.option("--count", type=click.IntRange(1, 10_000), default=8, show_default=True)
@click.option("--heads", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option("--pace", type=click.FloatRange(0, 1000), metavar="MS", help=text("personalize.help-demo-pace"))
@json_option
def command(folder: Path, count: int, heads: int, pace: float | None, as_json: bool) -> int:
    from sscard.commands.production import run_line
    from sscard.commands.unlock import unlock
    from sscard.cos.profile import load_profile
    from sscard.emulator import Rack, Tear
    from sscard.emulator.pace import PacedSlot
    from sscard.personalize import people
    from sscard.personalize.batch import open_batch
    from sscard.personalize.heads import Kind
    from sscard.personalize.job import open_production
    from sscard.personalize.workspace import create_workspace

    _clear(folder)
    place = create_workspace(folder, demo=True, region=_REGION)
    (place.root / _MARK).touch()
    path = place.root / "people.csv"
    people.write(path, count, region=_REGION)
    if not as_json:
        click.echo(text("personalize.demo-workspace", path=folder, people=count))
        click.echo(text("personalize.demo-run", heads=heads))
    service = unlock(place)
    rows = open_batch(path, region=place.region, demo=True)
    production = open_production(place, service, rows, profile=load_profile(place.profile))
    torn = min(_TORN_CARD, count - 1)
    rack = Rack(place.cards_path, area=place.region[:4], tear={torn: (_TORN_AFTER, Tear.AFTER)})
    if pace is None:
        pace = _WATCHED_PACE if is_terminal() and not as_json else 0
    slots = [PacedSlot(rack.slot(number), pace / 1000) for number in range(1, min(heads, count) + 1)]
    seen: list[Event] = []
    try:
        code = run_line(production, slots, wait=5, as_json=as_json, watch=seen.append)
        recovered = sum(event.kind is Kind.GOOD and event.resumed for event in seen)
        if code == Exit.OK and recovered != 1:
            click.echo(text("personalize.demo-failed"), err=True)
            return Exit.FAILED
        if as_json:
            emit({"recovered": recovered})
        else:
            click.echo(text("personalize.demo-recovered", count=recovered))
            _show_card(rack, service, production)
        return code
    finally:
        production.close()


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left; refuse any other folder that holds something."""
    if (folder / _MARK).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise GuardRefused("demo-folder", path=str(folder))


def _show_card(rack: Rack, service: KeyService, production: Production) -> None:
    """Read one finished card back as a terminal would."""
    from sscard.apdu.transport import Channel
    from sscard.commands.read import print_result
    from sscard.emulator import PersistentCard
    from sscard.terminal.identify import identify
    from sscard.terminal.read import read_files, targets
    from sscard.terminal.session import CardSession

    profile = production.work.template.profile
    click.echo(text("personalize.demo-card"))
    finished = rack.drawer[0]
    assert isinstance(finished, PersistentCard)  # noqa: S101 - a rack with a folder keeps no other
    card = PersistentCard(finished.path)
    try:
        channel = Channel(card)
        session = CardSession(channel, profile, identify(channel), service, None)
        for result in read_files(session, targets(profile, _SHOWN)):
            print_result(result, person=False)
    finally:
        card.close()
