"""The FMCOS 2.0 software card: rights as intervals of a state, line protection, PBOC purse."""

from sscard.emulator.fmcos.card import FmcosCard
from sscard.emulator.fmcos.options import FmcosOptions

__all__ = ["FmcosCard", "FmcosOptions"]
