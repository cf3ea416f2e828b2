"""``sscard personalize``: from a batch file and blank cards to proven cards."""

from __future__ import annotations

import re
import shlex
import time
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.batch_options import ENCODINGS
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.commands.readers_open import EMULATOR, open_slots
from sscard.errors import Exit
from sscard.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sscard.cos.model import Profile
    from sscard.cos.passes import Pass
    from sscard.keys.service import KeyService
    from sscard.personalize.batch import Batch
    from sscard.personalize.exchange.model import Format
    from sscard.personalize.heads import Slot, Tracer, Work
    from sscard.personalize.job import Production
    from sscard.personalize.order import BlankOrder
    from sscard.personalize.workspace import Workspace

    Feeding = Callable[[Work, Sequence[Slot]], Sequence[Slot]]

MAX_HEADS = 64
_ORDER = "[A-Za-z0-9][A-Za-z0-9._-]{0,39}"


@click.command(
    help=text("help.personalize")
    + """

\b
  sscard init ws --demo
  sscard people --count 8 --out ws/b.csv
  sscard personalize ws/b.csv --workspace ws --reader emulator:4
"""
)
@click.argument("batch", type=click.Path(path_type=Path, dir_okay=False))
@workspace_option
@keys_option
@click.option("--reader", metavar="NAME|all|emulator:N", help=text("personalize.help-reader"))
@click.option("--encoding", type=click.Choice(ENCODINGS), help=text("personalize.help-encoding"))
@click.option("--format", "format_name", metavar="NAME|FILE", help=text("personalize.help-format"))
@click.option("--returns", "returns_name", metavar="NAME|FILE", help=text("personalize.help-returns"))
@click.option("--profile", "profile_name", metavar="NAME|FILE", help=text("personalize.help-profile"))
@click.option("--pass", "pass_name", metavar="NAME", help=text("modes.help-pass"))
@click.option("--count", type=click.IntRange(1, 1_000_000), metavar="N", help=text("modes.help-count"))
@click.option("--on", "link", type=click.Choice(["ssn", "card_no"]), help=text("modes.help-on"))
@click.option(
    "--feedback", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=text("modes.help-feedback")
)
@click.option("--feedback-format", "feedback_format", metavar="NAME|FILE", help=text("modes.help-feedback-format"))
@click.option("--allow-missing", is_flag=True, help=text("modes.help-allow-missing"))
@click.option("--ca", metavar="demo|COMMAND", help=text("modes.help-ca"))
@click.option("--dry-run", is_flag=True, help=text("personalize.help-dry-run"))
@click.option(
    "--wait", type=click.FloatRange(min=0), default=30.0, show_default=True, help=text("personalize.help-wait")
)
@click.option("--approval", "approval", metavar="NAME=FILE", multiple=True, help=text("operator.help-approval"))
@click.option("--feeder", "feeder", metavar="COMMAND", help=text("operator.help-feeder"))
@click.option(
    "--feeder-limit",
    type=click.FloatRange(min=0.1, max=45),
    default=30.0,
    show_default=True,
    help=text("operator.help-feeder-limit"),
)
@click.option("--accept-clock", is_flag=True, help=text("operator.help-accept-clock"))
@click.option("--bell", is_flag=True, help=text("operator.help-bell"))
@click.option("--trace", type=click.Path(path_type=Path, file_okay=False), help=text("personalize.help-trace"))
@json_option
def command(
    batch: Path,
    workspace: Path,
    reader: str | None,
    encoding: str | None,
    format_name: str | None,
    returns_name: str | None,
    profile_name: str | None,
    pass_name: str | None,
    count: int | None,
    link: str | None,
    feedback: Path | None,
    feedback_format: str | None,
    allow_missing: bool,
    ca: str | None,
    dry_run: bool,
    wait: float,
    approval: tuple[str, ...],
    feeder: str | None,
    feeder_limit: float,
    accept_clock: bool,
    bell: bool,
    trace: Path | None,
    as_json: bool,
) -> int:
    from sscard.commands.approvals import signers
    from sscard.commands.certificate_authority import certifier_for
    from sscard.commands.unlock import unlock
    from sscard.cos.profile import load_profile
    from sscard.errors import UsageError
    from sscard.personalize.clock import require_clock
    from sscard.personalize.exchange.load import load_format
    from sscard.personalize.job import open_production, pass_of
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    if not dry_run:
        require_clock(place, accepted=accept_clock)
    profile = load_profile(profile_name or place.profile)
    layout = load_format(format_name or "canonical")
    returns = load_format(returns_name) if returns_name else layout
    pass_ = pass_of(profile, pass_name or place.pass_name)
    if (link or feedback) and not pass_.link:
        raise UsageError("pass-no-link", name=pass_.name)
    rows = _rows(place, batch, pass_, profile, count=count, encoding=encoding, layout=layout)
    linked = None
    if feedback is not None:
        linked = _feedback(rows, feedback, link or pass_.link, feedback_format, allow_missing, as_json=as_json)
    service = unlock(place)
    if dry_run:
        return _rehearse(place, service, rows, profile, pass_, as_json=as_json)
    tracer = _tracer(trace)
    people = signers(place, rows, approval)
    feed = _feeding(place, feeder, feeder_limit)
    slots = _slots(place, reader, len(rows), profile, pass_)
    try:
        production = open_production(
            place,
            service,
            rows,
            profile=profile,
            pass_=pass_,
            link=link or "",
            feedback=linked,
            certifier=certifier_for(place, ca),
            tracer=tracer,
            layout=returns,
            signers=people,
        )
    except BaseException:
        for slot in slots:
            slot.close()
        raise
    with closing(production):
        names = [signer.person.name for signer in people]
        return _produce(production, slots, feed, names, wait=wait, bell=bell, as_json=as_json)


