"""Which card is this?  Selects and reads what is free to read; writes nothing and spends no try.

Source: LD/T 32 draft (ATR, SELECT, VERIFY without data as a query); 2016 terminal rules (version, algorithm);
docs/card.md, "which card is this".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command, Response
from sscard.apdu.status import tries_left
from sscard.apdu.transport import Channel
from sscard.cos import coding
from sscard.cos.commands import SELECT_MF
from sscard.cos.dialect import Dialect, speaking
from sscard.cos.mark import CardIdentity
from sscard.cos.model import Coding, Item
from sscard.cos.pboc import serial_of
from sscard.cos.profile import load_profile, profile_names
from sscard.errors import ProtocolError
from sscard.keys.family import Algorithm
from sscard.terminal.fci import Fci, algorithm_of

SSSE_NAME: Final = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""DF name of the social-security environment: "sx1.sh.社会保障" in GBK."""
PAYMENT_NAMES: Final = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")
"""DF names of the payment environment, contact and contactless."""

_EF05_SFI: Final = 0x05
_BLOCKED: Final = frozenset({0x6A81, 0x6283, 0x9303})
_PIN_LOCKED: Final = frozenset({0x6983, 0x63C0})
_FIRST_GENERATION: Final = "1.00"


class CardKind(Enum):
    """What a card turned out to be."""

    SOCIAL_SECURITY = "social-security"
    BLANK = "blank"
    BANK = "bank"
    PURSE = "purse"
    UNKNOWN = "unknown"


class CardState(Enum):
    """How far a social-security card has come.  A card blocked for good tells nothing else."""

    EMPTY = "empty"
    INITIALIZED = "initialized"
    ISSUED = "issued"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Identity:
    """One card.  Texts are empty and numbers None where the card does not tell.

    ``version`` is the version of the standard as read ("3.00"); ``card_id`` the card identification code in hex without
    its fill; ``algorithm_stated`` tells whether the FCI names the algorithm; ``pin_tries`` what is left for the PIN, 0
    where it is locked.  ``system`` is the dialect its historical bytes tell, ``card`` what they name the card by.  Of a
    purse card ``application`` is the AID it was recognised by and ``card_id`` its application serial number.
    """

    atr: Atr
    kind: CardKind
    state: CardState | None = None
    dir_sfi: int | None = None
    algorithm: Algorithm | None = None
    algorithm_stated: bool = False
    version: str = ""
    card_id: str = ""
    card_no: str = ""
    pin_tries: int | None = None
    system: str = ""
    card: CardIdentity | None = None
    application: bytes = b""

    @property
    def factor(self) -> bytes:
        """The eight bytes that diversify this card's keys.  Raises ProtocolError for cards of other kinds."""
        if self.card is None:
            raise ProtocolError("atr-foreign", atr=self.atr.raw.hex().upper())
        return self.card.factor

    @property
    def region(self) -> str:
        """Six-digit code of the issuing city, whose keys the card has; empty where unknown."""
        region = self.card_id[:6]
        return region if len(region) == 6 and region.isdigit() else ""

    @property
    def generation(self) -> str:
        """``1.0``, ``2.0`` or ``3.0``: the first three characters count, no version is the first generation."""
        if self.kind is not CardKind.SOCIAL_SECURITY:
            return ""
        return (self.version or _FIRST_GENERATION)[:3]

    def same_card(self, other: Identity) -> bool:
        """Whether two looks saw one card, by ATR and identification code (docs/card.md, "which card is this")."""
        return self.atr.raw == other.atr.raw and self.card_id == other.card_id


def identify(channel: Channel) -> Identity:
    """Look at the card and leave SSSE selected where there is one.  Raises TransportError and ProtocolError."""
    atr = channel.atr
    dialect = speaking(atr)
    system, card = (dialect.name, dialect.mark.identity(atr)) if dialect is not None else ("", None)
    # Cards of some systems find a name only next to where they stand.
    in_mf = dialect is not None and not dialect.keys_reach_below and channel.send(SELECT_MF).ok
    answer = select_name(channel, SSSE_NAME)
    if answer.sw in _BLOCKED and atr.is_social_security:
        return Identity(atr, CardKind.SOCIAL_SECURITY, CardState.BLOCKED, system=system, card=card)
    if not answer.ok:
        seen = Identity(atr, CardKind.UNKNOWN, system=system, card=card)
        purse = _purse_card(channel, dialect, seen) if dialect is not None and in_mf else None
        return purse or replace(seen, kind=_without_environment(channel, dialect))
    fci = Fci.parse(answer.data)
    card_id, version, card_no = (_read(channel, item) for item in _IDENTITY_ITEMS)
    algorithm, stated = algorithm_of(fci, card_id, version)
    return Identity(
        atr=atr,
        kind=CardKind.SOCIAL_SECURITY,
        state=CardState.ISSUED if card_no else CardState.INITIALIZED if card_id else CardState.EMPTY,
        dir_sfi=fci.dir_sfi,
        algorithm=algorithm,
        algorithm_stated=stated,
        version=version,
        card_id=card_id,
        card_no=card_no,
        pin_tries=pin_tries(channel),
        system=system,
        card=card,
    )


def select_name(channel: Channel, name: bytes) -> Response:
    """SELECT a directory by its name or AID, asking for its FCI."""
    return channel.send(Command(0x00, 0xA4, 0x04, 0x00, name, le=256))


def pin_tries(channel: Channel) -> int | None:
    """Tries left for the PIN, asked by VERIFY without data, which leaves the counter alone; 0 locked, None untold."""
    sw = channel.send(Command(0x00, 0x20)).sw
    return 0 if sw in _PIN_LOCKED else tries_left(sw)


def _without_environment(channel: Channel, dialect: Dialect | None) -> CardKind:
    """A card with a payment environment other than the MF that every card of its kind has is a bank card."""
    names = [name for name in PAYMENT_NAMES if dialect is None or name != dialect.mf_name]
    if any(select_name(channel, name).ok for name in names):
        return CardKind.BANK
    return CardKind.BLANK if dialect is not None else CardKind.UNKNOWN


def _purse_card(channel: Channel, dialect: Dialect, seen: Identity) -> Identity | None:
    """The card with the application of a profile of its dialect, selected then; None where its MF has none."""
    for profile in map(load_profile, profile_names()):
        home = profile.home
        if profile.dialect != dialect.name or home.aid == SSSE_NAME:
            continue
        answer = select_name(channel, home.aid)
        known = replace(seen, kind=CardKind.PURSE, application=home.aid, algorithm=profile.algorithm)
        if answer.sw in _BLOCKED:
            return replace(known, state=CardState.BLOCKED)
        if answer.ok:
            serial = serial_of(Fci.parse(answer.data).issuer)
            return replace(known, state=CardState.ISSUED if serial else CardState.EMPTY, card_id=serial)
    return None


def _read(channel: Channel, item: Item) -> str:
    """The text of an item of EF05, found by its tag; empty where the card has none or will not give it."""
    answer = channel.send(Command(0x00, 0xB2, item.tag, _EF05_SFI << 3, le=item.length + 2))
    if not answer.ok:
        return ""
    return next((coding.decode(item, value) for tag, value in coding.split_tlv(answer.data) if tag == item.tag), "")


_IDENTITY_ITEMS: Final = (
    Item(0x01, "卡的识别码", "card identification code", Coding.CN, 0x10),
    Item(0x03, "规范版本", "version of the standard", Coding.AN, 0x04),
    Item(0x07, "卡号", "card number", Coding.AN, 0x09),
)
"""The items every generation has at the same place (LD/T 32 draft and V2.0, SSSE EF05)."""
