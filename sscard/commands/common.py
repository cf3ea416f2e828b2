"""What every command shares: options, output as text or JSON, and how an error is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sscard import messages
from sscard.errors import SscardError, UsageError

F = TypeVar("F", bound=Callable[..., Any])

KEYS_CHOICE: Final = "sscard.keys"
"""Where the context holds the value of ``--keys``."""


def json_option(function: F) -> F:
    """``--json``: one object per line."""
    return click.option("--json", "as_json", is_flag=True, help=messages.text("help.option-json"))(function)


def reader_option(function: F) -> F:
    """``--reader NAME``: PC/SC name or part of one, or ``emulator``."""
    return click.option("--reader", metavar="NAME", help=messages.text("help.option-reader"))(function)


def workspace_option(function: F) -> F:
    """``--workspace DIR``, default the current folder."""
    return click.option(
        "--workspace",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        metavar="DIR",
        help=messages.text("help.option-workspace"),
    )(function)


def keys_option(function: F) -> F:
    """``--keys BACKEND`` instead of the workspace's; ``sscard.commands.unlock`` finds the choice in the context."""

    def remember(context: click.Context, _parameter: click.Parameter, spec: str | None) -> None:
        context.meta[KEYS_CHOICE] = spec

    return click.option(
        "--keys", metavar="BACKEND", expose_value=False, callback=remember, help=messages.text("help.option-keys")
    )(function)


def emit(value: Mapping[str, object]) -> None:
    """Print one JSON object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def ask_hidden(prompt: str, *, twice: bool = False) -> str:
    """What somebody types unseen, twice over where it is new; ``prompt`` is the text itself.

    Where standard input is no terminal it is the next line, twice over too.  Raises UsageError("typed-differs"),
    and Abort at its end, as if somebody had left.
    """
    again = messages.text("help.type-again") if twice else ""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, err=True, confirmation_prompt=again or False))
    typed = _next_line(prompt)
    if again and _next_line(again) != typed:
        raise UsageError("typed-differs")
    return typed


def _next_line(prompt: str) -> str:
    click.echo(f"{prompt}:", err=True)
    line = sys.stdin.readline()
    if not line:
        raise click.Abort
    return line.rstrip("\r\n")


def show_error(error: SscardError, *, as_json: bool) -> None:
    """Print an error: a JSON object on standard output, or two lines on standard error."""
    what, remedy = error.parts()
    if as_json:
        zh, en = error.parts("zh"), error.parts("en")
        emit(
            {
                "error": error.code,
                "message_zh": zh[0],
                "message_en": en[0],
                "remedy_zh": zh[1],
                "remedy_en": en[1],
                **{name: value for name, value in error.fields.items() if isinstance(value, str | int)},
            }
        )
        return
    click.echo(f"{messages.text('errors.label')} {error.code}: {what}", err=True)
    if remedy:
        click.echo(f"  → {remedy}", err=True)


def is_terminal() -> bool:
    """Whether a person watches standard output."""
    return sys.stdout.isatty()
