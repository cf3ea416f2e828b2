"""How a COS remembers what was proved, and so in which order rights must be gained.

Source: LD/T 32 draft (a right stays until its directory is left, the PIN until power-off); FMCOS manuals (one state
register a directory: what was proved last counts, nothing else); docs/fmcos.md, "states".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from sscard.cos.access import PIN, allowed
from sscard.cos.model import Access, Join


class Rights(Protocol):
    """``held`` is always what counts now."""

    def gain(self, held: frozenset[str], right: str) -> frozenset[str]:
        """What counts after ``right`` was proved."""
        ...

    def leave(self, held: frozenset[str]) -> frozenset[str]:
        """What counts after another directory was selected."""
        ...

    def can_hold(self, rule: Access) -> bool:
        """Whether all that a rule asks for can count at once."""
        ...

    def needed(self, rule: Access, held: frozenset[str], proved: Collection[str]) -> tuple[str, ...]:
        """What to prove before a file of ``rule`` is read back: all it takes, and each key not ``proved`` yet."""
        ...


class Cumulative:
    """Social-security cards: rights add up; the PIN outlives a SELECT and is shown where it lives."""

    def gain(self, held: frozenset[str], right: str) -> frozenset[str]:
        return held | {right}

    def leave(self, held: frozenset[str]) -> frozenset[str]:
        return held & {PIN}

    def can_hold(self, rule: Access) -> bool:
        return True

    def needed(self, rule: Access, held: frozenset[str], proved: Collection[str]) -> tuple[str, ...]:
        return tuple(right for right in rule.rights if right != PIN and right not in held)


class Latest:
    """One state: a proof replaces the one before, a SELECT forgets it."""

    def gain(self, held: frozenset[str], right: str) -> frozenset[str]:
        return frozenset({right})

    def leave(self, held: frozenset[str]) -> frozenset[str]:
        return frozenset()

    def can_hold(self, rule: Access) -> bool:
        return len(rule.rights) < 2 or rule.join is Join.ANY

    def needed(self, rule: Access, held: frozenset[str], proved: Collection[str]) -> tuple[str, ...]:
        missing = tuple(right for right in rule.rights if right not in proved)
        return missing or (() if allowed(rule, held) else rule.rights[:1])
