"""The table of a ceremony at a terminal: what is asked there, and the readers and images carriers are put into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sscard.commands.ceremony_words import grouped, own_words, result_lines
from sscard.commands.common import ask_hidden, emit, show_error
from sscard.errors import Exit, SscardError
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.apdu.transport import Transport
    from sscard.keys.ceremony.carriers import Carrier, CarrierCard
    from sscard.keys.ceremony.people import Person
    from sscard.keys.ceremony.run import Place, Run
    from sscard.keys.ceremony.script import Blank, Item, Script, Step
    from sscard.keys.ceremony.story import Story
    from sscard.keys.ceremony.transcript import Entry
    from sscard.keys.secret import Secret
    from sscard.keys.vault import Vault
    from sscard.personalize.exposure import WorkspaceExposure
    from sscard.personalize.workspace import Workspace

T = TypeVar("T", bound="Transport")


def ask_secret(prompt: str, /, *, twice: bool = False, **fields: object) -> Secret:
    """Something typed blind; ``prompt`` names a text."""
    from sscard.keys.secret import Secret

    return Secret(ask_hidden(text(prompt, **fields), twice=twice).encode("utf-8"))


def _ask(prompt: str, /, *, default: str | None = None, **fields: object) -> str:
    return str(click.prompt(text(prompt, **fields), err=True, default=default, show_default=bool(default)))


class TerminalTable:
    """:class:`sscard.keys.ceremony.conductor.Table` for people at a terminal.  Questions go to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._reader = ""

    def step(self, step: Step, number: int, total: int, *, again: bool) -> None:
        kind = text(f"ceremony.kind-{step.kind.value}")
        click.echo("\n" + text("ceremony.step", number=number, total=total, kind=kind, what=step.words), err=True)
        if again:
            click.echo(text("ceremony.again"), err=True)

    def name(self, role: str) -> str:
        return _ask("ceremony.ask-name", role=role)

    def passphrase(self, role: str, person: Person) -> Secret:
        return ask_secret("ceremony.ask-passphrase", role=role, name=person.name)

    def heard(self, speaker: str, listener: str, value: str, *, paper: bool) -> str:
        if not value:
            return _ask("ceremony.ask-confirm", speaker=speaker, listener=listener)
        shown = text("ceremony.on-paper") if paper else grouped(value)
        click.echo(text("ceremony.read-aloud", speaker=speaker, value=shown), err=True)
        return _ask("ceremony.ask-heard", listener=listener)

    def answer(self, blank: Blank) -> str:
        return str(click.prompt(str(blank.words), err=True, default=blank.default or None))

    def serials(self, item: Item, expected: int) -> str:
        return _ask("ceremony.ask-serials", item=item.words, expected=expected)

    def seal_number(self, item: str, serial: str) -> str:
        return _ask("ceremony.ask-seal", item=text(f"forms.item-{item}"), serial=serial or "–")

    def refused(self, error: SscardError) -> None:
        show_error(error, as_json=False)

    def done(self, entry: Entry) -> None:
        if self._as_json:
            emit(
                {
                    "n": entry.n,
                    "time": entry.time,
                    **entry.facts,
                    "signed_by": list(entry.signed_by),
                    "hash": entry.hash,
                }
            )
            return
        for line in result_lines(entry):
            click.echo(line)

    def carrier(self, carrier: Carrier, copy: int) -> CarrierCard:
        return self._card("ceremony.put-card", carrier, copy)

    def blank(self, carrier: Carrier, copy: int) -> CarrierCard:
        return self._card("ceremony.put-blank", carrier, copy)

    def pin(self, carrier: Carrier, *, new: bool) -> Secret:
        from sscard.keys.ceremony.carriers import check_pin

        key = "ceremony.ask-new-pin" if new else "ceremony.ask-pin"
        pin = ask_secret(key, twice=new, item=text(f"forms.item-{carrier.item}"))
        check_pin(pin)
        return pin

    def _card(self, prompt: str, carrier: Carrier, copy: int) -> CarrierCard:
        """The card at the place that is entered: an image file, or a reader by name."""
        from sscard.terminal.carrier import CarrierInReader

        item = text(f"forms.item-{carrier.item}")
        where = _ask(prompt, item=item, copy=copy, default=self._reader or None)
        if Path(where).is_file():
            from sscard.emulator.persistent import open_card

            return _closing_on_error(CarrierInReader, open_card(Path(where)))
        from sscard.apdu.pcsc import PcscTransport, find_reader

        self._reader = where
        return _closing_on_error(CarrierInReader, PcscTransport(find_reader(where)))


