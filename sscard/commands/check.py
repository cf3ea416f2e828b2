"""``sscard check``: judge a batch file before any card is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.commands.ticker import Ticker
from sscard.errors import Exit

if TYPE_CHECKING:
    from sscard.personalize.batch import Report
    from sscard.personalize.findings import Finding

DEMO_REGION: Final = "990101"
WORKSPACE_FILE: Final = "sscard.toml"


@click.command(help=messages.text("intake.check-help"))
@click.argument("batch", type=click.Path(path_type=Path))
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "gb18030", "gbk"]),
    default="utf-8",
    show_default=True,
    help=messages.text("intake.option-encoding"),
)
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
    batch: Path, encoding: str, workspace: Path | None, region: str | None, demo: bool | None, limit: int, as_json: bool
) -> int:
    from sscard.personalize.batch import check

    region, demo = _setting(workspace, region, demo)
    ticker = Ticker(lambda rows: messages.text("intake.progress", rows=f"{rows:,}"))
    shown = 0

    def show(finding: Finding) -> None:
        nonlocal shown
        if as_json:
            emit(finding.as_json())
        elif not limit or shown < limit:
            ticker.clear()
            click.echo(_line(finding))
            shown += 1

    report = check(batch, encoding=encoding, region=region, demo=demo, on_finding=show, on_row=ticker.tick)
    ticker.clear()
    _summary(report, shown, as_json=as_json)
    return Exit.FAILED if report.errors else Exit.OK


def _setting(workspace: Path | None, region: str | None, demo: bool | None) -> tuple[str, bool]:
    """Region and mode: from the options, else from the workspace, else those of demonstrations."""
    if workspace is None and region is None and demo is None and Path(WORKSPACE_FILE).exists():
        workspace = Path()
    if workspace is not None:
        if region is not None or demo is not None:
            raise click.UsageError(messages.text("intake.conflict"))
        from sscard.personalize.workspace import open_workspace

        opened = open_workspace(workspace)
        return opened.region, opened.demo
    if region is None and demo is False:
        raise click.UsageError(messages.text("intake.need-region"))
    region = region or DEMO_REGION
    return region, region.startswith("99") if demo is None else demo


def _line(finding: Finding) -> str:
    """``b.csv:14:ssn  SSN-03 error  what is wrong  what to do``."""
    place = f"{finding.file}:{finding.line}" + (f":{finding.column}" if finding.column else "")
    severity = messages.text(f"intake.{finding.severity.value}")
    hint = finding.hint()
    return f"{place:<18} {finding.rule} {severity}  {finding.message()}" + (f"  → {hint}" if hint else "")


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
