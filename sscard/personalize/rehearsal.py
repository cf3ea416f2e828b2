"""The dry run: the same plan on a software card, with the real keys, touching no reader, ledger or return file."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sscard.apdu.transport import Channel
from sscard.cos.model import Profile
from sscard.emulator.blank import blank_card
from sscard.keys.catalog import TRANSPORT
from sscard.keys.service import KeyRef, KeyService
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.arithmetic import Minimum, minimum, wire_seconds
from sscard.personalize.batch import Batch
from sscard.personalize.job import compile_for
from sscard.personalize.runner import Runner
from sscard.personalize.sample import NoLog
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


def rehearse(workspace: Workspace, service: KeyService, batch: Batch, profile: Profile) -> Rehearsal:
    """Plan every row, carry the first one out on a software card.  Raises what a real run would raise."""
    template, dialect = compile_for(workspace, service, profile)
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
