"""``sscard purse`` on a card with PBOC passbook (ED) and purse (EP): how its bookings and balances are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.common import emit
from sscard.errors import Exit, TransportError, UsageError

if TYPE_CHECKING:
    from sscard.cos.model import Profile
    from sscard.cos.pboc import LogEntry, PurseKind
    from sscard.terminal.booking import Booking, Proof
    from sscard.terminal.pboc import PbocPurse
    from sscard.terminal.session import CardSession

NAMES: Final = ("ep", "ed")
"""Purse (the usual one) and passbook."""
MOVEMENTS: Final = ("load", "purchase", "unload", "cash", "overdraft", "compound")


def meant(session: CardSession, purse: str | None) -> bool:
    """Whether the card of a session has PBOC purses.  Raises UsageError for a ``purse`` named on a card without."""
    from sscard.terminal.pboc import purse_directory

    if purse_directory(session.profile) is not None:
        return True
    if purse is not None:
        raise UsageError("purse-which")
    return False


def pin_unless_purse(purse: str | None) -> Callable[[Profile], bool]:
    """Whether the PIN is asked for: always, but for balance of, and payment from, the purse (EP)."""

    def asked(profile: Profile) -> bool:
        from sscard.terminal.pboc import purse_directory

        return purse == "ed" or purse_directory(profile) is None

    return asked


def balance(session: CardSession, purse: str | None, *, as_json: bool) -> int:
    kind = _kind(purse)
    held = _purse(session).balance(kind)
    if as_json:
        emit({"purse": kind.name.lower(), "account": held})
    else:
        click.echo(messages.text("purse.balance-pboc", purse=_named(kind), account=yuan(held)))
    return Exit.OK


def load(
    session: CardSession,
    purse: str | None,
    amount: int,
    terminal: bytes,
    time: datetime,
    key_index: int,
    *,
    as_json: bool,
) -> int:
    counter = _purse(session)
    return _booked(counter, lambda: counter.load(_kind(purse), amount, terminal, time, key_index), as_json=as_json)


def debit(
    session: CardSession,
    purse: str | None,
    amount: int,
    terminal: bytes,
    terminal_serial: int,
    time: datetime,
    key_index: int,
    *,
    as_json: bool,
) -> int:
    counter = _purse(session)

    def pay() -> Booking:
        return counter.purchase(
            _kind(purse), amount, terminal=terminal, terminal_serial=terminal_serial, time=time, key_index=key_index
        )

    return _booked(counter, pay, as_json=as_json)


def proof(session: CardSession, purse: str | None, movement: str, counter: int) -> Proof | None:
    from sscard.cos.pboc import Movement

    return _purse(session).proof(Movement.of(movement, _kind(purse)), counter)


def log(session: CardSession, purse: str | None, *, as_json: bool) -> int:
    """All entries, or with ``purse`` those of one purse."""
    entries = _purse(session).log()
    if purse is not None:
        entries = [entry for entry in entries if entry.movement and entry.movement.purse is _kind(purse)]
    if as_json:
        for entry in entries:
            emit(_facts(entry))
    else:
        _print_log(entries)
    return Exit.OK


def yuan(fen: int) -> str:
    """An amount as people read it."""
    return f"{fen // 100}.{fen % 100:02d}"


def _purse(session: CardSession) -> PbocPurse:
    from sscard.terminal.pboc import PbocPurse

    return PbocPurse(session)


def _kind(purse: str | None) -> PurseKind:
    from sscard.cos.pboc import PurseKind

    return PurseKind[(purse or NAMES[0]).upper()]


def _named(kind: PurseKind) -> str:
    return messages.text(f"purse.{kind.name.lower()}")


def _booked(purse: PbocPurse, book: Callable[[], Booking], *, as_json: bool) -> int:
    """Book once.  Where contact is lost and the card is still there, its proof tells whether that was done.

    Raises TransportError("epurse-unknown") where there is no card to ask, ("epurse-not-booked") where it says no.
    """
    from sscard.cos.pboc import Movement

    settled = False
    try:
        booking = book()
    except TransportError as error:
        booking, settled = _settle(purse, error), True
    movement = Movement(booking.movement.value)
    kind, tac = movement.word, booking.tac.hex().upper()
    facts = {"movement": kind, "purse": movement.purse.name.lower(), "counter": booking.counter}
    if as_json:
        emit(facts | {"account": booking.account, "tac": tac, "settled": settled})
        return Exit.OK
    if settled:
        click.echo(messages.text("purse.settled"))
    told = {"purse": _named(movement.purse), "counter": booking.counter, "account": yuan(booking.account), "tac": tac}
    click.echo(messages.text(f"purse.{kind}-done-pboc", **told))
    return Exit.OK


def _settle(purse: PbocPurse, error: TransportError) -> Booking:
    if purse.pending is None:
        raise error
    counter = purse.pending.booking.counter
    try:
        booking = purse.settle()
    except TransportError:
        raise error from None
    if booking is None:
        raise TransportError("epurse-not-booked", counter=counter)
    return booking


def _facts(entry: LogEntry) -> dict[str, object]:
    return {
        "counter": entry.serial,
        "movement": entry.movement.word if entry.movement else None,
        "purse": entry.movement.purse.name.lower() if entry.movement else None,
        "code": f"{entry.code:02X}",
        "terminal": entry.terminal.hex().upper(),
        "time": entry.time.hex().upper(),
        "amount": entry.amount,
        "overdraft": entry.overdraft,
    }


def _print_log(entries: list[LogEntry]) -> None:
    from sscard.commands.layout import columns

    if not entries:
        click.echo(messages.text("purse.log-empty"))
        return
    titles = ("counter", "purse", "movement", "time", "terminal", "amount", "overdraft")
    rows = [tuple(messages.text(f"purse.col-{title}") for title in titles)]
    for entry in entries:
        known = entry.movement
        words = (_named(known.purse), messages.text(f"purse.{known.word}")) if known else ("–", f"{entry.code:02X}")
        amounts = yuan(entry.amount), yuan(entry.overdraft)
        rows.append((str(entry.serial), *words, entry.time.hex(), entry.terminal.hex(), *amounts))
    for line in columns(rows):
        click.echo(line)
