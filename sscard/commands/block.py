"""``sscard block``: end an application or a whole card, for ever, on the word of somebody who names the card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sscard import messages
from sscard.commands.audit_log import audit
from sscard.commands.common import emit, json_option, keys_option, reader_option, workspace_option
from sscard.commands.psam_open import psam_option
from sscard.errors import Exit, UsageError

if TYPE_CHECKING:
    from sscard.cos.model import Directory, Profile
    from sscard.terminal.session import CardSession


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options both subcommands have."""
    confirm = click.option("--confirm", metavar="CODE", help=messages.text("block.option-confirm"))
    profile = click.option("--profile", "profile_name", help=messages.text("terminal.option-profile"))
    return confirm(psam_option(profile(reader_option(workspace_option(keys_option(json_option(function)))))))


@click.group(help=messages.text("block.help"))
def command() -> None:
    pass


@command.command("application", help=messages.text("block.application-help"))
@click.argument("name", metavar="NAME")
@_options
def application(name: str, **options: Any) -> int:
    from sscard.terminal.block import block_application

    def block(session: CardSession, confirm: str) -> None:
        block_application(session, _directory(session.profile, name), confirm=confirm)

    return _block("block application", name.upper(), block, **options)


@command.command("card", help=messages.text("block.card-help"))
@_options
def card(**options: Any) -> int:
    from sscard.terminal.block import block_card

    def block(session: CardSession, confirm: str) -> None:
        block_card(session, confirm=confirm)

    return _block("block card", "", block, **options)


def _block(
    words: str,
    directory: str,
    block: Callable[[CardSession, str], None],
    *,
    confirm: str | None,
    profile_name: str | None,
    psam: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    """Block what ``block`` blocks; the audit log has it before the card does."""
    from sscard.commands.counter import card_session, workspace_at

    opened = workspace_at(workspace, needed=False)
    with card_session(reader, workspace, profile_name, keys=True, psam=psam) as session:
        card_id = session.identity.card_id
        if confirm is None:
            asked = messages.text("block.ask", what=directory or messages.text("block.whole-card"), card=card_id)
            confirm = str(click.prompt(asked, err=True))
        if opened is not None and confirm == card_id:
            audit(opened, " ".join(filter(None, (words, directory))), card=card_id)
        block(session, confirm)
    if as_json:
        emit({"blocked": directory or "card", "card_id": card_id})
    else:
        click.echo(messages.text("block.done", what=directory or messages.text("block.whole-card"), card=card_id))
    return Exit.OK


def _directory(profile: Profile, name: str) -> Directory:
    """The directory of that name.  Raises UsageError("block-unknown")."""
    found = next((directory for directory in profile.directories if directory.name == name.upper()), None)
    if found is None:
        names = ", ".join(each.name for each in profile.directories if not each.is_ddf)
        raise UsageError("block-unknown", name=name, names=names)
    return found
