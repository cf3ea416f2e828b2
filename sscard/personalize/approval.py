"""Who opens a job: so many different people of the workspace's register sign it, anew for every session.

What each signs is one line of JSON: this rule's name, job, batch file, profile, number of rows, station, session.  The
signatures stand in the station's chain (docs/audit.md); whoever has the register can check them.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sscard.errors import GuardRefused
from sscard.keys.ceremony.people import Signer, verified
from sscard.personalize.journal import Note
from sscard.personalize.ledger import Job
from sscard.personalize.workspace import Workspace

FORMAT: Final = "sscard-approval-1"
_SESSION_SIZE: Final = 16
_SIGNED: Final = ("job", "batch", "profile", "rows", "station", "session")


def require_people(workspace: Workspace, signers: Sequence[Signer]) -> None:
    """Pass when enough different people stand there.

    Raises GuardRefused: "approval-same" (one person twice, by name or by key), "approval-missing".
    """
    names = [signer.person.name for signer in signers]
    keys = {signer.person.public for signer in signers}
    if len(set(names)) < len(names) or len(keys) < len(names):
        raise GuardRefused("approval-same", name=names[-1])
    if len(signers) < workspace.approvals:
        raise GuardRefused("approval-missing", given=len(signers), wanted=workspace.approvals)


def approve(workspace: Workspace, job: Job, signers: Sequence[Signer], note: Note) -> str:
    """Write the signed word of everybody into the chain; returns the session's number, which nobody can foresee."""
    facts: dict[str, object] = {
        "batch": job.digest,
        "profile": job.profile_digest,
        "rows": job.rows,
        "station": workspace.station,
        "session": secrets.token_hex(_SESSION_SIZE),
    }
    for signer in signers:
        signature = signer.sign(_message({"job": job.job, **facts}))
        note("approval", name=signer.person.name, signature=base64.b64encode(signature).decode("ascii"), **facts)
    return str(facts["session"])


def broken(entries: Sequence[Mapping[str, Any]], public: Mapping[str, bytes]) -> Iterator[int]:
    """Numbers of the approvals among a chain's ``entries`` that nobody of the register (name → key) signed."""
    for entry in entries:
        if entry["kind"] == "approval":
            key = public.get(entry["name"])
            if key is None or not verified(key, _message(entry), base64.b64decode(entry["signature"])):
                yield int(entry["n"])


def _message(facts: Mapping[str, Any]) -> bytes:
    return json.dumps([FORMAT, *(facts[name] for name in _SIGNED)], ensure_ascii=False).encode()
