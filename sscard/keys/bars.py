"""Lines of the key server: fields that end with a bar, as key platforms send them; one line a request, one an answer.

A request is ``operation|field|…|``; the answer is ``00|field|…|`` or ``!ERROR-CODE|name=value|…|``.  docs/keyserver.md
has every operation and the handshake.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote

from sscard.errors import CustodyError
from sscard.keys.diversify import FACTOR_SIZE, city_factor
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef

VERSION: Final = "1"
GREETING: Final = "SSCARD-KEYS"
HELLO: Final = "hello"
DONE: Final = "00"
ERROR_MARK: Final = "!"
LINE_LIMIT: Final = 65_536
NONCE_SIZE: Final = 32
CARDS_A_LINE: Final = 64

_PLAIN: Final = " :@,/=()[]{}'"
_REF: Final = re.compile(r"([A-Za-z0-9_.-]{1,32}):([0-9]{1,3}):([0-9]{0,6}):([0-9A-F]*)")


class Factors(Enum):
    """The diversification factors a request carries, in the order they stand."""

    CARD = "card"
    CITY_CARD = "city-card"
    CARD_CITY = "card-city"


class Kind(Enum):
    """What a field or an answer holds."""

    REF = "ref"
    REFS = "refs"
    BYTES = "bytes"
    CARDS = "cards"
    ALGORITHM = "algorithm"
    SECRET = "secret"  # noqa: S105 - the name of a kind of field
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Operation:
    """A call of the key service as a line: its fields, and what comes back."""

    fields: tuple[Kind, ...]
    answer: Kind


OPERATIONS: Final[Mapping[str, Operation]] = {
    "require": Operation((Kind.ALGORITHM,), Kind.NOTHING),
    "algorithm": Operation((Kind.REF,), Kind.ALGORITHM),
    "check_value": Operation((Kind.REF,), Kind.BYTES),
    "authentication_data": Operation((Kind.REF, Kind.BYTES, Kind.BYTES), Kind.BYTES),
    "session_mac": Operation((Kind.REF, Kind.BYTES, Kind.BYTES), Kind.BYTES),
    "session_cipher": Operation((Kind.REF, Kind.BYTES, Kind.BYTES), Kind.BYTES),
    "transaction_code": Operation((Kind.REF, Kind.BYTES), Kind.BYTES),
    "key_mac": Operation((Kind.REF, Kind.BYTES, Kind.BYTES), Kind.BYTES),
    "direct_cryptogram": Operation((Kind.REF, Kind.BYTES), Kind.BYTES),
    "direct_cipher": Operation((Kind.REF, Kind.BYTES), Kind.BYTES),
    "folded_mac": Operation((Kind.REF, Kind.BYTES), Kind.BYTES),
    "wrap_key": Operation((Kind.REF, Kind.REF, Kind.BYTES, Kind.BYTES), Kind.BYTES),
    "wrap_for_psam": Operation((Kind.REF, Kind.REF, Kind.BYTES), Kind.BYTES),
    "first_key": Operation((Kind.REF,), Kind.SECRET),
    "presentation": Operation((Kind.REF,), Kind.SECRET),
    "prepare": Operation((Kind.REFS, Kind.CARDS), Kind.NOTHING),
    "forget": Operation((Kind.BYTES,), Kind.NOTHING),
}


def join(*fields: str) -> bytes:
    """A line of fields."""
    return ("".join(f"{field}|" for field in fields) + "\n").encode("ascii")


def split(line: bytes) -> list[str]:
    """The fields of a line; the closing bar may be missing.  Raises CustodyError("keyserver-line")."""
    try:
        text = line.decode("ascii").rstrip("\r\n")
    except UnicodeDecodeError:
        raise CustodyError("keyserver-line") from None
    return text.removesuffix("|").split("|")


def write(kind: Kind, value: object, order: Factors) -> str:
    """A value as a field."""
    match value:
        case Secret():
            return value.reveal().hex().upper()
        case bytes():
            return value.hex().upper()
        case Algorithm():
            return value.name
        case KeyRef():
            return _write_ref(value, order)
        case None:
            return ""
    if kind is Kind.CARDS or kind is Kind.REFS:
        part = Kind.BYTES if kind is Kind.CARDS else Kind.REF
        return ",".join(write(part, item, order) for item in value)  # type: ignore[attr-defined]
    raise TypeError(f"no field for {type(value).__name__}")


def read(kind: Kind, field: str, order: Factors) -> object:
    """A field as a value.  Raises CustodyError("keyserver-line", "keyserver-factors")."""
    try:
        match kind:
            case Kind.REF:
                return _read_ref(field, order)
            case Kind.BYTES:
                return bytes.fromhex(field)
            case Kind.SECRET:
                return Secret(bytes.fromhex(field))
            case Kind.ALGORITHM:
                return Algorithm[field]
            case Kind.CARDS:
                return [bytes.fromhex(part) for part in field.split(",") if part]
            case Kind.REFS:
                return [_read_ref(part, order) for part in field.split(",") if part]
            case Kind.NOTHING:
                return None
    except (ValueError, KeyError):
        raise CustodyError("keyserver-line") from None


def refusal(error: CustodyError) -> bytes:
    """An error as an answer; its fields never hold secrets."""
    facts = [f"{name}={quote(str(value), safe=_PLAIN)}" for name, value in error.fields.items()]
    return join(ERROR_MARK + error.key, *facts)


def refused(fields: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Key and fields of an error answer."""
    pairs = (field.partition("=") for field in fields[1:])
    return fields[0].removeprefix(ERROR_MARK), {name: unquote(value) for name, _, value in pairs}


def proof(token: Secret, role: str, server_nonce: str, client_nonce: str) -> str:
    """Shows knowledge of the token without sending it: HMAC-SHA-256 over role and both nonces, hex."""
    message = f"{GREETING}|{VERSION}|{role}|{server_nonce}|{client_nonce}".encode("ascii")
    return hmac.digest(token.reveal(), message, sha256).hex()


def _write_ref(ref: KeyRef, order: Factors) -> str:
    factors = ref.card
    if ref.card and len(ref.region) == 6:
        if order is Factors.CITY_CARD:
            factors = city_factor(ref.region) + ref.card
        elif order is Factors.CARD_CITY:
            factors = ref.card + city_factor(ref.region)
    return f"{ref.name}:{ref.version}:{ref.region}:{factors.hex().upper()}"


def _read_ref(field: str, order: Factors) -> KeyRef:
    found = _REF.fullmatch(field)
    if found is None:
        raise ValueError(field)
    name, version, region, factors = found[1], int(found[2]), found[3], bytes.fromhex(found[4])
    if factors and len(region) == 6 and order is not Factors.CARD:
        city, card = factors[:FACTOR_SIZE], factors[FACTOR_SIZE:]
        if order is Factors.CARD_CITY:
            city, card = factors[-FACTOR_SIZE:], factors[:-FACTOR_SIZE]
        if city != city_factor(region):
            raise CustodyError("keyserver-factors", region=region, order=order.value)
        factors = card
    elif len(factors) > FACTOR_SIZE:
        raise CustodyError("keyserver-factors", region=region, order=order.value)
    return KeyRef(name, region, factors, version)
