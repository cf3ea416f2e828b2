"""``sscard card``: a card into a file, a software card from an image, and what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, json_option, reader_option, workspace_option
from sscard.commands.layout import columns, named
from sscard.durable import write_private
from sscard.errors import Exit, GuardRefused, WorkspaceError
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.cos.model import Profile
    from sscard.emulator.powered import AnyCard
    from sscard.terminal.compare import Difference
    from sscard.terminal.export import CardExport

_HEAD = 100
"""Bytes in which a file says what it is."""
_FILE = click.Path(path_type=Path, dir_okay=False)
force_option = click.option("--force", is_flag=True, help=text("card.option-force"))
profile_option = click.option("--profile", "profile_name", metavar="NAME", help=text("card.option-profile"))
pin_option = click.option("--pin", "with_pin", is_flag=True, help=text("terminal.option-pin"))


@click.group(help=text("card.help"))
def command() -> None:
    pass


@command.command("export", help=text("card.export-help"))
@click.argument("file", type=_FILE)
@click.option("--image", "image_path", type=_FILE, metavar="FILE", help=text("card.option-image"))
@click.option("--yes", is_flag=True, help=text("terminal.option-yes"))
@pin_option
@force_option
@profile_option
@reader_option
@workspace_option
@json_option
def export_command(
    file: Path,
    image_path: Path | None,
    yes: bool,
    with_pin: bool,
    force: bool,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.terminal import export
    from sscard.terminal.read import Outcome

    if image_path and reader:
        raise click.UsageError(text("card.one-source"))
    _require_free(file, force=force)
    if image_path:
        card = _export_image(image_path, _user_card(image_path), profile_name)
    else:
        card = _export_reader(reader, workspace, profile_name, with_pin=with_pin, words="card export", yes=yes)
    write_private(file, export.dump(card).encode("utf-8"))
    unread = [each.place for each in card.files if each.outcome is not Outcome.READ]
    values = sum(len(each.values) for each in card.files)
    if as_json:
        emit({"file": str(file), "profile": card.profile, "files": len(card.files), "values": values, "unread": unread})
    else:
        click.echo(text("card.exported", path=file, files=len(card.files) - len(unread), values=values))
        if unread:
            click.echo(text("card.unread", places=" ".join(unread)))
    return Exit.PARTLY if unread else Exit.OK


@command.command("import", help=text("card.import-help"))
@click.argument("image_path", type=_FILE, metavar="IMAGE")
@click.argument("file", type=_FILE)
@force_option
@json_option
def import_command(image_path: Path, file: Path, force: bool, as_json: bool) -> int:
    from sscard.terminal import export

    _require_free(file, force=force)
    if _format_of(image_path) == export.FORMAT:
        raise WorkspaceError("export-no-keys", path=str(image_path))
    return _store(_software_card(image_path), file, as_json=as_json)


@command.command("sample", help=text("card.sample-help"))
@click.argument("file", type=_FILE)
@click.option("--profile", "profile_name", metavar="NAME", default="ssc3-sm4", help=text("card.option-profile"))
@click.option("--serial", type=click.IntRange(0, 0xFFFFFFFF), default=0x17, help=text("card.option-serial"))
@click.option("--seed", type=int, default=0, show_default=True, help=text("card.option-seed"))
@force_option
@json_option
def sample_command(file: Path, profile_name: str, serial: int, seed: int, force: bool, as_json: bool) -> int:
    from sscard.personalize.sample import personalized_card

    _require_free(file, force=force)
    return _store(personalized_card(profile_name, seed, serial=serial), file, as_json=as_json)


@command.command("compare", help=text("card.compare-help"))
@click.argument("paths", nargs=-1, type=_FILE, metavar="[FILE]…")
@pin_option
@profile_option
@reader_option
@workspace_option
@json_option
def compare_command(
    paths: tuple[Path, ...],
    with_pin: bool,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.cos.profile import load_profile
    from sscard.terminal.compare import Kind

    if len(paths) + bool(reader) not in (1, 2):
        raise click.UsageError(text("card.sides"))
    sides = [_side(path, profile_name) for path in paths]
    if reader:
        card = _export_reader(reader, workspace, profile_name, with_pin=with_pin)
        sides.append(_Side(text("card.side-reader", name=reader), card))
    profile = load_profile(profile_name or sides[0].export.profile)
    if len(sides) == 1:
        found = list(_from_profile(sides[0], profile))
        names = sides[0].name, text("card.side-profile", name=profile.name)
    else:
        found = list(_between(sides[0], sides[1], profile))
        names = sides[0].name, sides[1].name
    if as_json:
        _emit(found, names)
    else:
        _print(found, names)
    if any(difference.kind is not Kind.UNREAD for difference in found):
        return Exit.FAILED
    return Exit.PARTLY if found else Exit.OK


@dataclass(frozen=True, slots=True)
class _Side:
    """One card to compare; ``card`` is there where it is an image."""

    name: str
    export: CardExport
    card: AnyCard | None = None


def _side(path: Path, profile_name: str | None) -> _Side:
    from sscard.emulator import image
    from sscard.terminal import export

    form = _format_of(path)
    if form == export.FORMAT:
        return _Side(path.name, export.load(path.read_text("utf-8"), path=str(path)))
    if form == image.FORMAT:
        card = _user_card(path)
        return _Side(path.name, _export_image(path, card, profile_name), card)
    if form is None and (damaged := _begun(path)):
        raise WorkspaceError(damaged, path=str(path), detail="not JSON")
    raise WorkspaceError("export-kind", path=str(path))


def _begun(path: Path) -> str:
    """The error of a file that is no JSON but begins as an image or export, cut or written over; empty for others."""
    from sscard.emulator import image
    from sscard.terminal import export

    head = path.read_bytes()[:_HEAD]
    errors = {image.FORMAT: "image-damaged", export.FORMAT: "export-damaged"}
    return next((error for form, error in errors.items() if form.encode("ascii") in head), "")


def _format_of(path: Path) -> object:
    """What a file says it is; None where it is no JSON object.  Raises WorkspaceError where there is none."""
    try:
        tree = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise WorkspaceError("image-missing", path=str(path)) from None
    except ValueError:
        return None
    return tree.get("format") if isinstance(tree, dict) else None


def _software_card(path: Path) -> AnyCard:
    """The card of an image; where a command log lies beside it, with what the log tells."""
    from sscard.emulator import image, open_card
    from sscard.emulator.persistent import LOG_SUFFIX

    if path.with_name(path.name + LOG_SUFFIX).exists():
        with open_card(path) as kept:
            return kept.inside
    return image.read(path)


def _user_card(path: Path) -> AnyCard:
    """The card of an image.  Raises WorkspaceError("image-no-user-card") for a PSAM and a mother or transport card."""
    from sscard.cos.dialect import dialect_names

    card = _software_card(path)
    if card.system not in dialect_names():
        raise WorkspaceError("image-no-user-card", path=str(path), system=card.system)
    return card


def _export_image(path: Path, card: AnyCard, profile_name: str | None) -> CardExport:
    """The contents of an image.  Raises WorkspaceError("image-dialect") where the profile is for another COS."""
    from sscard.apdu.transport import Channel
    from sscard.commands.counter import issued
    from sscard.cos.profile import load_profile
    from sscard.terminal.export import export_contents
    from sscard.terminal.read import profile_for

    profile = load_profile(profile_name) if profile_name else profile_for(issued(Channel(card)))
    if profile.dialect != card.system:
        fields = {"system": card.system, "profile": profile.name, "dialect": profile.dialect}
        raise WorkspaceError("image-dialect", path=str(path), **fields)
    card.reset()
    return export_contents(profile, card.chip.historical, dict(_contents(card, profile)))


def _contents(card: AnyCard, profile: Profile) -> Iterator[tuple[str, list[bytes]]]:
    """By place, what the files of the profile hold on this card; files it has not are left out."""
    from sscard.cos.dialect import load_dialect

    dialect = load_dialect(profile.dialect)
    for directory in profile.directories:
        for file in directory.files:
            stored = card.chip.stored(directory.aid, dialect.file_id(file))
            if stored is not None:
                yield f"{directory.name}/{file.name}", stored


def _export_reader(
    reader: str | None,
    workspace: Path,
    profile_name: str | None,
    *,
    with_pin: bool,
    words: str = "",
    yes: bool = False,
) -> CardExport:
    """The card in a reader, read with the keys there are; with ``words`` for the audit log after consent."""
    from sscard.apdu.transport import Channel
    from sscard.commands.counter import ask_pin, fitting_profile, issued, keys_for, workspace_at
    from sscard.commands.read import disclose
    from sscard.commands.readers_open import open_transport
    from sscard.terminal.export import export_card
    from sscard.terminal.session import CardSession

    opened = workspace_at(workspace, needed=bool(words))
    pin = ask_pin("terminal.pin-prompt") if with_pin else None
    with closing(open_transport(reader, profile_name)) as transport:
        channel = Channel(transport)
        identity = issued(channel)
        profile = fitting_profile(identity, profile_name)
        if words and opened is not None:
            disclose(opened, identity, words, yes=yes)
        return export_card(CardSession(channel, profile, identity, keys_for(opened, reader, profile), pin))


def _from_profile(side: _Side, profile: Profile) -> Iterator[Difference]:
    from sscard.terminal.compare import against_profile

    if side.card is not None:
        from sscard.personalize.sample import personalized_card

        yield from _structure(side.card, personalized_card(profile.name), profile, state=False)
    yield from against_profile(side.export, profile)


def _between(left: _Side, right: _Side, profile: Profile) -> Iterator[Difference]:
    from sscard.terminal.compare import compare

    if left.card is not None and right.card is not None:
        yield from _structure(left.card, right.card, profile, state=True)
    yield from compare(left.export, right.export)


def _structure(left: AnyCard, right: AnyCard, profile: Profile, *, state: bool) -> Iterator[Difference]:
    """What a look inside two software cards finds, with the names the profile has for places."""
    from sscard.cos.dialect import load_dialect
    from sscard.emulator.structure import changes
    from sscard.terminal.compare import Difference, Kind

    file_id = load_dialect(profile.dialect).file_id
    names = {f"{place.fid:04X}": place for place in profile.directories}
    for change in changes(left, right, state=state):
        *above, last = change.path.split("/")
        directory = next((names[part] for part in (last, *reversed(above)) if part in names), None)
        file = next((file for file in directory.files if f"{file_id(file):04X}" == last), None) if directory else None
        known = file or directory
        label = text(f"card.what-{change.what}")
        inside = "" if last in names else f"/{file.name if file else last}"
        place = f"{directory.name}{inside}" if directory else change.path
        zh, en = (known.zh, known.en) if known else ("", "")
        yield Difference(place, label, zh, en, Kind.STRUCTURE, change.left, change.right)


def _store(card: AnyCard, file: Path, *, as_json: bool) -> int:
    from sscard.emulator import image

    image.save(card, file)
    atr = card.atr.hex().upper()
    if as_json:
        emit({"file": str(file), "atr": atr, "sealed": card.sealed, "interface": card.interface.value})
    else:
        click.echo(text("card.image-written", path=file, atr=atr))
    return Exit.OK


def _require_free(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise GuardRefused("export-exists", path=str(path))


def _emit(found: Iterable[Difference], names: tuple[str, str]) -> None:
    count = 0
    for difference in found:
        count += 1
        emit(
            {
                "place": difference.place,
                "label": difference.label,
                "zh": difference.zh,
                "en": difference.en,
                "kind": difference.kind.value,
                "left": difference.left,
                "right": difference.right,
            }
        )
    emit({"summary": True, "left": names[0], "right": names[1], "differences": count})


def _print(found: list[Difference], names: tuple[str, str]) -> None:
    rows = [
        (
            each.place,
            each.label,
            named(each.zh, each.en),
            text(f"card.kind-{each.kind.value}"),
            f"{_told(each.left)} ↔ {_told(each.right)}",
        )
        for each in found
    ]
    for line in columns(rows) if rows else ():
        click.echo(line)
    click.echo(text("card.count" if rows else "card.same", count=len(rows), left=names[0], right=names[1]))


def _told(side: str) -> str:
    """One side of a difference in words; what is no word of ours stays as it is."""
    from sscard.terminal.read import Outcome

    if side in ("True", "False", *(outcome.value for outcome in Outcome)):
        return text(f"card.told-{side.lower()}")
    return side or "–"
