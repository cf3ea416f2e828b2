"""Who opens a production job, asked for at the terminal, from private files, or from the lines of standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import is_terminal
from sscard.errors import GuardRefused, UsageError
from sscard.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sscard.keys.ceremony.people import Person, Register, Signer
    from sscard.keys.secret import Secret
    from sscard.personalize.batch import Batch
    from sscard.personalize.order import BlankOrder
    from sscard.personalize.workspace import Workspace


def signers(place: Workspace, rows: Batch | BlankOrder, given: Sequence[str]) -> list[Signer]:
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
        words = text("operator.approve", batch=rows.path.name, rows=len(rows), digest=rows.sha256[:16])
        click.echo(words, err=True)
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


def _from_files(register: Register, given: Sequence[str]) -> Iterable[tuple[Person, Secret]]:
    from sscard.commands.unlock import read_secret

    for word in given:
        name, equals, path = word.partition("=")
        if not equals or not path:
            raise UsageError("approval-form", value=word)
        yield register.find(name), read_secret(Path(path))


def _typed(register: Register, count: int) -> Iterable[tuple[Person, Secret]]:
    from sscard.keys.secret import Secret

    for number in range(1, count + 1):
        person = register.find(click.prompt(text("operator.ask-name", number=number, count=count), err=True))
        typed = click.prompt(text("operator.ask-passphrase", name=person.name), hide_input=True, err=True)
        yield person, Secret(typed.encode("utf-8"))


def _from_lines(register: Register, count: int) -> Iterable[tuple[Person, Secret]]:
    from sscard.keys.secret import Secret

    lines = sys.stdin.buffer
    for number in range(count):
        name, passphrase = (lines.readline().rstrip(b"\r\n") for _ in range(2))
        if not name or not passphrase:
            raise GuardRefused("approval-missing", given=number, wanted=count)
        yield register.find(name.decode("utf-8", "replace")), Secret(passphrase)
