"""From profile, dialect and record to the ordered list of steps that makes one card.

A template is made once for a pass of a profile; a plan is the template with one person's values put in.  Both are pure:
no card, no key value, no clock.  The order of stages comes from the pass; each is a function of :mod:`.stages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sscard.cos.actions import (
    Action,
    Authenticate,
    Certify,
    Compare,
    LoadFirstKey,
    LoadKey,
    LoadPin,
    PresentCode,
    ProveCard,
    ProveCertificates,
    Refused,
    Send,
    Series,
    VerifyPin,
)
from sscard.cos.dialect import Dialect
from sscard.cos.model import Profile
from sscard.cos.passes import Pass
from sscard.cos.pboc import application_serial
from sscard.errors import PlanError
from sscard.keys.service import KeyRef
from sscard.personalize.builder import Builder, Maker
from sscard.personalize.record import Record
from sscard.personalize.stages import STAGES
from sscard.personalize.steps import Plan, Step
from sscard.personalize.values import CardValues, NotMade, card_identification_code


@dataclass(frozen=True, slots=True)
class Template:
    """A profile compiled to steps; ``makers`` fill those that depend on the person or the card."""

    profile: Profile
    region: str
    init_org: str
    pass_: Pass
    steps: tuple[Step, ...]
    makers: tuple[tuple[int, Maker], ...]

    def plan(self, record: Record, serial: bytes) -> Plan:
        """The plan for one person on the card with this 4-byte serial.  Raises PlanError when a value does not fit."""
        return self.fill(record).plan(serial)

    def fill(self, record: Record) -> Filled:
        """The plan as far as it asks nothing of the card.  Raises PlanError when a value does not fit."""
        steps, waiting = _made(self, record, self.steps, self.makers, {"init_org": self.init_org})
        return Filled(self, record, steps, waiting)

    def key_refs(self) -> frozenset[KeyRef]:
        """Every key the plan asks for, also to find out or take back after a cut, not yet bound to a card."""
        actions = (part for step in self.steps for part in (step.action, step.probe, *step.clear) if part is not None)
        return frozenset(ref for action in actions for ref in key_refs(action))


@dataclass(frozen=True, slots=True)
class Filled:
    """One person's plan before the card is known; ``makers`` fill what its serial number goes into."""

    template: Template
    record: Record
    steps: tuple[Step, ...]
    makers: tuple[tuple[int, Maker], ...]

    def plan(self, serial: bytes) -> Plan:
        """The plan for the card with this 4-byte serial.  Raises PlanError when a value does not fit."""
        region = self.template.region
        made = {
            "card_id": card_identification_code(region, serial),
            "init_org": self.template.init_org,
            "application_serial": application_serial(region, serial),
        }
        steps, _ = _made(self.template, self.record, self.steps, self.makers, made)
        return Plan(steps)


def _made(
    template: Template,
    record: Record,
    steps: tuple[Step, ...],
    makers: tuple[tuple[int, Maker], ...],
    made: dict[str, str],
) -> tuple[tuple[Step, ...], tuple[tuple[int, Maker], ...]]:
    """Steps with what ``makers`` make put in, and the makers that have to wait for the card."""
    values = CardValues(template.profile, record, made)
    filled, waiting = list(steps), []
    for index, maker in makers:
        try:
            filled[index] = maker(values)
        except NotMade:
            waiting.append((index, maker))
        except ValueError as error:
            raise PlanError("plan-value", seq=record.seq, line=record.line, item=str(error)) from error
    return tuple(filled), tuple(waiting)


def compile_profile(
    profile: Profile, dialect: Dialect, region: str, init_org: str, pass_: Pass | None = None
) -> Template:
    """Compile a pass of a profile, by default the whole card.

    Raises PlanError for a stage nobody knows or a rule the dialect cannot express.
    """
    pass_ = pass_ or profile.whole
    builder = Builder(profile, dialect, region, pass_)
    for stage in pass_.stages:
        work = STAGES.get(stage)
        if work is None:
            raise PlanError("stage-unknown", stage=stage, profile=profile.name)
        builder.stage = stage
        work(builder)
    return Template(profile, region, init_org, pass_, tuple(builder.steps), tuple(builder.makers))


def key_refs(action: Action) -> Iterator[KeyRef]:
    """The keys that an action uses."""
    match action:
        case Certify(pin=key) | ProveCertificates(pin=key):
            yield key
        case PresentCode(key=key) | VerifyPin(key=key) | ProveCard(key=key) | Authenticate(key=key):
            yield key
        case LoadFirstKey(key=key):
            yield key
        case LoadKey(key=key, under=under) | LoadPin(key=key, under=under):
            yield key
            yield under
        case Send(guard=guard) | Compare(guard=guard) if guard is not None:
            yield guard.key
        case Refused(inner):
            yield from key_refs(inner)
        case Series(actions):
            for part in actions:
                yield from key_refs(part)
