"""Who opens a production job or acts on a PSAM: asked for at the terminal, from private files, or from the lines of
standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import ask_hidden, is_terminal
from sscard.errors import GuardRefused, UsageError
from sscard.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sscard.keys.ceremony.people import Person, Register, Signer
    from sscard.keys.secret import Secret
    from sscard.personalize.batch import Batch
    from sscard.personalize.ledger import Job
    from sscard.personalize.order import BlankOrder
    from sscard.personalize.workspace import Workspace


def signers(place: Workspace, rows: Batch | BlankOrder | Job, given: Sequence[str]) -> list[Signer]:
    """As many different people as the workspace asks for, each proved by their passphrase.

    ``given`` are words ``NAME=FILE``; without any, people type at the terminal, and where there is none standard input
    has a line with the name and one with the passphrase for each.  Raises UsageError("approval-form"), CustodyError
    for an unknown name or wrong passphrase, GuardRefused: "approval-same", "approval-missing", "approval-people".
    """
    from sscard.keys.ceremony.run import Place

    if not place.approvals:
        return []
    register = Place(place.root).register()
    if len(register) < place.approvals:
        raise GuardRefused("approval-people", enrolled=len(register), wanted=place.approvals)
    found: list[Signer] = []
    if given:
        answers: Iterable[tuple[Person, Secret]] = _from_files(register, given)
    elif sys.stdin.isatty() and is_terminal():
        click.echo(_what(rows), err=True)
        answers = _typed(register, place.approvals)
    else:
        answers = _from_lines(register, place.approvals)
    for person, passphrase in answers:
        try:
            if any(signer.person.public == person.public for signer in found):
                raise GuardRefused("approval-same", name=person.name)
            found.append(person.signer(passphrase))
        finally:
            passphrase.wipe()
    return found


def proved(place: Workspace, name: str) -> str:
    """Somebody who acts, by name as enrolled, once their passphrase proves it; as given where no approvals are asked.

    The passphrase is typed unseen, or is the next line of standard input where there is no terminal.  Raises
    CustodyError for an unknown name or wrong passphrase, GuardRefused("person-unproved").
    """
    if not place.approvals:
        return name
    from sscard.keys.ceremony.run import Place

    person = Place(place.root).register().find(name)
    passphrase = _typed_by(person) if sys.stdin.isatty() else _next_line()
    try:
        if not len(passphrase):
            raise GuardRefused("person-unproved", name=person.name)
        return person.signer(passphrase).person.name
    finally:
        passphrase.wipe()


def _what(rows: Batch | BlankOrder | Job) -> str:
    """What is asked for: to open a job for a batch, or to erase what is left of one that is closed."""
    from sscard.personalize.ledger import Job

    if isinstance(rows, Job):
        return text("operator.approve-erasure", job=rows.job, rows=rows.rows)
    return text("operator.approve", batch=rows.path.name, rows=len(rows), digest=rows.sha256[:16])


def _from_files(register: Register, given: Sequence[str]) -> Iterable[tuple[Person, Secret]]:
    from sscard.commands.unlock import read_secret

    for word in given:
        name, equals, path = word.partition("=")
        if not equals or not path:
            raise UsageError("approval-form", value=word)
        yield register.find(name), read_secret(Path(path))


def _typed(register: Register, count: int) -> Iterable[tuple[Person, Secret]]:
    for number in range(1, count + 1):
        person = register.find(click.prompt(text("operator.ask-name", number=number, count=count), err=True))
        yield person, _typed_by(person)


def _typed_by(person: Person) -> Secret:
    from sscard.keys.secret import Secret

    return Secret(ask_hidden(text("operator.ask-passphrase", name=person.name)).encode("utf-8"))


def _from_lines(register: Register, count: int) -> Iterable[tuple[Person, Secret]]:
    for number in range(count):
        name, passphrase = _next_line(), _next_line()
        if not len(name) or not len(passphrase):
            raise GuardRefused("approval-missing", given=number, wanted=count)
        yield register.find(name.reveal().decode("utf-8", "replace")), passphrase


def _next_line() -> Secret:
    """The next line of standard input; nothing at its end."""
    from sscard.keys.secret import Secret

    return Secret(sys.stdin.buffer.readline().rstrip(b"\r\n"))
