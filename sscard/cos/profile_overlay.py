"""A profile as the difference to another: what is removed, replaced and added, each at a named place.

Works on the tables as TOML gives them, before they become a model, so that what comes out is judged like any other
profile.  Places are written as in error messages: ``DF01/EF15/40/57``.  docs/card.md, "a profile as a difference".
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from sscard.cos.profile_table import Table, label
from sscard.errors import ProfileError

Content = dict[str, Any]

_NODES: Final = ("directory", "file", "keys", "items", "members", "pass")
"""Lists of tables in a profile, each entry a node with a name or tag."""
_LISTS: Final = (*_NODES, "entries", "stages")
_MERGED: Final = ("constants",)
_STEPS: Final = ("remove", "replace", "add")
_OWN: Final = ("extends", "overlay", *_STEPS)


def apply(base: Content, difference: Content, file: str) -> Content:
    """``base`` changed by ``difference``, which stands in ``file``; neither of them is touched.

    First ``[[remove]]``, then ``[[replace]]``, then ``[[add]]``; other values of the difference replace those of the
    base, ``[constants]`` are merged.  Raises ProfileError for a place that is not there and for one that is taken.
    """
    result = deepcopy(base)
    for key, value in difference.items():
        if key in _MERGED and isinstance(value, dict):
            result[key] = {**result.get(key, {}), **value}
        elif key not in _OWN:
            result[key] = deepcopy(value)
    table = Table(difference, file, "")
    for step, work in (("remove", _remove), ("replace", _replace), ("add", _add)):
        for entry, content in zip(table.tables(step), difference.get(step, ()), strict=True):
            work(result, entry, content)
    return result


def _remove(root: Content, entry: Table, content: Content) -> None:
    for place in entry.text_or_texts("at"):
        siblings, index = _find(root, place, entry.file)
        del siblings[index]
    entry.finish()


def _replace(root: Content, entry: Table, content: Content) -> None:
    for place in entry.text_or_texts("at"):
        siblings, index = _find(root, place, entry.file)
        siblings[index].update({key: deepcopy(value) for key, value in content.items() if key != "at"})


def _add(root: Content, entry: Table, content: Content) -> None:
    place, after = entry.text("at", ""), entry.text("after", "")
    node = root
    if place:
        siblings, index = _find(root, place, entry.file)
        node = siblings[index]
    for key, values in content.items():
        if key in ("at", "after"):
            continue
        if key not in _LISTS or not isinstance(values, list):
            entry.fail("profile-unknown-value", key)
        present = node.setdefault(key, [])
        for value in values:
            if _named(value) and _named(value) in map(_named, present):
                raise ProfileError("overlay-taken", file=entry.file, place=_inside(place, _named(value)))
        where = len(present)
        if after and key in _NODES:
            where = next((at for at, value in enumerate(present, 1) if _named(value) == after), 0)
            if not where:
                raise ProfileError("overlay-absent", file=entry.file, place=_inside(place, after))
        present[where:where] = deepcopy(values)


def _find(root: Content, place: str, file: str) -> tuple[list[Any], int]:
    """The list a node stands in and its position there.  Raises ProfileError("overlay-absent")."""
    found: tuple[list[Any], int] | None = None
    node = root
    for word in place.split("/"):
        found = next(((siblings, index) for siblings, index in _below(node) if _named(siblings[index]) == word), None)
        if found is None:
            raise ProfileError("overlay-absent", file=file, place=place)
        siblings, index = found
        node = siblings[index]
    assert found is not None  # noqa: S101 - a split text has at least one word
    return found


def _below(node: Content) -> Iterator[tuple[list[Any], int]]:
    for key in _NODES:
        siblings = node.get(key, [])
        if isinstance(siblings, list):
            yield from ((siblings, index) for index, value in enumerate(siblings) if isinstance(value, dict))


def _named(value: object) -> str:
    """What a node is called in a place; for a plain value the value."""
    return label(value, "") if isinstance(value, dict) else str(value)


def _inside(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name
