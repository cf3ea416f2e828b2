"""The tables of a ledger and how each version came from the one before.

A step is applied whole or not at all, under a lock, by whoever comes first.  A step that was ever released is never
edited: the next version is another step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sscard.errors import JournalError
from sscard.personalize.ledger.engine import Engine


@dataclass(frozen=True, slots=True)
class Step:
    """Statements that lead to one version: for every engine, then for the one of that name.

    A ``?`` stands for the station that applies the step.
    """

    every: tuple[str, ...]
    only: dict[str, tuple[str, ...]]


_FIRST: Final = Step(
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE jobs (
  job TEXT PRIMARY KEY, batch TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, profile TEXT NOT NULL,
  profile_digest TEXT NOT NULL, rows INTEGER NOT NULL, created TEXT NOT NULL)""",
        """CREATE TABLE rows (
  job TEXT NOT NULL REFERENCES jobs(job), seq INTEGER NOT NULL, person {blob} NOT NULL, card_no TEXT NOT NULL,
  state TEXT NOT NULL, PRIMARY KEY (job, seq)) {table}""",
        "CREATE UNIQUE INDEX one_live_row_a_person ON rows(person) WHERE state <> 'void'",
        "CREATE UNIQUE INDEX one_live_row_a_number ON rows(card_no) WHERE state <> 'void'",
        "CREATE INDEX rows_by_state ON rows(job, state, seq)",
        """CREATE TABLE cards (
  card TEXT PRIMARY KEY, job TEXT NOT NULL, seq INTEGER NOT NULL, head TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '', started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '') {table}""",
        "CREATE UNIQUE INDEX one_live_card_a_row ON cards(job, seq) WHERE state IN ('work', 'good')",
        "CREATE INDEX cards_by_state ON cards(job, state)",
    ),
    {},
)

_ROW_FIXED: Final = "(OLD.job, OLD.seq, OLD.person, OLD.card_no) <> (NEW.job, NEW.seq, NEW.person, NEW.card_no)"
_ROW_STATE: Final = "NEW.state NOT IN ('queued', 'work', 'good', 'void') OR OLD.state = 'void' AND NEW.state <> 'void'"
_CARD_FIXED: Final = "(OLD.card, OLD.job, OLD.seq) <> (NEW.card, NEW.job, NEW.seq) OR OLD.station <> NEW.station"
_CARD_STATE: Final = (
    "OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN "
    "('work>good', 'work>spoiled', 'work>lost', 'good>spoiled')"
)
_FOR_EVER: Final = (
    ("a_row_stays_itself", "UPDATE", "rows", _ROW_FIXED),
    ("a_row_has_its_states", "UPDATE", "rows", _ROW_STATE),
    ("a_row_is_for_ever", "DELETE", "rows", "TRUE"),
    ("a_card_stays_itself", "UPDATE", "cards", _CARD_FIXED),
    ("a_card_goes_its_way", "UPDATE", "cards", _CARD_STATE),
    ("a_card_is_for_ever", "DELETE", "cards", "OLD.state <> 'work'"),
)
"""Triggers: name, what is done to which table, when it is refused."""

_SQLITE_TRIGGER: Final = (
    "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {when} BEGIN SELECT RAISE(ABORT, '{name}'); END"
)
_REFUSE: Final = (
    "CREATE FUNCTION sscard_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE integrity_constraint_violation USING MESSAGE = TG_NAME; END$$"
)
_POSTGRES_TRIGGER: Final = (
    "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION sscard_refuse()"
)


def _triggers(form: str) -> tuple[str, ...]:
    return tuple(form.format(name=name, event=event, table=table, when=when) for name, event, table, when in _FOR_EVER)


_STATIONS: Final = Step(
    (
        """CREATE TABLE stations (
  station TEXT PRIMARY KEY, identity TEXT NOT NULL, lease DOUBLE PRECISION NOT NULL, seen DOUBLE PRECISION NOT NULL)""",
        "ALTER TABLE cards ADD COLUMN station TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE cards ADD COLUMN decided TEXT NOT NULL DEFAULT ''",
        "UPDATE cards SET station = ?",
        """CREATE TABLE revisions (
  job TEXT NOT NULL, kind TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  station TEXT NOT NULL, PRIMARY KEY (job, kind, number))""",
    ),
    {
        "SQLite": _triggers(_SQLITE_TRIGGER),
        "PostgreSQL": (_REFUSE, *_triggers(_POSTGRES_TRIGGER)),
    },
)

STEPS: Final = (_FIRST, _STATIONS)
VERSION: Final = len(STEPS)
_HELD: Final = "schema"
_NONE: Final = 0


def require_current(engine: Engine) -> None:
    """Pass a ledger of this version; the connection then keeps others from changing the tables.

    Raises JournalError: "ledger-empty" (no tables), "ledger-older", "ledger-version" (a newer one), "ledger-changing"
    (somebody is changing the tables).
    """
    if not engine.hold(_HELD, alone=False):
        raise JournalError("ledger-changing", path=engine.place)
    version = version_of(engine)
    if version == _NONE:
        raise JournalError("ledger-empty", path=engine.place)
    require_known(engine, version)
    if version < VERSION:
        raise JournalError("ledger-older", path=engine.place, version=version, wanted=VERSION)


def migrate(engine: Engine, station: str, to: int = VERSION) -> int:
    """Bring the tables to version ``to``; returns the version they had, 0 where there were none.

    Raises JournalError: "ledger-version" for a newer ledger, which is left as it is; "ledger-in-use" where other
    stations are connected.
    """
    if not engine.hold(_HELD, alone=True):
        raise JournalError("ledger-in-use", path=engine.place)
    if version_of(engine) == to:
        return to
    with engine.change():
        version = version_of(engine)
        require_known(engine, version)
        for number in range(version + 1, to + 1):
            step = STEPS[number - 1]
            for statement in (*step.every, *step.only.get(engine.name, ())):
                engine.run(statement, *([station] if "?" in statement else []))
            engine.run(
                "INSERT INTO meta VALUES ('version', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                str(number),
            )
    return version


def require_known(engine: Engine, version: int) -> None:
    """Pass a version that this program knows.  Raises JournalError("ledger-version")."""
    if not _NONE <= version <= VERSION:
        raise JournalError("ledger-version", path=engine.place, version=version)


def version_of(engine: Engine) -> int:
    """The version of a ledger's tables; 0 where there are none, -1 where it cannot be told."""
    if not engine.prepared():
        return _NONE
    found = engine.first("SELECT value FROM meta WHERE name = 'version'")
    return int(found[0]) if found and found[0].isdecimal() else -1
