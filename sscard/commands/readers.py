"""``sscard readers``: the readers and the cards in them."""

from __future__ import annotations

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.errors import Exit, ReaderMissing


@click.command(help=messages.text("pcsc.readers-help"))
@json_option
def command(as_json: bool) -> int:
    from sscard.apdu.pcsc import list_readers

    states = list_readers()
    if not states:
        raise ReaderMissing("reader-none")
    width = max(len(state.name) for state in states)
    for state in states:
        atr = state.atr.hex(" ").upper()
        if as_json:
            emit({"reader": state.name, "present": state.present, "mute": state.mute, "busy": state.busy, "atr": atr})
            continue
        card = atr
        if state.mute:
            card = messages.text("pcsc.mute-card")
        elif not state.present:
            card = messages.text("pcsc.no-card")
        elif state.busy:
            card = f"{atr} {messages.text('pcsc.in-use')}"
        click.echo(f"{state.name:{width}}  {card}")
    return Exit.OK
