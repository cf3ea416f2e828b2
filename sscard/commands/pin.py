"""``sscard pin``: the holder's PIN.  PINs are prompted for, never taken from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, reader_option, workspace_option
from sscard.commands.psam_open import psam_option
from sscard.errors import Exit

if TYPE_CHECKING:
    from sscard.terminal.session import CardSession


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options every subcommand has."""
    profile = click.option("--profile", "profile_name", help=messages.text("terminal.option-profile"))
    return psam_option(profile(reader_option(workspace_option(keys_option(json_option(function))))))


@click.group(help=messages.text("pin.help"))
def command() -> None:
    pass


@command.command("verify", help=messages.text("pin.verify-help"))
@_options
def verify(profile_name: str | None, psam: str | None, reader: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.pin import verify_pin

    with card_session(reader, workspace, profile_name, keys=True, psam=psam, pin=True) as session:
        verify_pin(session)
        return _done("verify", session, as_json=as_json)


@command.command("change", help=messages.text("pin.change-help"))
@_options
def change(profile_name: str | None, psam: str | None, reader: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.counter import ask_pin, card_session
    from sscard.keys.secret import Secret
    from sscard.terminal.pin import change_pin
    from sscard.terminal.session import may_have_pin

    with card_session(reader, workspace, profile_name, keys=True, psam=psam) as session:
        asked = may_have_pin(session.profile, session.identity)
        old = ask_pin("pin.old-prompt") if asked else Secret(b"")
        change_pin(session, old, ask_pin("pin.new-prompt", twice=True))
        return _done("change", session, as_json=as_json)


@command.command("reload", help=messages.text("pin.reload-help"))
@_options
def reload(profile_name: str | None, psam: str | None, reader: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.counter import ask_pin, card_session
    from sscard.terminal.pin import reload_pin

    with card_session(reader, workspace, profile_name, keys=True, psam=psam) as session:
        reload_pin(session, ask_pin("pin.new-prompt", twice=True))
        return _done("reload", session, as_json=as_json)


@command.command("unblock", help=messages.text("pin.unblock-help"))
@_options
def unblock(profile_name: str | None, psam: str | None, reader: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.pin import unblock_pin

    with card_session(reader, workspace, profile_name, keys=True, psam=psam) as session:
        unblock_pin(session)
        return _done("unblock", session, as_json=as_json)


def _done(action: str, session: CardSession, *, as_json: bool) -> int:
    """Say that it is done and how many tries the PIN has now."""
    from sscard.terminal.identify import pin_tries

    tries = pin_tries(session.channel)
    if as_json:
        emit({"action": action, "card_id": session.identity.card_id, "pin_tries": tries})
    else:
        click.echo(messages.text(f"pin.{action}-done", tries="–" if tries is None else tries))
    return Exit.OK
