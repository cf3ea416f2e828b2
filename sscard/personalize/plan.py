"""From profile, dialect and record to the ordered list of steps that makes one card.

A template is made once for a pass of a profile; a plan is the template with one person's values put in.  Both are pure:
no card, no key value, no clock.  The order of stages comes from the pass; each stage is a function of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.actions import (
    Action,
    Answers,
    Authenticate,
    Compare,
    LoadFirstKey,
    LoadKey,
    LoadPin,
    Move,
    PresentCode,
    ProveCard,
    Refused,
    Reset,
    Send,
    Series,
    VerifyPin,
)
from sscard.cos.commands import SELECT_MF, select_directory
from sscard.cos.dialect import Dialect, Making
from sscard.cos.model import Access, Directory, File, Item, Join, KeyKind, KeySlot, Profile, Structure
from sscard.cos.passes import Pass
from sscard.cos.pboc import BALANCE_SIZE, application_serial, balance_command
from sscard.errors import PlanError
from sscard.keys.catalog import PIN
from sscard.keys.service import KeyRef
from sscard.personalize.record import Record
from sscard.personalize.steps import Plan, Step
from sscard.personalize.values import CardValues, card_identification_code, varies

_PSE: Final = "PSE"
_NO_RECORD: Final = 0x6A83
NO_FILE: Final = frozenset({0x6A82})
"""What a read in a directory answers that has no such file."""
MADE: Final = frozenset({"card_id", "init_org", "application_serial"})
"""Sources of values that are made for each card, whoever gets it."""
PIN_STAGE: Final = "pin"

Maker = Callable[[CardValues], Step]
Writing = Callable[[Making, Directory, File, int, bytes], Move]


@dataclass(frozen=True, slots=True)
class Template:
    """A profile compiled to steps; ``makers`` fill those that depend on the person or the card."""

    profile: Profile
    region: str
    init_org: str
    pass_: Pass
    steps: tuple[Step, ...]
    makers: tuple[tuple[int, Maker], ...]

    def plan(self, record: Record, serial: bytes) -> Plan:
        """The plan for one person on the card with this 4-byte serial.  Raises PlanError when a value does not fit."""
        made = {
            "card_id": card_identification_code(self.region, serial),
            "init_org": self.init_org,
            "application_serial": application_serial(self.region, serial),
        }
        values = CardValues(self.profile, record, made)
        steps = list(self.steps)
        try:
            for index, maker in self.makers:
                steps[index] = maker(values)
        except ValueError as error:
            raise PlanError("plan-value", seq=record.seq, line=record.line, item=str(error)) from error
        return Plan(tuple(steps))

    def key_refs(self) -> frozenset[KeyRef]:
        """Every key the plan asks for, also to find out or take back after a cut, not yet bound to a card."""
        actions = (part for step in self.steps for part in (step.action, step.probe, *step.clear) if part is not None)
        return frozenset(ref for action in actions for ref in key_refs(action))


def compile_profile(
    profile: Profile, dialect: Dialect, region: str, init_org: str, pass_: Pass | None = None
) -> Template:
    """Compile a pass of a profile, by default the whole card.

    Raises PlanError for a stage nobody knows or a rule the dialect cannot express.
    """
    pass_ = pass_ or profile.whole
    builder = _Builder(profile, dialect, region, pass_)
    for stage in pass_.stages:
        work = _STAGES.get(stage)
        if work is None:
            raise PlanError("stage-unknown", stage=stage, profile=profile.name)
        builder.stage = stage
        work(builder)
    return Template(profile, region, init_org, pass_, tuple(builder.steps), tuple(builder.makers))


def key_refs(action: Action) -> Iterator[KeyRef]:
    """The keys that an action uses."""
    match action:
        case PresentCode(key=key) | VerifyPin(key=key) | ProveCard(key=key) | Authenticate(key=key):
            yield key
        case LoadFirstKey(key=key):
            yield key
        case LoadKey(key=key, under=under) | LoadPin(key=key, under=under):
            yield key
            yield under
        case Send(guard=guard) | Compare(guard=guard) if guard is not None:
            yield guard.key
        case Refused(inner):
            yield from key_refs(inner)
        case Series(actions):
            for part in actions:
                yield from key_refs(part)


class _Builder:
    """Collects steps; knows where the card stands, which rights count there, and how a directory is filled."""

    def __init__(self, profile: Profile, dialect: Dialect, region: str, pass_: Pass) -> None:
        self.profile = profile
        self.dialect = dialect
        self.pass_ = pass_
        self.made: list[Directory] = []
        self.written: dict[str, list[File]] = {}
        self.making = Making(profile, region)
        self.stage = ""
        self.visit = 0
        self.held: frozenset[str] = frozenset()
        self.here: Directory | None = None
        self.steps: list[Step] = []
        self.makers: list[tuple[int, Maker]] = []
        self._blank = CardValues(profile, None, {})

    def ref(self, name: str) -> KeyRef:
        return self.making.ref(name)

    def add(self, *moves: Move) -> Step:
        """Put moves into the open visit; returns the last one's step."""
        for move in moves:
            step = Step.of(move, self.stage, self.visit)
            self.steps.append(step)
        return step

    def session(self, purpose: str, target: str, action: Action) -> Step:
        """A move that changes no more than the session."""
        return self.add(Move(purpose=purpose, target=target, action=action, session=True))

    def begin(self, purpose: str = "", target: str = "", *actions: Action) -> None:
        """Begin a visit with the session's actions that lead there."""
        self.visit += 1
        self.here = None
        self.held = self.dialect.rights.leave(self.held)
        for action in actions:
            self.session(purpose, target, action)

    def enter(self, directory: Directory) -> None:
        """Begin a visit to a directory, its master key proved."""
        path = self.dialect.path(self.profile, directory)
        self.begin("select", directory.name, *(Send(select) for select in path))
        self.need(directory.master)

    def enter_mf(self) -> None:
        """Begin a visit to the MF, the card master key proved."""
        self.begin("select", "MF", Send(SELECT_MF))
        self.need(self.profile.card_master)

    def look(self, directory: Directory) -> None:
        """Select a directory without beginning a visit."""
        for select in self.dialect.path(self.profile, directory, self.here):
            self.session("select", directory.name, Send(select))
        self.here = directory
        self.held = self.dialect.rights.leave(self.held)

    def need(self, slot: KeySlot) -> None:
        """Prove a key unless its right counts already."""
        if slot.name in self.held:
            return
        key_id = self.dialect.key_id(slot)
        if slot.kind is KeyKind.PIN:
            self.session("verify-pin", slot.name, VerifyPin(self.ref(slot.name), key_id))
        else:
            self.session("authenticate", slot.name, Authenticate(self.ref(slot.name), key_id))
        self.held = self.dialect.rights.gain(self.held, slot.name)

    def make(self, directory: Directory) -> None:
        """Make a directory with its master key in the one above; it is current and nothing is proved in it."""
        self.made.append(directory)
        self.add(*self.dialect.make_directory(self.making, directory))
        self.held = self.dialect.rights.leave(self.held)

    def fill(self, directory: Directory) -> None:
        """Files, keys but the PIN, and records of the current directory."""
        self.written[directory.name] = list(directory.files)
        self.need(directory.master)
        for file in directory.files:
            self.add(
                Move(
                    purpose="create-file",
                    target=f"{directory.name}/{file.name}",
                    action=Send(self.dialect.create_file(self.making, directory, file)),
                    already=self.dialect.exists,
                    durable=True,
                    undo="delete",
                )
            )
        for slot in directory.keys:
            if slot.kind is not KeyKind.PIN:
                self.add(*self.dialect.load_key(self.making, directory, slot))
        self._write_items(directory)

    def _write_items(self, directory: Directory) -> None:
        """What every file holds from the beginning, the files of one update key together: one authentication a key."""
        for rights, files in _by_update(directory.files):
            if rights and not self.held & set(rights):
                self.need(self.profile.key(rights[0])[1])
            for file in files:
                if file.structure is Structure.TRANSPARENT:
                    self._write_content(directory, file)
                    continue
                for number, _, item in file.records():
                    self._write(directory, file, number, item, self.dialect.write_record)

    def personalize(self, directory: Directory) -> None:
        """The person's items in a directory that holds them empty, under the update keys alone."""
        for rights, files in _by_update(directory.files):
            wanted = [(file, *record) for file in files for record in file.records() if self._of_person(record[2])]
            if wanted and rights and not self.held & set(rights):
                self.need(self.profile.key(rights[0])[1])
            for file, number, _, item in wanted:
                self._write(directory, file, number, item, self.dialect.rewrite_record)
                if file not in self.written.setdefault(directory.name, []):
                    self.written[directory.name].append(file)

    def _of_person(self, item: Item) -> bool:
        """Whether the item's text comes from the row of a batch."""
        return varies(item) and not MADE & {item.source} and item.source not in self.profile.constants

    def _write(self, directory: Directory, file: File, number: int, item: Item, writing: Writing) -> None:
        target = f"{directory.name}/{file.name}/{item.tag:02X}"

        def make(values: CardValues) -> Move:
            record = values.record_bytes(item)
            return replace(writing(self.making, directory, file, number, record), target=target)

        self._add_made(make, varies(item))

    def _write_content(self, directory: Directory, file: File) -> None:
        target = f"{directory.name}/{file.name}"

        def make(values: CardValues) -> Move:
            content = values.content(file)
            return replace(self.dialect.write_content(self.making, directory, file, content), target=target)

        self._add_made(make, any(map(varies, file.items)))

    def _add_made(self, make: Callable[[CardValues], Move], varying: bool) -> None:
        """Put a move into the visit that is made for each card where its bytes vary."""
        step = self.add(make(self._blank))
        if varying:
            self.makers.append((len(self.steps) - 1, lambda values: Step.of(make(values), step.stage, step.visit)))

    def check_file(self, directory: Directory, file: File) -> None:
        """Read one file back and compare it whole."""
        target = f"{directory.name}/{file.name}"
        p2 = file.sfi << 3
        if file.structure is Structure.CYCLIC:
            command = Command(0x00, 0xB2, 0x01, p2 | 4, le=file.record_length)
            self.session("check-empty", target, Answers(command, frozenset({_NO_RECORD})))
        elif file.structure is Structure.PURSE:
            self.session("compare", target, Compare(balance_command(file.fid), bytes(BALANCE_SIZE)))
        elif file.structure is Structure.TRANSPARENT and file.filled:
            command = Command(0x00, 0xB0, 0x80 | file.sfi, 0x00, le=file.size)
            self._compare(target, file, command, file.items, lambda values: values.content(file))
        elif file.structure is Structure.TRANSPARENT:
            command = Command(0x00, 0xB0, 0x80 | file.sfi, 0x00, le=1)
            self.session("check-readable", target, Answers(command, self.dialect.unwritten))
        else:
            items = [item for _, _, item in file.records()]
            lengths = tuple(len(self._blank.record_bytes(item)) for item in items)
            done = 0
            for command, count in self.dialect.read_runs(file, lengths):
                part = tuple(items[done : done + count])
                self._compare(target, file, command, part, partial(_run, part))
                done += count

    def _compare(
        self,
        target: str,
        file: File,
        command: Command,
        items: tuple[Item, ...],
        expected: Callable[[CardValues], bytes],
    ) -> None:
        guard = self.dialect.read_guard(self.making, file)

        def make(values: CardValues) -> Compare:
            return Compare(command, expected(values), items, guard)

        step = self.session("compare", target, make(self._blank))
        if any(varies(item) for item in items):
            self.makers.append((len(self.steps) - 1, lambda values: replace(step, action=make(values))))


