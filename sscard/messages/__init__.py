"""The one catalogue of what people read, in Chinese and English.

A text is named ``room.key``; the room is a module of this package holding ``TEXTS``, a mapping of
key to ``(Chinese, English)``.  Rooms load on first use, so that ``--help`` reads only what it shows.  A large room may be spread
over modules ``room_part``: they are searched after ``room`` itself.
A text may hold ``{field}`` places.  An error text is ``what happened|what to do``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

Lang = Literal["zh", "en"]

_INDEX: dict[Lang, int] = {"zh": 0, "en": 1}
_current: Lang = "en"
_rooms: dict[str, dict[str, tuple[str, str]]] = {}


def use(lang: Lang) -> None:
    """Set the language of every later :func:`text` that names none."""
    global _current  # noqa: PLW0603 - the process speaks one language at a time
    _current = lang


def current() -> Lang:
    """The language in use."""
    return _current


def from_locale(locale: str) -> Lang:
    """Choose the language for a locale name such as ``zh_CN.UTF-8``; anything not Chinese is English."""
    return "zh" if locale.lower().startswith("zh") else "en"


def lookup(name: str) -> tuple[str, str]:
    """The ``(Chinese, English)`` pair of a text, places unfilled.  Raises KeyError for an unknown name."""
    room, _, key = name.partition(".")
    return _texts(room)[key]


def keys_in(room: str) -> list[str]:
    """The keys of all texts of ``room``."""
    return list(_texts(room))


def _texts(room: str) -> dict[str, tuple[str, str]]:
    texts = _rooms.get(room)
    if texts is None:
        texts = _rooms[room] = _load(room)
    return texts


def _load(room: str) -> dict[str, tuple[str, str]]:
    texts: dict[str, tuple[str, str]] = {}
    for module in iter_modules(__path__):
        if module.name == room or module.name.startswith(f"{room}_"):
            texts |= import_module(f"{__name__}.{module.name}").TEXTS
    return texts


def text(name: str, lang: Lang | None = None, /, **fields: object) -> str:
    """The text ``name`` in ``lang`` (default: the language in use) with its places filled."""
    pattern = lookup(name)[_INDEX[lang or _current]]
    return pattern.format(**fields) if fields else pattern


def parts(name: str, lang: Lang | None = None, /, **fields: object) -> tuple[str, str]:
    """``(what happened, what to do)`` of a text with two parts.  A stroke inside a field, as in ``PIN|RK``, parts
    nothing."""
    what, _, remedy = (half.format(**fields) if fields else half for half in text(name, lang).partition("|"))
    return what, remedy
