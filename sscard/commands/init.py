"""``sscard init``: make a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.errors import Exit, GuardRefused


@click.command(help=messages.text("init.help"))
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--demo", is_flag=True, help=messages.text("init.option-demo"))
@click.option("--region", default="990101", show_default=True, help=messages.text("init.option-region"))
@click.option("--profile", default="ssc3-sm4", show_default=True, help=messages.text("init.option-profile"))
@click.option(
    "--holds",
    type=click.Choice(["all", "nation", "province", "city", "none"]),
    default="all",
    show_default=True,
    help=messages.text("init.option-holds"),
)
@json_option
def command(directory: Path, demo: bool, region: str, profile: str, holds: str, as_json: bool) -> int:
    if not demo:
        raise GuardRefused("workspace-production", path=str(directory))
    from sscard.commands.unlock import open_vault
    from sscard.cos.keyset import unlisted_keys
    from sscard.cos.profile import load_profile
    from sscard.cos.profile_source import absolute
    from sscard.personalize.workspace import create_workspace

    profile = absolute(profile)
    card = load_profile(profile)
    workspace = create_workspace(
        directory,
        demo=True,
        region=region,
        profile=profile,
        algorithm=card.algorithm,
        extra=unlisted_keys(card),
        holds=holds,
    )
    count = len(open_vault(workspace))
    if as_json:
        emit(
            {
                "workspace": str(workspace.root),
                "demo": workspace.demo,
                "region": workspace.region,
                "profile": workspace.profile,
                "station": workspace.station,
                "init_org": workspace.init_org,
                "vault": str(workspace.vault_path),
                "keys": count,
            }
        )
        return Exit.OK
    click.echo(messages.text("init.done", path=workspace.root))
    click.echo(messages.text("init.facts", region=workspace.region, profile=workspace.profile, count=count))
    click.echo(messages.text("init.next", path=directory))
    return Exit.OK
