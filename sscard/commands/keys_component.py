"""``sscard keys component``: components made, typed in and destroyed, one person at a time, nothing on the screen."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.errors import CustodyError, Exit, GuardRefused, UsageError

if TYPE_CHECKING:
    from sscard.keys.catalog import Level
    from sscard.keys.components import Component
    from sscard.keys.family import Algorithm
    from sscard.keys.secret import Secret
    from sscard.keys.sheet import Sheet

_ATTEMPTS: Final = 3
_SIZES: Final = {"SM4": 16, "DES": 16, "AES": 32}
_SHARES: Final = re.compile(r"([0-9]{1,3})/([0-9]{1,3})", re.ASCII)
_CLEARED: Final = "\033[2J\033[3J\033[H"
"""Screen and scrolled-off lines."""


@click.group("component", help=messages.text("custody.component-help"))
def component() -> None:
    pass


def _scheme(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what kind of components of what kind of key."""
    for option in (
        click.option("--version", type=click.IntRange(1, 255), default=1, help=_text("option-component-version")),
        click.option("--algorithm", type=click.Choice(tuple(_SIZES)), default="SM4", help=_text("option-cipher")),
        click.option("--shares", metavar="K/N", help=_text("option-shares")),
        click.option("--xor", type=click.IntRange(2, 3), help=_text("option-xor")),
    ):
        function = option(function)
    return function


def _text(key: str, /, **fields: object) -> str:
    return messages.text(f"custody.{key}", **fields)


