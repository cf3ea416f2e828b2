"""``sscard profile``: what profiles there are, what is in them, wrong with them, and different between them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.commands.layout import columns, named
from sscard.commands.profile_form import told
from sscard.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sscard.cos.model import Profile
    from sscard.cos.profile_diff import Change, Room
    from sscard.cos.profile_lint import Finding


@click.group(help=messages.text("profile.group"))
def command() -> None:
    pass


@command.command("list", help=messages.text("profile.list-help"))
@json_option
def list_profiles(as_json: bool) -> int:
    from sscard.commands.tree import headline
    from sscard.cos.profile import load_profile, overlay_names, overlay_title, profile_names

    profiles = [load_profile(name) for name in profile_names()]
    overlays = [(name, *overlay_title(name)) for name in overlay_names()]
    if as_json:
        for profile in profiles:
            emit({"kind": "profile", **_head(profile)})
        for name, zh, en in overlays:
            emit({"kind": "overlay", "profile": name, "title_zh": zh, "title_en": en})
        return Exit.OK
    rows = [(profile.name, headline(profile), named(profile.title_zh, profile.title_en)) for profile in profiles]
    rows += [(name, messages.text("profile.kind-overlay"), named(zh, en)) for name, zh, en in overlays]
    for line in columns(rows):
        click.echo(line)
    return Exit.OK


@command.command("show", help=messages.text("profile.show-help"))
@click.argument("name")
@click.argument("what", required=False)
@json_option
def show_profile(name: str, what: str | None, as_json: bool) -> int:
    from sscard.commands.tree import show
    from sscard.cos.profile import load_profile

    profile = load_profile(name)
    if as_json:
        emit({"node": "profile", **_head(profile)})
    elif what is None:
        click.echo(messages.text("profile.line-chip", chip=profile.chip_bytes, digest=profile.digest[:16]))
    show(profile, what, as_json=as_json)
    return Exit.OK


@command.command("lint", help=messages.text("profile.lint-help"))
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@json_option
def lint_profiles(names: tuple[str, ...], as_json: bool) -> int:
    from sscard.cos.profile import read_profile
    from sscard.cos.profile_lint import Severity, lint

    worst = Exit.OK
    for name in names:
        profile, file = read_profile(name)
        findings = lint(profile, file)
        errors = sum(finding.severity is Severity.ERROR for finding in findings)
        for finding in findings:
            _tell_finding(profile, finding, as_json=as_json)
        total = {"profile": profile.name, "errors": errors, "warnings": len(findings) - errors}
        if as_json:
            emit({"summary": True, **total})
        else:
            click.echo(messages.text("profile.lint-total", **total))
        worst = Exit.FAILED if errors else worst
    return worst


@command.command("diff", help=messages.text("profile.diff-help"))
@click.argument("old")
@click.argument("new")
@click.option("--form", type=click.Choice(["text", "html"]), help=messages.text("profile.option-form"))
@json_option
def diff_profiles(old: str, new: str, form: str | None, as_json: bool) -> int:
    from sscard.cos.profile import load_profile
    from sscard.cos.profile_diff import ChangeKind, changes

    before, after = load_profile(old), load_profile(new)
    found = changes(before, after)
    totals = {kind.value: sum(change.kind is kind for change in found) for kind in ChangeKind}
    if as_json:
        for change in found:
            emit(_change_facts(change))
        emit({"summary": True, "old": before.name, "new": after.name, **totals})
        return Exit.OK
    if form is not None:
        from sscard.commands.profile_form import approval_form
        from sscard.keys.ceremony.forms import as_html, as_text

        click.echo((as_html if form == "html" else as_text)(approval_form(before, after, found)), nl=False)
        return Exit.OK
    heads = {"old": before.name, "old_version": before.version, "new": after.name, "new_version": after.version}
    click.echo(messages.text("profile.diff-title", **heads))
    click.echo(messages.text("profile.diff-base"))
    titles = {directory.name: named(directory.zh, directory.en) for p in (before, after) for directory in p.directories}
    for name, group in groupby(found, key=lambda change: change.directory):
        click.echo(f"{name} {titles[name]}" if name else messages.text("profile.diff-head"))
        for line in columns([_change_row(change) for change in group]):
            click.echo(f"  {line}")
    click.echo(messages.text("profile.diff-total", **totals))
    return Exit.OK


@command.command("size", help=messages.text("profile.size-help"))
@click.argument("name")
@json_option
def size_of_profile(name: str, as_json: bool) -> int:
    from sscard.cos.profile import read_profile
    from sscard.cos.profile_diff import rooms

    profile, _ = read_profile(name)
    found = rooms(profile)
    total = sum(room.bytes for room in found) + profile.delivered_bytes
    free = profile.chip_bytes - total
    if as_json:
        for room in found:
            emit(_room_facts(room))
        delivered = {"delivered": profile.delivered_bytes}
        chip = {"chip_bytes": profile.chip_bytes, "free": free, "fits": free >= 0}
        emit({"summary": True, "bytes": total, **delivered, **chip})
    else:
        _print_rooms(found)
        if profile.delivered_bytes:
            click.echo(messages.text("profile.size-delivered", bytes=profile.delivered_bytes))
        percent = 100 * total / profile.chip_bytes
        facts = {"total": total, "chip": profile.chip_bytes, "free": free, "percent": percent}
        click.echo(messages.text("profile.size-total", **facts))
    return Exit.OK if free >= 0 else Exit.FAILED


def _head(profile: Profile) -> dict[str, object]:
    from sscard.keys.family import served

    return {
        "profile": profile.name,
        "version": profile.version,
        "generation": profile.generation,
        "algorithm": profile.algorithm.name,
        "hsm_only": not served(profile.algorithm),
        "dialect": profile.dialect,
        "chip_bytes": profile.chip_bytes,
        "title_zh": profile.title_zh,
        "title_en": profile.title_en,
        "digest": profile.digest,
    }


def _tell_finding(profile: Profile, finding: Finding, *, as_json: bool) -> None:
    if not as_json:
        what, remedy = finding.parts()
        severity = messages.text(f"profile.severity-{finding.severity.value}")
        click.echo(f"{severity} {finding.rule.upper()}: {what}")
        if remedy:
            click.echo(f"  → {remedy}")
        return
    zh, en = finding.parts("zh"), finding.parts("en")
    emit(
        {
            "profile": profile.name,
            "rule": finding.rule.upper(),
            "severity": finding.severity.value,
            "place": finding.place,
            "message_zh": zh[0],
            "message_en": en[0],
            "remedy_zh": zh[1],
            "remedy_en": en[1],
        }
    )


def _change_facts(change: Change) -> dict[str, object]:
    fact = f"profile.fact-{change.fact}"
    return {
        "change": change.kind.value,
        "node": change.node.kind,
        "place": change.node.place,
        "zh": change.node.zh,
        "en": change.node.en,
        "fact": change.fact,
        "fact_zh": messages.text(fact, "zh"),
        "fact_en": messages.text(fact, "en"),
        "before": change.before,
        "after": change.after,
    }


def _change_row(change: Change) -> tuple[str, ...]:
    node = change.node
    what = messages.text(f"profile.node-{node.kind}")
    fact = messages.text(f"profile.fact-{change.fact}")
    value = " → ".join(told(change, side) for side in (change.before, change.after))
    title = named(node.zh, node.en) if node.kind != "constant" else ""
    return messages.text(f"profile.change-{change.kind.value}"), what, node.place or "–", title, fact, value


def _room_facts(room: Room) -> dict[str, object]:
    return {
        "directory": room.directory.name,
        "zh": room.directory.zh,
        "en": room.directory.en,
        "files": room.files,
        "records": room.records,
        "keys": room.keys,
        "bytes": room.bytes,
    }


def _print_rooms(found: Sequence[Room]) -> None:
    rows = [tuple(messages.text("profile.size-head").split("|"))]
    rows += [
        (
            f"{room.directory.name} {named(room.directory.zh, room.directory.en)}",
            f"{room.files}",
            f"{room.records}",
            f"{room.keys}",
            f"{room.bytes:,}",
        )
        for room in found
    ]
    for line in columns(rows):
        click.echo(line)
