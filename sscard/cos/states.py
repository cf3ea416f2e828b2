"""Access rules as intervals over one state register: which state each key leads to, and the byte that says an interval.

A rule that names several keys needs their states side by side, with no other key's between them.  Source: FMCOS
manuals (access byte XY), SmartCOS notes (the same with the halves exchanged); docs/fmcos.md, "states".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sscard.cos.model import Access, Directory, File, Join, KeyKind
from sscard.errors import PlanError

MASTER_STATE: Final = 0xF
"""State after the master key of a directory."""
_OPENS: Final = frozenset({KeyKind.EXTERNAL, KeyKind.PIN})


@dataclass(frozen=True, slots=True)
class Interval:
    """How an interval of states is written: ``high_first`` is the order of the halves, the others whole bytes."""

    high_first: bool
    free: int
    never: int

    def byte(self, low: int, high: int) -> int:
        """The byte that holds for the states ``low`` to ``high``."""
        return high << 4 | low if self.high_first else low << 4 | high


@dataclass(frozen=True, slots=True)
class States:
    """The states of one directory: by the name of the key, or PIN, that leads to each."""

    by_right: Mapping[str, int]
    interval: Interval

    def rule(self, access: Access) -> int:
        """The byte of a rule whose rights all are the directory's."""
        if access.free:
            return self.interval.free
        if access.never:
            return self.interval.never
        states = [self.by_right[right] for right in access.rights]
        return self.interval.byte(min(states), max(states))

    @property
    def master(self) -> int:
        """The byte that holds after the master key only."""
        return self.interval.byte(MASTER_STATE, MASTER_STATE)


def assign(directory: Directory, interval: Interval, dialect: str) -> States:
    """States for every key that opens something in ``directory``, so that each rule of its files can be said.

    Raises PlanError("dialect-access") for the first rule that cannot: one that asks for two rights at once, for a
    right of another directory, or whose keys cannot be brought side by side; PlanError("dialect-states") for more
    keys than states.
    """
    names = [slot.name for slot in directory.keys if slot.kind in _OPENS]
    if len(names) >= MASTER_STATE:
        raise PlanError("dialect-states", dialect=dialect, directory=directory.name, count=len(names) + 1)
    names.append(directory.master.name)
    groups: list[frozenset[str]] = []
    order: Sequence[str] = names
    for file, access in _rules(directory):
        rights = frozenset(access.rights)
        if len(rights) > 1:
            groups.append(rights)
        together = len(rights) > 1 and access.join is Join.ALL
        found = None if together or rights - set(names) else _arrange(names, groups)
        if found is None:
            raise PlanError("dialect-access", dialect=dialect, file=f"{directory.name}/{file.name}", rule=str(access))
        order = found
    by_right = {name: number for number, name in enumerate(order[:-1], 1)}
    return States(by_right | {directory.master.name: MASTER_STATE}, interval)


def _rules(directory: Directory) -> Iterator[tuple[File, Access]]:
    for file in directory.files:
        yield file, file.read
        yield file, file.update


def _arrange(names: Sequence[str], groups: Collection[frozenset[str]]) -> list[str] | None:
    """An order of ``names``, the last one staying last, in which every group stands together; None where none does."""
    free = [name for name in names[:-1] if not any(name in group for group in groups)]
    bound = [name for name in names if name not in free]
    if names[-1] not in bound:
        bound.append(names[-1])
    last = names[-1]

    def extend(placed: list[str], left: list[str]) -> list[str] | None:
        if not left:
            return placed
        begun = [group for group in groups if any(name in group for name in placed) and not group <= set(placed)]
        for name in left:
            if (name == last and len(left) > 1) or any(name not in group for group in begun):
                continue
            found = extend([*placed, name], [other for other in left if other != name])
            if found is not None:
                return found
        return None

    found = extend([], bound)
    return None if found is None else [*free, *found]
