"""Who may take part in a ceremony, and how they sign.

A person is a name and a public key.  The private key is stored nowhere: it is made from the passphrase by scrypt each
time it is needed (Ed25519, RFC 8032), so that the register holds nothing that could sign.  Everybody but the first is
introduced by somebody already in the register, whose signature stands beside the new name.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sscard.errors import CustodyError, GuardRefused, JournalError
from sscard.keys import vault
from sscard.keys.files import write_private
from sscard.keys.secret import Secret
from sscard.keys.vault import PASSPHRASE_MINIMUM, Cost

FORMAT: Final = "sscard-custodians"
NAME_LIMIT: Final = 30
_SALT_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class Person:
    """One custodian or witness.

    ``public`` is the 32-byte Ed25519 key; ``witness`` is who introduced them, empty for the first.
    """

    name: str
    salt: bytes
    cost: Cost
    public: bytes
    witness: str = ""
    introduction: bytes = b""

    def signer(self, passphrase: Secret) -> Signer:
        """What this person signs with.  Raises CustodyError("person-passphrase") when the passphrase is not theirs."""
        private = _private(passphrase, self.salt, self.cost)
        if private.public_key().public_bytes_raw() != self.public:
            raise CustodyError("person-passphrase", name=self.name)
        return Signer(self, private)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``message`` is this person's."""
        return verified(self.public, message, signature)

    @property
    def introduced(self) -> bytes:
        """What the witness signs."""
        return json.dumps([FORMAT, self.name, self.public.hex()], ensure_ascii=False).encode()


class Signer:
    """A person who has just shown to be that person."""

    __slots__ = ("_private", "person")

    def __init__(self, person: Person, private: Ed25519PrivateKey) -> None:
        self.person = person
        self._private = private

    def sign(self, message: bytes) -> bytes:
        """64 bytes over ``message``."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"Signer({self.person.name})"


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` was made with the private half of ``public`` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Register:
    """The people of one workspace, in the file ``path``."""

    def __init__(self, path: Path, people: tuple[Person, ...]) -> None:
        self.path = path
        self._people = {person.name: person for person in people}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the register; without a file it is empty.

        Raises JournalError("people-damaged") for a file that is no register, or where an introduction is not signed by
        somebody who stands before it.
        """
        if not path.exists():
            return cls(path, ())
        try:
            document = json.loads(path.read_bytes())
            if document["format"] != FORMAT:
                raise ValueError(FORMAT)
            people = tuple(map(_person, document["people"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise JournalError("people-damaged", path=str(path)) from None
        known: dict[str, Person] = {}
        for person in people:
            witness = known.get(person.witness)
            introduced = witness.signed(person.introduced, person.introduction) if witness else not known
            if not introduced or person.name in known:
                raise JournalError("people-damaged", path=str(path))
            known[person.name] = person
        return cls(path, people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __len__(self) -> int:
        return len(self._people)

    def find(self, name: str) -> Person:
        """The person of a name.  Raises CustodyError("person-unknown")."""
        person = self._people.get(name)
        if person is None:
            raise CustodyError("person-unknown", name=name)
        return person

    def enrol(self, name: str, passphrase: Secret, witness: Signer | None = None, cost: Cost | None = None) -> Person:
        """Take a person in and save.  Everybody but the first needs a ``witness``.

        Raises CustodyError: "person-name", "passphrase-short"; GuardRefused: "person-known", "person-witness" (none, or
        not of this register), "person-same" (the passphrase of somebody already in: one person under two names).
        """
        if not 0 < len(name) <= NAME_LIMIT or not name.isprintable() or name != name.strip():
            raise CustodyError("person-name", limit=NAME_LIMIT)
        if len(passphrase) < PASSPHRASE_MINIMUM:
            raise CustodyError("passphrase-short", minimum=PASSPHRASE_MINIMUM)
        if name in self._people:
            raise GuardRefused("person-known", name=name)
        if self._people and (witness is None or witness.person not in self._people.values()):
            raise GuardRefused("person-witness", name=name)
        for other in self:
            if _private(passphrase, other.salt, other.cost).public_key().public_bytes_raw() == other.public:
                raise GuardRefused("person-same", name=name)
        cost = cost or vault.USUAL
        cost.check()
        salt = secrets.token_bytes(_SALT_SIZE)
        public = _private(passphrase, salt, cost).public_key().public_bytes_raw()
        person = Person(name, salt, cost, public)
        if witness is not None and self._people:
            signature = witness.sign(person.introduced)
            person = Person(name, salt, cost, public, witness.person.name, signature)
        self._people[name] = person
        self._save()
        return person

    def _save(self) -> None:
        people = [
            {
                "name": person.name,
                "scrypt": {**asdict(person.cost), "salt": person.salt.hex()},
                "public": person.public.hex(),
                "witness": person.witness,
                "introduction": base64.b64encode(person.introduction).decode("ascii"),
            }
            for person in self
        ]
        document = json.dumps({"format": FORMAT, "people": people}, ensure_ascii=False, indent=1)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self.path, document.encode() + b"\n")
        except OSError as error:
            raise JournalError("journal-write", path=str(self.path), cause=error.strerror) from error


def _private(passphrase: Secret, salt: bytes, cost: Cost) -> Ed25519PrivateKey:
    seed = cost.derive(passphrase, salt)
    try:
        return Ed25519PrivateKey.from_private_bytes(seed.reveal())
    finally:
        seed.wipe()


def _person(row: dict[str, Any]) -> Person:
    scrypt = row["scrypt"]
    cost = Cost(*(int(scrypt[name]) for name in ("n", "r", "p")))
    try:
        cost.check()
    except CustodyError:
        raise ValueError("cost") from None
    return Person(
        str(row["name"]),
        bytes.fromhex(scrypt["salt"]),
        cost,
        bytes.fromhex(row["public"]),
        str(row["witness"]),
        base64.b64decode(row["introduction"]),
    )
