"""The vault's anchor: a small file elsewhere that remembers the vault's last state, and how often it was knocked at.

The vault seals its content, but an old copy of it is sealed just as well.  The anchor holds generation and digest of
the last save under a MAC that only the vault's own key makes; it also makes wrong passphrases wait, longer each time.
What it cannot do stands in docs/keys.md, "what the vault protects against".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from sscard.errors import CustodyError, GuardRefused
from sscard.keys.files import write_private
from sscard.keys.secret import Secret

FORMAT: Final = "sscard-anchor"
FREE_FAILURES: Final = 2
"""Wrong passphrases that cost nothing but their scrypt: slips of the finger."""
LONGEST_WAIT: Final = 900
"""Seconds between attempts in the end."""

_LIMIT: Final = 4096
_LABEL: Final = b"sscard vault anchor"


@dataclass(frozen=True, slots=True)
class Mark:
    """What the anchor holds; ``vault`` is the vault's salt, ``failed`` the second of the last wrong passphrase."""

    format: str = FORMAT
    version: int = 1
    vault: str = ""
    generation: int = 0
    digest: str = ""
    mac: str = ""
    failures: int = 0
    failed: int = 0


class Anchor:
    """The anchor at a path.  A symbolic link is followed, so that the anchor may live on another medium."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path.resolve()
        self._clock = clock

    def read(self) -> Mark | None:
        """What stands there, None without a file.  Raises CustodyError("anchor-damaged")."""
        try:
            with self.path.open("rb") as stream:
                fields = json.loads(stream.read(_LIMIT))
            mark = Mark(**fields)
            fit = all(type(getattr(mark, name)) is type(default) for name, default in asdict(Mark()).items())
            if not fit or mark.format != FORMAT or mark.version != 1:
                raise ValueError
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            raise CustodyError("anchor-damaged", path=str(self.path)) from None
        return mark

    def admit(self) -> None:
        """Raise GuardRefused("vault-wait") while the wait after wrong passphrases lasts.

        A clock set back counts as no time passed.  A damaged anchor makes nobody wait; :meth:`hold` tells of it.
        """
        mark = self._counted() or Mark()
        passed = self._clock() - mark.failed
        left = waiting(mark.failures) - max(0, int(passed))
        if left > 0:
            raise GuardRefused("vault-wait", failures=mark.failures, seconds=left)

    def count_failure(self) -> None:
        """One more wrong passphrase.  A damaged anchor is left as it was found."""
        mark = self._counted()
        if mark is not None:
            self._write(replace(mark, failures=mark.failures + 1, failed=int(self._clock())))

    def hold(self, generation: int, digest: bytes, salt: bytes, key: Secret) -> None:
        """Compare an opened vault with what is remembered; a newer one moves the anchor forward.

        Raises GuardRefused: "anchor-missing", "anchor-other" (of another vault), "anchor-edited", "vault-rolled-back"
        (an older state of the file), "vault-forked" (another file of the same generation).  A vault of the older
        format, which has no generation, is taken once as it is.
        """
        mark = self.read()
        if mark is None or not mark.vault:
            if generation:
                raise GuardRefused("anchor-missing", path=str(self.path), generation=generation)
            self.advance(generation, digest, salt, key)
            return
        if mark.vault != salt.hex():
            raise GuardRefused("anchor-other", path=str(self.path))
        if not hmac.compare_digest(mark.mac, _mac(mark, key)):
            raise GuardRefused("anchor-edited", path=str(self.path))
        if generation < mark.generation:
            raise GuardRefused("vault-rolled-back", generation=generation, last=mark.generation)
        if generation == mark.generation and digest.hex() != mark.digest:
            raise GuardRefused("vault-forked", generation=generation)
        if generation > mark.generation or mark.failures:
            self.advance(generation, digest, salt, key)

    def advance(self, generation: int, digest: bytes, salt: bytes, key: Secret) -> None:
        """Remember a state of the vault and forget wrong passphrases.  Raises CustodyError("anchor-unwritable")."""
        mark = Mark(vault=salt.hex(), generation=generation, digest=digest.hex())
        self._write(replace(mark, mac=_mac(mark, key)))

    def _counted(self) -> Mark | None:
        """What stands there for counting: a fresh mark where there is no anchor yet, None where it is damaged."""
        try:
            return self.read() or Mark()
        except CustodyError:
            return None

    def _write(self, mark: Mark) -> None:
        try:
            write_private(self.path, json.dumps(asdict(mark), indent=1).encode("ascii") + b"\n")
        except OSError as error:
            raise CustodyError("anchor-unwritable", path=str(self.path), reason=error.strerror) from None


def waiting(failures: int) -> int:
    """Seconds to wait after so many wrong passphrases in a row: none twice, then 2, 4, 8 … up to LONGEST_WAIT."""
    over = failures - FREE_FAILURES
    return 0 if over <= 0 else min(1 << min(over, 30), LONGEST_WAIT)


def _mac(mark: Mark, key: Secret) -> str:
    own = hmac.digest(key.reveal(), _LABEL, hashlib.sha256)
    message = f"{mark.vault}/{mark.generation}/{mark.digest}".encode("ascii")
    return hmac.digest(own, message, hashlib.sha256).hex()
