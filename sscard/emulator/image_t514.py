"""What the image of a social-security card holds: the chip of :mod:`sscard.emulator.card` as a tree of plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.cos.purse import AMOUNT_LIMIT, COUNTER_LIMIT
from sscard.emulator.access import Rule
from sscard.emulator.amounts import Proof, Purse
from sscard.emulator.card import SoftwareCard
from sscard.emulator.chip import Chip
from sscard.emulator.nodes import Counted, Directory, DirectoryKind, Ef, EfType, Key, KeyType
from sscard.emulator.options import CardOptions
from sscard.keys.family import Algorithm

_PURSE_LIMITS: Final = {
    "balance": AMOUNT_LIMIT,
    "own": AMOUNT_LIMIT,
    "fund": AMOUNT_LIMIT,
    "year": 9999,
    "start_day": 1231,
    "load_counter": COUNTER_LIMIT,
    "purchase_counter": COUNTER_LIMIT,
}


def _hex(value: bytes) -> str:
    return value.hex().upper()


def tree_of(chip: Chip) -> dict[str, Any]:
    """The card's part of an image."""
    return {
        "historical": _hex(chip.historical),
        "algorithm": chip.algorithm.name,
        "protocol": chip.protocol.name,
        "interface": chip.interface.name,
        "options": asdict(chip.options),
        "seed": chip.seed,
        "random_position": chip.randomness.position,
        "commands": chip.commands,
        "sealed": chip.sealed,
        "blocked": chip.blocked,
        "transport_code": _counted(chip.transport_code),
        "root": _directory(chip.root),
    }


def _counted(secret: Counted) -> dict[str, Any]:
    return {"value": _hex(secret.value), "limit": secret.limit, "tries": secret.tries}


def _key(key: Key) -> dict[str, Any]:
    return {
        "type": key.type.name,
        "id": f"{key.id:02X}",
        "version": f"{key.version:02X}",
        "level": f"{key.level:02X}",
        "option": f"{key.option:02X}",
        **_counted(key),
    }


def _rule(rule: Rule) -> str:
    return f"{rule.parent:02X} {'and' if rule.both else 'or'} {rule.own:02X}"


def _file(ef: Ef) -> dict[str, Any]:
    return {
        "fid": f"{ef.fid:04X}",
        "sfi": f"{ef.sfi:02X}",
        "type": ef.type.name,
        "size": ef.size,
        "record_length": ef.record_length,
        "read": _rule(ef.read),
        "update": _rule(ef.update),
        "records": [_hex(record) for record in ef.records],
        "content": _hex(ef.content),
    }


def _directory(directory: Directory) -> dict[str, Any]:
    return {
        "fid": f"{directory.fid:04X}",
        "kind": directory.kind.name,
        "name": _hex(directory.name),
        "lock": f"{directory.lock:02X}",
        "blocked": directory.blocked,
        "keys": [_key(key) for key in directory.keys],
        "files": [_file(ef) for ef in directory.files.values()],
        "directories": [_directory(below) for below in directory.directories.values()],
        **({"purse": _purse(directory.purse)} if directory.purse else {}),
    }


def _purse(purse: Purse) -> dict[str, Any]:
    tree = asdict(purse) | {"start_day": f"{purse.start_day:04d}"}
    if purse.proof:
        shown = purse.proof
        tree["proof"] = asdict(shown) | {"code": f"{shown.code:02X}", "mac": _hex(shown.mac), "tac": _hex(shown.tac)}
    return tree


def card_of(tree: dict[str, Any]) -> SoftwareCard:
    """The card of an image.  Raises KeyError, TypeError or ValueError for anything but a whole one."""
    code = tree["transport_code"]
    chip = Chip(
        historical=bytes.fromhex(tree["historical"]),
        algorithm=Algorithm[tree["algorithm"]],
        protocol=Protocol[tree["protocol"]],
        interface=Interface[tree["interface"]] if tree["version"] > 1 else Interface.CONTACT,
        options=CardOptions(**tree["options"]),
        seed=int(tree["seed"]),
        random_position=int(tree["random_position"]),
        commands=int(tree["commands"]),
        sealed=bool(tree["sealed"]),
        blocked=bool(tree["blocked"]),
        transport_code=Counted(bytes.fromhex(code["value"]), int(code["limit"]), int(code["tries"])),
        root=_load_directory(tree["root"], None),
    )
    return SoftwareCard(chip)


def _load_key(tree: dict[str, Any]) -> Key:
    return Key(
        value=bytes.fromhex(tree["value"]),
        limit=int(tree["limit"]),
        tries=int(tree["tries"]),
        type=KeyType[tree["type"]],
        id=int(tree["id"], 16),
        version=int(tree["version"], 16),
        level=int(tree["level"], 16),
        option=int(tree["option"], 16),
    )


def _load_rule(text: str) -> Rule:
    parent, joined, own = text.split(" ")
    return Rule(int(parent, 16), int(own, 16), {"and": True, "or": False}[joined])


def _load_file(tree: dict[str, Any]) -> Ef:
    return Ef(
        fid=int(tree["fid"], 16),
        sfi=int(tree["sfi"], 16),
        type=EfType[tree["type"]],
        size=int(tree["size"]),
        record_length=int(tree["record_length"]),
        read=_load_rule(tree["read"]),
        update=_load_rule(tree["update"]),
        records=[bytes.fromhex(record) for record in tree["records"]],
        content=bytes.fromhex(tree["content"]),
    )


def _load_directory(tree: dict[str, Any], parent: Directory | None) -> Directory:
    directory = Directory(
        int(tree["fid"], 16),
        DirectoryKind[tree["kind"]],
        bytes.fromhex(tree["name"]),
        parent,
        lock=int(tree["lock"], 16),
        blocked=bool(tree["blocked"]),
        keys=[_load_key(key) for key in tree["keys"]],
    )
    for file in tree["files"]:
        directory.add_file(_load_file(file))
    if "purse" in tree:
        directory.purse = _load_purse(tree["purse"])
    for below in tree["directories"]:
        child = _load_directory(below, directory)
        directory.directories[child.fid] = child
    return directory


def _load_purse(tree: dict[str, Any]) -> Purse:
    """Raises ValueError for numbers no purse can hold."""
    proof = tree["proof"]
    numbers = {name: int(tree[name]) for name in _PURSE_LIMITS}
    if any(not 0 <= number <= _PURSE_LIMITS[name] for name, number in numbers.items()):
        raise ValueError("purse")
    return Purse(**numbers, proof=None if proof is None else _load_proof(proof), damaged=bool(tree["damaged"]))


def _load_proof(tree: dict[str, Any]) -> Proof:
    mac, tac = bytes.fromhex(tree["mac"]), bytes.fromhex(tree["tac"])
    return Proof(int(tree["code"], 16), int(tree["counter"]), mac, tac)
