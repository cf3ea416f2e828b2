"""``sscard report``: what became of a batch, as a page to file or as JSON."""

from __future__ import annotations

from pathlib import Path

import click

from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit
from sscard.messages import text


@click.command(
    help=text("report.help")
    + """

\b
  sscard people --count 3 --out b.csv
  sscard personalize b.csv --workspace ws --reader emulator:2
  sscard report b.csv --workspace ws --out report.html
  sscard report b.csv --workspace ws --json
"""
)
@click.argument("job")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=text("report.option-out"))
@click.option("--force", is_flag=True, help=text("report.option-force"))
@workspace_option
@json_option
def command(job: str, out: Path | None, force: bool, workspace: Path, as_json: bool) -> int:
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.report.facts import gather
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    ledger = open_ledger(place)
    try:
        report = gather(place, ledger, job)
    finally:
        ledger.close()
    if out is not None or not as_json:
        from sscard.commands.new_file import write_new
        from sscard.personalize.report.page import render

        path = out or Path(f"{report.job.job}-report.html")
        write_new(path, render(report).encode("utf-8"), force=force)
        if not as_json:
            click.echo(text("report.written", path=path))
    if as_json:
        emit(report.as_json())
    return Exit.FAILED if report.findings or not report.balance.ties else Exit.OK
