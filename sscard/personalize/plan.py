"""From profile, dialect and record to the ordered list of steps that makes one card.

A template is made once for a profile; a plan is the template with one person's values put in.  Both are pure: no
card, no key value, no clock.  The order of stages comes from the profile; each stage is a function of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from sscard.apdu.command import MAX_ANSWER, Command
from sscard.cos.dialect import Dialect
from sscard.cos.model import Access, Directory, File, Item, Join, KeyKind, KeySlot, Profile, Structure
from sscard.errors import PlanError
from sscard.keys.catalog import PIN, TRANSPORT
from sscard.keys.service import KeyRef
from sscard.personalize.record import Record
from sscard.personalize.steps import (
    Action,
    Answers,
    Authenticate,
    Compare,
    LoadFirstKey,
    LoadKey,
    Plan,
    PresentCode,
    ProveCard,
    Refused,
    Reset,
    Send,
    Step,
    VerifyPin,
)
from sscard.personalize.values import CardValues, card_identification_code, varies

_SSSE: Final = "SSSE"
_PSE: Final = "PSE"
_PROBE_FID: Final = 0xEFEE
_SELECT_MF: Final = Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00")

Maker = Callable[[CardValues], Step]


def select_name(name: bytes, le: int | None = None) -> Command:
    """SELECT by DF name or AID."""
    return Command(0x00, 0xA4, 0x04, 0x00, name, le)


def select_directory(directory: Directory) -> Command:
    """SELECT by name, or by FID where a directory has its label only; that works from inside its environment."""
    if directory.aid:
        return select_name(directory.aid)
    return Command(0x00, 0xA4, 0x00, 0x00, directory.fid.to_bytes(2, "big"))


def update_record(file: File, number: int, record: bytes) -> Command:
    """UPDATE RECORD by number with SFI; a number one past the end adds the record."""
    return Command(0x00, 0xDC, number, file.sfi << 3 | 4, record)


@dataclass(frozen=True, slots=True)
class Template:
    """A profile compiled to steps; ``makers`` fill those that depend on the person or the card."""

    profile: Profile
    region: str
    init_org: str
    steps: tuple[Step, ...]
    makers: tuple[tuple[int, Maker], ...]

    def plan(self, record: Record, serial: bytes) -> Plan:
        """The plan for one person on the card with this 4-byte serial.  Raises PlanError when a value does not fit."""
        made = {"card_id": card_identification_code(self.region, serial), "init_org": self.init_org}
        values = CardValues(self.profile, record, made)
        steps = list(self.steps)
        try:
            for index, maker in self.makers:
                steps[index] = maker(values)
        except ValueError as error:
            raise PlanError("plan-value", seq=record.seq, line=record.line, item=str(error)) from error
        return Plan(tuple(steps))

    def key_refs(self) -> frozenset[KeyRef]:
        """Every key the plan asks for, not yet bound to a card."""
        return frozenset(ref for step in self.steps for ref in _refs(step.action))


def compile_profile(profile: Profile, dialect: Dialect, region: str, init_org: str) -> Template:
    """Compile a profile.  Raises PlanError for a stage nobody knows or a rule the dialect cannot express."""
    builder = _Builder(profile, dialect, region)
    for stage in profile.stages:
        work = _STAGES.get(stage)
        if work is None:
            raise PlanError("stage-unknown", stage=stage, profile=profile.name)
        builder.stage = stage
        work(builder)
    return Template(profile, region, init_org, tuple(builder.steps), tuple(builder.makers))


def _refs(action: Action) -> Iterator[KeyRef]:
    match action:
        case PresentCode(key) | VerifyPin(key) | ProveCard(key):
            yield key
        case Authenticate(key=key) | LoadFirstKey(key=key):
            yield key
        case LoadKey(key=key, under=under):
            yield key
            yield under
        case Refused(inner):
            yield from _refs(inner)


class _Builder:
    """Collects steps; knows how one directory is entered, filled and checked."""

    def __init__(self, profile: Profile, dialect: Dialect, region: str) -> None:
        self.profile = profile
        self.dialect = dialect
        self.region = region
        self.stage = ""
        self.visit = 0
        self.steps: list[Step] = []
        self.makers: list[tuple[int, Maker]] = []
        self._blank = CardValues(profile, None, {})

    def ref(self, slot: KeySlot, version: int | None = None) -> KeyRef:
        """The key of a slot, in the version the profile gives first where none is named."""
        return KeyRef(slot.name, self.region, b"", version or slot.versions[0])

    @property
    def transport(self) -> KeyRef:
        return KeyRef(TRANSPORT, self.region)

    def add(self, purpose: str, target: str, action: Action, **marks: object) -> Step:
        step = Step(self.stage, self.visit, purpose, target, action, **marks)  # type: ignore[arg-type]
        self.steps.append(step)
        return step

    def enter(self, purpose: str, target: str, action: Action) -> None:
        """Begin a visit with the action that leads there."""
        self.visit += 1
        self.add(purpose, target, action, session=True)

    def authenticate(self, slot: KeySlot) -> None:
        number = self.dialect.master_key_id if slot.kind is KeyKind.MASTER else slot.id
        self.add("authenticate", slot.name, Authenticate(self.ref(slot), number), session=True)

    def create_directory(self, directory: Directory, under: KeySlot) -> None:
        """CREATE, then the directory's own master key under the one above."""
        select = Command(0x00, 0xA4, 0x00, 0x00, directory.fid.to_bytes(2, "big"))
        self.add(
            "create-directory",
            directory.name,
            Send(self.dialect.create_directory(directory)),
            restore=Send(select),
            already=self.dialect.exists,
            durable=True,
            undo="delete",
        )
        self.load_key(directory.master, under)

    def load_key(self, slot: KeySlot, under: KeySlot) -> None:
        """One WRITE KEY for each version; a master key can be probed, other keys are simply written again."""
        probe = None
        if slot.kind is KeyKind.MASTER:
            probe = Authenticate(self.ref(slot), self.dialect.master_key_id)
        for version in slot.versions:
            prefix = self.dialect.key_prefix(self.profile, slot, version)
            header = self.dialect.write_key_header(slot)
            fill = self.dialect.key_fill(self.profile, slot)
            action = LoadKey(self.ref(slot, version), self.ref(under), header, prefix, fill)
            target = slot.name if len(slot.versions) == 1 else f"{slot.name} v{version}"
            self.add("load-key", target, action, probe=probe, durable=True, permanent=True)

    def create_files(self, directory: Directory) -> None:
        for file in directory.files:
            self.add(
                "create-file",
                f"{directory.name}/{file.name}",
                Send(self.dialect.create_file(self.profile, directory, file)),
                already=self.dialect.exists,
                durable=True,
                undo="delete",
            )

    def write_items(self, directory: Directory) -> None:
        """Every record of every TLV file, the files of one update key together: one authentication a key."""
        held = {directory.master.name}
        for rights, files in _by_update(directory.files):
            if rights and not held & set(rights):
                _, slot = self.profile.key(rights[0])
                self.authenticate(slot)
                held.add(slot.name)
            for file in files:
                for number, _, item in file.records():
                    self._write(f"{directory.name}/{file.name}/{item.tag:02X}", file, number, item)

    def _write(self, target: str, file: File, number: int, item: Item) -> None:
        def make(values: CardValues) -> Send:
            return Send(update_record(file, number, values.record_bytes(item)))

        step = self.add("write-item", target, make(self._blank), durable=True)
        if varies(item):
            self.makers.append((len(self.steps) - 1, lambda values: replace(step, action=make(values))))

    def check_file(self, directory: Directory, file: File) -> None:
        """Read one file back and compare it whole."""
        target = f"{directory.name}/{file.name}"
        p2 = file.sfi << 3
        if file.structure is Structure.CYCLIC:
            command = Command(0x00, 0xB2, 0x01, p2 | 4, le=file.record_length)
            self.add("check-empty", target, Answers(command, frozenset({0x6A83})), session=True)
        elif file.structure is Structure.TRANSPARENT:
            command = Command(0x00, 0xB0, 0x80 | file.sfi, 0x00, le=1)
            self.add("check-readable", target, Answers(command, frozenset({0x9000})), session=True)
        else:
            for first, items in _chunks(file, self._blank):
                self._compare(target, first, p2, items)

    def _compare(self, target: str, first: int, p2: int, items: tuple[Item, ...]) -> None:
        def make(values: CardValues) -> Compare:
            expected = b"".join(values.record_bytes(item) for item in items)
            return Compare(Command(0x00, 0xB2, first, p2 | 5, le=len(expected)), expected, items)

        step = self.add("compare", target, make(self._blank), session=True)
        if any(varies(item) for item in items):
            self.makers.append((len(self.steps) - 1, lambda values: replace(step, action=make(values))))


