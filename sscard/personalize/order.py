"""An order of blanks: a name and a number, for passes that make plastics of nobody.

It stands where a batch of people stands: its rows are numbered and empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sscard.cos.passes import WHOLE, Book, Pass
from sscard.personalize.ledger.model import Job
from sscard.personalize.record import Record

_EMPTY: Final = Record(0, 0, "", "", "", "", "", "", "", "", "")


class BlankOrder:
    """``count`` cards, ordered under a name.  ``sha256`` stands for a file's: the same order is the same job."""

    encoding = "utf-8"

    def __init__(self, name: str, count: int) -> None:
        self.path = Path(name)
        self.name = self.batch_id = name
        self.sha256 = hashlib.sha256(f"{count} blanks: {name}".encode()).hexdigest()
        self._count = count

    def __len__(self) -> int:
        return self._count

    def record(self, seq: int) -> Record:
        """An empty row.  Raises IndexError."""
        if not 1 <= seq <= self._count:
            raise IndexError(seq)
        return replace(_EMPTY, seq=seq, line=seq)

    def records(self) -> Iterator[Record]:
        """All rows in order."""
        return map(self.record, range(1, self._count + 1))


def digest(batch: str, pass_: Pass) -> str:
    """The digest of a job: that of its batch for whole cards; another pass of the same batch is another job."""
    return batch if pass_.name == WHOLE else _of_pass(batch, pass_.name)


def made_of(job: Job, batch: str) -> bool:
    """Whether a job, of whatever pass, is made of the batch file with this SHA-256."""
    return job.digest in (batch, _of_pass(batch, job.batch.rpartition("/")[2]))


def _of_pass(batch: str, name: str) -> str:
    return hashlib.sha256(f"{batch}/{name}".encode()).hexdigest()


def entered(records: Iterable[Record], pass_: Pass, job: str) -> Iterator[Record]:
    """Rows under the names that the pass's book has for them (:mod:`sscard.cos.passes`)."""
    for record in records:
        if pass_.book is Book.PERSON:
            yield record
            continue
        blank = f"{job}:{record.seq}" if pass_.book is Book.BLANK else ""
        ssn, card_no = (pass_.book.entry(blank or own) for own in (record.ssn, record.card_no))
        yield replace(record, ssn=ssn, card_no=card_no)
