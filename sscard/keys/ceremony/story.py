"""What the transcript of a run tells: the facts of its opening, the steps that are done, the one that comes now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sscard.errors import JournalError
from sscard.keys.ceremony.script import StepKind
from sscard.keys.ceremony.transcript import NAME, Anchor, Entry, Facts, check

OPEN, BEGIN, DONE, RESUME, REFUSED, ABANDON = "open", "begin", "done", "resume", "refused", "abandon"
"""Kinds of entries."""


@dataclass(frozen=True, slots=True)
class Story:
    """What a transcript tells: the facts of its first entry, and which steps are done.

    ``begun`` is whether the open step's action may have touched something.
    """

    run: str
    entries: Sequence[Entry]
    done: Mapping[str, Entry]
    begun: bool
    abandoned: bool

    @property
    def opening(self) -> Facts:
        """The first entry's facts."""
        return self.entries[0].facts

    @property
    def steps(self) -> list[tuple[str, str, list[str]]]:
        """``(name, kind, roles)`` of all steps, in order, as the ceremony was opened."""
        return [(name, kind, list(roles)) for name, kind, roles in self.opening["steps"]]

    @property
    def open_step(self) -> str:
        """Name of the step that comes now; empty where none does."""
        left = [name for name, _, _ in self.steps if name not in self.done]
        return left[0] if left and not self.abandoned else ""

    @property
    def finished(self) -> bool:
        """Whether every step was done."""
        return len(self.done) == len(self.steps)

    @property
    def anchor(self) -> Anchor:
        """Count and last hash."""
        return Anchor(len(self.entries), self.entries[-1].hash)

    def fact(self, reference: str) -> Any:
        """``step.fact`` of a step that is done, an answer among them.  Raises KeyError."""
        step, _, name = reference.partition(".")
        facts = self.done[step].facts
        return facts[name] if name in facts else facts["answers"][name]["value"]

    def told(self) -> list[tuple[list[str], str]]:
        """What people entered, parameters first: ``([Chinese, English], value)``."""
        sources = [self.opening["parameters"], *(entry.facts.get("answers", {}) for entry in self.done.values())]
        return [(each["words"], each["value"]) for source in sources for each in source.values()]


def read(folder: Path, printed: Anchor | None = None) -> Story:
    """The story of a run whose transcript is whole and tells an order of steps that was allowed.

    Raises JournalError as :func:`sscard.keys.ceremony.transcript.check` does, and "transcript-order" naming the first
    entry that the script of the run does not allow.
    """
    return tell(folder, check(folder, printed))


def tell(folder: Path, entries: Sequence[Entry]) -> Story:
    """The story of entries that fit together.  Raises JournalError("transcript-order")."""

    def wrong(entry: Entry | None) -> JournalError:
        return JournalError("transcript-order", path=str(folder / NAME), line=entry.n if entry else 1)

    if not entries or entries[0].kind != OPEN:
        raise wrong(None)
    story = Story(folder.name, entries, {}, begun=False, abandoned=False)
    done: dict[str, Entry] = {}
    begun = abandoned = False
    cast = story.opening["cast"]
    if not set(cast.values()) <= set(entries[0].signed_by) or len(set(cast.values())) != len(cast):
        raise wrong(entries[0])
    for entry in entries[1:]:
        story = Story(folder.name, entries, done, begun, abandoned)
        if abandoned or entry.kind not in (BEGIN, DONE, RESUME, REFUSED, ABANDON):
            raise wrong(entry)
        if entry.kind == ABANDON:
            if len(set(entry.signed_by)) < 2:
                raise wrong(entry)
            abandoned = True
        if entry.kind in (BEGIN, DONE):
            step = story.open_step
            kind, roles = next(((kind, roles) for name, kind, roles in story.steps if name == step), ("", []))
            signed = {cast[role] for role in roles} <= set(entry.signed_by)
            acts = kind == StepKind.ACT.value
            if not step or entry.facts["step"] != step or not signed or (acts and entry.kind == DONE and not begun):
                raise wrong(entry)
            begun = entry.kind == BEGIN
            if entry.kind == DONE:
                done[step] = entry
    return Story(folder.name, entries, done, begun, abandoned)
