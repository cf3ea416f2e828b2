"""Delivery into a folder: the file, then its slip beside it; the receiver answers with a receipt file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from sscard.durable import replacing
from sscard.errors import Undelivered
from sscard.personalize.parcel import RECEIPT_LIMIT, Parcel, Receipt, read_receipt
from sscard.personalize.register import Revision, digest_of
from sscard.personalize.targets import FolderTarget

SLIP: Final = ".slip.json"
RECEIPT: Final = ".receipt.json"
_GROUP: Final = 0o640
"""The receiver is another account: it shares the folder's group."""


def dropped_name(revision: Revision) -> str:
    """Name of a revision in a drop box; no two revisions share one."""
    stem, _, ending = revision.name.rpartition(".")
    return f"{stem}.r{revision.number}.{revision.key[:8]}.{ending}"


def deliver(target: FolderTarget, parcel: Parcel) -> Receipt:
    """Put file and slip into the folder unless they lie there, and return the receipt where there is one.

    The slip comes last: whoever sees a slip finds its file whole.  Raises Undelivered: "outbox-waiting" while there is
    no receipt, "outbox-answer" for a wrong one, "outbox-folder" where the folder cannot be used.
    """
    revision = parcel.revision
    place = target.path / dropped_name(revision)
    try:
        raw = _read(place.with_name(place.name + RECEIPT))
        if raw is None:
            _put(place, parcel)
            raw = _read(place.with_name(place.name + RECEIPT))
    except OSError as error:
        cause = error.strerror or str(error)
        raise Undelivered("outbox-folder", target=target.name, file=revision.name, cause=cause) from error
    if raw is None:
        raise Undelivered("outbox-waiting", target=target.name, file=revision.name)
    return read_receipt(raw, revision, target.name)


def _put(place: Path, parcel: Parcel) -> None:
    slip = place.with_name(place.name + SLIP)
    if digest_of(place) != parcel.revision.sha256:
        with replacing(place, mode=_GROUP) as part:
            part.write_bytes(parcel.content)
    if not slip.exists():
        with replacing(slip, mode=_GROUP) as part:
            part.write_text(json.dumps(parcel.facts(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def _read(path: Path) -> bytes | None:
    """A receipt, up to one byte more than it may have; None where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(RECEIPT_LIMIT + 1)
    except FileNotFoundError:
        return None
