"""Key components (密钥分量): a secret in the hands of several people, none of whom has it.

Two or three XOR components, all of which are needed, or k-of-n shares.  Each has a check value of its own, so that a
slip in one is found before anything is combined.  docs/keys.md, "components".
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sscard.errors import CustodyError
from sscard.keys import shamir
from sscard.keys.checkvalue import CheckMethod, check_value
from sscard.keys.secret import Secret

XOR_COUNTS: Final = (2, 3)


@dataclass(frozen=True, slots=True)
class Component:
    """One person's part.

    ``index`` counts from 1 to ``count``; ``threshold`` of them are needed.  XOR components need all
    (``threshold == count`` and ``shared`` false); ``shared`` marks points of a k-of-n scheme.  ``check`` has 3 bytes,
    made from ``value`` by ``method``.
    """

    index: int
    count: int
    threshold: int
    value: Secret
    check: bytes
    shared: bool = False
    method: CheckMethod = CheckMethod.SM3

    def verify(self) -> None:
        """Raise CustodyError("component-check") when value and check value do not belong together."""
        if not hmac.compare_digest(check_value(self.method, self.value.reveal()), self.check):
            raise CustodyError("component-check", index=self.index, count=self.count)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def random_secret(size: int) -> Secret:
    """Fresh bytes of the operating system's generator, for a key that is born in a ceremony."""
    return Secret(secrets.token_bytes(size))


def split_xor(secret: Secret, count: int, method: CheckMethod = CheckMethod.SM3) -> tuple[Component, ...]:
    """``count`` (2 or 3) components whose XOR is ``secret``; all are needed.

    Raises CustodyError("component-count", "component-empty").
    """
    if count not in XOR_COUNTS:
        raise CustodyError("component-count", count=count)
    _not_empty(secret)
    values = [secrets.token_bytes(len(secret)) for _ in range(count - 1)]
    values.append(_xor(secret.reveal(), *values))
    return tuple(_component(index, count, count, value, method, False) for index, value in enumerate(values, 1))


def split_shares(secret: Secret, k: int, n: int, method: CheckMethod = CheckMethod.SM3) -> tuple[Component, ...]:
    """``n`` shares of which any ``k`` give ``secret`` back; 2 ≤ k ≤ n ≤ 255.

    Raises CustodyError("component-shares", "component-empty").
    """
    if not 2 <= k <= n <= shamir.SHARES_LIMIT:
        raise CustodyError("component-shares", threshold=k, count=n)
    _not_empty(secret)
    points = shamir.split(secret.reveal(), k, n)
    return tuple(_component(index, n, k, value, method, True) for index, value in points.items())


def combine_xor(components: Sequence[Component]) -> Secret:
    """The secret of all XOR components, in any order.

    Raises CustodyError: "component-kind" (a share among them), "component-mixed", "component-twice",
    "component-missing", "component-check".
    """
    _check_set(components, shared=False)
    return Secret(_xor(*(component.value.reveal() for component in components)))


def combine_shares(components: Sequence[Component]) -> Secret:
    """The secret of at least ``threshold`` shares, in any order; shares beyond that must agree with the others.

    Raises CustodyError as :func:`combine_xor`, and "component-disagree".
    """
    threshold = _check_set(components, shared=True)
    points = {component.index: component.value.reveal() for component in components}
    needed = dict(list(points.items())[:threshold])
    for index, value in points.items():
        if index not in needed and shamir.interpolate(needed, index) != value:
            raise CustodyError("component-disagree", index=index)
    return Secret(shamir.interpolate(needed))


def combine(components: Sequence[Component]) -> Secret:
    """:func:`combine_shares` or :func:`combine_xor`, as the first component says."""
    shared = bool(components) and components[0].shared
    return combine_shares(components) if shared else combine_xor(components)


def _component(index: int, count: int, threshold: int, value: bytes, method: CheckMethod, shared: bool) -> Component:
    return Component(index, count, threshold, Secret(value), check_value(method, value), shared, method)


def _check_set(components: Sequence[Component], *, shared: bool) -> int:
    """Refuse what cannot be one set; the number of components it needs."""
    if any(component.shared is not shared for component in components):
        raise CustodyError("component-kind")
    kinds = {(part.count, part.threshold, part.method, len(part.value)) for part in components}
    if len(kinds) > 1:
        raise CustodyError("component-mixed")
    indexes = [component.index for component in components]
    if len(set(indexes)) < len(indexes):
        raise CustodyError("component-twice")
    needed = components[0].threshold if components else 1
    if len(components) < needed:
        raise CustodyError("component-missing", given=len(components), needed=needed)
    for component in components:
        component.verify()
        if not 1 <= component.index <= component.count:
            raise CustodyError("component-index", index=component.index, count=component.count)
    return needed


def _not_empty(secret: Secret) -> None:
    if not len(secret):
        raise CustodyError("component-empty")


def _xor(first: bytes, *others: bytes) -> bytes:
    total = int.from_bytes(first, "big")
    for other in others:
        total ^= int.from_bytes(other, "big")
    return total.to_bytes(len(first), "big")
