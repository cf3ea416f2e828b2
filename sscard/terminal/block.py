"""APPLICATION BLOCK and CARD BLOCK: for ever, so only on a word that names this very card.

Source: LD/T 32 draft.  The key that opens the block is authenticated first, the command carries a MAC under the STK.
"""

from __future__ import annotations

from typing import Final

from sscard.cos.model import Directory
from sscard.errors import GuardRefused
from sscard.terminal.secure import send_secure
from sscard.terminal.session import CardSession

_APPLICATION: Final = 0x1E, 0x01
_CARD: Final = 0x16, 0x00


def block_application(session: CardSession, directory: Directory, *, confirm: str) -> None:
    """Block one application for ever: afterwards 9303.  ``confirm`` is the card's identification code, in full.

    Raises GuardRefused without that word, for an environment, and for a foreign card; CustodyError, CounterError,
    StatusError.
    """
    if directory.is_ddf:
        raise GuardRefused("block-environment", directory=directory.name)
    _block(session, directory, _APPLICATION, confirm)


def block_card(session: CardSession, *, confirm: str) -> None:
    """Block the whole card for ever: afterwards 6A81.  Otherwise as :func:`block_application`."""
    _block(session, session.profile.home, _CARD, confirm)


def _block(session: CardSession, directory: Directory, which: tuple[int, int], confirm: str) -> None:
    identity = session.identity
    if not identity.card_id or confirm != identity.card_id:
        raise GuardRefused("block-unconfirmed")
    if not session.opens(directory.lock_key):
        raise GuardRefused("block-no-key", directory=directory.name)
    if not session.enter(directory):
        raise GuardRefused("directory-absent", directory=directory.name)
    session.require(directory.lock_key)
    send_secure(session, directory, *which)
