"""A set of carriers: written from a vault, read into one, proved, repaired, destroyed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Final

from sscard.errors import CustodyError, GuardRefused
from sscard.keys import keyblock
from sscard.keys.catalog import Level
from sscard.keys.ceremony.bench import Bench, KeyLine, carrier_fact, key_line, keys_fact
from sscard.keys.ceremony.carriers import COPIES, TRANSPORT_SIZE, Carrier, CarrierCard, Label
from sscard.keys.ceremony.secure import carrier_key
from sscard.keys.ceremony.transcript import Facts
from sscard.keys.derivation import Handed, Place, candidates, hand_down
from sscard.keys.family import Algorithm
from sscard.keys.handover import add_handed
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, KeyStore, Usage

EVERY: Final = "all"
"""Keys of every owner."""
_CARRIER_KEY: Final = "CARRIER"
_CARRIER_KEY_SIZE: Final = 16


def issue(bench: Bench, using: Mapping[str, str], _again: bool) -> Facts:
    """Write two mother cards and two transport cards for the place ``to``: keys of ``owner``, ``version`` or all.

    Written again after an interruption the cards hold a new transport secret and the same keys.  Raises CustodyError
    ("ceremony-no-keys", or a key that may not leave), GuardRefused("carrier-used", "carrier-twice", "carrier-pins").
    """
    wrapped, lines, algorithms = _blocks(bench, using)
    contents = {Carrier.MOTHER: wrapped[0], Carrier.TRANSPORT: wrapped[1].reveal()}
    pins = _new_pins(bench)
    carriers: list[Facts] = []
    try:
        for carrier, content in contents.items():
            for copy in COPIES:
                with closing(bench.desk.blank(carrier, copy)) as card:
                    _unused(card, bench.set_number, carrier, copy, {str(each["serial"]) for each in carriers})
                    card.store(Label.of(carrier, copy, bench.set_number, content), content, pins[carrier])
                    carriers.append(carrier_fact(carrier, copy, card.serial))
    finally:
        _wipe((*pins.values(), wrapped[1]))
    facts = {"set": bench.set_number.hex().upper(), "algorithms": algorithms, "carriers": carriers}
    return {**keys_fact(lines), **facts}


def _blocks(bench: Bench, using: Mapping[str, str]) -> tuple[tuple[bytes, Secret], list[KeyLine], list[str]]:
    """Content of the mother cards with the secret that opens it, what is in it, and the ciphers its keys are for."""
    place = Place.parse(using["to"])
    version = int(using["version"]) if using.get("version") else None
    owner = None if using["owner"] == EVERY else Level(using["owner"])
    entries = [entry for entry in candidates(bench.vault, place, (), version) if owner in (None, entry.level)]
    if not entries:
        raise CustodyError("ceremony-no-keys", place=using["to"])
    secret = Secret(secrets.token_bytes(TRANSPORT_SIZE))
    blocks, lines = [], []
    with _opened(secret, bench.set_number, demo=bench.vault.demo) as (store, under):
        for entry in entries:
            handed = hand_down(bench.vault, entry.name, entry.version, place)
            try:
                blocks.append(keyblock.wrap(handed, store, under))
                lines.append(_line(handed))
            finally:
                handed.value.wipe()
    algorithms = sorted({entry.algorithm.name for entry in entries})
    return ("\n".join(blocks).encode("ascii"), secret), lines, algorithms


def receive(bench: Bench, using: Mapping[str, str], again: bool) -> Facts:
    """Read mother card 1 with transport card 1 into the vault, for ``region`` in ``version``; all keys or none.

    Raises CustodyError ("ceremony-keys-exist", "carrier-place" for other keys than these, "carrier-damaged"),
    GuardRefused("demo-mix", "carrier-set").
    """
    handed, carriers, number = _read_pair(bench, COPIES[0])
    try:
        place, version = Place.parse(using["region"]), int(using["version"])
        known = {entry.place: entry for entry in bench.vault}
        for key in handed:
            if (key.place, key.version) != (place, version):
                raise CustodyError("carrier-place", ref=str(key), place=f"{place} v{version}")
            _welcome(bench, key, known, again=again)
        lines = [_line(key) for key in handed]
        algorithms = sorted({key.algorithm.name for key in handed})
        for key in handed:
            if (key.name, key.place.region, key.version) not in known:
                add_handed(key, bench.vault)
        bench.vault.save()
    finally:
        _wipe(key.value for key in handed)
    facts = {"set": number.hex().upper(), "algorithms": algorithms, "carriers": carriers}
    return {**keys_fact(lines), **facts}


def _welcome(bench: Bench, key: Handed, known: Mapping[tuple[str, str, int], Entry], *, again: bool) -> None:
    """Refuse a key of the other kind, or there already (but for an interrupted import)."""
    if key.demo is not bench.vault.demo:
        mode = {True: "DEMO", False: "PRODUCTION"}
        raise GuardRefused("demo-mix", workspace=mode[bench.vault.demo], keys=mode[key.demo])
    there = known.get((key.name, key.place.region, key.version))
    if there is not None and not (again and there.check_value == key.check_value):
        raise CustodyError("ceremony-keys-exist", ref=str(there))


def prove(bench: Bench, using: Mapping[str, str], _again: bool) -> Facts:
    """Read the pairs named in ``copies`` and compare their keys with those of the earlier step ``of``.

    Without ``of`` the pairs are compared with each other.  Raises CustodyError("carrier-differs").
    """
    wanted: object = bench.story.fact(f"{using['of']}.keys") if using.get("of") else None
    carriers: list[Facts] = []
    fact: dict[str, object] = {}
    for copy in map(int, using["copies"].split()):
        handed, read, _ = _read_pair(bench, copy)
        try:
            fact = keys_fact(map(_line, handed))
        finally:
            _wipe(key.value for key in handed)
        carriers += read
        if wanted is not None and fact["keys"] != wanted:
            raise CustodyError("carrier-differs", copy=copy)
        wanted = fact["keys"]
    return {**fact, "carriers": carriers}


def repair(bench: Bench, using: Mapping[str, str], _again: bool) -> Facts:
    """Copy the good card ``copy`` of ``carrier`` (mother or transport) to the other copy, blank or damaged.

    Raises GuardRefused("carrier-set", "carrier-used"), CustodyError("carrier-damaged") for a good card that is not.
    """
    carrier = Carrier[using["carrier"].upper()]
    copy = int(using["copy"])
    other = sum(COPIES) - copy
    pin = bench.desk.pin(carrier, new=False)
    try:
        with closing(bench.desk.carrier(carrier, copy)) as card:
            label = _expected(card, carrier, copy)
            content, good = Secret(card.fetch(pin)), card.serial
        with closing(bench.desk.blank(carrier, other)) as card:
            _unused(card, label.set_number, carrier, other, {good})
            card.store(Label.of(carrier, other, label.set_number, content.reveal()), content.reveal(), pin)
            made = card.serial
        content.wipe()
    finally:
        pin.wipe()
    carriers = [carrier_fact(carrier, copy, good), carrier_fact(carrier, other, made)]
    return {"set": label.set_number.hex().upper(), "carriers": carriers}


def terminate(bench: Bench, using: Mapping[str, str], again: bool) -> Facts:
    """Wipe the cards of a set for good, those of ``copies`` of both kinds; one that was wiped before an interruption
    is told as such.  Raises GuardRefused("carrier-set")."""
    carriers: list[Facts] = []
    for carrier in Carrier:
        pin = bench.desk.pin(carrier, new=False)
        try:
            for copy in map(int, using["copies"].split()):
                carriers.append(_terminated(bench, carrier, copy, pin, again=again))
        finally:
            pin.wipe()
    return {"carriers": carriers}


def _terminated(bench: Bench, carrier: Carrier, copy: int, pin: Secret, *, again: bool) -> Facts:
    try:
        with closing(bench.desk.carrier(carrier, copy)) as card:
            _expected(card, carrier, copy)
            card.terminate(pin)
            return carrier_fact(carrier, copy, card.serial)
    except GuardRefused as refused:
        if again and refused.key == "carrier-terminated":
            return carrier_fact(carrier, copy, str(refused.fields["serial"]))
        raise


def _read_pair(bench: Bench, copy: int) -> tuple[list[Handed], list[Facts], bytes]:
    """The keys of one mother card opened with one transport card; the caller wipes their values."""
    contents: dict[Carrier, Secret] = {}
    labels: list[Label] = []
    carriers: list[Facts] = []
    for carrier in Carrier:
        pin = bench.desk.pin(carrier, new=False)
        try:
            with closing(bench.desk.carrier(carrier, copy)) as card:
                labels.append(_expected(card, carrier, copy))
                contents[carrier] = Secret(card.fetch(pin))
                carriers.append(carrier_fact(carrier, copy, card.serial))
        finally:
            pin.wipe()
    number = labels[0].set_number
    if number != labels[1].set_number:
        raise GuardRefused("carrier-set", copy=copy)
    lines = contents[Carrier.MOTHER].reveal().decode("ascii", "replace").splitlines()
    demo = bench.vault.demo
    with _opened(contents[Carrier.TRANSPORT], number, demo=demo) as (store, under):
        return [keyblock.unwrap(line, store, under) for line in lines], carriers, number


@contextmanager
def _opened(secret: Secret, number: bytes, *, demo: bool) -> Iterator[tuple[KeyStore, Entry]]:
    """The key of a set's key blocks, for as long as it takes."""
    store = KeyStore(demo=demo)
    value = carrier_key(secret, number, _CARRIER_KEY_SIZE)
    try:
        yield (
            store,
            store.add(_CARRIER_KEY, value, level=Level.ISSUER, algorithm=Algorithm.SM4, usage=Usage.WRAP),
        )
    finally:
        store.wipe()


