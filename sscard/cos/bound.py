"""Rules that bind one thing a card does to one of its interfaces.

No official text binds a file of the national structure: contactless reading uses the same commands as contact.
Chips can do it and regional orders may ask for it, so a profile may say it, with its evidence beside it (docs/card.md,
"bound to an interface").  Personalization goes over the contact interface.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from sscard.apdu.atr import Interface
from sscard.cos.pki import ENVIRONMENT_FID

if TYPE_CHECKING:
    from sscard.cos.model import Directory, Profile

_PKI: Final = "PKI"


class Act(Enum):
    """What is bound: selecting a directory, reading or updating a file, the commands of the purse in its directory."""

    SELECT = "select"
    READ = "read"
    UPDATE = "update"
    PURSE = "purse"

    @property
    def of_file(self) -> bool:
        """Whether it is done to a file, else to a directory."""
        return self in (Act.READ, Act.UPDATE)


@dataclass(frozen=True, slots=True)
class Bound:
    """One rule: ``act`` at ``DF04`` or ``DF04/EF05`` is done at the interface ``only``; ``evidence`` names its source.

    SELECT of an environment holds for the applications in it too.  ``PKI`` is the environment of the PKI application.
    """

    act: Act
    at: str
    only: Interface
    evidence: str

    def __str__(self) -> str:
        return f"{self.act.value} {self.only.value}"


def path_of(bound: Bound, profile: Profile) -> str:
    """Where a rule holds on the card, FIDs from the MF down, such as ``3F00/DDF1/DF04/EF05``.  Raises KeyError."""
    by_name = {directory.name: directory for directory in profile.directories}
    if bound.at == _PKI and bound.act is Act.SELECT and profile.pki_application:
        return f"3F00/{ENVIRONMENT_FID:04X}"
    name, _, file = bound.at.partition("/")
    directory = by_name[name]
    if bound.act.of_file is not bool(file):
        raise KeyError(bound.at)
    fids = [directory.file(file).fid] if file else []
    place: Directory | None = directory
    while place is not None:
        fids.insert(0, place.fid)
        place = by_name.get(place.parent)
    return "/".join(("3F00", *(f"{fid:04X}" for fid in fids)))


def wrong(profile: Profile) -> Iterator[tuple[str, Bound]]:
    """``(error key, rule)`` of every rule that cannot stand: unknown place, twice, personalization shut out."""
    seen = set()
    for bound in profile.bounds:
        try:
            path_of(bound, profile)
        except KeyError:
            yield "profile-bound-place", bound
        if (bound.act, bound.at) in seen:
            yield "profile-bound-twice", bound
        seen.add((bound.act, bound.at))
        if bound.only is Interface.CONTACTLESS and bound.act is not Act.PURSE:
            yield "profile-bound-made", bound
