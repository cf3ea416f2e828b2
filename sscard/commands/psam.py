"""``sscard psam``: security modules of terminals; here the PSAM itself, in other modules its papers and its life."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands import psam_life, psam_papers
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.errors import Exit, GuardRefused, UsageError

if TYPE_CHECKING:
    from sscard.keys.service import KeyService
    from sscard.personalize.workspace import Workspace
    from sscard.psam.reader import Present, PsamFacts


@click.group(help=messages.text("psam.group"))
def command() -> None:
    pass


_reader = click.option("--reader", metavar="NAME", help=messages.text("psam.option-psam-reader"))
_algorithm = click.option(
    "--algorithm", type=click.Choice(["DES", "SM4"]), default="SM4", help=messages.text("psam.option-algorithm")
)


@command.command("info", help=messages.text("psam.info-help"))
@_algorithm
@_reader
@json_option
def info(algorithm: str, reader: str | None, as_json: bool) -> int:
    from sscard.commands.psam_open import open_psam
    from sscard.keys.family import Algorithm

    with open_psam(reader, Algorithm[algorithm]) as psam:
        facts, present = psam.facts(), list(psam.present())
    if as_json:
        emit(_facts(facts, algorithm, present))
    else:
        _print(facts, algorithm, present)
    return Exit.OK


@command.command("receive", help=messages.text("psam.receive-help"))
@click.argument("serials", nargs=-1, required=True)
@click.option("--supplier", required=True, help=messages.text("psam.option-supplier"))
@click.option("--by", "who", required=True, help=messages.text("psam.option-by"))
@click.option("--software", is_flag=True, help=messages.text("psam.option-software"))
@workspace_option
@keys_option
@json_option
def receive(serials: tuple[str, ...], supplier: str, who: str, software: bool, workspace: Path, as_json: bool) -> int:
    from sscard.commands.psam_open import register_of
    from sscard.commands.unlock import unlock
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    service = unlock(opened) if software else None
    if service is not None:
        _require_masters(service, opened.region)
    with register_of(opened) as register:
        count = register.receive(serials, supplier, who)
    images = _software(opened, service, serials) if service is not None else []
    if as_json:
        emit({"received": count, "images": [str(path) for path in images]})
        return Exit.OK
    click.echo(messages.text("psam.received", count=count))
    for path in images:
        click.echo(messages.text("psam.made-software", path=path))
    return Exit.OK


def _require_masters(service: KeyService, region: str) -> None:
    """Raise GuardRefused("psam-software") or CustodyError where a software PSAM could not be made."""
    from sscard.commands.psam_open import software_psam
    from sscard.keys.psam import APPLICATION_MASTER
    from sscard.keys.service import KeyRef

    if not service.demo:
        raise GuardRefused("psam-software")
    software_psam(service, region, service.algorithm(KeyRef(APPLICATION_MASTER, region)), "0" * 20)


def _software(opened: Workspace, service: KeyService, serials: tuple[str, ...]) -> list[Path]:
    """Images of software PSAMs with the workspace's own masters."""
    from functools import partial

    from sscard.commands.psam_open import software_psam
    from sscard.emulator.persistent import PersistentCard
    from sscard.keys.psam import APPLICATION_MASTER
    from sscard.keys.service import KeyRef

    algorithm = service.algorithm(KeyRef(APPLICATION_MASTER, opened.region))
    paths = []
    for serial in serials:
        path = opened.cards_path / f"psam-{serial}.json"
        PersistentCard(path, partial(software_psam, service, opened.region, algorithm, serial)).close()
        paths.append(path)
    return paths


@command.command("load", help=messages.text("psam.load-help"))
@click.option(
    "--list", "list_path", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True,
    help=messages.text("psam.option-list"),
)  # fmt: skip
@click.option("--request", "number", type=int, required=True, help=messages.text("psam.option-request"))
@click.option("--by", "who", required=True, help=messages.text("psam.option-by"))
@click.option("--replace", "replace", metavar="KEY", multiple=True, help=messages.text("psam.option-replace"))
@_reader
@workspace_option
@keys_option
@json_option
def load(
    list_path: Path,
    number: int,
    who: str,
    replace: tuple[str, ...],
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.approvals import proved
    from sscard.commands.psam_open import open_psam, register_of
    from sscard.commands.unlock import unlock
    from sscard.keys.catalog import canonical
    from sscard.personalize.workspace import open_workspace
    from sscard.psam.loader import LoadOrder, load_psam
    from sscard.psam.loadlist import read_list

    opened, order = open_workspace(workspace), read_list(list_path)
    if order.city != opened.region:
        raise UsageError("psam-city", wanted=order.city, found=opened.region)
    who = proved(opened, who)
    with register_of(opened) as register, open_psam(reader, order.algorithm) as psam:
        place = register.reserve(number, psam.facts().public.serial.hex(), order, who)
        changed = frozenset(map(canonical, replace))
        wanted = LoadOrder(order, place.terminal, changed, place.resumed)
        report = load_psam(psam, unlock(opened), wanted, lambda: register.begin_load(place.terminal, number, who))
        register.finish_load(place.terminal, number, order, who)
    if as_json:
        emit(
            {
                "terminal": report.terminal,
                "serial": report.serial,
                "created": list(report.created),
                "changed": list(report.changed),
            }
        )
    else:
        counts = {"created": len(report.created), "changed": len(report.changed)}
        click.echo(messages.text("psam.loaded", terminal=report.terminal, **counts))
    return Exit.OK


def _facts(facts: PsamFacts, algorithm: str, present: list[Present]) -> dict[str, object]:
    return {
        "serial": facts.public.serial.hex(),
        "terminal": facts.terminal,
        "counter": facts.counter,
        "type": facts.public.type,
        "algorithm": algorithm,
        "periods": {authority.name.lower(): [told.start, told.end] for authority, told in facts.information.items()},
        "keys": [{"name": key.name, "version": key.version, "place": str(key.place)} for key in present],
    }


def _print(facts: PsamFacts, algorithm: str, present: list[Present]) -> None:
    from sscard.commands.layout import columns

    kind, known = facts.public.type, {0x01, 0x0D}
    periods = (
        f"{messages.text(f'psam.authority-{authority.value}')} {told.start}–{told.end}"
        for authority, told in facts.information.items()
    )
    shown = {
        "serial": facts.public.serial.hex(),
        "terminal": facts.terminal or messages.text("psam.none"),
        "counter": str(facts.counter),
        "type": messages.text(f"psam.type-{kind if kind in known else 'other'}", type=f"{kind:02X}"),
        "algorithm": algorithm,
        "period": ", ".join(periods) or messages.text("psam.none"),
        "keys": str(len(present)),
    }
    for line in columns([(messages.text(f"psam.info-{name}"), value) for name, value in shown.items()]):
        click.echo(line)
    for line in columns([(key.name, f"v{key.version}", str(key.place)) for key in present]) if present else ():
        click.echo(f"  {line}")


for _module in (psam_papers, psam_life):
    for _each in _module.COMMANDS:
        command.add_command(_each)
