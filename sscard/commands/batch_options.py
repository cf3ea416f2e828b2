"""What the commands on batch files share: region and mode to judge by, and a finding as a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.common import emit
from sscard.commands.ticker import Ticker

if TYPE_CHECKING:
    from sscard.personalize.findings import Finding

ENCODINGS: Final = ("utf-8", "gb18030", "gbk")
DEMO_REGION: Final = "990101"
WORKSPACE_FILE: Final = "sscard.toml"


def setting_of(workspace: Path | None, region: str | None, demo: bool | None) -> tuple[str, bool]:
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


class Findings:
    """Shows findings as they come: all as objects with ``as_json``, else the first ``limit`` as lines (0: all).

    ``shown`` counts the lines.
    """

    def __init__(self, ticker: Ticker, limit: int, *, as_json: bool) -> None:
        self._ticker = ticker
        self._limit = limit
        self._as_json = as_json
        self.shown = 0

    def show(self, finding: Finding) -> None:
        """One more."""
        if self._as_json:
            emit(finding.as_json())
        elif not self._limit or self.shown < self._limit:
            self._ticker.clear()
            click.echo(finding_line(finding))
            self.shown += 1


def finding_line(finding: Finding) -> str:
    """``b.csv:14:ssn  SSN-03 error  what is wrong  what to do``."""
    place = f"{finding.file}:{finding.line}" + (f":{finding.column}" if finding.column else "")
    severity = messages.text(f"intake.{finding.severity.value}")
    hint = finding.hint()
    return f"{place:<18} {finding.rule} {severity}  {finding.message()}" + (f"  → {hint}" if hint else "")
