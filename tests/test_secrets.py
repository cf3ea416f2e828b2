"""Nothing that the toolkit writes or says holds a key, a PIN, a passphrase, or a person outside batch and return file.

Everything a whole job, the demonstration, rounds of custody, PSAMs and a ceremony, and a key server leave behind is
searched, with all logging at debug level: output, screens, journals, ledger, traces, return files, key blocks, audit
log, the register of PSAMs, transcripts and forms, temporary files, command lines, environments, and what a process
leaves that is killed with a component in its memory.  Left out are the vault with its passphrase, the token of the key
server, the images of software cards, PSAMs and carriers, and component sheets, which hold secrets by nature.
"""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sscard.emulator import SoftwareCard, image
from sscard.emulator.nodes import KeyType
from sscard.emulator.powered import AnyCard
from sscard.emulator.psam.chip import Environment
from sscard.keys.catalog import TRANSPORT
from sscard.keys.ceremony.run import Place
from sscard.keys.ceremony.story import read
from sscard.keys.secret import Secret
from sscard.keys.store import Usage
from sscard.keys.vault import Vault
from sscard.personalize.sample import personalized_card

PEOPLE = 3
PEOPLE_BELONG = ("b.csv", "-return.csv", "demo-workspace/people.csv")
SITE = """
import faulthandler, logging, os, pathlib, sys
here = pathlib.Path(__file__).parent
log = open(here / f"{os.getpid()}.log", "a")
logging.basicConfig(stream=log, level=logging.DEBUG)
faulthandler.enable(log, all_threads=True)
if os.environ.get("PLANT") == "log":
    from sscard.keys.secret import Secret
    kept = Secret.__init__
    def leaky(self, value):
        kept(self, value)
        logging.getLogger("plant").debug("made %s", value.hex())
    Secret.__init__ = leaky
if os.environ.get("PLANT") == "core":
    import sscard.keys.process
    sscard.keys.process.protect = lambda: None
"""
"""What every process of the search runs first: logging of everything at debug level, stacks of a crash in the log, and,
where a test plants a leak, a class that talks or a process that leaves core files."""
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern").read_text("ascii").strip()
PIN = bytes.fromhex("73915846")
CUSTODY = (
    "psam.sqlite",
    "list.toml",
    "transcript.jsonl",
    "people.json",
    "forms/",
    "keyserver.jsonl",
    "audit",
    "anchor",
)
"""What rounds of custody, PSAMs, a ceremony and a key server leave."""
_START = 8


