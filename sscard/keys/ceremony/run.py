"""One run of a ceremony: which step is open, who must sign it, what was done.  The rules, without screen or keyboard.

A run lives in a folder of its own, named after script and parameters, so that the same ceremony cannot be held twice.
All state is the transcript; a process that dies leaves the run at its open step.  An action's ``begin`` entry is on
disk, signed, before the action touches anything: a step that was begun and not done is done again.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sscard._version import VERSION
from sscard.errors import GuardRefused, JournalError, ScriptError
from sscard.keys.ceremony.people import Person, Register, Signer
from sscard.keys.ceremony.script import Blank, Script, Step, StepKind
from sscard.keys.ceremony.story import ABANDON, BEGIN, DONE, OPEN, REFUSED, RESUME, Story, read, tell
from sscard.keys.ceremony.transcript import (
    NAME,
    START,
    Anchor,
    Clock,
    Entry,
    Facts,
    Transcript,
    read_anchor,
    utc_now,
)

FOLDER: Final = "ceremonies"
PEOPLE: Final = "people.json"
_LOCK: Final = "lock"


class Place:
    """Where the runs of one workspace stand."""

    def __init__(self, root: Path) -> None:
        self.root = root / FOLDER
        self.people_path = self.root / PEOPLE

    def register(self) -> Register:
        """The people.  Raises JournalError("people-damaged")."""
        return Register.open(self.people_path)

    def runs(self) -> list[str]:
        """Names of all runs, in the order in which they were begun."""
        found = [path.parent for path in self.root.glob(f"*/{NAME}")]
        return [path.name for path in sorted(found, key=lambda path: (_number(path), path.name))]

    def folder(self, run: str) -> Path:
        """The folder of a run.  Raises JournalError("transcript-missing")."""
        folder = self.root / run
        if Path(run).name != run or not (folder / NAME).exists():
            raise JournalError("transcript-missing", path=str(folder / NAME))
        return folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One ceremony at a time in a workspace.  Raises GuardRefused("ceremony-busy")."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise GuardRefused("ceremony-busy") from None
        finally:
            os.close(handle)

    def admit(self, script: Script, given: Mapping[str, str]) -> dict[str, str]:
        """Parameters in the script's order and form, for a ceremony that may be begun.

        Raises ScriptError as :func:`answers` does, GuardRefused("ceremony-done").
        """
        found = answers(script.parameters, given)
        parameters = {name: str(each["value"]) for name, each in found.items()}
        self.open_run(script, parameters)
        return parameters

    def going_on(self, script: Script, given: Mapping[str, str]) -> str | None:
        """Name of the open run of this script that ``given`` parameters mean; None where there is none.

        Raises GuardRefused("ceremony-which") where more than one fits, JournalError for a damaged run of the script;
        other scripts' damage does not keep people from declaring a loss.
        """
        fitting = []
        for name in self.runs():
            if not name.startswith(script.name):
                continue
            story = read(self.folder(name))
            values = {key: each["value"] for key, each in story.opening["parameters"].items()}
            if story.opening["script"] == script.name and story.open_step and given.items() <= values.items():
                fitting.append(name)
        if len(fitting) > 1:
            raise GuardRefused("ceremony-which", runs=", ".join(fitting))
        return fitting[0] if fitting else None

    def open_run(self, script: Script, parameters: Mapping[str, str]) -> Path:
        """The folder this ceremony has or will have.

        Raises GuardRefused("ceremony-done") when it was held already.  An abandoned run does not count.
        """
        values = (re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") for value in parameters.values())
        subject = "-".join((script.name, *filter(None, values)))
        number = 1
        while True:
            folder = self.root / (subject if number == 1 else f"{subject}.{number}")
            if not (folder / NAME).exists():
                return folder
            story = read(folder)
            if story.finished:
                raise GuardRefused("ceremony-done", run=folder.name, anchor=str(story.anchor))
            if not story.abandoned:
                return folder
            number += 1


class Run:
    """A run that is going on; make it with :meth:`begin` or :meth:`resume` while :meth:`Place.locked` is held."""

    def __init__(self, script: Script, transcript: Transcript, people: Mapping[str, Person]) -> None:
        self.script = script
        self._transcript = transcript
        self._folder = transcript.path.parent
        self.cast = people

    @classmethod
    def begin(
        cls,
        place: Place,
        script: Script,
        parameters: Mapping[str, str],
        signers: Mapping[str, Signer],
        clock: Clock = utc_now,
    ) -> Run:
        """Open a ceremony with one person for each role, all of whom sign.

        Raises GuardRefused: "ceremony-role" (a role without a person), "ceremony-alone" (one person in two roles),
        "ceremony-done", "ceremony-open" (begun already: resume it); JournalError.
        """
        missing = [role for role in script.roles if role not in signers]
        if missing:
            raise GuardRefused("ceremony-role", role=str(script.roles[missing[0]]))
        cast = {role: signers[role].person for role in script.roles}
        _all_different(cast)
        folder = place.open_run(script, parameters)
        if (folder / NAME).exists():
            raise GuardRefused("ceremony-open", run=folder.name)
        before = _last(place)
        folder.mkdir(mode=0o700, exist_ok=True)
        run = cls(script, Transcript(folder, clock), cast)
        run._transcript.append(
            OPEN,
            {
                "run": folder.name,
                "number": len(place.runs()) + 1,
                "script": script.name,
                "script_sha256": script.digest,
                "title": [script.words.zh, script.words.en],
                "parameters": answers(script.parameters, parameters),
                "cast": {role: person.name for role, person in cast.items()},
                "roles": {role: [words.zh, words.en] for role, words in script.roles.items()},
                "people": {person.name: person.public.hex() for person in cast.values()},
                "steps": [[step.name, step.kind.value, list(step.roles)] for step in script.steps],
                "forms": [form.value for form in script.forms],
                "tool": VERSION,
                "before": before,
            },
            [signers[role] for role in script.roles],
        )
        return run

    @classmethod
    def resume(cls, place: Place, name: str, script: Script, clock: Clock = utc_now) -> Run:
        """Go on with a run at its open step; the transcript tells that it was taken up again.

        Raises GuardRefused: "ceremony-done", "ceremony-abandoned", "ceremony-script" (the script was changed since),
        "ceremony-people" (somebody's key is not the one the run was opened with); JournalError.
        """
        folder = place.folder(name)
        story = read(folder)
        _going_on(story)
        if story.opening["script_sha256"] != script.digest:
            raise GuardRefused("ceremony-script", run=name)
        register = place.register()
        cast = {role: register.find(person) for role, person in story.opening["cast"].items()}
        for person in cast.values():
            if person.public.hex() != story.opening["people"][person.name]:
                raise GuardRefused("ceremony-people", name=person.name)
        run = cls(script, Transcript(folder, clock), cast)
        run._transcript.append(RESUME, {"step": story.open_step})
        return run

    @property
    def story(self) -> Story:
        """What has been done so far."""
        return tell(self._folder, self._transcript.entries)

    @property
    def open_step(self) -> Step | None:
        """The step that comes now; None at the end."""
        name = self.story.open_step
        return self.script.step(name) if name else None

    @property
    def folder(self) -> Path:
        """Where the run lives."""
        return self._folder

    @property
    def parameters(self) -> dict[str, str]:
        """What the ceremony was opened with."""
        return {name: each["value"] for name, each in self.story.opening["parameters"].items()}

    def admit(self, step: str, signers: Mapping[str, Signer]) -> Step:
        """The step, if it is the open one and those who must sign it are there.

        Raises GuardRefused: "ceremony-order", "ceremony-role", "ceremony-other" (another person than the role has).
        """
        wanted = self.open_step
        if wanted is None or wanted.name != step:
            raise GuardRefused("ceremony-order", step=step, open=wanted.name if wanted else "–")
        for role in wanted.roles:
            if role not in signers:
                raise GuardRefused("ceremony-role", role=str(self.script.roles[role]))
            if signers[role].person != self.cast[role]:
                raise GuardRefused("ceremony-other", role=str(self.script.roles[role]), name=self.cast[role].name)
        return wanted

    def act(self, step: str, signers: Mapping[str, Signer], work: Callable[[bool], Facts]) -> Entry:
        """Do the open step's action: intent on disk, then ``work(again)``, then its facts on disk.

        ``again`` says that an earlier attempt may have done some or all of it.  Raises what :meth:`admit` and ``work``
        raise; the step then stays open.
        """
        admitted = self.admit(step, signers)
        again = self.story.begun
        names = {role: self.cast[role].name for role in admitted.roles}
        self._transcript.append(BEGIN, {"step": step, "roles": names}, _in_order(admitted, signers))
        return self._close(admitted, signers, work(again))

    def conclude(self, step: str, signers: Mapping[str, Signer], facts: Facts) -> Entry:
        """Write what was read, asked, counted, sealed or signed in the open step.  Raises what :meth:`admit` raises."""
        admitted = self.admit(step, signers)
        if admitted.kind is StepKind.ACT:
            raise GuardRefused("ceremony-order", step=step, open=step)
        return self._close(admitted, signers, facts)

    def _close(self, step: Step, signers: Mapping[str, Signer], facts: Facts) -> Entry:
        names = {role: self.cast[role].name for role in step.roles}
        head = {"step": step.name, "what": [step.words.zh, step.words.en], "roles": names}
        return self._transcript.append(DONE, {**head, **facts}, _in_order(step, signers))

    def refuse(self, code: str, name: str = "") -> None:
        """Write down that something was refused: a passphrase, words heard wrong, a count."""
        self._transcript.append(REFUSED, {"step": self.story.open_step, "code": code, "name": name})


def abandon(place: Place, name: str, reason: str, signers: Sequence[Signer], clock: Clock = utc_now) -> Story:
    """End a run before its time: two people of its cast sign.  Its script need not be the one it began with.

    Raises GuardRefused: "ceremony-done", "ceremony-abandoned", "ceremony-alone" (fewer than two of its people).
    """
    folder = place.folder(name)
    story = read(folder)
    _going_on(story)
    people = {signer.person.public.hex() for signer in signers} & set(story.opening["people"].values())
    if len(people) < len(signers) or len(people) < 2:
        raise GuardRefused("ceremony-alone", name="–")
    Transcript(folder, clock).append(ABANDON, {"step": story.open_step, "reason": reason}, signers)
    return read(folder)


def _going_on(story: Story) -> None:
    """Raise GuardRefused("ceremony-done", "ceremony-abandoned") for a run that has ended."""
    if story.finished:
        raise GuardRefused("ceremony-done", run=story.run, anchor=str(story.anchor))
    if story.abandoned:
        raise GuardRefused("ceremony-abandoned", run=story.run)


def answers(blanks: Sequence[Blank], given: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Answers as the transcript holds them, each with the words it was asked for in.

    Raises ScriptError("ceremony-answer", "ceremony-parameter" for one that was not asked for).
    """
    unknown = set(given) - {blank.name for blank in blanks}
    if unknown:
        raise ScriptError("ceremony-parameter", name=min(unknown), known=", ".join(blank.name for blank in blanks))
    return {
        blank.name: {"words": [blank.words.zh, blank.words.en], "value": blank.check(given.get(blank.name, ""))}
        for blank in blanks
    }


def _all_different(cast: Mapping[str, Person]) -> None:
    """Raise GuardRefused("ceremony-alone") where one person, under whatever name, stands in two roles."""
    seen: set[bytes] = set()
    for person in cast.values():
        if person.public in seen:
            raise GuardRefused("ceremony-alone", name=person.name)
        seen.add(person.public)


def _in_order(step: Step, signers: Mapping[str, Signer]) -> list[Signer]:
    return [signers[role] for role in step.roles]


def _number(folder: Path) -> int:
    """Which run of the workspace this was, by its first entry; 0 where that cannot be read."""
    try:
        with (folder / NAME).open("rb") as file:
            return int(json.loads(file.readline())["number"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def verify_all(
    place: Place, name: str | None = None, printed: Anchor | None = None
) -> Iterator[tuple[str, Story | JournalError]]:
    """Every run, or the one of a ``name`` held against an anchor from paper: its story, or what is wrong with it.

    A run must also still hold what the run begun after it wrote down as its anchor.
    """
    before: dict[str, Anchor] = {}
    for run in place.runs():
        with suppress(JournalError, KeyError, TypeError):
            told = read(place.folder(run)).opening["before"]
            if told:
                before[told["run"]] = Anchor(told["count"], told["hash"])
    for run in dict.fromkeys([*before, *place.runs()]) if name is None else (name,):
        try:
            story = read(place.folder(run), printed)
            if run in before:
                story = read(place.folder(run), before[run])
            yield run, story
        except JournalError as error:
            yield run, error


def _last(place: Place) -> dict[str, object] | None:
    """The anchor of the run that was begun before this one: a chain over all transcripts of a workspace."""
    runs = place.runs()
    if not runs:
        return None
    anchor = Anchor(0, START)
    with suppress(JournalError):
        anchor = read_anchor(place.folder(runs[-1]))
    return {"run": runs[-1], "count": anchor.count, "hash": anchor.hash}
