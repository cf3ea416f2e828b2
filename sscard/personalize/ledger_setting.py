"""The table ``[ledger]`` of a workspace's settings: where the ledger is that stations share (docs/ledger.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from sscard.errors import WorkspaceError
from sscard.personalize.ledger.model import LEASE

TABLE: Final = "ledger"
_EXAMPLES: Final = {"url": 'url = "postgresql://sscard@server/cards?sslmode=verify-full"', "lease": f"lease = {LEASE}"}
_SCHEMES: Final = ("postgresql", "postgres")
_SECRETS: Final = frozenset({"password", "sslpassword"})
_LEASES: Final = range(1, 86_401)


@dataclass(frozen=True, slots=True)
class LedgerSetting:
    """``url`` is empty for the ledger in the workspace itself; ``lease`` in seconds."""

    url: str = ""
    lease: int = LEASE

    @property
    def shared(self) -> bool:
        """Whether the ledger lies outside the workspace."""
        return bool(self.url)


def read_ledger(settings: Path, table: Any) -> LedgerSetting:
    """The ledger of a settings file.

    Raises WorkspaceError: "workspace-ledger", naming what is wrong with an example of what is right;
    "workspace-ledger-password" for a URL with a password in it, which is not repeated.
    """
    if not isinstance(table, dict):
        raise _wrong(settings, "url")
    for name in table:
        if name not in _EXAMPLES:
            raise _wrong(settings, str(name))
    url, lease = table.get("url", ""), table.get("lease", LEASE)
    if "url" in table and not _sound(url):
        raise _wrong(settings, "url")
    if url and _has_secret(url):
        raise WorkspaceError("workspace-ledger-password", path=str(settings))
    if type(lease) is not int or lease not in _LEASES:
        raise _wrong(settings, "lease")
    return LedgerSetting(url, lease)


def _sound(url: Any) -> bool:
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        return urlsplit(url).scheme in _SCHEMES
    except ValueError:
        return False


def _has_secret(url: str) -> bool:
    parts = urlsplit(url)
    named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return parts.password is not None or bool(named & _SECRETS)


def _wrong(settings: Path, name: str) -> WorkspaceError:
    example = _EXAMPLES.get(name, _EXAMPLES["url"])
    return WorkspaceError("workspace-ledger", path=str(settings), name=name, example=example)