def _closing_on_error(make: Callable[[T], CarrierCard], transport: T) -> CarrierCard:
    """What ``make`` makes of a transport; one that cannot be used is let go."""
    try:
        return make(transport)
    except BaseException:
        transport.close()
        raise


def hold(
    script: Script, settings: Mapping[str, str], roles: Mapping[str, str], directory: Path, *, as_json: bool
) -> int:
    """Begin a ceremony or go on with it, to its end.

    Without settings an open run of the script is taken up; there must not be two.  Raises what the steps raise.
    """
    from sscard.commands.unlock import require_vault
    from sscard.keys.ceremony.conductor import Conductor
    from sscard.keys.ceremony.run import Place
    from sscard.keys.ceremony.script import StepKind
    from sscard.personalize.workspace import open_workspace

    workspace = open_workspace(directory)
    if any(step.kind is StepKind.ACT for step in script.steps):
        require_vault(workspace)
    place = Place(workspace.root)
    with place.locked(), exposure_of(workspace) as exposure:
        table = TerminalTable(as_json=as_json)
        run = _taken_up(place, script, settings) or _begun(place, script, settings, roles, table)
        Conductor(run, table, lambda: _vault(workspace), exposure).conduct()
        anchor = run.story.anchor
    if not as_json:
        click.echo(text("ceremony.finished", run=run.folder.name, anchor=anchor))
        if script.forms:
            click.echo(text("ceremony.forms-next", run=run.folder.name))
    return Exit.OK


def _taken_up(place: Place, script: Script, settings: Mapping[str, str]) -> Run | None:
    """The open run that is meant, taken up at its open step; None where one is to be begun."""
    from sscard.keys.ceremony.run import Run

    name = place.going_on(script, settings)
    if name is None:
        return None
    run = Run.resume(place, name, script)
    story = run.story
    click.echo(text("ceremony.resumed", run=name, done=len(story.done), steps=len(story.steps)), err=True)
    return run


def _begun(
    place: Place, script: Script, settings: Mapping[str, str], roles: Mapping[str, str], table: TerminalTable
) -> Run:
    from sscard.errors import ScriptError
    from sscard.keys.ceremony.actions import foresee
    from sscard.keys.ceremony.conductor import gather
    from sscard.keys.ceremony.run import Run

    unknown = set(roles) - set(script.roles)
    if unknown:
        raise ScriptError("ceremony-no-role", role=min(unknown), known=", ".join(script.roles))
    asked = [blank.name for blank in script.parameters]
    if set(settings) - set(asked):
        raise ScriptError("ceremony-parameter", name=min(set(settings) - set(asked)), known=", ".join(asked))
    click.echo(f"{script.words}", err=True)
    given = dict(settings)
    for blank in script.parameters:
        if blank.name not in given:
            given[blank.name] = table.answer(blank)
    parameters = place.admit(script, given)
    foresee(script, parameters)
    return Run.begin(place, script, parameters, gather(script, place.register(), table, roles))


def give_up(place: Place, name: str, reason: str) -> Story:
    """Abandon a run: two of its people sign.  Raises what :func:`sscard.keys.ceremony.run.abandon` raises."""
    from sscard.keys.ceremony.run import abandon
    from sscard.keys.ceremony.story import read

    table = TerminalTable(as_json=False)
    with place.locked():
        opening = read(place.folder(name)).opening
        register = place.register()
        signers = []
        for role in list(opening["cast"])[:2]:
            person = register.find(opening["cast"][role])
            passphrase = table.passphrase(own_words(opening["roles"][role]), person)
            signers.append(person.signer(passphrase))
            passphrase.wipe()
        return abandon(place, name, reason, signers)


def _vault(workspace: Workspace) -> Vault:
    from sscard.commands.unlock import own_vault

    return own_vault(workspace)


@contextmanager
def exposure_of(workspace: Workspace) -> Iterator[WorkspaceExposure]:
    """The workspace's ledger and its register of PSAMs, where it keeps them."""
    from sscard.commands.psam_open import register_kept
    from sscard.personalize.bookkeeping import ledger_kept, open_ledger
    from sscard.personalize.exposure import WorkspaceExposure

    kept = closing(open_ledger(workspace)) if ledger_kept(workspace) else nullcontext()
    with register_kept(workspace) as psams, kept as ledger:
        yield WorkspaceExposure(workspace, ledger, psams)
