"""``sscard vectors``: run worked examples against the toolkit, software cards or a card in a reader."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, json_option, reader_option
from sscard.errors import Exit, VectorFileError
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.apdu.transport import Transport
    from sscard.conformance.runner import CardSource, Result
    from sscard.conformance.vectors import CardState


@click.group(help=text("vectors.help"))
def command() -> None:
    """Group of the vector commands."""


@command.command("run", help=text("vectors.help-run"))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="[FILE]...")
@reader_option
@click.option("--yes", is_flag=True, help=text("vectors.option-yes"))
@json_option
def run_command(files: tuple[Path, ...], reader: str | None, yes: bool, as_json: bool) -> int:
    """Judge the vectors; returns 1 where one does not hold."""
    from sscard.commands.readers_open import EMULATOR
    from sscard.conformance import runner
    from sscard.conformance.vectors import default_files, load

    paths = files or default_files()
    if not paths:
        raise VectorFileError("vector-none")
    vectors = load(paths)
    real = reader not in (None, EMULATOR)
    cards = _inserted(reader) if real else runner.software_cards
    counts: Counter[runner.Status] = Counter()
    lacking: Counter[str] = Counter()
    for result in runner.run(vectors, cards, allow_effects=yes or not real, only_cards=reader is not None):
        counts[result.status] += 1
        if result.status is runner.Status.NOT_SUPPORTED:
            lacking[result.reason] += 1
        if as_json:
            emit(_as_object(result))
        elif result.status.bad:
            _show(result)
    numbers = {status.value: counts[status] for status in runner.Status}
    if as_json:
        emit({"total": counts.total(), **{name.replace("-", "_"): number for name, number in numbers.items()}})
    else:
        for capability, number in lacking.most_common():
            click.echo(f"{number:5}  {text('vectors.lacks', capability=capability)}")
        shown = ("passed", "failed", *(name for name in ("error", "held-back") if numbers[name]), "not-supported")
        parts = [f"{numbers[name]} {text(f'vectors.{name}')}" for name in shown]
        click.echo(f"{text('vectors.total', count=counts.total())}: {', '.join(parts)}")
    return Exit.FAILED if any(status.bad for status in counts) else Exit.OK


def _inserted(reader: str | None) -> CardSource:
    """The card in a reader, reset before each vector; it is taken for a personalized one."""
    from sscard.commands.readers_open import open_transport
    from sscard.conformance.vectors import CardState

    transport = open_transport(reader)
    click.get_current_context().call_on_close(transport.close)

    def card(state: CardState) -> Transport | None:
        if state is not CardState.PERSONALIZED:
            return None
        transport.reset()
        return transport

    return card


def _as_object(result: Result) -> dict[str, object]:
    vector = result.vector
    return {
        "id": vector.id,
        "rule": vector.rule or "apdu",
        "requires": vector.requires,
        "origin": vector.origin,
        "negative": vector.negative,
        "status": result.status.value,
        "reason": result.reason,
        "differences": [
            {"name": entry.name, "expected": entry.expected, "got": entry.got} for entry in result.differences
        ],
        "file": vector.file,
        "line": vector.line,
    }


def _show(result: Result) -> None:
    vector = result.vector
    where = f"{vector.file}:{vector.line}"
    reason = text("vectors.negative") if result.reason == "negative" else result.reason
    click.echo(f"{where}: {vector.id}: {text(f'vectors.{result.status.value}')}" + (f": {reason}" if reason else ""))
    for entry in result.differences:
        click.echo(f"    {entry.name}")
        click.echo(f"      {text('vectors.expected'):10}{entry.expected}")
        click.echo(f"      {text('vectors.got'):10}{entry.got}")
