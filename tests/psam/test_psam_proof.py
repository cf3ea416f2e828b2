"""Across the wire: a user card we personalized and a PSAM we loaded prove each other, for every key with a use.

The right key opens; its neighbour, another version, another region and no key at all do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import pytest

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.model import Directory, File, Join, KeyKind, Profile, Structure
from sscard.cos.profile import load_profile
from sscard.cos.psam import Authority
from sscard.emulator import SoftwareCard
from sscard.emulator.options import options_for
from sscard.emulator.psam import PsamCard
from sscard.errors import CounterError, CustodyError, GuardRefused, NotServed, StatusError
from sscard.keys import catalog
from sscard.keys.family import Algorithm
from sscard.keys.psam import PsamClass
from sscard.keys.service import KeyRef
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, NoLog
from sscard.psam.module import PsamModule
from sscard.psam.reader import Psam
from sscard.psam.service import PsamKeyService
from sscard.terminal import CardSession, reload_pin
from sscard.terminal.block import block_application, block_card
from sscard.terminal.identify import identify
from sscard.terminal.pin import unblock_pin
from sscard.terminal.purse import CardPurse
from sscard.terminal.session import pin_block
from tests.psam.conftest import DAY, PROFILES, REGION, TERMINAL, blank, full, load, load_list, user_card, vault

NOT_ALLOWED = 0x6982
TIME = datetime(2026, 6, 1, 9, 30, 45)
NAMES = {row.name for row in catalog.load()}


@cache
def profile_of(algorithm: Algorithm) -> Profile:
    return load_profile(PROFILES[algorithm])


def opened(algorithm: Algorithm) -> list[tuple[str, str, str, str]]:
    """(key, directory, file, verb) of every rule that names a key of the 55."""
    return [
        (right, directory.name, file.name, verb)
        for directory in profile_of(algorithm).directories
        for file in directory.files
        for verb in ("read", "update")
        for right in getattr(file, verb).rights
        if right in NAMES
    ]


def first(algorithm: Algorithm) -> list[Any]:
    """One place for every key that has a file behind it."""
    places: dict[str, tuple[str, str, str, str]] = {}
    for place in opened(algorithm):
        places.setdefault(place[0], place)
    return [pytest.param(algorithm, *place, id=f"{algorithm.name}-{place[0]}") for place in places.values()]


FILES = pytest.mark.parametrize(
    ("algorithm", "name", "directory", "file", "verb"), [*first(Algorithm.DES), *first(Algorithm.SM4)]
)


class Mistaken(PsamKeyService):
    """Keys of a PSAM by somebody who is mistaken in one of them, which may come from another PSAM."""

    name = ""
    change: Mapping[str, Any] = MappingProxyType({})
    instead: PsamKeyService | None = None

    def _meant(self, ref: KeyRef) -> tuple[Any, KeyRef]:
        if ref.name != self.name:
            return super(), ref
        return self.instead or super(), replace(ref, **self.change)

    def authentication_data(self, ref: KeyRef, challenge: bytes, original: bytes) -> bytes:
        service, meant = self._meant(ref)
        return bytes(service.authentication_data(meant, challenge, original))

    def session_mac(self, ref: KeyRef, challenge: bytes, message: bytes) -> bytes:
        service, meant = self._meant(ref)
        return bytes(service.session_mac(meant, challenge, message))


def keys_of(card: PsamCard, algorithm: Algorithm, mistaken: str = "", **change: Any) -> Mistaken:
    keys = Mistaken(Psam(Channel(card), algorithm), DAY, production=False)
    keys.name, keys.change = mistaken, change
    return keys


def session(card: SoftwareCard, keys: PsamKeyService, algorithm: Algorithm) -> CardSession:
    channel = Channel(card)
    return CardSession(channel, profile_of(algorithm), identify(channel), keys, pin_block("123456"))


def attempt(counter: CardSession, card: SoftwareCard, directory: Directory, file: File, verb: str) -> int:
    """Status word of reading or rewriting the first record."""
    if verb == "read" and file.structure is Structure.TRANSPARENT:
        return counter.channel.send(Command(0x00, 0xB0, 0x80 | file.sfi, 0x00, le=1)).sw
    if verb == "read":
        return counter.channel.send(Command(0x00, 0xB2, 0x01, file.sfi << 3 | 4, le=256)).sw
    stored = card.file(f"{directory.name if not directory.is_ddf else f'{directory.fid:04X}'}/{file.fid:04X}")
    if file.structure is Structure.TRANSPARENT:
        return counter.channel.send(Command(0x00, 0xD6, 0x80 | file.sfi, 0x00, stored.content[:1])).sw
    if file.structure is Structure.CYCLIC:
        return counter.channel.send(Command(0x00, 0xDC, 0x00, file.sfi << 3 | 3, bytes(file.record_length))).sw
    return counter.channel.send(Command(0x00, 0xDC, 0x01, file.sfi << 3 | 4, stored.records[0])).sw


def desk(algorithm: Algorithm, keys: PsamKeyService, directory: str) -> tuple[SoftwareCard, CardSession, Directory]:
    card = user_card(algorithm)
    counter = session(card, keys, algorithm)
    place = profile_of(algorithm).directory(directory)
    counter.enter(place)
    return card, counter, place


def test_every_key_of_the_list_is_accounted_for(algorithm: Algorithm) -> None:
    """40 of the 55 open a file; 15 do something else, tried below; the TAC key never leaves the host."""
    files = {place[0] for place in opened(algorithm)}
    others = {*ACTIONS, *(f"STK{directory}" for directory in MAINTAINED), "IRK", "DPK", "DTK"}
    assert (len(files), len(others)) == (40, 15)
    assert files | others == NAMES
    assert not files & others


@FILES
def test_the_right_key_opens(algorithm: Algorithm, name: str, directory: str, file: str, verb: str) -> None:
    card, counter, place = desk(algorithm, keys_of(full(algorithm), algorithm), directory)
    target = place.file(file)
    assert attempt(counter, card, place, target, verb) == NOT_ALLOWED
    counter.require(name)
    if getattr(target, verb).join is Join.ALL and "PIN" in getattr(target, verb).rights:
        counter.present_pin()
    assert attempt(counter, card, place, target, verb) == 0x9000


@FILES
def test_its_neighbour_does_not(algorithm: Algorithm, name: str, directory: str, file: str, verb: str) -> None:
    names = [row.name for row in catalog.load() if PsamClass(row.psam.classes[0]) in (PsamClass.CIPHER, PsamClass.BOTH)]
    neighbour = names[(names.index(name) + 1) % len(names)]
    keys = keys_of(full(algorithm), algorithm, name, name=neighbour)
    card, counter, place = desk(algorithm, keys, directory)
    with pytest.raises(CounterError):
        counter.require(name)
    assert attempt(counter, card, place, place.file(file), verb) == NOT_ALLOWED


@FILES
def test_another_region_does_not(algorithm: Algorithm, name: str, directory: str, file: str, verb: str) -> None:
    card, counter, place = desk(algorithm, keys_of(full(algorithm), algorithm, name, region="990201"), directory)
    with pytest.raises(CounterError):
        counter.require(name)
    assert attempt(counter, card, place, place.file(file), verb) == NOT_ALLOWED


@cache
def second_version(algorithm: Algorithm) -> PsamCard:
    """A PSAM that holds version 2 of every key, and IRK of version 2 too."""

    def upgrade(text: str) -> str:
        rows = text.replace('level = "nation"', 'level = "city"').replace('level = "province"', 'level = "city"')
        head, *keys = rows.split("[[key]]")
        kept = [key.replace("\nlevel", "\nversion = 2\nlevel") for key in keys if '"DPK"' not in key]
        return head.replace("start =", "authentication_key_version = 2\nstart =") + "[[key]]".join(["", *kept])

    card = blank(algorithm)
    for authority in (Authority.NATIONAL, Authority.PROVINCE):
        load(card, load_list(authority, algorithm, debug=True, change=upgrade))
    return card


@FILES
def test_another_version_does_not(algorithm: Algorithm, name: str, directory: str, file: str, verb: str) -> None:
    """Said to be version 1 it is refused here, without a try; presented all the same it is refused by the card."""
    upgraded = keys_of(second_version(algorithm), algorithm)
    card, counter, place = desk(algorithm, upgraded, directory)
    ref = counter.ref(profile_of(algorithm).key(name)[1])
    with pytest.raises(CustodyError, match="PSAM-NO-KEY"):
        upgraded.authentication_data(ref, bytes(8), bytes(8))
    original, challenge = counter.challenge(), counter.challenge()
    data = upgraded.authentication_data(replace(ref, version=2), challenge, original)
    key_id = profile_of(algorithm).key(name)[1].id
    assert counter.channel.send(Command(0x00, 0x82, 0x00, key_id, data + original)).sw & 0xFFF0 == 0x63C0
    assert attempt(counter, card, place, place.file(file), verb) == NOT_ALLOWED


@cache
def second_profile(algorithm: Algorithm) -> Profile:
    """The profile of an upgraded region: every listed key in version 2 but those of the purse, which are three."""
    places = [
        f"{directory.name}/{slot.name}"
        for directory in profile_of(algorithm).directories
        for slot in directory.keys
        if slot.name in NAMES and slot.versions == (1,)
    ]
    lines = (f'[[replace]]\nat = "{place}"\nversions = [2]\n' for place in places)
    with TemporaryDirectory() as folder:
        path = Path(folder, "second.toml")
        path.write_text(f'extends = "{PROFILES[algorithm]}"\nname = "second"\n' + "".join(lines), "utf-8")
        return load_profile(path)


@cache
def second_card(algorithm: Algorithm) -> SoftwareCard:
    """The sample person's card, made under :func:`second_profile`."""
    profile = second_profile(algorithm)
    card = SoftwareCard.blank(7, seed=0, area=REGION[:4], algorithm=algorithm, options=options_for(profile))
    channel, dialect = Channel(card), load_dialect(profile.dialect)
    plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, channel.atr.serial)
    Runner(channel, dialect, vault(algorithm), channel.atr.card_factor).run(plan, NoLog())
    return card


