"""Keys a profile asks for that stand in no official list: those a region adds, and masters of its directories.

Demonstration vaults make them too, so that a profile with additions of its own can be tried out.
"""

from __future__ import annotations

from collections.abc import Iterator

from sscard.cos.model import KeyKind, KeySlot, Profile
from sscard.keys.catalog import ISSUER_MASTERS, Level, canonical, load
from sscard.keys.hierarchy import DemoKey


def unlisted_keys(profile: Profile) -> tuple[DemoKey, ...]:
    """The keys of ``profile`` that neither the catalogue nor the issuer's usual masters hold, one for each version."""
    listed = {row.name for row in load()} | set(ISSUER_MASTERS)
    return tuple(
        DemoKey(
            slot.name, Level.ISSUER if slot.kind is KeyKind.MASTER else Level.LOCAL, version, profile.key_length(slot)
        )
        for slot in _slots(profile)
        if slot.kind is not KeyKind.PIN and canonical(slot.name) not in listed
        for version in slot.versions
    )


def _slots(profile: Profile) -> Iterator[KeySlot]:
    yield profile.card_master
    for directory in profile.directories:
        yield directory.master
        yield from directory.keys
