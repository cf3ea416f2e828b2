"""``sscard ceremony`` as people type it: at a terminal that is a pipe, in Chinese and in English."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sscard import messages
from sscard.cli import main
from sscard.commands.ceremony_table import TerminalTable
from sscard.errors import Exit
from sscard.keys.ceremony.people import Register
from sscard.keys.ceremony.run import Place
from sscard.keys.secret import Secret
from sscard.keys.vault import Cost, Vault

PEOPLE = {"测试甲": "passphrase-of-jia", "测试乙": "passphrase-of-yi", "测试丙": "passphrase-of-bing"}
JIA, YI, BING = PEOPLE.values()
MOTHER_PIN, TRANSPORT_PIN = "Mother-2026", "Transp-4711"


def run(folder: Path, words: str, typed: str = "", code: int = Exit.OK) -> str:
    """Type ``typed`` at ``sscard ceremony`` in ``folder``; both outputs, and no traceback."""
    result = subprocess.run(
        [sys.executable, "-m", "sscard", *words.split()],
        cwd=folder,
        env={**os.environ, "LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore"},
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        start_new_session=True,
    )
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration workspace ``ws`` with three people, whose passphrases cost little."""
    folder = tmp_path_factory.mktemp("office")
    assert main(["init", str(folder / "ws"), "--demo"]) == Exit.OK
    register = Register.open(Place(folder / "ws").people_path)
    first = None
    for name, passphrase in PEOPLE.items():
        person = register.enrol(name, Secret(passphrase.encode()), first, Cost(n=1 << 14))
        first = first or person.signer(Secret(passphrase.encode()))
    return folder


@pytest.fixture
def office(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "office"))


def lines(*words: str) -> str:
    return "".join(f"{word}\n" for word in words)


GENERATE = "ceremony run generate-local --workspace ws"
OPENING = ("99", "5", "", "测试甲", JIA, "测试乙", YI, "测试丙", BING, "演练室", "-")


def set_check(office: Path, run_name: str, step: str) -> str:
    from sscard.keys.ceremony.story import read

    return str(read(Place(office / "ws").folder(run_name)).fact(f"{step}.set_check"))


def test_local_keys_in_four_sittings(office: Path) -> None:
    lang, name = "--lang zh", "generate-local-99-5-sm4"
    serials = {
        (each := json.loads(line))["path"]: each["serial"]
        for line in run(office, "ceremony blank m1 m2 t1 t2 --json").splitlines()
    }
    shown = run(office, f"{lang} {GENERATE}", lines(*OPENING, "是"), Exit.INTERRUPTED)
    assert "第 3/9 步" in shown
    shown = run(office, f"{lang} {GENERATE}", lines(JIA, YI), Exit.INTERRUPTED)
    check = set_check(office, name, "generate")
    assert f"{check[:4]} {check[4:]}" in shown
    pins = (MOTHER_PIN, MOTHER_PIN, TRANSPORT_PIN, TRANSPORT_PIN)
    run(office, f"{lang} {GENERATE}", lines(check.lower(), JIA, YI, *pins, "m1", "m2", "t1", "t2"), Exit.INTERRUPTED)
    pairs = lines(MOTHER_PIN, "m1", TRANSPORT_PIN, "t1", MOTHER_PIN, "m2", TRANSPORT_PIN, "t2")
    counted = lines(f"{serials['m1']} {serials['m2']}", f"{serials['t1']},{serials['t2']}", JIA, YI)
    sealed = lines("B-0001", "B-0002", "B-0003", "B-0004", JIA, BING)
    shown = run(office, f"{lang} {GENERATE}", lines(JIA, YI) + pairs + counted + sealed + lines(JIA, YI, BING))
    anchor = run(office, "ceremony verify --workspace ws").split()[-1]
    assert anchor in shown
    run(office, f"ceremony verify {name} --anchor {anchor} --workspace ws")
    told = run(office, f"{lang} ceremony status {name} --workspace ws")
    for words in ("测试丙", "B-0003", serials["t2"], "演练室"):
        assert words in told
    shown = run(office, f"{lang} {GENERATE} --set region=99 --set version=5 --set algorithm=SM4", "", Exit.REFUSED)
    assert "CEREMONY-DONE" in shown