@FILES
def test_version_two_opens_version_two_alone(
    algorithm: Algorithm, name: str, directory: str, file: str, verb: str
) -> None:
    """After an upgrade: the PSAM of version 2 opens the card of version 2, that of version 1 spends no try on it."""
    profile = second_profile(algorithm)
    place = profile.directory(directory)
    target = place.file(file)
    for psam, opens in ((second_version(algorithm), True), (full(algorithm), False)):
        card = SoftwareCard(deepcopy(second_card(algorithm).chip))
        card.reset()
        channel = Channel(card)
        keys = keys_of(PsamCard(deepcopy(psam.chip)), algorithm)
        counter = CardSession(channel, profile, identify(channel), keys, pin_block("123456"))
        tries = [key.tries for key in card.directory(f"{place.fid:04X}").keys]
        counter.enter(place)
        if opens:
            counter.require(name)
            if getattr(target, verb).join is Join.ALL and "PIN" in getattr(target, verb).rights:
                counter.present_pin()
        else:
            with pytest.raises(CustodyError, match="PSAM-NO-KEY"):
                counter.require(name)
        assert attempt(counter, card, place, target, verb) == (0x9000 if opens else NOT_ALLOWED)
        assert tries == [key.tries for key in card.directory(f"{place.fid:04X}").keys]


