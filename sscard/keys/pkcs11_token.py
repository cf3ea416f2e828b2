"""Custody by a PKCS#11 token: DES keys that never leave it, used only to encipher.

A card key is the encryption of its card factor under the stored key, so it is made by C_Encrypt, one call for a key
and any number of cards.  The stored keys are sensitive and not extractable; the keys of the cards in work are in this
process (docs/keys.md, "PKCS#11").  Standard PKCS#11 has no SM4, SSF33 or SM1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sscard.errors import CustodyError, KeyServiceMissing, NotServed
from sscard.keys.catalog import Level
from sscard.keys.checkvalue import CHECK_SIZE
from sscard.keys.custody import SINGLE_DES_SIZE, Batch
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, State, Usage

_BLOCK: Final = 8
_MARK: Final = re.compile(r"sscard:1:(demo|production):(national|local|issuer):(8|16|value)")
_LABEL: Final = re.compile(r"(?:DEMO )?([A-Za-z0-9_.-]{1,32}):v([0-9]{1,3})(?:@([0-9]{2}(?:[0-9]{4})?))?")


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Where a token is: the vendor's library and the label of the token."""

    module: Path
    label: str


@dataclass(frozen=True, slots=True)
class TokenObject:
    """How an entry stands on the token: ``label`` for people, ``mark`` (CKA_ID, CKA_APPLICATION) for the rest."""

    entry: Entry
    size: int

    @property
    def label(self) -> str:
        return f"{'DEMO ' if self.entry.demo else ''}{self.entry}"

    @property
    def mark(self) -> str:
        kind = "demo" if self.entry.demo else "production"
        form = str(self.size) if self.entry.usage is Usage.DIVERSIFY else "value"
        return f"sscard:1:{kind}:{self.entry.level.value}:{form}"


@dataclass(frozen=True, slots=True)
class _TokenBranch:
    entry: Entry
    key: Any
    size: int

    def check_value(self) -> bytes:
        return self._encrypt(bytes(_BLOCK))[:CHECK_SIZE]

    def root(self) -> Secret:
        raise NotServed("custody-root", ref=str(self.entry))

    def diversify(self, batch: Batch) -> bytes:
        return self._encrypt(batch.blocks(self.size))

    def _encrypt(self, blocks: bytes) -> bytes:
        from pkcs11 import Mechanism

        with told(self.entry):
            return bytes(self.key.encrypt(blocks, mechanism=Mechanism.DES3_ECB))


class TokenCustody:
    """:class:`sscard.keys.custody.Custody` over one token.

    The PIN is used for the login and not kept.  Raises KeyServiceMissing where library or token are missing,
    CustodyError for a refused PIN, a token without keys of this toolkit, or with keys that could leave it.
    """

    def __init__(self, address: TokenAddress, pin: Secret) -> None:
        self._session = open_session(address, pin)
        try:
            self._objects = dict(_objects(self._session))
        except BaseException:
            self.close()
            raise
        kinds = {entry.demo for entry, _, _ in self._objects.values()}
        if len(kinds) != 1:
            self.close()
            raise CustodyError("token-mixed" if kinds else "token-empty", token=address.label)
        self._demo = kinds.pop()

    @property
    def demo(self) -> bool:
        return self._demo

    @property
    def revision(self) -> int:
        return 0

    def entries(self) -> Iterable[Entry]:
        return [entry for entry, _, _ in self._objects.values()]

    def require(self, algorithm: Algorithm) -> None:
        require_des(self._session, algorithm)

    def branch(self, entry: Entry, steps: Sequence[bytes]) -> _TokenBranch:
        if steps:
            raise CustodyError("custody-level", key=str(entry), custody="PKCS#11")
        _, item, size = self._objects[entry.place]
        return _TokenBranch(entry, item, size)

    def presented(self, entry: Entry) -> Secret:
        from pkcs11 import Attribute

        with told(entry):
            return Secret(self._objects[entry.place][1][Attribute.VALUE])

    def close(self) -> None:
        with suppress(_pkcs11_error()):
            self._session.close()


def open_session(address: TokenAddress, pin: Secret, *, write: bool = False) -> Any:
    """A session with the token, logged in.  Raises what :class:`TokenCustody` raises."""
    try:
        import pkcs11
    except ImportError:
        raise KeyServiceMissing("pkcs11-package") from None
    try:
        library = pkcs11.lib(str(address.module))
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        raise KeyServiceMissing("pkcs11-module", path=str(address.module), reason=type(error).__name__) from None
    try:
        token = library.get_token(token_label=address.label)
    except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned) as error:
        key = "token-missing" if isinstance(error, pkcs11.NoSuchToken) else "token-several"
        raise KeyServiceMissing(key, token=address.label, path=str(address.module)) from None
    try:
        return token.open(rw=write, user_pin=pin.reveal().decode("utf-8", "replace"))
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
        raise CustodyError("token-pin", token=address.label) from None
    except pkcs11.PinLocked:
        raise CustodyError("token-pin-locked", token=address.label) from None
    except pkcs11.UserAlreadyLoggedIn:
        raise CustodyError("token-in-use", token=address.label) from None
    except pkcs11.PKCS11Error as error:
        raise CustodyError("token-failed", what=address.label, reason=type(error).__name__) from None


def require_des(session: Any, algorithm: Algorithm) -> None:
    """Raise CustodyError("custody-algorithm") unless the token enciphers with this algorithm."""
    from pkcs11 import Mechanism

    slot = session.token.slot
    if algorithm is not Algorithm.DES or Mechanism.DES3_ECB not in slot.get_mechanisms():
        token = f"{session.token.model.strip()} ({session.token.label})"
        raise CustodyError("custody-algorithm", algorithm=algorithm.name, custody=f"PKCS#11 {token}")


@contextmanager
def told(what: object) -> Iterator[None]:
    """Turn an error of the library into a CustodyError that names the key."""
    try:
        yield
    except _pkcs11_error() as error:
        raise CustodyError("token-failed", what=str(what), reason=type(error).__name__) from None


def _pkcs11_error() -> type[Exception]:
    from pkcs11 import PKCS11Error

    return PKCS11Error


def _objects(session: Any) -> Iterator[tuple[tuple[str, str, int], tuple[Entry, Any, int]]]:
    """Keys and values of this toolkit on the token, by their place; other people's objects are passed over."""
    from pkcs11 import Attribute, ObjectClass

    with told(session.token.label):
        for item in list(session.get_objects()):
            kind = item[Attribute.CLASS]
            if kind not in (ObjectClass.SECRET_KEY, ObjectClass.DATA):
                continue
            secret = kind is ObjectClass.SECRET_KEY
            mark = item[Attribute.ID].decode("ascii", "replace") if secret else item[Attribute.APPLICATION]
            found = _MARK.fullmatch(mark.rstrip("\0"))
            label = _LABEL.fullmatch(item[Attribute.LABEL])
            if found is None or label is None:
                continue
            entry = Entry(
                name=label[1],
                level=Level(found[2]),
                region=label[3] or "",
                version=int(label[2]),
                algorithm=Algorithm.DES,
                usage=Usage.DIVERSIFY if secret else Usage.PRESENT,
                state=State.ACTIVE,
                demo=found[1] == "demo",
                check_value=b"",
            )
            if secret and (item[Attribute.EXTRACTABLE] or not item[Attribute.SENSITIVE]):
                raise CustodyError("token-extractable", key=str(entry))
            yield entry.place, (entry, item, int(found[3]) if secret else SINGLE_DES_SIZE)
