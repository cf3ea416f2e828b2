"""Opens the ledger of a workspace: the file that lies in it, or the database that its stations share."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sscard.durable import write_private
from sscard.errors import GuardRefused, JournalError
from sscard.personalize.chain import Chain, Place
from sscard.personalize.ledger import Ledger, Seat
from sscard.personalize.ledger.schema import require_known, version_of
from sscard.personalize.ledger.sqlite import Sqlite
from sscard.personalize.ledger.store import prepare
from sscard.personalize.workspace import Workspace

if TYPE_CHECKING:
    from sscard.personalize.ledger.postgres import Postgres

_PERSON_KEY_SIZE: Final = 32
_IDENTITY_SIZE: Final = 16


def open_ledger(workspace: Workspace) -> Ledger:
    """The workspace's ledger; one that is not shared is made on first use.

    Raises JournalError where it cannot be reached or read, is of another version or another person key, and where jobs
    were begun but ledger or person key are gone: without them the same person could get a second card.  GuardRefused
    ("ledger-two") where people stand in the workspace's own ledger and the settings name a shared one.
    """
    if not workspace.ledger.shared:
        return open_own(workspace)
    if has_own_people(workspace):
        raise GuardRefused("ledger-two", path=str(workspace.ledger_path), root=str(workspace.root))
    key = person_key_path(workspace)
    try:
        if not key.exists():
            raise JournalError("ledger-key-shared", path=str(key))
        person_key, seat = _person_key(key), seat_of(workspace)
    except OSError as error:
        raise _unusable(error, key) from error
    ledger = Ledger(connect(workspace), person_key, seat)
    known = {station.identity for station in ledger.stations().values()}
    if _begun(workspace) and ledger.seat.identity not in known:
        ledger.close()
        raise JournalError("ledger-strange", path=ledger.place, station=workspace.station)
    return ledger


def open_own(workspace: Workspace) -> Ledger:
    """The ledger in the workspace, whatever the settings name.  Raises JournalError as :func:`open_ledger`."""
    path, key = workspace.ledger_path, person_key_path(workspace)
    try:
        if _begun(workspace) and not _kept(path):
            raise JournalError("ledger-missing", path=str(path))
        if path.exists() and not key.exists():
            raise JournalError("ledger-key-missing", path=str(key))
        person_key = _person_key(key)
        return Ledger(Sqlite(path), person_key, Seat(workspace.station, lease=workspace.ledger.lease))
    except OSError as error:
        raise _unusable(error, key) from error


def has_own_people(workspace: Workspace) -> bool:
    """Whether there is a ledger in the workspace, though the settings name a shared one."""
    return workspace.ledger.shared and _kept(workspace.ledger_path)


def ledger_kept(workspace: Workspace) -> bool:
    """Whether there is a ledger to open: a shared one, or a file."""
    return workspace.ledger.shared or workspace.ledger_path.exists()


def own_version(workspace: Workspace) -> int:
    """The version of the ledger in the workspace, which is left as it is.

    Raises JournalError: "ledger-open", "ledger-damaged", "ledger-version".
    """
    with closing(Sqlite(workspace.ledger_path)) as engine:
        version = version_of(engine)
        require_known(engine, version)
        return version


def prepare_ledger(workspace: Workspace) -> tuple[str, int]:
    """Make the tables of a shared ledger or bring them to this version; returns its place and the version it had.

    The workspace's person key becomes the ledger's, where it has none.  Raises GuardRefused("ledger-own") where the
    settings name no shared ledger; JournalError.
    """
    if not workspace.ledger.shared:
        raise GuardRefused("ledger-own", path=str(workspace.root))
    key = person_key_path(workspace)
    engine = connect(workspace)
    try:
        if engine.prepared() and not key.exists():
            raise JournalError("ledger-key-shared", path=str(key))
        return engine.place, prepare(engine, _person_key(key), workspace.station)
    except OSError as error:
        raise _unusable(error, key) from error
    finally:
        engine.close()


def connect(workspace: Workspace) -> Postgres:
    """A connection to the shared ledger.  Raises JournalError: "ledger-driver", and as :class:`Postgres` does."""
    try:
        from sscard.personalize.ledger.postgres import Postgres
    except ImportError:
        raise JournalError("ledger-driver") from None
    return Postgres(workspace.ledger.url, workspace.station, guarded=not workspace.demo)


def take_seat(workspace: Workspace, ledger: Ledger) -> None:
    """Sign in as this workspace's station, before anything is written for it.

    Raises GuardRefused: "station-taken" where another workspace has the name, "station-behind" where the station wrote
    more than this workspace knows of: a copy or an old backup, whose journals cannot say what became of its cards.
    """
    ledger.sit()
    pin = ledger.pins().get(workspace.station)
    if pin is not None and not Chain(workspace.chain_path).holds(Place.parse(pin)):
        raise GuardRefused("station-behind", station=workspace.station, path=str(workspace.chain_path))


def person_key_path(workspace: Workspace) -> Path:
    """Where the key of the person digests lies: the same bytes at every station of a ledger."""
    return workspace.root / "keys" / "ledger-key"


def seat_of(workspace: Workspace) -> Seat:
    """Who this workspace is in a shared ledger.  Raises OSError."""
    identity = _once(workspace.root / "station-id", lambda: secrets.token_bytes(_IDENTITY_SIZE))
    return Seat(workspace.station, identity.hex(), workspace.ledger.lease)


def _begun(workspace: Workspace) -> bool:
    """Whether any job of the workspace was ever opened."""
    return workspace.jobs_path.is_dir() and any(path.is_dir() for path in workspace.jobs_path.iterdir())


def _kept(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _person_key(path: Path) -> bytes:
    key = _once(path, lambda: secrets.token_bytes(_PERSON_KEY_SIZE))
    if len(key) != _PERSON_KEY_SIZE:
        raise JournalError("ledger-key-missing", path=str(path))
    return key


def _once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes of a private file, made once and whole.  Raises OSError."""
    if not path.exists():
        new = path.with_name(f".{path.name}.{os.getpid()}")
        write_private(new, make())
        try:
            with suppress(FileExistsError):
                path.hardlink_to(new)
        finally:
            new.unlink()
    return path.read_bytes()


def _unusable(error: OSError, path: Path) -> JournalError:
    return JournalError("ledger-open", path=str(error.filename or path), cause=error.strerror)
