"""The requests key platforms know (two-step form): what a terminal asks between its two steps at the card.

Step 1 of the terminal reads the card and sends a driver string or an XML message; the platform answers with
authentication data; step 2 compares and sends them to the card.  ``platform.toml`` has the fields of every request,
docs/keyserver.md explains them and names the quirks that are tolerated.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sscard.errors import CustodyError
from sscard.keys import catalog
from sscard.keys.diversify import FACTOR_SIZE, card_factor
from sscard.keys.family import Algorithm
from sscard.keys.service import KeyRef, KeyService

_HISTORICAL_SIZE: Final = 13
_ORIGINAL_SIZE: Final = 8
_INTERNAL, _BASIC_READ = "IRK", "RKSSSE"
_PIN: Final = re.compile(r"[0-9]{4,16}")
_NAMED: Final = re.compile(r"([A-Za-z0-9]{2,16})_([0-9]{6})")
_ELEMENT: Final = re.compile(r"<([A-Z0-9]+)>([^<>]*)</\1>")


@dataclass(slots=True)
class Session:
    """What one connection remembers: the card of its last basic-data request; the last request by name (``?`` for
    one that no dialect knows) and the keys it asked for, answered or not."""

    region: str = ""
    card: bytes = b""
    request: str = "?"
    keys: list[KeyRef] = field(default_factory=list)

    def asked(self) -> str:
        """The keys of the last request, for the journal."""
        return ", ".join(map(str, self.keys))


class Platform:
    """Answers platform requests out of a key service."""

    def __init__(self, service: KeyService) -> None:
        self._service = service
        self._answers: Mapping[str, Callable[[Mapping[str, str], Session], Sequence[str]]] = {
            "basic-data": self._basic_data,
            "one-key": self._one_key,
            "pin": self._pin,
        }

    def speaks(self, line: bytes) -> bool:
        """Whether a line is a platform request."""
        return line.lstrip().startswith(b"<") or line[:3] in _starts()

    def answer(self, line: bytes, session: Session) -> bytes:
        """The answering line; ``session`` tells then which request it was and what keys it asked for.

        Raises CustodyError: "platform-request" for what no dialect knows, else what the key service raises.
        """
        session.request, session.keys = "?", []
        text = line.decode("ascii", "replace").strip()
        if text.startswith("<"):
            return self._answer_xml(text, session)
        kind, _, rest = text.partition("|")
        form = _table()["bars"][kind]
        session.request = form["name"]
        values = rest.split("|")
        if values and values[-1] == "" and len(values) > len(form["fields"]):
            values.pop()
        known = [*form["fields"], *form.get("optional", ())]
        if not len(form["fields"]) <= len(values) <= len(known):
            raise CustodyError("platform-request", request=kind)
        fields = dict(zip(known, values, strict=False))
        parts = self._answers[form["name"]](fields, session)
        return ("".join(f"{part}|" for part in parts) + "\n").encode("ascii")

    def _answer_xml(self, text: str, session: Session) -> bytes:
        """Flat elements; an opening tag where the closing one of the root should stand is read as that."""
        elements = dict(_ELEMENT.findall(text))
        form = _table()["xml"].get(elements.get("MSGNO", ""))
        if form is None or any(element not in elements for element in form["fields"].values()):
            raise CustodyError("platform-request", request=elements.get("MSGNO", "XML"))
        session.request = form["name"]
        fields = {name: elements[element] for name, element in form["fields"].items()}
        parts = self._answers[form["name"]](fields, session)
        body = "".join(f"<{name}>{part}</{name}>" for name, part in zip(form["answer"], parts, strict=True))
        return f"<ROOT>{body}</ROOT>\n".encode("ascii")

    def _basic_data(self, fields: Mapping[str, str], session: Session) -> Sequence[str]:
        """Internal authentication of the card, and the external one for its basic data where it has factor 3.0."""
        session.region, session.card = _region(fields["region"]), _card(fields["reset"])
        internal = self._proof(_INTERNAL, fields, session, "int")
        external = self._proof(_BASIC_READ, fields, session, "ext") if fields["ext_factor"] else ""
        return internal, external

    def _one_key(self, fields: Mapping[str, str], session: Session) -> Sequence[str]:
        ref = self._addressed(fields, session)
        factor, original = _hex(fields["factor"]), _hex(fields["original"], _ORIGINAL_SIZE)
        proof = self._service.authentication_data(ref, factor, original)
        return ((proof + original).hex().upper(),)

    def _pin(self, fields: Mapping[str, str], session: Session) -> Sequence[str]:
        """The protected data of PIN CHANGE/UNBLOCK: cipher (none where the PIN field is empty) and MAC."""
        ref = self._addressed(fields, session)
        factor, header = _hex(fields["factor"]), _hex(fields["header"], 5)
        pin, cipher = fields.get("pin", ""), b""
        if pin:
            if not _PIN.fullmatch(pin):
                raise CustodyError("platform-pin")
            packed = bytes.fromhex(pin + "F" * (len(pin) % 2))
            cipher = self._service.session_cipher(ref, factor, packed)
        if header[4] != len(cipher) + 4:
            raise CustodyError("platform-length", header=fields["header"], size=len(cipher) + 4)
        mac = self._service.session_mac(ref, factor, header + cipher)
        return ((cipher + mac).hex().upper(),)

    def _proof(self, name: str, fields: Mapping[str, str], session: Session, side: str) -> str:
        ref = KeyRef(name, session.region, session.card)
        session.keys.append(ref)
        self._check_algorithm(ref, fields)
        original = _hex(fields[f"{side}_original"], _ORIGINAL_SIZE)
        proof = self._service.authentication_data(ref, _hex(fields[f"{side}_factor"]), original)
        return (proof + original).hex().upper()

    def _addressed(self, fields: Mapping[str, str], session: Session) -> KeyRef:
        """The card key an address or a name means, for the card in the request or the last one asked about."""
        if "region" in fields:
            session.region, session.card = _region(fields["region"]), _card(fields["reset"])
        if not session.card:
            raise CustodyError("platform-card")
        name, version, region = _address(fields["address"], session.region)
        ref = KeyRef(name, region, session.card, version)
        session.keys.append(ref)
        self._check_algorithm(ref, fields)
        return ref

    def _check_algorithm(self, ref: KeyRef, fields: Mapping[str, str]) -> None:
        wanted = _table()["algorithms"].get(fields["algorithm"].zfill(2))
        found = self._service.algorithm(ref)
        if wanted is None or found is not Algorithm[wanted]:
            raise CustodyError("key-algorithm", key=str(ref), found=found.name, wanted=wanted or fields["algorithm"])


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("sscard.keys").joinpath("platform.toml").read_text(encoding="utf-8"))


@cache
def _starts() -> frozenset[bytes]:
    return frozenset(f"{kind}|".encode("ascii") for kind in _table()["bars"])


@cache
def _addresses() -> Mapping[int, tuple[str, int]]:
    """Logical address → key and version; a further group of a key is its next version."""
    found: dict[int, tuple[str, int]] = {}
    for row in catalog.load():
        for version, address in enumerate(row.addresses, 1):
            found[address] = row.name, version
    for row in catalog.load():
        for group in range(1, row.groups if len(row.addresses) == 1 else 1):
            found.setdefault(row.addresses[0] + group, (row.name, 1 + group))
    return found


def _address(field: str, region: str) -> tuple[str, int, str]:
    """Key, version and region of ``0173`` or ``NAME_REGION``."""
    named = _NAMED.fullmatch(field)
    if named:
        return named[1], 1, named[2]
    try:
        name, version = _addresses()[int(field, 16)]
    except (ValueError, KeyError):
        raise CustodyError("platform-address", address=field) from None
    return name, version, region


def _region(field: str) -> str:
    if not re.fullmatch("[0-9]{6}", field):
        raise CustodyError("region-code", region=field)
    return field


def _card(field: str) -> bytes:
    """Card factor of reset information: the 13 historical bytes, a whole ATR, or the 8 bytes of the factor alone."""
    reset = _hex(field)
    if len(reset) == FACTOR_SIZE:
        return reset
    if len(reset) > _HISTORICAL_SIZE:
        reset = _historical(reset)
    if len(reset) != _HISTORICAL_SIZE:
        raise CustodyError("platform-reset", size=len(reset))
    return card_factor(reset)


def _historical(atr: bytes) -> bytes:
    """Historical bytes of an ATR (ISO 7816-3): behind T0 and the interface bytes it announces."""
    announced, position = atr[1], 2
    while announced & 0xF0:
        count = (announced >> 4).bit_count()
        following = atr[position + count - 1 : position + count] if announced & 0x80 else b""
        position += count
        announced = following[0] if following else 0
    return atr[position : position + (atr[1] & 0x0F)]


def _hex(field: str, size: int | None = None) -> bytes:
    try:
        value = bytes.fromhex(field)
    except ValueError:
        raise CustodyError("platform-hex") from None
    if size is not None and len(value) != size:
        raise CustodyError("platform-hex")
    return value
