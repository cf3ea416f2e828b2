"""The plain values inside a stored object, by place: what a write log is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass


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
