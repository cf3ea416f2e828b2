"""``sscard merge``: two parties' files made one batch on a key that both have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.batch_options import ENCODINGS, Findings, setting_of
from sscard.commands.common import emit, json_option
from sscard.commands.ticker import Ticker
from sscard.errors import Exit

if TYPE_CHECKING:
    from sscard.personalize.merge.merging import Outcome, Side

_KINDS: Final = ("merged", "conflict", "only_ss", "only_bank")


@click.command(help=messages.text("merge.help"))
@click.argument("ss_file", metavar="SS-FILE", type=click.Path(path_type=Path))
@click.argument("bank_file", metavar="BANK-FILE", type=click.Path(path_type=Path))
@click.option("--on", "key", required=True, metavar="COLUMN", help=messages.text("merge.option-on"))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help=messages.text("merge.option-out")
)
@click.option("--format", "ss_format", metavar="NAME|FILE", help=messages.text("merge.option-format"))
@click.option("--bank-format", metavar="NAME|FILE", help=messages.text("merge.option-bank-format"))
@click.option("--encoding", type=click.Choice(ENCODINGS), help=messages.text("merge.option-encoding"))
@click.option("--bank-encoding", type=click.Choice(ENCODINGS), help=messages.text("merge.option-bank-encoding"))
@click.option("--prefer", multiple=True, metavar="COLUMN=ss|bank", help=messages.text("merge.option-prefer"))
@click.option("--memory", default="500MB", show_default=True, metavar="SIZE", help=messages.text("merge.option-memory"))
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=messages.text("intake.option-check-workspace"),
)
@click.option("--region", metavar="R", help=messages.text("intake.option-region"))
@click.option("--demo/--production", "demo", default=None, help=messages.text("intake.option-mode"))
@click.option(
    "--limit", type=click.IntRange(min=0), default=200, show_default=True, help=messages.text("merge.option-limit")
)
@json_option
def command(
    ss_file: Path,
    bank_file: Path,
    key: str,
    out: Path,
    ss_format: str | None,
    bank_format: str | None,
    encoding: str | None,
    bank_encoding: str | None,
    prefer: tuple[str, ...],
    memory: str,
    workspace: Path | None,
    region: str | None,
    demo: bool | None,
    limit: int,
    as_json: bool,
) -> int:
    from sscard.personalize.exchange.load import load_format
    from sscard.personalize.merge import Party, merge

    region, demo = setting_of(workspace, region, demo)
    ticker = Ticker(lambda line: messages.text("merge.progress", line=f"{line:,}"))
    findings = Findings(ticker, limit, as_json=as_json)
    outcome = merge(
        Party(ss_file, load_format(ss_format) if ss_format else None, encoding),
        Party(bank_file, load_format(bank_format) if bank_format else None, bank_encoding),
        on=key,
        out=out,
        region=region,
        demo=demo,
        prefer=_preferences(prefer),
        memory=memory,
        on_finding=findings.show,
        on_row=ticker.tick,
    )
    ticker.clear()
    if as_json:
        _emit(outcome, out)
    else:
        _tell(outcome, out, findings.shown)
    if outcome.repeats:
        return Exit.REFUSED
    if not outcome.written:
        return Exit.FAILED
    return Exit.OK if outcome.clean else Exit.PARTLY


def _preferences(words: tuple[str, ...]) -> dict[str, str]:
    """Column → whose word counts; a column by any of its names."""
    from sscard.personalize.columns import ALIASES

    chosen = {}
    for word in words:
        column, equals, side = word.partition("=")
        if not equals:
            raise click.UsageError(messages.text("merge.prefer-form", word=word))
        chosen[ALIASES.get(column.lower(), column)] = side
    return chosen


def _emit(outcome: Outcome, out: Path) -> None:
    for repeat in outcome.repeats:
        emit(
            {
                "repeated_key": repeat.value,
                "ss_lines": list(repeat.ss_lines),
                "bank_lines": list(repeat.bank_lines),
            }
        )
    errors = outcome.ss.errors + outcome.bank.errors
    emit({"summary": True, "written": outcome.written, "errors": errors, "out": str(out), **outcome.facts()})


def _tell(outcome: Outcome, out: Path, shown: int) -> None:
    hidden = sum(sum(side.counts.values()) for side in (outcome.ss, outcome.bank)) - shown
    if hidden:
        click.echo(messages.text("merge.more", count=hidden))
    for repeat in outcome.repeats:
        lines = {
            side: ", ".join(map(str, found)) or "–" for side, found in _by_side(repeat.ss_lines, repeat.bank_lines)
        }
        click.echo(messages.text("merge.repeat", value=repeat.value, **lines))
    if outcome.repeats:
        click.echo(messages.text("merge.refused", key=outcome.key))
        return
    if not outcome.written:
        click.echo(messages.text("merge.errors", ss=outcome.ss.errors, bank=outcome.bank.errors))
        return
    facts = outcome.facts()
    counts = {kind: facts[kind] for kind in _KINDS}
    for side, alone in ((outcome.ss, "only_ss"), (outcome.bank, "only_bank")):
        click.echo(_sum(side, counts, alone))
    for file in outcome.files:
        click.echo(messages.text("merge.file", path=out / file.name, rows=file.rows))
    click.echo(messages.text("merge.clean" if outcome.clean else "merge.partly"))


def _by_side(ss: tuple[int, ...], bank: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    return [("ss", ss), ("bank", bank)]


def _sum(side: Side, counts: dict[str, object], alone: str) -> str:
    return messages.text(
        "merge.sum",
        file=side.file,
        rows=side.rows,
        merged=counts["merged"],
        conflict=counts["conflict"],
        alone=counts[alone],
    )