def _run(items: tuple[Item, ...], values: CardValues) -> bytes:
    """The records of items, one behind the other."""
    return b"".join(values.record_bytes(item) for item in items)


def _by_update(files: tuple[File, ...]) -> Iterator[tuple[tuple[str, ...], list[File]]]:
    """Files with content to write, grouped by update rule in order of first appearance."""
    groups: dict[Access, list[File]] = {}
    for file in files:
        if file.filled:
            groups.setdefault(file.update, []).append(file)
    for rule, members in groups.items():
        if rule.never or (len(rule.rights) > 1 and rule.join is Join.ALL):
            raise PlanError("plan-unwritable", file=members[0].name, rule=str(rule))
        yield rule.rights, members


def _transport(build: _Builder) -> None:
    build.begin()
    build.add(*build.dialect.opening(build.making))


def _card_key(build: _Builder) -> None:
    build.add(*build.dialect.first_key(build.making))


def _environments(build: _Builder) -> None:
    """What stands in the MF under the card master key, the right to issue left behind by a reset."""
    for number, directory in enumerate(build.profile.top):
        if number:
            build.enter_mf()
        else:
            build.begin("reset", "", Reset())
            build.need(build.profile.card_master)
        build.make(directory)


def _handover(build: _Builder) -> None:
    """Prove for each environment that the card master key opens nothing in it any more."""
    for directory in build.profile.top:
        build.enter_mf()
        build.session("select", directory.name, Send(select_directory(directory)))
        create = Send(build.dialect.create_probe(build.making, directory))
        build.session("prove-no-create", directory.name, Refused(create))
        load = build.dialect.overtake(build.making, directory)
        build.session("prove-no-load", directory.name, Refused(load))