def _rows(
    place: Workspace,
    batch: Path,
    pass_: Pass,
    profile: Profile,
    *,
    count: int | None,
    encoding: str | None,
    layout: Format,
) -> Batch | BlankOrder:
    """The rows of a job: a checked batch file, or an order of blanks where the pass makes cards of nobody."""
    from sscard.cos.passes import Book
    from sscard.errors import UsageError
    from sscard.personalize.batch import open_batch
    from sscard.personalize.manifest import attached, held_to
    from sscard.personalize.order import BlankOrder

    if pass_.book is Book.BLANK:
        if count is None or not re.fullmatch(_ORDER, str(batch)):
            raise UsageError("pass-count", name=pass_.name)
        return BlankOrder(str(batch), count)
    if count is not None:
        raise UsageError("pass-no-count", name=pass_.name)
    rows = open_batch(batch, encoding=encoding, region=place.region, demo=place.demo, layout=layout)
    manifest = attached(batch)
    if manifest is None:
        return rows
    return held_to(manifest, rows, region=place.region, format_name=layout.name, profile=profile)


def _feedback(
    rows: Batch | BlankOrder, path: Path, on: str, format_name: str | None, allow_missing: bool, *, as_json: bool
) -> dict[str, int]:
    """Linkage two: what the first party returned, joined with the batch; every trouble is told with both lines."""
    from sscard.personalize.exchange.load import load_format
    from sscard.personalize.feedback import join

    joined = join(rows, path, on=on, layout=load_format(format_name or "canonical"))
    for each in joined.troubles:
        if as_json:
            facts = {"batch_line": each.batch_line or None, "feedback_line": each.feedback_line or None}
            emit({"event": "linkage", "trouble": each.trouble.value, **facts, "other_line": each.other or None})
            continue
        sides = ((rows.path.name, each.batch_line), (path.name, each.feedback_line))
        click.echo("  ".join(f"{name}:{line}" for name, line in sides if line) + f"  {each.message()}")
    return joined.require(path, allow_missing=allow_missing)


def _produce(
    production: Production,
    slots: Sequence[Slot],
    feed: Feeding | None,
    people: Sequence[str],
    *,
    wait: float,
    bell: bool,
    as_json: bool,
) -> int:
    from sscard.commands.production import run_line

    if production.behind:
        if as_json:
            emit({"event": "clock-behind", "seconds": production.behind})
        else:
            click.echo(text("personalize.clock-behind", seconds=production.behind), err=True)
    if production.waiting:
        slots = _look_into_heads(production, slots, as_json=as_json)
    if feed is not None:
        slots = feed(production.work, slots)
    return run_line(production, slots, wait=wait, as_json=as_json, bell=bell, people=people)


def _look_into_heads(production: Production, slots: Sequence[Slot], *, as_json: bool) -> list[Slot]:
    """Tell which card sits in which head, and what to do about those that are missing; silent heads stop at once."""
    from sscard.commands.board import resume_line
    from sscard.personalize.rollcall import TIME_LIMIT, SilentSlot, Sits, call_roll

    ledger, job = production.work.ledger, production.job.job
    roll = call_roll(production.work, slots)
    for found in roll:
        if as_json:
            facts = {"head": found.head, "reader": found.reader, "sits": found.sits.value}
            emit({"event": "found", **facts, "seq": found.seq, "reset_info": found.card})
            continue
        number = ledger.card_no(job, found.seq) if found.sits is not Sits.OTHER_JOB else ""
        click.echo(text(f"operator.sits-{found.sits.value}", head=found.head, seq=found.seq, card_no=number))
    there = {found.seq for found in roll if found.sits is Sits.IN_WORK}
    for entry in production.waiting:
        if not as_json and entry.seq not in there:
            click.echo(resume_line(production.workspace, ledger, entry))
    return [
        SilentSlot(slot.name, TIME_LIMIT) if found.sits is Sits.SILENT else slot
        for slot, found in zip(slots, roll, strict=True)
    ]


