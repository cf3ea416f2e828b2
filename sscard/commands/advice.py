"""What the operator should do next, and how much it matters: the mark, the colour and the bell of a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import click

from sscard.messages import text
from sscard.personalize.heads import Event, Kind


class Severity(IntEnum):
    """CALM: go on.  ATTEND: one head wants a hand.  ALARM: a head or the line has stopped."""

    CALM = 0
    ATTEND = 1
    ALARM = 2

    @property
    def mark(self) -> str:
        """A sign that needs no colour."""
        return "▶!✗"[self]

    @property
    def style(self) -> str:
        return ("bold green", "bold yellow", "bold white on red")[self]

    def ring(self) -> None:
        """Sound the terminal's bell: not at all, once, three times."""
        click.echo("\a" * (0, 1, 3)[self], nl=False, err=True)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do."""

    severity: Severity
    words: str


def advise(event: Event, said: str) -> Advice | None:
    """What an event asks of the operator; ``said`` is its line in the log.  None where it asks nothing."""
    error = event.error
    match event.kind:
        case Kind.SPOILED if error is not None:
            return Advice(Severity.ATTEND, text("personalize.next-spoiled", head=event.head, code=error.code))
        case Kind.REFUSED if error is not None:
            words = text("personalize.next-refused", head=event.head, what=error.parts()[0])
            return Advice(Severity.ATTEND, words)
        case Kind.LOST if event.record is not None:
            words = text("personalize.next-lost", head=event.head, card_no=event.record.card_no)
            return Advice(Severity.ATTEND, words)
        case Kind.LOST:
            return Advice(Severity.ATTEND, said)
        case Kind.STOPPED if error is not None:
            return Advice(Severity.ALARM, said)
        case Kind.PAUSED:
            return Advice(Severity.CALM, text("operator.paused"))
        case _:
            return None


def foremost(advice: Mapping[int, Advice], waiting: list[int]) -> Advice:
    """Of all that heads ask for the gravest; else blanks for those that wait; else nothing."""
    if advice:
        return max(advice.values(), key=lambda each: each.severity)
    if waiting:
        return Advice(Severity.CALM, text("operator.next-blanks", heads=", ".join(map(str, sorted(waiting)))))
    return Advice(Severity.CALM, text("operator.next-nothing"))
