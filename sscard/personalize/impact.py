"""Who is hit when a version of a key is lost: batches, cards and PSAMs under it (docs/keys.md, "impact").

The ledger says which profile every batch was made with, and the profile which versions of which keys a card holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sscard.cos.model import Profile
from sscard.errors import ProfileError, UsageError
from sscard.keys.catalog import canonical
from sscard.personalize.ledger import CardEntry, Job, Ledger

_REF: Final = re.compile(r"([A-Za-z0-9_.-]+):v([0-9]{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One batch under the key, with every card begun for it, good, spoiled or lost.

    ``certain`` is false where today's profile is not the one the batch was made with: it is listed all the same.
    """

    job: Job
    cards: tuple[CardEntry, ...]
    certain: bool


class ExposedPsam(Protocol):
    """One PSAM that holds the key: terminal number (12 digits) and its state in the register's words."""

    @property
    def terminal(self) -> str: ...

    @property
    def state(self) -> str: ...


class PsamHolders(Protocol):
    """What impact asks of a register of PSAMs; the commands bring the workspace's, which is kept in another room."""

    def holding(self, name: str, version: int) -> Sequence[ExposedPsam]:
        """The PSAMs, destroyed ones left out, that hold or may hold a version of a key by its catalogue name."""
        ...


def parse_ref(ref: str) -> tuple[str, int]:
    """Catalogue name and version of ``NAME:vN``.  Raises UsageError("key-ref")."""
    found = _REF.fullmatch(ref)
    if found is None or not 1 <= int(found[2]) <= 255:
        raise UsageError("key-ref", ref=ref)
    return canonical(found[1]), int(found[2])


def exposures(ledger: Ledger, name: str, version: int, profile_of: Callable[[str], Profile]) -> Iterator[Exposure]:
    """The batches of a ledger whose cards hold the key, oldest first.

    ``profile_of`` finds a profile by name; one it cannot find counts as holding the key.
    """
    for job in ledger.jobs():
        try:
            profile = profile_of(job.profile)
        except ProfileError:
            profile = None
        certain = profile is not None and profile.digest == job.profile_digest
        if not certain or (profile is not None and holds(profile, name, version)):
            yield Exposure(job, tuple(ledger.cards(job.job)), certain)


def holds(profile: Profile, name: str, version: int) -> bool:
    """Whether cards of the profile hold that version of the key."""
    slots = [profile.card_master]
    for directory in profile.directories:
        slots += [directory.master, *directory.keys]
    return any(canonical(slot.name) == name and version in slot.versions for slot in slots)
