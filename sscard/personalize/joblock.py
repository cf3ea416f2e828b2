"""One process works on a job of a workspace at a time; others may ask whether one does."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from sscard.errors import GuardRefused, JournalError

_LOCK: Final = "lock"
_ASKED_FOR: Final = 0.2
"""Seconds within which somebody who only asks has let go again."""


class JobLock:
    """Held by the one process that works on a job.  Raises GuardRefused where another holds it."""

    def __init__(self, folder: Path, job: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError("journal-write", path=str(folder), cause=error.strerror) from error
        until = time.monotonic() + _ASKED_FOR
        while not _locked(self._handle, fcntl.LOCK_EX):
            if time.monotonic() > until:
                os.close(self._handle)
                raise GuardRefused("job-running", job=job)
            time.sleep(_ASKED_FOR / 20)

    def release(self) -> None:
        """Let another process have the job; idempotent."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def is_running(folder: Path) -> bool:
    """Whether a process works on the job of this folder now."""
    with suppress(FileNotFoundError), (folder / _LOCK).open("rb") as file:
        return not _locked(file.fileno(), fcntl.LOCK_SH)
    return False


def _locked(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