@component.command("generate", help=_text("generate-help"))
@click.argument("name", metavar="KEY")
@_scheme
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help=_text("option-out-sheets"))
@click.option("--pdf", is_flag=True, help=_text("option-pdf"))
@workspace_option
@json_option
def generate(
    name: str,
    xor: int | None,
    shares: str | None,
    algorithm: str,
    version: int,
    out: Path,
    pdf: bool,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.keys.checkvalue import check_value, method_of
    from sscard.keys.components import random_secret, split_shares, split_xor
    from sscard.keys.family import Algorithm
    from sscard.keys.sheet import pages
    from sscard.personalize.workspace import open_workspace

    threshold, count, shared = _parts(xor, shares)
    _warn_of_swap()
    demo = open_workspace(workspace).demo
    cipher = Algorithm[algorithm]
    method = method_of(cipher)
    key = random_secret(_size(name, cipher))
    whole = check_value(method, key.reveal())
    made = split_shares(key, threshold, count, method) if shared else split_xor(key, count, method)
    key.wipe()
    for sheet, path in _written(pages(made, name, version, cipher, whole, demo=demo), out, pdf=pdf):
        check = sheet.component.check.hex().upper()
        if as_json:
            emit({"path": str(path), "index": sheet.component.index, "check_value": check, "method": method.value})
        else:
            click.echo(_text("sheet-written", path=path, check=check, method=method.value))
        sheet.component.value.wipe()
    facts = {"key": name, "version": version, "count": count, "check": whole.hex().upper(), "method": method.value}
    if as_json:
        emit({"summary": True, **facts})
    else:
        click.echo(_text("generated", **facts))
    return Exit.OK


@component.command("combine", help=_text("combine-help"))
@click.argument("name", metavar="KEY")
@_scheme
@click.option("--transport", is_flag=True, help=_text("option-transport"))
@click.option("--region", metavar="CODE", help=_text("option-region"))
@click.option("--no-export", is_flag=True, help=_text("option-no-export"))
@click.option("--expect", metavar="CHECK", help=_text("option-expect"))
@workspace_option
@keys_option
@json_option
def combine(
    name: str,
    xor: int | None,
    shares: str | None,
    algorithm: str,
    version: int,
    transport: bool,
    region: str | None,
    no_export: bool,
    expect: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    from sscard.commands.audit_log import audit
    from sscard.commands.unlock import own_vault
    from sscard.keys.checkvalue import check_value, method_of
    from sscard.keys.components import combine as put_together
    from sscard.keys.family import Algorithm
    from sscard.keys.store import Usage
    from sscard.personalize.workspace import open_workspace

    threshold, count, shared = _parts(xor, shares)
    if not sys.stdin.isatty():
        raise GuardRefused("component-terminal")
    _warn_of_swap()
    place = open_workspace(workspace)
    vault = own_vault(place)
    cipher = Algorithm[algorithm]
    level = _level(name, transport=transport)
    where = _region(level, place.region, transport=transport) if region is None else region
    vault.check_free(name, level, where, version)
    typed: list[Component] = []
    try:
        for number in range(1, threshold + 1):
            made = _ask(number, threshold, count, cipher, size=_size(name, cipher), shared=shared, taken=typed)
            typed.append(made)
        key = put_together(typed)
    finally:
        for each in typed:
            each.value.wipe()
    check = check_value(method_of(cipher), key.reveal()).hex().upper()
    if expect is not None and expect.upper() != check:
        key.wipe()
        raise CustodyError("component-expect", found=check, expected=expect.upper())
    entry = vault.add(
        name,
        key,
        level=level,
        algorithm=cipher,
        region=where,
        version=version,
        usage=Usage.WRAP if transport else Usage.DIVERSIFY,
        exportable=not (transport or no_export),
    )
    vault.save()
    audit(place, "keys component combine", key=entry, check=check, method=entry.method.value)
    facts = {"key": str(entry), "check": check, "method": entry.method.value}
    if as_json:
        emit(facts)
    else:
        click.echo(_text("combined", **facts))
    return Exit.OK


@component.command("shred", help=_text("shred-help"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE...")
@json_option
def shred(files: tuple[Path, ...], as_json: bool) -> int:
    from sscard.keys.files import shred as overwrite

    for file in files:
        try:
            overwrite(file)
        except OSError as error:
            raise CustodyError("custody-unwritable", path=str(file), reason=error.strerror) from None
        if as_json:
            emit({"shredded": str(file)})
        else:
            click.echo(_text("shredded", path=file))
    return Exit.OK


def _parts(xor: int | None, shares: str | None) -> tuple[int, int, bool]:
    """How many components are needed, how many there are, and whether they are shares."""
    if (xor is None) is (shares is None):
        raise UsageError("component-kind-option")
    if xor is not None:
        return xor, xor, False
    found = _SHARES.fullmatch(shares or "")
    if found is None:
        raise UsageError("component-kind-option")
    return int(found[1]), int(found[2]), True


def _size(name: str, cipher: Algorithm) -> int:
    """Bytes of the key: maintenance keys of DES cards have 8, other DES keys 16."""
    from sscard.keys.catalog import canonical, load
    from sscard.keys.hierarchy import key_size

    row = next((row for row in load() if row.name == canonical(name)), None)
    return key_size(row, cipher) if row is not None else _SIZES[cipher.name]


def _written(sheets: tuple[Sheet, ...], folder: Path, *, pdf: bool) -> list[tuple[Sheet, Path]]:
    """Every sheet in a new file of its own; where one cannot be written, those before it are destroyed."""
    from sscard.keys.files import create_private
    from sscard.keys.files import shred as overwrite

    done: list[tuple[Sheet, Path]] = []
    path = folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for sheet in sheets:
            path = folder / f"{sheet.file_name}.{'pdf' if pdf else 'txt'}"
            create_private(path, _page(sheet, pdf=pdf))
            done.append((sheet, path))
    except (OSError, CustodyError) as error:
        for _, written in done:
            overwrite(written)
        if isinstance(error, FileExistsError):
            raise GuardRefused("custody-exists", path=str(path)) from None
        if isinstance(error, OSError):
            raise CustodyError("custody-unwritable", path=str(path), reason=error.strerror) from None
        raise
    return done


def _page(sheet: Sheet, *, pdf: bool) -> bytes:
    if pdf:
        from sscard.keys.sheet_pdf import render

        return render(sheet)
    return sheet.text().encode("utf-8")


def _level(name: str, *, transport: bool) -> Level:
    """Who makes a key of this name: the owner of the official lists, the issuer for masters and transport keys, else
    the province, for keys of its own."""
    from sscard.keys.catalog import ISSUER_MASTERS, Level, owner_of

    if transport or name in ISSUER_MASTERS:
        return Level.ISSUER
    return owner_of(name) or Level.LOCAL


def _region(level: Level, region: str, *, transport: bool) -> str:
    """Where a key of the level begins: the nation, the province, the city; transport keys belong to the vault."""
    from sscard.keys.catalog import Level

    if transport or level is Level.NATIONAL:
        return ""
    return region[:2] if level is Level.LOCAL else region


def _ask(
    number: int, needed: int, count: int, cipher: Algorithm, *, size: int, shared: bool, taken: list[Component]
) -> Component:
    """One holder's component, typed unseen and held against its own check value.

    Raises CustodyError after three slips, or for a component that was typed already.
    """
    from sscard.keys.checkvalue import method_of
    from sscard.keys.components import Component

    _clear()
    click.echo(_text("person", number=number, count=needed))
    threshold = needed if shared else count
    index = click.prompt(_text("ask-index"), type=click.IntRange(1, count))
    if any(each.index == index for each in taken):
        raise CustodyError("component-twice")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            value, check = _hidden(size), _hex(click.prompt(_text("ask-check")))
            made = Component(index, count, threshold, value, check, shared, method_of(cipher))
            _verify(made)
        except CustodyError as error:
            if attempt == _ATTEMPTS:
                raise
            click.echo(_text("again", reason=error.parts()[0]))
        else:
            break
    _clear()
    click.prompt(_text("accepted", index=index), default="", show_default=False, prompt_suffix="")
    return made


def _verify(made: Component) -> None:
    """Hold a component against its check value; what does not fit is wiped.  Raises CustodyError."""
    try:
        made.verify()
    except CustodyError:
        made.value.wipe()
        raise


def _hidden(size: int) -> Secret:
    """A value typed without echo: hex digits, blanks between them allowed.  Raises CustodyError("component-form")."""
    from sscard.keys.secret import Secret

    typed = _hex(click.prompt(_text("ask-value"), hide_input=True))
    if len(typed) != size:
        raise CustodyError("component-form", size=size, digits=2 * size)
    return Secret(typed)


def _hex(typed: str) -> bytes:
    """The bytes of hex digits; nothing where it is no hex, which fits no check value."""
    try:
        return bytes.fromhex("".join(typed.split()))
    except ValueError:
        return b""


def _warn_of_swap() -> None:
    """Say on standard error where the system does not keep this process out of the swap area."""
    from sscard.keys.process import memory_locked

    if not memory_locked():
        click.echo(_text("swap"), err=True)


def _clear() -> None:
    """Clear the screen and what scrolled off it, where a person looks at it."""
    if sys.stdout.isatty():
        click.echo(_CLEARED, nl=False)
