"""What a card that was begun elsewhere must show before it is written again: nothing here changes it.

Everything that may be read freely is looked at first; before a read key is tried the card proves itself by its internal
key, so that a stranger loses no try.  docs/modes.md, "what a card must be".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos import coding
from sscard.cos.actions import Authenticate, ProveCard
from sscard.cos.dialect import Dialect, Making
from sscard.cos.mark import CardIdentity
from sscard.cos.model import Directory, File, Item, KeyKind
from sscard.errors import CounterError, GuardRefused, PlanError, Quarantined, StatusError
from sscard.keys.catalog import PIN
from sscard.keys.service import KeyRef, KeyService
from sscard.messages import current
from sscard.personalize.plan import Template, key_refs
from sscard.personalize.runner import Runner
from sscard.personalize.stages import NO_FILE, look_for

Proof = ProveCard | Authenticate

_ABSENT: Final = frozenset({0x6A82, 0x6A83})
_READ_SIDE: Final = ("ssn", "card_no")
"""Items that tell whose card it is; read wherever the pass looks at their file anyway."""


@dataclass(frozen=True, slots=True)
class Look:
    """One item: how to read it, the keys that takes, and whether it must be set (None: either way)."""

    place: str
    item: Item
    command: Command
    proofs: tuple[Proof, ...]
    must_be_set: bool | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One directory: SELECTs that lead there, what the card proves first, items, files that must not be there."""

    directory: Directory
    path: tuple[Command, ...]
    proofs: tuple[Proof, ...]
    looks: tuple[Look, ...]
    hollow: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is looked at, directory by directory; ``after`` names the pass that made such cards."""

    visits: tuple[Visit, ...]
    after: str

    def key_refs(self) -> frozenset[KeyRef]:
        """The keys that looking takes."""
        proofs = (proof for visit in self.visits for look in visit.looks for proof in (*visit.proofs, *look.proofs))
        return frozenset(ref for proof in proofs for ref in key_refs(proof))

    def inspect(
        self, channel: Channel, dialect: Dialect, service: KeyService, identity: CardIdentity
    ) -> dict[str, str]:
        """The texts found, by source.  Raises GuardRefused that says what the card is instead."""
        runner = Runner(channel, dialect, service, identity.factor)
        found: dict[str, str] = {}
        try:
            for visit in self.visits:
                self._enter(channel, visit)
                done: set[Proof] = set()
                for look in visit.looks:
                    for proof in (*visit.proofs, *look.proofs):
                        if proof not in done:
                            _prove(runner, proof)
                            done.add(proof)
                    found[look.item.source] = _see(channel, look)
                for file in visit.hollow:
                    if channel.send(look_for(file)).sw not in NO_FILE:
                        raise GuardRefused("card-not-hollow", at=f"{visit.directory.name}/{file.name}")
        finally:
            service.forget(identity.factor)
        return found

    def _enter(self, channel: Channel, visit: Visit) -> None:
        for select in visit.path:
            answer = channel.send(select)
            if not answer.ok:
                raise GuardRefused(
                    "card-not-begun", directory=visit.directory.name, after=self.after, sw=f"{answer.sw:04X}"
                )


def compile_arrival(template: Template, dialect: Dialect, link: str = "") -> Arrival:
    """What the pass of a template looks at, and the item ``link`` where cards are tied to their rows by it.

    A card proves itself first wherever the plan has that key at hand.  Raises PlanError for an item that no key opens.
    """
    profile, pass_, held = template.profile, template.pass_, template.key_refs()
    if pass_.takes_blanks:
        return Arrival((), "")
    wanted: dict[str, bool | None] = dict.fromkeys(pass_.must_be_set, True)
    wanted |= dict.fromkeys((place for place in pass_.must_be_empty if "/" in place), False)
    place = profile.place_of(link) if link else None
    if place is not None:
        wanted[place] = True
    making = Making(profile, template.region)
    visits = []
    for directory in profile.directories:
        looks = [
            _look(making, dialect, place, must)
            for place, must in wanted.items()
            if place.startswith(f"{directory.name}/")
        ]
        hollow = directory.files if directory.name in pass_.must_be_empty else ()
        if looks or hollow:
            own = tuple(proof for proof in _own_proofs(making, dialect, directory) if proof.key in held)
            free_first = tuple(sorted(looks, key=lambda look: len(look.proofs)))
            visits.append(Visit(directory, dialect.path(profile, directory), own, free_first, hollow))
    return Arrival(tuple(visits), pass_.after)


def _look(making: Making, dialect: Dialect, place: str, must_be_set: bool | None) -> Look:
    directory, file, number, item = making.profile.item(place)
    command = Command(0x00, 0xB2, number, file.sfi << 3 | 4, le=2 + item.length)
    return Look(place, item, command, tuple(_proofs(making, dialect, directory, file)), must_be_set)


def _proofs(making: Making, dialect: Dialect, directory: Directory, file: File) -> Iterator[Proof]:
    """What opens a file, the card's own proof first."""
    if file.read.free:
        return
    right = next((right for right in file.read.rights if right != PIN), None)
    if right is None:
        raise PlanError("pass-needs-pin", file=f"{directory.name}/{file.name}")
    yield from _own_proofs(making, dialect, directory)
    _, slot = making.profile.key(right)
    yield Authenticate(making.ref(slot.name), dialect.key_id(slot))


def _own_proofs(making: Making, dialect: Dialect, directory: Directory) -> Iterator[ProveCard]:
    """How a directory shows that it is the issuer's, at the price of no try."""
    for slot in directory.keys:
        if slot.kind is KeyKind.INTERNAL:
            yield ProveCard(making.ref(slot.name), dialect.key_id(slot))


def _prove(runner: Runner, proof: Proof) -> None:
    try:
        runner.act(proof)
    except (Quarantined, StatusError) as error:
        raise GuardRefused("card-not-ours", key=proof.key.name) from error
    except CounterError as error:
        raise GuardRefused("card-other-keys", key=proof.key.name, tries=error.fields["tries"]) from error


def _see(channel: Channel, look: Look) -> str:
    """The text of an item, empty where it is not set."""
    answer = channel.send(look.command)
    if not answer.ok and answer.sw not in _ABSENT:
        raise GuardRefused("card-unreadable", at=look.place, sw=f"{answer.sw:04X}")
    value = answer.data[2:] if answer.ok else b""
    text = "" if value == coding.blank(look.item) else coding.decode(look.item, value)
    if look.must_be_set is not None and bool(text) is not look.must_be_set:
        key = "card-item-empty" if look.must_be_set else "card-has-holder"
        raise GuardRefused(key, at=look.place, item=look.item.zh if current() == "zh" else look.item.en)
    return text


def differing(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Sources in which a card tells something else than its row."""
    return [source for source in _READ_SIDE if found.get(source) and found[source] != expected[source]]
