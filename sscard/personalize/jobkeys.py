"""Which keys a job was begun with, told by check values: it never goes on with others.

A card half made under one set of keys and met with another would lose tries and be spoiled.  So the check values of all
keys of a job are kept beside its journals at its first opening, and compared at every further one, before any card is
asked.  Stations that share a ledger hold to the values of the first of them.  Values that are only presented (PIN,
transport code) have no check value and are left out.  docs/journal.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from sscard.errors import GuardRefused, JournalError
from sscard.keys.catalog import PIN, TRANSPORT
from sscard.keys.files import write_private
from sscard.keys.service import KeyService
from sscard.personalize.ledger import Ledger
from sscard.personalize.plan import Template

NAME: Final = "keys.json"
"""One JSON object: ``NAME:vN@REGION`` → check value in hex."""


def hold_to_keys(folder: Path, job: str, template: Template, service: KeyService, ledger: Ledger) -> None:
    """Return when the keys are those the job was begun with; at its first opening, keep which they are.

    Raises GuardRefused("job-other-keys") naming the first key that differs, JournalError where the file cannot be read
    or written, CustodyError as the key service.
    """
    path = folder / NAME
    values = {
        str(ref): service.check_value(ref).hex().upper()
        for ref in sorted(template.key_refs(), key=str)
        if ref.name not in (PIN, TRANSPORT)
    }
    text = json.dumps(values, indent=1) + "\n"
    if ledger.shared:
        _compare(job, json.loads(ledger.keep_once(f"keys:{job}", text)), values)
    try:
        if not path.exists():
            write_private(path, text.encode())
        known = json.loads(path.read_bytes())
    except OSError as error:
        raise JournalError("journal-write", path=str(path), cause=error.strerror) from error
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise JournalError("job-keys-damaged", path=str(path))
    _compare(job, known, values)


def _compare(job: str, known: dict[str, str], values: dict[str, str]) -> None:
    for key, found in values.items():
        if known.get(key) != found:
            raise GuardRefused("job-other-keys", job=job, key=key, expected=known.get(key, "–"), found=found)
