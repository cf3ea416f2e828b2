"""A station with people, readers and carriers, without a screen: what every test of ceremonies shares."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sscard.emulator import PersistentCard
from sscard.emulator.mother.card import CarrierSoftwareCard
from sscard.emulator.powered import AnyCard
from sscard.errors import SscardError
from sscard.keys.ceremony import counting, people
from sscard.keys.ceremony.actions import ACTIONS
from sscard.keys.ceremony.carriers import Carrier, CarrierCard
from sscard.keys.ceremony.conductor import Conductor, gather
from sscard.keys.ceremony.people import Person, Signer
from sscard.keys.ceremony.run import Place, Run
from sscard.keys.ceremony.script import Blank, Item, Script, Step, load
from sscard.keys.ceremony.story import Story
from sscard.keys.ceremony.transcript import Entry
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import fill_demo
from sscard.keys.secret import Secret
from sscard.keys.store import Entry as KeyEntry
from sscard.keys.vault import Cost, Vault
from sscard.terminal.carrier import CarrierInReader

CHEAP = Cost(n=1 << 14)
PASSPHRASE = b"vault passphrase"
NAMES = ("测试甲", "测试乙", "测试丙", "测试丁")
MOTHER_PIN, TRANSPORT_PIN = "Mother-2026", "Transp-4711"
PINS = {Carrier.MOTHER: MOTHER_PIN, Carrier.TRANSPORT: TRANSPORT_PIN}


def passphrase_of(name: str) -> str:
    return f"passphrase of {name}"


@dataclass
class NoOne:
    """An exposure where nothing was ever made; it remembers what it was asked."""

    asked: list[Sequence[KeyEntry]] = field(default_factory=list)

    def under(self, keys: Sequence[KeyEntry], listing: Path) -> Mapping[str, object]:
        self.asked.append(keys)
        listing.write_text("kind,id,card_no,job,state\n")
        return {"batches": [], "cards": 0, "psams": [], "psam_register": False, "listing": listing.name}


@dataclass
class People:
    """Everybody at the table, doing as they should but for what a test changes."""

    hall: Hall
    cards: dict[tuple[Carrier, int], AnyCard] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=lambda: {"occasion": "新发", "until": "2026-12-31"})
    passphrases: dict[str, list[str]] = field(default_factory=dict)
    hears: list[str] = field(default_factory=list)
    counts: dict[str, list[str]] = field(default_factory=dict)
    pins: dict[Carrier, str] = field(default_factory=lambda: dict(PINS))
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    steps: list[tuple[str, bool]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    seals: int = 0
    drawer: Path | None = None

    def step(self, step: Step, number: int, total: int, *, again: bool) -> None:
        self.steps.append((step.name, again))
        if step.name in self.before:
            self.before.pop(step.name)()

    def name(self, role: str) -> str:
        raise AssertionError(role)

    def passphrase(self, role: str, person: Person) -> Secret:
        waiting = self.passphrases.get(person.name)
        return Secret((waiting.pop(0) if waiting else passphrase_of(person.name)).encode())

    def heard(self, speaker: str, listener: str, value: str, *, paper: bool) -> str:
        assert speaker != listener
        return self.hears.pop(0) if self.hears else value or "是"

    def answer(self, blank: Blank) -> str:
        return self.says.get(blank.name, blank.default or "演练")

    def serials(self, item: Item, expected: int) -> str:
        given = self.counts.get(item.name)
        if given:
            return given.pop(0)
        done = counting.carriers_done(self.hall.story(self.hall.running)).get(item.name, ())
        return " ".join(done or [f"{item.name}-{number}" for number in range(expected)])

    def seal_number(self, item: str, serial: str) -> str:
        self.seals += 1
        return f"SEAL-{self.seals:04}"

    def refused(self, error: SscardError) -> None:
        self.refusals.append(error.key)

    def done(self, entry: Entry) -> None:
        pass

    def carrier(self, carrier: Carrier, copy: int) -> CarrierCard:
        card = self.cards.get((carrier, copy))
        if card is None or (isinstance(card, PersistentCard) and card.closed):
            card = self.cards[carrier, copy] = self.kept(carrier, copy)
        card.reset()
        return CarrierInReader(card)

    def blank(self, carrier: Carrier, copy: int) -> CarrierCard:
        if (carrier, copy) not in self.cards:
            make = partial(CarrierSoftwareCard.blank, 0x1000 * carrier.value + copy, seed=copy)
            self.cards[carrier, copy] = make() if self.drawer is None else self.kept(carrier, copy, make)
        return self.carrier(carrier, copy)

    def kept(self, carrier: Carrier, copy: int, make: Callable[[], CarrierSoftwareCard] | None = None) -> AnyCard:
        """A card that outlives this process."""
        assert self.drawer is not None
        return PersistentCard(self.drawer / f"{carrier.name}-{copy}.card", make)

    def pin(self, carrier: Carrier, *, new: bool) -> Secret:
        return Secret(self.pins[carrier].encode())


class Hall:
    """A workspace with a vault and enrolled people."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = Place(root)
        self.people = People(self)
        self.exposure = NoOne()
        self.running = ""

    def furnish(self, holds: str) -> None:
        """Enrol everybody and make the vault."""
        self.root.mkdir()
        vault = Vault.create(self.root / "vault.json", Secret(PASSPHRASE), demo=True, cost=CHEAP)
        fill_demo(vault, region="990101", seed=1, algorithm=Algorithm.SM4, holds=holds)
        vault.save()
        register = self.place.register()
        for name in NAMES:
            first = self.signer(NAMES[0]) if len(register) else None
            register.enrol(name, Secret(passphrase_of(name).encode()), first, CHEAP)

    def vault(self) -> Vault:
        return Vault.open(self.root / "vault.json", Secret(PASSPHRASE))

    def signer(self, name: str) -> Signer:
        return self.place.register().find(name).signer(Secret(passphrase_of(name).encode()))

    def script(self, name: str) -> Script:
        return load(name, frozenset(ACTIONS))

    def begin(self, name: str, given: Mapping[str, str], cast: Sequence[str] = NAMES) -> Run:
        script = self.script(name)
        named = dict(zip(script.roles, cast, strict=False))
        parameters = self.place.admit(script, given)
        run = Run.begin(self.place, script, parameters, gather(script, self.place.register(), self.people, named))
        self.running = run.folder.name
        return run

    def go_on(self) -> Run:
        """The run that goes on, taken up by a new process."""
        story = self.story(self.running)
        return Run.resume(self.place, self.running, self.script(story.opening["script"]))

    def conduct(self, run: Run) -> Story:
        Conductor(run, self.people, self.vault, self.exposure).conduct()
        return self.story(run.folder.name)

    def hold(self, name: str, **given: str) -> Story:
        """A whole ceremony, from the first step to the last."""
        return self.conduct(self.begin(name, given))

    def story(self, run: str) -> Story:
        from sscard.keys.ceremony.story import read

        return read(self.place.folder(run))


@pytest.fixture(autouse=True)
def each_passphrase_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same passphrase gives the same key: scrypt is spent on it once in all tests."""
    monkeypatch.setattr(people, "_private", _remembered)


_derive = people._private
_derived: dict[tuple[bytes, bytes], Ed25519PrivateKey] = {}


def _remembered(passphrase: Secret, salt: bytes, cost: Cost) -> Ed25519PrivateKey:
    known = passphrase.reveal(), salt
    if known not in _derived:
        _derived[known] = _derive(passphrase, salt, cost)
    return _derived[known]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two halls nobody has used yet: ``all`` with every key, ``none`` without any of the catalogue."""
    folder = tmp_path_factory.mktemp("halls")
    for holds in ("all", "none"):
        Hall(folder / holds).furnish(holds)
    return folder


@pytest.fixture
def hall(tmp_path: Path, furnished: Path) -> Hall:
    """A demonstration workspace with every level and four people."""
    return Hall(Path(shutil.copytree(furnished / "all", tmp_path / "hall")))


@pytest.fixture
def other_hall(tmp_path: Path, furnished: Path) -> Hall:
    """A workspace of another unit, without any key of the catalogue."""
    return Hall(Path(shutil.copytree(furnished / "none", tmp_path / "other")))
