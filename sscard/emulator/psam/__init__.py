"""The software PSAM: the security module of a terminal, card side of the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.emulator.psam.card import PsamCard

_NAMES = {"PsamCard": "card"}

__all__ = ["PsamCard"]

__getattr__ = attach(__name__, _NAMES)
