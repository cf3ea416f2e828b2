"""Who gets the return files: the tables ``[outbox.NAME]`` of a workspace's settings (docs/outbox.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sscard.errors import WorkspaceError

TABLE: Final = "outbox"
KINDS: Final = ("return", "spoiled")
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
SECONDS: Final = 30.0
TRIES: Final = 3

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_ITEMS: Final = {
    "kind": 'kind = "folder"',
    "path": 'path = "/srv/drop"',
    "url": 'url = "https://receiver.example/returns"',
    "sends": 'sends = ["return", "spoiled"]',
    "ca": 'ca = "keys/receiver-ca.pem"',
    "token": 'token = "keys/receiver-token"',
    "seconds": "seconds = 30",
    "tries": "tries = 3",
}
_OF_KIND: Final = {
    "folder": ("kind", "path", "sends"),
    "https": ("kind", "url", "sends", "ca", "token", "seconds", "tries"),
}


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """A drop box: a folder that the receiver empties and puts its receipts into."""

    name: str
    sends: tuple[str, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A receiver behind HTTPS, or behind plain HTTP on this machine (``tls`` False).

    ``authority`` and ``token`` are files; ``seconds`` is the time for one whole exchange, ``tries`` how many there
    are before the file is left for the next time.
    """

    name: str
    sends: tuple[str, ...]
    host: str
    port: int
    path: str
    tls: bool
    authority: Path | None = None
    token: Path | None = None
    seconds: float = SECONDS
    tries: int = TRIES


Target = FolderTarget | HttpTarget


def read_targets(settings: Path, table: Any) -> tuple[Target, ...]:
    """The targets of a settings file, in its order; paths are relative to its folder.

    Raises WorkspaceError("workspace-target"), naming what is wrong with an example of what is right.
    """
    if not isinstance(table, dict):
        raise _Reader(settings, "NAME", {}).wrong("kind")
    return tuple(_Reader(settings, name, items).target() for name, items in table.items())


@dataclass(frozen=True, slots=True)
class _Reader:
    settings: Path
    name: str
    items: Any

    def target(self) -> Target:
        if not _NAME.fullmatch(self.name) or not isinstance(self.items, dict):
            raise self.wrong("kind")
        kind = self.items.get("kind")
        if kind not in _OF_KIND:
            raise self.wrong("kind")
        for item in self.items:
            if item not in _OF_KIND[kind]:
                raise self.wrong(item)
        return self._folder() if kind == "folder" else self._http()

    def _folder(self) -> FolderTarget:
        path = self._file("path")
        if path is None:
            raise self.wrong("path")
        return FolderTarget(self.name, self._sends(), path)

    def _http(self) -> HttpTarget:
        url = self.items.get("url")
        try:
            parts = urlsplit(url if isinstance(url, str) and url.isascii() and url.isprintable() else "")
            port = parts.port
        except ValueError:
            raise self.wrong("url") from None
        tls = parts.scheme == "https"
        known = tls or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not known or not parts.hostname or parts.username or parts.fragment or " " in parts.path + parts.query:
            raise self.wrong("url")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        seconds, tries = self.items.get("seconds", SECONDS), self.items.get("tries", TRIES)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
            raise self.wrong("seconds")
        if isinstance(tries, bool) or not isinstance(tries, int) or not 0 < tries <= 100:
            raise self.wrong("tries")
        files = (self._file("ca"), self._file("token"))
        place = (parts.hostname, port or (443 if tls else 80), path, tls)
        return HttpTarget(self.name, self._sends(), *place, *files, float(seconds), tries)

    def _sends(self) -> tuple[str, ...]:
        sends = self.items.get("sends", list(KINDS))
        if not isinstance(sends, list) or not sends or any(kind not in KINDS for kind in sends):
            raise self.wrong("sends")
        return tuple(kind for kind in KINDS if kind in sends)

    def _file(self, item: str) -> Path | None:
        value = self.items.get(item)
        if value is None:
            return None
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.wrong(item)
        return self.settings.parent / value

    def wrong(self, item: str) -> WorkspaceError:
        example = _ITEMS.get(item, _ITEMS["kind"])
        return WorkspaceError("workspace-target", path=str(self.settings), target=self.name, item=item, example=example)
