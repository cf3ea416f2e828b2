"""Nothing that the toolkit writes or says holds a key, a PIN, a passphrase, or a person outside batch and return file.

Everything a whole job leaves behind is searched: output, journals, ledger, traces, return files, audit log, temporary
files.  Left out are the vault with its passphrase and the images of the software cards, which hold keys by nature.
"""

from __future__ import annotations

import base64
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sscard.emulator import SoftwareCard, image
from sscard.emulator.nodes import KeyType
from sscard.keys.catalog import TRANSPORT
from sscard.keys.secret import Secret
from sscard.keys.store import Usage
from sscard.keys.vault import Vault
from sscard.personalize.sample import personalized_card

PEOPLE = 3
PIN = bytes.fromhex("73915846")


@dataclass
class Leavings:
    """What a job left behind, by where it was found, and what must not be in it."""

    texts: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def hits(self, needles: dict[str, tuple[bytes, ...]], skip: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        return [
            (name, place)
            for place, text in self.texts.items()
            if not place.endswith(skip or ("\0",))
            for name, forms in needles.items()
            if any(form in text for form in forms)
        ]

    def secret_hits(self) -> list[tuple[str, str]]:
        return self.hits({name: forms(value) for name, value in self.secrets.items()})

    def people_hits(self) -> list[tuple[str, str]]:
        return self.hits({name: person_forms(value) for name, value in self.people.items()}, ("b.csv", "-return.csv"))


def forms(value: bytes) -> tuple[bytes, ...]:
    """The ways a value may be written down."""
    spaced = value.hex(" ")
    texts = [value.hex(), value.hex().upper(), spaced, spaced.upper(), repr(value)[2:-1], *_base64(value)]
    return (value, *(text.encode() for text in texts if len(text) >= 5))


def _base64(value: bytes) -> Iterator[str]:
    """The characters of base64 that depend on nothing but the value, at each of three positions in a longer text."""
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + value + bytes(3)).decode()
        yield coded[(shift * 8 + 5) // 6 : (shift + len(value)) * 8 // 6]


def person_forms(value: str) -> tuple[bytes, ...]:
    escaped = json.dumps(value)[1:-1].encode()
    return (
        value.encode(),
        value.encode("gb18030"),
        value.encode("utf-16-le"),
        escaped,
        *forms(value.encode("gb18030")),
    )


def sscard(folder: Path, *arguments: str) -> tuple[int, bytes]:
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "SSCARD_PASSPHRASE_FILE": ""}
    command = [sys.executable, "-m", "sscard", *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=100)
    assert b"Traceback" not in run.stderr, run.stderr.decode()
    return run.returncode, run.stdout + run.stderr


def other_pin(vault: Vault) -> None:
    """A PIN that no other number contains by chance."""
    place = next(entry.place for entry in vault if entry.usage is Usage.PRESENT and entry.name != TRANSPORT)
    vault._values[place] = Secret(PIN)
    vault.save()


def card_keys(card: SoftwareCard) -> Iterator[tuple[str, bytes]]:
    """The keys that stand on a made card."""
    for directory in card.chip.root.walk():
        for key in directory.keys:
            if key.type is not KeyType.PIN:
                yield f"{card.serial:08X} {directory.fid:04X} {key.type.name}-{key.id:02X} v{key.version}", key.value


@pytest.fixture(scope="module")
def leavings(tmp_path_factory: pytest.TempPathFactory) -> Leavings:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "tmp").mkdir()
    found = Leavings()

    def run(code: int, *arguments: str) -> None:
        for language in ("zh", "en"):
            got, out = sscard(folder, "--lang", language, *arguments)
            found.texts[f"{language} {' '.join(arguments)}"] = out
            assert got in (code, 4), out.decode()

    run(0, "init", "ws", "--demo")
    passphrase = (folder / "ws" / "keys" / "demo-passphrase").read_bytes().strip()
    vault = Vault.open(folder / "ws" / "keys" / "vault.json", Secret(passphrase))
    other_pin(vault)
    run(0, "people", "--count", str(PEOPLE), "--out", "b.csv")
    run(0, "check", "b.csv", "--workspace", "ws")
    job = ("personalize", "b.csv", "--workspace", "ws", "--reader", "emulator:2", "--wait", "0.2")
    run(0, *job, "--dry-run")
    run(0, *job, "--trace", "traces", "--json")
    run(0, *job)
    run(0, "jobs", "--workspace", "ws", "--json")
    run(0, "jobs", "--workspace", "ws")
    run(0, "keys", "list", "--workspace", "ws")
    run(0, "read", "--reader", "emulator")
    run(4, "jobs", "--workspace", "ws", "lose", "1")

    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if (
            path.is_file()
            and parts[:2] not in (("ws", "cards"),)
            and parts[-1] not in ("vault.json", "demo-passphrase")
        ):
            found.texts["/".join(parts)] = path.read_bytes()
    found.secrets |= {"passphrase": passphrase, "PIN": PIN, "PIN digits": PIN.hex().encode()}
    for entry in vault:
        if entry.usage is Usage.DIVERSIFY:
            found.secrets[str(entry)] = vault.value(entry).reveal()
    with next((folder / "ws" / "outbox").glob("*-return.csv")).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = [image.load(path.read_text()) for path in (folder / "ws" / "cards" / "drawer").glob("*.json")]
    assert len(made) == PEOPLE
    for card in (*made, personalized_card()):
        found.secrets |= dict(card_keys(card))
    for row in rows:
        found.people |= {f"ssn {row['seq']}": row["ssn"], f"name {row['seq']}": row["name"]}
    return found


def test_the_search_covers_what_a_job_leaves(leavings: Leavings) -> None:
    places = list(leavings.texts)
    for part in ("ledger.sqlite", ".journal", ".trace", "-return.csv", "b.csv", "zh personalize", "en jobs", "lock"):
        assert [place for place in places if part in place], part
    assert len(leavings.secrets) > 55 + PEOPLE * 50
    traces = [text for place, text in leavings.texts.items() if place.startswith("traces/")]
    assert len(traces) >= PEOPLE
    assert all(b"WRITE KEY" in text for text in traces if b"GET CHALLENGE" in text)


def test_no_secret_anywhere(leavings: Leavings) -> None:
    assert leavings.secret_hits() == []


def test_no_person_outside_batch_and_return_file(leavings: Leavings) -> None:
    assert leavings.people_hits() == []


@pytest.mark.parametrize("form", range(8))
def test_the_search_finds_a_planted_secret(leavings: Leavings, form: int) -> None:
    """One key, one PIN and one name, written down in each way, are found."""
    name, value = next((name, value) for name, value in leavings.secrets.items() if "@" in name)
    written = forms(value)[form % len(forms(value))]
    planted = Leavings({"log": b"x" * 5 + written + b"y"}, {name: value}, leavings.people)
    assert planted.secret_hits() == [(name, "log")]
    person = next(name for name in leavings.people if name.startswith("name"))
    planted.texts["log"] = person_forms(leavings.people[person])[form % 4]
    assert (person, "log") in planted.people_hits()
    planted.texts["log"] = base64.b64encode(b"z" * form + value + b"z")
    assert planted.secret_hits() == [(name, "log")]


def test_the_people_are_where_they_belong(leavings: Leavings) -> None:
    """The same search without its exceptions finds batch and return file: it does look into them."""
    everywhere = leavings.hits({name: person_forms(value) for name, value in leavings.people.items()})
    assert {place.rpartition("-")[2] for _, place in everywhere} == {"b.csv", "return.csv"}
