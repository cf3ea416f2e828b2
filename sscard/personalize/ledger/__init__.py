"""The ledger: which person has which card, for ever (docs/ledger.md).

``model`` says what stands in it, ``schema`` how its tables came to be, ``store`` what can be done to it.  It lies in
SQLite (``sqlite``) or, where several stations share a batch, in PostgreSQL (``postgres``); both are an ``engine``.
"""

from sscard.personalize.ledger.model import Account, Balance, CardEntry, Job, Seat, Standing, State, Station, Written
from sscard.personalize.ledger.store import Ledger

__all__ = ["Account", "Balance", "CardEntry", "Job", "Ledger", "Seat", "Standing", "State", "Station", "Written"]