@dataclass
class Leavings:
    """What a job left behind, by where it was found, and what must not be in it."""

    texts: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def hits(self, needles: dict[str, tuple[bytes, ...]], skip: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        search = Search((form, name) for name, forms_of in needles.items() for form in forms_of)
        return [
            (name, place)
            for place, text in self.texts.items()
            if not place.endswith(skip or ("\0",))
            for name in search.found(text)
        ]

    def secret_hits(self) -> list[tuple[str, str]]:
        return self.hits({name: forms(value) for name, value in self.secrets.items()})

    def take(self, folder: Path, left_out: Callable[[tuple[str, ...]], bool]) -> None:
        """Read every file below a folder but those that hold secrets by nature."""
        for path in folder.rglob("*"):
            parts = path.relative_to(folder).parts
            if path.is_file() and not left_out(parts):
                self.texts["/".join(parts)] = path.read_bytes()

    def people_hits(self) -> list[tuple[str, str]]:
        return self.hits({name: person_forms(value) for name, value in self.people.items()}, PEOPLE_BELONG)


class Search:
    """Names of the forms that occur in a text.

    Long forms are looked up by their first bytes, so that the time hardly depends on how many there are.
    """

    def __init__(self, wanted: Iterable[tuple[bytes, str]]) -> None:
        self.short: list[tuple[bytes, str]] = []
        self.by_start: dict[bytes, list[tuple[bytes, str]]] = {}
        for form, name in wanted:
            listed = self.by_start.setdefault(form[:_START], []) if len(form) >= _START else self.short
            listed.append((form, name))

    def found(self, text: bytes) -> list[str]:
        """The names, each once."""
        starts = self.by_start.keys() & {text[place : place + _START] for place in range(len(text) - _START + 1)}
        asked = [*self.short, *(item for start in starts for item in self.by_start[start])]
        return list(dict.fromkeys(name for form, name in asked if form in text))


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


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process in ``folder``: logging at debug level, temporary files where they are searched."""
    paths = [str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH"), *sys.path[:1]])]
    own = {"TMPDIR": str(folder / "tmp"), "SSCARD_PASSPHRASE_FILE": "", "PYTHONPATH": os.pathsep.join(paths)}
    return {**os.environ, **own, **more}


def sscard(folder: Path, *arguments: str, typed: Iterable[str] = (), **more: str) -> tuple[int, bytes]:
    command = [sys.executable, "-m", "sscard", *arguments]
    lines = "".join(f"{line}\n" for line in typed).encode()
    run = subprocess.run(
        command, cwd=folder, env=surroundings(folder, **more), input=lines, capture_output=True, timeout=100
    )
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


def psam_keys(card: AnyCard) -> Iterator[tuple[str, bytes]]:
    """The keys that stand on a loaded PSAM: its own, and those of its key files."""
    environments: Sequence[Environment] = card.chip.environments
    for environment in environments:
        cipher = environment.spec.algorithm.name
        for name, own in environment.own.items():
            yield f"PSAM {cipher} {name}", own.value
        for number, stored in environment.keys.items():
            for key in stored:
                yield f"PSAM {cipher} {number:02X} {key.usage.kind.name}-{key.id:02X}", key.value


def by_nature(parts: tuple[str, ...]) -> bool:
    """Whether a file holds keys because it is there for that."""
    return (
        parts[1:2] == ("cards",)
        or parts[0] in ("sheets", "carriers")
        or parts[-1] in ("vault.json", "demo-passphrase", "keyserver-token", "sitecustomize.py")
        or parts[-1].endswith(".pyc")
    )


def stored(folder: Path, workspace: str) -> Iterator[tuple[str, bytes]]:
    """The passphrase and every key of a workspace's vault."""
    keys = folder / workspace / "keys"
    passphrase = (keys / "demo-passphrase").read_bytes().strip()
    yield f"{workspace} passphrase", passphrase
    vault = Vault.open(keys / "vault.json", Secret(passphrase))
    for entry in vault:
        if entry.usage is not Usage.PRESENT:
            yield f"{workspace} {entry}", vault.value(entry).reveal()


def typed(sheets: Iterable[Path]) -> list[tuple[str, Any]]:
    """What the holders of component sheets type."""
    answers: list[tuple[str, Any]] = []
    for sheet in sheets:
        page = sheet.read_text("utf-8")
        value = " ".join(re.findall(r"^    (.*)$", page, re.M))
        check = re.findall(r"this component: ([0-9A-F]{6})", page)[0]
        index = sheet.name.rpartition("-")[2].partition("of")[0]
        answers += [("Number of your component", index), ("not shown", value), ("Check value of your", check)]
        answers.append(("presses Enter", ""))
    return answers


def custody(folder: Path, at_terminal: Any, run: Callable[..., None], leavings: Leavings) -> None:
    """A round of custody: components made, typed in, one crash, keys derived and taken in, sheets destroyed."""
    run(0, "keys", "component", "generate", "TK-99", "--xor", "2", "--out", "sheets", "--workspace", "ws", once=True)
    sheets = sorted((folder / "sheets").iterdir())
    for sheet in sheets:
        digits = "".join(re.findall(r"^    (.*)$", sheet.read_text("utf-8"), re.M)).replace(" ", "")
        leavings.secrets[f"component {sheet.name}"] = bytes.fromhex(digits)
    combine = [
        "--lang",
        "en",
        "keys",
        "component",
        "combine",
        "TK-99",
        "--xor",
        "2",
        "--transport",
        "--workspace",
        "ws",
    ]
    crash = [*typed(sheets[:1]), ("Number of your component", signal.SIGABRT)]
    for name, answers in (("crash", crash), ("combine", typed(sheets))):
        screen = at_terminal(folder, combine, answers, **surroundings(folder))
        assert screen.code == (0 if name == "combine" else -signal.SIGABRT), screen.shown.decode()
        leavings.texts |= {f"screen {name}": screen.shown, f"process {name}": screen.seen}
    run(0, "keys", "derive", "--path", "99", "--workspace", "ws")
    blocks = ("--under", "TK-99", "--workspace", "ws")
    run(0, "keys", "derive", "--path", "99/990101", "--out", "city.keyblocks", *blocks, once=True)
    run(0, "keys", "import", "city.keyblocks", *blocks, once=True)
    run(0, "keys", "impact", "IRK:v1", "--workspace", "ws", once=True)
    run(0, "keys", "anchor", "--workspace", "ws", once=True)
    run(0, "keys", "component", "shred", *(f"sheets/{sheet.name}" for sheet in sheets), once=True)


def psams(folder: Path, run: Callable[..., None]) -> None:
    """One PSAM from its request to its recall."""
    serial = "99010100000000000001"
    here = ("--workspace", "ws")
    run(0, "psam", "list", "purchase", "--out", "list.toml", once=True)
    run(0, "psam", "receive", serial, "--supplier", "S", "--by", "A", "--software", *here, once=True)
    run(0, "psam", "request", "--list", "list.toml", "--by", "A", *here, once=True)
    run(0, "psam", "review", "1", "--by", "B", *here, once=True)
    image_path = f"ws/cards/psam-{serial}.json"
    load = ("psam", "load", "--list", "list.toml", "--request", "1", "--by", "C", "--reader", image_path, *here)
    run(0, *load, once=True)
    run(4, *load)
    run(0, "psam", "info", "--reader", image_path, once=True)
    run(0, "psam", "where", "--holding", "DPK:v1", *here, once=True)
    run(0, "psam", "form", "1", *here)
    run(0, "keys", "impact", "DPK:v1", *here, once=True)


NEW_PIN = "58213974"


def counter(run: Callable[..., None], leavings: Leavings) -> None:
    """At a counter: items read with keys of a PSAM, the holder's PIN changed and verified."""
    card, module = ("--reader", "emulator", "--workspace", "ws"), ("--psam", "emulator")
    leavings.secrets |= {"typed PIN": bytes.fromhex(NEW_PIN), "typed PIN digits": NEW_PIN.encode()}
    run(0, "read", *card[:2], once=True)
    run(0, "read", "DF03/EF07", *card, *module, once=True)
    run(0, "pin", "change", *card, *module, once=True, typed=("123456", NEW_PIN, NEW_PIN))
    run(1, "pin", "verify", *card, once=True, typed=(NEW_PIN,))


TABLE = {"测试甲": "passphrase-of-jia", "测试乙": "passphrase-of-yi", "测试丙": "passphrase-of-bing"}
TRANSPORT_SIZE = 32
CARRIER_PINS = ("Mother-2026", "Transp-4711")


def ceremony(folder: Path, run: Callable[..., None], leavings: Leavings) -> None:
    """Keys issued on a set of carriers, in two sittings, with the forms of it."""
    jia, yi, bing = TABLE.values()
    leavings.secrets |= {f"passphrase of {name}": value.encode() for name, value in TABLE.items()}
    leavings.secrets |= {f"carrier PIN {pin[0]}": pin.encode() for pin in CARRIER_PINS}
    here = ("--workspace", "ws")
    first, *others = TABLE
    run(0, "ceremony", "enrol", first, *here, once=True, typed=(jia, jia))
    for name in others:
        words = ("ceremony", "enrol", name, "--witness", first, *here)
        run(0, *words, once=True, typed=(jia, TABLE[name], TABLE[name]))
    (folder / "carriers").mkdir()
    cards = [f"carriers/{name}" for name in ("m1", "m2", "t1", "t2")]
    run(0, "ceremony", "blank", *cards, once=True)
    issue = ("ceremony", "run", "issue-keys", *here)
    people = [word for name, passphrase in TABLE.items() for word in (name, passphrase)]
    mother, transport = CARRIER_PINS
    pins = (mother, mother, transport, transport)
    run(130, *issue, once=True, typed=("99", "local", "1", *people, "R", "-", jia, yi, *pins, *cards))
    story = read(Place(folder / "ws").folder("issue-keys-99-local-1"))
    serials = [carrier["serial"] for carrier in story.done["cards"].facts["carriers"]]
    pairs = [word for copy in (0, 1) for word in (mother, cards[copy], transport, cards[copy + 2])]
    counted = (" ".join(serials[:2]), " ".join(serials[2:]))
    bags = ("B-0001", "B-0002", "B-0003", "B-0004")
    typed_in = (jia, yi, *pairs, *counted, jia, yi, *bags, jia, bing, jia, yi, bing)
    run(0, *issue, once=True, typed=(story.fact("cards.set_check"), *typed_in))
    run(0, "ceremony", "status", "issue-keys-99-local-1", *here)
    run(0, "ceremony", "forms", "issue-keys-99-local-1", "--out", "forms", *here)
    for name in ("t1", "t2"):
        content = image.load((folder / "carriers" / name).read_text()).chip.content
        leavings.secrets[f"transport card {name}"] = content[-TRANSPORT_SIZE:]


def key_server(folder: Path, run: Callable[..., None], leavings: Leavings) -> None:
    """A station that prepares a job with keys of a server, every one of them over the wire."""
    command = [sys.executable, "-m", "sscard", "keyserver", "--workspace", "ws", "--listen", "127.0.0.1:0", "--json"]
    environment = surroundings(folder)
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert server.stdout is not None
    try:
        told = server.stdout.readline()
        address = json.loads(told)["address"]
        keys = ("--workspace", "ws", "--keys", f"server:{address}")
        run(0, "keys", "check", *keys)
        run(0, "personalize", "b.csv", "--dry-run", *keys, once=True)
    finally:
        server.terminate()
        rest, _ = server.communicate(timeout=30)
    leavings.texts["key server"] = told + rest
    leavings.secrets["server token"] = (folder / "ws" / "keys" / "keyserver-token").read_bytes().strip()


@pytest.fixture(scope="module")
def leavings(tmp_path_factory: pytest.TempPathFactory, at_terminal: Any) -> Leavings:
    folder = tmp_path_factory.mktemp("secrets")
    for name in ("tmp", "site"):
        (folder / name).mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SITE, "utf-8")
    found = Leavings()

    def run(code: int, *arguments: str, once: bool = False, typed: Iterable[str] = ()) -> None:
        for language in ("en",) if once else ("zh", "en"):
            got, out = sscard(folder, "--lang", language, *arguments, typed=typed)
            found.texts[f"{language} {' '.join(arguments)}"] = out
            assert got in (code, 4), out.decode()

    run(0, "init", "ws", "--demo", once=True)
    passphrase = (folder / "ws" / "keys" / "demo-passphrase").read_bytes().strip()
    vault = Vault.open(folder / "ws" / "keys" / "vault.json", Secret(passphrase))
    other_pin(vault)
    run(0, "people", "--count", str(PEOPLE), "--out", "b.csv", once=True)
    run(0, "check", "b.csv", "--workspace", "ws")
    job = ("personalize", "b.csv", "--workspace", "ws", "--reader", "emulator:2", "--wait", "0.2")
    run(0, *job, "--dry-run")
    run(0, *job, "--trace", "traces", "--json", once=True)
    run(0, *job)
    run(0, "jobs", "--workspace", "ws", "--json", once=True)
    run(0, "jobs", "--workspace", "ws")
    run(0, "keys", "list", "--workspace", "ws")
    run(4, "jobs", "--workspace", "ws", "lose", "1")
    custody(folder, at_terminal, run, found)
    with ThreadPoolExecutor() as pool:
        parts = [
            pool.submit(ceremony, folder, run, found),
            pool.submit(psams, folder, run),
            pool.submit(run, 0, "demo", "--count", "2", once=True),
            pool.submit(key_server, folder, run, found),
            pool.submit(counter, run, found),
        ]
        for part in parts:
            part.result()

    found.take(folder, by_nature)
    found.secrets |= {"PIN": PIN, "PIN digits": PIN.hex().encode()}
    for workspace in ("ws", "demo-workspace"):
        found.secrets |= dict(stored(folder, workspace))
    with next((folder / "ws" / "outbox").glob("*-return.csv")).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = [image.load(path.read_text()) for path in (folder / "ws" / "cards" / "drawer").glob("*.json")]
    assert len(made) == PEOPLE
    made += [image.load(path.read_text()) for path in (folder / "demo-workspace" / "cards").rglob("*.json")]
    for card in (*made, personalized_card()):
        found.secrets |= dict(card_keys(card))
    for path in (folder / "ws" / "cards").glob("psam-*.json"):
        found.secrets |= dict(psam_keys(image.load(path.read_text("utf-8"))))
    for row in rows:
        found.people |= {f"ssn {row['seq']}": row["ssn"], f"name {row['seq']}": row["name"]}
    return found