def _feeding(place: Workspace, command: str | None, limit: float) -> Feeding | None:
    """How feeders are put before the heads, where a ``command`` is given."""
    if command is None:
        return None
    from sscard.errors import UsageError
    from sscard.personalize.feeder import feeder_slots, good_in

    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise UsageError("feeder-command", command=command)
    return lambda work, slots: feeder_slots(slots, words, place.root, good_in(work), limit=limit)


def _slots(place: Workspace, reader: str | None, rows: int, profile: Profile, pass_: Pass) -> Sequence[Slot]:
    """The readers asked for: PC/SC ones, or heads with software cards kept in the workspace.

    Blank ones for ``profile`` are made only for a pass that takes blanks.
    """
    if reader is None or reader.partition(":")[0] != EMULATOR:
        return open_slots(reader)
    from sscard.errors import GuardRefused, WorkspaceError

    count = reader.partition(":")[2] or "1"
    if not re.fullmatch("[0-9]{1,4}", count) or not 1 <= int(count) <= MAX_HEADS:
        raise WorkspaceError("heads-count", count=count)
    if not place.demo:
        raise GuardRefused("emulator-in-production")
    from sscard.emulator import Rack
    from sscard.emulator.blank import blank_card

    blanks = None if pass_.takes_blanks else 0
    make = partial(blank_card, profile, area=place.region[:4])
    rack = Rack(place.cards_path, first_serial=_first_serial(place), count=blanks, make=make)
    return [rack.slot(number) for number in range(1, min(int(count), max(rows, 1)) + 1)]


def _first_serial(place: Workspace) -> int:
    """Where a station's software cards begin: at stations that share a ledger no two are alike."""
    if not place.ledger.shared:
        return 1
    return (int.from_bytes(sha256(place.station.encode()).digest()[:2]) << 16) + 1


def _tracer(folder: Path | None) -> Tracer:
    from sscard.apdu.trace import Trace
    from sscard.errors import UsageError
    from sscard.personalize.heads import no_trace

    if folder is None:
        return no_trace
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError("trace-folder", path=str(folder), cause=error.strerror) from error

    def trace(head: int, atr: bytes) -> Trace:
        return Trace.to_file(folder / f"{atr.hex().upper()}-{time.time_ns()}-{head}.trace", atr)

    return trace


def _rehearse(
    place: Workspace, service: KeyService, rows: Batch | BlankOrder, profile: Profile, pass_: Pass, *, as_json: bool
) -> int:
    """The dry run: every row becomes a plan, the first is carried out on a software card."""
    from sscard.cos.passes import WHOLE
    from sscard.personalize.rehearsal import rehearse, rehearse_pass

    if pass_.name != WHOLE:
        exchanges = rehearse_pass(place, service, rows, profile, pass_)
        if as_json:
            emit({"dry_run": True, "pass": pass_.name, "rows": len(rows), "apdus": exchanges})
        else:
            click.echo(text("personalize.dry-title"))
            words = {"rows": len(rows), "name": pass_.name, "seq": 1, "exchanges": exchanges}
            click.echo(text("modes.dry-rows-pass", **words))
        return Exit.OK
    outcome = rehearse(place, service, rows, profile)
    facts = {
        "dry_run": True,
        "rows": outcome.rows,
        "apdus": outcome.exchanges,
        "minimum": outcome.minimum.total,
        "ratio": round(outcome.ratio, 4),
        "bytes": outcome.octets,
        "wire_seconds": round(outcome.wire_seconds, 3),
        "bits_per_second": outcome.bits_per_second,
        "minimum_parts": outcome.parts,
    }
    if as_json:
        emit(facts)
        return Exit.OK
    click.echo(text("personalize.dry-title"))
    click.echo(text("personalize.dry-rows", rows=outcome.rows, seq=outcome.seq))
    click.echo(
        text("personalize.dry-apdus", exchanges=outcome.exchanges, minimum=outcome.minimum.total, ratio=outcome.ratio)
    )
    click.echo(
        text("personalize.dry-minimum", parts="  ".join(f"{name} {count}" for name, count in outcome.parts.items()))
    )
    click.echo(
        text(
            "personalize.dry-wire",
            default=outcome.wire_seconds,
            rate=f"{outcome.bits_per_second:,}",
            octets=outcome.octets,
        )
    )
    return Exit.OK
