"""Leads people through the steps of a run: what each kind of step asks of them, and what it writes down.

It talks through :class:`Table`, which a terminal or a test implements, and never to a screen itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from sscard.errors import CustodyError, GuardRefused, ScriptError, SscardError
from sscard.keys.ceremony import counting
from sscard.keys.ceremony.actions import ACTIONS
from sscard.keys.ceremony.bench import Bench, Desk, Exposure
from sscard.keys.ceremony.people import Person, Register, Signer
from sscard.keys.ceremony.run import Run, answers
from sscard.keys.ceremony.script import Blank, Item, Script, Step, StepKind
from sscard.keys.ceremony.transcript import Entry, Facts
from sscard.keys.secret import Secret
from sscard.keys.vault import Vault

ATTEMPTS: Final = 3
"""How often a slip of the finger may be mended before the ceremony stops; it can be taken up again."""
NOTHING: Final = "-"
"""What is entered for an empty argument."""
YES: Final = frozenset(("yes", "y", "是", "好"))
"""What a listener types who heard words that hold no value."""
SLIPS: Final = (ScriptError, GuardRefused, CustodyError)
"""Refusals that can be mended by typing again."""

T = TypeVar("T")


class Table(Desk, Protocol):
    """The people at the table, as far as words go; the rest of it is the desk of the actions."""

    def step(self, step: Step, number: int, total: int, *, again: bool) -> None:
        """Say which step comes."""
        ...

    def name(self, role: str) -> str:
        """Who takes a role."""
        ...

    def passphrase(self, role: str, person: Person) -> Secret:
        """A person's passphrase, typed blind."""
        ...

    def heard(self, speaker: str, listener: str, value: str, *, paper: bool) -> str:
        """Have the speaker read ``value`` (or, where it is empty, the step's words) and the listener type it.

        With ``paper`` the value is not shown: the speaker has it in writing.
        """
        ...

    def answer(self, blank: Blank) -> str:
        """What was asked for."""
        ...

    def serials(self, item: Item, expected: int) -> str:
        """Serial numbers of the items on the table, parted by spaces or commas."""
        ...

    def seal_number(self, item: str, serial: str) -> str:
        """Number of the bag this piece went into."""
        ...

    def refused(self, error: SscardError) -> None:
        """Say what was refused; it is asked again."""
        ...

    def done(self, entry: Entry) -> None:
        """Show what was written down."""
        ...


