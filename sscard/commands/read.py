"""``sscard read``: the items of a card, masked unless asked for."""

from __future__ import annotations

import getpass
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, reader_option, workspace_option
from sscard.commands.counter import ask_pin, issued, keys_for, workspace_at
from sscard.commands.layout import columns, named
from sscard.errors import Exit, GuardRefused, WorkspaceError

if TYPE_CHECKING:
    from sscard.personalize.workspace import Workspace
    from sscard.terminal.identify import Identity
    from sscard.terminal.read import FileResult, ItemValue


@click.command(help=messages.text("terminal.read-help"))
@click.argument("what", nargs=-1)
@click.option("--show-person", is_flag=True, help=messages.text("terminal.option-show-person"))
@click.option("--yes", is_flag=True, help=messages.text("terminal.option-yes"))
@click.option("--pin", "with_pin", is_flag=True, help=messages.text("terminal.option-pin"))
@click.option("--profile", "profile_name", help=messages.text("terminal.option-profile"))
@reader_option
@workspace_option
@keys_option
@json_option
def command(
    what: tuple[str, ...],
    show_person: bool,
    yes: bool,
    with_pin: bool,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.apdu.transport import Channel
    from sscard.commands.readers_open import open_transport
    from sscard.cos.profile import load_profile
    from sscard.terminal.read import Outcome, profile_for, read_files, targets
    from sscard.terminal.session import CardSession

    opened = workspace_at(workspace, needed=show_person)
    pin = ask_pin("terminal.pin-prompt") if with_pin else None
    complete = True
    with closing(open_transport(reader, profile_name)) as transport:
        channel = Channel(transport)
        identity = issued(channel)
        profile = load_profile(profile_name) if profile_name else profile_for(identity)
        files = targets(profile, what)
        if show_person and opened is not None:
            disclose(opened, identity, "read --show-person", yes=yes)
        keys = keys_for(opened, reader, profile) if any(not file.read.free for _, file in files) else None
        for result in read_files(CardSession(channel, profile, identity, keys, pin), files):
            complete = complete and result.outcome is Outcome.READ
            show = _emit if as_json else print_result
            show(result, person=show_person)
    return Exit.OK if complete else Exit.PARTLY


def disclose(workspace: Workspace, identity: Identity, words: str, *, yes: bool) -> None:
    """Ask, and write down that the command of these ``words`` shows personal data.

    Raises GuardRefused without consent, WorkspaceError where the audit log cannot be written.
    """
    card = identity.card_id or identity.atr.raw.hex().upper()
    if not yes and not click.confirm(messages.text("terminal.confirm-person", card=card), err=True):
        raise GuardRefused("show-person-refused")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    line = f"{now} user={getpass.getuser()} command={words} card={card}\n"
    try:
        audit = os.open(workspace.audit_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(audit, line.encode("utf-8"))
            os.fsync(audit)
        finally:
            os.close(audit)
    except OSError as error:
        raise WorkspaceError("audit-unwritable", path=str(workspace.audit_path), reason=error.strerror) from None


def _emit(result: FileResult, *, person: bool) -> None:
    """A line for the file, then a line for each value."""
    place = {"directory": result.directory.name, "file": result.file.name}
    refused = result.refused.value if result.refused else None
    emit(place | {"outcome": result.outcome.value, "rights": list(result.rights), "refused": refused})
    for value in result.values:
        emit(place | _value_facts(result, value, person=person))


def _value_facts(result: FileResult, value: ItemValue, *, person: bool) -> dict[str, object]:
    from sscard.terminal.show import shown

    item = value.item
    return {
        "record": value.record,
        "tag": f"{value.tag:02X}" if value.tag else "",
        "zh": item.zh if item else "",
        "en": item.en if item else "",
        "set": bool(value.text),
        "masked": not person and (item is None or item.person or any(member.person for member in item.members)),
        "value": value.text if person else shown(result, value, person=False),
    }


def print_result(result: FileResult, *, person: bool) -> None:
    from sscard.terminal.show import shown

    name = named(result.file.zh, result.file.en)
    click.echo(f"{result.directory.name}/{result.file.name} {name}   {_outcome(result)}")
    rows = []
    for value in result.values:
        item = value.item
        title = named(item.zh, item.en) if item else messages.text("terminal.not-in-profile")
        rows.append((_label(result, value), title, shown(result, value, person=person) or "–"))
    for line in columns(rows) if rows else ():
        click.echo(f"  {line}")


def _label(result: FileResult, value: ItemValue) -> str:
    """The tag, with the record number where records repeat; the record number alone in a cyclic file."""
    if not value.tag:
        return f"#{value.record}" if value.record else "–"
    repeated = sum(other.tag == value.tag for other in result.values) > 1
    return f"{value.tag:02X} #{value.record}" if repeated else f"{value.tag:02X}"


def _outcome(result: FileResult) -> str:
    if result.refused is not None:
        return f"({messages.text(f'terminal.refused-{result.refused.value}', rule=str(result.file.read))})"
    if result.outcome.value != "read":
        return f"({messages.text(f'terminal.outcome-{result.outcome.value}')})"
    if not result.values:
        return f"({messages.text('terminal.no-records')})"
    if not result.rights:
        return f"({messages.text('terminal.rights-free')})"
    return f"({messages.text('terminal.rights', rights=' '.join(result.rights))})"
