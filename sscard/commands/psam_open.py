"""From the word after ``--psam`` to a PSAM; the workspace's register; today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard import messages
from sscard.commands.common import F
from sscard.commands.readers_open import EMULATOR

if TYPE_CHECKING:
    from sscard.apdu.transport import Transport
    from sscard.emulator.psam import PsamCard
    from sscard.keys.family import Algorithm
    from sscard.keys.service import KeyService
    from sscard.personalize.workspace import Workspace
    from sscard.psam.reader import Psam
    from sscard.psam.register import PsamRegister
    from sscard.psam.service import PsamKeyService

BEIJING: Final = timezone(timedelta(hours=8))
REGISTER_NAME: Final = "psam.sqlite"
_SAMPLE_SERIAL: Final = "99010100000000000017"
_SAMPLE_TERMINAL: Final = "990101000017"


def psam_option(function: F) -> F:
    """``--psam NAME`` of the commands at a counter."""
    return click.option("--psam", metavar="NAME", help=messages.text("psam.option-psam"))(function)


def today() -> str:
    """The day in China, YYYYMMDD."""
    return f"{datetime.now(BEIJING):%Y%m%d}"


def open_transport(name: str | None, algorithm: Algorithm) -> Transport:
    """The PSAM in a reader, of a software PSAM's file, or (``emulator``) a debug PSAM for the sample card.

    Raises what opening a reader or an image raises.
    """
    if name == EMULATOR:
        return sample_psam(algorithm)
    if name is not None and Path(name).is_file():
        from sscard.emulator.persistent import open_card

        return open_card(Path(name))
    from sscard.apdu.pcsc import PcscTransport, find_reader

    return PcscTransport(find_reader(name))


@contextmanager
def open_psam(name: str | None, algorithm: Algorithm) -> Iterator[Psam]:
    """The PSAM of :func:`open_transport`, its application selected in the environment of a cipher."""
    from sscard.apdu.transport import Channel
    from sscard.psam.reader import Psam

    with closing(open_transport(name, algorithm)) as transport:
        yield Psam(Channel(transport), algorithm)


@contextmanager
def psam_keys(name: str, algorithm: Algorithm, workspace: Workspace | None) -> Iterator[PsamKeyService]:
    """A PSAM as the keys of a counter; a production workspace refuses a debug PSAM."""
    from sscard.psam.service import PsamKeyService

    production = workspace is not None and not workspace.demo
    with open_psam(name, algorithm) as psam:
        yield PsamKeyService(psam, today(), production=production)


@contextmanager
def register_of(workspace: Workspace) -> Iterator[PsamRegister]:
    """The register of a workspace: ``keys/psam.sqlite``.  Raises JournalError."""
    from sscard.psam.register import PsamRegister

    with PsamRegister(workspace.root / "keys" / REGISTER_NAME, production=not workspace.demo) as register:
        yield register


@contextmanager
def register_kept(workspace: Workspace) -> Iterator[PsamRegister | None]:
    """The register of a workspace that keeps one, else None; none is made.  Raises JournalError."""
    if not (workspace.root / "keys" / REGISTER_NAME).exists():
        yield None
        return
    with register_of(workspace) as register:
        yield register


def software_psam(service: KeyService, region: str, algorithm: Algorithm, serial: str) -> PsamCard:
    """A blank software PSAM with its own keys, as a supplier would deliver it.  Demonstration keys only.

    Raises CustodyError for other keys and where the masters of PSAMs are missing.
    """
    from sscard.emulator.psam import PsamCard
    from sscard.keys.psam import OWN_KEYS
    from sscard.keys.service import KeyRef

    factor = bytes.fromhex(serial)[-8:]
    own = {name: service.first_key(KeyRef(name, region, factor)).reveal() for name in OWN_KEYS}
    return PsamCard.blank(serial, {algorithm: own})


def sample_psam(algorithm: Algorithm) -> PsamCard:
    """A debug PSAM with every key of the sample card, valid for years around today."""
    from sscard.apdu.transport import Channel
    from sscard.cos.psam import Authority
    from sscard.keys.hierarchy import memory_service
    from sscard.personalize.sample import REGION
    from sscard.psam.advice import least_list
    from sscard.psam.loader import LoadOrder, load_psam
    from sscard.psam.loadlist import parse_list
    from sscard.psam.reader import Psam

    service = memory_service(REGION, algorithm=algorithm)
    card = software_psam(service, REGION, algorithm, _SAMPLE_SERIAL)
    start, end = f"{int(today()[:4]) - 1}0101", f"{int(today()[:4]) + 9}1231"
    for authority in (Authority.NATIONAL, Authority.PROVINCE):
        text = least_list(authority, (), city=REGION, algorithm=algorithm, start=start, end=end, debug=True)
        order = LoadOrder(parse_list(text, EMULATOR), _SAMPLE_TERMINAL)
        load_psam(Psam(Channel(card), algorithm), service, order, lambda: None)
    card.reset()
    return card
