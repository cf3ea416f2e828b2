"""The operator's screen of a running line: one line a head, one next action, the balance always in sight.

On a terminal it is a live view; elsewhere each settled card becomes one plain line; with ``--json`` one object.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import click

from sscard.commands.advice import Advice, Severity, advise, foremost
from sscard.commands.common import emit
from sscard.cos.passes import plain
from sscard.messages import text
from sscard.personalize.heads import Event, Kind
from sscard.personalize.ledger import Balance, CardEntry, Ledger
from sscard.personalize.masking import mask_name
from sscard.personalize.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_BAR = 12
_REFRESH = 8
_NONE = Advice(Severity.CALM, "")


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


@dataclass(slots=True)
class _HeadRow:
    reader: str
    card: str = ""
    stage: str = ""
    fraction: float = 0.0
    result: str = ""


@dataclass(slots=True)
class LiveBoard:
    """A view that redraws itself in place."""

    title: str
    demo: bool
    start: Balance
    heads: dict[int, _HeadRow] = field(default_factory=dict)
    good: int = 0
    spoiled: int = 0
    working: set[str] = field(default_factory=set)
    bell: bool = False
    advice: dict[int, Advice] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    _live: Live | None = None

    def __enter__(self) -> LiveBoard:
        from rich.live import Live

        self._live = Live(get_renderable=self._draw, refresh_per_second=_REFRESH, transient=False)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def notice(self, message: str) -> None:
        self.advice[0] = Advice(Severity.ATTEND, message)

    def show(self, event: Event) -> None:
        self._advise(event)
        row = self.heads.setdefault(event.head, _HeadRow(event.reader))
        if event.record is not None:
            row.card = f"{event.record.card_no} {mask_name(event.record.name)}"
        match event.kind:
            case Kind.WAITING:
                row.card, row.stage, row.fraction = "—", text("personalize.wait-card"), 0.0
            case Kind.PAUSED:
                row.card, row.stage, row.fraction = "—", text("operator.stage-paused"), 0.0
            case Kind.STARTED:
                self.working.add(event.card)
            case Kind.STEP if event.current is not None:
                row.stage = f"{text(f'personalize.stage-{event.current.stage}')} {event.step}/{event.total}"
                row.fraction = event.step / event.total
            case Kind.GOOD:
                self.good += 1
                self.working.discard(event.card)
                row.fraction, row.result = 1.0, text("personalize.result-good")
            case Kind.SPOILED if event.error is not None:
                self.spoiled += 1
                self.working.discard(event.card)
                row.result = text("personalize.result-spoiled", code=event.error.code)
            case Kind.REFUSED if event.error is not None:
                self.working.discard(event.card)
                row.result = text("personalize.result-refused", code=event.error.code)
            case Kind.STOPPED | Kind.LOST if event.record is None and event.error is not None:
                row.result = event.error.code
            case Kind.LOST if event.record is not None:
                row.result = text("personalize.result-lost")
            case Kind.ENDED:
                row.card, row.stage = "—", text("personalize.ended")
            case _:
                pass

    def _advise(self, event: Event) -> None:
        """Keep what each head asks for until it has a card in work again; ring when something new is asked."""
        if event.kind is Kind.WAITING:
            self.waiting.add(event.head)
        elif event.kind is not Kind.PAUSED:
            self.waiting.discard(event.head)
        if event.kind in (Kind.STARTED, Kind.GOOD):
            self.advice.pop(event.head, None)
        said = advise(event, settled_line(event))
        if said is not None:
            self.advice[event.head] = said
            if self.bell:
                said.severity.ring()
        elif event.kind is Kind.WAITING and self.advice.get(event.head, _NONE).severity is Severity.CALM:
            self.advice.pop(event.head, None)

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.panel import Panel
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 1))
        for column in ("head", "reader", "card", "stage", "result"):
            table.add_column(text(f"personalize.col-{column}"), no_wrap=True, overflow="ellipsis")
        for number, row in sorted(self.heads.items()):
            filled = round(row.fraction * _BAR)
            bar = "▓" * filled + "░" * (_BAR - filled)
            table.add_row(str(number), row.reader, row.card, f"{bar} {row.stage}", row.result)
        lines: list[RenderableType] = [Text(self.title, style="bold")]
        if self.demo:
            lines.append(Text(text("personalize.demo-mark"), style="yellow"))
        head = foremost(self.advice, list(self.waiting))
        words = Text(f"{head.severity.mark} {head.words}", style=head.severity.style)
        return Group(*lines, table, Panel(words, border_style=head.severity.style), Text(self._totals()))

    def _totals(self) -> str:
        good, work = self.start.good + self.good, len(self.working)
        left = self.start.rows - good - work
        totals = text(
            "personalize.totals",
            good=good,
            spoiled=self.start.spoiled + self.spoiled,
            work=work,
            left=left,
            rows=self.start.rows,
        )
        elapsed = time.monotonic() - self.began
        parts = [totals]
        if self.good and elapsed > 1 and left + work:
            rate = self.good / elapsed
            rest = divmod(int((left + work) / rate), 60)
            words = text("personalize.minutes", minutes=rest[0], seconds=rest[1])
            parts.append(text("personalize.speed", rate=rate * 60, rest=words))
        if left + work:
            parts.append(text("personalize.ctrl-c"))
        return "  ".join(parts)


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
    card_no = plain(ledger.card_no(entry.job, entry.seq))
    return text("personalize.resume", seq=entry.seq, card_no=card_no, serial=plain(entry.card)[-8:], lose=lose)


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
