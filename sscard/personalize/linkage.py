"""How a card finds its row: the next one, by an item read from the card, or by the first party's return file.

Source: overall plan of the social-security card with financial functions, step-by-step mode, linkage one and two;
docs/modes.md, "linkage".  A card never gets a row that is not its own: whoever is not found is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sscard.apdu.transport import Channel
from sscard.cos.dialect import Dialect
from sscard.cos.mark import CardIdentity
from sscard.cos.passes import Pass
from sscard.errors import GuardRefused
from sscard.keys.service import KeyService
from sscard.personalize.admission import require_blank
from sscard.personalize.arrival import Arrival, differing
from sscard.personalize.ledger import Ledger, State
from sscard.personalize.plan import Template
from sscard.personalize.record import Record


class Linkage(Protocol):
    """Ties a card that may be written to its row."""

    def row(self, card: str, found: Mapping[str, str]) -> int | None:
        """The row of the card with these historical bytes and texts; None for the next one.  Raises GuardRefused."""
        ...


class Records(Protocol):
    """Random access to the rows of a batch."""

    def record(self, seq: int) -> Record: ...


class NextRow:
    """Each card takes the next row."""

    def row(self, card: str, found: Mapping[str, str]) -> int | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class ByItem:
    """Linkage one: the item ``link`` read from the card."""

    ledger: Ledger
    job: str
    pass_: Pass
    link: str

    def row(self, card: str, found: Mapping[str, str]) -> int:
        """The waiting row of the person.  Raises GuardRefused: "link-stranger", "link-good", "link-work"."""
        value = self.pass_.book.entry(found[self.link])
        row = self.ledger.row_of(self.job, **{self.link: value})
        if row is None:
            raise GuardRefused("link-stranger", item=self.link)
        seq, state = row
        if state is not State.QUEUED:
            raise GuardRefused(f"link-{state}", seq=seq)
        return seq


@dataclass(frozen=True, slots=True)
class ByFeedback:
    """Linkage two: historical bytes to rows, from the first party's return file (:mod:`.feedback`)."""

    rows: Mapping[str, int]

    def row(self, card: str, found: Mapping[str, str]) -> int:
        """The row.  Raises GuardRefused("link-no-feedback") for a card the file does not name."""
        seq = self.rows.get(card)
        if seq is None:
            raise GuardRefused("link-no-feedback", card=card)
        return seq


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides for a card the ledger does not know whether it may be written, and for which row.  Only reads."""

    template: Template
    dialect: Dialect
    service: KeyService
    arrival: Arrival
    linkage: Linkage
    records: Records

    def admit(self, channel: Channel, identity: CardIdentity) -> int | None:
        """The row of the card, None for the next one.  Raises GuardRefused."""
        if self.template.pass_.takes_blanks:
            require_blank(channel, self.template.profile)
            return None
        found = self.arrival.inspect(channel, self.dialect, self.service, identity)
        seq = self.linkage.row(identity.name, found)
        if seq is not None:
            record = self.records.record(seq)
            wrong = differing(found, {"ssn": record.ssn, "card_no": record.card_no})
            if wrong:
                raise GuardRefused("link-differs", seq=seq, items=", ".join(wrong))
        return seq
