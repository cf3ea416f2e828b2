"""Two parties with keys of one issuer, each with a workspace and vault of its own; nothing between them but files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.keys.anchor import Anchor
from sscard.keys.secret import Secret
from sscard.keys.vault import Vault
from sscard.personalize import people
from sscard.personalize.workspace import Workspace, create_workspace

REGION = "990101"
SEED = 11
BANK_KEYS = frozenset({"MKPSE", "MKDEBIT", "IRK", "RKSSSE"})
"""All that a bank needs: its own keys, and what linkage one reads with."""


@dataclass
class Party:
    """A workspace and the command line in it."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: object) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and JSON lines of a command."""
        self.capsys.readouterr()
        code = main([*map(str, words), "--workspace", str(self.root), "--json"])
        return code, [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]

    def make(self, batch: object, pass_name: str, *words: object, heads: int = 1) -> tuple[int, list[dict[str, Any]]]:
        """``sscard personalize`` on software cards of the workspace."""
        reader = f"emulator:{heads}"
        return self.run("personalize", batch, "--pass", pass_name, "--reader", reader, "--wait", "0.05", *words)

    @property
    def drawer(self) -> list[Path]:
        """Images of cards that left the heads."""
        return sorted((self.root / "cards" / "drawer").glob("*.json"))

    def take_in(self, images: list[Path]) -> None:
        """Put cards into the box, in this order."""
        box = self.root / "cards"
        for number, image in enumerate(images):
            shutil.copy(image, box / f"in-{number:02}.json")

    def returned(self, pass_name: str) -> Path:
        """The return file of the one job of a pass."""
        (path,) = (self.root / "outbox").glob(f"*-{pass_name}-*-return.csv")
        return path


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A batch of one person."""
    path = tmp_path / "one.csv"
    people.write(path, 1, seed=5, force=True)
    return path


@pytest.fixture
def party(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Party]:
    """Makes the workspace of a party that holds the named keys of the issuer, all where none are named."""

    def make(name: str, keys: frozenset[str] | None = None, *, without: frozenset[str] = frozenset()) -> Party:
        place = create_workspace(tmp_path / name, demo=True, region=REGION, seed=SEED)
        if keys is not None or without:
            _reduce(place, keys, without)
        return Party(place.root, capsys)

    return make


def _reduce(place: Workspace, keys: frozenset[str] | None, without: frozenset[str]) -> None:
    """Save the vault again with no other keys than these."""
    passphrase = Secret(place.demo_passphrase_path.read_bytes().strip())
    vault = Vault.open(place.vault_path, passphrase, Anchor(place.anchor_path))
    for entry in vault.entries():
        if (keys is not None and entry.name not in keys) or entry.name in without:
            del vault._entries[
                entry.place
            ]  # a store never forgets a key by itself; the file of a party with fewer does
            del vault._values[entry.place]
    vault.save()
