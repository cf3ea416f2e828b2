"""A workspace that had a ledger of its own moves it into the shared one: people, cards and all, whole or not at all.

The old file stays under another name.  No program may be at work on any of its jobs meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any, Final

from sscard.errors import GuardRefused, JournalError
from sscard.personalize.bookkeeping import connect, open_own, seat_of
from sscard.personalize.joblock import JobLock
from sscard.personalize.ledger import Ledger, Seat
from sscard.personalize.ledger.engine import Engine
from sscard.personalize.ledger.store import prepare
from sscard.personalize.workspace import Workspace

SUFFIX: Final = ".taken-over"
_AT_ONCE: Final = 1000
_TABLES: Final = {
    "jobs": "job, batch, digest, profile, profile_digest, rows, created",
    "rows": "job, seq, person, card_no, state",
    "cards": "card, job, seq, station, head, state, reason, started, ended, decided",
    "revisions": "job, kind, number, name, sha256, station",
}
_WORDS: Final = "SELECT name, value FROM meta WHERE name LIKE 'chain:%' OR name LIKE 'standing:%'"


def take_over(workspace: Workspace) -> int:
    """Move everything in the workspace's own ledger into the shared one; returns how many people.

    Raises GuardRefused: "job-running", "station-taken", "takeover-person" where a person, card number or batch stands
    in the shared ledger already; JournalError.  Then nothing was changed, and both ledgers are as they were.
    """
    with ExitStack() as held:
        own = held.enter_context(closing(open_own(workspace)))
        for job in own.jobs():
            held.callback(JobLock(workspace.jobs_path / job.job, job.job).release)
        target = held.enter_context(closing(connect(workspace)))
        prepare(target, own.person_key, workspace.station)
        with target.change():
            people = _copy(own, target, seat_of(workspace))
    for path in workspace.root.glob(f"{workspace.ledger_path.name}*"):
        if not path.name.endswith(SUFFIX):
            path.rename(path.with_name(path.name + SUFFIX))
    return people


def _copy(own: Ledger, target: Engine, seat: Seat) -> int:
    known = {digest for (digest,) in target.read("SELECT digest FROM jobs")}
    jobs = own.jobs()
    if jobs and all(job.digest in known for job in jobs):  # taken over before, but for the renaming of the file
        return 0
    for name in sorted({*own.stations(), seat.station}):
        _seat(target, name, seat)
    counts = dict.fromkeys(_TABLES, 0)
    for table, columns in _TABLES.items():
        places = ",".join("?" * (columns.count(",") + 1))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING"
        for rows in _parts(own.engine_rows(f"SELECT {columns} FROM {table} ORDER BY 1, 2")):
            counts[table] += len(rows)
            if target.run_many(statement, rows) != len(rows):
                raise GuardRefused("takeover-person", path=target.place, table=table, **_clash(target, table, rows))
    target.run_many("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", own.engine_rows(_WORDS))
    return counts["rows"]


def _seat(target: Engine, name: str, seat: Seat) -> None:
    """Enter a name under which this workspace worked; it counts as silent until it signs in."""
    target.run(
        "INSERT INTO stations VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING", name, seat.identity, float(seat.lease)
    )
    if target.first("SELECT identity FROM stations WHERE station = ?", name) != (seat.identity,):
        raise GuardRefused("station-taken", station=name, path=target.place)


def _parts(rows: Sequence[Any]) -> Iterator[list[Any]]:
    rest = iter(rows)
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def _clash(target: Engine, table: str, rows: Sequence[Any]) -> dict[str, object]:
    """The first job and row that did not go in."""
    for row in rows:
        job, seq = (row[1], row[2]) if table == "cards" else row[:2]
        if table != "rows" or target.first("SELECT 1 FROM rows WHERE job = ? AND seq = ?", job, seq) is None:
            return {"job": job, "seq": seq}
    raise JournalError("ledger-write", path=target.place, cause=table)
