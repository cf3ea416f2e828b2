"""Who stands under frozen keys: batches and cards of the ledger, and PSAMs where the workspace keeps a register."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sscard.cos.passes import plain
from sscard.cos.profile import load_profile
from sscard.durable import write_private
from sscard.keys.store import Entry
from sscard.personalize.impact import ExposedPsam, Exposure, PsamHolders, exposures
from sscard.personalize.ledger import Ledger
from sscard.personalize.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WorkspaceExposure:
    """:class:`sscard.keys.ceremony.bench.Exposure` over a workspace.

    ``ledger`` is None where no card was ever made, ``psams`` where no register of PSAMs is kept.
    """

    workspace: Workspace
    ledger: Ledger | None
    psams: PsamHolders | None

    def under(self, keys: Sequence[Entry], listing: Path) -> Mapping[str, object]:
        """Batches, number of cards and PSAMs; every card and PSAM goes into ``listing`` (CSV) with its state.

        Only keys at or above the city for which the workspace issues reach its cards.
        """
        refs = sorted({(key.name, key.version) for key in keys if self.workspace.region.startswith(key.region)})
        batches: list[dict[str, object]] = []
        rows: list[tuple[str, ...]] = []
        if self.ledger is not None:
            for found in _batches(self.ledger, refs):
                job = found.job
                batches.append({"job": job.job, "batch": job.batch, "cards": len(found.cards)})
                rows += [
                    ("card", plain(card.card), plain(self.ledger.card_no(job.job, card.seq)), job.job, card.state.value)
                    for card in found.cards
                ]
        cards = len(rows)
        psams = self._holding(refs)
        rows += [("psam", psam.terminal, "", "", psam.state) for psam in psams]
        return {
            "batches": batches,
            "cards": cards,
            "psams": [psam.terminal for psam in psams],
            "psam_register": self.psams is not None,
            "listing": listing.name,
            "listing_sha256": _write(listing, rows),
        }

    def _holding(self, refs: Iterable[tuple[str, int]]) -> list[ExposedPsam]:
        """The PSAMs that hold one of the keys, each once, by terminal number."""
        if self.psams is None:
            return []
        found = {psam.terminal: psam for name, version in refs for psam in self.psams.holding(name, version)}
        return [found[terminal] for terminal in sorted(found)]


def _batches(ledger: Ledger, refs: Iterable[tuple[str, int]]) -> Iterator[Exposure]:
    """The batches under any of the keys, each once."""
    seen: set[str] = set()
    for name, version in refs:
        for found in exposures(ledger, name, version, load_profile):
            if found.job.job not in seen:
                seen.add(found.job.job)
                yield found


def _write(path: Path, rows: Iterable[tuple[str, ...]]) -> str:
    """Write the list and return its SHA-256 in hex."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kind", "id", "card_no", "job", "state"))
    writer.writerows(rows)
    raw = text.getvalue().encode()
    write_private(path, raw)
    return hashlib.sha256(raw).hexdigest()
