"""A finished software card without a workspace: for reading commands, vectors and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sscard.apdu.atr import Interface
from sscard.apdu.transport import Channel
from sscard.cos.dialect import Dialect, load_dialect
from sscard.cos.keyset import unlisted_keys
from sscard.cos.mark import CardIdentity
from sscard.cos.model import Profile
from sscard.cos.passes import Book, Pass
from sscard.cos.profile import load_profile
from sscard.emulator.blank import blank_card
from sscard.emulator.powered import AnyCard
from sscard.keys.hierarchy import memory_service
from sscard.keys.service import KeyService
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.admission import card_identity, require_blank
from sscard.personalize.order import BlankOrder
from sscard.personalize.plan import compile_profile
from sscard.personalize.record import Record
from sscard.personalize.runner import Runner

REGION: Final = "990101"
INIT_ORG: Final = "915600000299010199010101"
SERIAL: Final = 0x17

PERSON: Final = Record(
    seq=1,
    line=2,
    ssn="990101200001010022",
    name="测试甲",
    sex="2",
    ethnic="01",
    birth="20000101",
    card_no="T00000044",
    region=REGION,
    issue_date="20260601",
    expire_date="20360601",
    birthplace="990101",
    bank_code="99999",
    bank_pan="9901010000000000004",
)


class NoLog:
    """A card log that keeps nothing: for software cards that nobody will resume."""

    def intended(self, visit: int) -> bool:
        return False

    def finished(self, visit: int) -> bool:
        return False

    def last_done(self) -> int:
        return -1

    def intent(self, visit: int, first: int, last: int) -> None:
        pass

    def secure(self) -> None:
        pass

    def done(self, step: int) -> None:
        pass

    def leave(self, visit: int) -> None:
        pass


def sample_keys(profile: Profile, seed: int = 0) -> VaultKeyService:
    """The keys of the card that :func:`personalized_card` makes.  Raises CustodyError for an unpublished algorithm."""
    return memory_service(REGION, seed, profile.algorithm, unlisted_keys(profile))


def line_of(profile: Profile, pass_: Pass) -> tuple[Pass, ...]:
    """The passes that lead from a blank card to one that has had ``pass_``, in order."""
    before = line_of(profile, profile.pass_named(pass_.after)) if pass_.after else ()
    return (*before, pass_)


@dataclass(frozen=True, slots=True)
class PassMaker:
    """Carries passes out on one software card, without ledger and journal."""

    channel: Channel
    dialect: Dialect
    service: KeyService
    identity: CardIdentity
    region: str = REGION
    init_org: str = INIT_ORG

    def carry_out(self, profile: Profile, pass_: Pass, record: Record) -> None:
        """One pass for the person of ``record``, or nobody where the pass makes cards of nobody."""
        template = compile_profile(profile, self.dialect, self.region, self.init_org, pass_)
        whom = BlankOrder("", 1).record(1) if pass_.book is Book.BLANK else record
        self.channel.reset()
        plan = template.plan(whom, self.identity.serial)
        Runner(self.channel, self.dialect, self.service, self.identity.factor).run(plan, NoLog())
        self.service.forget(self.identity.factor)


def personalized_card(
    profile_name: str = "ssc3-sm4", seed: int = 0, *, serial: int = SERIAL, interface: Interface | None = None
) -> AnyCard:
    """A software card personalized for the sample person with the demo keys of ``seed``."""
    profile = load_profile(profile_name)
    dialect = load_dialect(profile.dialect)
    service = sample_keys(profile, seed)
    card = blank_card(profile, serial, seed=seed, area=REGION[:4], interface=interface)
    channel = Channel(card)
    identity = card_identity(channel, dialect)
    require_blank(channel, profile)
    template = compile_profile(profile, dialect, REGION, INIT_ORG)
    plan = template.plan(PERSON, identity.serial)
    Runner(channel, dialect, service, identity.factor).run(plan, NoLog())
    card.reset()
    return card
