"""The return file (回盘): one line a row of the batch, whatever became of it.

It is made of the ledger's account alone: stations that share a job write the same bytes at the same moment of it.
Written beside its final name, checked against the ledger, told of in the station's chain, and only then renamed; never
edited afterwards.  The file is the issuer's data in full: it belongs in the outbox, not in a log.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from sscard.cos.passes import plain
from sscard.durable import replacing, sweep
from sscard.errors import FormatError, JournalError
from sscard.personalize.exchange.load import load_format
from sscard.personalize.exchange.model import Container, Format, Sheet
from sscard.personalize.exchange.writing import write_rows
from sscard.personalize.ledger import Account, CardEntry, Job, State
from sscard.personalize.record import Record
from sscard.personalize.values import card_identification_code

NOT_MADE: Final = "not-made"
"""The reason of a person for whom no card was tried."""

_ENDINGS: Final = {
    Container.CSV: "csv",
    Container.BAR: "txt",
    Container.FIXED: "txt",
    Container.XLSX: "xlsx",
    Container.JSONL: "jsonl",
    Container.PARQUET: "parquet",
}
_OF_RECORD: Final = (
    *("ssn", "id_type", "name", "card_no", "card_id", "issue_date", "expire_date", "bank_code", "bank_pan"),
    *("account", "bank_account", "box", "slot"),
)
SPOILED_COLUMNS: Final = ("job", "seq", "reset_info", "state", "reason", "started", "ended", "station", "head")


def return_sheet(layout: Format | None) -> Sheet:
    """The return file of a format, by default of the canonical one.  Raises FormatError where it has none."""
    layout = layout or load_format("canonical")
    if layout.returns is None:
        raise FormatError("format-no-returns", name=layout.name)
    return layout.returns


def return_path(outbox: Path, sheet: Sheet, job: Job) -> Path:
    """Where the return file of a job stands."""
    return outbox / f"{job.job}-return.{_ENDINGS[sheet.container]}"


def spoiled_path(outbox: Path, job: str) -> Path:
    """Where the list of a job's spoiled plastics stands."""
    return outbox / f"{job}-spoiled.csv"


def return_files(outbox: Path, job: str) -> list[Path]:
    """The files of a job that lie in the outbox, in whatever formats it was returned."""
    named = [outbox / f"{job}-return.{ending}" for ending in sorted(set(_ENDINGS.values()))]
    return [path for path in (*named, spoiled_path(outbox, job)) if path.exists()]


def write_returns(
    outbox: Path,
    account: Account,
    job: Job,
    records: Iterable[Record],
    *,
    region: str,
    note: Callable[[dict[str, str]], None],
    version: str = "",
    layout: Format | None = None,
    batch_id: str = "",
) -> tuple[Path, Path]:
    """Write return file, in the format ``layout``, and list of spoiled plastics; returns both.

    ``note`` is given name → SHA-256 of both before either is there: what a crash leaves is known to the chain, or is
    an older file, and never a stranger.  One writer a job.

    Raises JournalError when totals do not tie or the disk refuses, FormatError for what the format cannot hold.
    """
    sheet = return_sheet(layout)
    facts = {
        "job": job.job,
        "batch": batch_id or job.job,
        "region": region,
        "profile": job.profile,
        "version": version,
    }
    returns = return_path(outbox, sheet, job)
    rows = _rows(account, job, records, facts)
    spoiled = spoiled_path(outbox, job.job)
    try:
        outbox.mkdir(parents=True, exist_ok=True)
        for path in (returns, spoiled):
            sweep(path)
        with replacing(spoiled) as list_part, replacing(returns) as part:
            write_rows(part, sheet, rows, count=job.rows, batch=facts["batch"])
            _write_spoiled(list_part, _spoiled(account, job))
            note({returns.name: _digest(part), spoiled.name: _digest(list_part)})
    except OSError as error:
        raise JournalError("returns-write", path=str(returns), cause=error.strerror) from error
    return returns, spoiled


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _rows(account: Account, job: Job, records: Iterable[Record], facts: dict[str, str]) -> Iterator[dict[str, str]]:
    """A return row for each person; the totals are proved when the last is asked for."""
    balance = account.balance
    good = {entry.seq: entry for entry in account.cards if entry.state is State.GOOD}
    failed = {entry.seq: entry for entry in account.cards if entry.state in (State.SPOILED, State.LOST)}
    count = made = 0
    for record in records:
        entry = good.get(record.seq)
        count += 1
        made += entry is not None
        row = {name: record.value(name) for name in _OF_RECORD} | facts | {"seq": str(record.seq)}
        yield row | (_made(entry, facts["region"]) if entry else _not_made(failed.get(record.seq)))
    if count != job.rows or made != balance.good or not balance.ties:
        raise JournalError("returns-totals", rows=count, expected=job.rows, good=made, ledger=balance.good)


def _made(entry: CardEntry, region: str) -> dict[str, str]:
    card = plain(entry.card)
    return {
        "card_id": card_identification_code(region, bytes.fromhex(card)[9:]),
        "reset_info": card,
        "result": "good",
        "success": "1",
        "started": entry.started,
        "ended": entry.ended,
        "made": entry.ended[:10].replace("-", ""),
        "station": entry.station,
        "head": entry.head,
    }


def _not_made(entry: CardEntry | None) -> dict[str, str]:
    """The outcome of a person without a card, with the reason of the last card that failed."""
    reason = entry.reason if entry and entry.reason else NOT_MADE
    made = {"card_id": "", "result": "not-made", "success": "0", "fail_stage": "make", "fail_reason": reason}
    return made | {"station": entry.station if entry else ""}


def _spoiled(account: Account, job: Job) -> Iterator[tuple[object, ...]]:
    for entry in account.cards:
        if entry.state in (State.SPOILED, State.LOST):
            yield (
                job.job,
                entry.seq,
                plain(entry.card),
                entry.state,
                entry.reason,
                entry.started,
                entry.ended,
                entry.station,
                entry.head,
            )


def _write_spoiled(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(SPOILED_COLUMNS)
        writer.writerows(rows)
