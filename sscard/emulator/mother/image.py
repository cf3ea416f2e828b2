"""What the image of a carrier card holds, as a tree of plain values."""

from __future__ import annotations

from typing import Any, Final

from sscard.apdu.atr import Interface
from sscard.emulator.mother.card import CarrierSoftwareCard
from sscard.emulator.mother.chip import TRIES, CarrierChip
from sscard.keys.ceremony.carriers import LABEL_SIZE, SERIAL_SIZE
from sscard.keys.ceremony.secure import PIN_KEY_SIZE

_SIZES: Final = {"serial": SERIAL_SIZE, "pin": PIN_KEY_SIZE, "label": LABEL_SIZE}


def tree_of(chip: CarrierChip) -> dict[str, Any]:
    """The card's part of an image."""
    return {
        "serial": chip.serial.hex().upper(),
        "interface": chip.interface.name,
        "seed": chip.seed,
        "random_position": chip.randomness.position,
        "commands": chip.commands,
        "pin": chip.pin.hex().upper(),
        "factory": chip.factory,
        "tries": chip.tries,
        "label": chip.label.hex().upper(),
        "terminated": chip.terminated,
        "content": chip.content.hex().upper(),
    }


def card_of(tree: dict[str, Any]) -> CarrierSoftwareCard:
    """The card of an image.  Raises KeyError for what is missing, ValueError and TypeError for what is wrong."""
    fields = {name: bytes.fromhex(tree[name]) for name in _SIZES}
    if any(len(fields[name]) != size for name, size in _SIZES.items()) or not 0 <= tree["tries"] <= TRIES:
        raise ValueError("size")
    if not isinstance(tree["factory"], bool) or not isinstance(tree["terminated"], bool):
        raise TypeError("bool")
    chip = CarrierChip(
        serial=fields["serial"],
        seed=int(tree["seed"]),
        pin=fields["pin"],
        factory=tree["factory"],
        tries=int(tree["tries"]),
        label=fields["label"],
        content=bytes.fromhex(tree["content"]),
        terminated=tree["terminated"],
        random_position=int(tree["random_position"]),
        commands=int(tree["commands"]),
        interface=Interface[tree["interface"]],
    )
    return CarrierSoftwareCard(chip)
