"""Carries a plan to a card: journals the intent, sends, checks, and resumes where an earlier run stopped.

There is no second way for resuming: a first run is a resume with an empty journal.  In a visit whose intent an
earlier run had journalled, each step is taken as perhaps done: it is skipped when the journal has its result,
probed when it has a probe, repeated when repeating is harmless, and ``already`` answers are accepted.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final, Protocol

from sscard.apdu.command import Command
from sscard.apdu.status import OK
from sscard.apdu.transport import Channel, refusal
from sscard.cos.actions import (
    Action,
    Answers,
    Authenticate,
    Certify,
    Compare,
    LineGuard,
    LoadFirstKey,
    LoadKey,
    LoadPin,
    PresentCode,
    ProveCard,
    ProveCertificates,
    Refused,
    Reset,
    Send,
    Series,
    VerifyPin,
)
from sscard.cos.authentication import CHALLENGE_SIZE
from sscard.cos.dialect import Dialect
from sscard.cos.guard import protect, protected_answer
from sscard.errors import CounterError, CustodyError, Quarantined, StatusError
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.personalize.steps import Plan, Step

_CHALLENGE: Final = Command(0x00, 0x84, 0x00, 0x00, le=CHALLENGE_SIZE)
_MAC_SIZE: Final = 4


class CardLog(Protocol):
    """The journal of one card, as the runner needs it."""

    def intended(self, visit: int) -> bool:
        """Whether the intent of this visit had been journalled by an earlier run."""
        ...

    def finished(self, visit: int) -> bool:
        """Whether the visit was finished by an earlier run."""
        ...

    def last_done(self) -> int:
        """Index of the last step whose result is journalled; -1 where there is none."""
        ...

    def intent(self, visit: int, first: int, last: int) -> None:
        """Write that these steps are about to change the card; it need not be on disk yet.  Raises JournalError."""
        ...

    def secure(self) -> None:
        """Return when the last intent is on disk.  Raises JournalError."""
        ...

    def done(self, step: int) -> None:
        """Store that a permanent step was done."""
        ...

    def leave(self, visit: int) -> None:
        """Store that a visit is finished."""
        ...


class Certifier(Protocol):
    """Serves the certificate actions of a plan: knows the card's PKI application and a CA."""

    def install(self, channel: Channel, pin: Secret, person: Certify) -> None:
        """Bring keys and certificates onto the card, whatever of it is there already.  Raises CustodyError."""
        ...

    def prove(self, channel: Channel, pin: Secret) -> None:
        """Judge what is on the card.  Raises Quarantined."""
        ...


Progress = Callable[[int, Step], None]
"""Called before each step with its index."""


