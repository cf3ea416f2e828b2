"""How a command comes to its keys: which back end, and how passphrase, PIN or token reach it.

Secrets come from files only their owner can read or from the terminal, never from the command line.
"""

from __future__ import annotations

import os
import ssl
import stat
import sys
from pathlib import Path
from typing import Final

import click

from sscard import messages
from sscard.commands.common import KEYS_CHOICE
from sscard.errors import CustodyError, GuardRefused, UsageError
from sscard.keys.anchor import Anchor
from sscard.keys.backend import (
    Backend,
    DeviceBackend,
    ServerBackend,
    TokenBackend,
    VaultBackend,
    parse_backend,
)
from sscard.keys.secret import Secret
from sscard.keys.service import KeyService
from sscard.keys.vault import Vault
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.workspace import Workspace, guard_mode

FILE_VARIABLE: Final = "SSCARD_PASSPHRASE_FILE"
"""Environment variable that names a file holding the passphrase on its first line."""

_SECRET_LIMIT: Final = 4096


def unlock(workspace: Workspace) -> KeyService:
    """The key service of a workspace: the back end of ``--keys``, else of its settings.  Closed with the command.

    Raises CustodyError when there is no passphrase, PIN or token or the back end does not open with it, UsageError
    for a back end that is named wrongly, GuardRefused when its keys are not of the workspace's kind or a file with a
    secret is open to others.
    """
    service = _open(chosen_backend(workspace), workspace)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(service.close)
    guard_mode(workspace, service)
    return service


def chosen_backend(workspace: Workspace) -> Backend:
    """The back end of ``--keys`` (files from where the command runs), else of the settings (files from there)."""
    context = click.get_current_context(silent=True)
    spec = context.meta.get(KEYS_CHOICE) if context is not None else None
    if spec is not None:
        return parse_backend(spec, Path.cwd())
    return parse_backend(workspace.keys, workspace.root)


def open_vault(workspace: Workspace, *, hold: bool = True) -> Vault:
    """The vault of a workspace, for commands that list or change it; ``hold`` as in :meth:`Vault.open`.

    Raises what :func:`unlock` raises, except for the guard.
    """
    if not workspace.vault_path.exists():
        raise CustodyError("vault-missing", path=str(workspace.vault_path))
    passphrase = _passphrase(workspace)
    try:
        return Vault.open(workspace.vault_path, passphrase, Anchor(workspace.anchor_path), hold=hold)
    finally:
        passphrase.wipe()


def own_vault(workspace: Workspace, *, hold: bool = True) -> Vault:
    """As :func:`open_vault`, for commands that know no other back end.  Raises what :func:`require_vault` raises."""
    require_vault(workspace)
    return open_vault(workspace, hold=hold)


def require_vault(workspace: Workspace) -> None:
    """Raise UsageError("keys-vault-only") where ``--keys`` or the settings name another back end.

    It is never passed over in silence.
    """
    if not isinstance(chosen_backend(workspace), VaultBackend):
        raise UsageError("keys-vault-only")


def token_pin(backend: TokenBackend) -> Secret:
    """The PIN of a token: from its file, or asked for."""
    if backend.pin_file is not None:
        return read_secret(backend.pin_file)
    if not sys.stdin.isatty():
        raise CustodyError("token-pin-none")
    prompt = messages.text("keys.prompt-pin", token=backend.label)
    return Secret(click.prompt(prompt, hide_input=True, err=True).encode("utf-8"))


def read_secret(path: Path) -> Secret:
    """First line of a file that only its owner (and group) can read; ``/dev/stdin`` and ``/dev/fd/N`` are files too.

    Raises CustodyError("passphrase-file"), GuardRefused("passphrase-open").
    """
    try:
        with path.open("rb") as stream:
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & stat.S_IRWXO:
                raise GuardRefused("passphrase-open", path=str(path))
            return Secret(stream.read(_SECRET_LIMIT).partition(b"\n")[0].removesuffix(b"\r"))
    except OSError as error:
        raise CustodyError("passphrase-file", path=str(path), reason=error.strerror) from None


def _open(backend: Backend, workspace: Workspace) -> KeyService:
    match backend:
        case TokenBackend():
            return _open_token(backend)
        case ServerBackend():
            return _open_server(backend, workspace)
        case DeviceBackend():
            from sscard.keys.custody_service import CustodyService
            from sscard.keys.sdf_custody import SdfCustody

            return CustodyService(SdfCustody(backend.library, backend.keys))
        case _:
            return VaultKeyService(open_vault(workspace))


def _open_token(backend: TokenBackend) -> KeyService:
    from sscard.keys.custody_service import CustodyService
    from sscard.keys.pkcs11_token import TokenAddress, TokenCustody

    pin = token_pin(backend)
    try:
        return CustodyService(TokenCustody(TokenAddress(backend.module, backend.label), pin))
    finally:
        pin.wipe()


def _open_server(backend: ServerBackend, workspace: Workspace) -> KeyService:
    from sscard.keys.remote import RemoteKeyService, ServerAddress

    context = None
    if backend.authority is not None:
        try:
            context = ssl.create_default_context(cafile=str(backend.authority))
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or str(error)
            raise CustodyError("keyserver-tls", path=str(backend.authority), reason=reason) from None
    token = read_secret(backend.token_file or workspace.server_token_path)
    return RemoteKeyService(ServerAddress(backend.host, backend.port, context, backend.factors), token)


def _passphrase(workspace: Workspace) -> Secret:
    """The demonstration file, the file named by SSCARD_PASSPHRASE_FILE, or a prompt: the first there is."""
    named = os.environ.get(FILE_VARIABLE)
    if workspace.demo and workspace.demo_passphrase_path.exists():
        return read_secret(workspace.demo_passphrase_path)
    if named:
        return read_secret(Path(named))
    if not sys.stdin.isatty():
        raise CustodyError("passphrase-none")
    return Secret(click.prompt(messages.text("keys.prompt"), hide_input=True, err=True).encode("utf-8"))
