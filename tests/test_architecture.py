"""Who may import whom, and that nothing below the commands prints, prompts or reads argv and environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "sscard"
BASE = {"durable", "errors", "messages", "_version", "_lazy"}
MAY: dict[str, set[str]] = {
    "apdu": set(),
    "keys": set(),
    "certificates": {"keys"},
    "cos": {"apdu", "keys"},
    "emulator": {"apdu", "certificates", "cos", "keys"},
    "terminal": {"apdu", "certificates", "cos", "keys"},
    "psam": {"apdu", "cos", "keys"},
    "personalize": {"apdu", "cos", "keys", "emulator"},
    "conformance": {"apdu", "certificates", "cos", "keys", "emulator", "psam", "terminal", "personalize"},
}
FORBIDDEN_CALLS = {"print", "input", "breakpoint"}
FORBIDDEN_ATTRIBUTES = {("sys", "argv"), ("os", "environ"), ("os", "getenv"), ("sys", "stdout"), ("sys", "stderr")}


def imported_rooms(source: str) -> Iterator[str]:
    """Rooms of sscard that a module imports, at the top or inside functions."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "sscard" else [node.module]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "sscard" and len(parts) > 1:
                yield parts[1]


def forbidden(source: str) -> list[str]:
    """Calls and attributes that only commands may use."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(node.func.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            pair = (node.value.id, node.attr)
            if pair in FORBIDDEN_ATTRIBUTES:
                found.append(".".join(pair))
    return found


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", MAY)
def test_rooms_keep_to_their_neighbours(room: str) -> None:
    for path in modules(room):
        strangers = set(imported_rooms(path.read_text(encoding="utf-8"))) - MAY[room] - BASE - {room}
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"


PROGRAMS = {ROOT / "personalize" / "evidence_check.py"}
"""Modules that are also programs of their own, given away with evidence; nothing here calls their ``main``."""


@pytest.mark.parametrize("room", MAY)
def test_nothing_below_the_commands_talks(room: str) -> None:
    for path in modules(room):
        if path in PROGRAMS:
            continue
        assert forbidden(path.read_text(encoding="utf-8")) == [], path


def test_the_checks_can_fail() -> None:
    assert set(imported_rooms("from sscard.personalize.line import Line\nimport sscard.commands.demo")) == {
        "personalize",
        "commands",
    }
    assert forbidden("import os\nprint(os.environ)") == ["print", "os.environ"]


def test_modules_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.rglob("*.py")
        if "messages" not in path.parts
        for count in [len(path.read_text(encoding="utf-8").splitlines())]
        if count > 500
    }
    assert long == {}
