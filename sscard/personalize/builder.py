"""Collects the steps of a plan: knows where the card stands, which rights count there, how a directory is filled.

Stages (:mod:`.stages`) speak to a builder; a template (:mod:`.plan`) is what it has collected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.actions import (
    Action,
    Answers,
    Authenticate,
    Compare,
    Move,
    Send,
    VerifyPin,
)
from sscard.cos.commands import SELECT_MF
from sscard.cos.dialect import Dialect, Making
from sscard.cos.model import Access, Directory, File, Item, Join, KeyKind, KeySlot, Profile, Structure
from sscard.cos.passes import Pass
from sscard.cos.pboc import BALANCE_SIZE, balance_command
from sscard.errors import PlanError
from sscard.keys.service import KeyRef
from sscard.personalize.steps import Step
from sscard.personalize.values import CardValues, varies

_NO_RECORD: Final = 0x6A83
MADE: Final = frozenset({"card_id", "init_org", "application_serial"})
"""Sources of values that are made for each card, whoever gets it."""

Maker = Callable[[CardValues], Step]
Writing = Callable[[Making, Directory, File, int, bytes], Move]


class Builder:
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

        self.add_made(make, varies(item))

    def _write_content(self, directory: Directory, file: File) -> None:
        target = f"{directory.name}/{file.name}"

        def make(values: CardValues) -> Move:
            content = values.content(file)
            return replace(self.dialect.write_content(self.making, directory, file, content), target=target)

        self.add_made(make, any(map(varies, file.items)))

    def add_made(self, make: Callable[[CardValues], Move], varying: bool) -> None:
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
