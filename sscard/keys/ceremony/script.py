"""A ceremony script: who must be there, and which steps follow each other.  TOML, checked before anything is asked.

Scripts of the toolkit stand in ``sscard/keys/ceremonies``; a region may write its own (docs/ceremony.md, "scripts").
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sscard.errors import ScriptError
from sscard.messages import Lang, current

SUFFIX: Final = ".toml"
DELEGATE: Final = "delegate-"
"""How the roles of those begin whom a delegation letter names."""
_READING: Final = frozenset(("speaker", "listener", "value", "paper"))
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PEOPLE_AT_LEAST: Final = 2


class StepKind(Enum):
    """What a step asks for.

    READ: words are read aloud by one role and typed as heard by another.  ASK: facts are entered.  ACT: the station
    works on keys or carriers.  COUNT: items are counted on the table.  SEAL: items go into numbered bags.  SIGN: every
    role signs what was done.
    """

    READ = "read"
    ASK = "ask"
    ACT = "act"
    COUNT = "count"
    SEAL = "seal"
    SIGN = "sign"


class Form(Enum):
    """Forms a finished ceremony gives.

    DELEGATION: annex 8, the letter that sends people for keys.  HANDOVER: annex 9, the memo of the whole official set.
    RECEIPT: the same sheet for carriers handed on below the province, where no official form says what belongs to it.
    """

    DELEGATION = "delegation"
    HANDOVER = "handover"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in Chinese and English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.say(current())

    def say(self, lang: Lang) -> str:
        """The words in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Blank:
    """One thing to be entered: a parameter of the ceremony, or a fact asked for in a step.

    ``form`` is a regular expression the whole answer must match, ``default`` an answer to be taken for none.
    """

    name: str
    words: Words
    form: str = r"\S.*"
    default: str = ""

    def check(self, answer: str) -> str:
        """The answer without outer spaces.  Raises ScriptError("ceremony-answer") when it has not the form."""
        answer = answer.strip() or self.default
        if re.fullmatch(self.form, answer) is None or not answer.isprintable():
            raise ScriptError("ceremony-answer", name=str(self.words), form=self.form.replace("|", " / "))
        return answer


@dataclass(frozen=True, slots=True)
class Item:
    """Something counted or sealed: ``name`` as the handover memo knows it, and how many there must be.

    ``per`` names a number asked for in an earlier step (``step.fact``): that many times ``expected``.
    """

    name: str
    words: Words
    expected: int
    per: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.  ``roles`` sign it with their passphrases; ``using`` are the arguments of an action.

    With ``paper`` the speaker reads the value from a record of their own, and the station does not show its own.
    """

    name: str
    kind: StepKind
    words: Words
    roles: tuple[str, ...] = ()
    action: str = ""
    using: Mapping[str, str] = field(default_factory=dict)
    speaker: str = ""
    listener: str = ""
    value: str = ""
    paper: bool = False
    blanks: tuple[Blank, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A whole ceremony.  ``digest`` is SHA-256 of its file: a run goes on only with the very script it began with."""

    name: str
    words: Words
    parameters: tuple[Blank, ...]
    roles: Mapping[str, Words]
    steps: tuple[Step, ...]
    forms: tuple[Form, ...]
    digest: str

    def step(self, name: str) -> Step:
        """The step of a name.  Raises KeyError."""
        return next(step for step in self.steps if step.name == name)


def names() -> tuple[str, ...]:
    """The scripts the toolkit brings."""
    folder = files("sscard.keys").joinpath("ceremonies")
    return tuple(sorted(entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX)))


def load(name: str, actions: frozenset[str]) -> Script:
    """A script by its name, or by the path of a file ending in ``.toml``.  ``actions`` are those the station has.

    Raises ScriptError: "script-unknown", "script-toml", "script-wrong" naming the place and the rule.
    """
    if name.endswith(SUFFIX):
        try:
            raw = Path(name).read_bytes()
        except OSError as error:
            raise ScriptError("script-unreadable", path=name, cause=error.strerror) from None
    elif name in names():
        raw = files("sscard.keys").joinpath("ceremonies", name + SUFFIX).read_bytes()
    else:
        raise ScriptError("script-unknown", name=name, known=", ".join(names()))
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptError("script-toml", path=name, cause=str(error)) from None
    return _Reader(name, actions).script(document, hashlib.sha256(raw).hexdigest())


