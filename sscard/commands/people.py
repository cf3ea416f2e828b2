"""``sscard people``: a batch of synthetic people."""

from __future__ import annotations

from pathlib import Path

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.commands.ticker import Ticker
from sscard.errors import Exit


@click.command(help=messages.text("intake.people-help"))
@click.option("--count", type=click.IntRange(min=1), required=True, help=messages.text("intake.option-count"))
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help=messages.text("intake.option-seed")
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help=messages.text("intake.option-out"))
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "gb18030", "gbk"]),
    default="utf-8",
    show_default=True,
    help=messages.text("intake.option-out-encoding"),
)
@click.option(
    "--region",
    metavar="R",
    default="990101",
    show_default=True,
    help=messages.text("intake.option-people-region"),
)
@click.option("--force", is_flag=True, help=messages.text("intake.option-force"))
@json_option
def command(count: int, seed: int, out: Path, encoding: str, region: str, force: bool, as_json: bool) -> int:
    from sscard.personalize import people

    ticker = Ticker(lambda rows: messages.text("intake.writing", rows=f"{rows:,}"))
    people.write(out, count, seed=seed, region=region, encoding=encoding, force=force, on_row=ticker.tick)
    ticker.clear()
    if as_json:
        emit({"file": str(out), "count": count, "seed": seed, "region": region, "encoding": encoding})
    else:
        click.echo(messages.text("intake.written", count=count, path=out))
    return Exit.OK
