"""The return file (回盘): one line a row of the batch, whatever became of it.

Written beside its final name, flushed, checked against the ledger and only then renamed; never edited afterwards.
The file is the issuer's data in full: it belongs in the outbox, not in a log.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sscard.errors import JournalError
from sscard.personalize.ledger import Balance, CardEntry, Job, Ledger, State
from sscard.personalize.record import Record
from sscard.personalize.values import card_identification_code

COLUMNS: Final = (
    "job",
    "seq",
    "ssn",
    "name",
    "card_no",
    "card_id",
    "reset_info",
    "bank_pan",
    "issue_date",
    "expire_date",
    "result",
    "started",
    "ended",
    "station",
    "head",
    "box",
    "slot",
    "profile",
)
SPOILED_COLUMNS: Final = ("job", "seq", "reset_info", "state", "reason", "started", "ended", "station", "head")


def write_returns(
    outbox: Path, ledger: Ledger, job: Job, records: Iterable[Record], *, region: str, station: str
) -> tuple[Path, Path]:
    """Write return file and list of spoiled plastics; returns both.  Raises JournalError when totals do not tie."""
    balance = ledger.balance(job.job)
    good: dict[int, CardEntry] = {entry.seq: entry for entry in ledger.cards(job.job, State.GOOD)}
    returns = outbox / f"{job.job}-return.csv"
    _replace(returns, COLUMNS, _rows(job, records, good, region, station, balance))
    spoiled = outbox / f"{job.job}-spoiled.csv"
    _replace(spoiled, SPOILED_COLUMNS, _spoiled(ledger, job, station))
    return returns, spoiled


def _rows(
    job: Job, records: Iterable[Record], good: dict[int, CardEntry], region: str, station: str, balance: Balance
) -> Iterator[tuple[object, ...]]:
    count = made = 0
    for record in records:
        entry = good.get(record.seq)
        count += 1
        made += entry is not None
        serial = bytes.fromhex(entry.card)[9:] if entry else b""
        yield (
            job.job,
            record.seq,
            record.ssn,
            record.name,
            record.card_no,
            card_identification_code(region, serial) if entry else "",
            entry.card if entry else "",
            record.bank_pan,
            record.issue_date,
            record.expire_date,
            "good" if entry else "not-made",
            entry.started if entry else "",
            entry.ended if entry else "",
            station,
            entry.head if entry else "",
            record.value("box"),
            record.value("slot"),
            job.profile,
        )
    if count != job.rows or made != balance.good or not balance.ties:
        raise JournalError("returns-totals", rows=count, expected=job.rows, good=made, ledger=balance.good)


def _spoiled(ledger: Ledger, job: Job, station: str) -> Iterator[tuple[object, ...]]:
    for entry in ledger.cards(job.job):
        if entry.state in (State.SPOILED, State.LOST):
            yield (
                job.job,
                entry.seq,
                entry.card,
                entry.state,
                entry.reason,
                entry.started,
                entry.ended,
                station,
                entry.head,
            )


def _replace(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(header)
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise JournalError("returns-write", path=str(path), cause=error.strerror) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
