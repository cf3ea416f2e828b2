"""``sscard apdu``: send APDUs, explain the status words."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from sscard import messages
from sscard.apdu.command import Command, Response
from sscard.apdu.commands import CommandKind, Trait, describe
from sscard.apdu.status import meaning
from sscard.commands.common import emit, json_option, reader_option
from sscard.errors import Exit, GuardRefused, ProtocolError, UsageError

_GUARDED = Trait.WRITES | Trait.SPENDS_TRY | Trait.IRREVERSIBLE
_FROM_INPUT = "-"


@click.command(help=messages.text("terminal.apdu-help"))
@click.argument("apdus", nargs=-1, required=True, metavar="HEX...")
@click.option("--yes", is_flag=True, help=messages.text("terminal.option-yes"))
@reader_option
@json_option
def command(apdus: tuple[str, ...], yes: bool, reader: str | None, as_json: bool) -> int:
    commands = _parse(sys.stdin.read().splitlines() if apdus == (_FROM_INPUT,) else list(apdus))
    if not yes:
        for apdu in commands:
            _guard(apdu)
    from sscard.apdu.transport import Channel
    from sscard.commands.readers_open import open_transport

    with closing(open_transport(reader)) as transport:
        channel = Channel(transport)
        for apdu in commands:
            response = channel.send(apdu)
            _show(apdu, response, as_json=as_json)
            if not response.ok:
                return Exit.FAILED
    return Exit.OK


def _parse(texts: list[str]) -> list[Command]:
    """The APDUs typed, empty lines left out.  Raises UsageError."""
    commands = []
    for position, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raise UsageError("apdu-hex", position=position) from None
        try:
            commands.append(Command.parse(raw))
        except ProtocolError as error:
            raise UsageError(error.key, **error.fields) from None
    return commands


def _guard(apdu: Command) -> None:
    """Raise GuardRefused for a command that does more than read."""
    kind = describe(apdu)
    if kind.traits & _GUARDED:
        raise GuardRefused("apdu-guarded", command=kind.name, header=apdu[:4].hex(" ").upper())


def _written(apdu: Command, kind: CommandKind) -> str:
    """The command in hex; data of a secret kind are starred."""
    if not apdu.data or not kind.traits & Trait.SECRET:
        return apdu.hex(" ").upper()
    tail = apdu[5 + len(apdu.data) :]
    return " ".join((apdu[:5].hex(" ").upper(), "**" * len(apdu.data), tail.hex().upper())).rstrip()


def _show(apdu: Command, response: Response, *, as_json: bool) -> None:
    kind = describe(apdu)
    zh, en = meaning(response.sw)
    if as_json:
        emit(
            {
                "command": _written(apdu, kind).replace(" ", ""),
                "name": kind.name,
                "name_zh": kind.zh,
                "data": response.data.hex().upper(),
                "sw": f"{response.sw:04X}",
                "meaning_zh": zh,
                "meaning_en": en,
            }
        )
        return
    chinese = messages.current() == "zh"
    click.echo(f"→ {_written(apdu, kind)}   {kind.zh if chinese else kind.name}")
    data = f"{response.data.hex(' ').upper()} " if response.data else ""
    click.echo(f"← {data}{response.sw >> 8:02X} {response.sw & 0xFF:02X}   {zh if chinese else en}")
