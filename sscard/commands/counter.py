"""What the commands at a counter share: the card in a reader, its keys, its holder's PIN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import KEYS_CHOICE
from sscard.errors import GuardRefused, UsageError

if TYPE_CHECKING:
    from sscard.apdu.transport import Channel
    from sscard.cos.model import Profile
    from sscard.keys.secret import Secret
    from sscard.keys.service import KeyService
    from sscard.personalize.workspace import Workspace
    from sscard.terminal.identify import Identity
    from sscard.terminal.session import CardSession


@contextmanager
def card_session(
    reader: str | None,
    workspace: Path,
    profile_name: str | None,
    *,
    keys: bool = False,
    pin: bool | Callable[[Profile], bool] = False,
    psam: str | None = None,
) -> Iterator[CardSession]:
    """The issued card in a reader.

    ``keys`` opens the vault, or the PSAM named; ``pin``, or what it answers for the profile, asks for the PIN of a
    card with one.
    Raises what :func:`issued`, :func:`counter_keys` and the reader raise.
    """
    from sscard.apdu.transport import Channel
    from sscard.commands.readers_open import open_transport
    from sscard.cos.profile import load_profile
    from sscard.terminal.read import profile_for
    from sscard.terminal.session import CardSession, may_have_pin

    opened = workspace_at(workspace, needed=False)
    with ExitStack() as stack:
        channel = Channel(stack.enter_context(closing(open_transport(reader, profile_name))))
        identity = issued(channel)
        profile = load_profile(profile_name) if profile_name else profile_for(identity)
        service = stack.enter_context(counter_keys(opened, reader, profile, psam)) if keys else None
        wanted = pin(profile) if callable(pin) else pin
        asked = ask_pin("terminal.pin-prompt") if wanted and may_have_pin(profile, identity) else None
        try:
            yield CardSession(channel, profile, identity, service, asked)
        finally:
            if asked is not None:
                asked.wipe()


def workspace_at(path: Path, *, needed: bool) -> Workspace | None:
    """The workspace, or None where the folder is none and nothing needs one."""
    from sscard.personalize.workspace import SETTINGS_NAME, open_workspace

    if not needed and not (path / SETTINGS_NAME).exists():
        return None
    return open_workspace(path)


def keys_for(workspace: Workspace | None, reader: str | None, profile: Profile) -> KeyService | None:
    """The keys that fit the reader: those of the sample card, or the workspace's; None where there are none.

    Raises UsageError("keys-emulator") where ``--keys`` is given for the sample card, else what ``unlock`` raises.
    """
    from sscard.commands.readers_open import EMULATOR
    from sscard.commands.unlock import unlock
    from sscard.personalize.sample import sample_keys

    if reader == EMULATOR:
        if click.get_current_context().meta.get(KEYS_CHOICE) is not None:
            raise UsageError("keys-emulator")
        return sample_keys(profile)
    return unlock(workspace) if workspace is not None else None


@contextmanager
def counter_keys(
    workspace: Workspace | None, reader: str | None, profile: Profile, psam: str | None
) -> Iterator[KeyService | None]:
    """The PSAM's keys where one is named, else those of :func:`keys_for`.

    Raises UsageError("keys-psam") where both are chosen, else what opening them raises.
    """
    from sscard.commands.psam_open import psam_keys

    if psam is not None and click.get_current_context().meta.get(KEYS_CHOICE) is not None:
        raise UsageError("keys-psam")
    if psam is None:
        yield keys_for(workspace, reader, profile)
        return
    with psam_keys(psam, profile.algorithm, workspace) as service:
        yield service


def ask_pin(prompt: str, *, twice: bool = False) -> Secret:
    """A PIN typed at the terminal, packed; ``prompt`` names a text.  Raises UsageError unless 4–16 digits."""
    from sscard.terminal.session import pin_block

    return pin_block(click.prompt(messages.text(prompt), hide_input=True, err=True, confirmation_prompt=twice))


def issued(channel: Channel) -> Identity:
    """The card's identity.  Raises GuardRefused for a card that no profile is known for, and for a blocked one."""
    from sscard.terminal.identify import CardKind, CardState, identify

    identity = identify(channel)
    if identity.kind not in (CardKind.SOCIAL_SECURITY, CardKind.PURSE):
        raise GuardRefused("not-social-security", kind=identity.kind.value)
    if identity.state is CardState.BLOCKED:
        raise GuardRefused("card-blocked")
    return identity
