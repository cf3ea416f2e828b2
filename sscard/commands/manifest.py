"""``sscard manifest``: write what a sender says of a batch beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from sscard import messages
from sscard.commands.batch_options import ENCODINGS, setting_of
from sscard.commands.common import emit, json_option
from sscard.errors import Exit


@click.command(help=messages.text("merge.manifest-help"))
@click.argument("batch", type=click.Path(path_type=Path))
@click.option("--id", "batch_id", required=True, metavar="ID", help=messages.text("merge.option-id"))
@click.option(
    "--kind",
    type=click.Choice(["production", "sample", "training"]),
    default="production",
    show_default=True,
    help=messages.text("merge.option-kind"),
)
@click.option("--format", "format_name", metavar="NAME|FILE", help=messages.text("intake.option-format"))
@click.option("--encoding", type=click.Choice(ENCODINGS), help=messages.text("intake.option-encoding"))
@click.option("--profile", "profile_name", metavar="NAME|FILE", help=messages.text("merge.option-profile"))
@click.option("--prepared-by", default="", metavar="NAME", help=messages.text("merge.option-prepared"))
@click.option("--approved-by", default="", metavar="NAME", help=messages.text("merge.option-approved"))
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=messages.text("intake.option-check-workspace"),
)
@click.option("--region", metavar="R", help=messages.text("intake.option-region"))
@click.option("--demo/--production", "demo", default=None, help=messages.text("intake.option-mode"))
@json_option
def command(
    batch: Path,
    batch_id: str,
    kind: str,
    format_name: str | None,
    encoding: str | None,
    profile_name: str | None,
    prepared_by: str,
    approved_by: str,
    workspace: Path | None,
    region: str | None,
    demo: bool | None,
    as_json: bool,
) -> int:
    from sscard.cos.profile import load_profile
    from sscard.personalize.batch import open_batch
    from sscard.personalize.exchange.load import load_format
    from sscard.personalize.manifest import write_manifest

    region, demo = setting_of(workspace, region, demo)
    layout = load_format(format_name) if format_name else None
    path, manifest = write_manifest(
        open_batch(batch, encoding=encoding, region=region, demo=demo, layout=layout),
        batch_id=batch_id,
        region=region,
        kind=kind,
        format_name=layout.name if layout else "canonical",
        profile=load_profile(profile_name) if profile_name else None,
        prepared_by=prepared_by,
        approved_by=approved_by,
    )
    if as_json:
        emit({"path": str(path), **asdict(manifest)})
    else:
        click.echo(messages.text("merge.manifest-written", path=path, records=manifest.records, id=manifest.id))
    return Exit.OK