def test_the_upgraded_card_proves_itself_to_the_upgraded_psam(algorithm: Algorithm) -> None:
    card = SoftwareCard(deepcopy(second_card(algorithm).chip))
    card.reset()
    channel = Channel(card)
    CardSession(
        channel, second_profile(algorithm), identify(channel), keys_of(second_version(algorithm), algorithm)
    ).prove()


def test_an_upgrade_takes_all_keys_of_an_authority_or_none(algorithm: Algorithm) -> None:
    """One key of version 2 beside others of version 1: the information file could name only one of them."""
    card = blank(algorithm)
    load(card, load_list(Authority.NATIONAL, algorithm, ["purchase"]))

    def upgrade(left: str) -> Any:
        def change(text: str) -> str:
            head, *keys = text.replace('level = "nation"', 'level = "city"').split("[[key]]")
            keys = [key if '"DPK"' in key else key.replace("\nlevel", "\nversion = 2\nlevel") for key in keys]
            keys = [key.replace("load = true", "load = false") if f'"{left}"' in key else key for key in keys]
            keys = [key.replace("load = true", "load = false") if '"DPK"' in key else key for key in keys]
            return head.replace("start =", "authentication_key_version = 2\nstart =") + "[[key]]".join(["", *keys])

        return load_list(Authority.NATIONAL, algorithm, ["purchase"], change=change)

    names = {"IRK", "UK2DF04", "RK1DF04"}
    before = list(Psam(Channel(card), algorithm).present())
    with pytest.raises(GuardRefused, match="PSAM-VERSION-MIXED"):
        load(card, upgrade("UK2DF04"), replace=frozenset(names - {"UK2DF04"}))
    assert list(Psam(Channel(card), algorithm).present()) == before


