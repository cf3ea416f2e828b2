"""What a chip's memory is made of: plain values by place, for its write log, and a quick copy of it all."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Self


class QuickCopy:
    """Plain memory: ``deepcopy`` goes through bytes, several times as fast, for every tear is tried on a copy."""

    def __deepcopy__(self, _memo: object) -> Self:
        copy: Self = pickle.loads(pickle.dumps(self, pickle.HIGHEST_PROTOCOL))  # noqa: S301 - our own bytes, just made
        return copy


def values(place: str, value: object, derived: frozenset[str] = frozenset()) -> Iterator[tuple[str, bytes]]:
    """Bytes and numbers of a value, of its fields and list members.

    ``derived`` names fields of the value itself that can be worked out from others or are walked elsewhere.
    """
    if is_dataclass(value):
        for part in fields(value):
            if part.name not in derived:
                yield from values(f"{place}.{part.name}", getattr(value, part.name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from values(f"{place}.{number}", each)
    elif isinstance(value, bytes):
        yield place, value
    elif isinstance(value, int):
        yield place, value.to_bytes(4, "big")