def _expected(card: CarrierCard, carrier: Carrier, copy: int) -> Label:
    """The label of the card that was asked for.  Raises GuardRefused("carrier-wrong", "carrier-blank")."""
    label = card.label()
    if label is None:
        raise GuardRefused("carrier-blank", serial=card.serial)
    if (label.carrier, label.copy) != (carrier, copy):
        raise GuardRefused("carrier-wrong", serial=card.serial, copy=copy)
    return label


def _unused(card: CarrierCard, number: bytes, carrier: Carrier, copy: int, taken: Iterable[str]) -> None:
    """Refuse to write over what another ceremony, or this one, put on a card."""
    label = card.label()
    mine = label is None or (label.set_number, label.carrier, label.copy) == (number, carrier, copy)
    if card.serial in taken or not mine:
        raise GuardRefused("carrier-used", serial=card.serial)


def _new_pins(bench: Bench) -> dict[Carrier, Secret]:
    """Two PINs, known to two people.  Raises GuardRefused("carrier-pins") where they are the same."""
    pins = {carrier: bench.desk.pin(carrier, new=True) for carrier in Carrier}
    if pins[Carrier.MOTHER] == pins[Carrier.TRANSPORT]:
        _wipe(pins.values())
        raise GuardRefused("carrier-pins")
    return pins


def _line(key: Handed) -> KeyLine:
    label = f"{key.name}:v{key.version}@{key.place.region}"
    return key_line(label, key.check_value, key.method.value)


def _wipe(values: Iterable[Secret]) -> None:
    for value in values:
        value.wipe()


__all__: Sequence[str] = ("issue", "prove", "receive", "repair", "terminate")
