"""``sscard purse``: the purse of a card, medical or PBOC.  Amounts are typed in yuan and told in yuan; JSON has fen.

Which purse it is the card's profile tells; what PBOC purses want otherwise stands in :mod:`sscard.commands.epurse`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from sscard import messages
from sscard.commands import epurse
from sscard.commands.common import emit, json_option, keys_option, reader_option, workspace_option
from sscard.commands.epurse import yuan
from sscard.commands.psam_open import BEIJING, psam_option
from sscard.errors import Exit, UsageError

if TYPE_CHECKING:
    from sscard.cos.purse import LogEntry
    from sscard.terminal.booking import Booking
    from sscard.terminal.purchase import PurchaseModule
    from sscard.terminal.session import CardSession

_YUAN: Final = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?")
_TERMINAL: Final = re.compile(r"[0-9]{12}")

S = TypeVar("S")


def _fen(_context: click.Context, _parameter: click.Parameter, yuan: str) -> int:
    """Yuan with up to two decimals, as whole fen."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        raise UsageError("amount-form")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _terminal(_context: click.Context, _parameter: click.Parameter, digits: str | None) -> bytes | None:
    """Number of a terminal, twelve digits, packed."""
    if digits is None:
        return None
    if not _TERMINAL.fullmatch(digits):
        raise UsageError("terminal-form")
    return bytes.fromhex(digits)


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options every subcommand has."""
    profile = click.option("--profile", "profile_name", help=messages.text("terminal.option-profile"))
    purse = click.option("--purse", type=click.Choice(epurse.NAMES), help=messages.text("purse.option-purse"))
    return purse(profile(reader_option(workspace_option(keys_option(json_option(function))))))


def _booking_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of load and debit."""
    terminal = click.option(
        "--terminal", metavar="DIGITS", callback=_terminal, help=messages.text("purse.option-terminal")
    )
    index = click.option(
        "--key-index", type=click.IntRange(0, 255), default=1, show_default=True, help=messages.text("purse.option-key")
    )
    return psam_option(terminal(index(function)))


@click.group(help=messages.text("purse.help"))
def command() -> None:
    pass


