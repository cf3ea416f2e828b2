"""What may be asked of a card, as data, and a move: one such action with what a journal must know of it.

Dialects say what their COS wants in these words; a plan gives each move its place; a runner carries it out.  Keys
stand here as references without a card; the runner binds them to the card at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.model import Item
from sscard.keys.service import KeyRef


@dataclass(frozen=True, slots=True)
class LineGuard:
    """Line protection of one command: MAC, or cipher and MAC, directly under ``key`` (see :mod:`sscard.cos.guard`)."""

    key: KeyRef
    enciphered: bool


@dataclass(frozen=True, slots=True)
class Send:
    """Send a command that must succeed."""

    command: Command
    guard: LineGuard | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the card: every right is lost."""


@dataclass(frozen=True, slots=True)
class PresentCode:
    """Show the transport code; the status words of ``accept`` also say that there is nothing left to show it for."""

    key: KeyRef
    accept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class VerifyPin:
    """VERIFY with the holder's first PIN; ``id`` is P2."""

    key: KeyRef
    id: int = 0


@dataclass(frozen=True, slots=True)
class Authenticate:
    """GET CHALLENGE and EXTERNAL AUTHENTICATE; ``id`` is P2."""

    key: KeyRef
    id: int


@dataclass(frozen=True, slots=True)
class ProveCard:
    """The card proves itself: INTERNAL AUTHENTICATE compared with the key service; ``id`` is P2."""

    key: KeyRef
    id: int = 0


@dataclass(frozen=True, slots=True)
class LoadKey:
    """GET CHALLENGE and enciphered WRITE KEY of ``key`` under ``under``; ``header`` is CLA INS P1 P2.

    ``prefix`` and ``fill`` stand before and behind the key in its block.
    """

    key: KeyRef
    under: KeyRef
    header: bytes
    prefix: bytes
    fill: bytes = b""


@dataclass(frozen=True, slots=True)
class LoadPin:
    """As :class:`LoadKey`, for the holder's first PIN in a field of its own length, without fill."""

    key: KeyRef
    under: KeyRef
    header: bytes
    prefix: bytes


@dataclass(frozen=True, slots=True)
class LoadFirstKey:
    """WRITE KEY of a master key that nothing can encipher yet; ``header`` is CLA INS P1 P2."""

    key: KeyRef
    header: bytes
    prefix: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that the card must refuse; the refusal is the proof."""

    action: Send | LoadKey | LoadPin | PresentCode


@dataclass(frozen=True, slots=True)
class Compare:
    """A read whose answer must equal ``expected``; ``items`` are the records in it, in order."""

    command: Command
    expected: bytes
    items: tuple[Item, ...] = ()
    guard: LineGuard | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """A command that must end with one of these status words."""

    command: Command
    statuses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Series:
    """Actions that make sense only one right behind the other: a visit cannot stop between them and go on."""

    actions: tuple[Send | LoadFirstKey, ...]


@dataclass(frozen=True, slots=True)
class Certify:
    """Key pair, certificates and encryption pair of the PKI application, served by who knows a CA; ``pin`` opens it.

    Whom the certificates are for is never shown.
    """

    pin: KeyRef
    name: str = field(repr=False)
    ssn: str = field(repr=False)
    card_no: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProveCertificates:
    """Keys and certificates of the PKI application are whole and belong together; ``pin`` opens it."""

    pin: KeyRef


Action = (
    Send
    | Reset
    | PresentCode
    | VerifyPin
    | Authenticate
    | ProveCard
    | LoadKey
    | LoadPin
    | LoadFirstKey
    | Refused
    | Compare
    | Answers
    | Series
    | Certify
    | ProveCertificates
)

KEY_ABSENT: Final = frozenset({0x6A88})
"""Status word that says: there is no such key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One action with its reason.

    ``session`` marks moves that change only the session (SELECT, authentication): they are repeated on resume.
    ``restore`` is done instead of a finished move when the card is resumed behind it.
    ``probe`` tells, when it is unknown whether the move was done: success = done, a status word of ``absent`` = not
    done, else quarantine.
    ``clear`` takes away, before the move is done again, what a torn attempt may have left.
    ``already`` are status words that say, on resume, that the move was done before.
    ``durable`` marks changes of the card that outlive a reset; their intent is journalled first.
    ``permanent`` marks key-changing and irreversible ones; their result is journalled too.
    ``undo`` names what takes the move back; empty: nothing does.
    """

    purpose: str
    target: str
    action: Action
    session: bool = False
    restore: Send | None = None
    probe: Action | None = None
    absent: frozenset[int] = KEY_ABSENT
    clear: tuple[Action, ...] = ()
    already: frozenset[int] = frozenset()
    durable: bool = False
    permanent: bool = False
    undo: str = ""
