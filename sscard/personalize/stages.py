"""The stages of a plan, each a function that puts its steps into a builder.  A pass names them in its order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.actions import (
    Answers,
    Certify,
    Move,
    ProveCard,
    ProveCertificates,
    Refused,
    Reset,
    Send,
)
from sscard.cos.commands import select_directory
from sscard.cos.model import Access, Directory, File, Join, KeyKind, Profile, Structure
from sscard.errors import PlanError
from sscard.keys.catalog import PIN
from sscard.personalize.builder import Builder
from sscard.personalize.values import CardValues

_PSE: Final = "PSE"
NO_FILE: Final = frozenset({0x6A82})
"""What a read in a directory answers that has no such file."""
PIN_STAGE: Final = "pin"
CERTIFICATE_STAGE: Final = "certificates"
_PKI: Final = "PKI"


def _transport(build: Builder) -> None:
    build.begin()
    build.add(*build.dialect.opening(build.making))


def _card_key(build: Builder) -> None:
    build.add(*build.dialect.first_key(build.making))


def _environments(build: Builder) -> None:
    """What stands in the MF under the card master key, the right to issue left behind by a reset."""
    for number, directory in enumerate(build.profile.top):
        if number:
            build.enter_mf()
        else:
            build.begin("reset", "", Reset())
            build.need(build.profile.card_master)
        build.make(directory)


def _handover(build: Builder) -> None:
    """Prove for each environment that the card master key opens nothing in it any more."""
    for directory in build.profile.top:
        build.enter_mf()
        build.session("select", directory.name, Send(select_directory(directory)))
        create = Send(build.dialect.create_probe(build.making, directory))
        build.session("prove-no-create", directory.name, Refused(create))
        load = build.dialect.overtake(build.making, directory)
        build.session("prove-no-load", directory.name, Refused(load))


def _applications(build: Builder) -> None:
    home = build.profile.home
    for directory in _children(build.profile, home.name):
        build.enter(home)
        build.make(directory)
        build.fill(directory)


def _payment(build: Builder) -> None:
    pse = build.profile.directory(_PSE)
    build.enter(pse)
    build.fill(pse)
    for number, directory in enumerate(_children(build.profile, _PSE)):
        if number:
            build.enter(pse)
        build.need(pse.master)
        build.make(directory)
        build.fill(directory)


def _holder(build: Builder) -> None:
    build.enter(build.profile.home)
    build.fill(build.profile.home)


def _person(build: Builder) -> None:
    """A card that was initialised gets its holder."""
    home = build.profile.home
    build.begin("select", home.name, *(Send(select) for select in build.dialect.path(build.profile, home)))
    build.personalize(home)


def _pin(build: Builder) -> None:
    directory, slot = build.profile.key(PIN)
    if not build.steps or build.steps[-1].visit != build.visit or build.steps[-1].stage != "holder":
        build.enter(directory)
    build.need(directory.master)
    build.add(*build.dialect.load_key(build.making, directory, slot))


def _certificates(build: Builder) -> None:
    """SM2 certificates of the PKI application, which the vendor delivered with the card."""
    if not build.profile.pki_application:
        raise PlanError("pass-no-pki", profile=build.profile.name)
    build.begin()
    pin = build.ref(PIN)

    def make(values: CardValues) -> Move:
        person = (values.text(source) for source in ("name", "ssn", "card_no"))
        return Move(purpose="certify", target=_PKI, action=Certify(pin, *person), durable=True)

    build.add_made(make, varying=True)


def _close(build: Builder) -> None:
    """End the making of every directory, those inside first."""
    for directory in sorted(build.profile.directories, key=lambda directory: directory.is_ddf):
        path = build.dialect.path(build.profile, directory)
        build.begin("select", directory.name, *(Send(select) for select in path))
        build.add(*build.dialect.close(build.making, directory))


def _seal(build: Builder) -> None:
    build.enter_mf()
    build.add(*build.dialect.seal(build.making))


def _verify(build: Builder) -> None:
    """From a fresh reset: issuing is over, the card proves itself, every item written is what it should be."""
    build.begin("reset", "", Reset())
    build.here = build.making.mf
    if build.pass_.takes_blanks:
        build.add(*build.dialect.prove_sealed(build.making))
    for directory in build.profile.directories:
        if directory.name in build.written:
            _check(build, directory)
        elif directory in build.made:
            _check_hollow(build, directory)
    if CERTIFICATE_STAGE in build.pass_.stages:
        build.session("prove-certificates", _PKI, ProveCertificates(build.ref(PIN)))


def _check_hollow(build: Builder, directory: Directory) -> None:
    """A directory that is left to another party: it is there, and has none of its files."""
    build.look(directory)
    for file in directory.files:
        build.session("check-empty", f"{directory.name}/{file.name}", Answers(look_for(file), NO_FILE))


def look_for(file: File) -> Command:
    """Read the first of a file, by which a card says whether it has it."""
    if file.structure.is_tlv or file.structure is Structure.CYCLIC:
        return Command(0x00, 0xB2, 0x01, file.sfi << 3 | 4, le=256)
    return Command(0x00, 0xB0, 0x80 | file.sfi, 0x00, le=1)


def _check(build: Builder, directory: Directory) -> None:
    build.look(directory)
    proved: set[str] = set()
    has_pin = PIN_STAGE in build.pass_.stages
    for slot in directory.keys:
        if slot.kind is KeyKind.INTERNAL:
            build.session("prove-card", slot.name, ProveCard(build.ref(slot.name), build.dialect.key_id(slot)))
        elif slot.kind is KeyKind.PIN and has_pin:
            build.need(slot)
            proved.add(slot.name)
    for file in build.written[directory.name]:
        if file.read.never:
            continue
        rule = file.read if has_pin else _without_pin(file.read, f"{directory.name}/{file.name}")
        for right in build.dialect.rights.needed(rule, build.held, proved):
            build.need(build.profile.key(right)[1])
            proved.add(right)
        build.check_file(directory, file)


def _without_pin(rule: Access, place: str) -> Access:
    """A rule as a card without PIN can meet it.  Raises PlanError where it cannot."""
    others = tuple(right for right in rule.rights if right != PIN)
    if PIN in rule.rights and (not others or rule.join is Join.ALL):
        raise PlanError("pass-needs-pin", file=place)
    return replace(rule, rights=others)


def _children(profile: Profile, parent: str) -> tuple[Directory, ...]:
    return tuple(directory for directory in profile.directories if directory.parent == parent and not directory.is_ddf)


STAGES: Final[dict[str, Callable[[Builder], None]]] = {
    "transport": _transport,
    "card-key": _card_key,
    "environments": _environments,
    "handover": _handover,
    "applications": _applications,
    "payment": _payment,
    "holder": _holder,
    "person": _person,
    PIN_STAGE: _pin,
    CERTIFICATE_STAGE: _certificates,
    "close": _close,
    "seal": _seal,
    "verify": _verify,
}
