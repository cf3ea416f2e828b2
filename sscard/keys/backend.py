"""Names of back ends as people write them: ``vault``, ``pkcs11:…``, ``server:…``, ``sdf:…`` (docs/keys.md, "--keys").

A token is named by a PKCS#11 URI (RFC 7512); the others follow its form: what, then ``?name=value&…``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from sscard.errors import UsageError
from sscard.keys.bars import Factors

VAULT: Final = "vault"
_FILE: Final = "file:"


@dataclass(frozen=True, slots=True)
class VaultBackend:
    """The workspace's own vault."""


@dataclass(frozen=True, slots=True)
class TokenBackend:
    """A PKCS#11 token; ``pin_file`` None: the PIN is asked for."""

    module: Path
    label: str
    pin_file: Path | None


@dataclass(frozen=True, slots=True)
class ServerBackend:
    """A key server; ``token_file`` None: the workspace's.  With ``authority`` (PEM) TLS, the server proven by it."""

    host: str
    port: int
    token_file: Path | None
    authority: Path | None
    factors: Factors


@dataclass(frozen=True, slots=True)
class DeviceBackend:
    """An SDF device and the list of its keys."""

    library: Path
    keys: Path


Backend = VaultBackend | TokenBackend | ServerBackend | DeviceBackend


def parse_backend(spec: str, base: Path) -> Backend:
    """A back end by its name; relative files are under ``base``.  Raises UsageError("keys-spec")."""
    kind, _, rest = spec.partition(":")
    what, _, query = rest.partition("?")
    options = _pairs(spec, query, "&")
    if spec == VAULT:
        return VaultBackend()
    if kind == "pkcs11":
        return _token(spec, _pairs(spec, what, ";"), options, base)
    if kind == "server":
        return _server(spec, what, options, base)
    if kind == "sdf" and what:
        listed = _take(spec, options, "keys")
        _nothing_left(spec, options)
        return DeviceBackend(base / unquote(what), base / listed)
    raise UsageError("keys-spec", spec=_hidden(spec), reason="vault | pkcs11: | server: | sdf:")


def parse_listen(text: str) -> tuple[str, int]:
    """``HOST:PORT``; an IPv6 address stands in brackets.  Raises UsageError("keys-spec")."""
    host, separator, port = text.rpartition(":")
    if not separator or not (port.isascii() and port.isdigit()) or int(port) > 0xFFFF or not host:
        raise UsageError("keys-spec", spec=text, reason="HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _token(spec: str, what: dict[str, str], options: dict[str, str], base: Path) -> TokenBackend:
    module, label = _take(spec, options, "module-path"), _take(spec, what, "token")
    source = options.pop("pin-source", None)
    if source is not None and not source.startswith(_FILE):
        raise UsageError("keys-spec", spec=_hidden(spec), reason="pin-source=file:FILE")
    _nothing_left(spec, {**options, **what})
    pin_file = None if source is None else base / source.removeprefix(_FILE)
    return TokenBackend(base / module, label, pin_file)


def _server(spec: str, what: str, options: dict[str, str], base: Path) -> ServerBackend:
    host, port = parse_listen(what)
    token, authority = options.pop("token", None), options.pop("ca", None)
    try:
        factors = Factors(options.pop("factors", Factors.CARD.value))
    except ValueError:
        raise UsageError("keys-spec", spec=_hidden(spec), reason="factors=card | city-card | card-city") from None
    _nothing_left(spec, options)
    return ServerBackend(
        host, port, None if token is None else base / token, None if authority is None else base / authority, factors
    )


def _pairs(spec: str, text: str, separator: str) -> dict[str, str]:
    """``name=value`` items with percent signs undone."""
    pairs = [item.partition("=") for item in text.split(separator) if item]
    if any(not equals for _, equals, _ in pairs):
        raise UsageError("keys-spec", spec=_hidden(spec), reason="name=value")
    return {name: unquote(value) for name, _, value in pairs}


def _take(spec: str, options: dict[str, str], name: str) -> str:
    value = options.pop(name, "")
    if not value:
        raise UsageError("keys-spec", spec=_hidden(spec), reason=f"{name}=…")
    return value


def _nothing_left(spec: str, options: Mapping[str, str]) -> None:
    """Refuse what is not known, a PIN in the name above all: it would stand in the process list."""
    if options:
        raise UsageError("keys-spec", spec=_hidden(spec), reason=f"{next(iter(options))}=?")


def _hidden(spec: str) -> str:
    """The name without its options: one of them may be a PIN typed where none belongs."""
    return spec.partition("?")[0].partition(";")[0] + "…"
