"""``sscard read``: the items of a card, masked unless asked for."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.audit_log import audit
from sscard.commands.common import emit, json_option, keys_option, reader_option, workspace_option
from sscard.commands.counter import ask_pin, counter_keys, fitting_profile, issued, workspace_at
from sscard.commands.layout import columns, named
from sscard.commands.psam_open import psam_option
from sscard.errors import Exit, GuardRefused

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
@psam_option
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
    psam: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.apdu.transport import Channel
    from sscard.commands.readers_open import open_transport
    from sscard.terminal.read import Outcome, read_files, targets
    from sscard.terminal.session import CardSession

    opened = workspace_at(workspace, needed=show_person)
    pin = ask_pin("terminal.pin-prompt") if with_pin else None
    complete = True
    with ExitStack() as stack:
        channel = Channel(stack.enter_context(closing(open_transport(reader, profile_name))))
        identity = issued(channel)
        profile = fitting_profile(identity, profile_name)
        files = targets(profile, what)
        if show_person and opened is not None:
            disclose(opened, identity, "read --show-person", yes=yes)
        guarded = any(not file.read.free for _, file in files)
        keys = stack.enter_context(counter_keys(opened, reader, profile, psam)) if guarded else None
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
    audit(workspace, words, card=card)


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
