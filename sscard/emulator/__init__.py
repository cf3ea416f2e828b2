"""The software card: strict about rights, counters and MACs, deterministic from a seed, kept in readable images."""

from sscard.emulator.card import SoftwareCard
from sscard.emulator.options import CardOptions
from sscard.emulator.persistent import PersistentCard, open_card
from sscard.emulator.rack import Rack, Slot
from sscard.emulator.tearing import Cut, Tear

__all__ = ["CardOptions", "Cut", "PersistentCard", "Rack", "Slot", "SoftwareCard", "Tear", "open_card"]
