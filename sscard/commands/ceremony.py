"""``sscard ceremony``: key ceremonies as scripts, their people, transcripts and forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sscard.commands.common import emit, json_option, keys_option, show_error, workspace_option
from sscard.errors import Exit, SscardError
from sscard.messages import Lang, current, text

if TYPE_CHECKING:
    from sscard.keys.ceremony.run import Place
    from sscard.keys.ceremony.script import Script
    from sscard.keys.ceremony.story import Story


@click.group(help=text("ceremony.group"))
def command() -> None:
    pass


@command.command("list", help=text("ceremony.list-help"))
@json_option
def list_scripts(as_json: bool) -> int:
    from sscard.keys.ceremony import script

    for name in script.names():
        found = _script(name)
        if as_json:
            emit({"script": name, "title_zh": found.words.zh, "title_en": found.words.en, **_shape(found)})
            continue
        facts = {"people": len(found.roles), "steps": len(found.steps)}
        click.echo(text("ceremony.list-line", name=f"{name:18}", title=found.words, **facts))
    return Exit.OK


@command.command("show", help=text("ceremony.show-help"))
@click.argument("script_name", metavar="SCRIPT")
@json_option
def show(script_name: str, as_json: bool) -> int:
    found = _script(script_name)
    if as_json:
        emit({"script": found.name, "title_zh": found.words.zh, "title_en": found.words.en, **_shape(found)})
        return Exit.OK
    click.echo(f"{found.name}  {found.words}")
    for blank in found.parameters:
        click.echo(f"  --set {blank.name}=…  {blank.words}" + (f"  [{blank.default}]" if blank.default else ""))
    for role, words in found.roles.items():
        click.echo(f"  {role:14}{words}")
    for number, step in enumerate(found.steps, 1):
        roles = step.roles or tuple(filter(None, (step.speaker, step.listener)))
        people = " + ".join(str(found.roles[role]) for role in roles)
        click.echo(
            f"{number:2}. {text(f'ceremony.kind-{step.kind.value}')}  {step.words}"
            + (f"  ({people})" if people else "")
        )
    return Exit.OK


@command.command("enrol", help=text("ceremony.enrol-help"))
@click.argument("name")
@click.option("--witness", metavar="NAME", help=text("ceremony.option-witness"))
@workspace_option
@json_option
def enrol(name: str, witness: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.ceremony_table import ask_secret
    from sscard.errors import GuardRefused

    place = _place(workspace)
    with place.locked():
        register = place.register()
        if len(register) and witness is None:
            raise GuardRefused("person-witness", name=name)
        introducer = None
        if len(register):
            person = register.find(str(witness))
            introducer = person.signer(
                ask_secret("ceremony.ask-passphrase", role=text("ceremony.witness"), name=witness)
            )
        passphrase = ask_secret("ceremony.ask-new-passphrase", name=name, twice=True)
        person = register.enrol(name, passphrase, introducer)
        passphrase.wipe()
    if as_json:
        emit({"name": person.name, "witness": person.witness, "public_key": person.public.hex()})
    else:
        click.echo(text("ceremony.enrolled", name=person.name, count=len(register)))
    return Exit.OK


@command.command("people", help=text("ceremony.people-help"))
@workspace_option
@json_option
def people(workspace: Path, as_json: bool) -> int:
    for person in _place(workspace).register():
        if as_json:
            emit({"name": person.name, "witness": person.witness, "public_key": person.public.hex()})
        else:
            click.echo(
                text(
                    "ceremony.person-line",
                    name=person.name,
                    key=person.public.hex()[:16],
                    witness=person.witness or "–",
                )
            )
    return Exit.OK


@command.command("blank", help=text("ceremony.blank-help"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@json_option
def blank(files: tuple[Path, ...], as_json: bool) -> int:
    import secrets

    from sscard.emulator import image
    from sscard.emulator.mother.card import CarrierSoftwareCard
    from sscard.errors import GuardRefused

    for path in files:
        if path.exists():
            raise GuardRefused("carrier-exists", path=str(path))
    for path in files:
        card = CarrierSoftwareCard.blank(secrets.randbits(63), seed=secrets.randbits(63))
        image.save(card, path)
        path.chmod(0o600)
        serial = card.chip.serial.hex().upper()
        if as_json:
            emit({"path": str(path), "serial": serial})
        else:
            click.echo(text("ceremony.blank-line", path=path, serial=serial))
    return Exit.OK


@command.command("run", help=text("ceremony.run-help"))
@click.argument("script_name", metavar="SCRIPT")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help=text("ceremony.option-set"))
@click.option("--role", "roles", multiple=True, metavar="ROLE=NAME", help=text("ceremony.option-role"))
@workspace_option
@keys_option
@json_option
def run(script_name: str, settings: tuple[str, ...], roles: tuple[str, ...], workspace: Path, as_json: bool) -> int:
    from sscard.commands.ceremony_table import hold

    return hold(_script(script_name), _pairs(settings, "--set"), _pairs(roles, "--role"), workspace, as_json=as_json)


@command.command("status", help=text("ceremony.status-help"))
@click.argument("run_name", metavar="RUN", required=False)
@workspace_option
@json_option
def status(run_name: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.keys.ceremony.story import read

    place = _place(workspace)
    if run_name:
        _show_run(read(place.folder(run_name)), as_json=as_json)
        return Exit.OK
    names = place.runs()
    if not names and not as_json:
        click.echo(text("ceremony.none-yet"))
    result = Exit.OK
    for name in names:
        try:
            story = read(place.folder(name))
        except SscardError as error:
            result = Exit.FAILED
            show_error(error, as_json=as_json)
            continue
        if as_json:
            emit(_facts(story))
        else:
            click.echo(_line(story))
    return result


def _show_run(story: Story, *, as_json: bool) -> None:
    """One run with its whole transcript, as an object or in words."""
    from sscard.commands.ceremony_words import tell

    if as_json:
        emit(_facts(story))
        return
    click.echo(_line(story))
    for line in tell(story):
        click.echo(line)


@command.command("verify", help=text("ceremony.verify-help"))
@click.argument("run_name", metavar="RUN", required=False)
@click.option("--anchor", "printed", metavar="COUNT:HASH", help=text("ceremony.option-anchor"))
@workspace_option
@json_option
def verify(run_name: str | None, printed: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.keys.ceremony.run import verify_all
    from sscard.keys.ceremony.transcript import Anchor

    place = _place(workspace)
    try:
        anchor = Anchor.parse(printed) if printed else None
    except ValueError:
        raise click.BadParameter(text("ceremony.anchor-form"), param_hint="--anchor") from None
    if anchor is not None and run_name is None:
        raise click.UsageError(text("ceremony.anchor-run"))
    result = Exit.OK
    for name, found in verify_all(place, run_name, anchor):
        if isinstance(found, SscardError):
            result = Exit.FAILED
            show_error(found, as_json=as_json)
        elif as_json:
            emit(_facts(found))
        else:
            click.echo(text("ceremony.verified", run=name, anchor=found.anchor))
    return result


@command.command("forms", help=text("ceremony.forms-help"))
@click.argument("run_name", metavar="RUN")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help=text("ceremony.option-out")
)
@click.option("--translation", is_flag=True, help=text("ceremony.option-translation"))
@workspace_option
@json_option
def forms(run_name: str, out: Path, translation: bool, workspace: Path, as_json: bool) -> int:
    from sscard.keys.ceremony import forms as sheets
    from sscard.keys.ceremony.script import Form
    from sscard.keys.ceremony.story import read
    from sscard.keys.files import write_private

    story = read(_place(workspace).folder(run_name))
    names = story.opening["forms"]
    if not names:
        from sscard.errors import GuardRefused

        raise GuardRefused("form-none", run=run_name, form="–")
    lang: Lang = "en" if translation else "zh"
    made = [(name, sheets.sheet(Form(name), story, lang)) for name in names]
    out.mkdir(parents=True, exist_ok=True)
    for name, sheet in made:
        for suffix, content in (("html", sheets.as_html(sheet, lang)), ("txt", sheets.as_text(sheet))):
            path = out / f"{run_name}-{name}{'-en' * translation}.{suffix}"
            write_private(path, content.encode())
            if as_json:
                emit({"form": name, "path": str(path), "anchor": str(story.anchor)})
            else:
                click.echo(str(path))
    return Exit.OK


@command.command("abandon", help=text("ceremony.abandon-help"))
@click.argument("run_name", metavar="RUN")
@click.option("--reason", required=True, help=text("ceremony.option-reason"))
@workspace_option
@json_option
def abandon(run_name: str, reason: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.ceremony_table import give_up

    story = give_up(_place(workspace), run_name, reason)
    if as_json:
        emit(_facts(story))
    else:
        click.echo(_line(story))
    return Exit.OK


def _script(name: str) -> Script:
    from sscard.keys.ceremony.actions import ACTIONS
    from sscard.keys.ceremony.script import load

    return load(name, frozenset(ACTIONS))


def _place(workspace: Path) -> Place:
    from sscard.keys.ceremony.run import Place
    from sscard.personalize.workspace import open_workspace

    return Place(open_workspace(workspace).root)


def _pairs(words: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise click.BadParameter(text("ceremony.pair-form", value=word), param_hint=option)
        pairs[name] = value
    return pairs


def _shape(script: Script) -> dict[str, Any]:
    return {
        "parameters": [blank.name for blank in script.parameters],
        "roles": list(script.roles),
        "steps": [step.name for step in script.steps],
        "forms": [form.value for form in script.forms],
    }


def _state(story: Story) -> str:
    return "finished" if story.finished else "abandoned" if story.abandoned else "open"


def _facts(story: Story) -> dict[str, Any]:
    return {
        "run": story.run,
        "script": story.opening["script"],
        "state": _state(story),
        "step": story.open_step,
        "done": len(story.done),
        "steps": len(story.steps),
        "people": sorted(story.opening["people"]),
        "count": story.anchor.count,
        "hash": story.anchor.hash,
    }


def _line(story: Story) -> str:
    title = story.opening["title"][0 if current() == "zh" else 1]
    facts = {"done": len(story.done), "steps": len(story.steps), "anchor": story.anchor, "step": story.open_step}
    return text(f"ceremony.status-{_state(story)}", run=story.run, title=title, **facts)