def _by_update(files: tuple[File, ...]) -> Iterator[tuple[tuple[str, ...], list[File]]]:
    """Files with records to write, grouped by update rule in order of first appearance."""
    groups: dict[Access, list[File]] = {}
    for file in files:
        if file.structure.is_tlv and file.items:
            groups.setdefault(file.update, []).append(file)
    for rule, members in groups.items():
        if rule.never or (len(rule.rights) > 1 and rule.join is Join.ALL):
            raise PlanError("plan-unwritable", file=members[0].name, rule=str(rule))
        yield rule.rights, members


def _chunks(file: File, blank: CardValues) -> Iterator[tuple[int, tuple[Item, ...]]]:
    """``(first record number, items)`` of each READ RECORD that fetches as many whole records as one answer holds."""
    first, size = 1, 0
    items: list[Item] = []
    for number, _, item in file.records():
        length = len(blank.record_bytes(item))
        if size + length > MAX_ANSWER:
            yield first, tuple(items)
            first, size, items = number, 0, []
        size += length
        items.append(item)
    if items:
        yield first, tuple(items)


def _transport(build: _Builder) -> None:
    build.enter("transport", TRANSPORT, PresentCode(build.transport))


def _card_key(build: _Builder) -> None:
    slot = build.profile.card_master
    prefix = build.dialect.key_prefix(build.profile, slot, slot.versions[0])
    probe = Authenticate(build.ref(slot), build.dialect.master_key_id)
    action = LoadFirstKey(build.ref(slot), slot, prefix)
    build.add("load-key", slot.name, action, probe=probe, durable=True, permanent=True)


