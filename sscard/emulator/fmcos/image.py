"""What the image of an FMCOS card holds: its chip as a tree of plain values, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.emulator.fmcos.card import FmcosCard
from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.nodes import Block, Directory, Ef, Key, KeyFile, Kind, Proof, Protection, Purse, Use
from sscard.emulator.fmcos.options import FmcosOptions
from sscard.emulator.fmcos.smartcos import SmartCosCard

CARDS: Final[dict[str, type[FmcosCard]]] = {kind.system: kind for kind in (FmcosCard, SmartCosCard)}
"""Cards of this kind by the ``system`` of their image."""
_PURSE_LIMITS: Final = {"balance": 0xFFFFFFFF, "online": 0xFFFF, "offline": 0xFFFF, "overdraft": 0xFFFFFF}


def _hex(value: bytes) -> str:
    return value.hex().upper()


def tree_of(chip: FmcosChip) -> dict[str, Any]:
    """The chip as plain values, without security state."""
    return {
        "historical": _hex(chip.historical),
        "protocol": chip.protocol.name,
        "interface": chip.interface.name,
        "options": asdict(chip.options),
        "seed": chip.seed,
        "random_position": chip.randomness.position,
        "commands": chip.commands,
        "blocked": chip.blocked,
        "transport_code": _hex(chip.transport_code),
        "root": None if chip.root is None else _directory(chip.root),
    }


def _directory(directory: Directory) -> dict[str, Any]:
    return {
        "fid": f"{directory.fid:04X}",
        "name": _hex(directory.name),
        "size": directory.size,
        "create": f"{directory.create:02X}",
        "erase": f"{directory.erase:02X}",
        "app_file": f"{directory.app_file:02X}",
        "block": directory.block.value,
        "basic_failures": directory.basic_failures,
        "unblock_failures": directory.unblock_failures,
        "key_file": None if directory.key_file is None else _key_file(directory.key_file),
        **({"ended": True} if directory.ended else {}),
        "files": [_file(ef) for ef in directory.files.values()],
        "directories": [_directory(below) for below in directory.directories.values()],
    }


def _key_file(key_file: KeyFile) -> dict[str, Any]:
    return {
        "fid": f"{key_file.fid:04X}",
        "size": key_file.size,
        "sfi": f"{key_file.sfi:02X}",
        "add": f"{key_file.add:02X}",
        "sealed": key_file.sealed,
        "keys": [_key(key) for key in key_file.keys],
    }


def _key(key: Key) -> dict[str, Any]:
    return {
        "use": key.use.name,
        "id": f"{key.id:02X}",
        "protection": key.protection.name,
        "usage": f"{key.usage:02X}",
        "change": f"{key.change:02X}",
        "follow_up": f"{key.follow_up:02X}",
        "version": f"{key.version:02X}",
        "algorithm": f"{key.algorithm:02X}",
        "value": _hex(key.value),
        "limit": key.limit,
        "tries": key.tries,
    }


def _file(ef: Ef) -> dict[str, Any]:
    return {
        "fid": f"{ef.fid:04X}",
        "kind": ef.kind.name,
        "protection": ef.protection.name,
        "size": ef.size,
        "read": f"{ef.read:02X}",
        "write": f"{ef.write:02X}",
        "line": f"{ef.line:02X}",
        "count": ef.count,
        "record_length": ef.record_length,
        "log": f"{ef.log:02X}",
        "written": ef.written,
        "content": _hex(ef.content),
        "records": [_hex(record) for record in ef.records],
        **({"purse": _purse(ef.purse)} if ef.purse else {}),
    }


def _purse(purse: Purse) -> dict[str, Any]:
    tree = {name: getattr(purse, name) for name in _PURSE_LIMITS}
    shown = purse.proof
    if shown is None:
        return tree | {"proof": None}
    return tree | {
        "proof": {"type": shown.type, "serial": shown.serial, "mac": _hex(shown.mac), "tac": _hex(shown.tac)}
    }


def card_of(tree: dict[str, Any]) -> FmcosCard:
    """The card of a tree.  Raises KeyError, TypeError, ValueError for anything but a whole one."""
    kind = CARDS[tree["system"]]
    root = tree["root"]
    chip = FmcosChip(
        system=kind.table,
        historical=bytes.fromhex(tree["historical"]),
        protocol=Protocol[tree["protocol"]],
        interface=Interface[tree["interface"]],
        options=FmcosOptions(**tree["options"]),
        seed=int(tree["seed"]),
        random_position=int(tree["random_position"]),
        commands=int(tree["commands"]),
        blocked=bool(tree["blocked"]),
        transport_code=bytes.fromhex(tree["transport_code"]),
        root=None if root is None else _load_directory(root, None),
    )
    return kind(chip)


def _load_directory(tree: dict[str, Any], parent: Directory | None) -> Directory:
    key_file = tree["key_file"]
    directory = Directory(
        int(tree["fid"], 16),
        bytes.fromhex(tree["name"]),
        parent,
        int(tree["size"]),
        _byte(tree["create"]),
        _byte(tree["erase"]),
        _byte(tree["app_file"]),
        Block(tree["block"]),
        int(tree["basic_failures"]),
        int(tree["unblock_failures"]),
        None if key_file is None else _load_key_file(key_file),
        bool(tree.get("ended", False)),
    )
    for file in tree["files"]:
        ef = _load_file(file)
        directory.files[ef.fid] = ef
    for below in tree["directories"]:
        child = _load_directory(below, directory)
        directory.directories[child.fid] = child
    return directory


def _byte(text: str) -> int:
    (value,) = bytes.fromhex(text)
    return value


def _load_key_file(tree: dict[str, Any]) -> KeyFile:
    keys = [_load_key(key) for key in tree["keys"]]
    return KeyFile(
        int(tree["fid"], 16), int(tree["size"]), _byte(tree["sfi"]), _byte(tree["add"]), keys, bool(tree["sealed"])
    )


def _load_key(tree: dict[str, Any]) -> Key:
    return Key(
        bytes.fromhex(tree["value"]),
        int(tree["limit"]),
        int(tree["tries"]),
        Use[tree["use"]],
        _byte(tree["id"]),
        Protection[tree["protection"]],
        _byte(tree["usage"]),
        _byte(tree["change"]),
        _byte(tree["follow_up"]),
        _byte(tree["version"]),
        _byte(tree["algorithm"]),
    )


def _load_file(tree: dict[str, Any]) -> Ef:
    content = bytes.fromhex(tree["content"])
    kind, size = Kind[tree["kind"]], int(tree["size"])
    if kind is Kind.TRANSPARENT and len(content) != size:
        raise ValueError("content")
    return Ef(
        int(tree["fid"], 16),
        kind,
        Protection[tree["protection"]],
        size,
        _byte(tree["read"]),
        _byte(tree["write"]),
        _byte(tree["line"]),
        int(tree["count"]),
        int(tree["record_length"]),
        _byte(tree["log"]),
        content,
        bool(tree["written"]),
        [bytes.fromhex(record) for record in tree["records"]],
        _load_purse(tree["purse"]) if kind is Kind.PURSE else None,
    )


def _load_purse(tree: dict[str, Any]) -> Purse:
    """Raises ValueError for numbers no purse can hold."""
    numbers = {name: int(tree[name]) for name in _PURSE_LIMITS}
    if any(not 0 <= number <= _PURSE_LIMITS[name] for name, number in numbers.items()):
        raise ValueError("purse")
    proof = tree["proof"]
    return Purse(**numbers, proof=None if proof is None else _load_proof(proof))


def _load_proof(tree: dict[str, Any]) -> Proof:
    return Proof(int(tree["type"]), int(tree["serial"]), bytes.fromhex(tree["mac"]), bytes.fromhex(tree["tac"]))
