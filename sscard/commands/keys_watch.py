"""``sscard keys impact``, ``state`` and ``anchor``: who is hit by a lost key, freezing it, and whether the vault is the
one last saved.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.cos.passes import plain
from sscard.errors import CustodyError, Exit

if TYPE_CHECKING:
    from sscard.keys.vault import Vault
    from sscard.personalize.impact import Exposure
    from sscard.personalize.ledger import Ledger
    from sscard.personalize.workspace import Workspace


@click.command("impact", help=messages.text("custody.impact-help"))
@click.argument("ref", metavar="KEY:vN")
@workspace_option
@json_option
def impact(ref: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.psam_open import register_kept
    from sscard.cos.profile import load_profile
    from sscard.personalize.bookkeeping import open_ledger
    from sscard.personalize.impact import exposures, parse_ref
    from sscard.personalize.workspace import open_workspace

    name, version = parse_ref(ref)
    place = open_workspace(workspace)
    with closing(open_ledger(place)) as ledger:
        found = list(exposures(ledger, name, version, load_profile))
        for exposure in found:
            _show_exposure(exposure, ledger, as_json=as_json)
    with register_kept(place) as register:
        psams = register.holding(name, version) if register is not None else []
    for psam in psams:
        if as_json:
            emit({"psam": psam.terminal, "state": psam.state.value})
        else:
            state = messages.text(f"psam.state-{psam.state.value}")
            click.echo(messages.text("custody.impact-psam", terminal=psam.terminal, state=state))
    cards = sum(len(exposure.cards) for exposure in found)
    totals = {"ref": f"{name}:v{version}", "batches": len(found), "cards": cards, "psams": len(psams)}
    if as_json:
        emit({"summary": True, **totals, "psam_register": register is not None})
        return Exit.OK
    if any(not exposure.certain for exposure in found):
        click.echo(messages.text("custody.impact-unsure"))
    click.echo(messages.text("custody.impact-total", **totals))
    if register is None:
        click.echo(messages.text("custody.impact-no-psams"))
    return Exit.OK


@click.command("state", help=messages.text("custody.state-help"))
@click.argument("ref", metavar="KEY:vN")
@click.argument("state", type=click.Choice(["active", "suspended", "retired"]))
@workspace_option
@keys_option
@json_option
def change_state(ref: str, state: str, workspace: Path, as_json: bool) -> int:
    from sscard.commands.audit_log import audit
    from sscard.commands.unlock import own_vault
    from sscard.keys.store import State
    from sscard.personalize.impact import parse_ref
    from sscard.personalize.workspace import open_workspace

    name, version = parse_ref(ref)
    place = open_workspace(workspace)
    vault = own_vault(place)
    found = [entry for entry in vault if (entry.name, entry.version) == (name, version)]
    if not found:
        raise CustodyError("key-missing", ref=ref)
    changed = [vault.change_state(entry, State(state)) for entry in found]
    vault.save()
    audit(place, "keys state", key=f"{name}:v{version}", state=state, count=len(changed))
    for entry in changed:
        if as_json:
            emit({"name": entry.name, "version": entry.version, "region": entry.region, "state": entry.state.value})
        else:
            click.echo(f"{entry}  {messages.text(f'keys.state-{entry.state.value}')}")
    return Exit.OK


@click.command("anchor", help=messages.text("custody.anchor-help"))
@click.option("--accept", type=click.IntRange(min=0), metavar="N", help=messages.text("custody.option-accept"))
@workspace_option
@keys_option
@json_option
def anchor(accept: int | None, workspace: Path, as_json: bool) -> int:
    from sscard.commands.audit_log import audit
    from sscard.commands.unlock import own_vault
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    vault = own_vault(place, hold=accept is None)
    if accept is not None:
        if vault.generation != accept:
            raise CustodyError("anchor-generation", generation=vault.generation, wanted=accept)
        audit(place, "keys anchor --accept", generation=accept, digest=vault.digest.hex())
        vault.accept()
    _show_anchor(vault, place, accepted=accept is not None, as_json=as_json)
    return Exit.OK


def _show_exposure(exposure: Exposure, ledger: Ledger, *, as_json: bool) -> None:
    job, balance = exposure.job, ledger.balance(exposure.job.job)
    if as_json:
        emit({"job": job.job, "batch": job.batch, "profile": job.profile, "certain": exposure.certain})
    else:
        counts = {"good": balance.good, "spoiled": balance.spoiled, "work": balance.work}
        mark = "" if exposure.certain else "? "
        facts = {"batch": job.batch, "job": job.job, "profile": job.profile, "mark": mark}
        click.echo(messages.text("custody.impact-batch", **facts, **counts))
    for card in exposure.cards:
        number = ledger.card_no(card.job, card.seq)
        facts = {"card": plain(card.card), "card_no": number, "state": card.state.value}
        if as_json:
            emit({"job": job.job, **facts})
        else:
            click.echo(messages.text("custody.impact-card", **facts))


def _show_anchor(vault: Vault, workspace: Workspace, *, accepted: bool, as_json: bool) -> None:
    facts = {
        "path": str(vault.path),
        "generation": vault.generation,
        "digest": vault.digest.hex()[:16].upper(),
        "count": len(vault),
        "anchor": str(workspace.anchor_path),
    }
    if as_json:
        emit({**facts, "accepted": accepted})
    else:
        click.echo(messages.text("custody.anchor-accepted" if accepted else "custody.anchor-shown", **facts))
