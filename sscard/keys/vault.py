"""The vault file: keys of a workspace under a passphrase.

A readable envelope (JSON) tells how the content is sealed: scrypt makes a key from the passphrase, AES-256-GCM seals
the content and authenticates the envelope's header with it.  Every save counts the generation up; an anchor outside the
file remembers the last one.  docs/keys.md gives the format byte by byte.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sscard.errors import CustodyError, GuardRefused
from sscard.keys.anchor import Anchor
from sscard.keys.catalog import Level
from sscard.keys.family import Algorithm
from sscard.keys.files import alone, write_private
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore, State, Usage

FORMAT: Final = "sscard-vault"
VERSION: Final = 2
PASSPHRASE_MINIMUM: Final = 8

_UNCOUNTED: Final = 1
"""The older version of the format, without a generation."""
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_KEY_SIZE: Final = 32
_FILE_LIMIT: Final = 16 << 20

_Mark = tuple[int, int, int]
"""Inode, time and size of a file: what changes when it is replaced."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Work that opening takes: scrypt needs 128·n·r bytes of memory and n·r·p steps.

    The bounds keep a hostile header from asking for more than 256 MiB, and a careless one from asking for nothing.
    """

    n: int = 1 << 16
    r: int = 8
    p: int = 1

    def check(self) -> None:
        """Raise CustodyError("vault-cost") outside the bounds."""
        power_of_two = self.n > 0 and self.n & (self.n - 1) == 0
        if not (power_of_two and 1 << 14 <= self.n <= 1 << 18 and self.r == 8 and 1 <= self.p <= 4):
            raise CustodyError("vault-cost")

    def derive(self, passphrase: Secret, salt: bytes) -> Secret:
        """The 32-byte sealing key."""
        return Secret(Scrypt(salt=salt, length=_KEY_SIZE, n=self.n, r=self.r, p=self.p).derive(passphrase.reveal()))


USUAL: Final = Cost()
"""What opening takes where nobody says otherwise."""


class Vault(KeyStore):
    """A key store that lives in a file.  Changes reach the file with :meth:`save`.

    ``generation`` counts the saves; 0 before the first.
    """

    def __init__(
        self, path: Path, *, demo: bool, cost: Cost, salt: bytes, key: Secret, anchor: Anchor | None = None
    ) -> None:
        super().__init__(demo=demo)
        self.path = path
        self.generation = 0
        self._anchor = anchor
        self._cost = cost
        self._salt = salt
        self._key = key
        self._seen: bytes | None = None
        self._mark: _Mark | None = None

    @classmethod
    def create(
        cls, path: Path, passphrase: Secret, *, demo: bool, cost: Cost | None = None, anchor: Anchor | None = None
    ) -> Self:
        """An empty vault; the file appears with the first :meth:`save`.

        Raises GuardRefused("vault-exists") when the file is there, CustodyError for a short passphrase or bad cost.
        """
        if path.exists():
            raise GuardRefused("vault-exists", path=str(path))
        if len(passphrase) < PASSPHRASE_MINIMUM:
            raise CustodyError("passphrase-short", minimum=PASSPHRASE_MINIMUM)
        cost = cost or USUAL
        cost.check()
        salt = secrets.token_bytes(_SALT_SIZE)
        return cls(path, demo=demo, cost=cost, salt=salt, key=cost.derive(passphrase, salt), anchor=anchor)

    @classmethod
    def open(cls, path: Path, passphrase: Secret, anchor: Anchor | None = None, *, hold: bool = True) -> Self:
        """Read and unseal a vault, and hold it against its anchor where one is given; one process at a time.

        Without ``hold`` the anchor makes wrong passphrases wait and no more: for who wants to :meth:`accept` the file
        as it stands.  Raises CustodyError: "vault-missing", "vault-unreadable", "vault-format" (no vault, or a newer
        one), "vault-cost", "vault-sealed" (wrong passphrase or changed file: the two cannot be told apart), and what
        :class:`sscard.keys.anchor.Anchor` raises.
        """
        with _alone(path, "vault-unreadable"):
            raw, mark = _read(path)
            header, sealed = _parse(raw, path)
            cost, salt, _ = _header_fields(header, path)
            cost.check()
            if anchor is not None:
                anchor.admit()
            key = cost.derive(passphrase, salt)
            try:
                document = _unseal(header, sealed, key, path)
            except CustodyError:
                key.wipe()
                if anchor is not None:
                    anchor.count_failure()
                raise
            vault = cls(path, demo=document["demo"], cost=cost, salt=salt, key=key, anchor=anchor)
            vault._take(header, document, _digest(raw))
            vault._mark = mark
            if anchor is not None and hold:
                anchor.hold(vault.generation, vault.digest, salt, key)
        return vault

    def refresh(self) -> None:
        """Take up what another process has saved since: a key frozen there is frozen here too.  Costs one ``stat``.

        Changes of this process that were not saved are lost.  Raises CustodyError as :meth:`open` does, and
        "vault-rolled-back" where the file is an older state; nothing is taken up then.
        """
        if self._seen is None or _mark_of(self.path) == self._mark:
            return
        raw, mark = _read(self.path)
        if _digest(raw) != self._seen:
            header, sealed = _parse(raw, self.path)
            document = _unseal(header, sealed, self._key, self.path)
            generation = header.get("generation", 0)
            if generation <= self.generation:
                raise CustodyError("vault-rolled-back", generation=generation, last=self.generation)
            super().wipe()
            self._take(header, document, _digest(raw))
        self._mark = mark

    def save(self) -> None:
        """Seal under a fresh nonce and replace the file in one step; mode 0600.

        Raises CustodyError: "vault-changed" when another process saved it since it was read, "vault-unwritable".
        """
        with _alone(self.path, "vault-unwritable"):
            on_disk = _digest(_read(self.path)[0]) if self.path.exists() else None
            if on_disk != self._seen:
                raise CustodyError("vault-changed", path=str(self.path))
            raw = self._sealed()
            try:
                write_private(self.path, raw)
            except OSError as error:
                raise CustodyError("vault-unwritable", path=str(self.path), reason=error.strerror) from None
            self._seen = _digest(raw)
            self._mark = None
            self.generation += 1
            self._remember()

    def accept(self) -> None:
        """Take the file as it stands for the true one from now on: after a restored backup, deliberately.

        Raises CustodyError("vault-changed") where it is no longer the file that was opened.
        """
        with _alone(self.path, "vault-unreadable"):
            if _digest(_read(self.path)[0]) != self._seen:
                raise CustodyError("vault-changed", path=str(self.path))
            self._remember()

    @property
    def digest(self) -> bytes:
        """SHA-256 of the file as it was read or saved; empty before the first save."""
        return self._seen or b""

    def wipe(self) -> None:
        super().wipe()
        self._key.wipe()

    def _remember(self) -> None:
        """Tell the anchor the state the file is in now."""
        if self._anchor is not None and self._seen is not None:
            self._anchor.advance(self.generation, self._seen, self._salt, self._key)

    def _sealed(self) -> bytes:
        """The whole next file."""
        nonce = secrets.token_bytes(_NONCE_SIZE)
        header = {
            "format": FORMAT,
            "version": VERSION,
            "generation": self.generation + 1,
            "kdf": {"name": "scrypt", **asdict(self._cost), "salt": self._salt.hex()},
            "cipher": {"name": "AES-256-GCM", "nonce": nonce.hex()},
        }
        sealed = AESGCM(self._key.reveal()).encrypt(nonce, self._content(), _render(header))
        return _render({**header, "sealed": base64.b64encode(sealed).decode("ascii")})

    def _content(self) -> bytes:
        rows = [
            {
                "name": entry.name,
                "level": entry.level.value,
                "region": entry.region,
                "version": entry.version,
                "algorithm": entry.algorithm.name,
                "usage": entry.usage.value,
                "state": entry.state.value,
                "exportable": entry.exportable,
                "incidents": entry.incidents,
                "check": entry.check_value.hex(),
                "value": self.value(entry).reveal().hex(),
            }
            for entry in self
        ]
        return json.dumps({"demo": self.demo, "keys": rows}).encode("ascii")

    def _take(self, header: Mapping[str, Any], document: Mapping[str, Any], digest: bytes) -> None:
        """Fill the empty store from an unsealed file."""
        for row in document["keys"]:
            self._add_row(row)
        self.generation = header.get("generation", 0)
        self._seen = digest
        self.revision += 1

    def _add_row(self, row: Mapping[str, Any]) -> None:
        entry = Entry(
            row["name"],
            Level(row["level"]),
            row["region"],
            row["version"],
            Algorithm[row["algorithm"]],
            Usage(row["usage"]),
            State(row["state"]),
            self.demo,
            bytes.fromhex(row.get("check", "")),
            row.get("exportable", True),
            tuple(row.get("incidents", ())),
        )
        self.restore(entry, Secret(bytes.fromhex(row["value"])))


@contextmanager
def _alone(path: Path, error_key: str) -> Iterator[None]:
    """Keep the vault to this process.  Raises CustodyError(``error_key``)."""
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(path.parent))
        except OSError as error:
            raise CustodyError(error_key, path=str(path), reason=error.strerror) from None
        yield


def _render(document: Mapping[str, object]) -> bytes:
    """The one way a document is written: a file that is written otherwise was edited."""
    return json.dumps(document, indent=1).encode("ascii") + b"\n"


def _read(path: Path) -> tuple[bytes, _Mark]:
    """The file and what tells this state of it from a later one."""
    try:
        with path.open("rb") as stream:
            found = os.fstat(stream.fileno())
            return stream.read(_FILE_LIMIT), (found.st_ino, found.st_mtime_ns, found.st_size)
    except FileNotFoundError:
        raise CustodyError("vault-missing", path=str(path)) from None
    except OSError as error:
        raise CustodyError("vault-unreadable", path=str(path), reason=error.strerror) from None


def _mark_of(path: Path) -> _Mark | None:
    """As :func:`_read`, without reading; None where there is no file to ask."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _unseal(header: Mapping[str, Any], sealed: bytes, key: Secret, path: Path) -> dict[str, Any]:
    """The content.  Raises CustodyError("vault-sealed")."""
    nonce = _header_fields(header, path)[2]
    try:
        content = AESGCM(key.reveal()).decrypt(nonce, sealed, _render(header))
    except InvalidTag:
        raise CustodyError("vault-sealed", path=str(path)) from None
    document: dict[str, Any] = json.loads(content)
    return document


