"""The stations of a ledger: who sits in it, who lives, what each holds, and where its chain ends."""

from __future__ import annotations

import time
from typing import Final

from sscard.errors import GuardRefused
from sscard.personalize.ledger.engine import Engine
from sscard.personalize.ledger.model import CardEntry, Seat, Station

_PIN: Final = "chain:"
_SIGNS_A_LEASE: Final = 4
KEEP: Final = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
"""Enters a name and its value into ``meta``, in place of the value it had."""


class Seated:
    """What a ledger knows of stations, for the station of ``seat``."""

    def __init__(self, engine: Engine, seat: Seat) -> None:
        self.seat = seat
        self._engine = engine
        self._sign_at = 0.0

    @property
    def place(self) -> str:
        """Where it lies: a path, or server and database."""
        return self._engine.place

    @property
    def shared(self) -> bool:
        """Whether stations of other workspaces may be at work in it."""
        return self._engine.shared

    def mine(self, entry: CardEntry) -> bool:
        """Whether a card is this workspace's to settle, for its journal is here; all are where nobody shares."""
        return not self.shared or entry.station == self.seat.station

    def sit(self) -> None:
        """Sign in: from now on the station counts as alive for the length of its lease.

        Raises GuardRefused("station-taken") where another workspace works under its name.
        """
        seat = self.seat
        with self._engine.change():
            done = self._engine.run(
                "INSERT INTO stations VALUES (?, ?, ?, {now}) ON CONFLICT (station) DO UPDATE "
                "SET lease = excluded.lease, seen = excluded.seen WHERE stations.identity = excluded.identity",
                seat.station,
                seat.identity,
                float(seat.lease),
            )
            if done.rowcount != 1:
                raise GuardRefused("station-taken", station=seat.station, path=self.place)
        self._sign_at = time.monotonic() + seat.lease / _SIGNS_A_LEASE

    def sign(self) -> None:
        """Give a sign of life, when one is due; cheap to ask.  Raises as :meth:`sit`."""
        if time.monotonic() >= self._sign_at:
            self.sit()

    def stations(self) -> dict[str, Station]:
        """Every station that ever signed in, by name."""
        query = "SELECT station, identity, lease, {now} - seen FROM stations ORDER BY station"
        return {found[0]: Station(*found) for found in self._engine.read(query)}

    def own_stations(self) -> frozenset[str]:
        """Names under which this workspace has worked: all of them where the ledger is not shared."""
        known = self.stations().values()
        mine = {entry.station for entry in known if not self.shared or entry.identity == self.seat.identity}
        return frozenset(mine | {self.seat.station})

    def work_on(self, job: str, *, alone: bool = False) -> None:
        """Hold a job until the ledger is closed, beside other stations' lines or ``alone``.

        Raises GuardRefused("job-running").
        """
        mine = self._engine.hold(f"line:{self.seat.station}:{job}", alone=True)
        if not (mine and self._engine.hold(f"job:{job}", alone=alone)):
            raise GuardRefused("job-running", job=job)

    def pin(self, station: str, place: str) -> None:
        """Keep where a station's chain ends.  Raises JournalError."""
        with self._engine.change():
            self._engine.run(KEEP, f"{_PIN}{station}", place)

    def pins(self) -> dict[str, str]:
        """Where each station's chain ended when it was last written to."""
        found = self._engine.read("SELECT name, value FROM meta WHERE name LIKE ?", f"{_PIN}%")
        return {name.removeprefix(_PIN): value for name, value in found}

    def require_silent(self, entry: CardEntry) -> None:
        """Pass a card of this station, or of one silent for longer than its lease.

        Raises GuardRefused("lose-station-lives").  Inside a change no sign of life can come before its end.
        """
        if self.mine(entry):
            return
        query = "SELECT station, identity, lease, {now} - seen FROM stations WHERE station = ? {mine}"
        found = self._engine.first(query, entry.station)
        if found is not None and (station := Station(*found)).lives:
            silent, lease = round(station.silent), round(station.lease)
            raise GuardRefused("lose-station-lives", seq=entry.seq, station=entry.station, silent=silent, lease=lease)
