"""How a passphrase reaches the vault: a file or the terminal, never the command line."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

import click

from sscard import messages
from sscard.errors import CustodyError, GuardRefused
from sscard.keys.anchor import Anchor
from sscard.keys.secret import Secret
from sscard.keys.vault import Vault
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.workspace import Workspace, guard_mode

FILE_VARIABLE: Final = "SSCARD_PASSPHRASE_FILE"
"""Environment variable that names a file holding the passphrase on its first line."""

_PASSPHRASE_LIMIT: Final = 4096


def unlock(workspace: Workspace) -> VaultKeyService:
    """The key service of a workspace.

    Raises CustodyError when there is no passphrase or the vault does not open, GuardRefused when its keys are not of
    the workspace's kind or a passphrase file is open to others.
    """
    service = VaultKeyService(open_vault(workspace))
    guard_mode(workspace, service)
    return service


def open_vault(workspace: Workspace, *, anchored: bool = True) -> Vault:
    """The vault of a workspace, for commands that list or change it; ``anchored`` holds it against its anchor.

    Raises what :func:`unlock` raises, except for the guard.
    """
    if not workspace.vault_path.exists():
        raise CustodyError("vault-missing", path=str(workspace.vault_path))
    passphrase = _passphrase(workspace)
    try:
        return Vault.open(workspace.vault_path, passphrase, Anchor(workspace.anchor_path) if anchored else None)
    finally:
        passphrase.wipe()


def _passphrase(workspace: Workspace) -> Secret:
    """The demonstration file, the file named by SSCARD_PASSPHRASE_FILE, or a prompt: the first there is."""
    named = os.environ.get(FILE_VARIABLE)
    if workspace.demo and workspace.demo_passphrase_path.exists():
        return _from_file(workspace.demo_passphrase_path)
    if named:
        return _from_file(Path(named))
    if not sys.stdin.isatty():
        raise CustodyError("passphrase-none")
    return Secret(click.prompt(messages.text("keys.prompt"), hide_input=True, err=True).encode("utf-8"))


def _from_file(path: Path) -> Secret:
    """First line of a file that only its owner (and group) can read."""
    try:
        with path.open("rb") as stream:
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & stat.S_IRWXO:
                raise GuardRefused("passphrase-open", path=str(path))
            return Secret(stream.read(_PASSPHRASE_LIMIT).partition(b"\n")[0].removesuffix(b"\r"))
    except OSError as error:
        raise CustodyError("passphrase-file", path=str(path), reason=error.strerror) from None
