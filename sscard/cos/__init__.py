"""The card's file system as a model, profiles as data, and dialects: how one vendor's COS wants to be told things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.cos.dialect import Dialect, load_dialect
    from sscard.cos.model import Access, Coding, Directory, File, Item, KeyKind, KeySlot, Profile, Structure
    from sscard.cos.names import join_name, split_name
    from sscard.cos.profile import load_profile, profile_names

_NAMES = {
    "Access": "model",
    "Coding": "model",
    "Dialect": "dialect",
    "Directory": "model",
    "File": "model",
    "Item": "model",
    "KeyKind": "model",
    "KeySlot": "model",
    "Profile": "model",
    "Structure": "model",
    "join_name": "names",
    "load_dialect": "dialect",
    "load_profile": "profile",
    "profile_names": "profile",
    "split_name": "names",
}

__all__ = [
    "Access",
    "Coding",
    "Dialect",
    "Directory",
    "File",
    "Item",
    "KeyKind",
    "KeySlot",
    "Profile",
    "Structure",
    "join_name",
    "load_dialect",
    "load_profile",
    "profile_names",
    "split_name",
]

__getattr__ = attach(__name__, _NAMES)
