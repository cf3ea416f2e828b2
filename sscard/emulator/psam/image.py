"""What the image of a PSAM holds: its chip as a tree of plain values.  Keys stand in it in clear: demo keys only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.cos.psam import COUNTER_FID, EnvironmentSpec, FileSpec, Place, PsamStructure
from sscard.emulator.nodes import Counted
from sscard.emulator.psam.card import PsamCard
from sscard.emulator.psam.chip import COUNTER_LIMIT, Environment, PsamChip, StoredKey
from sscard.keys.family import Algorithm
from sscard.keys.psam import Usage


def _hex(value: bytes) -> str:
    return value.hex().upper()


def tree_of(chip: PsamChip) -> dict[str, Any]:
    """The PSAM's part of an image."""
    return {
        "historical": _hex(chip.historical),
        "protocol": chip.protocol.name,
        "interface": chip.interface.name,
        "seed": chip.seed,
        "random_position": chip.randomness.position,
        "commands": chip.commands,
        "counter": chip.counter,
        "shared": {f"{fid:04X}": _hex(content) for fid, content in chip.shared.items()},
        "structure": _structure(chip.structure),
        "environments": [_environment(environment) for environment in chip.environments],
    }


def _structure(layout: PsamStructure) -> dict[str, Any]:
    return {
        "application": _hex(layout.application),
        "application_fid": f"{layout.application_fid:04X}",
        "label": layout.label,
        "mac_answer": layout.mac_answer,
        "key_slots": layout.key_slots,
        "records": layout.records,
        "authority_tries": layout.authority_tries,
        "files": [asdict(file) | {"fid": f"{file.fid:04X}", "place": file.place.value} for file in layout.files],
        "key_files": {f"{number:02X}": opens for number, opens in layout.key_files.items()},
    }


def _environment(environment: Environment) -> dict[str, Any]:
    spec = environment.spec
    return {
        "name": _hex(spec.name),
        "fid": f"{spec.fid:04X}",
        "algorithm": spec.algorithm.name,
        "own": {
            name: {"value": _hex(key.value), "limit": key.limit, "tries": key.tries}
            for name, key in environment.own.items()
        },
        "records": [_hex(record) for record in environment.records],
        "contents": {f"{fid:04X}": _hex(content) for fid, content in environment.contents.items()},
        "keys": {f"{number:02X}": [_key(key) for key in stored] for number, stored in environment.keys.items()},
    }


def _key(key: StoredKey) -> dict[str, str]:
    return {
        "usage": f"{key.usage.byte:02X}",
        "id": f"{key.id:02X}",
        "algorithm": f"{key.algorithm:02X}",
        "value": _hex(key.value),
    }


def card_of(tree: dict[str, Any]) -> PsamCard:
    """The PSAM of an image.  Raises KeyError, TypeError or ValueError for anything but a whole one."""
    environments = [_load_environment(each) for each in tree["environments"]]
    layout = _load_structure(tree["structure"], tuple(environment.spec for environment in environments))
    counter = int(tree["counter"])
    shared = {int(fid, 16): bytes.fromhex(content) for fid, content in tree["shared"].items()}
    wanted = {file.fid for file in layout.files if file.shared and file.fid != COUNTER_FID}
    if not environments or not 0 <= counter <= COUNTER_LIMIT or set(shared) != wanted:
        raise ValueError("psam")
    chip = PsamChip(
        structure=layout,
        historical=bytes.fromhex(tree["historical"]),
        protocol=Protocol[tree["protocol"]],
        interface=Interface[tree["interface"]],
        seed=int(tree["seed"]),
        random_position=int(tree["random_position"]),
        commands=int(tree["commands"]),
        counter=counter,
        environments=environments,
        shared=shared,
    )
    return PsamCard(chip)


def _load_structure(tree: dict[str, Any], environments: tuple[EnvironmentSpec, ...]) -> PsamStructure:
    return PsamStructure(
        application=bytes.fromhex(tree["application"]),
        application_fid=int(tree["application_fid"], 16),
        label=str(tree["label"]),
        mac_answer=int(tree["mac_answer"]),
        key_slots=int(tree["key_slots"]),
        records=int(tree["records"]),
        authority_tries=int(tree["authority_tries"]),
        environments=environments,
        files=tuple(
            FileSpec(
                int(file["fid"], 16), Place(file["place"]), int(file["size"]), bool(file["shared"]), str(file["update"])
            )
            for file in tree["files"]
        ),
        key_files={int(number, 16): str(opens) for number, opens in tree["key_files"].items()},
    )


def _load_environment(tree: dict[str, Any]) -> Environment:
    return Environment(
        EnvironmentSpec(bytes.fromhex(tree["name"]), int(tree["fid"], 16), Algorithm[tree["algorithm"]]),
        own={
            name: Counted(bytes.fromhex(key["value"]), int(key["limit"]), int(key["tries"]))
            for name, key in tree["own"].items()
        },
        records=[bytes.fromhex(record) for record in tree["records"]],
        contents={int(fid, 16): bytes.fromhex(content) for fid, content in tree["contents"].items()},
        keys={int(number, 16): [_load_key(key) for key in stored] for number, stored in tree["keys"].items()},
    )


def _load_key(tree: dict[str, str]) -> StoredKey:
    usage = Usage.parse(int(tree["usage"], 16))
    return StoredKey(usage, int(tree["id"], 16), int(tree["algorithm"], 16), bytes.fromhex(tree["value"]))
