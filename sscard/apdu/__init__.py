"""The wire: commands, responses, status words, TLV, the sans-IO exchange, traces and transports."""

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command, Response
from sscard.apdu.commands import CommandKind, Trait, describe
from sscard.apdu.exchange import Exchange, Protocol
from sscard.apdu.status import meaning, tries_left
from sscard.apdu.transport import Channel, Tap, Transport, refusal

__all__ = [
    "Atr",
    "Channel",
    "Command",
    "CommandKind",
    "Exchange",
    "Protocol",
    "Response",
    "Tap",
    "Trait",
    "Transport",
    "describe",
    "meaning",
    "refusal",
    "tries_left",
]
