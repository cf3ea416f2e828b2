"""The judge: worked examples (vectors) held against the library and against cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.conformance.runner import run
    from sscard.conformance.vectors import Vector, default_files, load

_NAMES = {
    "Vector": "vectors",
    "default_files": "vectors",
    "load": "vectors",
    "run": "runner",
}

__all__ = ["Vector", "default_files", "load", "run"]

__getattr__ = attach(__name__, _NAMES)