@command.command("balance", help=messages.text("purse.balance-help"))
@_options
def balance(purse: str | None, profile_name: str | None, reader: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.purse import CardPurse

    with card_session(reader, workspace, profile_name, pin=epurse.pin_unless_purse(purse)) as session:
        if epurse.meant(session, purse):
            return epurse.balance(session, purse, as_json=as_json)
        held = CardPurse(session).balance()
    if as_json:
        emit({"account": held.account, "own": held.own, "fund": held.fund, "year": held.year})
    else:
        sums = {"account": yuan(held.account), "own": yuan(held.own), "fund": yuan(held.fund)}
        click.echo(messages.text("purse.balance", **sums, year=held.year or "–"))
    return Exit.OK


@command.command("load", help=messages.text("purse.load-help"))
@click.argument("amount", callback=_fen)
@_booking_options
@_options
def load(
    amount: int,
    terminal: bytes | None,
    psam: str | None,
    key_index: int,
    purse: str | None,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.purse import CardPurse

    _need(psam, terminal)
    time = datetime.now(BEIJING)
    with card_session(reader, workspace, profile_name, keys=True, pin=True, psam=psam) as session:
        if epurse.meant(session, purse):
            place = _stated(terminal)
            return epurse.load(session, purse, amount, place, time, key_index, as_json=as_json)
        number = terminal or _module(session).terminal
        booking = CardPurse(session).load(amount, number, time, key_index)
    return _booked(booking, as_json=as_json)


@command.command("debit", help=messages.text("purse.debit-help"))
@click.option("--account", metavar="YUAN", default="0", callback=_fen, help=messages.text("purse.option-account"))
@click.option("--own", metavar="YUAN", default="0", callback=_fen, help=messages.text("purse.option-own"))
@click.option("--fund", metavar="YUAN", default="0", callback=_fen, help=messages.text("purse.option-fund"))
@click.option("--terminal-counter", type=click.IntRange(0, 0xFFFFFFFF), help=messages.text("purse.option-counter"))
@_booking_options
@_options
def debit(
    account: int,
    own: int,
    fund: int,
    terminal_counter: int | None,
    terminal: bytes | None,
    psam: str | None,
    key_index: int,
    purse: str | None,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.purse import CardPurse

    _need(psam, terminal, terminal_counter)
    time = datetime.now(BEIJING)
    asks = epurse.pin_unless_purse(purse)
    with card_session(reader, workspace, profile_name, keys=True, pin=asks, psam=psam) as session:
        if epurse.meant(session, purse):
            if own or fund:
                raise UsageError("purse-parts")
            place, serial = _stated(terminal), _stated(terminal_counter)
            return epurse.debit(session, purse, account, place, serial, time, key_index, as_json=as_json)
        amounts = {"account": account, "own": own, "fund": fund}
        booking = CardPurse(session).purchase_with(
            _module(session, terminal, terminal_counter), **amounts, time=time, key_index=key_index
        )
    return _booked(booking, as_json=as_json)


@command.command("proof", help=messages.text("purse.proof-help"))
@click.argument("movement", type=click.Choice(epurse.MOVEMENTS))
@click.argument("counter", type=click.IntRange(0, 0xFFFF))
@_options
def proof(
    movement: str,
    counter: int,
    purse: str | None,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    """Returns 1 where the card did not book that transaction last."""
    from sscard.commands.counter import card_session
    from sscard.cos.purse import Movement
    from sscard.terminal.purse import CardPurse

    with card_session(reader, workspace, profile_name) as session:
        if epurse.meant(session, purse):
            found = epurse.proof(session, purse, movement, counter)
        elif movement.upper() in Movement.__members__:
            found = CardPurse(session).proof(Movement[movement.upper()], counter)
        else:
            raise UsageError("purse-movement", movement=movement)
    codes = {"mac": found.mac.hex().upper(), "tac": found.tac.hex().upper()} if found else {"mac": "", "tac": ""}
    if as_json:
        emit({"movement": movement, "counter": counter, "booked": found is not None, **codes})
    else:
        click.echo(messages.text("purse.proof" if found else "purse.no-proof", counter=counter, **codes))
    return Exit.OK if found else Exit.FAILED


@command.command("starting-day", help=messages.text("purse.starting-day-help"))
@click.option("--set", "month_day", metavar="MMDD", help=messages.text("purse.option-set"))
@_options
def starting_day(
    month_day: str | None,
    purse: str | None,
    profile_name: str | None,
    reader: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.purse import CardPurse

    with card_session(reader, workspace, profile_name, keys=month_day is not None) as session:
        if epurse.meant(session, purse):
            raise UsageError("purse-parts")
        medical = CardPurse(session)
        if month_day is not None:
            medical.set_starting_day(month_day)
        day = medical.starting_day()
    if as_json:
        emit({"starting_day": day})
    else:
        click.echo(messages.text("purse.starting-day", month=day[:2], day=day[2:]))
    return Exit.OK


@command.command("log", help=messages.text("purse.log-help"))
@_options
def log(purse: str | None, profile_name: str | None, reader: str | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.counter import card_session
    from sscard.terminal.purse import CardPurse

    with card_session(reader, workspace, profile_name, pin=True) as session:
        if epurse.meant(session, purse):
            return epurse.log(session, purse, as_json=as_json)
        entries = CardPurse(session).log()
    if as_json:
        for entry in entries:
            emit(_facts(entry))
    else:
        _print_log(entries)
    return Exit.OK


def _need(psam: str | None, *stated: object) -> None:
    """Terminal number and counter come from a PSAM, or all of them from the command line.  Raises UsageError."""
    given = [value is not None for value in stated]
    if not all(given) if psam is None else any(given):
        raise UsageError("psam-terminal")


def _stated(value: S | None) -> S:
    """What a PBOC card's counter must state itself.  Raises UsageError where a PSAM of these cards would have to."""
    if value is None:
        raise UsageError("purse-no-psam")
    return value


def _module(session: CardSession, terminal: bytes | None = None, terminal_counter: int | None = None) -> PurchaseModule:
    """The security module of the counter: its key service under the terminal number given, else its PSAM."""
    from sscard.psam.module import PsamModule
    from sscard.psam.service import PsamKeyService
    from sscard.terminal.purchase import KeyServiceModule

    if isinstance(session.keys, PsamKeyService):
        return PsamModule(session.keys.psam)
    return KeyServiceModule(session.keys, terminal or b"", terminal_counter or 0)


def _booked(booking: Booking, *, as_json: bool) -> int:
    kind, tac = booking.movement.name.lower(), booking.tac.hex().upper()
    if as_json:
        number = int.from_bytes(booking.terminal_counter, "big") if booking.terminal_counter else None
        facts = {"movement": kind, "counter": booking.counter, "account": booking.account, "tac": tac}
        emit(facts | {"tac_checked": booking.tac_checked, "terminal_counter": number})
    else:
        account = yuan(booking.account)
        click.echo(messages.text(f"purse.{kind}-done", counter=booking.counter, account=account, tac=tac))
        if not booking.tac_checked:
            click.echo(messages.text("purse.tac-unchecked"))
    return Exit.OK


def _facts(entry: LogEntry) -> dict[str, object]:
    return {
        "counter": entry.counter,
        "movement": entry.movement.name.lower() if entry.movement else None,
        "code": f"{entry.code:02X}",
        "terminal": entry.terminal.hex().upper(),
        "time": entry.time.hex().upper(),
        "account": entry.account,
        "own": entry.own,
        "fund": entry.fund,
    }


def _print_log(entries: list[LogEntry]) -> None:
    from sscard.commands.layout import columns

    if not entries:
        click.echo(messages.text("purse.log-empty"))
        return
    titles = ("counter", "movement", "time", "terminal", "account", "own", "fund")
    rows = [tuple(messages.text(f"purse.col-{title}") for title in titles)]
    for entry in entries:
        kind = messages.text(f"purse.{entry.movement.name.lower()}") if entry.movement else f"{entry.code:02X}"
        amounts = (yuan(amount) for amount in (entry.account, entry.own, entry.fund))
        rows.append((str(entry.counter), kind, entry.time.hex(), entry.terminal.hex(), *amounts))
    for line in columns(rows):
        click.echo(line)