class _Reader:
    """Turns a document into a script and says where it is wrong."""

    def __init__(self, path: str, actions: frozenset[str]) -> None:
        self._path = path
        self._actions = actions

    def _wrong(self, place: str, rule: str) -> ScriptError:
        return ScriptError("script-wrong", path=self._path, place=place, rule=rule)

    def script(self, document: dict[str, Any], digest: str) -> Script:
        self._fields(document, "script", {"name", "zh", "en", "parameter", "role", "step", "forms"})
        name = self._name(document, "script")
        roles = {self._name(row, "role"): self._words(row, "role") for row in self._rows(document, "role")}
        if len(roles) < _PEOPLE_AT_LEAST:
            raise self._wrong("role", "at least two roles")
        steps = tuple(self._step(row, frozenset(roles)) for row in self._rows(document, "step"))
        if len({step.name for step in steps}) != len(steps):
            raise self._wrong("step", "names are unique")
        if not steps or steps[-1].kind is not StepKind.SIGN or set(steps[-1].roles) != set(roles):
            raise self._wrong("step", "the last step is signed by every role")
        try:
            forms = tuple(map(Form, document.get("forms", ())))
        except ValueError:
            raise self._wrong("forms", " | ".join(form.value for form in Form)) from None
        if Form.DELEGATION in forms and sum(role.startswith(DELEGATE) for role in roles) < _PEOPLE_AT_LEAST:
            raise self._wrong("forms", f"a delegation names at least two roles {DELEGATE}…")
        parameters = tuple(self._blank(row, "parameter") for row in self._rows(document, "parameter"))
        self._references(steps, {blank.name for blank in parameters})
        return Script(name, self._words(document, "script"), parameters, roles, steps, forms, digest)

    def _references(self, steps: tuple[Step, ...], parameters: set[str]) -> None:
        """Values read aloud come from earlier steps, arguments from parameters."""
        before: set[str] = set()
        for step in steps:
            for reference in filter(None, (step.value, *(item.per for item in step.items))):
                if reference.partition(".")[0] not in before:
                    raise self._wrong(step.name, "value and per = an earlier step and its fact")
            for argument in step.using.values():
                unknown = set(re.findall(r"\{(\w+)\}", argument)) - parameters
                if unknown:
                    raise self._wrong(step.name, f"no parameter {', '.join(sorted(unknown))}")
            before.add(step.name)

    def _step(self, row: dict[str, Any], roles: frozenset[str]) -> Step:
        name = self._name(row, "step")
        known = {"name", "kind", "zh", "en", "roles", "action", "with", "ask", "item", *_READING}
        self._fields(row, name, known)
        try:
            kind = StepKind(row.get("kind"))
        except ValueError:
            raise self._wrong(name, "kind = " + " | ".join(each.value for each in StepKind)) from None
        step = Step(
            name,
            kind,
            self._words(row, name),
            tuple(row.get("roles", ())),
            str(row.get("action", "")),
            {str(key): str(value) for key, value in row.get("with", {}).items()},
            str(row.get("speaker", "")),
            str(row.get("listener", "")),
            str(row.get("value", "")),
            row.get("paper", False) is True,
            tuple(self._blank(each, name) for each in row.get("ask", ())),
            tuple(self._item(each, name) for each in row.get("item", ())),
        )
        self._check(step, roles)
        return step

    def _check(self, step: Step, roles: frozenset[str]) -> None:
        """What each kind of step must have."""
        named = {*step.roles, *filter(None, (step.speaker, step.listener))}
        if named - roles:
            raise self._wrong(step.name, f"no role {', '.join(sorted(named - roles))}")
        if step.kind in (StepKind.ACT, StepKind.COUNT, StepKind.SEAL, StepKind.SIGN) and len(set(step.roles)) < 2:
            raise self._wrong(step.name, "at least two different roles sign")
        if (step.kind is StepKind.ACT) != (step.action in self._actions):
            raise self._wrong(step.name, "action = " + " | ".join(sorted(self._actions)))
        if step.kind is StepKind.READ and (not step.speaker or step.speaker == step.listener or not step.listener):
            raise self._wrong(step.name, "speaker and listener are two roles")
        if step.kind is StepKind.ASK and not step.blanks:
            raise self._wrong(step.name, "ask for something")
        if step.kind in (StepKind.COUNT, StepKind.SEAL) and not step.items:
            raise self._wrong(step.name, "name the items")

    def _blank(self, row: dict[str, Any], place: str) -> Blank:
        self._fields(row, place, {"name", "zh", "en", "form", "default"})
        blank = Blank(self._name(row, place), self._words(row, place), str(row.get("form", r"\S.*")))
        try:
            re.compile(blank.form)
        except re.error:
            raise self._wrong(place, "form is a regular expression") from None
        return Blank(blank.name, blank.words, blank.form, str(row.get("default", "")))

    def _item(self, row: dict[str, Any], place: str) -> Item:
        self._fields(row, place, {"name", "zh", "en", "expected", "per"})
        expected = row.get("expected", 1)
        if not isinstance(expected, int) or isinstance(expected, bool) or expected < 0:
            raise self._wrong(place, "expected is a number")
        return Item(self._name(row, place), self._words(row, place), expected, str(row.get("per", "")))

    def _rows(self, document: dict[str, Any], name: str) -> list[dict[str, Any]]:
        rows = document.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._wrong(name, f"[[{name}]]")
        return rows

    def _fields(self, row: dict[str, Any], place: str, known: set[str]) -> None:
        unknown = set(row) - known
        if unknown:
            raise self._wrong(place, f"unknown: {', '.join(sorted(unknown))}")

    def _name(self, row: dict[str, Any], place: str) -> str:
        name = row.get("name")
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise self._wrong(place, "name: lower-case letters, digits, hyphens")
        return name

    def _words(self, row: dict[str, Any], place: str) -> Words:
        zh, en = row.get("zh"), row.get("en")
        if not (isinstance(zh, str) and zh and isinstance(en, str) and en):
            raise self._wrong(place, "zh and en")
        return Words(zh, en)
