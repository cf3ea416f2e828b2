"""What people decide about a job: a finished card is spoiled, the job pauses, goes on, or is closed with its balance.

Each decision stands in the station's chain before the ledger follows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sscard.errors import GuardRefused, JournalError, UsageError
from sscard.personalize.job import job_note, settle
from sscard.personalize.joblock import JobLock
from sscard.personalize.ledger import Balance, CardEntry, Job, Ledger, Standing, State
from sscard.personalize.workspace import Workspace

_REASON: Final = re.compile(r"[^\W\d_](?:[\w ,.:;()/、，。：；（）-]){0,39}")
_NUMBER: Final = re.compile(r"\d{6}")
"""A reason goes into lists and logs: it names no person and no card."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The balance of a closed job: ``blanks`` = good + spoiled + ``left``; ``unmade`` people got no card."""

    job: str
    blanks: int
    good: int
    spoiled: int
    left: int
    unmade: int


def spoil(workspace: Workspace, ledger: Ledger, seq: int, reason: str, job_id: str | None = None) -> CardEntry:
    """A finished card of row ``seq`` is unusable; its row is queued again.  Returns the card that is struck off.

    May be said while the job runs.  A return file that still calls the card good is set aside.  Raises UsageError for
    a reason that is no short text without long numbers, GuardRefused: "job-unknown", "job-closed", "spoil-in-work",
    "spoil-not-made", "spoil-which-job".
    """
    if not _REASON.fullmatch(reason) or _NUMBER.search(reason):
        raise UsageError("spoil-reason")
    jobs = _meant(ledger, job_id)
    found = [entry for job in jobs if (entry := ledger.good_card(job.job, seq)) is not None]
    if not found:
        working = any(entry.seq == seq for job in jobs for entry in ledger.cards(job.job, State.WORK))
        raise GuardRefused("spoil-in-work" if working else "spoil-not-made", seq=seq)
    if len(found) > 1:
        raise GuardRefused("spoil-which-job", seq=seq, count=len(found))
    (entry,) = found
    if ledger.standing(entry.job) is Standing.CLOSED:
        raise GuardRefused("job-closed", job=entry.job)
    job_note(workspace, ledger, entry)("spoiled", card=entry.card, row=seq, reason=reason)
    ledger.strike(entry.card, reason)
    _set_aside_returns(workspace, entry.job)
    return entry


def pause(workspace: Workspace, ledger: Ledger, job_id: str) -> None:
    """Let a job take no more cards until :func:`go_on`; a running line finishes the cards in work and waits.

    Raises GuardRefused: "job-unknown", "job-closed", "job-paused".
    """
    _change(workspace, ledger, job_id, Standing.OPEN, Standing.PAUSED)


def go_on(workspace: Workspace, ledger: Ledger, job_id: str) -> None:
    """End a pause.  Raises GuardRefused: "job-unknown", "job-closed", "job-not-paused"."""
    _change(workspace, ledger, job_id, Standing.PAUSED, Standing.OPEN)


def close(
    workspace: Workspace, ledger: Ledger, job_id: str, *, blanks: int, left: int, give_up_rows: bool = False
) -> Closing:
    """Close a job for ever when ``blanks`` counted in equal the good, the spoiled and the ``left`` ones counted now.

    With ``give_up_rows`` people without a card leave the job and may come in another batch.  Raises GuardRefused:
    "job-unknown", "job-closed", "job-running" (at whatever station), "close-in-work", "close-rows", "close-blanks".
    """
    (job,) = _meant(ledger, job_id)
    if ledger.standing(job.job) is Standing.CLOSED:
        raise GuardRefused("job-closed", job=job.job)
    note = job_note(workspace, ledger, job)
    folder = workspace.jobs_path / job.job
    with ExitStack() as held:
        held.callback(JobLock(folder, job.job).release)
        ledger.work_on(job.job, alone=True)
        settle(ledger, job, folder, note)
        closing = _balanced(job, ledger.balance(job.job), blanks, left, give_up_rows=give_up_rows)
        note(
            "job-closed",
            blanks=blanks,
            good=closing.good,
            spoiled=closing.spoiled,
            left=left,
            unmade=closing.unmade,
        )
        ledger.stand(job.job, Standing.CLOSED)
    return closing


def _balanced(job: Job, balance: Balance, blanks: int, left: int, *, give_up_rows: bool) -> Closing:
    if balance.work or not balance.ties:
        raise GuardRefused("close-in-work", job=job.job, count=balance.work)
    if balance.left and not give_up_rows:
        raise GuardRefused("close-rows", job=job.job, count=balance.left)
    counted = balance.good + balance.spoiled + left
    if counted != blanks:
        raise GuardRefused(
            "close-blanks",
            blanks=blanks,
            good=balance.good,
            spoiled=balance.spoiled,
            left=left,
            difference=f"{blanks - counted:+d}",
        )
    return Closing(job.job, blanks, balance.good, balance.spoiled, left, balance.rows - balance.good)


def _meant(ledger: Ledger, job_id: str | None) -> Sequence[Job]:
    """The job of an id, all without one.  Raises GuardRefused("job-unknown")."""
    jobs = [job for job in ledger.jobs() if job_id in (None, job.job)]
    if not jobs and job_id is not None:
        raise GuardRefused("job-unknown", job=job_id)
    return jobs


def _change(workspace: Workspace, ledger: Ledger, job_id: str, before: Standing, after: Standing) -> None:
    (job,) = _meant(ledger, job_id)
    standing = ledger.standing(job.job)
    if standing is not before:
        raise GuardRefused("job-not-paused" if standing is Standing.OPEN else f"job-{standing}", job=job.job)
    job_note(workspace, ledger, job)("paused" if after is Standing.PAUSED else "continued")
    ledger.stand(job.job, after)


def _set_aside_returns(workspace: Workspace, job: str) -> None:
    """Return files written before a card was struck off keep their content under a name nobody sends."""
    for path in workspace.outbox_path.glob("*"):
        if path.name.startswith(f"{job}-return."):
            _rename(path, path.with_name(f"{job}-outdated{path.suffix}"))


def _rename(path: Path, to: Path) -> None:
    try:
        path.replace(to)
    except OSError as error:
        raise JournalError("returns-write", path=str(path), cause=error.strerror) from error
