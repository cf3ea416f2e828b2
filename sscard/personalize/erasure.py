"""After a job: files that hold people are overwritten and removed (docs/erase.md).

The chain says first what goes, and who agreed.  A call that was cut off is made again: the rest follows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from sscard.durable import sync_folder
from sscard.errors import GuardRefused, JournalError
from sscard.keys.ceremony.people import Signer
from sscard.personalize.approval import approve, require_people
from sscard.personalize.job import job_note
from sscard.personalize.ledger import Job, Ledger, Standing
from sscard.personalize.order import made_of
from sscard.personalize.outbox import ACK_SUFFIX, Outbox, Stage
from sscard.personalize.register import digest_of, read_register
from sscard.personalize.returns import spoiled_path
from sscard.personalize.workspace import Workspace

_BLOCK: Final = bytes(1 << 20)


def require_over(workspace: Workspace, ledger: Ledger, job_id: str) -> Job:
    """The closed job whose return files have all arrived.

    Raises GuardRefused: "job-unknown", "erase-open", "erase-unsent".
    """
    job = next((job for job in ledger.jobs() if job.job == job_id), None)
    if job is None:
        raise GuardRefused("job-unknown", job=job_id)
    if ledger.standing(job.job) is not Standing.CLOSED:
        raise GuardRefused("erase-open", job=job.job)
    for item in Outbox(workspace, ledger).items(job.job):
        if item.stage is not Stage.ACKNOWLEDGED:
            raise GuardRefused("erase-unsent", file=item.revision.name, target=item.target.name)
    return job


def erase(
    workspace: Workspace, ledger: Ledger, job: Job, batch_files: Sequence[Path], signers: Sequence[Signer] = ()
) -> list[Path]:
    """Erase the copies of the job's batch and all that the outbox holds of its people; returns what was erased.

    Raises GuardRefused: "erase-foreign" for a file that is not this job's batch, "erase-nothing", and what
    :func:`require_people` raises; JournalError("erase-failed") for a file that cannot be removed.
    """
    for path in batch_files:
        if not made_of(job, digest_of(path)):
            raise GuardRefused("erase-foreign", path=str(path), job=job.job)
    require_people(workspace, signers)
    paths = [*dict.fromkeys(path.resolve() for path in (*batch_files, *_of_the_outbox(workspace, job)))]
    if not paths:
        raise GuardRefused("erase-nothing", job=job.job)
    note = job_note(workspace, ledger, job)
    session = approve(workspace, job, signers, note)
    note("erased", files=[{"name": path.name, "sha256": digest_of(path)} for path in paths], session=session)
    for path in paths:
        _erase(path)
    return paths


def remains(workspace: Workspace, job: Job, folders: Iterable[Path] = ()) -> list[Path]:
    """Files of the workspace and of ``folders`` with the bytes of anything erased, and unfinished ones of the outbox.

    Raises GuardRefused("erase-never") where nothing of the job was erased, JournalError for a damaged chain.
    """
    erased = read_register(workspace.chain_path.parent).erased.get(job.job, set())
    if not erased:
        raise GuardRefused("erase-never", job=job.job)

    def left(path: Path) -> bool:
        return (sha256 := digest_of(path)) in erased or made_of(job, sha256)

    places = [workspace.root, *folders]
    found = [path for place in places for path in place.rglob("*") if path.is_file() and left(path)]
    return sorted({path.resolve() for path in (*found, *_of_the_outbox(workspace, job))})


def _of_the_outbox(workspace: Workspace, job: Job) -> Iterator[Path]:
    """Return files in every format, outdated and unfinished ones; receipts and the list of plastics name nobody."""
    outbox = workspace.outbox_path
    for pattern in (f"{job.job}-return.*", f"{job.job}-outdated*", f".{job.job}-*"):
        for path in sorted(outbox.glob(pattern)):
            if path.suffix != ACK_SUFFIX and path != spoiled_path(outbox, job.job):
                yield path


def _erase(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            left = os.fstat(file.fileno()).st_size
            while left > 0:
                left -= file.write(_BLOCK[:left])
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise JournalError("erase-failed", path=str(path), cause=error.strerror) from error
