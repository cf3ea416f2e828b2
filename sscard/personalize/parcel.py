"""A return file on its way: what is told with it, and the receipt that proves it arrived (docs/outbox.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sscard.errors import SscardError, Undelivered
from sscard.personalize.register import Revision

Pause = Callable[[float], None]
"""Waits a number of seconds before the next try."""

RECEIPT_LIMIT: Final = 65_536
"""Bytes that a receipt may have."""
_NOTE_LIMIT: Final = 200


class Effect(StrEnum):
    """What the receiver did: took it; had it already; holds a later revision, so this one changes nothing."""

    APPLIED = "applied"
    REPEATED = "repeated"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A revision with its bytes, which are those of its digest, and the station that sends it."""

    revision: Revision
    station: str
    content: bytes = field(repr=False)

    def facts(self) -> dict[str, str | int]:
        """What the receiver is told; names are part of the protocol."""
        told = self.revision
        return {
            "key": told.key,
            "job": told.job,
            "kind": told.kind.value,
            "file": told.name,
            "revision": told.number,
            "supersedes": told.supersedes,
            "sha256": told.sha256,
            "bytes": len(self.content),
            "records": told.records,
            "rows": told.rows,
            "good": told.good,
            "spoiled": told.spoiled,
            "station": self.station,
        }


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receiver's word that it has a revision; ``note`` is its own reference, at most 200 printable characters."""

    key: str
    sha256: str
    records: int
    effect: Effect
    note: str


def read_receipt(raw: bytes, revision: Revision, target: str) -> Receipt:
    """The receipt of an answer; raises Undelivered("outbox-answer") for anything but the receipt of this revision."""
    try:
        answer: Any = json.loads(raw.decode("utf-8")) if len(raw) <= RECEIPT_LIMIT else None
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise wrong_answer(target, revision, "JSON") from None
    if not isinstance(answer, dict):
        raise wrong_answer(target, revision, "JSON")
    expected = {"key": revision.key, "sha256": revision.sha256, "records": revision.records}
    for name, value in expected.items():
        if answer.get(name) != value or isinstance(answer[name], bool):
            raise wrong_answer(target, revision, name)
    if answer.get("effect") not in {effect.value for effect in Effect}:
        raise wrong_answer(target, revision, "effect")
    note = answer.get("note", "")
    if not isinstance(note, str) or len(note) > _NOTE_LIMIT or not note.isprintable():
        raise wrong_answer(target, revision, "note")
    return Receipt(revision.key, revision.sha256, revision.records, Effect(answer["effect"]), note)


def wrong_answer(target: str, revision: Revision, item: str) -> SscardError:
    """The error for an answer that is no receipt of ``revision``."""
    return Undelivered("outbox-answer", target=target, file=revision.name, item=item)
