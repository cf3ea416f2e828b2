"""The workspace's audit log: who did what that somebody may ask about later; never a key, PIN or person."""

from __future__ import annotations

import errno
import getpass
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sscard.errors import WorkspaceError

if TYPE_CHECKING:
    from sscard.personalize.workspace import Workspace


def audit(workspace: Workspace, words: str, **facts: object) -> None:
    """Append a line, on disk before this returns.  Raises WorkspaceError("audit-unwritable")."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = "".join(f" {name}={value}" for name, value in facts.items())
    line = f"{now} user={getpass.getuser()} command={words}{told}\n"
    try:
        log = os.open(workspace.audit_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = line.encode("utf-8")
            if os.write(log, written) != len(written):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(log)
        finally:
            os.close(log)
    except OSError as error:
        raise WorkspaceError("audit-unwritable", path=str(workspace.audit_path), reason=error.strerror) from None
