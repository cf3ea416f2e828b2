"""``sscard check``: judge a batch file before any card is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.batch_options import ENCODINGS, Findings, setting_of
from sscard.commands.common import emit, json_option
from sscard.commands.ticker import Ticker
from sscard.errors import Exit

if TYPE_CHECKING:
    from sscard.personalize.batch import Report


@click.command(help=messages.text("intake.check-help"))
@click.argument("batch", type=click.Path(path_type=Path))
@click.option("--encoding", type=click.Choice(ENCODINGS), help=messages.text("intake.option-encoding"))
@click.option("--format", "format_name", metavar="NAME|FILE", help=messages.text("intake.option-format"))
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=messages.text("intake.option-check-workspace"),
)
@click.option("--region", metavar="R", help=messages.text("intake.option-region"))
@click.option("--demo/--production", "demo", default=None, help=messages.text("intake.option-mode"))
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help=messages.text("intake.option-limit"),
)
@json_option
def command(
    batch: Path,
    encoding: str | None,
    format_name: str | None,
    workspace: Path | None,
    region: str | None,
    demo: bool | None,
    limit: int,
    as_json: bool,
) -> int:
    from sscard.personalize.batch import check
    from sscard.personalize.exchange.load import load_format

    region, demo = setting_of(workspace, region, demo)
    layout = load_format(format_name) if format_name else None
    ticker = Ticker(lambda rows: messages.text("intake.progress", rows=f"{rows:,}"))
    findings = Findings(ticker, limit, as_json=as_json)
    report = check(
        batch, encoding=encoding, region=region, demo=demo, layout=layout, on_finding=findings.show, on_row=ticker.tick
    )
    ticker.clear()
    _summary(report, findings.shown, as_json=as_json)
    return Exit.FAILED if report.errors else Exit.OK


def _summary(report: Report, shown: int, *, as_json: bool) -> None:
    from sscard.personalize.findings import Severity

    counts = {
        "errors": report.errors,
        "warnings": report.counts.get(Severity.WARNING, 0),
        "hints": report.counts.get(Severity.HINT, 0),
    }
    if as_json:
        emit(
            {
                "summary": True,
                "file": report.path.name,
                "encoding": report.encoding,
                "rows": report.rows,
                **counts,
                "sha256": report.sha256,
            }
        )
        return
    hidden = sum(counts.values()) - shown
    if hidden:
        click.echo(messages.text("intake.more", count=hidden))
    click.echo(messages.text("intake.summary", rows=report.rows, **counts))
    if report.errors:
        first = next(finding for finding in report.findings if finding.severity is Severity.ERROR)
        click.echo(messages.text("intake.stops", rule=first.rule))