def _environments(build: _Builder) -> None:
    """SSSE and PSE under the card master key, the transport right left behind by a reset."""
    for number, directory in enumerate(_ddfs(build.profile)):
        build.enter(*(("select", "MF", Send(_SELECT_MF)) if number else ("reset", "", Reset())))
        build.authenticate(build.profile.card_master)
        build.create_directory(directory, build.profile.card_master)


def _handover(build: _Builder) -> None:
    """Prove for each environment that the card master key opens nothing in it any more."""
    for directory in _ddfs(build.profile):
        build.enter("select", "MF", Send(_SELECT_MF))
        build.authenticate(build.profile.card_master)
        build.add("select", directory.name, Send(select_name(directory.aid)), session=True)
        probe = File("probe", _PROBE_FID, 0x1D, "", "", Structure.TRANSPARENT, 1, Access(), Access())
        create = Send(build.dialect.create_file(build.profile, directory, probe))
        build.add("prove-no-create", directory.name, Refused(create), session=True)
        master = directory.master
        prefix = build.dialect.key_prefix(build.profile, master, master.versions[0])
        header = build.dialect.write_key_header(master)
        load = LoadKey(build.ref(master), build.ref(build.profile.card_master), header, prefix)
        build.add("prove-no-load", directory.name, Refused(load), session=True)


def _applications(build: _Builder) -> None:
    for directory in _children(build.profile, _SSSE):
        ssse = build.profile.directory(_SSSE)
        build.enter("select", ssse.name, Send(select_name(ssse.aid)))
        build.authenticate(ssse.master)
        _fill_new(build, directory, ssse)


def _fill_new(build: _Builder, directory: Directory, above: Directory) -> None:
    build.create_directory(directory, above.master)
    build.authenticate(directory.master)
    _fill(build, directory)


def _fill(build: _Builder, directory: Directory) -> None:
    build.create_files(directory)
    for slot in directory.keys:
        if slot.kind is not KeyKind.PIN:
            build.load_key(slot, directory.master)
    build.write_items(directory)


def _payment(build: _Builder) -> None:
    pse = build.profile.directory(_PSE)
    build.enter("select", pse.name, Send(select_name(pse.aid)))
    build.authenticate(pse.master)
    _fill(build, pse)
    for number, directory in enumerate(_children(build.profile, _PSE)):
        if number:
            build.enter("select", pse.name, Send(select_name(pse.aid)))
            build.authenticate(pse.master)
        _fill_new(build, directory, pse)


def _holder(build: _Builder) -> None:
    ssse = build.profile.directory(_SSSE)
    build.enter("select", ssse.name, Send(select_name(ssse.aid)))
    build.authenticate(ssse.master)
    _fill(build, ssse)


def _pin(build: _Builder) -> None:
    directory, slot = build.profile.key(PIN)
    if not build.steps or build.steps[-1].visit != build.visit or build.steps[-1].stage != "holder":
        build.enter("select", directory.name, Send(select_name(directory.aid)))
        build.authenticate(directory.master)
    build.load_key(slot, directory.master)


def _seal(build: _Builder) -> None:
    build.enter("select", "MF", Send(_SELECT_MF))
    build.authenticate(build.profile.card_master)
    build.add(
        "seal",
        "MF",
        Send(build.dialect.seal()),
        already=build.dialect.sealed_already,
        durable=True,
        permanent=True,
    )


def _verify(build: _Builder) -> None:
    """From a fresh reset: the transport code is dead, the card proves itself, every item is what it should be."""
    build.enter("reset", "", Reset())
    build.add("prove-sealed", TRANSPORT, Refused(PresentCode(build.transport)), session=True)
    for directory in build.profile.directories:
        _check(build, directory)


def _check(build: _Builder, directory: Directory) -> None:
    build.add("select", directory.name, Send(select_directory(directory)), session=True)
    for slot in directory.keys:
        if slot.kind is KeyKind.INTERNAL:
            build.add("prove-card", slot.name, ProveCard(build.ref(slot)), session=True)
        elif slot.kind is KeyKind.PIN:
            build.add("verify-pin", slot.name, VerifyPin(build.ref(slot)), session=True)
    held = {PIN}
    for file in directory.files:
        if file.read.never:
            continue
        wanted = [right for right in file.read.rights if right != PIN]
        for right in wanted:
            if right not in held:
                build.authenticate(build.profile.key(right)[1])
                held.add(right)
        build.check_file(directory, file)


def _ddfs(profile: Profile) -> tuple[Directory, ...]:
    return tuple(directory for directory in profile.directories if directory.is_ddf)


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
    "pin": _pin,
    "seal": _seal,
    "verify": _verify,
}
