"""Steps: moves with their place in the making of a card, and a plan, the ordered whole.

What a step does is data of :mod:`sscard.cos.actions`, in which dialects speak.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Self

from sscard.cos.actions import Move
from sscard.messages import Lang, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Move):
    """A move of one stage.  ``visit`` numbers the stay in one directory; a resumed card starts its open visit anew."""

    stage: str
    visit: int

    @classmethod
    def of(cls, move: Move, stage: str, visit: int) -> Self:
        """The move at its place."""
        return cls(stage=stage, visit=visit, **{field.name: getattr(move, field.name) for field in fields(Move)})

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
