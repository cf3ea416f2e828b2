"""Runs a line for a command: signals, screen, end of run, return file, exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from types import FrameType

import click

from sscard.commands.board import Board, JsonBoard, PlainBoard, balance_facts, resume_line, show_balance
from sscard.commands.common import emit, is_terminal, show_error
from sscard.commands.screen import LiveBoard
from sscard.cos.passes import plain
from sscard.errors import Exit, JournalError, SscardError
from sscard.messages import text
from sscard.personalize.heads import Event, Slot
from sscard.personalize.job import Production
from sscard.personalize.journal import retire
from sscard.personalize.ledger import State
from sscard.personalize.line import Line


def run_line(
    production: Production,
    slots: Sequence[Slot],
    *,
    wait: float,
    as_json: bool,
    bell: bool = False,
    people: Sequence[str] = (),
    watch: Callable[[Event], None] = lambda _event: None,
) -> int:
    """Make the cards of a job and return the exit code; ``people`` opened the job, ``watch`` sees every event."""
    line = Line(production.work, slots, patience=wait)
    board = _board(production, people, as_json=as_json, bell=bell)
    restore = _on_interrupt(line, board)
    try:
        with board, closing(line.run()) as events:
            for event in events:
                watch(event)
                board.show(event)
    finally:
        restore()
    return _finish(production, line.outcome, interrupted=line.drained_by_hand, as_json=as_json)


def _board(production: Production, people: Sequence[str], *, as_json: bool, bell: bool) -> Board:
    if as_json:
        return JsonBoard()
    if not is_terminal():
        return PlainBoard()
    job, profile = production.job, production.work.template.profile
    title = text(
        "personalize.title",
        batch=job.batch,
        generation=profile.generation.removesuffix("0"),
        algorithm=profile.algorithm.name,
        profile=job.profile,
        region=production.workspace.region,
    )
    ledger = production.work.ledger
    ask = partial(ledger.balance, job.job) if ledger.shared else None
    return LiveBoard(title, production.workspace.demo, ledger.balance(job.job), people, bell=bell, ask=ask)


def _on_interrupt(line: Line, board: Board) -> Callable[[], None]:
    """First Ctrl-C finishes the cards in work, the second stops at the next safe point."""

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if line.drained_by_hand:
            line.halt()
            board.notice(text("personalize.halting"))
        else:
            line.drain()
            board.notice(text("personalize.draining"))

    try:
        before = signal.signal(signal.SIGINT, interrupted)
    except ValueError:
        return lambda: None

    def restore() -> None:
        signal.signal(signal.SIGINT, before)

    return restore


def _finish(production: Production, outcome: SscardError | None, *, interrupted: bool, as_json: bool) -> int:
    ledger, job = production.work.ledger, production.job.job
    try:
        balance, waiting = ledger.balance(job), ledger.cards(job, State.WORK)
    except JournalError as error:
        return _unknown(outcome if isinstance(outcome, JournalError) else error, as_json=as_json)
    trouble = None if balance.complete else outcome
    files: dict[str, str] = {}
    try:
        if balance.complete:
            retire(production.work.folder, production.work.note)
        returns, spoiled = production.returns()
        files = {"returns": str(returns), "spoiled_list": str(spoiled)}
    except SscardError as error:
        trouble = trouble or error
    if trouble is not None:
        show_error(trouble, as_json=as_json)
    if as_json:
        for entry in waiting:
            emit({"event": "in-work", "seq": entry.seq, "reset_info": plain(entry.card), "station": entry.station})
        emit({**balance_facts(ledger, job), **files})
    else:
        show_balance(balance)
        if files:
            click.echo(text("personalize.returns", path=files["returns"]))
            if production.workspace.targets:
                click.echo(text("outbox.next", workspace=production.workspace.root))
        if files and balance.spoiled:
            click.echo(text("personalize.spoiled-list", path=files["spoiled_list"]))
        for entry in waiting:
            click.echo(resume_line(production.workspace, ledger, entry))
    if balance.complete and files:
        return Exit.OK
    if not as_json:
        click.echo(text("personalize.again"))
    if interrupted:
        return Exit.INTERRUPTED
    if trouble is not None and not isinstance(trouble, JournalError):
        return trouble.exit_code
    return Exit.PARTLY


def _unknown(error: JournalError, *, as_json: bool) -> int:
    """The ledger cannot be asked what was made; the journals know, and the next run tells it."""
    show_error(error, as_json=as_json)
    if not as_json:
        click.echo(text("personalize.again"))
    return Exit.PARTLY
