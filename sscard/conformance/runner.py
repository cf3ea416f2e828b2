"""Runs vectors and says of each whether it holds.

A vector whose capability is not there is *not supported*, one whose effects on a real card nobody allowed is *held
back*; both are counted apart and never as passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from sscard.apdu.transport import Channel, Transport
from sscard.conformance.rules import CAPABILITIES, RULES
from sscard.conformance.vectors import CardState, Vector
from sscard.errors import SscardError, TransportError

CardSource = Callable[[CardState], Transport | None]
"""Gives a card of a state, freshly reset, or None where there is none."""


class Status(Enum):
    """What became of one vector."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    NOT_SUPPORTED = "not-supported"
    HELD_BACK = "held-back"

    @property
    def bad(self) -> bool:
        """Whether the run as a whole fails by it."""
        return self in (Status.FAILED, Status.ERROR)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a vector does not hold: the name of a value, or the number and bytes of a command."""

    name: str
    expected: object
    got: object


@dataclass(frozen=True, slots=True)
class Result:
    """The judgement on one vector.  ``reason`` tells an error, the missing capability, or the effects held back."""

    vector: Vector
    status: Status
    differences: tuple[Difference, ...] = ()
    reason: str = ""


def run(
    vectors: Iterable[Vector],
    cards: CardSource,
    *,
    allow_effects: bool = True,
    only_cards: bool = False,
) -> Iterator[Result]:
    """Judge each vector in order.

    ``allow_effects`` lets vectors write to a card or spend tries.  ``only_cards`` leaves out those that need no card.
    Raises TransportError when the card is lost.
    """
    for vector in vectors:
        if vector.exchange:
            yield _play(vector, cards, allow_effects)
        elif not only_cards:
            yield _compute(vector)


def _compute(vector: Vector) -> Result:
    if vector.requires not in CAPABILITIES:
        return Result(vector, Status.NOT_SUPPORTED, reason=vector.requires)
    rule = RULES.get(vector.rule)
    if rule is None:
        return Result(vector, Status.ERROR, reason=f"rule {vector.rule}")
    try:
        values = rule(vector.given)
    except KeyError as error:
        return Result(vector, Status.ERROR, reason=f"given {error.args[0]}")
    except (ValueError, TypeError, SscardError) as error:
        return Result(vector, Status.ERROR, reason=str(error))
    unknown = vector.expect.keys() - values.keys()
    if unknown:
        return Result(vector, Status.ERROR, reason=f"expect {', '.join(sorted(unknown))}")
    wanted = {**{name: value for name, value in vector.steps.items() if name in values}, **vector.expect}
    return _judge(vector, tuple(_differences(wanted, values)))


def _differences(wanted: Mapping[str, object], values: Mapping[str, object]) -> Iterator[Difference]:
    for name, expected in wanted.items():
        if expected != values[name]:
            yield Difference(name, expected, values[name])


def _play(vector: Vector, cards: CardSource, allow_effects: bool) -> Result:
    if vector.requires not in CAPABILITIES:
        return Result(vector, Status.NOT_SUPPORTED, reason=vector.requires)
    try:
        transport = cards(vector.card)
        if transport is None:
            return Result(vector, Status.NOT_SUPPORTED, reason=f"card {vector.card.value}")
        if vector.effects and not allow_effects:
            return Result(vector, Status.HELD_BACK, reason=", ".join(sorted(vector.effects)))
        return _judge(vector, tuple(_first_difference(vector, Channel(transport))))
    except TransportError:
        raise
    except SscardError as error:
        return Result(vector, Status.ERROR, reason=str(error))


def _first_difference(vector: Vector, channel: Channel) -> Iterator[Difference]:
    """Plays the commands up to the first that is answered otherwise: what follows would mean nothing."""
    for number, step in enumerate(vector.exchange, 1):
        answer = channel.send(step.send)
        if not step.expect.matches(answer.data, answer.sw):
            got = f"{answer.data.hex().upper()} {answer.sw:04X}".strip()
            yield Difference(f"{number}: {step.send.hex().upper()}", step.expect.text, got)
            return


def _judge(vector: Vector, differences: tuple[Difference, ...]) -> Result:
    if not vector.negative:
        return Result(vector, Status.FAILED if differences else Status.PASSED, differences)
    if differences:
        return Result(vector, Status.PASSED)
    return Result(vector, Status.FAILED, reason="negative")


def software_cards(state: CardState) -> Transport:
    """A new software card of that state: the sample person's, or blank."""
    if state is CardState.BLANK:
        from sscard.emulator.card import SoftwareCard

        return SoftwareCard.blank(1)
    from sscard.personalize.sample import personalized_card

    return personalized_card()