class Conductor:
    """Holds a run.  ``vault`` opens the vault anew for every action, so that it is never open while people talk."""

    def __init__(self, run: Run, table: Table, vault: Callable[[], Vault], exposure: Exposure) -> None:
        self._run = run
        self._table = table
        self._vault = vault
        self._exposure = exposure

    def conduct(self) -> None:
        """All steps from the open one to the end.  Whatever is raised, the run stays at its open step."""
        steps = self._run.script.steps
        while (step := self._run.open_step) is not None:
            self._table.step(step, steps.index(step) + 1, len(steps), again=self._run.story.begun)
            try:
                self._table.done(self._do(step))
            except SscardError as error:
                self._run.refuse(error.key)
                raise

    def _do(self, step: Step) -> Entry:
        if step.kind is StepKind.ACT:
            return self._run.act(step.name, self.sign(step), lambda again: self._act(step, again))
        facts = self._facts(step)
        return self._run.conclude(step.name, self.sign(step), facts)

    def _facts(self, step: Step) -> Facts:
        """What a step that is no action writes down."""
        match step.kind:
            case StepKind.READ:
                return self._again(lambda: self._read(step))
            case StepKind.ASK:
                given = {blank.name: self._again(partial(self._answer, blank)) for blank in step.blanks}
                return {"answers": answers(step.blanks, given)}
            case StepKind.COUNT:
                return self._count(step)
            case StepKind.SEAL:
                return self._seal(step)
            case _:
                return {}

    def _act(self, step: Step, again: bool) -> Facts:
        values = {name: "" if value == NOTHING else value for name, value in self._run.parameters.items()}
        using = {name: argument.format(**values) for name, argument in step.using.items()}
        vault = self._vault()
        try:
            bench = Bench(vault, self._table, self._exposure, self._run.story, self._run.folder)
            return ACTIONS[step.action](bench, using, again)
        finally:
            vault.wipe()

    def _read(self, step: Step) -> Facts:
        value = str(self._run.story.fact(step.value)) if step.value else ""
        names = {role: self._run.cast[role].name for role in (step.speaker, step.listener)}
        heard = self._table.heard(names[step.speaker], names[step.listener], value, paper=step.paper)
        if value and "".join(heard.split()).upper() != value:
            raise GuardRefused("ceremony-heard")
        if not value and heard.strip().lower() not in YES:
            raise GuardRefused("ceremony-not-confirmed")
        return {"read": value or [step.words.zh, step.words.en], "heard": heard.strip(), "by": list(names.values())}

    def _answer(self, blank: Blank) -> str:
        return blank.check(self._table.answer(blank))

    def _count(self, step: Step) -> Facts:
        """Item by item, so that a slip costs no more than its own item."""
        counted: dict[str, Any] = {}
        for item in step.items:
            counted[item.name] = self._again(partial(self._count_item, item, counted))
        return {"counted": counted}

    def _count_item(self, item: Item, counted: Mapping[str, Any]) -> dict[str, Any]:
        story = self._run.story
        before = {serial for facts in counted.values() for serial in facts["serials"]}
        return counting.count(item, story, self._table.serials(item, counting.expected(item, story)), before)

    def _seal(self, step: Step) -> Facts:
        story = self._run.story
        used, seals = counting.seals_used(story), []
        for piece in counting.pieces(step, story):
            seals.append(self._again(partial(self._seal_piece, piece, used)))
            used.add(seals[-1]["seal"])
        return {"seals": seals}

    def _seal_piece(self, piece: counting.Piece, used: AbstractSet[str]) -> dict[str, str]:
        return counting.seal(piece, self._table.seal_number(piece.item, piece.serial), used)

    def sign(self, step: Step) -> dict[str, Signer]:
        """Those who sign the step, each with their passphrase."""
        return {role: self.signer(role, self._run.cast[role]) for role in step.roles}

    def signer(self, role: str, person: Person) -> Signer:
        """One person, three attempts, each refusal written down."""

        words = str(self._run.script.roles[role])
        return self._again(lambda: _signer(self._table, words, person), person.name)

    def _again(self, work: Callable[[], T], name: str = "") -> T:
        """``work``, again after a slip."""
        for _ in range(ATTEMPTS - 1):
            try:
                return work()
            except SLIPS as error:
                self._run.refuse(error.key, name)
                self._table.refused(error)
        return work()


def gather(script: Script, register: Register, table: Table, named: Mapping[str, str]) -> dict[str, Signer]:
    """One person for every role, each with their passphrase; ``named`` are those already known by name.

    Raises what the last of three attempts raised, and GuardRefused("ceremony-alone") for a person named twice.
    """
    cast: dict[str, Signer] = {}
    for role, words in script.roles.items():
        for attempt in range(1, ATTEMPTS + 1):
            try:
                person = register.find(named[role] if role in named else table.name(str(words)))
                if any(signer.person == person for signer in cast.values()):
                    raise GuardRefused("ceremony-alone", name=person.name)
                cast[role] = _signer(table, str(words), person)
                break
            except SLIPS as error:
                if attempt == ATTEMPTS or error.key == "ceremony-alone":
                    raise
                table.refused(error)
    return cast


def _signer(table: Table, role: str, person: Person) -> Signer:
    passphrase = table.passphrase(role, person)
    try:
        return person.signer(passphrase)
    finally:
        passphrase.wipe()
