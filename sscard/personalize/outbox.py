"""The outbox: return files reach each target at least once and, by their key, have effect once (docs/outbox.md).

What was written, sent and acknowledged stands in the stations' chains; the receipts lie beside the files.  A file is
sent only while it is, byte for byte, what the chain says was written last, and as old as the ledger.  A receipt goes to
disk, then into the chain: until it stands there the file counts as not acknowledged and is sent again, the same bytes
under the same key.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from sscard.durable import sweep, write_private
from sscard.errors import GuardRefused, JournalError
from sscard.personalize import drop_box
from sscard.personalize.job import job_note
from sscard.personalize.ledger import Ledger
from sscard.personalize.parcel import Parcel, Pause, Receipt
from sscard.personalize.register import Revision, digest_of, read_register
from sscard.personalize.returns import return_files
from sscard.personalize.targets import FolderTarget, Target
from sscard.personalize.workspace import Workspace

ACK_SUFFIX: Final = ".ack"
_LOCK: Final = "lock"


class Stage(StrEnum):
    """How far a file is on its way to one target."""

    WAITING = "waiting"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Item:
    """A current revision and one target it is meant for."""

    revision: Revision
    target: Target
    stage: Stage


class Finding(NamedTuple):
    """Something in the outbox that is not as the chain tells: ``kind`` names a text ``outbox.finding-KIND``."""

    kind: str
    file: str


class Outbox:
    """The return files of a workspace and their ways.  Raises JournalError for a chain that cannot be read."""

    def __init__(self, workspace: Workspace, ledger: Ledger) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._register = read_register(workspace.chain_path.parent)

    def items(self, job: str | None = None, targets: tuple[str, ...] = ()) -> list[Item]:
        """Each current revision for each target that wants it; of one job, of the named targets.

        Raises GuardRefused("job-unknown", "outbox-target").
        """
        if job is not None and all(job != known.job for known in self._ledger.jobs()):
            raise GuardRefused("job-unknown", job=job)
        for name in targets:
            if name not in {target.name for target in self._workspace.targets}:
                raise GuardRefused("outbox-target", target=name)
        return [
            Item(revision, target, self._stage(revision, target))
            for revision in self._register.current()
            for target in self._workspace.targets
            if revision.kind in target.sends
            and job in (None, revision.job)
            and target.name in (targets or {target.name})
        ]

    def _stage(self, revision: Revision, target: Target) -> Stage:
        way = (revision.key, target.name)
        if way in self._register.settled:
            return Stage.ACKNOWLEDGED
        return Stage.SENT if way in self._register.sent else Stage.WAITING

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Held by the one process that sends.  Raises GuardRefused("outbox-running") where another does."""
        path = self._workspace.outbox_path / _LOCK
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError("outbox-write", path=str(path), cause=error.strerror) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GuardRefused("outbox-running") from None
            self._register = read_register(self._workspace.chain_path.parent)
            yield
        finally:
            os.close(handle)

    def parcel(self, revision: Revision) -> Parcel:
        """The file, ready to be sent.

        Raises GuardRefused: "outbox-missing", "outbox-edited" for bytes that were never written here, "outbox-older"
        for those of an earlier revision, "outbox-stale" where the ledger went on since; JournalError("outbox-read").
        """
        path = self._workspace.outbox_path / revision.name
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise GuardRefused("outbox-missing", path=str(path)) from None
        except OSError as error:
            raise JournalError("outbox-read", path=str(path), cause=error.strerror) from error
        digest = sha256(content).hexdigest()
        if digest != revision.sha256:
            older = self._register.older(revision, digest)
            raise GuardRefused("outbox-older" if older else "outbox-edited", path=str(path))
        balance = self._ledger.balance(revision.job)
        if (balance.rows, balance.good, balance.spoiled) != (revision.rows, revision.good, revision.spoiled):
            raise GuardRefused("outbox-stale", path=str(path), good=balance.good, told=revision.good)
        return Parcel(revision, self._workspace.station, content)

    def send(self, item: Item, *, pause: Pause = time.sleep) -> Receipt:
        """Send a file and keep its receipt; the outbox is held meanwhile.

        Raises as :meth:`parcel`, Undelivered where no receipt came, DeliveryRefused where none will, JournalError
        where something cannot be written down: then it is sent again.
        """
        revision, target = item.revision, item.target
        parcel = self.parcel(revision)
        job = next((job for job in self._ledger.jobs() if job.job == revision.job), None)
        if job is None:
            raise GuardRefused("job-unknown", job=revision.job)
        note = job_note(self._workspace, self._ledger, job)
        way = {"file": revision.name, "revision": revision.number, "key": revision.key, "target": target.name}
        note("sent", **way)
        receipt = _deliver(target, parcel, pause)
        path = self.ack_path(item)
        kept = {**parcel.facts(), "target": target.name, "at": _now(), "receipt": asdict(receipt)}
        content = json.dumps(kept, ensure_ascii=False, indent=1).encode() + b"\n"
        try:
            sweep(path)
            write_private(path, content)
        except OSError as error:
            raise JournalError("outbox-write", path=str(path), cause=error.strerror) from error
        note("acknowledged", **way | {"file": path.name}, effect=receipt.effect, sha256=sha256(content).hexdigest())
        return receipt

    def ack_path(self, item: Item) -> Path:
        """Where the receipt of a file lies, beside it: one for each revision and target."""
        name = f"{item.revision.name}.r{item.revision.number}.{item.target.name}{ACK_SUFFIX}"
        return self._workspace.outbox_path / name

    @property
    def files(self) -> int:
        """How many files the chain says are in the outbox."""
        return len(self._register.current())

    @property
    def receipts(self) -> int:
        """How many receipts the chain says are in the outbox."""
        return len(self._register.acknowledged)

    def findings(self) -> Iterator[Finding]:
        """What in the outbox is not as the chain tells.  Raises JournalError where a file cannot be read."""
        outbox = self._workspace.outbox_path
        try:
            yield from self._files(outbox)
            known = self._register.acknowledged
            for name, digest in sorted(known.items()):
                found = digest_of(outbox / name)
                if found != digest:
                    yield Finding("ack-edited" if found else "ack-missing", name)
            for path in sorted(outbox.glob(f"*{ACK_SUFFIX}")):
                if path.name not in known:
                    yield Finding("ack-unknown", path.name)
        except OSError as error:
            raise JournalError("outbox-read", path=str(error.filename or outbox), cause=error.strerror) from error

    def _files(self, outbox: Path) -> Iterator[Finding]:
        told = {revision.name for revisions in self._register.revisions.values() for revision in revisions}
        for revision in self._register.current():
            digest = digest_of(outbox / revision.name)
            if digest != revision.sha256:
                older = self._register.older(revision, digest)
                yield Finding("older" if older else "edited" if digest else "missing", revision.name)
        for job in self._ledger.jobs():
            for path in return_files(outbox, job.job):
                if path.name not in told:
                    yield Finding("unknown", path.name)


def _deliver(target: Target, parcel: Parcel, pause: Pause) -> Receipt:
    if isinstance(target, FolderTarget):
        return drop_box.deliver(target, parcel)
    from sscard.personalize import post

    return post.deliver(target, parcel, pause)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
