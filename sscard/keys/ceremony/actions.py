"""What a station can do in a ceremony, by the name a script calls it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Final

from sscard.errors import CustodyError
from sscard.keys import catalog
from sscard.keys.catalog import Level
from sscard.keys.ceremony import sets
from sscard.keys.ceremony.bench import Action, Bench, key_line, keys_fact
from sscard.keys.ceremony.script import Script
from sscard.keys.ceremony.transcript import Facts
from sscard.keys.family import Algorithm, family_of
from sscard.keys.hierarchy import key_size
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, State

EXPOSED_NAME: Final = "exposed.csv"


def generate(bench: Bench, using: Mapping[str, str], again: bool) -> Facts:
    """Make the keys of one ``owner`` (national or local) in one ``version`` at the place where its branch begins.

    ``region`` is the province of local keys, empty for national ones.  All or none are stored.  Raises
    CustodyError("ceremony-keys-exist").
    """
    owner, algorithm = Level(using["owner"]), Algorithm[using["algorithm"]]
    region, version = using.get("region", ""), int(using["version"])
    known = {entry.place: entry for entry in bench.vault}
    rows = [row for row in catalog.load() if row.level is owner]
    found = [known[place] for row in rows if (place := (row.name, region, version)) in known]
    if found and not (again and len(found) == len(rows)):
        raise CustodyError("ceremony-keys-exist", ref=str(found[0]))
    if not found:
        for row in rows:
            value = Secret(secrets.token_bytes(key_size(row, algorithm)))
            found.append(
                bench.vault.add(row.name, value, level=owner, algorithm=algorithm, region=region, version=version)
            )
        bench.vault.save()
    return keys_fact(map(_line, found))


def foresee(script: Script, parameters: Mapping[str, str]) -> None:
    """Say before anybody signs what the script cannot do here: make keys of a cipher that no software has.

    Raises CustodyError("algorithm-unpublished").
    """
    for step in script.steps:
        if ACTIONS.get(step.action) is generate:
            family_of(Algorithm[step.using["algorithm"].format(**parameters)])


def freeze(bench: Bench, using: Mapping[str, str], _again: bool) -> Facts:
    """Freeze ``key`` (``NAME:vN``, or ``all`` with a version) at ``region`` and everything below it for ``incident``.

    Then tell who is exposed: batches, cards, PSAMs.  Raises CustodyError("ceremony-no-keys").
    """
    hit = [entry for entry in _named(bench, using) if entry.state is not State.DESTROYED]
    if not hit:
        raise CustodyError("ceremony-no-keys", place=using["key"])
    frozen = [bench.vault.freeze(entry, using["incident"]) for entry in hit]
    bench.vault.save()
    exposed = bench.exposure.under(frozen, bench.folder / EXPOSED_NAME)
    return {**keys_fact(map(_line, frozen)), "incident": using["incident"], "exposed": dict(exposed)}


def thaw(bench: Bench, using: Mapping[str, str], again: bool) -> Facts:
    """Give the keys frozen for ``incident`` back to use.  Raises CustodyError("ceremony-no-keys")."""
    hit = [entry for entry in bench.vault if using["incident"] in entry.incidents]
    if not hit and not again:
        raise CustodyError("ceremony-no-keys", place=using["incident"])
    thawed = [bench.vault.thaw(entry, using["incident"]) for entry in hit]
    bench.vault.save()
    return {**keys_fact(map(_line, thawed)), "incident": using["incident"]}


def destroy(bench: Bench, using: Mapping[str, str], again: bool) -> Facts:
    """Wipe ``key`` (``NAME:vN`` or ``all``) at ``region`` and below from the vault, for good.

    What is left tells that there was a key, so that nothing above is used in its place.  Raises
    CustodyError("ceremony-no-keys").
    """
    named = list(_named(bench, using))
    hit = named if again else [entry for entry in named if entry.state is not State.DESTROYED]
    if not hit:
        raise CustodyError("ceremony-no-keys", place=using["key"])
    for entry in hit:
        bench.vault.destroy(entry)
    bench.vault.save()
    return keys_fact(map(_line, hit))


def _named(bench: Bench, using: Mapping[str, str]) -> Iterator[Entry]:
    """The stored keys that ``NAME:vN`` (or ``all:vN``) means at a region path and below it."""
    name, _, version = using["key"].partition(":v")
    region = using.get("region", "")
    for entry in bench.vault:
        wanted = name == sets.EVERY or entry.name == catalog.canonical(name)
        if wanted and entry.version == int(version) and entry.region.startswith(region) and entry.check_value:
            yield entry


def _line(entry: Entry) -> tuple[str, str, str]:
    return key_line(entry, entry.check_value, entry.method.value)


ACTIONS: Final[dict[str, Action]] = {
    "generate": generate,
    "issue": sets.issue,
    "receive": sets.receive,
    "prove": sets.prove,
    "repair": sets.repair,
    "terminate": sets.terminate,
    "freeze": freeze,
    "thaw": thaw,
    "destroy": destroy,
}