@cache
def least(algorithm: Algorithm, without: str) -> PsamCard:
    """A PSAM with every key but one."""

    def without_it(text: str) -> str:
        head, *keys = text.split("[[key]]")
        return head.replace("debug = true", "debug = false") + "[[key]]".join(
            ["", *(key.replace("load = true", "load = false") if f'"{without}"' in key else key for key in keys)]
        )

    card = blank(algorithm)
    official = {row.name: row for row in catalog.load()}[without].level.value
    for authority, level in ((Authority.NATIONAL, "national"), (Authority.PROVINCE, "local")):
        mine = level == official
        load(card, load_list(authority, algorithm, debug=True, change=without_it if mine else lambda text: text))
    return card


@FILES
def test_no_key_does_not(algorithm: Algorithm, name: str, directory: str, file: str, verb: str) -> None:
    card, counter, place = desk(algorithm, keys_of(least(algorithm, name), algorithm), directory)
    tries = [key.tries for key in card.directory(f"{place.fid:04X}").keys]
    with pytest.raises(CustodyError, match="KEY-MISSING"):
        counter.require(name)
    assert attempt(counter, card, place, place.file(file), verb) == NOT_ALLOWED
    assert tries == [key.tries for key in card.directory(f"{place.fid:04X}").keys], "no try was spent"


def test_the_card_proves_itself_to_the_psam(algorithm: Algorithm) -> None:
    desk(algorithm, keys_of(full(algorithm), algorithm), "SSSE")[1].prove()
    for change in ({"name": "RK1DF03"}, {"region": "990201"}):
        with pytest.raises(GuardRefused, match="CARD-FOREIGN"):
            desk(algorithm, keys_of(full(algorithm), algorithm, "IRK", **change), "SSSE")[1].prove()
    for card in (second_version(algorithm), least(algorithm, "IRK")):
        with pytest.raises(CustodyError, match="PSAM-NO-KEY"):
            desk(algorithm, keys_of(card, algorithm), "SSSE")[1].prove()


MAINTAINED = {"DF01": "UK1DF01", "DF02": "UK2DF02", "DF03": "UK1DF03", "DF04": "UK1DF04", "DF07": "UK1DF07"}


@pytest.mark.parametrize("directory", MAINTAINED)
@pytest.mark.parametrize("wrong", ["", "neighbour", "region", "version", "none"])
def test_maintenance_keys_of_applications(algorithm: Algorithm, directory: str, wrong: str) -> None:
    """A record updated with a MAC under the directory's STK."""
    right, stk = MAINTAINED[directory], f"STK{directory}"
    psam = least(algorithm, stk) if wrong == "none" else full(algorithm)
    change = {
        "neighbour": {"name": "STKSSSE"},
        "region": {"region": "990201"},
        "version": {"version": 2},
    }.get(wrong, {})
    keys = keys_of(psam, algorithm, stk if change else "", **change)
    if wrong == "version":
        keys.instead = keys_of(second_version(algorithm), algorithm)
    card, counter, place = desk(algorithm, keys, directory)
    counter.require(right)
    file = next(file for file in place.files if right in file.update.rights)
    record = card.file(f"{directory}/{file.fid:04X}").records[0]
    message = bytes((0x04, 0xDC, 0x01, file.sfi << 3 | 4, len(record) + 4)) + record
    slot = next(slot for slot in place.keys if slot.kind is KeyKind.MAINTENANCE)
    if wrong == "none":
        with pytest.raises(CustodyError, match="PSAM-NO-KEY"):
            keys.session_mac(counter.ref(slot), counter.challenge(), message)
        return
    mac = keys.session_mac(counter.ref(slot), counter.challenge(), message)
    assert counter.channel.send(Command.parse(message + mac)).sw == (0x6988 if wrong else 0x9000)


