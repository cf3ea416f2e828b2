"""Access rules: how a profile writes them, and whether a set of rights fulfils one.

Source: LD/T 32 (读写权限 of each file): free, never, one right, "PIN or RK", "PIN and RK"; docs/card.md, "access".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sscard.cos.model import Access, Join

FREE: Final = "free"
NEVER: Final = "never"
PIN: Final = "PIN"
"""The right of a verified holder PIN, as rules name it."""


def parse_access(rule: str) -> Access:
    """The rule of ``free``, ``never``, ``A``, ``A|B`` (either) or ``A&B`` (both).

    Raises ValueError for an empty name and for a mix of ``|`` and ``&``, which the standard does not have.
    """
    if rule == FREE:
        return Access()
    if rule == NEVER:
        return Access(never=True)
    join = Join.ALL if Join.ALL.value in rule else Join.ANY
    rights = tuple(name.strip() for name in rule.split(join.value))
    if not all(name.isalnum() for name in rights):
        raise ValueError(rule)
    return Access(rights, join)


def allowed(access: Access, held: Collection[str]) -> bool:
    """Whether the rights ``held`` fulfil the rule."""
    if access.free or access.never:
        return access.free
    have = (right in held for right in access.rights)
    return all(have) if access.join is Join.ALL else any(have)


def wanting(access: Access, held: Collection[str], obtainable: Collection[str]) -> tuple[str, ...] | None:
    """The rights still to be gained, in the order to gain them; None where the rule cannot be met.

    Of rights that serve equally the first one ``obtainable`` is taken, keys before the PIN: a key spends no try of
    the holder's.
    """
    if allowed(access, held):
        return ()
    if access.never:
        return None
    missing = sorted((right for right in access.rights if right not in held), key=lambda right: right == PIN)
    reachable = tuple(right for right in missing if right in obtainable)
    if access.join is Join.ALL:
        return reachable if len(reachable) == len(missing) else None
    return reachable[:1] or None
