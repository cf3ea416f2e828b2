"""From a batch of people to proven cards: intake, plan, runner, line, journal, ledger, return files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.personalize.arithmetic import minimum
    from sscard.personalize.batch import Batch, check, open_batch
    from sscard.personalize.heads import Event, Kind, Slot
    from sscard.personalize.job import Production, open_production
    from sscard.personalize.journal import Journal
    from sscard.personalize.ledger import Ledger
    from sscard.personalize.line import Line
    from sscard.personalize.plan import Template, compile_profile
    from sscard.personalize.record import Record
    from sscard.personalize.rehearsal import rehearse
    from sscard.personalize.runner import Runner
    from sscard.personalize.sample import personalized_card
    from sscard.personalize.steps import Plan, Step
    from sscard.personalize.workspace import Workspace, create_workspace, open_workspace

_NAMES = {
    "Batch": "batch",
    "Event": "heads",
    "Journal": "journal",
    "Kind": "heads",
    "Ledger": "ledger",
    "Line": "line",
    "Plan": "steps",
    "Production": "job",
    "Record": "record",
    "Runner": "runner",
    "Slot": "heads",
    "Step": "steps",
    "Template": "plan",
    "Workspace": "workspace",
    "check": "batch",
    "compile_profile": "plan",
    "create_workspace": "workspace",
    "minimum": "arithmetic",
    "open_batch": "batch",
    "open_production": "job",
    "open_workspace": "workspace",
    "personalized_card": "sample",
    "rehearse": "rehearsal",
}

__all__ = [
    "Batch",
    "Event",
    "Journal",
    "Kind",
    "Ledger",
    "Line",
    "Plan",
    "Production",
    "Record",
    "Runner",
    "Slot",
    "Step",
    "Template",
    "Workspace",
    "check",
    "compile_profile",
    "create_workspace",
    "minimum",
    "open_batch",
    "open_production",
    "open_workspace",
    "personalized_card",
    "rehearse",
]

__getattr__ = attach(__name__, _NAMES)
