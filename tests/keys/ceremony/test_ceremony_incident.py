"""A loss freezes keys everywhere they are used, tells who is exposed, and only a ceremony gives them back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from sscard.errors import CustodyError
from sscard.keys.derivation import Place, candidates, hand_down
from sscard.keys.service import KeyRef
from sscard.keys.store import State
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.exposure import WorkspaceExposure
from sscard.personalize.ledger import Ledger
from sscard.personalize.workspace import Workspace
from tests.ledgers import own_ledger

CARD = bytes.fromhex("8699990100000017")
REF = KeyRef("STKDF04", "990101", CARD)
LOSS = {"incident": "INC-001", "key": "STKDF04:v1", "region": "99"}
CHALLENGE = bytes(8)


def frozen(work) -> CustodyError:
    with pytest.raises(CustodyError) as raised:
        work()
    assert raised.value.key == "key-frozen"
    assert "INC-001" in str(raised.value)
    return raised.value


def test_a_frozen_key_refuses_every_operation_and_names_the_incident(hall) -> None:
    hall.hold("loss", **LOSS)
    service = VaultKeyService(hall.vault())
    master = KeyRef("MKDF04", "990101", CARD)
    for work in (
        lambda: service.check_value(REF),
        lambda: service.algorithm(REF),
        lambda: service.authentication_data(REF, CHALLENGE, CHALLENGE),
        lambda: service.session_mac(REF, CHALLENGE, b"message"),
        lambda: service.session_cipher(REF, CHALLENGE, b"1234"),
        lambda: service.key_mac(REF, CHALLENGE, b"message"),
        lambda: service.wrap_key(REF, master, b""),
        lambda: hand_down(hall.vault(), "STKDF04", 1, Place("990101")),
    ):
        frozen(work)
    neighbour = KeyRef("STKDF03", "990101", CARD)
    assert len(service.authentication_data(neighbour, CHALLENGE, CHALLENGE)) == 8


def test_everything_below_the_place_is_frozen_and_nothing_above(hall) -> None:
    hall.hold("loss", **LOSS)
    usable = {entry.region: entry.usable for entry in hall.vault() if (entry.name, entry.version) == ("STKDF04", 1)}
    assert usable == {"": True, "99": False, "990101": False}
    assert "STKDF04" not in {
        entry.name for entry in candidates(hall.vault(), Place("990101"), version=1) if entry.region
    }
    frozen(lambda: hall.vault().nearest("STKDF04", "990102", 1))


def test_a_service_that_is_open_heeds_the_freeze(hall) -> None:
    vault = hall.vault()
    service = VaultKeyService(vault)
    service.authentication_data(REF, CHALLENGE, CHALLENGE)
    for entry in tuple(vault):
        if entry.name == "STKDF04":
            vault.freeze(entry, "INC-001")
    frozen(lambda: service.authentication_data(REF, CHALLENGE, CHALLENGE))


def test_thawing_takes_a_ceremony_for_each_incident(hall) -> None:
    before = VaultKeyService(hall.vault()).authentication_data(REF, CHALLENGE, CHALLENGE)
    hall.hold("loss", **LOSS)
    hall.hold("loss", **(LOSS | {"incident": "INC-002"}))
    hall.hold("thaw", incident="INC-002")
    frozen(lambda: VaultKeyService(hall.vault()).check_value(REF))
    hall.hold("thaw", incident="INC-001")
    assert VaultKeyService(hall.vault()).authentication_data(REF, CHALLENGE, CHALLENGE) == before
    with pytest.raises(CustodyError) as raised:
        hall.hold("thaw", incident="INC-003")
    assert raised.value.key == "ceremony-no-keys"


@pytest.mark.parametrize("state", [State.RETIRED, State.SUSPENDED, State.ACTIVE])
def test_a_key_comes_out_of_an_incident_in_the_state_it_had(hall, state: State) -> None:
    vault = hall.vault()
    entry = vault.change_state(vault.nearest("STKDF04", "99", 1), state)
    assert vault.thaw(vault.freeze(entry, "INC-001"), "INC-001") == entry


def test_one_person_wakes_neither_a_frozen_nor_a_destroyed_key(hall) -> None:
    vault = hall.vault()
    held = vault.freeze(vault.nearest("STKDF04", "99", 1), "INC-001")
    frozen(lambda: vault.change_state(held, State.ACTIVE))
    gone = vault.destroy(vault.nearest("STKDF03", "99", 1))
    with pytest.raises(CustodyError) as raised:
        vault.change_state(gone, State.ACTIVE)
    assert raised.value.key == "key-state"


def test_every_key_of_a_version_can_be_frozen_at_once(hall) -> None:
    story = hall.hold("loss", **(LOSS | {"key": "all:v1"}))
    assert story.fact("freeze.count") > 100
    with pytest.raises(CustodyError) as raised:
        hall.hold("loss", incident="INC-004", key="STKDF04:v77", region="99")
    assert raised.value.key == "ceremony-no-keys"


def test_frozen_keys_survive_the_file(hall) -> None:
    hall.hold("loss", **LOSS)
    hall.hold("destroy-keys", case="D-1", key="STKDF03:v1", region="99")
    vault = hall.vault()
    vault.save()
    again = {entry.place: entry for entry in hall.vault()}
    assert again == {entry.place: entry for entry in vault}
    assert again["STKDF04", "99", 1].incidents == ("INC-001",)
    assert again["STKDF03", "99", 1].check_value != b""


class Register:
    """A register of PSAMs that has one with the key of the incident."""

    def holding(self, name: str, version: int) -> Sequence[SimpleNamespace]:
        found = SimpleNamespace(terminal="990101000042", state="issued")
        return [found] if (name, version) == ("STKDF04", 1) else []


def ledger_of(path: Path) -> Ledger:
    """A ledger with two cards of one batch and one of a batch whose profile nobody knows any more."""
    ledger = own_ledger(path)
    with ledger._engine.change():
        for job, profile, count in (("b-1", "ssc3-sm4", 2), ("b-2", "gone", 1)):
            values = (job, f"{job}.csv", job, profile, "00", count, "2026-01-01")
            ledger._engine._db.execute("INSERT INTO jobs VALUES (?,?,?,?,?,?,?)", values)
            for seq in range(count):
                row = (job, seq, f"{job}{seq}".encode(), f"T{job}{seq}", "good")
                ledger._engine._db.execute("INSERT INTO rows VALUES (?,?,?,?,?)", row)
                card = (f"{job}{seq}", job, seq, "1", "good", "", "t", "t")
                ledger._engine._db.execute("INSERT INTO cards VALUES (?,?,?,?,?,?,?,?,'station-1','')", card)
    return ledger


def test_exposed_batches_cards_and_psams_are_listed(hall) -> None:
    workspace = Workspace(hall.root, "990101", True, "ssc3-sm4", "station-1", "0" * 24)
    hall.exposure = WorkspaceExposure(workspace, ledger_of(hall.root / "ledger.sqlite"), Register())
    story = hall.hold("loss", **LOSS)
    exposed = story.fact("freeze.exposed")
    assert [(batch["job"], batch["cards"]) for batch in exposed["batches"]] == [("b-1", 2), ("b-2", 1)]
    assert (exposed["cards"], exposed["psams"], exposed["psam_register"]) == (3, ["990101000042"], True)
    with (hall.place.folder(story.run) / exposed["listing"]).open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["kind"], row["job"]) for row in rows] == [("card", "b-1")] * 2 + [("card", "b-2"), ("psam", "")]
    elsewhere = hall.hold("loss", incident="INC-005", key="STKDF03:v1", region="990101")
    assert elsewhere.fact("freeze.exposed")["psams"] == []


def test_without_ledger_and_register_nothing_is_exposed_and_that_is_said(hall) -> None:
    workspace = Workspace(hall.root, "990101", True, "ssc3-sm4", "station-1", "0" * 24)
    hall.exposure = WorkspaceExposure(workspace, None, None)
    exposed = hall.hold("loss", **LOSS).fact("freeze.exposed")
    assert (exposed["batches"], exposed["cards"], exposed["psam_register"]) == ([], 0, False)
