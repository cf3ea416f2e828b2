"""What a plan is made of: actions on the card, and steps that say why, how to tell, and what undoes them.

Actions are data.  Keys stand in them as references without a card; the runner binds them to the card at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sscard.apdu.command import Command
from sscard.cos.model import Item, KeySlot
from sscard.keys.service import KeyRef
from sscard.messages import Lang, text


@dataclass(frozen=True, slots=True)
class Send:
    """Send a command that must succeed."""

    command: Command


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the card: every right is lost."""


@dataclass(frozen=True, slots=True)
class PresentCode:
    """Show the transport code."""

    key: KeyRef


@dataclass(frozen=True, slots=True)
class VerifyPin:
    """VERIFY with the holder's first PIN."""

    key: KeyRef


@dataclass(frozen=True, slots=True)
class Authenticate:
    """GET CHALLENGE and EXTERNAL AUTHENTICATE; ``id`` is P2."""

    key: KeyRef
    id: int


@dataclass(frozen=True, slots=True)
class ProveCard:
    """The card proves itself: INTERNAL AUTHENTICATE compared with the key service."""

    key: KeyRef


@dataclass(frozen=True, slots=True)
class LoadKey:
    """GET CHALLENGE and enciphered WRITE KEY of ``key`` under ``under``; ``header`` is CLA INS P1 P2.

    ``prefix`` and ``fill`` stand before and behind the key in its block.
    """

    key: KeyRef
    under: KeyRef
    header: bytes
    prefix: bytes
    fill: bytes = b""


@dataclass(frozen=True, slots=True)
class LoadFirstKey:
    """WRITE KEY of the card's first master key, which nothing can encipher yet."""

    key: KeyRef
    slot: KeySlot
    prefix: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that the card must refuse; the refusal is the proof."""

    action: Send | LoadKey | PresentCode


@dataclass(frozen=True, slots=True)
class Compare:
    """A read whose answer must equal ``expected``; ``items`` are the records in it, in order."""

    command: Command
    expected: bytes
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """A command that must end with one of these status words."""

    command: Command
    statuses: frozenset[int]


Action = (
    Send
    | Reset
    | PresentCode
    | VerifyPin
    | Authenticate
    | ProveCard
    | LoadKey
    | LoadFirstKey
    | Refused
    | Compare
    | Answers
)


@dataclass(frozen=True, slots=True)
class Step:
    """One action with its reason.

    ``visit`` numbers the stay in one directory; a resumed card starts its open visit anew.
    ``session`` marks steps that change only the session (SELECT, authentication): they are repeated on resume.
    ``restore`` is done instead of a finished step when the card is resumed behind it.
    ``probe`` tells, when it is unknown whether the step was done: success = done, 6A88 = not done, else quarantine.
    ``already`` are status words that say, on resume, that the step was done before.
    ``durable`` marks changes of the card that outlive a reset; their intent is journalled first.
    ``permanent`` marks key-changing and irreversible ones; their result is journalled too.
    ``undo`` names what takes the step back; empty: nothing does.
    """

    stage: str
    visit: int
    purpose: str
    target: str
    action: Action
    session: bool = False
    restore: Send | None = None
    probe: Authenticate | None = None
    already: frozenset[int] = frozenset()
    durable: bool = False
    permanent: bool = False
    undo: str = ""

    def describe(self, lang: Lang | None = None) -> str:
        """The purpose in words."""
        return text(f"personalize.step-{self.purpose}", lang, target=self.target)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for one person on one card, in order."""

    steps: tuple[Step, ...]

    def visits(self) -> Iterator[tuple[int, int, tuple[Step, ...]]]:
        """``(visit, index of its first step, its steps)`` in order."""
        first = 0
        for visit, group in groupby(self.steps, key=lambda step: step.visit):
            steps = tuple(group)
            yield visit, first, steps
            first += len(steps)