def test_a_loss_from_the_command_line_freezes_what_the_next_command_needs(office: Path) -> None:
    given = "--set incident=INC-1 --set key=UKMF:v1 --set region=99 --role custodian=测试甲 --role officer=测试乙"
    typed = lines(JIA, YI, "母卡遗失", "演练室", "2026-06-01", "省厅", JIA, YI)
    shown = run(office, f"--lang zh ceremony run loss {given} --workspace ws", typed, Exit.INTERRUPTED)
    assert "受影响" in shown
    told = run(office, "--lang zh keys check --workspace ws", code=Exit.FAILED)
    assert "不能使用" in told
    assert "INC-1" in told
    assert "缺 " not in told
    check = set_check(office, "loss-inc-1-ukmf-v1-99", "freeze")
    out = run(office, "--lang en ceremony run loss --workspace ws --json", lines(check, JIA, YI))
    assert "step 4 of 4" in out
    done = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert [each["step"] for each in done] == ["check", "sign"]
    state = json.loads(run(office, "ceremony status --workspace ws --json"))
    assert (state["state"], state["done"], state["steps"]) == ("finished", 4, 4)
    assert "frozen INC-1" in run(office, "--lang en keys list --workspace ws --name UKMF")


def test_the_delegation_letter_is_written(office: Path) -> None:
    answers = ("990101", "测试局", "省厅", "新发", "2026-12-31", "是")
    typed = lines("W-001", "测试甲", JIA, "测试乙", YI, "测试丙", BING, *answers, JIA, YI, BING)
    run(office, "ceremony run delegation --workspace ws", typed)
    run(office, "ceremony forms delegation-w-001 --out forms --workspace ws")
    text = (office / "forms" / "delegation-w-001-delegation.txt").read_text("utf-8")
    assert "委派书" in text
    assert "测试丙" in text
    assert (office / "forms" / "delegation-w-001-delegation.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    run(office, "ceremony forms delegation-w-001 --out forms --translation --workspace ws")
    assert "Letter of delegation" in (office / "forms" / "delegation-w-001-delegation-en.txt").read_text("utf-8")


def test_enrolling_asks_the_witness_and_refuses_a_second_self(office: Path) -> None:
    shown = run(office, "ceremony enrol 测试丁 --workspace ws", "", Exit.REFUSED)
    assert "PERSON-WITNESS" in shown
    words = "ceremony enrol 测试丁 --witness 测试甲 --workspace ws"
    assert "PERSON-SAME" in run(office, words, lines(JIA, YI, YI), Exit.REFUSED)
    assert "再输入一次" in run(office, f"--lang zh {words}", lines(JIA, YI, YI), Exit.REFUSED)
    assert "PERSON-PASSPHRASE" in run(office, words, lines("wrong-passphrase", YI, YI), Exit.FAILED)
    run(office, words, lines(JIA, "passphrase-of-ding", "passphrase-of-ding"))
    people = [json.loads(line)["name"] for line in run(office, "ceremony people --workspace ws --json").splitlines()]
    assert people == [*PEOPLE, "测试丁"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("ceremony run nothing --workspace ws", Exit.USAGE, "SCRIPT-UNKNOWN"),
        ("ceremony run loss --set colour=red --workspace ws", Exit.USAGE, "CEREMONY-PARAMETER"),
        ("ceremony run loss --role king=测试甲 --workspace ws", Exit.USAGE, "CEREMONY-NO-ROLE"),
        ("ceremony run loss --set key --workspace ws", Exit.USAGE, "NAME=VALUE"),
        (
            "ceremony run generate-local --set region=99 --set version=5 --set algorithm=SSF33 --workspace ws",
            Exit.FAILED,
            "ALGORITHM-UNPUBLISHED",
        ),
        ("ceremony status nothing --workspace ws", Exit.FAILED, "TRANSCRIPT-MISSING"),
        ("ceremony status ../ws --workspace ws", Exit.FAILED, "TRANSCRIPT-MISSING"),
        ("ceremony verify x --anchor 9 --workspace ws", Exit.USAGE, "COUNT:HASH"),
        ("ceremony verify --anchor 9:0123456789abcdef --workspace ws", Exit.USAGE, "--anchor"),
        ("ceremony blank ws/sscard.toml", Exit.REFUSED, "CARRIER-EXISTS"),
        ("ceremony list --workspace ws", Exit.USAGE, "--workspace"),
    ],
)
def test_mistakes_are_told(
    prepared: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    code: int,
    told: str,
) -> None:
    monkeypatch.chdir(prepared)
    monkeypatch.setattr(messages, "_current", "en")
    assert main(["--lang", "en", *words.split()]) == code
    assert told in "".join(capsys.readouterr())


