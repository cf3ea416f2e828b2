"""What the documents show runs as shown: both READMEs command by command, the integrator's Python as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
LOCALES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
BLOCK = re.compile(r"(<!-- run -->\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)
PROMPT = "$ "
LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document; ``runnable`` where ``<!-- run -->`` stands above it."""

    kind: str
    runnable: bool
    text: str

    @property
    def commands(self) -> list[str]:
        """What a reader would type: without output, prompts and comments."""
        lines = self.text.splitlines()
        if self.kind == "console":
            lines = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
        return [line.partition("  #")[0].rstrip() for line in lines]

    @property
    def exchanges(self) -> list[tuple[str, list[str]]]:
        """Commands of a console block, each with the lines shown below it."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith(PROMPT):
                found.append((line.removeprefix(PROMPT), []))
            elif line.strip() not in ("", LEFT_OUT):
                found[-1][1].append(line)
        return found


def blocks(path: Path) -> list[Block]:
    return [Block(kind, bool(mark), text) for mark, kind, text in BLOCK.findall(path.read_text("utf-8"))]


def shape(line: str) -> re.Pattern[str]:
    """A line of a document as a pattern: any number for a number, any masked name for one, anything for ``…``."""
    pattern = re.sub(r"[0-9][0-9X]*", "0", line)
    pattern = re.sub(r"测\*+\w", "@", pattern)
    pattern = re.escape(pattern).replace("0", "[0-9][0-9X]*").replace("@", r"测\*+\w").replace(LEFT_OUT, ".*")
    return re.compile(pattern)


def run(command: str, folder: Path, language: str) -> subprocess.CompletedProcess[str]:
    """Type ``command`` in ``folder``, with the ``sscard`` under test on the path and no PC/SC service to be found."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": LOCALES[language],
        "HOME": str(folder),
        "PYTHONUTF8": "1",
        "PCSCLITE_CSOCK_NAME": str(folder / "no-pcscd"),
    }
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize("language", READMES)
def test_readme_commands_run_and_print_what_is_shown(language: str, tmp_path: Path) -> None:
    runnable = [block for block in blocks(READMES[language]) if block.runnable]
    assert sum(len(block.exchanges) for block in runnable) >= 14
    for block in runnable:
        for command, shown in block.exchanges:
            result = run(command, tmp_path, language)
            assert result.returncode == 0, f"{command}\n{result.stderr}"
            printed = result.stdout.splitlines()
            for line in shown:
                assert any(shape(line).fullmatch(each) for each in printed), f"{command}\n{line}\n{result.stdout}"


def test_the_two_readmes_hold_the_same_commands() -> None:
    english, chinese = (blocks(path) for path in READMES.values())
    assert [(block.kind, block.runnable, block.commands) for block in english] == [
        (block.kind, block.runnable, block.commands) for block in chinese
    ]


def test_a_readme_names_every_command_and_every_exit_code() -> None:
    from sscard.cli import COMMANDS
    from sscard.errors import Exit

    for path in READMES.values():
        text = path.read_text("utf-8")
        assert [name for name in COMMANDS if f"| `sscard {name}" not in text] == []
        assert [code for code in Exit if f"| {code.value} |" not in text] == []


