"""The operator's screen of a running line: one line a head, one next action, the balance always in sight.

Eighty columns hold it; columns keep their width while cards come and go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sscard.commands.advice import Advice, Severity, advise, foremost
from sscard.commands.board import settled_line
from sscard.errors import SscardError
from sscard.messages import text
from sscard.personalize.heads import Event, Kind
from sscard.personalize.ledger import Balance
from sscard.personalize.masking import mask_name

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.live import Live

_BAR: Final = 8
_REFRESH: Final = 8
_ASK_EVERY: Final = 2.0
_GAP: Final = 2
_HEAD_WIDTH: Final = 4
_CARD_WIDTH: Final = 18
_STAGE_WIDTH: Final = 29
_WIDE: Final = 100
"""From so many columns on readers' names are shown in full."""
_READER_WIDTH: Final = 12
_LINE: Final = 0
"""Stands for a head where the whole line is meant."""
_NONE: Final = Advice(Severity.CALM, "")
_NOBODY: Final = "—"


@dataclass(slots=True)
class _HeadRow:
    """One head as it stands."""

    reader: str
    card: str = _NOBODY
    stage: str = ""
    fraction: float = 0.0
    result: str = ""
    ended: bool = False

    def vacate(self, stage: str) -> None:
        """No card of the job is in the head."""
        self.card, self.stage, self.fraction = _NOBODY, stage, 0.0

    @property
    def progress(self) -> str:
        """The bar of the card in work, or what the empty head does."""
        if self.card == _NOBODY:
            return self.stage
        filled = round(self.fraction * _BAR)
        return "▓" * filled + "░" * (_BAR - filled) + f" {self.stage}"


@dataclass(slots=True)
class LiveBoard:
    """A view that redraws itself in place.  ``people`` opened the job; ``start`` are its totals before this run.

    Where other stations work on the job too, ``ask`` gives the totals of all.
    """

    title: str
    demo: bool
    start: Balance
    people: Sequence[str] = ()
    bell: bool = False
    ask: Callable[[], Balance] | None = None
    heads: dict[int, _HeadRow] = field(default_factory=dict)
    good: int = 0
    spoiled: int = 0
    working: set[str] = field(default_factory=set)
    advice: dict[int, Advice] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    _live: Live | None = None
    _answer: Balance | None = None
    _ask_at: float = 0.0

    def __enter__(self) -> LiveBoard:
        from rich.live import Live

        self._live = Live(get_renderable=lambda: self, refresh_per_second=_REFRESH, transient=False)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def notice(self, message: str) -> None:
        self.advice[_LINE] = Advice(Severity.ATTEND, message)

    def show(self, event: Event) -> None:
        self._advise(event)
        row = self.heads.setdefault(event.head, _HeadRow(event.reader))
        if event.record is not None:
            row.card = f"{event.record.card_no} {mask_name(event.record.name)}"
        match event.kind:
            case Kind.WAITING:
                row.vacate(text("personalize.wait-card"))
            case Kind.PAUSED:
                row.vacate(text("operator.stage-paused"))
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
                row.ended = True
                row.vacate(text("personalize.ended"))
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

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.panel import Panel
        from rich.text import Text

        yield self._header()
        if self.demo:
            yield Text(text("personalize.demo-mark"), style="yellow")
        yield self._table(options.max_width)
        said = self._foremost()
        yield Panel(
            Text(f"{said.severity.mark} {said.words}", style=said.severity.style), border_style=said.severity.style
        )
        yield Text(self._totals(), no_wrap=True, overflow="ellipsis")
        if not (self.over or _LINE in self.advice):
            yield Text(text("personalize.ctrl-c"), style="dim", no_wrap=True, overflow="ellipsis")

    @property
    def over(self) -> bool:
        """Whether every head has ended."""
        return bool(self.heads) and all(row.ended for row in self.heads.values())

    def _header(self) -> RenderableType:
        """Batch, card and region; who opened the job; the time."""
        from rich.table import Table

        header = Table.grid(expand=True, padding=(0, 1))
        header.add_column(no_wrap=True, overflow="ellipsis", style="bold", ratio=1)
        header.add_column(no_wrap=True)
        header.add_column(no_wrap=True, justify="right")
        people = text("operator.people", names="/".join(self.people)) if self.people else ""
        header.add_row(self.title, people, time.strftime("%H:%M"))
        return header

    def _table(self, width: int) -> RenderableType:
        """The heads; only the last column gives way, so that nothing moves while cards come and go."""
        from rich.table import Table

        longest = max((len(row.reader) for row in self.heads.values()), default=0)
        reader = longest if width >= _WIDE else min(longest, _READER_WIDTH)
        widths = {
            "head": _HEAD_WIDTH,
            "reader": max(reader, _HEAD_WIDTH * 2),
            "card": _CARD_WIDTH,
            "stage": _STAGE_WIDTH,
        }
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
        for column, room in (*widths.items(), ("result", max(width - sum(widths.values()) - _GAP * len(widths), 1))):
            table.add_column(text(f"personalize.col-{column}"), width=room, no_wrap=True, overflow="ellipsis")
        for number, row in sorted(self.heads.items()):
            table.add_row(str(number), _tail(row.reader, reader), row.card, row.progress, row.result)
        return table

    def _foremost(self) -> Advice:
        asked = {head: said for head, said in self.advice.items() if head != _LINE or not self.over}
        if self.over and not asked:
            return Advice(Severity.CALM, text("operator.next-over"))
        return foremost(asked, list(self.waiting))

    def _balance(self) -> Balance:
        """The totals now: asked for every few seconds where others work too, else counted here."""
        if self.ask is not None:
            if time.monotonic() >= self._ask_at:
                self._ask_at = time.monotonic() + _ASK_EVERY
                with suppress(SscardError):  # the line will tell that the ledger is lost
                    self._answer = self.ask()
            return self._answer or self.start
        good, work = self.start.good + self.good, len(self.working)
        return replace(
            self.start,
            good=good,
            spoiled=self.start.spoiled + self.spoiled,
            work=work,
            left=self.start.rows - good - work,
        )

    def _totals(self) -> str:
        now = self._balance()
        work, left = now.work, now.left
        totals = text(
            "personalize.totals", good=now.good, spoiled=now.spoiled, work=work, left=left, rows=self.start.rows
        )
        elapsed = time.monotonic() - self.began
        if not self.good or elapsed < 1 or not left + work or self.over:
            return totals
        rate = self.good / elapsed
        rest = divmod(int((left + work) / rate), 60)
        words = text("personalize.minutes", minutes=rest[0], seconds=rest[1])
        return totals + "  " + text("personalize.speed", rate=rate * 60, rest=words)


def _tail(name: str, width: int) -> str:
    """A reader's name, or its end: what tells equal readers apart stands there."""
    return name if len(name) <= width else "…" + name[1 - width :]