def test_an_edited_transcript_fails_verification(office: Path) -> None:
    run(office, GENERATE, lines(*OPENING, "是"), Exit.INTERRUPTED)
    path = office / "ws" / "ceremonies" / "generate-local-99-5-sm4" / "transcript.jsonl"
    path.write_text(path.read_text("utf-8").replace("演练室", "别处"), "utf-8")
    assert "TRANSCRIPT-DAMAGED" in run(office, "ceremony verify --workspace ws", code=Exit.FAILED)
    error = json.loads(run(office, "ceremony verify --workspace ws --json", code=Exit.FAILED))
    assert error["line"] == 2
    assert "TRANSCRIPT-DAMAGED" in run(office, GENERATE, "", Exit.FAILED)


@pytest.mark.parametrize("paper", [True, False])
def test_a_value_on_paper_is_not_shown(paper: bool) -> None:
    with CliRunner().isolation(input="DEE0D085\n") as outputs:
        heard = TerminalTable(as_json=False).heard("测试甲", "测试乙", "DEE0D085", paper=paper)
        shown = b"".join(stream.getvalue() for stream in outputs[:2] if stream is not None)
    assert heard == "DEE0D085"
    assert (b"DEE0 D085" in shown) is not paper


def forms_of(value: bytes) -> list[bytes]:
    return [value, value.hex().encode(), value.hex().upper().encode(), base64.b64encode(value)]


def test_no_key_pin_or_passphrase_is_left_behind(office: Path) -> None:
    """Everything written and shown is searched, but for the vault, its passphrase and the images of the cards."""
    run(office, "ceremony blank m1 m2 t1 t2")
    opening = ("99/990101", "all", "1", "测试甲", JIA, "测试乙", YI, "测试丙", BING, "室", "-", JIA, YI)
    pins = (MOTHER_PIN, MOTHER_PIN, TRANSPORT_PIN, TRANSPORT_PIN)
    typed = lines(*opening, *pins, "m1", "m2", "t1", "t2")
    shown = run(office, "ceremony run issue-keys --workspace ws", typed, Exit.INTERRUPTED)
    name = Place(office / "ws").runs()[0]
    check = set_check(office, name, "cards")
    wrong = ("not-the-passphrase", JIA, YI)
    pairs = (MOTHER_PIN, "m1", TRANSPORT_PIN, "t1", MOTHER_PIN, "m2", TRANSPORT_PIN, "t2")
    shown += run(office, "ceremony run issue-keys --workspace ws", lines(check, *wrong, *pairs), Exit.INTERRUPTED)
    passphrase = (office / "ws" / "keys" / "demo-passphrase").read_text().strip().encode()
    vault = Vault.open(office / "ws" / "keys" / "vault.json", Secret(passphrase))
    secrets = [vault.value(entry).reveal() for entry in vault if entry.check_value]
    secrets += [word.encode() for word in (*PEOPLE.values(), MOTHER_PIN, TRANSPORT_PIN, wrong[0])] + [passphrase]
    secrets.append(bytes.fromhex(json.loads((office / "t1").read_text())["content"])[4:])
    kept = {"vault.json", "demo-passphrase", "m1", "m2", "t1", "t2"}
    found = {path: path.read_bytes() for path in office.rglob("*") if path.is_file() and path.name not in kept}
    assert any(path.name == "transcript.jsonl" for path in found)
    haystack = b"\n".join([*found.values(), shown.encode()])
    assert len(secrets) > 170
    assert not [value for value in secrets for form in forms_of(value) if form in haystack]
    planted = haystack + secrets[0].hex().encode()
    assert [value for value in secrets for form in forms_of(value) if form in planted]
