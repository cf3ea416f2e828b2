"""The software card: strict about rights, counters and MACs, deterministic from a seed, kept in readable images."""

from sscard.emulator.card import SoftwareCard, Tear
from sscard.emulator.options import CardOptions
from sscard.emulator.persistent import PersistentCard, open_card
from sscard.emulator.rack import Rack, Slot

__all__ = ["CardOptions", "PersistentCard", "Rack", "Slot", "SoftwareCard", "Tear", "open_card"]