def test_links_of_the_documents_lead_somewhere() -> None:
    for path in (*READMES.values(), ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_python_of_the_integrators_guide_runs(tmp_path: Path) -> None:
    examples = [block for block in blocks(ROOT / "docs" / "integrator.md") if block.kind == "python"]
    assert examples
    for number, block in enumerate(examples):
        file = tmp_path / f"example_{number}.py"
        file.write_text(block.text, "utf-8")
        result = run(f"{sys.executable} -W error {file.name}", tmp_path, "en")
        assert result.returncode == 0, result.stderr


TYPED = r"printf '123456\n123456\n123456\n' | setsid"
"""What a holder types, where no terminal is."""

TOO_LARGE = 'extends="ssc3-sm4"\\nname="x"\\nchip_bytes=9'
PBOC = "--reader emulator --profile pboc-purse --json"
JSON_RUNS = {
    "init": "sscard init ws --demo --json",
    "people": "sscard people --count 3 --out b.csv --json",
    "check": "sed s/990101,2026/990102,2026/ b.csv > bad.csv; sscard check bad.csv --json",
    "merge": "sscard merge b.csv b.csv --on ssn --out m --json; sscard merge b.csv bad.csv --on ssn --out n --json",
    "manifest": "sscard manifest b.csv --id 990101-1 --json",
    "formats list": "sscard formats list --json",
    "formats show": "sscard formats show yn-desk --json",
    "personalize --dry-run": "sscard personalize b.csv --workspace ws --dry-run --json",
    "personalize": "sscard personalize b.csv --workspace ws --reader emulator --json",
    "demo": "sscard demo --count 2 --json",
    "jobs": "sscard jobs --workspace ws --json",
    "ledger show": "sscard ledger show --workspace ws --json",
    "report": "sscard report 990101-1 --workspace ws --json",
    "face": "sscard face --out f.png --json",
    "face --check": "sscard people --count 30 --out r.csv >r.txt; sscard face r.csv --check --workspace ws --json",
    "outbox list": r"""mkdir drop; printf '[outbox.bank]\nkind = "folder"\npath = "../drop"\n' >> ws/sscard.toml
        sscard outbox list --workspace ws --json""",
    "outbox send": r"""sscard outbox send --workspace ws > waiting
        for s in drop/*.slip.json; do sed '1s/$/"effect": "applied",/' $s > ${s%.slip.json}.receipt.json; done
        sscard outbox send --workspace ws --json""",
    "outbox verify": "for f in ws/outbox/*.csv; do echo x >> $f; done; sscard outbox verify --workspace ws --json",
    "erase": r"""sscard people --count 1 --seed 9 --out e.csv > e.txt; sscard init we --demo > e.txt
        sscard personalize e.csv --workspace we --reader emulator --wait 0.1 > e.txt
        sscard jobs --workspace we close $(basename we/jobs/e-*) --blanks 1 --left 0 > e.txt
        sscard erase $(basename we/jobs/e-*) e.csv --workspace we --yes --json""",
    "info": "sscard info --reader emulator --json",
    "read": "sscard read DF04 --reader emulator --json",
    "card sample": "sscard card sample a.img --json && sscard card sample c.img --serial 9 --json",
    "card import": "sscard card import a.img b.img --json",
    "card export": "sscard card export a.json --image a.img --json",
    "card compare": "sscard card compare a.json c.img --json",
    "tree": "sscard tree --json",
    "pin verify": f"{TYPED} sscard pin verify --reader emulator --json",
    "pin change": f"{TYPED} sscard pin change --reader emulator --json",
    "pin reload": f"{TYPED} sscard pin reload --reader emulator --json",
    "pin unblock": "sscard pin unblock --reader emulator --json",
    "purse balance": f"{TYPED} sscard purse balance --reader emulator --json && sscard purse balance {PBOC}",
    "purse load": f"{TYPED} sscard purse load 5 --terminal 990101000042 --reader emulator --json"
    f" && {TYPED} sscard purse load 5 --terminal 990101000042 {PBOC}",
    "purse debit": f"{TYPED} sscard purse debit --terminal 990101000042 --terminal-counter 1 --reader emulator --json"
    f" && sscard purse debit --terminal 990101000042 --terminal-counter 1 {PBOC}",
    "purse proof": "sscard purse proof load 0 --reader emulator --json",
    "purse starting-day": "sscard purse starting-day --reader emulator --json",
    "profile list": "sscard profile list --json",
    "profile show": "sscard profile show ssc1-des --json",
    "profile lint": f"printf '{TOO_LARGE}' > x.toml; sscard profile lint x.toml --json",
    "profile diff": "sscard profile diff ssc2-des ssc3-sm4 --json",
    "profile size": "sscard profile size ssc2-des --json",
    "apdu": "sscard apdu 0084000008 --reader emulator --json",
    "doctor": "sscard doctor --workspace ws --reader emulator --json",
    "keys catalog": "sscard keys catalog --json",
    "keys list": "sscard keys list --workspace ws --json",
    "keys check": "sscard keys check --workspace ws --json",
    "keys derive": "sscard keys derive IRK --path 99 --workspace ws --json",
    "keys impact": "sscard keys impact IRK:v1 --workspace ws --json",
    "keys state": "sscard keys state UK1DF01:v3 retired --workspace ws --json",
    "keys anchor": "sscard keys anchor --workspace ws --json",
    "keys component generate": "sscard keys component generate TK --xor 2 --out sheets --workspace ws --json",
    "keys component shred": "sscard keys component shred sheets/TK-v1-1of2.txt --json",
    "ceremony list": "sscard ceremony list --json",
    "ceremony show": "sscard ceremony show loss --json",
    "ceremony enrol": r"printf '12345678\n12345678\n' | setsid sscard ceremony enrol 测试甲 --workspace ws --json",
    "ceremony people": "sscard ceremony people --workspace ws --json",
    "ceremony blank": "sscard ceremony blank m1 --json",
    "vectors run": "sscard vectors run --json",
    "audit verify": "for f in ws/outbox/*; do echo x >> $f; done; sscard audit verify --workspace ws --json",
    "audit head": "sscard audit head --workspace ws --json",
    "audit export": "sscard audit export evidence.zip --workspace ws --json",
    "selftest tear": "sscard selftest tear --every 200 --doubles 1 --json",
    "explain": "sscard explain 6982 SSN-03 CARD-USED --json",
}
"""Commands of the table of ``--json`` that need no reader, in an order in which they follow each other."""

NOT_IN_THESE_RUNS = {
    "merge": {"repeated_key", "ss_lines", "bank_lines"},
    "formats list": {"sheet", "header", "field", "shape", "width", "limit", "values"},
    "personalize": {"code", "message_zh", "message_en", "demo", "recovered", "sits", "station"},
    "demo": {"demo", "sits", "station"},
    "jobs": {"seq", "reset_info", "station", "silent_seconds", "alive"},
    "report": {"state", "reason", "count"},
    "keys check": {"error"},
    "keys impact": {"psam"},
    "vectors run": {"name", "expected", "got"},
}
"""Documented names that only a failure, a stopped card or the other command of the row brings."""


def documented_fields() -> dict[str, set[str]]:
    """Command → words in code type of its row in the integrator's table of ``--json``."""
    fields: dict[str, set[str]] = {}
    for names, cells in re.findall(
        r"^\| (`[^|]*) \|([^|]*)\|$", (ROOT / "docs/integrator.md").read_text("utf-8"), re.M
    ):
        for name in re.findall(r"`([^`]+)`", names):
            fields[name] = set(re.findall(r"`(\w+)`", cells))
    return fields


def names_in(value: object) -> set[str]:
    """The names of an object and of those inside it."""
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_json_fields_are_those_the_integrators_guide_names(tmp_path: Path) -> None:
    documented = documented_fields()
    for name, command in JSON_RUNS.items():
        result = run(command, tmp_path, "en")
        objects = [json.loads(line) for line in result.stdout.splitlines()]
        assert objects, f"{command}\n{result.stderr}"
        undocumented = {key for each in objects for key in each} - documented[name]
        not_printed = documented[name] - names_in(objects) - NOT_IN_THESE_RUNS.get(name, set())
        assert (name, undocumented, not_printed) == (name, set(), set())


def test_error_codes_of_the_documents_can_be_explained() -> None:
    from sscard.commands.explain import UnknownCode, explain

    for name in ("operator.md", "journal.md", "outbox.md"):
        codes = set(re.findall(r"\b[A-Z]+(?:-[A-Z]+)+\b", (ROOT / "docs" / name).read_text("utf-8")))
        codes -= {"HMAC-SHA", "RFC"}
        assert len(codes) >= 3
        assert [explain(code).kind for code in sorted(codes)] == ["error"] * len(codes)
    with pytest.raises(UnknownCode):
        explain("CARD-UNHEARD-OF")


def test_a_line_that_is_not_printed_is_noticed() -> None:
    assert shape("head 1  row 2  T0000001X 测*辛  good  0.08 s").fullmatch(
        "head 3  row 11  T00000044 测***㑇  good  1.20 s"
    )
    assert shape("return file: …/b.csv").fullmatch("return file: /x/b.csv")
    assert not shape("8 rows: 0 errors").fullmatch("8 rows: 0 errors, 1 hint")
    assert not shape("good 8").fullmatch("good x")