def test_the_search_covers_what_a_job_leaves(leavings: Leavings) -> None:
    places = list(leavings.texts)
    for part in (
        "ledger.sqlite",
        ".journal",
        ".trace",
        "-return.csv",
        "b.csv",
        "zh personalize",
        "en jobs",
        "lock",
        *CUSTODY,
    ):
        assert [place for place in places if part in place], part
    assert len(leavings.secrets) > 55 + PEOPLE * 50
    assert {"typed PIN", "PSAM SM4 PSAMADF", "PSAM SM4 11 PURCHASE-01"} <= set(leavings.secrets)
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
    assert {place.rpartition("-")[2] for _, place in everywhere} == {"b.csv", "return.csv", "workspace/people.csv"}


def test_logging_was_on_and_a_crash_was_forced(leavings: Leavings) -> None:
    logs = [text for place, text in leavings.texts.items() if place.startswith("site/")]
    assert len(logs) > 30, "a log of each process"
    assert any(b"Fatal Python error: Aborted" in text and b"keys_component" in text for text in logs)
    assert b"presses Enter" in leavings.texts["screen crash"]
    assert b"PYTHONPATH" in leavings.texts["process crash"] or os.geteuid()
    assert not [place for place in leavings.texts if place.rpartition("/")[2].startswith("core")]
    assert {"component TK-99-v1-1of2.txt", "component TK-99-v1-2of2.txt", "ws TK-99:v1"} <= set(leavings.secrets)


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A folder with a workspace and the surroundings of the search."""
    for name in ("tmp", "site"):
        (tmp_path / name).mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE, "utf-8")
    assert sscard(tmp_path, "init", "ws", "--demo")[0] == 0
    return tmp_path


def test_a_leak_planted_in_the_code_is_found(workshop: Path) -> None:
    """A class that logs what it keeps: the same search over the same command now has hits."""
    for plant, clean in (("", True), ("log", False)):
        assert sscard(workshop, "keys", "derive", "IRK", "--path", "99", "--workspace", "ws", PLANT=plant)[0] == 0
        left = Leavings(secrets=dict(stored(workshop, "ws")))
        left.take(workshop, by_nature)
        assert (left.secret_hits() == []) is clean
    assert {name for name, _ in left.secret_hits()} == set(left.secrets)


def test_a_core_file_would_be_found(workshop: Path, at_terminal: Any) -> None:
    """Without its protection the same crash leaves a core file, with component and passphrase in it."""
    if CORE_PATTERN[:1] in "|/":
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing(f"this system sends core files elsewhere: {CORE_PATTERN}")
    component = ["component", "generate", "TK-99", "--xor", "2", "--out", "sheets", "--workspace", "ws"]
    assert sscard(workshop, "keys", *component)[0] == 0
    sheets = sorted((workshop / "sheets").iterdir())
    value = bytes.fromhex("".join(re.findall(r"^    (.*)$", sheets[0].read_text("utf-8"), re.M)).replace(" ", ""))
    combine = ["--lang", "en", "keys", "component", "combine", "TK-99", "--xor", "2", "--workspace", "ws"]
    crash = [*typed(sheets[:1]), ("Number of your component", signal.SIGABRT)]
    for plant in ("", "core"):
        screen = at_terminal(workshop, combine, crash, **surroundings(workshop, PLANT=plant))
        assert screen.code == -signal.SIGABRT
        cores = list(workshop.glob("core*"))
        assert bool(cores) is bool(plant)
    assert value in cores[0].read_bytes()
