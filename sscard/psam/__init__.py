"""PSAMs (security modules of terminals): reading, use as keys of a counter, loading, register and official forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.psam.advice import Advice, advise
    from sscard.psam.loader import load_psam
    from sscard.psam.loadlist import LoadList, read_list
    from sscard.psam.module import PsamModule
    from sscard.psam.reader import Psam, PsamFacts
    from sscard.psam.register import PsamRegister
    from sscard.psam.service import PsamKeyService

_NAMES = {
    "Advice": "advice",
    "LoadList": "loadlist",
    "Psam": "reader",
    "PsamFacts": "reader",
    "PsamKeyService": "service",
    "PsamModule": "module",
    "PsamRegister": "register",
    "advise": "advice",
    "load_psam": "loader",
    "read_list": "loadlist",
}

__all__ = [
    "Advice",
    "LoadList",
    "Psam",
    "PsamFacts",
    "PsamKeyService",
    "PsamModule",
    "PsamRegister",
    "advise",
    "load_psam",
    "read_list",
]

__getattr__ = attach(__name__, _NAMES)
