"""``sscard face``: a card's face before it is printed, and whether the whole batch can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard.commands.batch_options import ENCODINGS, setting_of
from sscard.commands.common import emit, json_option
from sscard.errors import Exit
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.personalize.batch import Batch
    from sscard.personalize.face.fonts import Fonts
    from sscard.personalize.face.layout import Layout, Side
    from sscard.personalize.face.photos import Photos
    from sscard.personalize.face.survey import FaceFinding
    from sscard.personalize.record import Record

_ROWS_SHOWN: Final = 10
_KINDS: Final = (".png", ".pdf", ".json")


@click.command(
    help=text("face.help")
    + """

\b
  sscard face --out sample.png
  sscard people --count 3 --out b.csv
  sscard face b.csv --check --workspace ws
  sscard face b.csv --seq 2 --out card.pdf --workspace ws --yes
"""
)
@click.argument("batch", type=click.Path(path_type=Path), required=False)
@click.option("--check", "checking", is_flag=True, help=text("face.option-check"))
@click.option("--seq", type=click.IntRange(min=1), help=text("face.option-seq"))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=text("face.option-out"))
@click.option("--layout", "layout_name", metavar="NAME|FILE", default="ssc3", help=text("face.option-layout"))
@click.option("--photos", type=click.Path(path_type=Path), metavar="DIR", help=text("face.option-photos"))
@click.option("--font", "font_paths", multiple=True, metavar="FILE", help=text("face.option-font"))
@click.option("--side", type=click.Choice(["front", "back"]), help=text("face.option-side"))
@click.option("--dpi", type=click.IntRange(72, 1200), default=300, show_default=True, help=text("face.option-dpi"))
@click.option("--encoding", type=click.Choice(ENCODINGS), help=text("intake.option-encoding"))
@click.option("--format", "format_name", metavar="NAME|FILE", help=text("intake.option-format"))
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=text("help.option-workspace"),
)
@click.option("--yes", is_flag=True, help=text("face.option-yes"))
@click.option("--force", is_flag=True, help=text("face.option-force"))
@json_option
def command(
    batch: Path | None,
    checking: bool,
    seq: int | None,
    out: Path | None,
    layout_name: str,
    photos: Path | None,
    font_paths: tuple[str, ...],
    side: str | None,
    dpi: int,
    encoding: str | None,
    format_name: str | None,
    workspace: Path | None,
    yes: bool,
    force: bool,
    as_json: bool,
) -> int:
    from sscard.commands.new_file import ensure_new, write_new
    from sscard.errors import FaceError
    from sscard.personalize.face.fonts import open_fonts
    from sscard.personalize.face.layout import Side, load_layout
    from sscard.personalize.face.photos import Photos

    if checking and batch is None:
        raise click.UsageError(text("face.need-batch"))
    if not checking:
        if out is None:
            raise click.UsageError(text("face.need-out"))
        if out.suffix.lower() not in _KINDS:
            raise FaceError("face-kind", path=str(out))
        if batch is not None and seq is None:
            raise click.UsageError(text("face.need-seq"))
        ensure_new(out, force=force)
    layout = load_layout(layout_name)
    fonts = open_fonts(font_paths or layout.fonts, named=bool(font_paths))
    folder = Photos(photos)
    if batch is None:
        record = _sample()
    else:
        whole = _open(batch, workspace, encoding, format_name)
        if checking:
            return _check(whole, layout, fonts, folder, as_json=as_json)
        record = _consented(whole, seq or 0, layout, fonts, workspace, str(out), yes=yes)
    if out is None:
        return Exit.USAGE
    content = _drawn(record, layout, fonts, folder, out.suffix.lower(), Side(side) if side else None, dpi)
    write_new(out, content, force=force)
    used = [f"{font.path}#{font.index}" for font in fonts.fonts]
    if as_json:
        emit({"file": str(out), "seq": record.seq, "layout": layout.name, "fonts": used, "dpi": dpi})
    else:
        click.echo(text("face.written", path=out, layout=layout.name, fonts=", ".join(used)))
    return Exit.OK


def _sample() -> Record:
    """A synthetic person."""
    from sscard.personalize import people
    from sscard.personalize.record import Record

    (row,) = people.rows(1)
    values = dict(zip(people.COLUMNS, row, strict=True))
    known = {name: value for name, value in values.items() if name in Record.__dataclass_fields__ and name != "seq"}
    return Record(seq=1, line=1, **known)  # type: ignore[arg-type]


def _open(path: Path, workspace: Path | None, encoding: str | None, format_name: str | None) -> Batch:
    """The batch, checked by its own rules first."""
    from sscard.personalize.batch import open_batch
    from sscard.personalize.exchange.load import load_format

    region, demo = setting_of(workspace, None, None)
    layout = load_format(format_name) if format_name else None
    return open_batch(path, encoding=encoding, region=region, demo=demo, layout=layout)


def _consented(
    batch: Batch, seq: int, layout: Layout, fonts: Fonts, workspace: Path | None, out: str, *, yes: bool
) -> Record:
    """The row to draw, once all that the batch writes can be drawn, somebody agreed and the audit log says so.

    Raises FaceError("face-row", "face-findings"), GuardRefused without consent, WorkspaceError.
    """
    from sscard.commands.audit_log import audit
    from sscard.errors import FaceError, GuardRefused
    from sscard.personalize.face.photos import Photos
    from sscard.personalize.face.survey import survey
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace or Path())
    if seq > len(batch):
        raise FaceError("face-row", seq=seq, rows=len(batch))
    findings = list(survey(batch, layout, fonts, Photos(None)))
    if findings:
        first = findings[0]
        raise FaceError("face-findings", count=len(findings), line=first.lines[0], what=_what(first))
    if not yes and not click.confirm(text("face.confirm", seq=seq, path=out), err=True):
        raise GuardRefused("show-person-refused")
    audit(place, "face", batch=batch.sha256[:16], seq=seq)
    return batch.record(seq)


def _drawn(
    record: Record, layout: Layout, fonts: Fonts, photos: Photos, kind: str, side: Side | None, dpi: int
) -> bytes:
    """The content of the file."""
    from sscard.personalize.face import drawing
    from sscard.personalize.face.placing import pieces, print_job

    sides = (side,) if side else layout.sides
    if kind == ".json":
        path = photos.find(record)
        job = print_job(layout, sides, record, fonts, path.name if path else "")
        return (json.dumps(job, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    picture = photos.picture(record)
    if kind == ".pdf":
        return drawing.pdf([tuple(pieces(layout, each, record, fonts)) for each in sides], picture)
    return drawing.png(pieces(layout, side or layout.person_side, record, fonts), picture, dpi)


def _check(batch: Batch, layout: Layout, fonts: Fonts, photos: Photos, *, as_json: bool) -> int:
    """Print every finding and a summary; 1 where there are any."""
    from sscard.personalize.face.survey import survey

    count = 0
    for finding in survey(batch, layout, fonts, photos):
        count += 1
        if as_json:
            emit(
                {
                    "finding": finding.trouble.value,
                    "column": finding.column,
                    "character": finding.character,
                    "code_point": finding.code_point,
                    "seqs": list(finding.seqs),
                    "lines": list(finding.lines),
                    "count": finding.count,
                    "detail": finding.detail,
                }
            )
        else:
            click.echo(f"{batch.name}:{finding.lines[0]}:{finding.column}  {_what(finding)}  {_rows(finding)}")
    used = [f"{font.path}#{font.index}" for font in fonts.fonts]
    if as_json:
        emit({"summary": True, "rows": len(batch), "findings": count, "layout": layout.name, "fonts": used})
    elif count:
        click.echo(text("face.found", rows=len(batch), count=count))
    else:
        told = text("face.sound-photos") if photos.folder else ""
        click.echo(text("face.sound", rows=len(batch), photos=told, fonts=", ".join(used)))
    return Exit.FAILED if count else Exit.OK


def _what(finding: FaceFinding) -> str:
    return text(
        f"face.{finding.trouble.value}",
        column=finding.column,
        detail=finding.detail,
        character=finding.character if finding.character.isprintable() else "",
        code_point=finding.code_point,
    )


def _rows(finding: FaceFinding) -> str:
    named = text("face.rows", seqs=", ".join(map(str, finding.seqs[:_ROWS_SHOWN])))
    return named if finding.count <= _ROWS_SHOWN else f"{named} {text('face.more-rows', count=finding.count)}"
