"""The dry run: the same plan on a software card, with the real keys, touching no reader, ledger or return file."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sscard.apdu.transport import Channel
from sscard.cos.model import Profile
from sscard.cos.passes import Pass
from sscard.emulator.blank import FACTORY_CODE, blank_card
from sscard.errors import CustodyError
from sscard.keys.catalog import TRANSPORT
from sscard.keys.service import KeyRef, KeyService
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.arithmetic import Minimum, minimum, wire_seconds
from sscard.personalize.batch import Batch
from sscard.personalize.job import compile_for
from sscard.personalize.linkage import Admission, NextRow
from sscard.personalize.order import BlankOrder
from sscard.personalize.runner import Runner
from sscard.personalize.sample import NoLog, PassMaker, line_of
from sscard.personalize.workspace import Workspace

_SERIAL = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the dry run found.  ``octets`` and ``exchanges`` are those of the whole card, blank check included."""

    rows: int
    seq: int
    exchanges: int
    octets: int
    minimum: Minimum
    wire_seconds: float
    bits_per_second: int

    @property
    def ratio(self) -> float:
        """Exchanges made over the least the profile needs."""
        return self.exchanges / self.minimum.total

    @property
    def parts(self) -> dict[str, int]:
        """The minimum by purpose."""
        return dict(asdict(self.minimum))


def rehearse(workspace: Workspace, service: KeyService, batch: Batch | BlankOrder, profile: Profile) -> Rehearsal:
    """Plan every row, carry the first one out on a software card.  Raises what a real run would raise."""
    template, dialect, _ = compile_for(workspace, service, profile)
    code = service.presentation(KeyRef(TRANSPORT, workspace.region))
    card = blank_card(profile, _SERIAL, area=workspace.region[:4], transport_code=code.reveal())
    octets = 0

    def count(sent: bytes, received: bytes) -> None:
        nonlocal octets
        octets += len(sent) + len(received)

    channel = Channel(card, (count,))
    identity = card_identity(channel, dialect)
    for record in batch.records():
        plan = template.plan(record, identity.serial)
        if record.seq == 1:
            require_blank(channel, profile)
            Runner(channel, dialect, service, identity.factor).run(plan, NoLog())
    service.forget(identity.factor)
    speed = channel.atr.bits_per_second
    seconds = wire_seconds(channel.exchanges, octets, speed)
    return Rehearsal(len(batch), 1, channel.exchanges, octets, minimum(profile), seconds, speed)


def rehearse_pass(
    workspace: Workspace, service: KeyService, batch: Batch | BlankOrder, profile: Profile, pass_: Pass
) -> int:
    """Plan every row, carry the first one out on a software card brought there by the passes before; its exchanges.

    Raises what a real run would raise, and CustodyError("pass-no-rehearsal") where an earlier pass's keys are not here.
    """
    template, dialect, arrival = compile_for(workspace, service, profile, pass_)
    before = line_of(profile, pass_)[:-1]
    for earlier in before:
        try:
            compile_for(workspace, service, profile, earlier)
        except CustodyError as error:
            key = error.fields.get("key", "–")
            raise CustodyError("pass-no-rehearsal", name=pass_.name, after=earlier.name, key=key) from error
    code = FACTORY_CODE
    if before or pass_.takes_blanks:
        code = service.presentation(KeyRef(TRANSPORT, workspace.region)).reveal()
    channel = Channel(blank_card(profile, _SERIAL, area=workspace.region[:4], transport_code=code))
    identity = card_identity(channel, dialect)
    first = batch.record(1)
    make = PassMaker(channel, dialect, service, identity, workspace.region, workspace.init_org)
    for earlier in before:
        make.carry_out(profile, earlier, first)
    for record in batch.records():
        template.plan(record, identity.serial)
    start = channel.exchanges
    Admission(template, dialect, service, arrival, NextRow(), batch).admit(channel, identity)
    make.carry_out(profile, pass_, first)
    return channel.exchanges - start
