"""``sscard selftest``: proofs of what the toolkit promises, run here and now."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard.commands.common import emit, is_terminal, json_option
from sscard.errors import Exit
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.personalize.tearproof import Finding, Summary


@click.group(
    help=text("selftest.help")
    + """

\b
  sscard selftest tear --every 100 --doubles 5
"""
)
def command() -> None:
    """Group of the proofs."""


@command.command(
    "tear",
    help=text("selftest.help-tear")
    + """

\b
  sscard selftest tear --every 50 --doubles 20
  sscard selftest tear --profile ssc2-des --every 100 --doubles 0 --json
""",
)
@click.option("--profile", "profile_name", metavar="NAME", help=text("cos.option-profile"))
@click.option("--pass", "pass_name", metavar="NAME", help=text("modes.help-pass"))
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, help=text("selftest.option-every"))
@click.option(
    "--doubles", type=click.IntRange(0), default=1_000, show_default=True, help=text("selftest.option-doubles")
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help=text("selftest.option-seed"))
@json_option
def tear_command(
    profile_name: str | None, pass_name: str | None, every: int, doubles: int, seed: int, as_json: bool
) -> int:
    """Tear cards at every command; returns 1 where one ends in a third way."""
    from sscard.commands.certificate_authority import demo_certifier
    from sscard.cos.passes import WHOLE
    from sscard.cos.profile import load_profile
    from sscard.personalize.job import pass_of
    from sscard.personalize.tearproof import Outcome, Proof, Summary, trials
    from sscard.personalize.workspace import DEFAULT_PROFILE

    profile = load_profile(profile_name or DEFAULT_PROFILE)
    pass_ = pass_of(profile, pass_name or WHOLE)
    with tempfile.TemporaryDirectory(prefix="sscard-selftest-") as folder:
        certifier = demo_certifier(Path(folder) / "certificates")
        proof = Proof(Path(folder), profile, pass_=pass_, certifier=certifier)
        summary = Summary(profile.name, profile.dialect, proof.commands(), pass_name=pass_.name)
        planned = list(trials(summary.commands, every=every, doubles=doubles, seed=seed))
        if not as_json:
            click.echo(text("selftest.tear-begin", profile=profile.name, commands=summary.commands, cards=len(planned)))
        for finding in proof.run(planned):
            summary.findings.append(finding)
            if as_json:
                emit(_as_object(finding))
            elif finding.outcome is not Outcome.IDENTICAL:
                click.echo(_line(finding))
            elif is_terminal():
                click.echo(f"\r{len(summary.findings)}/{len(planned)} ", nl=False)
    _tell(summary, as_json=as_json)
    return Exit.OK if summary.sound else Exit.FAILED


def _as_object(finding: Finding) -> dict[str, object]:
    cuts = [str(cut) for cut in finding.trial.cuts]
    return {
        "cuts": cuts,
        "reopened": finding.trial.later,
        "outcome": finding.outcome.value,
        "reason": finding.reason,
        "tears": finding.tears,
        "tries": finding.wrong,
    }


def _line(finding: Finding) -> str:
    return text(
        "selftest.tear-card",
        cuts=" + ".join(str(cut) for cut in finding.trial.cuts),
        outcome=text(f"selftest.outcome-{finding.outcome.value}"),
        reason=finding.reason,
    )


def _tell(summary: Summary, *, as_json: bool) -> None:
    from sscard.personalize.tearproof import Outcome

    numbers = {outcome.value: summary.count(outcome) for outcome in Outcome}
    tears = sum(finding.tears for finding in summary.findings)
    if as_json:
        emit(
            {
                "summary": True,
                "profile": summary.profile,
                "dialect": summary.dialect,
                "pass": summary.pass_name,
                "commands": summary.commands,
                "cards": len(summary.findings),
                "tears": tears,
                **numbers,
                "most_tries": summary.most_wrong,
                "sound": summary.sound,
            }
        )
        return
    if is_terminal():
        click.echo("\r", nl=False)
    click.echo(text("selftest.tear-end", cards=len(summary.findings), tears=tears, most=summary.most_wrong, **numbers))
    click.echo(text("selftest.tear-sound" if summary.sound else "selftest.tear-unsound"))