def unblock(counter: CardSession, _directory: Directory) -> None:
    unblock_pin(counter)


def block(counter: CardSession, directory: Directory) -> None:
    if directory.is_ddf:
        block_card(counter, confirm=counter.identity.card_id)
    else:
        block_application(counter, directory, confirm=counter.identity.card_id)


def load_purse(counter: CardSession, _directory: Directory) -> None:
    assert CardPurse(counter).load(10_000, bytes.fromhex(TERMINAL), TIME).account == 10_000


def set_starting_day(counter: CardSession, _directory: Directory) -> None:
    CardPurse(counter).set_starting_day("0701")


ACTIONS: dict[str, tuple[str, Callable[[CardSession, Directory], None], str]] = {
    "PUK": ("SSSE", unblock, "UKSSSE"),
    "STKSSSE": ("SSSE", unblock, "PUK"),
    "BK": ("SSSE", block, "PUK"),
    "LKDF03": ("DF03", block, "LKDF04"),
    "LKDF04": ("DF04", block, "LKDF03"),
    "DSK": ("DF04", set_starting_day, "DLK"),
    "DLK": ("DF04", load_purse, "DSK"),
}
"""What the keys do that open no file: where, the act, the neighbour that cannot do it."""


@pytest.mark.parametrize("name", ACTIONS)
def test_what_other_keys_do(algorithm: Algorithm, name: str) -> None:
    """Done with the right key; not with the neighbour, another region, another version, or without it."""
    directory, act, neighbour = ACTIONS[name]
    before = user_card(algorithm).directory(f"{profile_of(algorithm).directory(directory).fid:04X}").purse
    wrong = keys_of(full(algorithm), algorithm, name, version=2)
    wrong.instead = keys_of(second_version(algorithm), algorithm)
    for keys in (
        wrong,
        keys_of(full(algorithm), algorithm, name, name=neighbour),
        keys_of(full(algorithm), algorithm, name, region="990201"),
    ):
        card, counter, place = desk(algorithm, keys, directory)
        with pytest.raises((CounterError, StatusError, GuardRefused)):
            act(counter, place)
        assert card.chip.closed is None
        assert card.directory(f"{place.fid:04X}").purse == before
    card, counter, place = desk(algorithm, keys_of(least(algorithm, name), algorithm), directory)
    with pytest.raises(CustodyError):
        act(counter, place)
    card, counter, place = desk(algorithm, keys_of(full(algorithm), algorithm), directory)
    act(counter, place)
    done = (card.chip.closed is None, card.directory(f"{place.fid:04X}").purse == before)
    assert done == (act is not block, directory != "DF04" or act is block)


def test_a_pin_is_reloaded_by_psam(algorithm: Algorithm) -> None:
    reload_pin(desk(algorithm, keys_of(full(algorithm), algorithm), "SSSE")[1], pin_block("654321"))


def test_the_purse_by_psam(algorithm: Algorithm) -> None:
    """DLK, DSK, DPK in its three versions; the PSAM's own number and counter go into the card's log."""
    _, counter, _ = desk(algorithm, keys_of(full(algorithm), algorithm), "DF04")
    purse, module = CardPurse(counter), PsamModule(Psam(Channel(full(algorithm)), algorithm))
    loaded = purse.load(10_000, module.terminal, TIME)
    assert (loaded.account, loaded.tac_checked) == (10_000, False)
    purse.set_starting_day("0701")
    numbers = []
    for index in (1, 2, 3):
        paid = purse.purchase_with(module, account=1_000, own=1, fund=2, time=TIME, key_index=index)
        numbers.append(int.from_bytes(paid.terminal_counter, "big"))
        assert paid.account == 10_000 - 1_000 * index
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert {entry.terminal.hex() for entry in purse.log()} == {"990101000042"}


