"""The holder's PIN at a counter: verify, change, and with the issuer's keys reload or unblock.

A PIN with one try left is never presented.  Where the counter has keys the card proves itself first, so that no PIN and
no PUK is shown to a card of another hierarchy.  Source: LD/T 32 draft, VERIFY, CHANGE PIN, PIN CHANGE/UNBLOCK.
"""

from __future__ import annotations

from typing import Final

from sscard.apdu.command import Command
from sscard.cos.model import Directory
from sscard.errors import GuardRefused
from sscard.keys.secret import Secret
from sscard.terminal.identify import pin_tries
from sscard.terminal.secure import send_secure
from sscard.terminal.session import PIN_FLOOR, CardSession

_PUK: Final = "PUK"
_CHANGE_UNBLOCK: Final = 0x24
_UNBLOCK, _RELOAD = 0, 1
_SEPARATOR: Final = b"\xff"


def verify_pin(session: CardSession) -> None:
    """Present the session's PIN.  Raises GuardRefused, CounterError."""
    _enter(session)
    session.present_pin()


def change_pin(session: CardSession, old: Secret, new: Secret) -> None:
    """Change the PIN; ``old`` is spent like a VERIFY.  Either may be empty.  Values are packed (``pin_block``).

    Raises GuardRefused where the PIN has no try to spare, CounterError where the old one is wrong.
    """
    _enter(session)
    tries = pin_tries(session.channel)
    if tries is not None and tries <= PIN_FLOOR:
        raise GuardRefused("pin-floor", tries=tries)
    session.channel.call(change_command(old, new))


def change_command(old: Secret, new: Secret) -> Command:
    """CHANGE PIN: old ‖ FF ‖ new."""
    return Command(0x80, 0x5E, 0x01, 0x00, old.reveal() + _SEPARATOR + new.reveal())


def reload_pin(session: CardSession, new: Secret) -> None:
    """Give the card a new PIN under PUK and STK and restore its counter; an empty one leaves the card without PIN.

    Raises GuardRefused for a foreign card, CustodyError, CounterError where the PUK is refused, StatusError.
    """
    send_secure(session, _authorized(session), _CHANGE_UNBLOCK, _RELOAD, new.reveal())


def unblock_pin(session: CardSession) -> None:
    """Restore the PIN's counter and keep the PIN.  Raises what :func:`reload_pin` raises."""
    send_secure(session, _authorized(session), _CHANGE_UNBLOCK, _UNBLOCK)


def _authorized(session: CardSession) -> Directory:
    if not session.opens(_PUK):
        raise GuardRefused("pin-not-served")
    environment = _enter(session)
    session.require(_PUK)
    return environment


def _enter(session: CardSession) -> Directory:
    """The directory with the PIN, selected; proved ours where the counter has keys."""
    environment = session.profile.home
    session.enter(environment)
    if session.has_keys:
        session.prove()
    return environment
