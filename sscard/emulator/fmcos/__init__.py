"""Interval-style software cards: FMCOS 2.0 and SmartCOS.  Rights are intervals of a state; PBOC purse."""

from sscard.emulator.fmcos.card import FmcosCard
from sscard.emulator.fmcos.options import FmcosOptions
from sscard.emulator.fmcos.smartcos import SmartCosCard

__all__ = ["FmcosCard", "FmcosOptions", "SmartCosCard"]
