"""``sscard psam list | request | review | form``: the papers of PSAMs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.common import emit, json_option, workspace_option
from sscard.errors import Exit, UsageError

if TYPE_CHECKING:
    from sscard.psam.advice import Advice
    from sscard.psam.entries import Request

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("list", help=messages.text("psam.list-help"))
@click.argument("services", nargs=-1)
@click.option(
    "--authority",
    type=click.Choice(["national", "province"]),
    default="national",
    help=messages.text("psam.option-authority"),
)
@click.option("--city", default="990101", help=messages.text("psam.option-city"))
@click.option(
    "--algorithm", type=click.Choice(["DES", "SM4"]), default="SM4", help=messages.text("psam.option-algorithm")
)
@click.option("--count", type=click.IntRange(1), default=1, help=messages.text("psam.option-count"))
@click.option("--period", nargs=2, metavar="FROM TO", help=messages.text("psam.option-period"))
@click.option("--debug", is_flag=True, help=messages.text("psam.option-debug"))
@click.option("--check", "checked", type=_FILE, help=messages.text("psam.option-check"))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=messages.text("psam.option-out"))
@json_option
def list_keys(
    services: tuple[str, ...],
    authority: str,
    city: str,
    algorithm: str,
    count: int,
    period: tuple[str, str] | None,
    debug: bool,
    checked: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    from sscard.cos.psam import Authority
    from sscard.keys.family import Algorithm
    from sscard.psam.advice import advise, least_list
    from sscard.psam.loadlist import parse_list, read_list
    from sscard.psam.uses import declared

    if checked is not None:
        advice = advise(read_list(checked))
        _show_advice(advice, as_json=as_json)
        return Exit.OK if advice.fits else Exit.PARTLY
    known = {use.name for use in declared()}
    for name in services:
        if name not in known:
            raise UsageError("psam-service", name=name, known=", ".join(sorted(known)))
    if not services and not debug:
        for use in declared():
            facts = {"name": use.name, "zh": use.zh, "en": use.en}
            if as_json:
                emit(facts | {"keys": list(use.keys)})
            else:
                click.echo(messages.text("psam.uses", **facts, keys=" ".join(use.keys)))
        return Exit.OK
    start, end = period or _five_years()
    text = least_list(
        Authority[authority.upper()],
        services,
        city=city,
        algorithm=Algorithm[algorithm],
        start=start,
        end=end,
        count=count,
        debug=debug,
    )
    order = parse_list(text, str(out or "list"))
    if out is None:
        click.echo(text, nl=False)
        return Exit.OK
    out.write_text(text, encoding="utf-8")
    chosen = sum(1 for _ in order.chosen())
    if as_json:
        emit({"path": str(out), "keys": chosen})
    else:
        click.echo(messages.text("psam.list-written", path=out, count=chosen))
    return Exit.OK


def _five_years() -> tuple[str, str]:
    from sscard.commands.psam_open import today

    day = today()
    return day, f"{int(day[:4]) + 5}1231"


def _show_advice(advice: Advice, *, as_json: bool) -> None:
    if as_json:
        emit({"fits": advice.fits, "surplus": list(advice.surplus), "lacking": list(advice.lacking)})
        return
    if advice.fits:
        click.echo(messages.text("psam.advice-fits"))
    for name, found in (("surplus", advice.surplus), ("lacking", advice.lacking)):
        if found:
            click.echo(messages.text(f"psam.advice-{name}", names=" ".join(found)))


@click.command("request", help=messages.text("psam.request-help"))
@click.option("--list", "list_path", type=_FILE, required=True, help=messages.text("psam.option-list"))
@click.option("--by", "who", required=True, help=messages.text("psam.option-by"))
@workspace_option
@json_option
def request(list_path: Path, who: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.approvals import proved
    from sscard.commands.psam_open import register_of
    from sscard.personalize.workspace import open_workspace
    from sscard.psam.advice import advise
    from sscard.psam.loadlist import read_list

    opened, order = open_workspace(workspace), read_list(list_path)
    with register_of(opened) as register:
        made = register.request(order, list_path.read_text(encoding="utf-8"), proved(opened, who))
    advice = advise(order)
    if as_json:
        emit(_facts(made) | {"surplus": list(advice.surplus), "lacking": list(advice.lacking)})
        return Exit.OK
    click.echo(messages.text("psam.requested", id=made.id, count=made.count))
    _show_advice(advice, as_json=False)
    return Exit.OK


@click.command("review", help=messages.text("psam.review-help"))
@click.argument("number", type=int)
@click.option("--by", "who", required=True, help=messages.text("psam.option-by"))
@click.option("--refuse", is_flag=True, help=messages.text("psam.option-refuse"))
@click.option("--note", default="", help=messages.text("psam.option-note"))
@workspace_option
@json_option
def review(number: int, who: str, refuse: bool, note: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.approvals import proved
    from sscard.commands.psam_open import register_of
    from sscard.personalize.workspace import open_workspace

    opened = open_workspace(workspace)
    with register_of(opened) as register:
        found = register.review(number, proved(opened, who), approve=not refuse, note=note)
    if as_json:
        emit(_facts(found))
    else:
        decision = messages.text(f"psam.decision-{found.decision.value}")
        click.echo(messages.text("psam.reviewed", id=found.id, decision=decision))
    return Exit.OK


@click.command("form", help=messages.text("psam.form-help"))
@click.argument("what")
@click.option("--html", is_flag=True, help=messages.text("psam.option-html"))
@workspace_option
def form(what: str, html: bool, workspace: Path) -> int:
    from sscard.commands.psam_open import register_of
    from sscard.personalize.workspace import open_workspace
    from sscard.psam.forms import list_form, render_html, render_text, request_form
    from sscard.psam.loadlist import read_list

    if what.isdigit():
        with register_of(open_workspace(workspace)) as register:
            found = register.find_request(int(what))
            made = request_form(found, [entry for entry in register.psams() if entry.request == found.id])
    else:
        made = list_form(read_list(Path(what)))
    click.echo((render_html if html else render_text)(made), nl=False)
    return Exit.OK


def _facts(found: Request) -> dict[str, object]:
    return {
        "request": found.id,
        "authority": found.authority,
        "city": found.city,
        "purpose": found.purpose,
        "count": found.count,
        "loaded": found.loaded,
        "decision": found.decision.value,
        "requester": found.requester,
        "reviewer": found.reviewer,
    }


COMMANDS: Final = (list_keys, request, review, form)
