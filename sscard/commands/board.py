"""What a running line shows: on a terminal a live view (screen.py), elsewhere one plain line for each settled card.

With ``--json`` it is one object for each.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Protocol

import click

from sscard.commands.common import emit
from sscard.cos.passes import plain
from sscard.messages import text
from sscard.personalize.heads import Event, Kind
from sscard.personalize.ledger import Balance, CardEntry, Ledger, Station
from sscard.personalize.masking import mask_name
from sscard.personalize.workspace import Workspace


class Board(Protocol):
    """Shows events; used as a context manager around the line."""

    def __enter__(self) -> Board: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, event: Event) -> None: ...

    def notice(self, message: str) -> None: ...


class JsonBoard:
    """One object for each card that was settled, refused or lost."""

    def __enter__(self) -> JsonBoard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        if event.kind in (Kind.GOOD, Kind.SPOILED, Kind.REFUSED, Kind.LOST, Kind.STOPPED):
            emit(_facts(event))

    def notice(self, message: str) -> None:
        click.echo(message, err=True)


class PlainBoard:
    """One line for each card that was settled, refused or lost."""

    def __enter__(self) -> PlainBoard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        line = settled_line(event)
        if line:
            click.echo(line)

    def notice(self, message: str) -> None:
        click.echo(message)


def settled_line(event: Event) -> str:
    """One plain line for an event that settles something; empty for the others."""
    record = event.record
    known: Mapping[str, object] = {
        "head": event.head,
        "seq": record.seq if record else "",
        "card_no": record.card_no if record else "",
        "name": mask_name(record.name) if record else "",
        "what": str(event.error) if event.error else "",
    }
    match event.kind:
        case Kind.GOOD:
            resumed = text("personalize.line-resumed") if event.resumed else ""
            return text("personalize.line-good", **known, seconds=event.seconds, resumed=resumed)
        case Kind.SPOILED:
            return text("personalize.line-spoiled", **known)
        case Kind.REFUSED:
            return text("personalize.line-refused", **known)
        case Kind.STOPPED if record is None:
            return text("personalize.line-stopped", **known)
        case Kind.LOST if record is None:
            return text("personalize.line-unreadable", **known)
        case Kind.STOPPED | Kind.LOST:
            step = event.current.describe() if event.current else ""
            key = "personalize.line-lost" if event.kind is Kind.LOST else "personalize.line-halted"
            return text(key, **known, step=step, index=event.step, total=event.total)
        case _:
            return ""


def resume_line(workspace: Workspace, ledger: Ledger, entry: CardEntry) -> str:
    """What to do with a card that stopped in work, with the command for one that is lost."""
    lose = f"sscard jobs --workspace {shlex.quote(str(workspace.root))} lose {entry.seq} --job {shlex.quote(entry.job)}"
    facts = card_facts(ledger, entry)
    if ledger.mine(entry):
        return text("personalize.resume", **facts, lose=lose)
    station = ledger.stations().get(entry.station)
    if station is not None and station.lives:
        return text("personalize.elsewhere", **facts, station=entry.station)
    return text("personalize.elsewhere-silent", **facts, station=entry.station, since=silent_since(station), lose=lose)


def card_facts(ledger: Ledger, entry: CardEntry) -> dict[str, str | int]:
    """What names a card in a text: row, card number, chip serial."""
    number = plain(ledger.card_no(entry.job, entry.seq))
    return {"seq": entry.seq, "card_no": number, "serial": plain(entry.card)[-8:]}


def station_facts(stations: Mapping[str, Station], name: str) -> dict[str, object]:
    """A station under the names of ``--json``: seconds since its last sign of life, and whether it may be working."""
    station = stations.get(name)
    silent = None if station is None else round(station.silent, 1)
    return {"station": name, "silent_seconds": silent, "alive": station is not None and station.lives}


def silent_since(station: Station | None) -> str:
    """When a station gave its last sign of life, by this machine's clock."""
    if station is None:
        return "?"
    return datetime.fromtimestamp(time.time() - station.silent).strftime("%Y-%m-%d %H:%M:%S")


def _facts(event: Event) -> dict[str, object]:
    facts: dict[str, object] = {"event": event.kind.value, "head": event.head, "reader": event.reader}
    if event.record is not None:
        facts |= {"seq": event.record.seq, "card_no": event.record.card_no, "reset_info": event.card}
    if event.error is not None:
        facts |= {"code": event.error.code}
        facts |= {f"message_{lang}": " ".join(event.error.parts(lang)).strip() for lang in ("zh", "en")}
    if event.kind is Kind.GOOD:
        facts |= {"resumed": event.resumed, "seconds": round(event.seconds, 4), "apdus": event.exchanges}
    return facts


def balance_facts(ledger: Ledger, job: str) -> dict[str, object]:
    """The totals of a job under the names of ``--json``."""
    balance = ledger.balance(job)
    return {
        "job": job,
        "in": balance.blanks,
        "good": balance.good,
        "spoiled": balance.spoiled,
        "work": balance.work,
        "left": balance.left,
        "rows": balance.rows,
        "ties": balance.ties,
    }


def show_balance(balance: Balance) -> None:
    """Print ``blanks in = good + spoiled + in work + left`` with its tick or cross."""
    click.echo(
        text(
            "personalize.balance",
            blanks=balance.blanks,
            good=balance.good,
            spoiled=balance.spoiled,
            work=balance.work,
            left=balance.left,
            mark="✓" if balance.ties else "✗",
        )
    )
