"""``sscard formats``: the exchange formats there are, and what is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.commands.layout import columns
from sscard.errors import Exit

if TYPE_CHECKING:
    from sscard.personalize.exchange.model import Column, Format, Sheet


@click.group(help=messages.text("merge.formats-help"))
def command() -> None:
    pass


@command.command("list", help=messages.text("merge.formats-list-help"))
@json_option
def list_formats(as_json: bool) -> int:
    from sscard.personalize.exchange.load import format_names, load_format

    formats = [load_format(name) for name in format_names()]
    if as_json:
        for each in formats:
            emit(_head(each))
        return Exit.OK
    rows = [(each.name, _short(each.intake), _short(each.returns), _told(each.title)) for each in formats]
    titles = ("", messages.text("merge.intake"), messages.text("merge.returns"), "")
    for line in columns([titles, *rows]):
        click.echo(line)
    return Exit.OK


@command.command("show", help=messages.text("merge.formats-show-help"))
@click.argument("name")
@json_option
def show_format(name: str, as_json: bool) -> int:
    from sscard.personalize.exchange.load import load_format

    found = load_format(name)
    sheets = [(kind, sheet) for kind, sheet in (("intake", found.intake), ("returns", found.returns)) if sheet]
    if as_json:
        emit(_head(found))
        for kind, sheet in sheets:
            for column in sheet.columns:
                emit({"sheet": kind, **_column(column)})
        return Exit.OK
    click.echo(f"{found.name}  {_told(found.title)}")
    click.echo(f"{messages.text('merge.origin')}: {_told(found.origin)}")
    for kind, sheet in sheets:
        click.echo()
        for line in _sheet(kind, sheet):
            click.echo(line)
    return Exit.OK


def _head(each: Format) -> dict[str, object]:
    return {
        "format": each.name,
        "title_zh": each.title[0],
        "title_en": each.title[1],
        "intake": _short(each.intake),
        "returns": _short(each.returns),
    }


def _told(pair: tuple[str, str]) -> str:
    """The half of a pair, Chinese and English, that the reader reads."""
    return pair[messages.current() == "en"]


def _short(sheet: Sheet | None) -> str:
    if sheet is None:
        return messages.text("merge.no-sheet")
    return f"{sheet.container} {sheet.encoding}" if sheet.container.text else str(sheet.container)


def _sheet(kind: str, sheet: Sheet) -> list[str]:
    header = "" if sheet.header else f"  ({messages.text('merge.no-header')})"
    lines = [f"{messages.text(f'merge.{kind}')}: {_short(sheet)}{header}"]
    for place, line in (("first", sheet.first), ("last", sheet.last)):
        if line:
            lines.append(f"  {messages.text(f'merge.{place}')}: {line}")
    if not sheet.columns:
        return [*lines, f"  {messages.text('merge.by-header')}"]
    rows = [(f"  {column.header}", column.field, _more(column)) for column in sheet.columns]
    return [*lines, *columns(rows)]


def _column(column: Column) -> dict[str, object]:
    return {
        "header": column.header,
        "field": column.field,
        "shape": column.shape,
        "width": column.width,
        "limit": column.limit,
        "values": dict(column.values),
    }


def _more(column: Column) -> str:
    facts = [column.shape, f"{column.width} B" if column.width else "", f"≤ {column.limit} B" if column.limit else ""]
    facts += [f"{code}={value}" for code, value in column.values.items()]
    return "  ".join(filter(None, facts))
