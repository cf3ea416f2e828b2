"""One card's rights at a counter: what is held, how more is gained, and when to stop rather than spend a try.

Before the first external authentication the card proves itself with IRK; a card whose keys are not ours is never asked
to check one of ours.  A refused key or PIN ends the session: nothing is presented twice.  Source: LD/T 32 draft
(INTERNAL and EXTERNAL AUTHENTICATE, VERIFY, security state); docs/card.md, "rights at the counter".
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sscard.apdu.command import MAX_ANSWER, Command, Response
from sscard.apdu.transport import Channel, refusal
from sscard.cos.access import PIN, allowed, wanting
from sscard.cos.authentication import CHALLENGE_SIZE
from sscard.cos.dialect import load_dialect
from sscard.cos.model import Access, Directory, KeyKind, KeySlot, Profile
from sscard.errors import CustodyError, GuardRefused, StatusError, UsageError
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.terminal.identify import Identity, pin_tries

PIN_FLOOR: Final = 1
"""Tries the holder's PIN must keep: at this number it is no longer presented."""
_PIN_DIGITS: Final = range(4, 17)
_ABSENT: Final = 0x6A82


class Refusal(Enum):
    """Why rights for a file were not gained."""

    NEVER = "never"
    NO_KEY = "no-key"
    NO_PIN = "no-pin"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights that now fulfil a rule (``used``, empty for a free file), or why not."""

    used: tuple[str, ...] = ()
    refused: Refusal | None = None


def pin_block(digits: str) -> Secret:
    """A PIN as VERIFY takes it: packed digits, an odd one filled with F.  Raises UsageError unless 4–16 digits."""
    if len(digits) not in _PIN_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise UsageError("pin-form")
    return Secret(bytes.fromhex(digits + "F" * (len(digits) % 2)))


def may_have_pin(profile: Profile, identity: Identity) -> bool:
    """Whether the card has a PIN, as far as it tells: one that tells no tries may always have one."""
    return identity.pin_tries is not None or not load_dialect(profile.dialect).tells_pin_tries


class CardSession:
    """Selects directories and gains rights on one identified card.

    ``keys`` and ``pin`` (packed, see :func:`pin_block`) are what the counter has; either may be missing.
    """

    def __init__(
        self,
        channel: Channel,
        profile: Profile,
        identity: Identity,
        keys: KeyService | None = None,
        pin: Secret | None = None,
    ) -> None:
        self.channel = channel
        self.profile = profile
        self.identity = identity
        self._keys = keys
        self._pin = pin
        self._dialect = load_dialect(profile.dialect)
        self._current: Directory | None = None
        self._held: frozenset[str] = frozenset()
        self._unusable: set[str] = set()
        self._genuine: bool | None = None

    def enter(self, directory: Directory) -> bool:
        """Select a directory; key rights of the one before are gone, the PIN's stays.  False where it is absent."""
        if self._current is directory:
            return True
        answer = self._select(directory)
        if answer.sw == _ABSENT:
            return False
        if not answer.ok:
            raise StatusError(answer.sw, "SELECT")
        self._current = directory
        self._held = self._dialect.rights.leave(self._held)
        return True

    def _select(self, directory: Directory) -> Response:
        """The way to a directory from anywhere; one that has its label only is found inside its environment."""
        way = self._dialect.path(self.profile, directory)
        if not directory.aid:
            way = (*self._dialect.path(self.profile, self.profile.directory(directory.parent)), way[-1])
        for select in way:
            answer = self.channel.send(Command(select.cla, select.ins, select.p1, select.p2, select.data, MAX_ANSWER))
            if not answer.ok:
                break
        return answer

    def restart(self) -> None:
        """Reset the card: every right is lost.  Raises GuardRefused("card-other") where another card answers."""
        if self.channel.reset().raw != self.identity.atr.raw:
            raise GuardRefused("card-other")
        self._current, self._held = None, frozenset()

    def gain(self, access: Access) -> Grant:
        """Gain what the rule asks for in the directory selected.

        Raises CounterError where the card refuses a key or the PIN, GuardRefused where the PIN has no try to spare.
        """
        if not self._dialect.rights.can_hold(access):
            return Grant(refused=Refusal.NEVER)
        while not allowed(access, self._held):
            missing = wanting(access, self._held, self._obtainable(access.rights))
            if missing is None:
                return Grant(refused=self._reason(access))
            for right in missing:
                if right == PIN and self._pin is not None:
                    self._verify(self._pin)
                elif self._keys is None or not self._authenticate(self._keys, right):
                    self._unusable.add(right)
                    break
        return Grant(tuple(right for right in access.rights if right in self._held))

    def opens(self, right: str) -> bool:
        """Whether a right is gained by EXTERNAL AUTHENTICATE: a key of another kind is never shown that way."""
        return any(
            slot.name == right and slot.kind is KeyKind.EXTERNAL
            for directory in self.profile.directories
            for slot in directory.keys
        )

    @property
    def keys(self) -> KeyService:
        """The keys of the counter.  Raises CustodyError where it has none."""
        if self._keys is None:
            raise CustodyError("keys-none")
        return self._keys

    @property
    def has_keys(self) -> bool:
        """Whether the counter has keys at all."""
        return self._keys is not None

    def prove(self) -> None:
        """Let the card prove itself with IRK, once a session.  Raises GuardRefused for a card of another hierarchy."""
        if not self._prove(self.keys):
            raise GuardRefused("card-foreign")

    def require(self, right: str) -> None:
        """Gain the right of one key in the directory selected; the card proves itself first.

        Raises GuardRefused for a foreign card, CustodyError without the key, CounterError where the card refuses it.
        """
        if right not in self._held:
            self.prove()
            if not self._authenticate(self.keys, right):
                raise CustodyError("key-missing", ref=right)

    def present_pin(self) -> None:
        """Verify the holder's PIN, unless that was done or the card's PIN is empty.

        Raises GuardRefused where no PIN was given or it has no try to spare, CounterError where it is refused.
        """
        if PIN in self._held or self.channel.send(Command(0x00, 0x20)).ok:
            return
        if self._pin is None:
            raise GuardRefused("pin-needed")
        self._verify(self._pin)

    def challenge(self) -> bytes:
        """A fresh challenge of the card (8 bytes)."""
        return self.channel.call(Command(0x00, 0x84, 0x00, 0x00, le=CHALLENGE_SIZE))

    def ref(self, slot: KeySlot, version: int | None = None) -> KeyRef:
        """This card's key of a slot, in its first version where none is named."""
        wanted = slot.versions[0] if version is None else version
        return KeyRef(slot.name, self.identity.region, self.identity.factor, wanted)

    def _obtainable(self, rights: Iterable[str]) -> set[str]:
        ours = {right for right in rights if right != PIN and self._keys is not None} - self._unusable
        if self._genuine is False:
            ours.clear()
        return ours | ({PIN} if self._pin is not None else set())

    def _reason(self, access: Access) -> Refusal:
        if access.never:
            return Refusal.NEVER
        if self._genuine is False:
            return Refusal.FOREIGN
        keys_missing = any(right != PIN and right not in self._obtainable(access.rights) for right in access.rights)
        return Refusal.NO_KEY if keys_missing else Refusal.NO_PIN

    def _authenticate(self, keys: KeyService, right: str) -> bool:
        """External authentication; False where our keys cannot serve it.  Raises CounterError when refused."""
        _, slot = self.profile.key(right)
        try:
            if not self._prove(keys):
                return False
            proof = self._dialect.authentication.counter_proof(keys, self.ref(slot), self.challenge)
        except CustodyError:
            return False
        self.channel.call(Command(0x00, 0x82, 0x00, self._dialect.key_id(slot), proof))
        self._held = self._dialect.rights.gain(self._held, right)
        return True

    def _prove(self, keys: KeyService) -> bool:
        """Whether the card holds our internal key (IRK), asked once a session; yes where the profile has none."""
        if self._genuine is None:
            places = ((home, slot) for home in self.profile.directories for slot in home.keys)
            place = next((place for place in places if place[1].kind is KeyKind.INTERNAL), None)
            self._genuine = place is None or self._answers(keys, *place)
        return self._genuine

    def _answers(self, keys: KeyService, home: Directory, slot: KeySlot) -> bool:
        """Internal authentication with randoms of our own, where the card finds the key; then back again."""
        here = self._current
        elsewhere = here is not None and here is not home and not self._dialect.keys_reach_below
        if elsewhere and not self.enter(home):
            return False
        question, expected = self._dialect.authentication.question(keys, self.ref(slot), self._dialect.key_id(slot))
        answer = self.channel.send(question)
        if elsewhere and here is not None:
            self.enter(here)
        return answer.ok and hmac.compare_digest(answer.data, expected)

    def _verify(self, pin: Secret) -> None:
        """Present the PIN.  Raises CounterError when refused; the value is then dropped."""
        tries = pin_tries(self.channel)
        if tries is not None and tries <= PIN_FLOOR:
            raise GuardRefused("pin-floor", tries=tries)
        key_id = self._dialect.key_id(self.profile.key(PIN)[1])
        command = Command(0x00, 0x20, 0x00, key_id, pin.reveal())
        answer = self.channel.send(command)
        if not answer.ok:
            pin.wipe()
            self._pin = None
            raise refusal(answer.sw, command)
        self._held = self._dialect.rights.gain(self._held, PIN)