def _parse(raw: bytes, path: Path) -> tuple[dict[str, Any], bytes]:
    """Header and sealed content.  Whatever is not exactly what :func:`_render` writes is refused."""
    try:
        envelope = json.loads(raw)
        if not isinstance(envelope, dict) or _render(envelope) != raw:
            raise ValueError
        text = envelope.pop("sealed")
        sealed = base64.b64decode(text, validate=True)
        if base64.b64encode(sealed).decode("ascii") != text:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise CustodyError("vault-format", path=str(path)) from None
    return envelope, sealed


def _header_fields(header: Mapping[str, Any], path: Path) -> tuple[Cost, bytes, bytes]:
    """Cost, salt and nonce of a header that has exactly the known fields."""
    try:
        kdf, cipher = header["kdf"], header["cipher"]
        cost = Cost(*(kdf[name] for name in ("n", "r", "p")))
        salt, nonce = bytes.fromhex(kdf["salt"]), bytes.fromhex(cipher["nonce"])
        counted = header["version"] != _UNCOUNTED
        known = (
            header["format"] == FORMAT
            and header["version"] in (_UNCOUNTED, VERSION)
            and (kdf["name"], cipher["name"]) == ("scrypt", "AES-256-GCM")
            and all(type(number) is int for number in (cost.n, cost.r, cost.p, header["version"]))
            and (len(salt), len(nonce)) == (_SALT_SIZE, _NONCE_SIZE)
            and (not counted or (type(header["generation"]) is int and header["generation"] > 0))
            and (len(header), len(kdf), len(cipher)) == (4 + counted, 5, 2)
        )
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise CustodyError("vault-format", path=str(path))
    return cost, salt, nonce


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