class Runner:
    """Runs plans on one channel with one card's keys."""

    def __init__(
        self,
        channel: Channel,
        dialect: Dialect,
        service: KeyService,
        card: bytes,
        certifier: Certifier | None = None,
    ) -> None:
        self._certifier = certifier
        self._channel = channel
        self._dialect = dialect
        self._service = service
        self._card = card
        self._actions: dict[type, Callable[..., None]] = {
            Send: self._send,
            Reset: self._reset,
            PresentCode: self._present_code,
            VerifyPin: self._verify_pin,
            Authenticate: self._authenticate,
            ProveCard: self._prove_card,
            LoadKey: self._load_key,
            LoadPin: self._load_pin,
            LoadFirstKey: self._load_first_key,
            Refused: self._refused,
            Compare: self._compare,
            Answers: self._answers,
            Series: self._series,
            Certify: self._certify,
            ProveCertificates: self._prove_certificates,
        }

    def run(self, plan: Plan, log: CardLog, progress: Progress | None = None) -> None:
        """Carry out what the journal does not have yet.  The card must have just been reset.

        Raises Quarantined when the card's state contradicts the journal, else what the wire, the card, the key
        service or the journal raise; after any of them the same call on the reset card goes on from there.
        """
        last_done = log.last_done()
        for visit, first, steps in plan.visits():
            if log.finished(visit):
                continue
            resuming = log.intended(visit)
            durable = unsecured = any(step.durable for step in steps)
            if durable:
                log.intent(visit, first, first + len(steps) - 1)
            for index, step in enumerate(steps, first):
                if progress is not None:
                    progress(index, step)
                if unsecured and step.durable:
                    log.secure()
                    unsecured = False
                if not resuming:
                    self.act(step.action)
                elif index > last_done or step.session:
                    self._repeat(step)
                else:
                    if step.restore is not None:
                        self.act(step.restore)
                    continue
                if step.permanent:
                    log.done(index)
            if durable:
                log.leave(visit)

    def act(self, action: Action) -> None:
        """Carry out one action.  Raises StatusError or CounterError when the card refuses it."""
        self._actions[action.__class__](action)

    def _repeat(self, step: Step) -> None:
        """Carry out a step that an earlier run may have done."""
        if step.probe is not None:
            if self._holds(step.probe, step.absent):
                return
            for action in step.clear:
                self.act(action)
        try:
            self.act(step.action)
        except StatusError as error:
            if isinstance(step.action, Series):
                raise Quarantined("quarantine-unfinished", target=step.target, sw=f"{error.sw:04X}") from error
            if error.sw not in step.already:
                raise
            if step.restore is not None:
                self.act(step.restore)

    def _holds(self, probe: Action, absent: frozenset[int]) -> bool:
        """Whether what the probe asks for is on the card: yes, no, or a key of another value, which quarantines it."""
        try:
            self.act(probe)
        except StatusError as error:
            if error.sw in absent:
                return False
            raise
        except CounterError as error:
            if isinstance(probe, Authenticate | VerifyPin):
                fields = {"key": error.fields.get("key", probe.key), "value": error.fields.get("value", "–")}
                raise Quarantined("quarantine-key", tries=error.fields["tries"], **fields) from error
            raise
        return True

    def _bind(self, ref: KeyRef) -> KeyRef:
        return ref.for_card(self._card)

    def _challenge(self) -> bytes:
        return self._channel.call(_CHALLENGE)

    def _guarded(self, guard: LineGuard, command: Command) -> tuple[LineGuard, bytes, bytes]:
        """Send a command with line protection: the guard bound to the card, the challenge used, the answer."""
        bound = LineGuard(self._bind(guard.key), guard.enciphered)
        challenge = self._challenge()
        return bound, challenge, self._channel.call(protect(self._service, bound, challenge, command))

    def _send(self, action: Send) -> None:
        if action.guard is None:
            self._channel.call(action.command)
        else:
            self._guarded(action.guard, action.command)

    def _series(self, action: Series) -> None:
        for part in action.actions:
            self.act(part)

    def _reset(self, _action: Reset) -> None:
        identity = self._dialect.mark.identity(self._channel.reset())
        if identity is None or identity.factor != self._card:
            raise Quarantined("quarantine-swapped")

    def _present_code(self, action: PresentCode) -> None:
        code = self._service.presentation(action.key)
        command = self._dialect.present_transport_code(code.reveal())
        answer = self._channel.send(command)
        if not answer.ok and answer.sw not in action.accept:
            raise refusal(answer.sw, command)

    def _verify_pin(self, action: VerifyPin) -> None:
        pin = self._service.presentation(action.key)
        self._channel.call(Command(0x00, 0x20, 0x00, action.id, pin.reveal()))

    def _authenticate(self, action: Authenticate) -> None:
        key = self._bind(action.key)
        proof = self._dialect.authentication.proof(self._service, key, self._challenge())
        try:
            self._channel.call(Command(0x00, 0x82, 0x00, action.id, proof))
        except CounterError as error:
            value = self._service.check_value(action.key).hex().upper()
            raise CounterError("wrong-key", error.tries, key=action.key, value=value) from error

    def _prove_card(self, action: ProveCard) -> None:
        question, expected = self._dialect.authentication.question(self._service, self._bind(action.key), action.id)
        if not secrets.compare_digest(self._channel.call(question), expected):
            raise Quarantined("quarantine-proof", key=action.key.name)

    def _certify(self, action: Certify) -> None:
        self._serving().install(self._channel, self._service.presentation(action.pin), action)

    def _prove_certificates(self, action: ProveCertificates) -> None:
        self._serving().prove(self._channel, self._service.presentation(action.pin))

    def _serving(self) -> Certifier:
        if self._certifier is None:
            raise CustodyError("ca-missing")
        return self._certifier

    def _load_key(self, action: LoadKey) -> None:
        under = self._bind(action.under)
        cipher = self._service.wrap_key(self._bind(action.key), under, action.prefix, action.fill)
        self._load(action.header, under, cipher)

    def _load_pin(self, action: LoadPin) -> None:
        under = self._bind(action.under)
        pin = self._service.presentation(action.key)
        self._load(action.header, under, self._service.direct_cipher(under, action.prefix + pin.reveal()))

    def _load(self, header: bytes, under: KeyRef, cipher: bytes) -> None:
        message = header + bytes((len(cipher) + _MAC_SIZE,)) + cipher
        mac = self._service.key_mac(under, self._challenge(), message)
        cla, ins, p1, p2 = header
        self._channel.call(Command(cla, ins, p1, p2, cipher + mac))

    def _load_first_key(self, action: LoadFirstKey) -> None:
        key = self._service.first_key(self._bind(action.key))
        cla, ins, p1, p2 = action.header
        self._channel.call(Command(cla, ins, p1, p2, action.prefix + key.reveal()))

    def _refused(self, action: Refused) -> None:
        try:
            self.act(action.action)
        except (StatusError, CounterError):
            return
        raise Quarantined("quarantine-not-refused", what=type(action.action).__name__)

    def _compare(self, action: Compare) -> None:
        expected = action.expected
        if action.guard is None:
            answer = self._channel.call(action.command)
        else:
            guard, challenge, answer = self._guarded(action.guard, action.command)
            expected = protected_answer(self._service, guard, challenge, expected)
        if answer != expected:
            raise Quarantined("quarantine-differs", tags=", ".join(_differing(action, answer)))

    def _answers(self, action: Answers) -> None:
        sw = self._channel.send(action.command).sw
        if sw not in action.statuses:
            raise refusal(sw, action.command) if sw != OK else Quarantined("quarantine-not-empty")


def _differing(action: Compare, answer: bytes) -> list[str]:
    """Tags of the records in which the answer is not what was written; never their values."""
    tags: list[str] = []
    position = 0
    while position + 2 <= len(action.expected):
        end = position + 2 + action.expected[position + 1]
        if answer[position:end] != action.expected[position:end]:
            tags.append(f"{action.expected[position]:02X}")
        position = end
    return tags