@pytest.mark.parametrize("change", [{"version": 2}, {"region": "990201"}])
def test_a_purchase_with_another_key_is_refused_by_the_card(algorithm: Algorithm, change: dict[str, Any]) -> None:
    class MistakenModule(PsamModule):
        def start(self, ref: KeyRef, *facts: Any) -> tuple[bytes, bytes]:
            return super().start(replace(ref, **change), *facts)

    _, counter, _ = desk(algorithm, keys_of(full(algorithm), algorithm), "DF04")
    psam = full(algorithm)
    before = psam.chip.counter
    with pytest.raises(StatusError, match="9302"):
        CardPurse(counter).purchase_with(
            MistakenModule(Psam(Channel(psam), algorithm)), account=0, own=1, fund=2, time=TIME
        )
    assert psam.chip.counter == before + 1, "the number is gone, booked or not"


def test_a_psam_without_purchase_key(algorithm: Algorithm) -> None:
    psam = least(algorithm, "DPK")
    _, counter, _ = desk(algorithm, keys_of(psam, algorithm), "DF04")
    with pytest.raises(CustodyError, match="PSAM-NO-KEY"):
        CardPurse(counter).purchase_with(
            PsamModule(Psam(Channel(psam), algorithm)), account=0, own=1, fund=2, time=TIME
        )


def test_a_psam_checks_the_cards_answer(algorithm: Algorithm) -> None:
    module = PsamModule(Psam(Channel(full(algorithm)), algorithm))
    with pytest.raises(StatusError, match="6901"):
        module.confirms(bytes(4))
    from sscard.cos.purse import Purchase

    ref = KeyRef("DPK", "990101", b"factor12")
    module.start(ref, bytes(4), 0, Purchase(0, 1, 2, module.terminal), bytes.fromhex("20260601093045"))
    assert module.confirms(bytes(4)) is False


def test_the_psam_never_makes_a_tac_and_keeps_to_classes(algorithm: Algorithm) -> None:
    keys = keys_of(full(algorithm), algorithm)
    ref = KeyRef("DTK", "990101", b"factor12")
    for call in (
        lambda: keys.transaction_code(ref, b"fields"),
        lambda: keys.key_mac(ref, b"", b""),
        lambda: keys.wrap_key(ref, ref, b""),
        lambda: keys.wrap_for_psam(ref, ref, b""),
        lambda: keys.first_key(ref),
        lambda: keys.presentation(ref),
        lambda: keys.check_value(ref),
        lambda: keys.direct_cryptogram(ref, bytes(8)),
        lambda: keys.direct_cipher(ref, b"1"),
        lambda: keys.folded_mac(ref, b""),
        lambda: keys.session_mac(replace(ref, name="RK1DF03"), bytes(8), b""),
        lambda: keys.authentication_data(replace(ref, name="DPK"), bytes(8), bytes(8)),
    ):
        with pytest.raises(NotServed):
            call()
    with pytest.raises(CustodyError, match="KEY-CITY"):
        keys.session_mac(replace(ref, region="99"), bytes(8), b"")
    with pytest.raises(CustodyError, match="CARD-FACTOR"):
        keys.session_mac(replace(ref, card=b""), bytes(8), b"")
    with pytest.raises(CustodyError, match="PSAM-NO-KEY"):
        keys.session_mac(replace(ref, name="MKDF01"), bytes(8), b"")


def test_a_debug_or_expired_psam_is_no_terminals(algorithm: Algorithm) -> None:
    psam = Psam(Channel(full(algorithm)), algorithm)
    with pytest.raises(GuardRefused, match="PSAM-DEBUG"):
        PsamKeyService(psam, DAY, production=True)
    with pytest.raises(GuardRefused, match="PSAM-EXPIRED"):
        PsamKeyService(psam, "20310101", production=False)