def _applications(build: _Builder) -> None:
    home = build.profile.home
    for directory in _children(build.profile, home.name):
        build.enter(home)
        build.make(directory)
        build.fill(directory)


def _payment(build: _Builder) -> None:
    pse = build.profile.directory(_PSE)
    build.enter(pse)
    build.fill(pse)
    for number, directory in enumerate(_children(build.profile, _PSE)):
        if number:
            build.enter(pse)
        build.need(pse.master)
        build.make(directory)
        build.fill(directory)


def _holder(build: _Builder) -> None:
    build.enter(build.profile.home)
    build.fill(build.profile.home)


def _person(build: _Builder) -> None:
    """A card that was initialised gets its holder."""
    home = build.profile.home
    build.begin("select", home.name, *(Send(select) for select in build.dialect.path(build.profile, home)))
    build.personalize(home)


def _pin(build: _Builder) -> None:
    directory, slot = build.profile.key(PIN)
    if not build.steps or build.steps[-1].visit != build.visit or build.steps[-1].stage != "holder":
        build.enter(directory)
    build.need(directory.master)
    build.add(*build.dialect.load_key(build.making, directory, slot))


def _close(build: _Builder) -> None:
    """End the making of every directory, those inside first."""
    for directory in sorted(build.profile.directories, key=lambda directory: directory.is_ddf):
        path = build.dialect.path(build.profile, directory)
        build.begin("select", directory.name, *(Send(select) for select in path))
        build.add(*build.dialect.close(build.making, directory))


def _seal(build: _Builder) -> None:
    build.enter_mf()
    build.add(*build.dialect.seal(build.making))


def _verify(build: _Builder) -> None:
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


def _check_hollow(build: _Builder, directory: Directory) -> None:
    """A directory that is left to another party: it is there, and has none of its files."""
    build.look(directory)
    for file in directory.files:
        build.session("check-empty", f"{directory.name}/{file.name}", Answers(look_for(file), NO_FILE))


def look_for(file: File) -> Command:
    """Read the first of a file, by which a card says whether it has it."""
    if file.structure.is_tlv or file.structure is Structure.CYCLIC:
        return Command(0x00, 0xB2, 0x01, file.sfi << 3 | 4, le=256)
    return Command(0x00, 0xB0, 0x80 | file.sfi, 0x00, le=1)


def _check(build: _Builder, directory: Directory) -> None:
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


_STAGES: Final[dict[str, Callable[[_Builder], None]]] = {
    "transport": _transport,
    "card-key": _card_key,
    "environments": _environments,
    "handover": _handover,
    "applications": _applications,
    "payment": _payment,
    "holder": _holder,
    "person": _person,
    PIN_STAGE: _pin,
    "close": _close,
    "seal": _seal,
    "verify": _verify,
}
