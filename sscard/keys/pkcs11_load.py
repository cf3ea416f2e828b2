"""Brings the keys that one city's cards need from a store into a PKCS#11 token, sensitive and never to leave it.

A token cannot make a city's key from a province's without letting it out, so the city's keys themselves are loaded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sscard.errors import CustodyError, GuardRefused
from sscard.keys.catalog import Level
from sscard.keys.checkvalue import CHECK_SIZE
from sscard.keys.custody import SINGLE_DES_SIZE
from sscard.keys.diversify import city_factor, province_factor
from sscard.keys.family import Algorithm, family_of
from sscard.keys.pkcs11_token import TokenAddress, TokenObject, open_session, require_des, told
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore, Usage


def load_token(address: TokenAddress, pin: Secret, store: KeyStore, region: str) -> list[Entry]:
    """Load the keys of ``region`` (six digits), each checked by its check value; returns what was loaded.

    All or nothing: where one key cannot be loaded, those loaded before it are taken off again.  Raises CustodyError
    ("custody-algorithm" before anything is loaded, "token-differs"), GuardRefused("token-holds").
    """
    wanted = list(city_keys(store, region))
    session = open_session(address, pin, write=True)
    made: list[Any] = []
    try:
        for algorithm in {entry.algorithm for entry, _ in wanted if entry.usage is Usage.DIVERSIFY}:
            require_des(session, algorithm)
        _refuse_second(session, wanted, address)
        for entry, value in wanted:
            made.append(_create(session, entry, value))
            _prove(made[-1], entry)
    except BaseException:
        with told(address.label):
            for item in made:
                item.destroy()
        raise
    finally:
        for _, value in wanted:
            value.wipe()
        session.close()
    return [entry for entry, _ in wanted]


def city_keys(store: KeyStore, region: str) -> list[tuple[Entry, Secret]]:
    """The key of every name and version at the city, derived where only an upper level is stored.

    Issuer keys and presented values are taken where they are stored.  The values are copies, to be wiped.
    """
    city_factor(region)
    nearest: dict[tuple[str, int], Entry] = {}
    for entry in store:
        above = entry.region in ("", region[:2], region)
        best = nearest.get((entry.name, entry.version))
        if above and (best is None or len(best.region) < len(entry.region)):
            nearest[entry.name, entry.version] = entry
    found = []
    for entry in nearest.values():
        if not entry.usable or _of_another_issuer(entry, region):
            continue
        value = store.value(entry).reveal()
        if entry.usage is Usage.DIVERSIFY and entry.level is not Level.ISSUER and entry.region != region:
            family = family_of(entry.algorithm)
            for factor in (province_factor(region), city_factor(region))[bool(entry.region) :]:
                value = family.diversify(value, factor)
            check = family.encrypt(value, bytes(family.block))[:CHECK_SIZE]
            entry = replace(entry, region=region, check_value=check)
        found.append((entry, Secret(value)))
    return found


def _of_another_issuer(entry: Entry, region: str) -> bool:
    """Whether a key is an issuer's own and stands elsewhere: the masters of PSAMs are no business of a card station."""
    return entry.usage is Usage.DIVERSIFY and entry.level is Level.ISSUER and entry.region != region


def _refuse_second(session: Any, wanted: list[tuple[Entry, Secret]], address: TokenAddress) -> None:
    """Never two keys of one label: a token would use either."""
    from pkcs11 import Attribute

    with told(address.label):
        there = {item[Attribute.LABEL].removeprefix("DEMO ") for item in session.get_objects()}
    twice = sorted(str(entry) for entry, _ in wanted if str(entry) in there)
    if twice:
        raise GuardRefused("token-holds", token=address.label, key=twice[0], count=len(twice))


def _create(session: Any, entry: Entry, value: Secret) -> Any:
    from pkcs11 import Attribute, KeyType, ObjectClass

    thing = TokenObject(entry, len(value))
    common = {
        Attribute.LABEL: thing.label,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.MODIFIABLE: False,
    }
    if entry.usage is Usage.PRESENT:
        kind = {Attribute.CLASS: ObjectClass.DATA, Attribute.APPLICATION: thing.mark, Attribute.VALUE: value.reveal()}
        with told(entry):
            return session.create_object({**common, **kind})
    double = value.reveal() * (2 if len(value) == SINGLE_DES_SIZE else 1)
    only_encrypt = {
        Attribute.ENCRYPT: True,
        **dict.fromkeys((Attribute.DECRYPT, Attribute.WRAP, Attribute.UNWRAP, Attribute.DERIVE), False),
        **dict.fromkeys((Attribute.SIGN, Attribute.VERIFY), False),
    }
    with told(entry):
        return session.create_object(
            {
                **common,
                **only_encrypt,
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.DES2,
                Attribute.ID: thing.mark.encode("ascii"),
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
                Attribute.VALUE: double,
            }
        )


def _prove(item: Any, entry: Entry) -> None:
    """The token calculates with the key that was meant."""
    from pkcs11 import Mechanism

    if entry.usage is Usage.PRESENT:
        return
    block = family_of(Algorithm.DES).block
    with told(entry):
        check = bytes(item.encrypt(bytes(block), mechanism=Mechanism.DES3_ECB))[:CHECK_SIZE]
    if check != entry.check_value:
        raise CustodyError("token-differs", key=str(entry))
